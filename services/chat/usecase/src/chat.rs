//! The use cases' common ground: the ports and the rules.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_entity::RoomName;
use kernel::{Clock, UserId};
use limit::{Decision, LocalLimiter, RateLimiter, Rule};

use crate::port::{Log, PassingEvents, People, PresenceLeases, Profiles, Rooms, Tickets};

/// What chat needs of the outside.
#[derive(Clone)]
pub struct Ports {
    /// The rooms' logs.
    pub log: Arc<dyn Log>,
    /// Rooms and memberships.
    pub rooms: Arc<dyn Rooms>,
    /// Accounts that chat has met.
    pub people: Arc<dyn People>,
    /// Accounts, as the auth service knows them.
    pub profiles: Arc<dyn Profiles>,
    /// Tickets for sockets.
    pub tickets: Arc<dyn Tickets>,
    /// What is told and not kept.
    pub passing: Arc<dyn PassingEvents>,
    /// Who is there.
    pub presence: Arc<dyn PresenceLeases>,
    /// Limits that all nodes share.
    pub limits: Arc<dyn RateLimiter>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The numbers that an operator may set.
#[derive(Clone, Debug)]
pub struct ChatRules {
    /// Rooms that everybody is in from the start.
    pub default_rooms: Vec<RoomName>,
    /// Characters of a message's body.
    pub max_body_chars: usize,
    /// Rooms that one user may be in.
    pub max_rooms: u32,
    /// Missed events that are replayed; beyond that a client pages.
    pub max_replay: u64,
    /// Members of a room up to which read marks are shown to all of them.
    pub read_marks_shown_up_to: u64,
    /// How often a user may send; `None` for no limit. It is counted on each node, so that asking a shared counter
    /// never changes the order of what one connection sends.
    pub message_rate: Option<Rule>,
    /// How often a user may join or leave rooms: each is an event that stays in the log, and that every member gets.
    /// `None` for no limit. It is counted on each node, as messages are.
    pub membership_rate: Option<Rule>,
    /// How often a user may say how present they are, or ask who is there. `None` for no limit. It is counted on each
    /// node, as messages are.
    pub presence_rate: Option<Rule>,
    /// How often a user may make rooms.
    pub create_rate: Rule,
    /// How long a ticket is good for.
    pub ticket_lifetime: Duration,
}

impl Default for ChatRules {
    fn default() -> Self {
        Self {
            default_rooms: Vec::new(),
            max_body_chars: 8_000,
            max_rooms: 2_000,
            max_replay: 1_000,
            read_marks_shown_up_to: 100,
            message_rate: Some(Rule::with_burst("messages", 10, Duration::from_secs(1), 20)),
            membership_rate: Some(Rule::new("memberships", 60, Duration::from_secs(60))),
            presence_rate: Some(Rule::with_burst("presence", 60, Duration::from_secs(60), 20)),
            create_rate: Rule::with_burst("rooms", 60, Duration::from_secs(3_600), 20),
            ticket_lifetime: Duration::from_secs(30),
        }
    }
}

/// Everything that chat can do.
pub struct Chat {
    pub(crate) ports: Ports,
    pub(crate) rules: ChatRules,
    pub(crate) local_limits: LocalLimiter,
    /// Users who are known for sure, so that a known one costs no question. Bounded by [`MAX_KNOWN`].
    pub(crate) known: Mutex<HashSet<UserId>>,
}

/// 16 bytes each, and forgetting them costs one question each.
pub(crate) const MAX_KNOWN: usize = 200_000;

impl Chat {
    /// Puts the parts together.
    pub fn new(ports: Ports, rules: ChatRules) -> Self {
        Self { ports, rules, local_limits: LocalLimiter::new(), known: Mutex::default() }
    }

    /// The numbers in force.
    pub fn rules(&self) -> &ChatRules {
        &self.rules
    }

    /// Counts what a user does on this node, without waiting; when it is too much, tells when to come back.
    pub(crate) fn check_rate(&self, rule: Option<&Rule>, user: UserId) -> Result<(), Duration> {
        match rule.map(|rule| self.local_limits.check_now(rule, &user.to_string())) {
            None | Some(Decision::Allowed) => Ok(()),
            Some(Decision::Refused { retry_after }) => Err(retry_after),
        }
    }
}
