//! How each kind of thing looks, with colours and without; nothing is told by colour alone.

use ratatui::style::{Color, Modifier, Style};

/// How things look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// With the terminal's own 16 colours, which suit its background.
    #[default]
    Coloured,
    /// Bold, dim and reversed only.
    Plain,
}

/// The colours of names: those that are readable on dark and on light.
const AUTHORS: [Color; 6] = [Color::Red, Color::Green, Color::Blue, Color::Magenta, Color::Cyan, Color::LightMagenta];

impl Palette {
    /// Plain if the variable `NO_COLOR` has a value that is not empty (no-color.org).
    pub fn from_no_color(value: Option<&std::ffi::OsStr>) -> Self {
        if value.is_some_and(|value| !value.is_empty()) { Self::Plain } else { Self::Coloured }
    }

    fn coloured(self, style: Style, colour: Color) -> Style {
        match self {
            Self::Coloured => style.fg(colour),
            Self::Plain => style,
        }
    }

    pub(super) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The same name has the same colour, today and on another machine: FNV-1a of its bytes.
    pub(super) fn author(self, name: &str) -> Style {
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let colour = AUTHORS.iter().cycle().nth(usize::from((hash >> 24) as u8)).copied().unwrap_or(Color::Reset);
        self.coloured(self.bold(), colour)
    }

    /// A message that mentions the user, and rooms with such.
    pub(super) fn mention(self) -> Style {
        self.coloured(self.bold(), Color::Magenta)
    }

    pub(super) fn error(self) -> Style {
        self.coloured(self.bold(), Color::Red)
    }

    pub(super) fn good(self) -> Style {
        self.coloured(Style::new(), Color::Green)
    }

    pub(super) fn waiting(self) -> Style {
        self.coloured(Style::new(), Color::Yellow)
    }

    /// The line above what is new.
    pub(super) fn new_line(self) -> Style {
        self.coloured(self.bold(), Color::Red)
    }

    pub(super) fn notice(self) -> Style {
        self.coloured(Style::new(), Color::Cyan)
    }
}
