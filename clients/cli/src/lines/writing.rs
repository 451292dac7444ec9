//! Writing in a thread of its own: whoever reads the other end of a pipe may be slow, and signals are heard meanwhile.

use std::io::{self, Write};

use super::clean;

/// Writes a text and a line's end on standard output, and is done when that is done. Nothing in it can move the cursor,
/// change colours or ring bells.
pub(crate) async fn say(text: &str) -> io::Result<()> {
    put(clean(text)).await
}

/// Writes a line for a program to read, as it is.
pub(crate) async fn say_json(json: &str) -> io::Result<()> {
    put(format!("{json}\n")).await
}

/// Says something on standard error, which is no part of what was asked for, as safely as [`say`].
pub(crate) async fn complain(text: &str) {
    let text = clean(text);
    // If nobody hears it, nobody misses it.
    let _ = aside(move || io::stderr().lock().write_all(text.as_bytes())).await;
}

async fn put(line: String) -> io::Result<()> {
    let write = move || {
        let mut out = io::stdout().lock();
        out.write_all(line.as_bytes())?;
        out.flush()
    };
    aside(write).await
}

/// Does what may take as long as somebody else likes, in a thread that a signal need not wait for.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
}
