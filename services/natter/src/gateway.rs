//! Where the two services meet, in this one process only: in a fleet these are HTTP calls and events.

mod profiles;
mod ready;

pub(crate) use profiles::LocalProfiles;
pub(crate) use ready::{AuthStore, ChatStore};
