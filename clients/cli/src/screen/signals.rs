//! The signals that concern a program with a terminal, as one stream.

use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGCONT: call [`Terminal::continued`](super::Terminal::continued) and draw. It also comes after `suspend`, where it
    /// does no harm.
    Continued,
    /// SIGINT, from outside: in raw mode Ctrl-C is a key.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
}

impl Signal {
    /// What the shell calls the exit of a program that this signal ended: 128 + its number.
    pub fn exit_code(self) -> u8 {
        let number = match self {
            Self::Continued => Number::CONT,
            Self::Interrupt => Number::INT,
            Self::Terminate => Number::TERM,
            Self::HangUp => Number::HUP,
        };
        128 + u8::try_from(number.as_raw()).unwrap_or(0)
    }
}

/// Listens for as long as it lives; from then on the signals do nothing by themselves.
#[derive(Debug)]
pub struct Signals {
    continued: Stream,
    interrupt: Stream,
    terminate: Stream,
    hang_up: Stream,
}

impl Signals {
    /// Begins to listen. Needs a running tokio runtime.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            continued: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next signal; may be cancelled without losing one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.continued.recv() => Signal::Continued,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.hang_up.recv() => Signal::HangUp,
        }
    }
}
