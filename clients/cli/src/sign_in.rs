//! Getting in: with the session that is kept, or by asking.

mod asking;

use std::io::{self, IsTerminal};

use natter_client::{Client, Error, Server, SessionFile};

use crate::arguments::Who;
use crate::failure::{ExitStatus, Failure};
use crate::kept_sessions::KeptSessions;
use crate::lines::complain;
use asking::{ask, ask_password, first_line, says_yes};

pub(crate) use asking::continued;

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

    /// Whether to sign in anew takes as long as somebody needs to type.
    pub(crate) fn asks(&self) -> bool {
        self.can_ask && self.who.password_file.is_none()
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
            self.check_server().await?;
            let password = first_line(file).await?;
            return self.with(user, &password).await.map_err(refused);
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
        self.check_server().await?;
        self.ask().await
    }

    /// A wrong address shows before a password is sent there, or typed for it.
    async fn check_server(&self) -> Result<(), Failure> {
        let is_natter = match self.server.info().await {
            Ok(_) => return Ok(()),
            Err(Error::Protocol(_)) => false,
            // Each of Natter's own refusals has a code; what a proxy says while Natter is away is passing.
            Err(Error::Refused(refusal)) if refusal.code.is_empty() => refusal.is_passing(),
            Err(error) => return Err(error.into()),
        };
        let address = self.server.address();
        Err(match is_natter {
            true => Failure::new(ExitStatus::Unreachable, format!("{address} cannot be reached: a proxy says so.")),
            false => Failure::new(ExitStatus::Failed, format!("{address} answers, but it is no Natter server.")),
        })
    }

    async fn ask(&self) -> Result<Client, Failure> {
        let user = match &self.who.user {
            Some(user) => user.clone(),
            None => {
                complain(&format!("Sign in to {}, or make an account.", self.server.address())).await;
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
                    complain(&format!("There is no account {user}, or the password is wrong.")).await;
                    if !user.contains('@') && says_yes(&format!("Make a new account {user}? [y/N] ")).await? {
                        return self.sign_up(&user, &password).await;
                    }
                }
                Err(error) if error.code() == "validation-failed" => complain(&error.to_string()).await,
                Err(error) => return Err(refused(error)),
            }
        }
        Err(Failure::new(ExitStatus::NotSignedIn, "That was wrong too often."))
    }

    /// Makes an account. What the server does not take is asked for again, and nothing else.
    async fn sign_up(&self, user: &str, typed: &str) -> Result<Client, Failure> {
        let mut user = user.to_owned();
        let mut password = Some(typed.to_owned());
        let (mut confirmed, mut email) = (None, None);
        for _ in 0..TRIES {
            let sure = match confirmed.take() {
                Some(sure) => sure,
                None => match self.confirmed(&user, password.take()).await? {
                    Some(sure) => sure,
                    None => break,
                },
            };
            let address = match email.take() {
                Some(address) => address,
                None => ask("E-mail address: ").await?.trim().to_owned(),
            };
            let error = match self.server.sign_up(&user, &address, &sure).await {
                Ok(_) => {
                    complain(&format!("Welcome, {user}!")).await;
                    return self.with(&user, &sure).await.map_err(refused);
                }
                Err(error) => error,
            };
            let Some(wrong) = Wrong::of(&error) else { return Err(refused(error)) };
            if error.code() == "username-taken" {
                let text = format!("Somebody is called {user} already. If that is you, the password was wrong.");
                complain(&text).await;
            } else {
                complain(&error.to_string()).await;
            }
            if wrong.username {
                user = ask("Another user name: ").await?.trim().to_owned();
            }
            confirmed = (!wrong.password).then_some(sure);
            email = (!wrong.email).then_some(address);
        }
        Err(Failure::new(ExitStatus::NotSignedIn, "No account was made."))
    }

    /// A password that was typed twice, `typed` being the first time; `None` when that did not succeed.
    async fn confirmed(&self, user: &str, mut typed: Option<String>) -> Result<Option<String>, Failure> {
        for _ in 0..TRIES {
            let first = match typed.take() {
                Some(typed) => typed,
                None => ask_password(&format!("Password for {user}: ")).await?,
            };
            if ask_password("The password again: ").await? == first {
                return Ok(Some(first));
            }
            complain("These are two different passwords.").await;
        }
        Ok(None)
    }

    /// Signs in and keeps the session, under the name that the account has.
    async fn with(&self, login: &str, password: &str) -> Result<Client, Error> {
        // Who signs in with an address has another name, which only the answer tells; their file is made for what was
        // typed, and that is what will be typed the next time.
        let file: SessionFile = self.kept.file(login);
        let client = self.server.sign_in_and_keep(login, password, &device(), file.clone()).await?;
        self.kept.remember(&file);
        Ok(client)
    }
}

/// What a server that said no wants to be told otherwise.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    username: bool,
    email: bool,
    password: bool,
}

impl Wrong {
    /// `None` when nothing that can be typed would help.
    fn of(error: &Error) -> Option<Self> {
        let refusal = error.refusal()?;
        let names = |field: &str| {
            // The detail has each wrong field as `field: what is wrong`, with `; ` in between.
            let has_it = || refusal.detail.split("; ").any(|part| part.starts_with(&format!("{field}: ")));
            refusal.code == "validation-failed" && has_it()
        };
        let wrong = Self {
            username: refusal.code == "username-taken" || names("username"),
            email: refusal.code == "email-taken" || names("email"),
            password: names("password"),
        };
        (wrong.username || wrong.email || wrong.password).then_some(wrong)
    }
}

/// A sign-in that the server refuses, for whatever reason, leaves nobody signed in; one that it cannot do is another thing.
fn refused(error: Error) -> Failure {
    let is_refused = error.refusal().is_some_and(|refusal| (400..500).contains(&refusal.status));
    if is_refused { Failure::new(ExitStatus::NotSignedIn, error.to_string()) } else { error.into() }
}

/// What this session is called in the list of sessions.
fn device() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let device = format!("natter-cli on {host}");
    device.chars().filter(|letter| !letter.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use natter_client::Refusal;

    fn wrong(code: &str, detail: &str) -> Option<Wrong> {
        let json = serde_json::json!({"code": code, "detail": detail, "status": 422});
        Wrong::of(&Error::from(serde_json::from_value::<Refusal>(json).unwrap()))
    }

    #[test]
    fn only_what_the_server_did_not_take_is_asked_for_again() {
        let only = |username, email, password| Some(Wrong { username, email, password });
        assert_eq!(wrong("username-taken", "email: is fine"), only(true, false, false));
        assert_eq!(wrong("email-taken", ""), only(false, true, false));
        assert_eq!(wrong("validation-failed", "username: has a space"), only(true, false, false));
        assert_eq!(wrong("validation-failed", "email: is none; password: is short"), only(false, true, true));
        assert_eq!(wrong("validation-failed", "device: the username: is odd"), None);
        assert_eq!(wrong("rate-limited", "username: too often"), None);
    }
}
