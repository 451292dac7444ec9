//! The signals that concern a program with a terminal, as one stream.

use std::fs;
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
///
/// Signals that were ignored when the program was started are none to it: `nohup` ignores SIGHUP, and a shell without job
/// control ignores SIGINT for what it runs in the background.
#[derive(Debug)]
pub struct Signals {
    continued: Option<Stream>,
    interrupt: Option<Stream>,
    terminate: Option<Stream>,
    hang_up: Option<Stream>,
}

impl Signals {
    /// Begins to listen. Needs a running tokio runtime.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn listen() -> io::Result<Self> {
        let ignored = Ignored::now();
        let unless_ignored = |number: Number| match ignored.contains(number) {
            true => Ok(None),
            false => signal(SignalKind::from_raw(number.as_raw())).map(Some),
        };
        Ok(Self {
            continued: unless_ignored(Number::CONT)?,
            interrupt: unless_ignored(Number::INT)?,
            terminate: unless_ignored(Number::TERM)?,
            hang_up: unless_ignored(Number::HUP)?,
        })
    }

    /// The next signal; may be cancelled without losing one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            () = come(&mut self.continued) => Signal::Continued,
            () = come(&mut self.interrupt) => Signal::Interrupt,
            () = come(&mut self.terminate) => Signal::Terminate,
            () = come(&mut self.hang_up) => Signal::HangUp,
        }
    }
}

async fn come(stream: &mut Option<Stream>) {
    match stream {
        Some(stream) => {
            stream.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// The signals that this process ignores, the one with number n as bit n - 1.
struct Ignored(u64);

impl Ignored {
    /// Linux tells; elsewhere nobody can be asked without unsafe code, and none is taken for ignored.
    fn now() -> Self {
        Self::read(&fs::read_to_string("/proc/self/status").unwrap_or_default())
    }

    fn read(status: &str) -> Self {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0))
    }

    fn contains(&self, signal: Number) -> bool {
        u32::try_from(signal.as_raw() - 1).is_ok_and(|bit| self.0.checked_shr(bit).is_some_and(|rest| rest & 1 == 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_read_from_what_linux_tells() {
        let ignored = Ignored::read("Name:\tnatter-cli\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\n");
        assert!(ignored.contains(Number::HUP) && ignored.contains(Number::PIPE));
        assert!(!ignored.contains(Number::INT) && !ignored.contains(Number::TERM));
        assert!(!Ignored::read("").contains(Number::HUP));
    }
}
