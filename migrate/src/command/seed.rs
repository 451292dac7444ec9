//! `migrate seed`: what was made, what was there, and how to sign in.

use kernel::{Clock, SystemClock};
use migrate::Service;
use migrate::seed::demo::{PEOPLE, Person};
use migrate::seed::{Fate, Welcome};

use super::store::{Failure, Store};

/// Makes accounts, then rooms with those people whose accounts are there.
pub(super) async fn run(store: &mut dyn Store, services: &[Service], default_rooms: &[String]) -> Result<(), Failure> {
    println!("{}", store.place());
    let now = SystemClock.now().as_millis();
    // Seeding chat alone, nothing is known of accounts: they are in another store, seeded there.
    let mut present: Vec<&'static Person> = PEOPLE.iter().collect();
    let mut made = 0;
    for service in services {
        let fates: Vec<(String, Fate)> = match service {
            Service::Auth => {
                let fates = store.seed_accounts(now).await?;
                present = fates.iter().filter(|(_, fate)| *fate != Fate::Taken).map(|(person, _)| *person).collect();
                fates.iter().map(|(person, fate)| (format!("account {}", person.username), *fate)).collect()
            }
            Service::Chat => {
                let fates = store.seed_rooms(&present, Welcome { default_rooms, now }).await?;
                fates.iter().map(|(room, fate)| (format!("room {room}"), *fate)).collect()
            }
        };
        for (what, fate) in fates {
            made += usize::from(fate == Fate::Made);
            println!("{}  {what} {}", service.name(), words(fate));
        }
    }
    if made == 0 {
        println!("Nothing was changed.");
    }
    println!("Sign in with, unless they have chosen another password:");
    for person in present {
        println!("  {:6} {:?}", person.username, person.password);
    }
    Ok(())
}

fn words(fate: Fate) -> &'static str {
    match fate {
        Fate::Made => "made",
        Fate::There => "is there already",
        Fate::Taken => "left out: somebody else has its name or address",
    }
}
