//! Where a server is, as a person writes it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::Url;

/// The port of a server whose address names none and that is spoken to without TLS.
const DEFAULT_PORT: u16 = 8080;

/// A server's base address: `host`, `host:port`, or a URL with `http` or `https` and no path.
///
/// Without a scheme it is `http` and port 8080, and `https` for port 443. `https` brings `wss` with it. Two addresses that mean the same server are
/// equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address(Url);

/// What is wrong with an address.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{address}` is not a server's address: {reason}. Write host:port, or a URL such as https://chat.example.org")]
pub struct AddressError {
    address: String,
    reason: &'static str,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let wrong = |reason| AddressError { address: text.to_owned(), reason };
        let text = text.trim();
        let has_scheme = text.contains("://");
        let scheme = if port(text) == Some("443") { "https" } else { "http" };
        let written = if has_scheme { text.to_owned() } else { format!("{scheme}://{text}") };
        let mut url = Url::parse(&written).map_err(|_| wrong("it cannot be read"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("only http and https are spoken"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it has a user in it"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a path in it"));
        }
        if !has_scheme && port(text).is_none() {
            url.set_port(Some(DEFAULT_PORT)).map_err(|()| wrong("it has no host"))?;
        }
        Ok(Self(url))
    }
}

/// The port of `host:port`: the URL forgets one that is the scheme's own.
fn port(authority: &str) -> Option<&str> {
    let host_end = authority.rfind(']').map_or(0, |at| at + 1);
    authority[host_end..].split_once(':').map(|(_, port)| port)
}

impl Address {
    /// Whether TLS is spoken.
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The URL of a path and query, which begin with `/`.
    pub(crate) fn http(&self, path: &str) -> String {
        format!("{}{path}", self.to_string().trim_end_matches('/'))
    }

    /// The URL of the WebSocket.
    pub(crate) fn socket(&self) -> String {
        self.http("/v1/ws").replacen("http", "ws", 1)
    }
}

impl fmt::Display for Address {
    /// The URL, without a slash at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_a_host_with_or_without_a_port_or_a_url() {
        for (written, meant) in [
            ("localhost", "http://localhost:8080"),
            ("localhost:8080", "http://localhost:8080"),
            ("localhost:80", "http://localhost"),
            ("[::1]", "http://[::1]:8080"),
            ("[::1]:9000", "http://[::1]:9000"),
            ("http://chat.example.org/", "http://chat.example.org"),
            ("https://chat.example.org", "https://chat.example.org"),
            ("chat.example.org:443", "https://chat.example.org"),
            (" https://chat.example.org:8443 ", "https://chat.example.org:8443"),
        ] {
            assert_eq!(read(written).to_string(), meant, "{written}");
        }
        assert_eq!(read("localhost"), read("HTTP://LOCALHOST:8080/"));
    }

    #[test]
    fn https_brings_wss_with_it() {
        assert_eq!(read("https://a.example").socket(), "wss://a.example/v1/ws");
        assert_eq!(read("a.example").socket(), "ws://a.example:8080/v1/ws");
        assert!(read("https://a.example").is_secure() && !read("a.example").is_secure());
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (written, reason) in [
            ("", "cannot be read"),
            ("a b", "cannot be read"),
            ("localhost:99999", "cannot be read"),
            ("ftp://a.example", "only http and https"),
            ("ws://a.example", "only http and https"),
            ("http://me:secret@a.example", "a user"),
            ("https://a.example/chat", "a path"),
            ("a.example?x", "a path"),
        ] {
            let error = written.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(reason), "{written}: {error}");
        }
    }
}
