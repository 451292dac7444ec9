//! `migrate down`: back to an earlier version, and not without a word about what goes with it.

use std::time::Instant;

use migrate::{Error, Migration, Service, Standing, loss};

use super::store::{Failure, Store};

/// Undoes migrations. What would be lost is counted for all services before the first is changed.
pub(super) async fn run(store: &mut dyn Store, services: &[Service], version: i64, yes: bool) -> Result<(), Failure> {
    println!("{}", store.place());
    let (mut plans, mut losses) = (Vec::new(), Vec::new());
    for service in services {
        let standing = store.standing(*service).await?;
        let migrations = plan(*service, &standing, version)?;
        if migrations.is_empty() {
            println!("{}  is at version {}, nothing to do", service.name(), standing.found);
            continue;
        }
        losses.extend(store.losses(*service, version).await?);
        plans.push((*service, migrations));
    }
    if !losses.is_empty() && !yes {
        return Err(Error::WouldLose { losses }.into());
    }
    if !losses.is_empty() {
        println!("what these have is lost:\n{}", loss::list(&losses));
    }
    for (service, migrations) in plans {
        let begun = Instant::now();
        match yes {
            true => store.down(service, version).await?,
            false => store.down_without_loss(service, version).await?,
        }
        for migration in migrations {
            println!("{}  {migration} undone", service.name());
        }
        println!("{}  is at version {version} after {} ms", service.name(), begun.elapsed().as_millis());
    }
    Ok(())
}

/// The migrations to undo, in order.
fn plan(service: Service, standing: &Standing, version: i64) -> Result<Vec<Migration>, Failure> {
    let above = |migrations: &[Migration]| -> Vec<Migration> {
        migrations.iter().rev().filter(|migration| migration.version > version).cloned().collect()
    };
    if let Some(newest) = above(&standing.unknown).first() {
        let cause = format!(
            "{newest} is not known to this program, so it cannot undo it. Go down with the version of `migrate` that brought it"
        );
        return Err(Error::Failed { service: service.name(), cause: cause.into() }.into());
    }
    Ok(above(&standing.applied))
}
