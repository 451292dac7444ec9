//! From the command line to an exit code: who it is, and which of the three ways to chat.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use natter_client::Client;
use tokio::time::Instant;

use crate::app::{self, Parted};
use crate::arguments::{Arguments, Script};
use crate::failure::{ExitStatus, Failure, by};
use crate::lines::{complain, say};
use crate::screen::{Signal, Signals};
use crate::sign_in::{self, SignIn};
use crate::{plain, script};

/// Does what the command line says, and gives the exit code.
pub async fn run(arguments: Arguments) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&format!("natter-cli: {error}")).await;
            return ExitCode::FAILURE;
        }
    };
    match Box::pin(with_signals(arguments, &mut signals)).await {
        Ok(code) => code,
        Err(failure) => {
            if !failure.message.is_empty() {
                // Whoever reads standard error may be slow, too.
                let _ = until_signal(&mut signals, complain(&format!("natter-cli: {failure}"))).await;
            }
            ExitCode::from(failure.status as u8)
        }
    }
}

async fn with_signals(arguments: Arguments, signals: &mut Signals) -> Result<ExitCode, Failure> {
    let Arguments { who, plain, command } = arguments;
    let sign_in = SignIn::new(who)?;
    let has_screen = command.is_none() && !plain && io::stdin().is_terminal() && io::stdout().is_terminal();
    if !has_screen {
        let working = Box::pin(without_screen(&sign_in, command));
        return until_signal(signals, working).await.unwrap_or_else(|signal| Ok(ExitCode::from(signal.exit_code())));
    }
    let mut client = sign_in.kept()?;
    let mut left_over = app::LeftOver::default();
    loop {
        let signed_in = match client.take() {
            Some(client) => client,
            None => match until_signal(signals, sign_in.anew()).await {
                Ok(client) => client?,
                Err(signal) => return Ok(ExitCode::from(signal.exit_code())),
            },
        };
        match app::run(&signed_in, signals, std::mem::take(&mut left_over)).await? {
            Parted::Quit => return Ok(ExitCode::SUCCESS),
            Parted::SignedOut => {
                // Whether anybody reads it or not, it is done.
                let _ = say("Signed out.").await;
                return Ok(ExitCode::SUCCESS);
            }
            Parted::BySignal(signal) => return Ok(ExitCode::from(signal.exit_code())),
            Parted::SessionEnded { why, left_over: unfinished } => {
                complain(&format!("Your session has ended: {why}")).await;
                left_over = unfinished;
            }
        }
    }
}

async fn without_screen(sign_in: &SignIn, mut command: Option<Script>) -> Result<ExitCode, Failure> {
    let deadline = match &command {
        Some(Script::Send(send)) => Some(send.deadline()),
        Some(Script::Tail(_) | Script::Rooms(_)) | None => None,
    };
    let client = match deadline {
        Some(deadline) => by(deadline, still_signed_in(sign_in)).await?,
        None => still_signed_in(sign_in).await?,
    };
    let client = match (client, deadline) {
        (Some(client), _) => client,
        (None, Some(deadline)) if !sign_in.asks() => by(deadline, sign_in.anew()).await?,
        (None, _) => {
            let client = sign_in.anew().await?;
            // How long somebody types is not the server's fault.
            if let Some(Script::Send(send)) = &mut command {
                send.begun = Instant::now();
            }
            client
        }
    };
    match command {
        Some(command) => script::run(&client, command).await?,
        None => plain::run(&client).await?,
    }
    Ok(ExitCode::from(ExitStatus::Success as u8))
}

/// The session that is kept, if it is not over: that is found out before anything is done with it.
async fn still_signed_in(sign_in: &SignIn) -> Result<Option<Client>, Failure> {
    let Some(client) = sign_in.kept()? else { return Ok(None) };
    match client.user(client.user_id()).await {
        Ok(_) => Ok(Some(client)),
        Err(natter_client::Error::SessionEnded(why)) => {
            complain(&format!("Your session has ended: {why}")).await;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Waits for something, or for a signal that ends it.
async fn until_signal<T>(signals: &mut Signals, awaited: impl Future<Output = T>) -> Result<T, Signal> {
    let mut awaited = std::pin::pin!(awaited);
    loop {
        tokio::select! {
            done = &mut awaited => return Ok(done),
            signal = signals.next() => match signal {
                Signal::Continued => sign_in::continued(),
                Signal::Interrupt | Signal::Terminate | Signal::HangUp => return Err(signal),
            },
        }
    }
}
