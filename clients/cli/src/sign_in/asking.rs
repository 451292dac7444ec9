//! Asking somebody at the terminal, who may also press Ctrl-Z and come back.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::failure::{ExitStatus, Failure};
use crate::lines::aside;
use crate::screen::clean_line;

/// The question that is being asked. Global, as the terminal is.
static ASKED: Mutex<Option<Asked>> = Mutex::new(None);

struct Asked {
    question: String,
    is_hidden: bool,
}

fn asked() -> MutexGuard<'static, Option<Asked>> {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To be called when the program was stopped and goes on (SIGCONT): the shell has put the terminal into its own modes, in
/// which a password would be shown, and has written something after the question.
pub(crate) fn continued() {
    if let Some(asked) = &*asked() {
        if asked.is_hidden {
            let _ = hide();
        }
        let _ = put(&asked.question);
    }
}

/// Asks on standard error, so that standard output has only what was asked for.
pub(super) async fn ask(question: &str) -> Result<String, Failure> {
    ask_and(question, false).await
}

/// The same without showing what is typed. It is hidden before the question is there: some people type fast.
pub(super) async fn ask_password(question: &str) -> Result<String, Failure> {
    let hidden = Hidden::begin()?;
    let answer = ask_and(question, true).await;
    drop(hidden);
    answer
}

pub(super) async fn says_yes(question: &str) -> Result<bool, Failure> {
    Ok(matches!(ask(question).await?.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// The first line of a file, `-` for standard input.
pub(super) async fn first_line(file: &Path) -> Result<String, Failure> {
    let path = file.to_owned();
    let line = aside(move || {
        if path == Path::new("-") {
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line)?;
            return Ok(line);
        }
        fs::read_to_string(path)
    });
    let text = line.await.map_err(|error| Failure::new(ExitStatus::Usage, format!("{}: {error}", file.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn ask_and(question: &str, is_hidden: bool) -> Result<String, Failure> {
    let question = clean_line(question);
    let asking = Asking::begin(Asked { question: question.clone(), is_hidden });
    let answer = aside(move || {
        put(&question)?;
        let mut line = String::new();
        let length = io::stdin().lock().read_line(&mut line)?;
        Ok((length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    });
    let answer = answer.await;
    drop(asking);
    match answer {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(Failure::new(ExitStatus::NotSignedIn, "\nNobody has signed in.")),
        Err(error) => Err(Failure::new(ExitStatus::Failed, format!("The answer cannot be read: {error}"))),
    }
}

fn put(question: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(question.as_bytes())?;
    out.flush()
}

/// While it lives, a question is being asked.
struct Asking;

impl Asking {
    fn begin(question: Asked) -> Self {
        *asked() = Some(question);
        Self
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        *asked() = None;
    }
}

/// While it lives, the terminal does not show what is typed.
struct Hidden {
    before: Termios,
}

impl Hidden {
    fn begin() -> io::Result<Self> {
        Ok(Self { before: hide()? })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Hides what is typed from now on, and gives the modes that the terminal had.
fn hide() -> io::Result<Termios> {
    let before = tcgetattr(io::stdin())?;
    let mut modes = before.clone();
    modes.local_modes.remove(LocalModes::ECHO);
    // But the end of the line, so that what comes next has a line of its own.
    modes.local_modes.insert(LocalModes::ECHONL);
    // What has been typed ahead is not lost.
    tcsetattr(io::stdin(), OptionalActions::Now, &modes)?;
    Ok(before)
}
