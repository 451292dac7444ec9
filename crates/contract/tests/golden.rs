//! Reads and writes every example of `docs/protocol.md` with our types, and misses none: the page is what we speak.
//!
//! An example is a fence ```` ```json client <request> ````, ```` ```json server <frame> ````, where the reply to a
//! request is `reply:<request>`, or ```` ```json rest <type> ````.

use std::collections::BTreeSet;

use contract::auth::{SignInAnswer, SignInRequest, SignUpAnswer, SignUpRequest, UpdateProfile};
use contract::chat::{
    CreateRoom, Empty, EventsPage, Joined, MyRoom, PostMessage, Posted, PresenceList, ReadMark, RoomBody,
};
use contract::events::{Expiry, LogContent, LogEvent, PassingEvent};
use contract::frames::{
    InRoom, ListPresence, MarkReadIn, MessageSent, Pong, RenewSession, Reply, Request, SendMessage, ServerFrame,
    SetPresence, Start, Started,
};
use contract::meta::Meta;
use contract::problem::{Problem, Slug};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/protocol.md");

/// Reads a value as one of our types and writes it again.
type RoundTrip = fn(Value) -> serde_json::Result<Value>;

/// A request: its name, its `data`, and its reply.
const REQUESTS: &[(&str, RoundTrip, RoundTrip)] = &[
    ("start", again::<Start>, again::<Reply<Started>>),
    ("message.send", again::<SendMessage>, again::<Reply<MessageSent>>),
    ("room.create", again::<CreateRoom>, again::<Reply<RoomBody>>),
    ("room.join", again::<InRoom>, again::<Reply<Joined>>),
    ("room.leave", again::<InRoom>, again::<Reply<Empty>>),
    ("read.mark", again::<MarkReadIn>, again::<Reply<ReadMark>>),
    ("typing.start", again::<InRoom>, again::<Reply<Empty>>),
    ("typing.stop", again::<InRoom>, again::<Reply<Empty>>),
    ("presence.set", again::<SetPresence>, again::<Reply<Empty>>),
    ("presence.list", again::<ListPresence>, again::<Reply<PresenceList>>),
    ("session.renew", again::<RenewSession>, again::<Reply<Expiry>>),
    ("ping", again::<Empty>, again::<Reply<Pong>>),
];

/// The bodies of REST calls that the page shows.
const BODIES: &[(&str, RoundTrip)] = &[
    ("Problem", again::<Problem>),
    ("SignUpRequest", again::<SignUpRequest>),
    ("SignUpAnswer", again::<SignUpAnswer>),
    ("SignInRequest", again::<SignInRequest>),
    ("SignInAnswer", again::<SignInAnswer>),
    ("UpdateProfile", again::<UpdateProfile>),
    ("CreateRoom", again::<CreateRoom>),
    ("RoomBody", again::<RoomBody>),
    ("MyRoom", again::<MyRoom>),
    ("PostMessage", again::<PostMessage>),
    ("Posted", again::<Posted>),
    ("EventsPage", again::<EventsPage>),
    ("PresenceList", again::<PresenceList>),
    ("Meta", again::<Meta>),
];

/// Names the variants of an enum, and lists the names: a variant that is not here does not compile.
macro_rules! names {
    ($list:ident, $name_of:ident, $enum:ident: $($pattern:pat => $name:literal,)*) => {
        const $list: &[&str] = &[$($name),*];

        fn $name_of(value: &$enum) -> &'static str {
            match value { $($pattern => $name,)* }
        }
    };
}

names! { SERVER_FRAMES, server_frame_name, ServerFrame:
    ServerFrame::Hello(_) => "hello",
    ServerFrame::Rooms(_) => "rooms",
    ServerFrame::Ready => "ready",
    ServerFrame::Goodbye(_) => "goodbye",
}

names! { LOG_EVENTS, log_event_name, LogContent:
    LogContent::RoomCreated { .. } => "room.created",
    LogContent::RoomUpdated { .. } => "room.updated",
    LogContent::RoomArchived { .. } => "room.archived",
    LogContent::MemberJoined { .. } => "member.joined",
    LogContent::MemberLeft { .. } => "member.left",
    LogContent::MemberRemoved { .. } => "member.removed",
    LogContent::MemberRoleChanged { .. } => "member.role_changed",
    LogContent::MessageCreated(_) => "message.created",
    LogContent::MessageEdited { .. } => "message.edited",
    LogContent::MessageDeleted { .. } => "message.deleted",
    LogContent::ReactionAdded { .. } => "reaction.added",
    LogContent::ReactionRemoved { .. } => "reaction.removed",
    LogContent::MessagePinned { .. } => "message.pinned",
    LogContent::MessageUnpinned { .. } => "message.unpinned",
}

names! { PASSING_EVENTS, passing_event_name, PassingEvent:
    PassingEvent::TypingStarted { .. } => "typing.started",
    PassingEvent::TypingStopped { .. } => "typing.stopped",
    PassingEvent::ReadUpdated { .. } => "read.updated",
    PassingEvent::PresenceChanged { .. } => "presence.changed",
    PassingEvent::RoomAdded { .. } => "room.added",
    PassingEvent::RoomRemoved { .. } => "room.removed",
    PassingEvent::SessionExpiring { .. } => "session.expiring",
}

