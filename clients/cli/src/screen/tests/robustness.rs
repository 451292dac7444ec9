//! Whatever others write, and whatever size the terminal has: nothing fails, and nothing gets out.

use super::*;
use proptest::prelude::*;

/// Text of the kinds that break terminals.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z ]{0,12}",
        "[漢字かな한글]{1,8}",
        Just("👩‍👩‍👧‍👦🇩🇪👍🏽".to_owned()),
        "[a-z\u{301}\u{308}\u{20dd}]{1,9}",
        "[שלוםمرحبا]{1,9}",
        "[\u{202e}\u{2066}\u{200f}\u{200b}\u{feff}\u{200d}]{1,3}",
        "[\t\r\n]{1,3}",
        "[\u{0}-\u{1f}\u{7f}-\u{9f}]{1,4}",
        Just("\x1b[2J\x1b]0;owned\x07\x1b[31m".to_owned()),
        Just("क्षक्षक्ष्क".to_owned()),
        Just("x".repeat(200)),
        ".{0,6}",
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn any_message() -> impl Strategy<Value = Message> {
    let texts = (any_text(), any_text(), prop::option::of(any_text()), any_text());
    let flags = (any::<[bool; 5]>(), 1u64..60, any::<i64>(), 0u8..4);
    (texts, flags).prop_map(|((author, body, reply_to, why), (flags, seq, millis, delivery))| Message {
        is_own: flags[0],
        is_emote: flags[1],
        edited: flags[2],
        deleted: flags[3],
        mentions_me: flags[4],
        seq: (delivery == 0).then_some(seq),
        at: Timestamp::from_millis(millis),
        reply_to,
        reactions: vec![(why.clone(), 3), (author.clone(), 1)],
        delivery: match delivery {
            0 => Delivery::Done,
            1 => Delivery::Sending,
            2 => Delivery::Waiting,
            _ => Delivery::Failed(why),
        },
        ..message(seq, &author, &body)
    })
}

fn any_view() -> impl Strategy<Value = View> {
    let log = (prop::collection::vec(any_message(), 0..20), any_text(), prop::option::of(0u64..60));
    let names = (any_text(), any_text(), prop::collection::vec(any_text(), 0..12));
    (log, names, any::<u64>(), 0usize..4).prop_map(
        |((messages, text, unread), (title, topic, names), count, status)| {
            let mut log = log_of(messages);
            log.push(Entry::Notice { at: at("12:00"), text: text.clone() });
            log.push(Entry::Happening { seq: 61, at: at("12:00"), text: text.clone() });
            log.unread_after = unread;
            log.has_more_before = count % 2 == 0;
            let status = match status {
                0 => Status::Connected,
                1 => Status::CatchingUp,
                2 => Status::Reconnecting { in_seconds: count, why: text },
                _ => Status::Ended { why: text },
            };
            let rooms = names.iter().map(|name| room(name, count, count / 3, false)).collect();
            View { rooms, title, topic: Some(topic), typing: names.clone(), online: names, status, ..view(log) }
        },
    )
}

fn any_key() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        any::<char>().prop_map(KeyCode::Char),
        "[a-z@/]".prop_map(|c| KeyCode::Char(c.chars().next().unwrap())),
        prop::sample::select(vec![
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Esc,
            KeyCode::Enter,
            KeyCode::Backspace,
            KeyCode::Delete,
        ]),
    ];
    (code, 0u8..8).prop_map(|(code, modifiers)| KeyEvent::new(code, KeyModifiers::from_bits_truncate(modifiers)))
}

fn assert_harmless(buffer: &Buffer) -> Result<(), TestCaseError> {
    for cell in buffer.content() {
        let symbol = cell.symbol();
        prop_assert!(!symbol.chars().any(char::is_control), "{symbol:?} would reach the terminal");
        let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        prop_assert!(!symbol.chars().any(turns), "{symbol:?} would turn the text");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn whatever_is_shown_in_whatever_size_nothing_fails_and_no_escape_gets_out(
        view in any_view(),
        sizes in prop::collection::vec((1u16..130, 1u16..45), 1..4),
        keys in prop::collection::vec(any_key(), 0..30),
        pasted in any_text(),
    ) {
        let mut fixture = Fixture::new(80, 24, view);
        for (width, height) in sizes {
            fixture.resize(width, height);
            fixture.draw();
            assert_harmless(fixture.terminal.backend().buffer())?;
            fixture.screen.handle(Event::Paste(pasted.clone()), &fixture.view, &fixture.names);
            for key in &keys {
                fixture.screen.handle(Event::Key(*key), &fixture.view, &fixture.names);
            }
            fixture.draw();
            assert_harmless(fixture.terminal.backend().buffer())?;
        }
    }

    #[test]
    fn every_row_of_the_log_fits_its_width(message in any_message(), width in 40usize..100, numbered in any::<bool>()) {
        let paper = super::super::paper::Paper { width, numbered, palette: Palette::Plain, zone: TimeZone::UTC };
        for row in paper.rows(&Entry::Message(message)) {
            let cells: usize = row.spans.iter().map(|span| super::super::clean::width(&span.content)).sum();
            let last = row.spans.last().map(|span| span.content.to_string()).unwrap_or_default();
            // A cluster can be wider than any narrow column: then it stands alone and is cut.
            let is_alone = unicode_segmentation::UnicodeSegmentation::graphemes(last.as_str(), true).count() == 1;
            prop_assert!(cells <= width || is_alone, "{cells} cells of {width}: {row:?}");
        }
    }
}
