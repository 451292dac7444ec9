//! Commands about rooms and who is in them.

use contract::chat::{CreateRoom, Role, Room, RoomKind};
use contract::frames::{Mode, RoomEntry};
use natter_client::Error;

use super::{Desk, Outcome, Place, find_room, sentence};
use crate::commands::Command;
use crate::words;

/// Members that are listed at most.
const MEMBERS: usize = 200;
/// Public rooms that are listed at most.
const PUBLIC_ROOMS: usize = 50;

pub(super) async fn carry_out(desk: &Desk, place: &Place, command: Command) -> Result<Outcome, String> {
    match command {
        Command::Users(room) => users(desk, place, room).await,
        Command::Rooms => list(desk).await.map_err(|error| sentence(&error)),
        Command::Join { room, create } => join(desk, place, room, create).await,
        Command::Leave => leave(desk, place).await,
        Command::Create { room, private, topic } => {
            let kind = if private { RoomKind::Private } else { RoomKind::Public };
            create(desk, room, kind, topic).await
        }
        Command::Topic(topic) => self::topic(desk, place, topic).await,
        Command::Members(room) => members(desk, place, room).await,
        _ => Ok(Outcome::Done),
    }
}

fn unknown(room: &str) -> String {
    format!("There is no room {room}.")
}

async fn users(desk: &Desk, place: &Place, room: Option<String>) -> Result<Outcome, String> {
    let id = match &room {
        Some(name) => Some(
            find_room(&desk.client, place, name)
                .await
                .map_err(|error| sentence(&error))?
                .ok_or_else(|| unknown(name))?
                .0,
        ),
        None => None,
    };
    let users = desk.live.presence(id).await.map_err(|error| sentence(&error))?;
    let names: Vec<String> = users.into_iter().map(|user| user.user.username).collect();
    Ok(Outcome::Told(words::users(room.as_deref(), &names)))
}

async fn list(desk: &Desk) -> Result<Outcome, Error> {
    let (mine, public) = tokio::join!(desk.client.my_rooms(), desk.client.find_rooms("", PUBLIC_ROOMS));
    let (mine, public) = (mine?, public?);
    let described = mine.iter().map(|mine| words::room_name(&mine.room) + &words::unread(mine.unread, mine.mentions));
    let mut text = format!("Rooms: {}", described.collect::<Vec<_>>().join(", "));
    let others = public.iter().filter(|room| !mine.iter().any(|mine| mine.room.id == room.id));
    let others: Vec<String> = others.map(words::room_name).collect();
    if !others.is_empty() {
        text.push_str(&format!("\nTo join: {}", others.join(", ")));
    }
    Ok(Outcome::Told(text))
}

async fn join(desk: &Desk, place: &Place, name: String, may_create: bool) -> Result<Outcome, String> {
    match find_room(&desk.client, place, &name).await.map_err(|error| sentence(&error))? {
        Some((room, true)) => {
            let text = words::joined(&name);
            Ok(Outcome::GoTo { room, name, text, entry: None })
        }
        Some((room, false)) => {
            let joined = desk.client.join(room).await.map_err(|error| sentence(&error))?;
            Ok(entered(joined.room, Role::Member))
        }
        None if may_create => create(desk, name, RoomKind::Public, None).await,
        None => Err(format!("{} /join {name} --create makes it.", unknown(&name))),
    }
}

async fn create(desk: &Desk, name: String, kind: RoomKind, topic: Option<String>) -> Result<Outcome, String> {
    let asked = CreateRoom { name: name.clone(), kind, title: None, topic, metadata: None };
    let room = match desk.client.create_room(&asked).await {
        Ok(room) => room,
        Err(error) if error.code() == "room-name-taken" => {
            return Err(format!("There is a room {name} already. /join {name} goes there."));
        }
        Err(error) => return Err(sentence(&error)),
    };
    Ok(entered(room, Role::Owner))
}

/// Into a room that one has just joined or made. The connection tells of it as well, in a moment; but not if one was in it
/// already, in a way that the connection has not told of yet.
fn entered(room: Room, role: Role) -> Outcome {
    let name = words::room_name(&room);
    let head_seq = room.head_seq;
    let entry = RoomEntry {
        role,
        head_seq,
        read_seq: head_seq,
        unread: 0,
        mentions: 0,
        mode: Mode::Live,
        from_seq: head_seq + 1,
        room,
    };
    Outcome::GoTo { room: entry.room.id, text: words::joined(&name), name, entry: Some(Box::new(entry)) }
}

async fn leave(desk: &Desk, place: &Place) -> Result<Outcome, String> {
    let room = place.room()?;
    let name = place.name(room);
    if name == words::HOME {
        return Err(format!("You are in {name}, where everybody comes back to. /join goes elsewhere, /quit leaves."));
    }
    desk.client.leave(room).await.map_err(|error| sentence(&error))?;
    let text =
        if place.named(words::HOME).is_some() { words::returned(words::HOME) } else { format!("Left room: {name}") };
    Ok(Outcome::Left(room, text))
}

async fn topic(desk: &Desk, place: &Place, topic: Option<String>) -> Result<Outcome, String> {
    let room = place.room()?;
    let (name, topic) = match topic {
        Some(topic) => {
            let room = desk.client.set_topic(room, &topic).await.map_err(|error| sentence(&error))?;
            (words::room_name(&room), room.topic)
        }
        None => {
            (place.name(room).to_owned(), desk.client.room(room).await.map_err(|error| sentence(&error))?.room.topic)
        }
    };
    Ok(Outcome::Told(match topic {
        Some(topic) => format!("The topic of {name}: {topic}"),
        None => format!("{name} has no topic."),
    }))
}

async fn members(desk: &Desk, place: &Place, room: Option<String>) -> Result<Outcome, String> {
    let (room, name) = match room {
        Some(name) => {
            let found = find_room(&desk.client, place, &name).await.map_err(|error| sentence(&error))?;
            (found.ok_or_else(|| unknown(&name))?.0, name)
        }
        None => {
            let room = place.room()?;
            (room, place.name(room).to_owned())
        }
    };
    let (members, count) = tokio::join!(desk.client.members(room, MEMBERS), desk.client.room(room));
    let (members, count) =
        (members.map_err(|error| sentence(&error))?, count.map_err(|error| sentence(&error))?.room.member_count);
    let described = members.iter().map(|member| match member.role {
        Role::Member => member.user.username.clone(),
        role => format!("{} ({})", member.user.username, words::role_name(role)),
    });
    let mut text = format!("Members of {name}: {}", described.collect::<Vec<_>>().join(", "));
    if count > members.len() as u64 {
        text.push_str(&format!(" and {} more", count - members.len() as u64));
    }
    Ok(Outcome::Told(text))
}
