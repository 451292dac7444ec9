//! The terminal itself: taken over completely, and given back whatever happens.

use std::io::{self, Write};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossterm::cursor;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use rustix::process::{Signal, kill_current_process_group};

/// Whether the terminal is ours at the moment. Global, because a panic hook has nothing else to look at.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// How long the kernel may take to stop all threads; far more than it needs, and nothing that one notices after Ctrl-Z.
const STOPS_WITHIN: Duration = Duration::from_millis(100);

static HOOK: Once = Once::new();

/// The terminal in raw mode, on its alternate screen, with bracketed paste; as it was before when this is dropped, and
/// before the message of a panic of any thread. There is one in a program at a time.
#[derive(Debug)]
pub struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<io::Stdout>>,
}

impl Terminal {
    /// Takes the terminal on standard output over.
    ///
    /// # Errors
    /// When there is no terminal, or it does not do what it is told; then it is as it was.
    pub fn enter() -> io::Result<Self> {
        HOOK.call_once(|| {
            let previous = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                // Nothing better can be done with an error here, and the message is still worth printing.
                let _ = restore();
                previous(panic);
            }));
        });
        take()
            .and_then(|()| ratatui::Terminal::new(CrosstermBackend::new(io::stdout())))
            .map(|inner| Self { inner })
            .inspect_err(|_| {
                let _ = restore();
            })
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// When the terminal cannot be written to, or a panic somewhere has given it back: then its message is on it, and
    /// must stay readable.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !TAKEN.load(Ordering::SeqCst) {
            return Err(io::Error::other("the screen was given up after a panic"));
        }
        self.inner.draw(render).map(|_| ())
    }

    /// Makes the next frame write every cell, whatever is on the screen.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn redraw(&mut self) -> io::Result<()> {
        // Not `clear`: it asks the terminal for the cursor, and whoever reads the keys would get the answer.
        let area = self.inner.size()?.into();
        self.inner.resize(area)
    }

    /// Gives the terminal back and stops the program's process group, as `Ctrl-Z` does elsewhere; when it is continued, takes
    /// the terminal over again. Draw afterwards. Blocks for as long as the program is stopped, and a little longer.
    ///
    /// # Errors
    /// When the terminal cannot be given back or taken over, or the signal cannot be sent.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore()?;
        let stopped = kill_current_process_group(Signal::TSTP).map_err(io::Error::from);
        // Another thread may be the one that gets the signal; until it has, this one must not touch the terminal. Nothing
        // tells when: where there is no shell above the process group, the kernel drops the signal and nobody stops.
        thread::sleep(STOPS_WITHIN);
        self.take_again()?;
        stopped
    }

    /// To be called when the program was continued (SIGCONT) without having stopped itself: the shell has used the terminal
    /// in between, and left it in its own modes. Draw afterwards.
    ///
    /// # Errors
    /// When the terminal cannot be taken over.
    pub fn continued(&mut self) -> io::Result<()> {
        restore()?;
        self.take_again()
    }

    fn take_again(&mut self) -> io::Result<()> {
        take().inspect_err(|_| {
            let _ = restore();
        })?;
        self.redraw()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = restore();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// Gives back what [`take`] took; does nothing if it is not ours. Goes on after a failure, and tells of the first.
fn restore() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mut out = io::stdout();
    let written = queue!(out, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show).and_then(|()| out.flush());
    disable_raw_mode().and(written)
}
