//! What the commands need of a store, whichever it is.

use async_trait::async_trait;
use migrate::loss::Loss;
use migrate::seed::demo::Person;
use migrate::seed::{Fate, Welcome};
use migrate::{Service, Standing};

/// Why a command could not do its work; it says what to do.
pub(super) type Failure = Box<dyn std::error::Error>;

/// What a store is wanted for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// To change it; one that is not there is made.
    Make,
    /// To change it; nobody means one that is not there.
    Change,
    /// To look at it, beside whoever uses it.
    Look,
}

/// A store of both services.
#[async_trait(?Send)]
pub(super) trait Store {
    /// Where it is, in words and without a password.
    fn place(&self) -> &str;
    /// Where a schema is.
    async fn standing(&mut self, service: Service) -> Result<Standing, Failure>;
    /// Applies what is missing up to a version, and tells how many migrations that were.
    async fn up(&mut self, service: Service, version: i64) -> Result<usize, Failure>;
    /// What going down would lose.
    async fn losses(&mut self, service: Service, version: i64) -> Result<Vec<Loss>, Failure>;
    /// Goes down, whatever is lost.
    async fn down(&mut self, service: Service, version: i64) -> Result<(), Failure>;
    /// Goes down if nothing is lost, judged at the moment when it happens.
    async fn down_without_loss(&mut self, service: Service, version: i64) -> Result<(), Failure>;
    /// Makes the demo's accounts.
    async fn seed_accounts(&mut self, now: i64) -> Result<Vec<(&'static Person, Fate)>, Failure>;
    /// Makes the demo's rooms.
    async fn seed_rooms(
        &mut self,
        present: &[&'static Person],
        welcome: Welcome<'_>,
    ) -> Result<Vec<(&'static str, Fate)>, Failure>;
}
