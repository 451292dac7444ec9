//! The server: an address is bound, requests are served, and at the end nothing is lost.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{self as actix, Data, ServiceConfig};
use actix_web::{App, HttpServer};
use identity::Verifier;
use thiserror::Error;
use web::{AllowedOrigins, Lifecycle, Readiness, ReadyCheck, TrustedProxies};

use crate::{Base, openapi};

/// Workers at most: the fan-out tells them apart by the bits of a number.
const MAX_WORKERS: usize = 64;
/// How long a client may take to send a request's head.
const REQUEST_HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long a connection may be idle between two requests.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long the sockets may take to go when the server stops, and after them the requests. Together with what else
/// happens it stays under ten seconds (I15).
const DRAIN_WITHIN: Duration = Duration::from_secs(7);
const REQUESTS_END_WITHIN: u64 = 2;

/// The address cannot be used.
#[derive(Debug, Error)]
#[error("cannot listen on {addr}: {cause}. Stop what listens there, or set HTTP_ADDR to another address")]
pub struct BindError {
    addr: SocketAddr,
    cause: io::Error,
}

/// A bound address.
#[derive(Debug)]
pub struct Listening {
    pub(crate) listener: TcpListener,
    /// Where: with the port that was taken, if any was good.
    pub addr: SocketAddr,
}

/// Binds an address; port 0 takes a free one.
pub fn bind(addr: SocketAddr) -> Result<Listening, BindError> {
    let bound = web::bind(addr).and_then(|listener| listener.local_addr().map(|addr| Listening { listener, addr }));
    bound.map_err(|cause| BindError { addr, cause })
}

/// What a server is made from, beside its routes.
pub struct Serving {
    /// Where it listens.
    pub listening: Listening,
    /// Threads that serve; 0 for one for each core.
    pub workers: usize,
    /// The proxies that are trusted.
    pub trusted_proxies: TrustedProxies,
    /// The pages that may call.
    pub allowed_origins: AllowedOrigins,
    /// Whether the process is about to stop.
    pub lifecycle: Lifecycle,
    /// What it cannot serve without.
    pub checks: Vec<Arc<dyn ReadyCheck>>,
    /// Checks tokens.
    pub verifier: Arc<Verifier>,
    /// What `/openapi.json` says.
    pub document: utoipa::openapi::OpenApi,
}

impl Serving {
    /// The parts that the configuration has.
    pub fn new(
        base: &Base,
        listening: Listening,
        lifecycle: Lifecycle,
        verifier: Arc<Verifier>,
        document: utoipa::openapi::OpenApi,
    ) -> Self {
        Self {
            listening,
            workers: base.http.workers,
            trusted_proxies: base.trusted_proxies.clone(),
            allowed_origins: base.allowed_origins.clone(),
            lifecycle,
            checks: Vec::new(),
            verifier,
            document,
        }
    }
}

/// Serves until `stop` resolves, then drains and returns. Must run in an actix system.
pub async fn serve(
    serving: Serving,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    stop: impl Future<Output = ()>,
    drain: impl Future<Output = ()>,
) -> io::Result<()> {
    let lifecycle = serving.lifecycle.clone();
    let readiness = Readiness { lifecycle: lifecycle.clone(), checks: serving.checks.into() };
    let document = Arc::new(serving.document);
    let shared = (Data::from(serving.verifier), Data::new(serving.trusted_proxies), Data::new(serving.allowed_origins));
    let server = HttpServer::new(move || {
        let (verifier, proxies, origins) = shared.clone();
        let (routes, readiness, document) = (routes.clone(), readiness.clone(), Arc::clone(&document));
        App::new()
            .wrap(from_fn(web::boundary))
            .app_data(verifier)
            .app_data(proxies)
            .app_data(origins)
            .configure(routes)
            .configure(web::configure_health(readiness))
            .configure(web::configure_problem_pages)
            .configure(|config| openapi::configure(config, document))
            .default_service(actix::to(web::not_found))
    })
    .workers(workers(serving.workers))
    .on_connect(web::remember_socket)
    .tcp_nodelay(true)
    .h1_allow_half_closed(false)
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(REQUEST_HEAD_WITHIN)
    .shutdown_timeout(REQUESTS_END_WITHIN)
    .disable_signals()
    .listen(serving.listening.listener)?
    .run();
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    stop.await;
    tracing::info!("stopping: no more sockets, what is in flight is answered");
    lifecycle.drain();
    if tokio::time::timeout(DRAIN_WITHIN, drain).await.is_err() {
        tracing::warn!("some sockets did not end in time");
    }
    handle.stop(true).await;
    let served = running.await.map_err(io::Error::other)?;
    tracing::info!("stopped");
    served
}

fn workers(wanted: usize) -> usize {
    match wanted {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    }
    .min(MAX_WORKERS)
}
