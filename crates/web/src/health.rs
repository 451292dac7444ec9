//! Liveness depends on nothing; readiness on what a node needs to serve.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use async_trait::async_trait;
use contract::problem::{Problem, Slug};
use serde_json::json;

use crate::{Failure, Lifecycle, resource};

/// Something that a node cannot serve without.
#[async_trait]
pub trait ReadyCheck: Send + Sync {
    /// What it is called in logs.
    fn name(&self) -> &'static str;

    /// Whether it works now. It MUST answer within two seconds.
    async fn is_ready(&self) -> bool;
}

/// All that must work, and whether the process is about to stop.
#[derive(Clone)]
pub struct Readiness {
    /// The process's state.
    pub lifecycle: Lifecycle,
    /// What must work.
    pub checks: Arc<[Arc<dyn ReadyCheck>]>,
}

/// Adds `/healthz` and `/readyz`.
pub fn configure(readiness: Readiness) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .service(resource("/healthz").get(alive))
            .service(resource("/readyz").app_data(web::Data::new(readiness)).get(ready));
    }
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "alive"}))
}

async fn ready(readiness: web::Data<Readiness>) -> Result<HttpResponse, Failure> {
    if readiness.lifecycle.is_draining() {
        return Err(Failure::new(Slug::Draining, "The server is about to stop."));
    }
    for check in readiness.checks.iter() {
        if !check.is_ready().await {
            let detail = format!("The {} is not ready.", check.name());
            return Err(Problem::new(Slug::StorageUnavailable, detail).into());
        }
    }
    Ok(HttpResponse::Ok().json(json!({"status": "ready"})))
}
