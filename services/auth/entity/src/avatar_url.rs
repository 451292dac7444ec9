//! Where a person's picture is: an address that every client will fetch.

use thiserror::Error;
use url::Url;

const MAX_BYTES: usize = 2_048;

/// An absolute `http` or `https` URL with a host and without a password; kept as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AvatarUrl(String);

/// Why a text is not the URL of a picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AvatarUrlError {
    /// Too long.
    #[error("must have at most 2048 bytes")]
    Length,
    /// Not such a URL.
    #[error("must be a URL such as https://example.org/picture.png, without a user or a password in it")]
    Form,
}

impl AvatarUrl {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, AvatarUrlError> {
        if text.len() > MAX_BYTES {
            return Err(AvatarUrlError::Length);
        }
        // The parser forgives what browsers forgive: white space, single slashes, backslashes. Other clients may not.
        let lenient = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
        let known = text.split_once("://").is_some_and(|(scheme, rest)| {
            !rest.starts_with('/') && ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        });
        let parsed = Url::parse(text).ok().filter(|url| {
            url.host_str().is_some_and(|host| !host.is_empty()) && url.username().is_empty() && url.password().is_none()
        });
        match parsed {
            Some(_) if known && !text.contains(lenient) => Ok(Self(text.to_owned())),
            Some(_) | None => Err(AvatarUrlError::Form),
        }
    }

    /// The URL as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_addresses_that_a_client_can_fetch_are_pictures() {
        let longest = format!("https://example.org/{}", "x".repeat(2_028));
        for good in ["http://a.b/c.png", "HTTPS://bücher.example/ü?s=1#f", "https://[::1]:8080/", &longest] {
            assert_eq!(AvatarUrl::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "picture.png",
            "//example.org/a.png",
            "http:/example.org/a.png",
            "http://",
            "https:///a.png",
            "ftp://example.org/a.png",
            "javascript://example.org/%0aalert(1)",
            "data:image/png;base64,AAAA",
            "https://ann:secret@example.org/a.png",
            "https://ann@example.org/a.png",
            "https://example.org/a b.png",
            " https://example.org/a.png",
            "https://example.org/a.png\n",
            "https:\\\\example.org\\a.png",
            "https://exa\0mple.org/",
        ] {
            assert_eq!(AvatarUrl::parse(bad), Err(AvatarUrlError::Form), "{bad:?}");
        }
        assert_eq!(AvatarUrl::parse(&format!("{longest}x")), Err(AvatarUrlError::Length));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "https?://.{0,60}|.{0,60}") {
            if let Ok(url) = AvatarUrl::parse(&text) {
                prop_assert!(url.as_str().is_ascii() || !url.as_str().chars().any(char::is_control));
            }
        }
    }
}
