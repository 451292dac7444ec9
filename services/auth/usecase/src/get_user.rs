//! Looking at somebody's account.

use auth_entity::User;
use kernel::{StoreError, UserId};

use crate::Auth;

impl Auth {
    /// The account with this id; a disabled one still has a name and old messages.
    pub async fn get_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.ports.users.find_by_id(id).await
    }
}
