//! Says whether the node in this container is ready: the images have no shell and no curl that a health check could use.
//! One file for rustc and nothing beside the standard library, so that it costs a second to build.

use std::env;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// A node looks at its store before it answers, for two seconds at most.
const PATIENCE: Duration = Duration::from_secs(4);

fn main() -> ExitCode {
    match ask() {
        Ok(answer) if answer.split_whitespace().nth(1) == Some("200") => ExitCode::SUCCESS,
        Ok(answer) => {
            // Shown by `docker inspect`: the reason is in the body.
            println!("{answer}");
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn ask() -> Result<String, Box<dyn Error>> {
    let mut node: SocketAddr = env::var("HTTP_ADDR").map_err(|_| "HTTP_ADDR is not set")?.parse()?;
    if node.ip().is_unspecified() {
        node.set_ip(if node.is_ipv4() { [127, 0, 0, 1].into() } else { [0, 0, 0, 0, 0, 0, 0, 1].into() });
    }
    let mut stream = TcpStream::connect_timeout(&node, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {node}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}
