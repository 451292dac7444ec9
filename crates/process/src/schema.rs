//! Before a node of a fleet serves, PostgreSQL's schema must be the one that it was built for.

use std::io;
use std::time::Duration;

use database::postgres::PostgresSettings;
use migrate::Service;

use crate::waiting::{Reason, answer_while};
use crate::{Engines, Listening, Stores};

/// How often PostgreSQL is asked while it is away or its schema is not ours.
const ASK_EVERY: Duration = Duration::from_millis(500);

impl Engines {
    /// Returns when the schemas of these services are as this program needs them. Until then the address answers that the
    /// node is not ready, and why. With `migrate`, missing migrations are applied; ten nodes may do that at once.
    ///
    /// An embedded store is brought up to date when it is opened.
    pub async fn await_schema(&self, listening: &Listening, services: &[Service], migrate: bool) -> io::Result<()> {
        let Stores::Fleet(fleet) = &self.stores else { return Ok(()) };
        let reason = Reason::default();
        let work = async {
            for service in services {
                while let Err(why) = ensure(&fleet.postgres, *service, migrate).await {
                    reason.set(&why);
                    tokio::time::sleep(ASK_EVERY).await;
                }
            }
        };
        // Nothing is answered, and no second server is started, when there is nothing to wait for.
        if services_are_current(&fleet.postgres, services).await {
            return Ok(());
        }
        answer_while(listening, reason.clone(), work).await
    }
}

async fn services_are_current(postgres: &PostgresSettings, services: &[Service]) -> bool {
    for service in services {
        if ensure(postgres, *service, false).await.is_err() {
            return false;
        }
    }
    true
}

/// Says why the schema cannot be used.
async fn ensure(postgres: &PostgresSettings, service: Service, migrate: bool) -> Result<(), String> {
    let known = migrate::postgres::known_version(service);
    let name = service.name();
    let server = postgres.primary("natter schema").map_err(|error| error.to_string())?;
    let mut connection = server.connect().await.map_err(|error| format!("PostgreSQL is away: {error}"))?;
    let found = migrate::postgres::version(&connection, service).await.map_err(|error| error.to_string())?;
    if found > known {
        return Err(format!(
            "the schema {name} is at version {found} and this program knows it up to {known}; start a newer version of Natter"
        ));
    }
    if found == known {
        return Ok(());
    }
    if migrate {
        return migrate::postgres::up(&mut connection, service, None)
            .await
            .map(drop)
            .map_err(|error| error.to_string());
    }
    Err(format!(
        "the schema {name} is at version {found} and this program needs {known}; run `migrate up`, or set MIGRATE_ON_START=true"
    ))
}
