//! Tickets: how a browser opens a socket without a secret in the address.

use kernel::{Principal, StoreError};
use thiserror::Error;

use crate::Chat;

/// Why there is no ticket.
#[derive(Debug, Error)]
pub enum TicketError {
    /// Too many wait to be used.
    #[error("too many unused tickets")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chat {
    /// A ticket for one socket of the caller's session.
    pub async fn issue_ticket(&self, caller: &Principal) -> Result<String, TicketError> {
        let now = self.ports.clock.now();
        let until = now.plus(self.rules.ticket_lifetime);
        self.ports.tickets.issue(caller.clone(), now, until).await?.ok_or(TicketError::TooMany)
    }

    /// The caller whom a ticket was made for, once and in time. The session may have ended since: check it.
    pub async fn redeem_ticket(&self, ticket: &str) -> Result<Option<Principal>, StoreError> {
        self.ports.tickets.redeem(ticket, self.ports.clock.now()).await
    }
}
