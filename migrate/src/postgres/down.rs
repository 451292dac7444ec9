//! The way back in PostgreSQL: all of it or nothing, and the count of what goes with it.

use tokio_postgres::Client;

use super::{failed, history, lock, undo_of, unlock, version};
use crate::loss::{self, Loss};
use crate::{Error, NotBelow, Service};

/// Undoes migrations, newest first, until the schema is at `target`; all of them or none. What was in them is lost.
///
/// # Errors
/// When a migration has no undo statements or one of them fails; [`Error::Busy`] as for [`up`].
pub async fn down(client: &mut Client, service: Service, target: i64) -> Result<(), Error> {
    undo(client, service, target, true).await
}

/// The same, if nothing is lost by it.
///
/// # Errors
/// [`Error::WouldLose`], and as for [`down`].
pub async fn down_without_loss(client: &mut Client, service: Service, target: i64) -> Result<(), Error> {
    undo(client, service, target, false).await
}

async fn undo(client: &mut Client, service: Service, target: i64, may_lose: bool) -> Result<(), Error> {
    lock(client, service).await?;
    let undone = undo_locked(client, service, target, may_lose).await;
    unlock(client, service).await;
    undone
}

async fn undo_locked(client: &mut Client, service: Service, target: i64, may_lose: bool) -> Result<(), Error> {
    let undos = undos(client, service, target).await?;
    let transaction = client.transaction().await.map_err(|error| failed(service, error))?;
    if !may_lose {
        // Nobody writes between the count and the end. Dropping would take the same locks.
        for dropped in loss::dropped(&undos.iter().map(|(_, undo)| *undo).collect::<Vec<_>>()) {
            let hold = format!("LOCK TABLE {}.\"{}\" IN ACCESS EXCLUSIVE MODE", service.name(), dropped.table);
            transaction.batch_execute(&hold).await.map_err(|error| failed(service, error))?;
        }
        let losses = count(transaction.client(), service, &undos).await?;
        if !losses.is_empty() {
            return Err(Error::WouldLose { losses });
        }
    }
    for (version, undo) in undos {
        let forget = format!("{undo};\nDELETE FROM {} WHERE version = {version}", history(service));
        transaction.batch_execute(&forget).await.map_err(|error| failed(service, error))?;
    }
    // The driver takes a rollback for a commit when a statement has failed before; none has, or we were not here.
    transaction.commit().await.map_err(|error| failed(service, error))
}

/// What going down to `target` would lose: the tables and columns that have something in them. Counting takes as long as
/// it must.
///
/// # Errors
/// As for [`down`].
pub async fn losses(client: &Client, service: Service, target: i64) -> Result<Vec<Loss>, Error> {
    let undos = undos(client, service, target).await?;
    client.batch_execute("SET statement_timeout = 0").await.map_err(|error| failed(service, error))?;
    let losses = count(client, service, &undos).await;
    client.batch_execute("RESET statement_timeout").await.map_err(|error| failed(service, error))?;
    losses
}

async fn count(client: &Client, service: Service, undos: &[(i64, &str)]) -> Result<Vec<Loss>, Error> {
    let texts: Vec<_> = undos.iter().map(|(_, undo)| *undo).collect();
    let mut losses = Vec::new();
    for dropped in loss::dropped(&texts).iter().filter(|dropped| !dropped.is_remade) {
        let counted = client.query_one(&dropped.count(&format!("{}.", service.name())), &[]).await;
        let rows = counted.and_then(|row| row.try_get(0)).map_err(|error| failed(service, error))?;
        losses.push(dropped.with(service.name(), rows));
    }
    losses.retain(|loss| loss.rows > 0);
    Ok(losses)
}

/// The versions above `target` with what undoes them, newest first.
async fn undos(client: &Client, service: Service, target: i64) -> Result<Vec<(i64, &'static str)>, Error> {
    let current = version(client, service).await.map_err(|error| failed(service, error))?;
    if target >= current || target < 0 {
        return Err(failed(service, NotBelow { current, wanted: target }));
    }
    let undo = |version| {
        undo_of(service, version)
            .map(|undo| (version, undo))
            .ok_or_else(|| failed(service, format!("migration {version} has no undo statements")))
    };
    (target + 1..=current).rev().map(undo).collect()
}
