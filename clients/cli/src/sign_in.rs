//! Getting in: with the session that is kept, or by asking.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use natter_client::{Client, Error, Server, SessionFile};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::arguments::Who;
use crate::failure::{ExitStatus, Failure};
use crate::kept_sessions::KeptSessions;

/// How often a password may be mistyped.
const TRIES: u32 = 3;

/// Who wants to get in where, and how they may be asked.
pub(crate) struct SignIn {
    server: Server,
    kept: KeptSessions,
    who: Who,
    /// Whether there is somebody to ask.
    can_ask: bool,
}

impl SignIn {
    /// Reads where and who; nothing is asked yet.
    ///
    /// # Errors
    /// When the address is none, or there is no place to keep a session.
    pub(crate) fn new(who: Who) -> Result<Self, Failure> {
        let address = who
            .addr
            .parse()
            .map_err(|error: natter_client::AddressError| Failure::new(ExitStatus::Usage, error.to_string()))?;
        let kept = KeptSessions::of(&address)?;
        let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
        Ok(Self { server: Server::new(address)?, kept, who, can_ask })
    }

    /// The session that is kept, if there is one. Whether it is still alive shows when it is used.
    ///
    /// # Errors
    /// When its file cannot be used.
    pub(crate) fn kept(&self) -> Result<Option<Client>, Failure> {
        match self.kept.find(self.who.user.as_deref()) {
            Some((file, _)) => Ok(self.server.resume(file)?),
            None => Ok(None),
        }
    }

    /// Signs in anew: with the password from the file that was named, or by asking on the terminal, where an account can
    /// be made as well.
    ///
    /// # Errors
    /// When there is nobody to ask, the server refuses, or it cannot be reached.
    pub(crate) async fn anew(&self) -> Result<Client, Failure> {
        if let Some(file) = &self.who.password_file {
            let user = self.who.user.as_deref();
            let user = user.ok_or_else(|| Failure::new(ExitStatus::Usage, "--password-file needs --user."))?;
            return Ok(self.with(user, &first_line(file)?).await?);
        }
        if !self.can_ask {
            let user = self.who.user.as_deref().map(|user| format!(" --user {user}")).unwrap_or_default();
            return Err(Failure::new(
                ExitStatus::NotSignedIn,
                format!(
                    "Nobody has signed in. Do it once by hand: natter-cli --addr {}{user}\n\
                     Or name a file with the password: --password-file FILE",
                    self.who.addr
                ),
            ));
        }
        // A wrong address shows before anybody has typed a password for it.
        self.server.info().await?;
        self.ask().await
    }

    async fn ask(&self) -> Result<Client, Failure> {
        let user = match &self.who.user {
            Some(user) => user.clone(),
            None => {
                eprintln!("Sign in to {}, or make an account.", self.server.address());
                loop {
                    let user = ask("User name: ").await?.trim().to_owned();
                    if !user.is_empty() {
                        break user;
                    }
                }
            }
        };
        for _ in 0..TRIES {
            let password = ask_password(&format!("Password for {user}: ")).await?;
            match self.with(&user, &password).await {
                Ok(client) => return Ok(client),
                Err(error) if error.code() == "invalid-credentials" => {
                    // The server does not say which of the two it is.
                    eprintln!("There is no account {user}, or the password is wrong.");
                    if !user.contains('@') && says_yes(&format!("Make a new account {user}? [y/N] ")).await? {
                        return self.sign_up(&user, &password).await;
                    }
                }
                Err(error) if error.code() == "validation-failed" => eprintln!("{error}"),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new(ExitStatus::NotSignedIn, "That was wrong too often."))
    }

    /// Makes an account. What the server does not take is asked for again.
    async fn sign_up(&self, user: &str, typed: &str) -> Result<Client, Failure> {
        let mut user = user.to_owned();
        let mut typed = typed.to_owned();
        for _ in 0..TRIES {
            if ask_password("The password again: ").await? != typed {
                eprintln!("These are two different passwords.");
                typed = ask_password(&format!("Password for {user}: ")).await?;
                continue;
            }
            let email = ask("E-mail address: ").await?.trim().to_owned();
            match self.server.sign_up(&user, &email, &typed).await {
                Ok(_) => {
                    eprintln!("Welcome, {user}!");
                    return Ok(self.with(&user, &typed).await?);
                }
                Err(error) if error.code() == "username-taken" => {
                    eprintln!("Somebody is called {user} already. If that is you, the password was wrong.");
                    user = ask("Another user name: ").await?.trim().to_owned();
                }
                Err(error) if matches!(error.code(), "email-taken" | "validation-failed") => {
                    eprintln!("{error}");
                    typed = ask_password(&format!("Password for {user}: ")).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new(ExitStatus::NotSignedIn, "No account was made."))
    }

    /// Signs in and keeps the session, under the name that the account has.
    async fn with(&self, login: &str, password: &str) -> Result<Client, Error> {
        // Who signs in with an address has another name, which only the answer tells; their file is made for what was
        // typed, and that is what will be typed the next time.
        let file: SessionFile = self.kept.file(login);
        self.server.sign_in_and_keep(login, password, &device(), file).await
    }
}

/// What this session is called in the list of sessions.
fn device() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let device = format!("natter-cli on {host}");
    device.chars().filter(|letter| !letter.is_control()).take(100).collect()
}

fn first_line(file: &Path) -> Result<String, Failure> {
    let cannot = |error: io::Error| Failure::new(ExitStatus::Usage, format!("{}: {error}", file.display()));
    if file == Path::new("-") {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map_err(cannot)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let text = fs::read_to_string(file).map_err(cannot)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Asks on standard error, so that standard output has only what was asked for.
async fn ask(question: &str) -> Result<String, Failure> {
    let question = question.to_owned();
    let answer = aside(move || {
        eprint!("{question}");
        io::stderr().flush()?;
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    });
    answer.await
}

/// The same without showing what is typed. It is hidden before the question is there: some people type fast.
async fn ask_password(question: &str) -> Result<String, Failure> {
    let hidden = Hidden::begin()?;
    let answer = ask(question).await;
    drop(hidden);
    answer
}

/// While it lives, the terminal does not show what is typed.
struct Hidden {
    before: Termios,
}

impl Hidden {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        // But the end of the line, so that what comes next has a line of its own.
        modes.local_modes.insert(LocalModes::ECHONL);
        // What has been typed ahead is not lost.
        tcsetattr(io::stdin(), OptionalActions::Now, &modes)?;
        Ok(Self { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

async fn says_yes(question: &str) -> Result<bool, Failure> {
    Ok(matches!(ask(question).await?.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Waits for a person in a thread of its own, so that a signal is heard meanwhile. One that does not end the program
/// interrupts the reading, and it is asked again.
async fn aside(ask: impl Fn() -> io::Result<String> + Clone + Send + 'static) -> Result<String, Failure> {
    loop {
        let asked = tokio::task::spawn_blocking(ask.clone()).await;
        let error = match asked.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::Interrupted => tokio::task::yield_now().await,
            io::ErrorKind::UnexpectedEof => {
                return Err(Failure::new(ExitStatus::NotSignedIn, "\nNobody has signed in."));
            }
            _ => return Err(Failure::new(ExitStatus::Failed, format!("The answer cannot be read: {error}"))),
        }
    }
}
