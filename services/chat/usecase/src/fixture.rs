//! Mocked ports for the tests of use cases.

use std::sync::Arc;

use chat_entity::{ClientMsgId, Draft, Format, MessageBody, Profile};
use kernel::{Principal, RoomId, SessionId, SystemClock, Timestamp, UserId};
use limit::Unlimited;
use uuid::Uuid;

use crate::port::{MockLog, MockPassingEvents, MockPeople, MockPresenceLeases, MockProfiles, MockRooms, MockTickets};
use crate::{Chat, ChatRules, Ports};

/// A [`Chat`] in the making; a call that a test does not expect fails it.
#[derive(Default)]
pub(crate) struct Fixture {
    pub(crate) log: MockLog,
    pub(crate) rooms: MockRooms,
    pub(crate) people: MockPeople,
    pub(crate) profiles: MockProfiles,
    pub(crate) tickets: MockTickets,
    pub(crate) passing: MockPassingEvents,
    pub(crate) presence: MockPresenceLeases,
    pub(crate) rules: ChatRules,
}

impl Fixture {
    pub(crate) fn chat(self) -> Chat {
        let ports = Ports {
            log: Arc::new(self.log),
            rooms: Arc::new(self.rooms),
            people: Arc::new(self.people),
            profiles: Arc::new(self.profiles),
            tickets: Arc::new(self.tickets),
            passing: Arc::new(self.passing),
            presence: Arc::new(self.presence),
            limits: Arc::new(Unlimited),
            clock: Arc::new(SystemClock),
        };
        Chat::new(ports, self.rules)
    }
}

pub(crate) fn caller() -> Principal {
    Principal {
        user_id: UserId::new(),
        session_id: SessionId::new(),
        username: "ada".to_owned(),
        expires_at: Timestamp::from_millis(i64::MAX),
    }
}

pub(crate) fn profile(id: UserId, username: &str) -> Profile {
    Profile { id, username: username.to_owned(), display_name: username.to_owned(), avatar_url: None }
}

pub(crate) fn draft(body: &str) -> Draft {
    Draft {
        room_id: RoomId::new(),
        body: MessageBody::parse(body.to_owned(), 8_000).unwrap(),
        format: Format::Plain,
        client_msg_id: ClientMsgId(Uuid::new_v4()),
        reply_to: None,
    }
}
