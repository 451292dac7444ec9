//! Reading standard input in a thread of its own: however long nobody types, signals are heard and messages come.

use std::io::{self, BufRead, IsTerminal, Read};

use tokio::sync::mpsc;

use crate::failure::{ExitStatus, Failure};
use crate::lines::{aside, complain};

/// Bytes of a line that is read; nothing longer can be a message.
const LONGEST_LINE: u64 = 256 * 1024;

/// Bytes of standard input that are read at most, when all of it is one text.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Lines as they come.
pub(crate) type Lines = mpsc::Receiver<Result<String, Failure>>;

/// Reads standard input a line at a time, and the next one when somebody wants it. After an error nothing more comes.
pub(crate) fn read_lines() -> Lines {
    let (sender, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Some(line) = read_line(&mut input).transpose() {
            let was_last = line.is_err();
            if sender.blocking_send(line).is_err() || was_last {
                return;
            }
        }
    });
    lines
}

/// Lines that are there already, as if they were read.
pub(crate) fn given_lines(lines: Vec<String>) -> Lines {
    let (sender, receiver) = mpsc::channel(lines.len().max(1));
    for line in lines {
        // There is room for all of them.
        let _ = sender.try_send(Ok(line));
    }
    receiver
}

/// All of standard input.
pub(crate) async fn read_all() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        complain("Write the message; Ctrl-D on an empty line sends it.").await;
    }
    let bytes = aside(|| {
        let mut bytes = Vec::new();
        io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let bytes = bytes.await?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Failure::new(ExitStatus::Usage, format!("That is more than {} MiB.", MOST_BYTES >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| Failure::new(ExitStatus::Usage, "What is to be sent is not UTF-8."))
}

/// The next line without its end; `None` at the end of the input.
fn read_line(input: &mut impl BufRead) -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    input.take(LONGEST_LINE + 1).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() as u64 > LONGEST_LINE {
        return Err(Failure::new(ExitStatus::Usage, format!("A line is longer than {LONGEST_LINE} bytes.")));
    }
    let line = String::from_utf8(line).map_err(|_| Failure::new(ExitStatus::Usage, "A line is not UTF-8."))?;
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_up_to_a_length_and_the_last_one_needs_no_end() {
        let mut input = io::Cursor::new("one\r\n\ntwo");
        let mut next = || read_line(&mut input).unwrap();
        assert_eq!(
            [next(), next(), next(), next()],
            [Some("one".into()), Some(String::new()), Some("two".into()), None]
        );
        let endless = io::repeat(b'x');
        assert!(read_line(&mut io::BufReader::new(endless)).unwrap_err().message.contains("longer"));
        assert!(read_line(&mut io::Cursor::new([0xff, b'\n'])).unwrap_err().message.contains("UTF-8"));
    }
}
