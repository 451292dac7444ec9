//! From the command line to an exit code: who it is, and which of the three ways to chat.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use natter_client::Client;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::app::{self, Parted};
use crate::arguments::{Arguments, Script};
use crate::failure::{ExitStatus, Failure};
use crate::screen::{Signal, Signals};
use crate::sign_in::SignIn;
use crate::{plain, script};

/// Does what the command line says, and gives the exit code.
pub async fn run(arguments: Arguments) -> ExitCode {
    let ended = match Signals::listen() {
        Ok(mut signals) => Box::pin(with_signals(arguments, &mut signals)).await,
        Err(error) => Err(error.into()),
    };
    match ended {
        Ok(code) => code,
        Err(failure) => {
            if !failure.message.is_empty() {
                eprintln!("natter-cli: {failure}");
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
                println!("Signed out.");
                return Ok(ExitCode::SUCCESS);
            }
            Parted::BySignal(signal) => return Ok(ExitCode::from(signal.exit_code())),
            Parted::SessionEnded { why, left_over: unfinished } => {
                eprintln!("Your session has ended: {why}");
                left_over = unfinished;
            }
        }
    }
}

async fn without_screen(sign_in: &SignIn, command: Option<Script>) -> Result<ExitCode, Failure> {
    let chat = async |client: &Client, command| match command {
        Some(command) => script::run(client, command).await,
        None => plain::run(client).await,
    };
    let client = match sign_in.kept()? {
        // A session that is over is found out before anything is done with it.
        Some(client) => match client.user(client.user_id()).await {
            Ok(_) => client,
            Err(natter_client::Error::SessionEnded(why)) => {
                eprintln!("Your session has ended: {why}");
                sign_in.anew().await?
            }
            Err(error) => return Err(error.into()),
        },
        None => sign_in.anew().await?,
    };
    chat(&client, command).await?;
    Ok(ExitCode::from(ExitStatus::Success as u8))
}

/// Waits for something, or for a signal that ends it: then the terminal is as it was before.
async fn until_signal<T>(signals: &mut Signals, awaited: impl Future<Output = T>) -> Result<T, Signal> {
    let modes: Option<Termios> = tcgetattr(io::stdin()).ok();
    let mut awaited = std::pin::pin!(awaited);
    loop {
        tokio::select! {
            done = &mut awaited => return Ok(done),
            signal = signals.next() => match signal {
                Signal::Continued => {}
                Signal::Interrupt | Signal::Terminate | Signal::HangUp => {
                    // Somebody may have been typing a password, which is not shown.
                    if let Some(modes) = &modes {
                        let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
                    }
                    return Err(signal);
                }
            },
        }
    }
}
