//! The server: parts are made, an address is bound, requests are served, and at the end nothing is lost.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self as actix, Data};
use actix_web::{App, HttpServer};
use auth_server::AuthService;
use bus::{Bus, LocalBus};
use chat_server::ChatService;
use contract::meta::Meta;
use database::{DataDir, DataDirError};
use identity::Verifier;
use kernel::{Clock, SystemClock};
use thiserror::Error;
use web::{Lifecycle, Readiness, ReadyCheck};

use crate::gateway::{AuthStore, ChatStore, LocalProfiles};
use crate::{Configuration, meta, openapi};

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

/// Why the server could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The auth service could not start.
    #[error(transparent)]
    Auth(#[from] auth_server::StartError),
    /// The chat service could not start.
    #[error(transparent)]
    Chat(#[from] chat_server::StartError),
    /// The address cannot be used.
    #[error("cannot listen on {addr}: {cause}. Stop what listens there, or set HTTP_ADDR to another address")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
}

/// A server that is bound and ready to run.
pub struct Natter {
    data_dir: DataDir,
    auth: AuthService,
    chat: ChatService,
    verifier: Arc<Verifier>,
    lifecycle: Lifecycle,
    listener: TcpListener,
    addr: SocketAddr,
    configuration: Configuration,
}

impl Natter {
    /// Makes all parts and binds the address; port 0 takes a free one.
    pub async fn build(configuration: Configuration) -> Result<Self, StartError> {
        Self::build_with_clock(configuration, Arc::new(SystemClock)).await
    }

    /// The same with another clock, for tests.
    pub async fn build_with_clock(configuration: Configuration, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let limits_enabled = configuration.natter.limits_enabled;
        if !limits_enabled {
            tracing::warn!("LIMITS_ENABLED=false: rates and counts are not limited. Do not offer this to the internet");
        }
        let addr = configuration.http.addr;
        let data_dir = DataDir::hold(&configuration.natter.data_dir)?;
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
        let auth = AuthService::build(auth_server::Parts {
            data_dir: &data_dir,
            settings: configuration.auth.clone(),
            clock: Arc::clone(&clock),
            bus: Arc::clone(&bus),
            limits_enabled,
        })?;
        let verifier =
            Arc::new(Verifier::new(auth.key_source(), auth.live_session_check(), Arc::clone(&clock), auth.expected()));
        let lifecycle = Lifecycle::default();
        let chat = ChatService::build(chat_server::Parts {
            data_dir: &data_dir,
            settings: configuration.chat.clone(),
            clock,
            bus,
            verifier: Arc::clone(&verifier),
            profiles: Arc::new(LocalProfiles::new(auth.auth())),
            lifecycle: lifecycle.clone(),
            origins: configuration.allowed_origins.clone(),
            limits_enabled,
        })
        .await?;
        let bound = web::bind(addr).and_then(|listener| listener.local_addr().map(|addr| (listener, addr)));
        let (listener, addr) = bound.map_err(|cause| StartError::Bind { addr, cause })?;
        Ok(Self { data_dir, auth, chat, verifier, lifecycle, listener, addr, configuration })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where its data is.
    pub fn data_dir(&self) -> &std::path::Path {
        self.data_dir.path()
    }

    /// Serves until `stop` resolves, then drains and returns. Must run in an actix system.
    pub async fn run(self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let Self { data_dir, auth, chat, verifier, lifecycle, listener, configuration, .. } = self;
        let checks: [Arc<dyn ReadyCheck>; 2] = [Arc::new(AuthStore(auth.clone())), Arc::new(ChatStore(chat.clone()))];
        let readiness = Readiness { lifecycle: lifecycle.clone(), checks: Arc::new(checks) };
        let meta = Data::new(meta::meta(chat.max_body_chars(), chat.max_frame_bytes()));
        let document = Arc::new(openapi::document());
        let workers = match configuration.http.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
        .min(MAX_WORKERS);
        let shared =
            (Data::from(verifier), Data::new(configuration.trusted_proxies), Data::new(configuration.allowed_origins));
        let served = chat.clone();
        let server = HttpServer::new(move || {
            let (verifier, proxies, origins) = shared.clone();
            let (auth, chat, readiness, meta) = (auth.clone(), served.clone(), readiness.clone(), meta.clone());
            App::new()
                .wrap(from_fn(web::boundary))
                .app_data(verifier)
                .app_data(proxies)
                .app_data(origins)
                .configure(|config| auth.configure(config))
                .configure(|config| chat.configure(config))
                .configure(web::configure_health(readiness))
                .configure(web::configure_problem_pages)
                .configure(|config| configure_meta(config, meta))
                .service(docs_redirect())
                .configure(|config| openapi::configure(config, Arc::clone(&document)))
                .default_service(actix::to(web::not_found))
        })
        .workers(workers)
        .on_connect(web::remember_socket)
        .tcp_nodelay(true)
        .h1_allow_half_closed(false)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(REQUEST_HEAD_WITHIN)
        .shutdown_timeout(REQUESTS_END_WITHIN)
        .disable_signals()
        .listen(listener)?
        .run();
        let handle = server.handle();
        let serving = actix_web::rt::spawn(server);
        stop.await;
        tracing::info!("stopping: no more sockets, what is in flight is answered");
        lifecycle.drain();
        if tokio::time::timeout(DRAIN_WITHIN, chat.drain()).await.is_err() {
            tracing::warn!("some sockets did not end in time");
        }
        handle.stop(true).await;
        let served = serving.await.map_err(std::io::Error::other)?;
        drop(data_dir);
        tracing::info!("stopped");
        served
    }
}

fn configure_meta(config: &mut actix::ServiceConfig, meta: Data<Meta>) {
    config.service(web::resource("/v1/meta").app_data(meta).get(meta::get_meta));
}

/// `/docs` without a slash, as people type it.
fn docs_redirect() -> web::Methods {
    web::resource("/docs").get(|| async {
        actix_web::HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
    })
}
