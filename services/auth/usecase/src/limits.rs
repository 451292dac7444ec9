//! How often the calls of this service may be made.

use std::time::Duration;

use limit::Rule;

/// The rules, by whom they count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Sign-ins per address.
    pub sign_in: Rule,
    /// Sign-ups per address.
    pub sign_up: Rule,
    /// Refreshes per session.
    pub refresh: Rule,
}

impl Limits {
    /// Rules with these amounts.
    pub fn new(sign_in_per_minute: u32, sign_up_per_hour: u32, refresh_per_minute: u32) -> Self {
        let minute = Duration::from_secs(60);
        Self {
            sign_in: Rule::new("sign_in_per_address", sign_in_per_minute, minute),
            sign_up: Rule::new("sign_up_per_address", sign_up_per_hour, 60 * minute),
            refresh: Rule::new("refresh_per_session", refresh_per_minute, minute),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(10, 5, 30)
    }
}
