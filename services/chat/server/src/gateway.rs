//! Outbound ports that are not stores: what leaves for the bus, and the auth service elsewhere.

mod auth_client;
mod committed_events;
mod live_session_check;
mod passing_events;
mod profile_changes;
mod profiles;
mod remote_keys;

pub use auth_client::{AuthClient, AuthClientError, CallError};
pub(crate) use committed_events::committed_events;
pub use live_session_check::SharedLiveSessions;
pub(crate) use passing_events::BusPassingEvents;
pub use profile_changes::ProfileChanges;
pub use profiles::RemoteProfiles;
pub use remote_keys::RemoteKeys;
