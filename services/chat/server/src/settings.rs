//! How the chat service is configured.

use std::time::Duration;

use chat_entity::RoomName;
use chat_handler::live::LiveSettings;
use chat_usecase::ChatRules;
use limit::Rule;
use serde::Deserialize;
use thiserror::Error;

/// The one variable that means something when it is set and empty.
pub const DEFAULT_ROOMS: &str = "CHAT_DEFAULT_ROOMS";

/// Rooms, messages and sockets.
///
/// Environment prefix: `CHAT_`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ChatSettings {
    /// Names of the rooms that everybody is in from the start, with commas between them; set and empty for none.
    pub default_rooms: Vec<String>,
    /// Characters of a message at most; 1 to 16000.
    pub max_body_chars: usize,
    /// Rooms that one user may be in; 1 to 2000.
    pub max_rooms_per_user: u32,
    /// Missed events that are replayed to a client that comes back; 0 to 10000.
    pub max_replay_events: u64,
    /// Members of a room up to which read marks are shown to all of them.
    pub read_marks_shown_up_to: u64,
    /// Messages per second and user.
    pub messages_per_second: u32,
    /// Messages that a user may send at once.
    pub messages_burst: u32,
    /// Requests per second and socket, whatever they ask for; three times as many at once.
    pub requests_per_second: u32,
    /// Rooms that a user may make in an hour; a third of them at once.
    pub rooms_per_hour: u32,
    /// Rooms that a user may join or leave in a minute.
    pub memberships_per_minute: u32,
    /// Sockets per minute and address.
    pub connects_per_minute: u32,
    /// Sockets of one user on one node.
    pub sockets_per_user: u32,
    /// How often a socket is pinged, in milliseconds; 100 to 60000. Clients are told.
    pub heartbeat_ms: u64,
    /// How often the store is asked what the bus may have lost, in milliseconds; 50 to 5000.
    pub reconcile_every_ms: u64,
    /// How long the users of a node that died seem to be there, in milliseconds; 1000 to 45000. It is the same on all nodes.
    pub presence_lease_ms: u64,
    /// How long a user seems to be there whose last socket has ended, in milliseconds, so that a reconnect is no news; 0 to
    /// 15000.
    pub presence_grace_ms: u64,
    /// Reconnects per second that the other nodes can take when this one stops.
    pub reconnects_per_second: u32,
    /// Connections that read the database.
    pub store_readers: usize,
    /// Whether an embedded store's write-ahead log gets its full length of 80 MiB at the first start.
    pub store_full_log: bool,
}

impl Default for ChatSettings {
    fn default() -> Self {
        Self {
            default_rooms: vec!["global".to_owned()],
            max_body_chars: 8_000,
            max_rooms_per_user: 2_000,
            max_replay_events: 1_000,
            read_marks_shown_up_to: 100,
            messages_per_second: 10,
            messages_burst: 20,
            requests_per_second: 100,
            rooms_per_hour: 60,
            memberships_per_minute: 60,
            connects_per_minute: 20,
            sockets_per_user: 10,
            heartbeat_ms: 25_000,
            reconcile_every_ms: 2_000,
            presence_lease_ms: 45_000,
            presence_grace_ms: 5_000,
            reconnects_per_second: 200,
            store_readers: 4,
            store_full_log: true,
        }
    }
}

/// Where a chat node of a fleet finds the auth service.
///
/// Environment prefix: `AUTH_`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AuthAddress {
    /// The auth service, or a load balancer before it: `http://host:port`.
    pub url: Option<String>,
}

/// A setting that cannot be used; it names the variable and says what would do.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A variable could not be read at all.
    #[error("the CHAT_ settings cannot be read: {0}")]
    Unreadable(envy::Error),
    /// A variable has a value outside its bounds.
    #[error("{variable} is {value:?}; it must be {allowed}")]
    OutOfBounds {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What would do.
        allowed: String,
    },
}

