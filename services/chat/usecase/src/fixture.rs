//! Mocked ports for the tests of use cases.

use std::sync::Arc;

use chat_entity::{ClientMsgId, Draft, Format, MessageBody, Profile};
use kernel::{Principal, RoomId, SessionId, SystemClock, Timestamp, UserId};
use limit::Unlimited;
use uuid::Uuid;

use crate::port::{MockLog, MockPassingEvents, MockPeople, MockProfiles, MockRooms, MockTickets};
use crate::{Chat, ChatRules, Ports};

/// A [`Chat`] in the making; a call that a test does not expect fails it.
#[derive(Default)]
pub struct Fixture {
    pub log: MockLog,
    pub rooms: MockRooms,
    pub people: MockPeople,
    pub profiles: MockProfiles,
    pub tickets: MockTickets,
    pub passing: MockPassingEvents,
    pub rules: ChatRules,
}

impl Fixture {
    pub fn chat(self) -> Chat {
        let ports = Ports {
            log: Arc::new(self.log),
            rooms: Arc::new(self.rooms),
            people: Arc::new(self.people),
            profiles: Arc::new(self.profiles),
            tickets: Arc::new(self.tickets),
            passing: Arc::new(self.passing),
            limits: Arc::new(Unlimited),
            clock: Arc::new(SystemClock),
        };
        Chat::new(ports, self.rules)
    }
}

pub fn caller() -> Principal {
    Principal {
        user_id: UserId::new(),
        session_id: SessionId::new(),
        username: "ada".to_owned(),
        expires_at: Timestamp::from_millis(i64::MAX),
    }
}

pub fn profile(id: UserId, username: &str) -> Profile {
    Profile { id, username: username.to_owned(), display_name: username.to_owned(), avatar_url: None }
}

pub fn draft(body: &str) -> Draft {
    Draft {
        room_id: RoomId::new(),
        body: MessageBody::parse(body.to_owned(), 8_000).unwrap(),
        format: Format::Plain,
        client_msg_id: ClientMsgId(Uuid::new_v4()),
        reply_to: None,
    }
}
