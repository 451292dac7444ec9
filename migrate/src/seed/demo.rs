//! Who and what the demo is. All ids are fixed, so that a second run finds what the first has made.

use uuid::Uuid;

/// Somebody of the demo.
#[derive(Debug)]
pub struct Person {
    /// The account.
    pub id: Uuid,
    /// In lower case.
    pub username: &'static str,
    /// In lower case, and nobody's: the domain is reserved for examples (RFC 2606).
    pub email: &'static str,
    /// The name that is shown.
    pub display_name: &'static str,
    /// Known to everybody who reads this, which is why a production system gets none of these.
    pub password: &'static str,
    /// A sentence about them.
    pub bio: &'static str,
}

/// A room of the demo.
#[derive(Debug)]
pub struct Room {
    /// The room. Its messages have the ids that follow.
    pub id: Uuid,
    /// Its name.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it is about.
    pub topic: &'static str,
    /// Whether only its members see it.
    pub is_private: bool,
    /// User names; the first one owns it.
    pub members: &'static [&'static str],
    /// What was said, in order.
    pub lines: &'static [Line],
}

/// A message of the demo.
#[derive(Debug)]
pub struct Line {
    /// Who says it.
    pub by: &'static str,
    /// In Markdown.
    pub body: &'static str,
    /// The members whom the body names with an @.
    pub names: &'static [&'static str],
    /// The place of the line that it answers.
    pub answers: Option<usize>,
}

impl Room {
    /// The id of a message, and its sender's id for it.
    pub(super) fn message_id(&self, nth: usize) -> Uuid {
        Uuid::from_u128(self.id.as_u128() + 1 + nth as u128)
    }

    /// The number that a store keeps.
    pub(super) fn kind(&self) -> i16 {
        i16::from(self.is_private)
    }
}

const fn line(by: &'static str, body: &'static str) -> Line {
    Line { by, body, names: &[], answers: None }
}

/// The people.
pub const PEOPLE: &[Person] = &[
    Person {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0101),
        username: "ada",
        email: "ada@demo.example",
        display_name: "Ada",
        password: "ada weaves algebra",
        bio: "Writes programs for machines that are not built yet.",
    },
    Person {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0102),
        username: "grace",
        email: "grace@demo.example",
        display_name: "Grace",
        password: "grace keeps the moth",
        bio: "Carries a nanosecond in her pocket.",
    },
    Person {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0103),
        username: "linus",
        email: "linus@demo.example",
        display_name: "Linus",
        password: "linus reads the diff",
        bio: "Merges on Sundays.",
    },
];

/// The rooms.
pub const ROOMS: &[Room] = &[
    Room {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_1000),
        name: "engine-room",
        title: "Engine room",
        topic: "What runs, and why it does not",
        is_private: false,
        members: &["ada", "grace", "linus"],
        lines: &[
            line(
                "ada",
                "Good morning! The engine has no pretensions to originate anything. It does what we **order** it to.",
            ),
            line("grace", "That is what I told them about compilers, and nobody believed me."),
            Line { by: "linus", body: "@ada does it run on my machine?", names: &["ada"], answers: Some(0) },
            line(
                "grace",
                "I found a moth in the relay. Taped it into the log:\n\n> 15:45 – first actual case of bug being found",
            ),
        ],
    },
    Room {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_2000),
        name: "notes",
        title: "Notes on the sketch",
        topic: "Not for the printer yet",
        is_private: true,
        members: &["grace", "ada"],
        lines: &[
            Line { by: "grace", body: "@ada your note G is longer than the paper.", names: &["ada"], answers: None },
            line("ada", "It has a loop in it."),
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_and_names_are_each_ones_own_and_everybody_who_speaks_is_a_member() {
        let messages = ROOMS.iter().flat_map(|room| (0..room.lines.len()).map(|nth| room.message_id(nth)));
        let ids: Vec<_> =
            PEOPLE.iter().map(|person| person.id).chain(ROOMS.iter().map(|room| room.id)).chain(messages).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        for room in ROOMS {
            for (place, line) in room.lines.iter().enumerate() {
                for name in line.names.iter().chain([&line.by]) {
                    assert!(room.members.contains(name), "{name} of {}", room.name);
                }
                let written: Vec<_> =
                    line.body.split('@').skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
                assert_eq!(written, line.names, "{}", line.body);
                assert!(line.answers.is_none_or(|answered| answered < place));
            }
        }
    }
}
