//! What each error of a use case is on the wire. The matches are exhaustive: a new error does not compile until it has
//! a problem.

use chat_usecase::{
    CreateRoomError, FindRoomError, JoinRoomError, LeaveRoomError, ListPresenceError, PostMessageError, ReadError,
    SetPresenceError, TicketError, WelcomeError,
};
use contract::problem::{FieldError, Problem, Slug};
use web::{refused, store_failure};

fn no_such_room() -> Problem {
    Problem::new(Slug::NotFound, "There is no such room.")
}

fn not_a_member() -> Problem {
    Problem::new(Slug::NotAMember, "You are not in this room. Join it first.")
}

fn archived() -> Problem {
    Problem::new(Slug::Conflict, "The room is archived.")
}

fn too_many_rooms() -> Problem {
    Problem::new(Slug::Conflict, "You are in as many rooms as one may be. Leave one first.")
}

pub(crate) fn welcome(error: &WelcomeError) -> Problem {
    match error {
        WelcomeError::NoSuchUser => Problem::new(Slug::SessionRevoked, "The account is gone."),
        WelcomeError::Profiles(error) => {
            tracing::error!(%error, "a profile could not be read");
            Problem::new(Slug::AuthUnavailable, "Your account cannot be looked up at the moment. Nothing was done.")
                .retry_after(std::time::Duration::from_secs(1))
        }
        WelcomeError::Store(error) => store_failure(error),
    }
}

pub(crate) fn post_message(error: &PostMessageError) -> Problem {
    match error {
        PostMessageError::NoSuchRoom => no_such_room(),
        PostMessageError::NotAMember => not_a_member(),
        PostMessageError::Archived => archived(),
        PostMessageError::ClientMsgIdTaken => Problem::new(
            Slug::ClientMsgIdConflict,
            "This client_msg_id belongs to another message of yours in this room. Choose a new one.",
        ),
        PostMessageError::NoSuchReply => {
            Problem::invalid(vec![FieldError::new("reply_to", "must be a message of this room")])
        }
        PostMessageError::RateLimited { retry_after } => refused("You are sending too fast.", *retry_after),
        PostMessageError::Store(error) => store_failure(error),
    }
}

pub(crate) fn create_room(error: &CreateRoomError) -> Problem {
    match error {
        CreateRoomError::NameTaken => Problem::new(Slug::RoomNameTaken, "A public room has this name."),
        CreateRoomError::TooManyRooms => too_many_rooms(),
        CreateRoomError::KeyReused => Problem::new(
            Slug::ValidationFailed,
            "This Idempotency-Key was used with another body. Use a new key for a new request.",
        ),
        CreateRoomError::RateLimited { retry_after } => refused("You are making rooms too fast.", *retry_after),
        CreateRoomError::Welcome(error) => welcome(error),
        CreateRoomError::Store(error) => store_failure(error),
    }
}

pub(crate) fn join_room(error: &JoinRoomError) -> Problem {
    match error {
        JoinRoomError::NoSuchRoom => no_such_room(),
        JoinRoomError::Archived => archived(),
        JoinRoomError::TooManyRooms => too_many_rooms(),
        JoinRoomError::RateLimited { retry_after } => refused("You are joining and leaving too often.", *retry_after),
        JoinRoomError::Welcome(error) => welcome(error),
        JoinRoomError::Store(error) => store_failure(error),
    }
}

pub(crate) fn leave_room(error: &LeaveRoomError) -> Problem {
    match error {
        LeaveRoomError::NoSuchRoom => no_such_room(),
        LeaveRoomError::NotAMember => not_a_member(),
        LeaveRoomError::RateLimited { retry_after } => refused("You are joining and leaving too often.", *retry_after),
        LeaveRoomError::Store(error) => store_failure(error),
    }
}

pub(crate) fn find_room(error: &FindRoomError) -> Problem {
    match error {
        FindRoomError::NoSuchRoom => no_such_room(),
        FindRoomError::Welcome(error) => welcome(error),
        FindRoomError::Store(error) => store_failure(error),
    }
}

pub(crate) fn read(error: &ReadError) -> Problem {
    match error {
        ReadError::NoSuchRoom => no_such_room(),
        ReadError::NotAMember => not_a_member(),
        ReadError::Store(error) => store_failure(error),
    }
}

pub(crate) fn set_presence(error: &SetPresenceError) -> Problem {
    match error {
        SetPresenceError::RateLimited { retry_after } => refused("You change your status too often.", *retry_after),
    }
}

pub(crate) fn list_presence(error: &ListPresenceError) -> Problem {
    match error {
        ListPresenceError::NoSuchRoom => no_such_room(),
        ListPresenceError::NotAMember => not_a_member(),
        ListPresenceError::RateLimited { retry_after } => refused("You ask who is there too often.", *retry_after),
        ListPresenceError::Store(error) => store_failure(error),
    }
}

pub(crate) fn ticket(error: &TicketError) -> Problem {
    match error {
        TicketError::TooMany => refused("Too many tickets wait to be used.", std::time::Duration::from_secs(30)),
        TicketError::Store(error) => store_failure(error),
    }
}
