//! Accounts and sessions to fill stores with.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use auth_entity::{Device, Email, PasswordHash, Session, User, Username};
use auth_usecase::ports::{Account, InsertOutcome, Message};
use kernel::Timestamp;
use uuid::Uuid;

use crate::stores::Stores;

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_795_259_294_120).plus(Duration::from_secs(seconds))
}

pub(crate) fn account(username: &str, email: &str) -> Account {
    let username = Username::parse(username).unwrap();
    let user = User::new(username, Email::parse(email).unwrap(), None, at(0));
    Account { user, password_hash: PasswordHash::from_phc(format!("hash of {email}")) }
}

/// The account with the next version of its profile.
pub(crate) fn changed(user: &User) -> User {
    User { profile_version: user.profile_version + 1, ..user.clone() }
}

/// A message that no other number has.
pub(crate) fn message(number: u128) -> Message {
    Message { id: Uuid::from_u128(number), topic: "profiles".to_owned(), payload: format!(r#"{{"version":{number}}}"#) }
}

/// Adds the account `ann` and opens a session of hers.
pub(crate) async fn session(stores: &Stores) -> Session {
    let ann = account("ann", "ann@example.org");
    assert_eq!(stores.users.insert(&ann).await.unwrap(), InsertOutcome::Inserted);
    let session = session_of(&ann.user);
    stores.sessions.open(&session).await.unwrap();
    session
}

pub(crate) fn session_of(user: &User) -> Session {
    Session::open(user.id, Device::parse("phone").unwrap(), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), at(0))
}
