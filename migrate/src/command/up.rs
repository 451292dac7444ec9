//! `migrate up`: one migration after the other, each with a line that says how long it took.

use std::io::{Write, stdout};
use std::time::Instant;

use migrate::{Error, Migration, NoSuchVersion, Service, Standing};

use super::store::{Failure, Store};

/// Applies what is missing; all services are judged before the first is changed.
pub(super) async fn run(store: &mut dyn Store, services: &[Service], version: Option<i64>) -> Result<(), Failure> {
    let mut plans = Vec::new();
    for service in services {
        let standing = store.standing(*service).await?;
        plans.push((*service, plan(*service, &standing, version)?, standing));
    }
    println!("{}", store.place());
    for (service, migrations, standing) in plans {
        if migrations.is_empty() {
            println!("{}  is at version {}, nothing to do", service.name(), standing.found);
        }
        for migration in migrations {
            apply(store, service, &migration).await?;
        }
    }
    Ok(())
}

/// The migrations to apply, in order.
fn plan(service: Service, standing: &Standing, version: Option<i64>) -> Result<Vec<Migration>, Failure> {
    let Standing { found, known, .. } = *standing;
    let service = service.name();
    if found > known {
        return Err(Error::Newer { service, found, known }.into());
    }
    let wanted = version.unwrap_or(known);
    if wanted > known {
        return Err(Error::Failed { service, cause: NoSuchVersion { wanted, known }.into() }.into());
    }
    Ok(standing.pending.iter().filter(|migration| migration.version <= wanted).cloned().collect())
}

async fn apply(store: &mut dyn Store, service: Service, migration: &Migration) -> Result<(), Failure> {
    print!("{}  {migration} … ", service.name());
    // The line is there while the work goes on.
    stdout().flush()?;
    let begun = Instant::now();
    match store.up(service, migration.version).await {
        Ok(0) => println!("was applied by somebody else meanwhile"),
        Ok(_) => println!("{} ms", begun.elapsed().as_millis()),
        Err(failure) => {
            println!("failed");
            return Err(failure);
        }
    }
    Ok(())
}
