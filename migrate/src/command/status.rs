//! `migrate status`: where each schema is, for people and for programs.

use std::process::ExitCode;

use migrate::{Migration, Service, Standing};
use serde_json::{Value, json};

use super::store::{Failure, Store};

const PENDING: u8 = 3;
const NEWER: u8 = 4;

/// What all schemas together are, worse ones first.
#[derive(Clone, Copy)]
enum State {
    /// A migration was applied in another form than ours.
    Changed,
    /// A newer program was here.
    Newer,
    /// Migrations are missing.
    Pending,
    /// This program can serve it.
    Current,
}

impl State {
    fn of(standings: &[(Service, Standing)]) -> Self {
        let any = |lists: fn(&Standing) -> &[Migration]| standings.iter().any(|(_, one)| !lists(one).is_empty());
        if any(|one| &one.changed) {
            Self::Changed
        } else if any(|one| &one.unknown) {
            Self::Newer
        } else if any(|one| &one.pending) {
            Self::Pending
        } else {
            Self::Current
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Newer => "newer",
            Self::Pending => "pending",
            Self::Current => "current",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Changed => {
                "A migration was applied in another form than this program has: the store is another program's, or was \
                 written by a version that was never released. It cannot be served"
            }
            Self::Newer => "A newer version of Natter was here. This one cannot serve the store: start the newer one",
            Self::Pending => {
                "Migrations are pending: run `migrate up`. (A server on an embedded store applies them when it starts)"
            }
            Self::Current => "This version of Natter can serve the store",
        }
    }

    fn code(self) -> ExitCode {
        match self {
            Self::Changed => ExitCode::FAILURE,
            Self::Newer => NEWER.into(),
            Self::Pending => PENDING.into(),
            Self::Current => ExitCode::SUCCESS,
        }
    }
}

/// Says where each schema is.
pub(super) async fn run(store: &mut dyn Store, services: &[Service], as_json: bool) -> Result<ExitCode, Failure> {
    let mut standings = Vec::new();
    for service in services {
        standings.push((*service, store.standing(*service).await?));
    }
    let state = State::of(&standings);
    if as_json {
        let services: Vec<_> = standings.iter().map(|(service, standing)| of_service(*service, standing)).collect();
        println!("{}", json!({"store": store.place(), "state": state.name(), "services": services}));
        return Ok(state.code());
    }
    println!("{}", store.place());
    for (service, standing) in &standings {
        println!("{}  is at version {} of {}", service.name(), standing.found, standing.known);
        let lists = [("pending", &standing.pending), ("newer", &standing.unknown), ("changed", &standing.changed)];
        for (what, migrations) in lists {
            migrations.iter().for_each(|migration| println!("{}  {what}: {migration}", service.name()));
        }
    }
    println!("{}.", state.advice());
    Ok(state.code())
}

fn of_service(service: Service, standing: &Standing) -> Value {
    let list = |migrations: &[Migration]| -> Value {
        migrations.iter().map(|migration| json!({"version": migration.version, "name": migration.name})).collect()
    };
    json!({
        "service": service.name(),
        "found": standing.found,
        "known": standing.known,
        "pending": list(&standing.pending),
        "newer": list(&standing.unknown),
        "changed": list(&standing.changed),
        "can_serve": standing.is_current(),
    })
}