/// One fence of the page.
struct Example {
    direction: &'static str,
    name: &'static str,
    json: Value,
}

fn examples() -> Vec<Example> {
    let read = |fence: &'static str| {
        let (label, rest) = fence.split_once('\n').expect("a fence has a first line");
        let (direction, name) = label.trim().split_once(' ').expect("a fence says `json <direction> <name>`");
        let (text, _) = rest.split_once("\n```").expect("a fence ends");
        let json = serde_json::from_str(text).unwrap_or_else(|error| panic!("{direction} {name}: {error}"));
        Example { direction, name, json }
    };
    PAGE.split("\n```json").skip(1).map(read).collect()
}

fn again<T: DeserializeOwned + Serialize>(value: Value) -> serde_json::Result<Value> {
    serde_json::to_value(serde_json::from_value::<T>(value)?)
}

/// The same for an enum, whose variant must be the one that the label names.
fn again_as<T: DeserializeOwned + Serialize>(
    value: Value,
    label: &str,
    name_of: impl Fn(&T) -> &'static str,
) -> serde_json::Result<Value> {
    let read: T = serde_json::from_value(value)?;
    assert_eq!(name_of(&read), label, "the label and the frame disagree");
    serde_json::to_value(read)
}

fn round_trip(example: &Example) -> serde_json::Result<Value> {
    let Example { direction, name, json } = example;
    let request = |name: &str| {
        let found = REQUESTS.iter().find(|(request, ..)| *request == name);
        found.unwrap_or_else(|| panic!("`{direction} {name}` is of no request in REQUESTS"))
    };
    let json = json.clone();
    match (*direction, name.strip_prefix("reply:")) {
        ("client", None) => {
            let frame: Request = serde_json::from_value(json)?;
            assert_eq!(frame.kind, *name, "the label and the frame disagree");
            let data = request(name).1(frame.data)?;
            serde_json::to_value(Request { data, id: frame.id, kind: frame.kind })
        }
        ("server", Some("refused")) => again::<Reply<Value>>(json),
        ("server", Some(replied)) => request(replied).2(json),
        ("server", None) if SERVER_FRAMES.contains(name) => again_as(json, name, server_frame_name),
        ("server", None) if LOG_EVENTS.contains(name) => {
            again_as(json, name, |event: &LogEvent| log_event_name(&event.content))
        }
        ("server", None) if PASSING_EVENTS.contains(name) => again_as(json, name, passing_event_name),
        ("rest", None) => {
            let body = BODIES.iter().find(|(body, _)| body == name);
            body.unwrap_or_else(|| panic!("`rest {name}` is of no type in BODIES")).1(json)
        }
        _ => panic!("`json {direction} {name}` is a label that means nothing"),
    }
}

#[test]
fn every_example_reads_as_our_type_and_writes_back_the_same() {
    for example in examples() {
        let label = format!("{} {}", example.direction, example.name);
        let written = round_trip(&example).unwrap_or_else(|error| panic!("`{label}` cannot be read: {error}"));
        assert_eq!(written, example.json, "`{label}` is written differently");
    }
}

#[test]
fn every_frame_of_both_directions_has_an_example() {
    let shown: BTreeSet<(&str, String)> =
        examples().iter().map(|example| (example.direction, example.name.to_owned())).collect();
    let mut wanted = vec![("server", "reply:refused".to_owned())];
    for (request, ..) in REQUESTS {
        wanted.extend([("client", (*request).to_owned()), ("server", format!("reply:{request}"))]);
    }
    let frames = [SERVER_FRAMES, LOG_EVENTS, PASSING_EVENTS].concat();
    wanted.extend(frames.into_iter().map(|frame| ("server", frame.to_owned())));
    wanted.extend(BODIES.iter().map(|(body, _)| ("rest", (*body).to_owned())));
    let missing: Vec<_> = wanted.iter().filter(|frame| !shown.contains(*frame)).collect();
    assert!(missing.is_empty(), "docs/protocol.md has no example of {missing:?}");
}

#[test]
fn every_kind_of_problem_is_in_the_table_with_its_status() {
    for slug in Slug::ALL {
        let row = format!("\n| `{}` | {} |", slug.as_str(), slug.status());
        assert!(PAGE.contains(&row), "docs/protocol.md has no row that starts with `{}`", row.trim());
    }
}

#[test]
fn an_example_with_an_unknown_or_a_missing_field_would_be_noticed() {
    let mut examples = examples();
    let example = examples.iter_mut().find(|example| example.name == "hello").expect("there is a hello");
    example.json["data"]["surplus"] = Value::Bool(true);
    assert_ne!(round_trip(example).expect("clients' rule: ignore what one does not know"), example.json);
    example.json["data"].as_object_mut().expect("hello has data").remove("epoch");
    assert!(round_trip(example).is_err());
}
