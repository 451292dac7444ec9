//! What is going on, on standard error: a line a second at most, over the one before where that is a terminal.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a person wants to know.
const EVERY: Duration = Duration::from_secs(1);

/// Tells how a long piece of work goes on.
pub struct Progress {
    about: String,
    told: Instant,
    is_terminal: bool,
}

impl Progress {
    /// Begins with something.
    pub fn about(about: impl Into<String>) -> Self {
        let progress = Self { about: about.into(), told: Instant::now(), is_terminal: std::io::stderr().is_terminal() };
        progress.line("…");
        progress
    }

    /// Says how far it has come, unless that was said just before.
    pub fn say(&mut self, how_far: impl FnOnce() -> String) {
        if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            self.line(&how_far());
        }
    }

    /// Says how it went.
    pub fn end(self, how: &str) {
        self.line(how);
        if self.is_terminal {
            eprintln!();
        }
    }

    fn line(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        // A closed standard error is no reason to stop.
        let _ = match self.is_terminal {
            true => write!(stderr, "\r\x1b[K{}: {text}", self.about),
            false => writeln!(stderr, "{}: {text}", self.about),
        };
    }
}
