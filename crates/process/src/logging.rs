//! The log: structured, to the console and to a file. When nobody reads it, lines are dropped and the service goes on.

use std::fs::OpenOptions;
use std::io;

use thiserror::Error;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::LogSettings;
use crate::settings::LogFormat;

/// Lines that may wait for a reader; beyond that they are dropped.
const WAITING_LINES: usize = 16_384;

/// Why there is no log.
#[derive(Debug, Error)]
pub enum LoggingError {
    /// The filter is not one.
    #[error("LOG_FILTER cannot be understood: {0}. Examples: info, or warn,chat_handler=debug")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The file cannot be written.
    #[error("LOG_FILE {path} cannot be written: {cause}")]
    File {
        /// Its path.
        path: String,
        /// What went wrong.
        cause: io::Error,
    },
}

/// Starts logging. What waits is written when the guards are dropped.
pub fn start(settings: &LogSettings) -> Result<Vec<WorkerGuard>, LoggingError> {
    let filter = EnvFilter::builder().parse(&settings.filter)?;
    let builder = || NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES);
    let (console, guard) = builder().finish(io::stderr());
    let mut guards = vec![guard];
    let console = match settings.format {
        LogFormat::Text => tracing_subscriber::fmt::layer().with_writer(console).with_ansi(false).boxed(),
        LogFormat::Json => tracing_subscriber::fmt::layer().with_writer(console).json().boxed(),
    };
    let mut layers = vec![console];
    if let Some(path) = &settings.file {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|cause| LoggingError::File { path: path.display().to_string(), cause })?;
        let (file, guard) = builder().finish(file);
        guards.push(guard);
        layers.push(tracing_subscriber::fmt::layer().with_writer(file).json().boxed());
    }
    // A second start in one process, as in tests, keeps the first.
    let _ = tracing_subscriber::registry().with(layers.with_filter(filter)).try_init();
    Ok(guards)
}
