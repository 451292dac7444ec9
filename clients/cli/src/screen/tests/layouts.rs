//! What is seen in which size.

use super::*;

fn everything() -> View {
    let mut log = log_of([message(1, "bob", "Good morning, everybody! Has anyone seen the release notes for Friday?")]);
    log.push(Entry::Happening { seq: 2, at: at("12:05"), text: "carol joined".into() });
    log.push(Entry::Message(Message { edited: true, ..message(3, "carol", "hi") }));
    log.push(Entry::Message(Message { deleted: true, ..message(4, "bob", "secret") }));
    log.push(Entry::Message(Message { is_emote: true, ..message(5, "carol", "waves") }));
    let reactions = vec![("👍".to_owned(), 2), ("🎉".to_owned(), 1)];
    log.push(Entry::Message(Message {
        reply_to: Some("carol: hi".into()),
        reactions,
        ..message(6, "bob", "漢字 too")
    }));
    log.push(Entry::Notice { at: at("12:06"), text: "two\nlines".into() });
    let unsent = |key, body: &str, delivery| {
        Entry::Message(Message {
            key: Uuid::from_u128(key),
            id: None,
            seq: None,
            delivery,
            ..message(99, "alice", body)
        })
    };
    log.push(unsent(100, "on its way", Delivery::Sending));
    log.push(unsent(101, "refused", Delivery::Failed("you are muted".into())));
    log.unread_after = Some(4);
    View { typing: vec!["bob".into()], ..view(log) }
}

#[test]
fn a_usual_terminal_has_the_rooms_beside_the_log() {
    let mut fixture = Fixture::new(80, 24, everything());
    assert_eq!(
        fixture.draw(),
        "\
global — Everybody is here
1 global       │
2 dev         3│
3 garden   @1 7│
               │── the room begins here ──
               │── Tuesday, 24 November ──
               │12:04    #1 bob: Good morning, everybody! Has anyone seen the
               │            release notes for Friday?
               │12:05    #2 — carol joined
               │12:04    #3 carol: hi (edited)
               │12:04    #4 bob: (deleted)
               │── new ──
               │12:04    #5 * carol waves
               │            ╭ carol: hi
               │12:04    #6 bob: 漢字 too
               │            👍 2  🎉 1
               │12:06       [System] two
               │            lines
               │12:04       alice: on its way (sending)
               │12:04       alice: refused
               │            ✗ not sent: you are muted
bob is typing…
> Write a message, or /help
● connected · 2 online · alice · localhost:8080 · F1 help"
    );
}

#[test]
fn a_narrow_terminal_tells_what_is_unread_in_its_header() {
    let mut fixture = Fixture::new(40, 12, everything());
    assert_eq!(
        fixture.draw(),
        "\
global  @1 10 elsewhere — Everybody is …
12:04 * carol waves
      ╭ carol: hi
12:04 bob: 漢字 too
      👍 2  🎉 1
12:06 [System] two
      lines
12:04 alice: on its way (sending)
12:04 alice: refused
      ✗ not sent: you are muted
bob is typing…
> Write a message, or /help
● connected · 2 online · alice · F1 help"
            .replacen("12:04 * carol waves\n", "", 1)
    );
}

#[test]
fn a_wide_terminal_shows_who_is_online() {
    let mut view = view(numbered(1..=3));
    view.online = (0..50).map(|number| format!("user{number}")).collect();
    view.online_total = Some(60);
    let screen = Fixture::new(120, 40, view).draw();
    let rows: Vec<&str> = screen.lines().collect();
    assert!(rows[1].ends_with("│ Online: 60"), "{screen}");
    assert!(rows[2].ends_with("│ ● user0"), "{screen}");
    assert!(rows[36].ends_with("│ and 26 more"), "{screen}");
    assert!(!screen.contains("60 online"), "{screen}");
}

#[test]
fn without_colours_no_cell_has_one() {
    let mut fixture = Fixture::with(Palette::Plain, 120, 30, everything());
    fixture.draw();
    let buffer = fixture.terminal.backend().buffer();
    let colours = |cell: &&ratatui::buffer::Cell| (cell.fg, cell.bg) != Default::default();
    assert_eq!(buffer.content().iter().filter(colours).count(), 0);
    let mut coloured = Fixture::new(120, 30, everything());
    coloured.draw();
    assert!(coloured.terminal.backend().buffer().content().iter().any(|cell| colours(&cell)));
}

#[test]
fn a_variable_that_is_set_to_nothing_leaves_the_colours() {
    assert_eq!(Palette::from_no_color(None), Palette::Coloured);
    assert_eq!(Palette::from_no_color(Some("".as_ref())), Palette::Coloured);
    assert_eq!(Palette::from_no_color(Some("1".as_ref())), Palette::Plain);
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let screen = Fixture::new(30, 7, everything()).draw();
    assert_eq!(screen.trim_end(), "The terminal is too small:\nnatter-cli needs 40×8.");
}

#[test]
fn every_state_of_the_connection_has_its_words() {
    let mut fixture = Fixture::new(100, 10, view(Log::new()));
    let states = [
        (Status::Connecting, "○ connecting…"),
        (Status::CatchingUp, "◌ catching up…"),
        (Status::Reconnecting { in_seconds: 3, why: "no answer".into() }, "○ reconnecting in 3 s (no answer)"),
        (Status::Ended { why: "You were signed out.".into() }, "✗ You were signed out."),
    ];
    for (status, words) in states {
        fixture.view.status = status;
        let screen = fixture.draw();
        assert!(screen.lines().last().unwrap().starts_with(words), "{screen}");
    }
}

#[test]
fn caught_up_is_said_for_a_moment() {
    let mut fixture = Fixture::new(80, 24, view(Log::new()));
    fixture.view.status = Status::CatchingUp;
    fixture.draw_at(at("13:00"));
    fixture.view.status = Status::Connected;
    assert!(fixture.draw_at(at("13:00")).contains("● caught up"));
    assert_eq!(fixture.screen.redraw_in(at("13:00")), Some(super::super::CAUGHT_UP));
    assert!(fixture.draw_at(at("13:01")).contains("● connected"));
    assert_eq!(fixture.screen.redraw_in(at("13:01")), None);
}

/// The moment may pass between drawing and asking when to draw again, or the clock of the wall be behind the one that
/// waits: "for a moment" would last until something happens.
#[test]
fn what_is_said_for_a_moment_is_taken_away_though_the_moment_passes_before_the_next_drawing_is_planned() {
    let mut fixture = Fixture::new(80, 24, view(Log::new()));
    fixture.view.status = Status::CatchingUp;
    fixture.draw_at(at("13:00"));
    fixture.view.status = Status::Connected;
    fixture.screen.set_done("Copied.");
    let screen = fixture.draw_at(at("13:00"));
    assert!(screen.contains("● caught up") && screen.contains("Copied."), "{screen}");
    assert_eq!(fixture.screen.redraw_in(at("13:01")), Some(std::time::Duration::ZERO));
    let screen = fixture.draw_at(at("13:01"));
    assert!(screen.contains("● connected") && !screen.contains("Copied."), "{screen}");
    assert_eq!(fixture.screen.redraw_in(at("13:01")), None);
}

#[test]
fn the_cursor_stands_behind_what_was_typed() {
    let mut fixture = Fixture::new(80, 24, view(Log::new()));
    fixture.type_in("漢a");
    fixture.draw();
    let position = fixture.terminal.get_cursor_position().unwrap();
    assert_eq!((position.x, position.y), (5, 22));
}
