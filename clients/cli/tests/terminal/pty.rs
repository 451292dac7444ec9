//! A program in a pseudo-terminal, and somebody in front of it who reads, types and waits.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::keys::Key;

/// How long a thing may take that a user would call immediate, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is kept of a program's output; more is a program that has gone mad.
const MAX_OUTPUT: usize = 64 * 1024 * 1024;

/// A running program; it is killed when this is dropped.
pub(crate) struct Pty {
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the terminal's modes can be asked for after the program has ended.
    slave: Option<Box<dyn SlavePty + Send>>,
    writer: Box<dyn Write + Send>,
    pid: Pid,
    seen: Arc<Seen>,
    patience: Duration,
}

/// What the program has shown so far.
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    output: Vec<u8>,
    /// No more output will come.
    is_over: bool,
    exit: Option<ExitStatus>,
}

/// How a program ended, and what it left behind.
#[derive(Debug)]
pub(crate) struct Exit {
    /// Its exit code; 1 if a signal ended it.
    pub(crate) code: u32,
    /// The name of the signal that ended it.
    pub(crate) signal: Option<String>,
    /// Every byte that it wrote.
    pub(crate) output: Vec<u8>,
    /// What is on the screen now.
    pub(crate) screen: String,
    pub(crate) has_alternate_screen: bool,
    pub(crate) has_bracketed_paste: bool,
    pub(crate) has_cursor: bool,
    pub(crate) modes: Modes,
}

/// The modes of the terminal that a shell needs back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes {
    /// ECHO: what is typed is shown.
    pub(crate) echo: bool,
    /// ICANON: a program gets whole lines.
    pub(crate) canonical: bool,
    /// ISIG: Ctrl-C is a signal.
    pub(crate) signals: bool,
}

impl Modes {
    /// Those that a shell leaves for a program.
    pub(crate) const USUAL: Self = Self { echo: true, canonical: true, signals: true };
}

impl Pty {
    pub(crate) fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = command;
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let pid = child.process_id().and_then(|pid| Pid::from_raw(pid as i32)).unwrap();
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        let state = State { parser, output: Vec::new(), is_over: false, exit: None };
        let seen = Arc::new(Seen { state: Mutex::new(state), changed: Condvar::new() });
        let reader = pair.master.try_clone_reader().unwrap();
        let for_reader = Arc::clone(&seen);
        thread::spawn(move || for_reader.read(reader));
        let for_waiter = Arc::clone(&seen);
        thread::spawn(move || for_waiter.wait(child));
        let writer = pair.master.take_writer().unwrap();
        Self { master: pair.master, slave: Some(pair.slave), writer, pid, seen, patience: PATIENCE }
    }

    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What is on the screen, without the spaces at the ends of its lines.
    pub(crate) fn screen(&self) -> String {
        self.seen.lock().parser.screen().contents()
    }

    /// Waits until this text is on the screen.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    /// Waits until this text is no longer on the screen.
    pub(crate) fn wait_until_gone(&self, text: &str) {
        self.wait_until(&format!("no {text:?}"), |screen| !screen.contents().contains(text));
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn wait_until(&self, what: &str, is_right: impl Fn(&vt100::Screen) -> bool) {
        drop(self.wait(what, |state| is_right(state.parser.screen())));
    }

    fn wait(&self, what: &str, is_right: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let deadline = Instant::now() + self.patience;
        let mut state = self.seen.lock();
        while !is_right(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let screen = state.parser.screen();
                let (rows, columns) = screen.size();
                let (row, column) = screen.cursor_position();
                let exit = state.exit.as_ref().map_or("is running".to_owned(), |exit| exit.to_string());
                let message = format!(
                    "waited {:?} for {what}; the program: {exit}; cursor in row {row}, column {column}; {columns}×{rows}:\n{}\n{}",
                    self.patience,
                    screen.contents(),
                    "─".repeat(usize::from(columns.get())),
                );
                drop(state);
                panic!("{message}");
            }
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
        state
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        self.send(text.as_bytes());
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.send(&key.bytes());
    }

    /// Pastes as a terminal does: in brackets, if the program asked for them.
    pub(crate) fn paste(&mut self, text: &str) {
        let text = text.replace('\n', "\r");
        let bytes = if self.has_bracketed_paste() { format!("\x1b[200~{text}\x1b[201~") } else { text };
        self.send(bytes.as_bytes());
    }

    fn send(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
        self.writer.flush().unwrap();
    }

    /// Changes the size of the window; the program gets a SIGWINCH.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.seen.lock().parser.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Row and column, from 0.
    pub(crate) fn cursor(&self) -> (u16, u16) {
        self.seen.lock().parser.screen().cursor_position()
    }

    pub(crate) fn has_alternate_screen(&self) -> bool {
        self.seen.lock().parser.screen().alternate_screen()
    }

    pub(crate) fn has_bracketed_paste(&self) -> bool {
        self.seen.lock().parser.screen().bracketed_paste()
    }

    /// The terminal's modes as they are now.
    pub(crate) fn modes(&self) -> Modes {
        let modes = tcgetattr(self.terminal()).unwrap().local_modes;
        Modes {
            echo: modes.contains(LocalModes::ECHO),
            canonical: modes.contains(LocalModes::ICANON),
            signals: modes.contains(LocalModes::ISIG),
        }
    }

    /// Makes the modes usual, as a shell does when its child has stopped.
    pub(crate) fn reset_modes(&self) {
        let terminal = self.terminal();
        let mut attributes = tcgetattr(&terminal).unwrap();
        attributes.local_modes |= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(&terminal, OptionalActions::Now, &attributes).unwrap();
    }

    fn terminal(&self) -> File {
        File::options().read(true).write(true).open(self.master.tty_name().unwrap()).unwrap()
    }

    /// Sends a signal to the program, if it still runs.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // Under the lock: the number of a program that has been waited for can be somebody else's.
        let state = self.seen.lock();
        if state.exit.is_none() {
            kill_process(self.pid, signal).unwrap();
        }
    }

    /// Waits for the program's end and tells how it went.
    pub(crate) fn exit(mut self) -> Exit {
        drop(self.wait("its end", |state| state.exit.is_some()));
        let modes = self.modes();
        // Now nobody has the terminal open any more, and the reader comes to an end.
        self.slave = None;
        let state = self.wait("the end of its output", |state| state.is_over);
        let screen = state.parser.screen();
        let exit = state.exit.as_ref().unwrap();
        Exit {
            code: exit.exit_code(),
            signal: exit.signal().map(str::to_owned),
            output: state.output.clone(),
            screen: screen.contents(),
            has_alternate_screen: screen.alternate_screen(),
            has_bracketed_paste: screen.bracketed_paste(),
            has_cursor: !screen.hide_cursor(),
            modes,
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let state = self.seen.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.exit.is_none() {
            // It may end at this very moment.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn read(&self, mut reader: Box<dyn Read + Send>) {
        let mut buffer = vec![0; 64 * 1024];
        // When the last one closes a terminal, Linux tells its reader by an error.
        while let Ok(length @ 1..) = reader.read(&mut buffer) {
            let mut state = self.lock();
            state.parser.process(&buffer[..length]);
            state.output.extend_from_slice(&buffer[..length]);
            let is_too_much = state.output.len() > MAX_OUTPUT;
            drop(state);
            self.changed.notify_all();
            if is_too_much {
                break;
            }
        }
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    fn wait(&self, mut child: Box<dyn Child + Send + Sync>) {
        let exit = child.wait().unwrap();
        self.lock().exit = Some(exit);
        self.changed.notify_all();
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}
