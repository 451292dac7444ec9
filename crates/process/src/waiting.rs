//! While a node waits for what it cannot begin without, it answers that it lives and is not ready, and why.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web as actix;
use actix_web::{App, HttpResponse, HttpServer};
use contract::problem::{Problem, Slug};
use serde::Serialize;
use web::Failure;

use crate::Listening;

/// When somebody who was turned away may ask again.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// Why the node waits; whoever finds out changes it.
#[derive(Clone, Default)]
pub(crate) struct Reason(Arc<Mutex<String>>);

#[derive(Serialize)]
struct Alive {
    status: &'static str,
}

impl Reason {
    /// Says why, in the log when it has changed.
    pub(crate) fn set(&self, why: &str) {
        let mut reason = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *reason != why {
            tracing::warn!(reason = why, "not ready yet");
            why.clone_into(&mut reason);
        }
    }

    fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers on the address until `work` is done. Connections that come in between wait for the real server.
pub(crate) async fn answer_while<T>(
    listening: &Listening,
    reason: Reason,
    work: impl Future<Output = T>,
) -> io::Result<T> {
    let server = HttpServer::new(move || {
        let reason = reason.clone();
        App::new()
            .wrap(from_fn(web::boundary))
            .app_data(actix::Data::new(reason))
            .service(web::resource("/healthz").get(|| async { HttpResponse::Ok().json(Alive { status: "alive" }) }))
            .default_service(actix::to(not_ready))
    })
    .workers(1)
    .disable_signals()
    .listen(listening.listener.try_clone()?)?
    .run();
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    let done = work.await;
    handle.stop(false).await;
    running.await.map_err(io::Error::other)??;
    Ok(done)
}

async fn not_ready(reason: actix::Data<Reason>) -> Result<HttpResponse, Failure> {
    let why = format!("This node is not ready yet: {}.", reason.get());
    Err(Problem::new(Slug::StorageUnavailable, why).retry_after(COME_BACK_AFTER).into())
}