impl ChatSettings {
    /// Reads the settings from variables, those of the process or a test's own, and judges them.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        let set = vars.into_iter().filter(|(name, value)| !value.is_empty() || name == DEFAULT_ROOMS);
        let settings: Self = envy::prefixed("CHAT_").from_iter(set).map_err(SettingsError::Unreadable)?;
        settings.validate()?;
        Ok(settings)
    }

    fn validate(&self) -> Result<(), SettingsError> {
        self.rooms()?;
        let at_least_one = 1..=u64::MAX;
        let bounds: [(&'static str, u64, std::ops::RangeInclusive<u64>); 15] = [
            ("CHAT_MAX_BODY_CHARS", self.max_body_chars as u64, 1..=16_000),
            ("CHAT_MAX_ROOMS_PER_USER", self.max_rooms_per_user.into(), 1..=2_000),
            ("CHAT_MAX_REPLAY_EVENTS", self.max_replay_events, 0..=10_000),
            ("CHAT_MESSAGES_PER_SECOND", self.messages_per_second.into(), at_least_one.clone()),
            ("CHAT_MESSAGES_BURST", self.messages_burst.into(), at_least_one.clone()),
            ("CHAT_REQUESTS_PER_SECOND", self.requests_per_second.into(), at_least_one.clone()),
            ("CHAT_ROOMS_PER_HOUR", self.rooms_per_hour.into(), at_least_one.clone()),
            ("CHAT_MEMBERSHIPS_PER_MINUTE", self.memberships_per_minute.into(), at_least_one.clone()),
            ("CHAT_CONNECTS_PER_MINUTE", self.connects_per_minute.into(), at_least_one.clone()),
            ("CHAT_SOCKETS_PER_USER", self.sockets_per_user.into(), at_least_one),
            ("CHAT_HEARTBEAT_MS", self.heartbeat_ms, 100..=60_000),
            ("CHAT_RECONCILE_EVERY_MS", self.reconcile_every_ms, 50..=5_000),
            ("CHAT_PRESENCE_LEASE_MS", self.presence_lease_ms, 1_000..=45_000),
            ("CHAT_PRESENCE_GRACE_MS", self.presence_grace_ms, 0..=15_000),
            ("CHAT_STORE_READERS", self.store_readers as u64, 1..=64),
        ];
        for (variable, value, allowed) in bounds {
            if !allowed.contains(&value) {
                let allowed = match (*allowed.start(), *allowed.end()) {
                    (least, u64::MAX) => format!("{least} or more; LIMITS_ENABLED=false lifts rates and counts"),
                    (least, most) => format!("{least} to {most}"),
                };
                return Err(SettingsError::OutOfBounds { variable, value: value.to_string(), allowed });
            }
        }
        Ok(())
    }

    fn rooms(&self) -> Result<Vec<RoomName>, SettingsError> {
        let parse = |name: &String| {
            RoomName::parse(name.trim()).map_err(|error| SettingsError::OutOfBounds {
                variable: DEFAULT_ROOMS,
                value: name.clone(),
                allowed: format!("room names with commas between them, or empty for none: a name {error}"),
            })
        };
        // An empty variable is read as one empty name.
        self.default_rooms.iter().filter(|name| !name.is_empty()).map(parse).collect()
    }

    /// The rules of the use cases.
    pub(crate) fn rules(&self, limits_enabled: bool) -> Result<ChatRules, SettingsError> {
        let second = Duration::from_secs(1);
        let messages = Rule::with_burst("messages", self.messages_per_second, second, self.messages_burst);
        let memberships = Rule::new("memberships", self.memberships_per_minute, Duration::from_secs(60));
        let hour = Duration::from_secs(3_600);
        let defaults = ChatRules::default();
        Ok(ChatRules {
            default_rooms: self.rooms()?,
            max_body_chars: self.max_body_chars,
            max_rooms: self.max_rooms_per_user,
            max_replay: self.max_replay_events,
            read_marks_shown_up_to: self.read_marks_shown_up_to,
            message_rate: limits_enabled.then_some(messages),
            membership_rate: limits_enabled.then_some(memberships),
            presence_rate: defaults.presence_rate.filter(|_| limits_enabled),
            create_rate: Rule::with_burst("rooms", self.rooms_per_hour, hour, self.rooms_per_hour.div_ceil(3)),
            ..defaults
        })
    }

    /// How long a lease lasts.
    pub(crate) fn presence_lease(&self) -> Duration {
        Duration::from_millis(self.presence_lease_ms)
    }

    /// The numbers of the live part.
    pub(crate) fn live(&self, limits_enabled: bool) -> LiveSettings {
        let (rate, second) = (self.requests_per_second, Duration::from_secs(1));
        let requests = Rule::with_burst("requests", rate, second, rate.saturating_mul(3));
        LiveSettings {
            heartbeat: Duration::from_millis(self.heartbeat_ms),
            reconcile_every: Duration::from_millis(self.reconcile_every_ms),
            presence_lease: self.presence_lease(),
            presence_grace: Duration::from_millis(self.presence_grace_ms),
            reconnects_per_second: self.reconnects_per_second,
            max_sockets_per_user: limits_enabled.then_some(self.sockets_per_user),
            connect_rate: Rule::new("connect", self.connects_per_minute, Duration::from_secs(60)),
            request_rate: limits_enabled.then_some(requests),
            ..LiveSettings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<ChatSettings, SettingsError> {
        ChatSettings::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn without_variables_there_are_defaults_and_a_variable_wins() {
        assert_eq!(read(&[("CHAT_MAX_BODY_CHARS", "")]).unwrap(), ChatSettings::default());
        let settings = read(&[("CHAT_DEFAULT_ROOMS", "lobby, help"), ("CHAT_SOCKETS_PER_USER", "3")]).unwrap();
        assert_eq!(settings.rooms().unwrap().iter().map(RoomName::as_str).collect::<Vec<_>>(), ["lobby", "help"]);
        assert_eq!(settings.sockets_per_user, 3);
        assert!(read(&[("CHAT_DEFAULT_ROOMS", "")]).unwrap().rooms().unwrap().is_empty());
    }

    #[test]
    fn a_bad_value_is_refused_by_the_name_of_its_variable() {
        for (variable, value) in [
            ("CHAT_DEFAULT_ROOMS", "two words"),
            ("CHAT_MAX_BODY_CHARS", "0"),
            ("CHAT_HEARTBEAT_MS", "5"),
            ("CHAT_STORE_READERS", "0"),
        ] {
            let error = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable), "{error}");
        }
        assert!(matches!(read(&[("CHAT_SOCKETS_PER_USER", "many")]), Err(SettingsError::Unreadable(_))));
    }

    #[test]
    fn without_limits_rates_and_counts_are_lifted_and_nothing_else() {
        let settings = ChatSettings::default();
        let live = settings.live(false);
        assert!(live.request_rate.is_none() && live.max_sockets_per_user.is_none());
        assert_eq!(live.max_frame_bytes, settings.live(true).max_frame_bytes);
        let rules = settings.rules(false).unwrap();
        assert!(rules.message_rate.is_none());
        assert_eq!(rules.max_body_chars, 8_000);
    }
}
