//! From a bearer token to the principal who sent it: signature, claims, live session.

mod claims;
mod key;
mod live_session;
mod refusal;
mod service_key;
mod verifier;

pub use key::{KeySource, PublicKey};
pub use live_session::{LiveSessionCheck, SessionState, Unavailable};
pub use refusal::Refusal;
pub use service_key::ServiceKey;
pub use verifier::{Expected, LEEWAY, Verifier};
