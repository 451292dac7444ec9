//! Who is asking: what an access token says once it has been checked.

use crate::{SessionId, Timestamp, UserId};

/// A caller whose token was valid and whose session was alive when the request arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Principal {
    /// The account.
    pub user_id: UserId,
    /// The session that the token belongs to; revoking it refuses the token.
    pub session_id: SessionId,
    /// The user name at the time the token was made.
    pub username: String,
    /// When the token ends, without leeway.
    pub expires_at: Timestamp,
}
