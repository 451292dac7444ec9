//! Every command, right and wrong.

use std::collections::HashSet;

use super::*;

fn error(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn every_command_has_an_example_that_is_that_command() {
    let mut seen = HashSet::new();
    for row in TABLE {
        let command = parse(row.example).unwrap_or_else(|error| panic!("{}: {error}", row.example));
        assert!(!matches!(command, Command::Say(_)), "{}", row.example);
        assert_eq!((command.name(), command.needs()), (Some(row.name), row.needs));
        assert!(row.example.starts_with(&format!("/{}", row.name)), "{}", row.example);
        assert!(seen.insert(std::mem::discriminant(&command)), "{} is another command", row.name);
    }
}

#[test]
fn text_is_a_message() {
    assert_eq!(parse("hello /join"), Ok(Command::Say("hello /join".into())));
    assert_eq!(parse("//join me"), Ok(Command::Say("/join me".into())));
    assert_eq!(parse(" /join me"), Ok(Command::Say(" /join me".into())));
    assert_eq!(parse(" \n "), Err(ParseError::Blank));
}

#[test]
fn several_lines_are_a_command_only_where_it_takes_text() {
    let path = "/usr/bin/env\nis a path";
    assert_eq!(parse(path), Ok(Command::Say(path.into())));
    assert_eq!(parse("/topic a\nb"), Ok(Command::Say("/topic a\nb".into())));
    assert_eq!(parse("/me sings\nla la"), Ok(Command::Me("sings\nla la".into())));
    assert_eq!(parse("/rooms\n"), Ok(Command::Rooms));
}

#[test]
fn rooms_and_people_are_named_as_people_write_them() {
    assert_eq!(parse("/join #dev"), Ok(Command::Join { room: "dev".into(), create: false }));
    assert_eq!(parse("/join --create dev"), Ok(Command::Join { room: "dev".into(), create: true }));
    assert_eq!(parse("/JOIN dev"), Ok(Command::Join { room: "dev".into(), create: false }));
    assert_eq!(parse("/msg @bob  hi  there"), Ok(Command::Msg { user: "bob".into(), text: "hi  there".into() }));
    assert_eq!(
        parse("/create garden Tomatoes and --private things"),
        Ok(Command::Create {
            room: "garden".into(),
            private: false,
            topic: Some("Tomatoes and --private things".into())
        })
    );
    assert_eq!(
        parse("/create --private garden"),
        Ok(Command::Create { room: "garden".into(), private: true, topic: None })
    );
    assert_eq!(parse("/users"), Ok(Command::Users(None)));
    assert_eq!(parse("/help /join"), Ok(Command::Help(Some("join".into()))));
}

#[test]
fn a_number_after_a_hash_names_a_message() {
    assert_eq!(parse("/edit #57 new"), Ok(Command::Edit { message: Some(57), text: "new".into() }));
    assert_eq!(parse("/edit #release is near"), Ok(Command::Edit { message: None, text: "#release is near".into() }));
    assert_eq!(parse("/delete"), Ok(Command::Delete(None)));
    assert_eq!(parse("/react 👍"), Ok(Command::React { message: None, emoji: "👍".into() }));
    assert_eq!(parse("/reply #1 a\nb"), Ok(Command::Reply { message: Some(1), text: "a\nb".into() }));
    assert_eq!(error("/delete #0"), "No message has this number. Usage: /delete [#number]");
    assert_eq!(error("/delete #99999999999999999999"), "No message has this number. Usage: /delete [#number]");
}

#[test]
fn sessions_are_listed_and_ended() {
    let id = kernel::SessionId::new();
    assert_eq!(parse("/sessions"), Ok(Command::Sessions(SessionsCommand::List)));
    assert_eq!(parse(&format!("/sessions end {id}")), Ok(Command::Sessions(SessionsCommand::End(id))));
    assert!(error("/sessions end 5").starts_with("This is not a session's id"));
    assert!(error("/sessions end").starts_with("Which session?"));
    assert!(error("/sessions all").starts_with("Sessions can be listed and ended."));
}

#[test]
fn what_is_wrong_is_said_with_how_it_would_be_right() {
    assert_eq!(error("/jion dev"), "Unknown command /jion. Did you mean /join?");
    assert_eq!(error("/hist"), "Unknown command /hist. Did you mean /history?");
    assert_eq!(error("/xyzzy"), "Unknown command /xyzzy. /help lists them all.");
    assert_eq!(error("/"), "Unknown command /. /help lists them all.");
    assert_eq!(error("/join"), "Which room? Usage: /join <room> [--create]");
    assert_eq!(error("/join a b"), "A room's name has no spaces. Usage: /join <room> [--create]");
    assert_eq!(error("/msg bob"), "What do you want to write? Usage: /msg <user> <text>");
    assert_eq!(error("/msg @ hi"), "Whom do you want to write to? Usage: /msg <user> <text>");
    assert_eq!(error("/quit now"), "That is more than it takes. Usage: /quit");
    for count in ["0", "201", "-1", "many", "4294967296"] {
        assert_eq!(error(&format!("/history {count}")), "The count is a number from 1 to 200. Usage: /history [count]");
    }
}

#[test]
fn help_explains_all_or_one() {
    let all = help_text(None).unwrap();
    assert!(TABLE.iter().all(|row| all.contains(&format!("{} — {}", row.usage(), row.summary))), "{all}");
    let one = help_text(Some("/Join")).unwrap();
    assert!(one.starts_with("/join <room> [--create] — ") && one.ends_with("Example: /join dev"), "{one}");
    assert_eq!(help_text(Some("jion")).unwrap_err().to_string(), "Unknown command /jion. Did you mean /join?");
}

#[test]
fn what_a_server_does_not_offer_is_said_in_a_sentence() {
    assert_eq!(parse("/topic").unwrap().needs(), None);
    assert_eq!(parse("hello").unwrap().needs(), None);
    assert_eq!(unavailable(contract::meta::Feature::Search), "This server does not offer search yet.");
}

#[test]
fn the_guide_has_the_table_of_commands() {
    const BEGIN: &str = "<!-- commands: begin -->\n";
    const END: &str = "<!-- commands: end -->\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let (head, rest) = guide.split_once(BEGIN).unwrap();
    let (table, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_GUIDE").is_some() {
        std::fs::write(path, format!("{head}{BEGIN}{}{END}{tail}", markdown())).unwrap();
    } else {
        let how = "The table in docs/cli.md is not that of the program. Run `UPDATE_GUIDE=1 cargo test -p natter-cli the_guide`.";
        assert!(table == markdown(), "{how}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_typed_is_understood_or_explained(line in "/?/?([a-z]{0,8}|me|edit|join|create) ?(#[0-9]{0,25}|--create|(?s:.){0,9})( (?s:.){0,9})?") {
        match parse(&line) {
            Ok(Command::Say(text)) => proptest::prop_assert!(!text.is_empty() && line.ends_with(&text)),
            Ok(_) => proptest::prop_assert!(line.starts_with('/')),
            Err(error) => proptest::prop_assert!(error.to_string().len() < 200),
        }
    }
}
