//! What a terminal sends for a key, as xterm and nearly all others do.

/// A key, or a few of them at once.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "the harness knows more keys than its own tests press")]
pub(crate) enum Key {
    Enter,
    AltEnter,
    Tab,
    BackTab,
    Escape,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    ShiftUp,
    ShiftDown,
    AltUp,
    AltDown,
    CtrlHome,
    CtrlEnd,
    F1,
    /// With a small letter.
    Ctrl(char),
    Alt(char),
}

impl Key {
    pub(crate) fn bytes(self) -> Vec<u8> {
        let sequence = match self {
            Self::Enter => "\r",
            Self::AltEnter => "\x1b\r",
            Self::Tab => "\t",
            Self::BackTab => "\x1b[Z",
            Self::Escape => "\x1b",
            Self::Backspace => "\x7f",
            Self::Delete => "\x1b[3~",
            Self::Up => "\x1b[A",
            Self::Down => "\x1b[B",
            Self::Right => "\x1b[C",
            Self::Left => "\x1b[D",
            Self::Home => "\x1b[H",
            Self::End => "\x1b[F",
            Self::PageUp => "\x1b[5~",
            Self::PageDown => "\x1b[6~",
            Self::ShiftUp => "\x1b[1;2A",
            Self::ShiftDown => "\x1b[1;2B",
            Self::AltUp => "\x1b[1;3A",
            Self::AltDown => "\x1b[1;3B",
            Self::CtrlHome => "\x1b[1;5H",
            Self::CtrlEnd => "\x1b[1;5F",
            Self::F1 => "\x1bOP",
            Self::Ctrl(letter) => return vec![letter as u8 & 0x1f],
            Self::Alt(letter) => return format!("\x1b{letter}").into_bytes(),
        };
        sequence.as_bytes().to_vec()
    }
}
