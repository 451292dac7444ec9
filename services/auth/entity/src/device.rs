//! What a session's owner calls the device, so that a list of sessions can be read.

use thiserror::Error;

const MAX_CHARS: usize = 100;

/// 1 to 100 characters without control characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device(String);

/// Why a text is not a device's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DeviceError {
    /// Too long.
    #[error("must have at most 100 characters")]
    Length,
    /// A control character, such as a line break.
    #[error("must not have control characters")]
    Character,
}

impl Device {
    /// Reads a device's name; a blank one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, DeviceError> {
        let text = text.trim();
        if text.chars().take(MAX_CHARS + 1).count() > MAX_CHARS {
            return Err(DeviceError::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(DeviceError::Character);
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_at_most_100_characters_and_may_have_no_name() {
        assert_eq!(Device::parse("  "), Ok(None));
        assert_eq!(Device::parse(" phone ").unwrap().unwrap().as_str(), "phone");
        assert!(Device::parse(&"é".repeat(100)).is_ok());
        assert_eq!(Device::parse(&"x".repeat(101)), Err(DeviceError::Length));
        assert_eq!(Device::parse("a\u{7}b"), Err(DeviceError::Character));
    }
}
