//! What to say where a server does not do something: a sentence, not an error.

use contract::meta::Feature;

/// `This server does not offer editing yet.`
pub fn unavailable(feature: Feature) -> String {
    let what = match feature {
        Feature::Rooms => "rooms",
        Feature::History => "reading older messages",
        Feature::ReadMarks => "remembering what you have read",
        Feature::Typing => "showing who is typing",
        Feature::Mentions => "mentions",
        Feature::Replies => "replies",
        Feature::RefreshCookies => "signing in with cookies",
        Feature::Presence => "showing who is online",
        Feature::Sessions => "managing sessions",
        Feature::DirectRooms => "direct messages",
        Feature::RoomSettings => "changing a room's settings",
        Feature::Editing => "editing and deleting messages",
        Feature::Reactions => "reactions",
        Feature::Search => "search",
    };
    format!("This server does not offer {what} yet.")
}
