//! The server: an address is bound, requests are served, and at the end nothing is lost.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_codec::Framed;
use actix_http::body::MessageBody;
use actix_http::h1::Codec;
use actix_http::{HttpService, Request};
use actix_service::{IntoServiceFactory, map_config};
use actix_web::dev::{AppConfig, Server, ServiceFactory, ServiceRequest, ServiceResponse, fn_factory, fn_service};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::web::{self as actix, Data, ServiceConfig};
use actix_web::{App, Error};
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
/// How long a client may take to close its end when the server has closed its own.
const CLIENT_LEAVES_WITHIN: Duration = Duration::from_secs(1);
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
    let application = move || {
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
    };
    // What `HttpServer` does, and that a request to upgrade is answered where its connection can be had (ADR 20).
    let builder =
        Server::build().workers(workers(serving.workers)).shutdown_timeout(REQUESTS_END_WITHIN).disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let server = builder
        .listen("http", serving.listening.listener, move || {
            let (application, stopping) = (application.clone(), stopping.clone());
            HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(KEEP_ALIVE)
                .client_request_timeout(REQUEST_HEAD_WITHIN)
                .client_disconnect_timeout(CLIENT_LEAVES_WITHIN)
                .tcp_nodelay(true)
                .h1_allow_half_closed(false)
                .upgrade(upgrades(application.clone()))
                .finish(map_config(application(), |()| AppConfig::default()))
                .tcp()
        })?
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

/// A request to upgrade, and its connection.
type Upgrade = (Request, Framed<TcpStream, Codec>);

/// The same application, for requests to upgrade.
fn upgrades<S, B>(
    application: impl Fn() -> App<S>,
) -> impl ServiceFactory<Upgrade, Config = (), Response = (), Error = Error, InitError = ()>
where
    S: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>
        + 'static,
    B: MessageBody + 'static,
{
    fn_factory(move || {
        let service = application().into_factory().new_service(AppConfig::default());
        async move {
            let service = Rc::new(service.await?);
            Ok(fn_service(move |(request, connection): Upgrade| {
                let service = Rc::clone(&service);
                async move {
                    // Somebody who has gone before the answer is nothing that actix should call an error.
                    if let Err(error) = web::answer_upgrade(&*service, request, connection).await {
                        tracing::debug!(%error, "an upgrade request could not be answered");
                    }
                    Ok(())
                }
            }))
        }
    })
}

fn workers(wanted: usize) -> usize {
    match wanted {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    }
    .min(MAX_WORKERS)
}
