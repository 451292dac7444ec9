//! How a socket comes to be: everything that can be refused is refused before there is one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::rt::net::TcpStream;
use actix_web::web::{self as actix, Data};
use actix_web::{HttpRequest, HttpResponse, rt};
use chat_entity::{PresenceStatus, Profile};
use contract::frames::{Hello, Limits, SUBPROTOCOL, ServerFrame, TICKET_PREFIX, close};
use contract::problem::{Problem, Slug};
use identity::Refusal as TokenRefusal;
use kernel::{ConnectionId, Principal};
use limit::Decision;
use tokio::sync::Notify;
use tokio::time::Instant;
use web::{ClientAddress, Failure, bearer, origin_is_allowed, refusal_problem, refused};

use super::frame;
use super::incoming::Incoming;
use super::line::Line;
use super::outbox::Outbox;
use super::presence::LeaseState;
use super::reader::leave;
use super::shard::{Live, Shard};
use super::socket::{Ending, Phase, Socket};
use crate::wire;

/// What becomes of somebody who wants a socket.
enum Admission {
    Welcome(Principal),
    /// A page could not read why an upgrade failed, so it gets a socket that closes with the reason.
    SentAway(Ending),
}

/// Opens a WebSocket, for a bearer token or a ticket.
#[utoipa::path(get, path = "/v1/ws", tag = "live", responses(
    (status = 101, description = "The WebSocket of docs/protocol.md, subprotocol chat.v1"),
    (status = 401, description = "token-invalid, token-expired, session-revoked"),
    (status = 403, description = "bad-origin"),
    (status = 429, description = "rate-limited"),
    (status = 503, description = "draining, auth-unavailable"),
))]
pub async fn open_socket(
    request: HttpRequest,
    body: actix::Payload,
    address: ClientAddress,
    live: Data<Live>,
) -> Result<HttpResponse, Failure> {
    let shard = request.app_data::<Rc<Shard>>().map(Rc::clone);
    let shard = shard
        .filter(Shard::ensure_running)
        .ok_or_else(|| Failure::new(Slug::Overloaded, "This node takes no sockets. Nothing was done."))?;
    let endings = live.fanout.endings();
    let admission = admit(&request, address, &live).await?;
    // Its session and stream would go through actix's dispatcher, which the connection leaves (ADR 20).
    let (response, _, _) = actix_ws::handle_with_protocols(&request, body, &[SUBPROTOCOL])
        .map_err(|error| Problem::new(Slug::InvalidRequest, format!("This is no WebSocket handshake: {error}.")))?;
    let mut response = response.drop_body().map_into_boxed_body();
    web::take_over(&mut response, move |stream, early| shard.welcome(admission, endings, stream, &early));
    Ok(response)
}

/// Decides by what the handshake says. What is cheap comes first, so that a crowd costs little.
async fn admit(request: &HttpRequest, address: ClientAddress, live: &Live) -> Result<Admission, Problem> {
    if live.lifecycle.is_draining() {
        return Err(Problem::new(Slug::Draining, "The server is about to stop. Connect again.")
            .retry_after(Duration::from_secs(1)));
    }
    if !origin_is_allowed(request, &live.origins) {
        return Err(Problem::new(Slug::BadOrigin, "Pages of this origin may not connect. See HTTP_ALLOWED_ORIGINS."));
    }
    if let Decision::Refused { retry_after } =
        live.limits.check(&live.settings.connect_rate, &limit::address_key(address.0)).await
    {
        return Err(refused("Too many connections from this address.", retry_after));
    }
    let offered: Vec<&str> = request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let speaks = offered.contains(&SUBPROTOCOL);
    let ticket = offered.iter().find_map(|entry| entry.strip_prefix(TICKET_PREFIX));
    let principal = match (bearer(request), ticket) {
        (Some(token), _) => live.verifier.authenticate(token).await.map_err(|error| refusal_problem(&error))?,
        (None, Some(ticket)) => match redeem(ticket, live).await? {
            Some(principal) => principal,
            None => return Ok(Admission::SentAway(Ending::new(close::BAD_CREDENTIALS, "the ticket is not valid"))),
        },
        (None, None) => {
            return Err(Problem::new(
                Slug::TokenInvalid,
                "Send an access token in the Authorization header, or a ticket among the subprotocols.",
            ));
        }
    };
    if !speaks {
        let ending = Ending::new(close::UNSUPPORTED_VERSION, "offer the subprotocol chat.v1");
        return Ok(Admission::SentAway(ending));
    }
    Ok(Admission::Welcome(principal))
}

/// The caller of a ticket, whose session must still be alive.
async fn redeem(ticket: &str, live: &Live) -> Result<Option<Principal>, Problem> {
    let redeemed = live.chat.redeem_ticket(ticket).await.map_err(|error| web::store_failure(&error))?;
    let Some(principal) = redeemed else { return Ok(None) };
    match live.verifier.check_session(principal.session_id).await {
        Ok(()) => Ok(Some(principal)),
        Err(TokenRefusal::Unavailable) => Err(refusal_problem(&TokenRefusal::Unavailable)),
        Err(_) => Ok(None),
    }
}

pub(super) fn new_socket(shard: &Shard, principal: Principal, outbox: Rc<Outbox>) -> Rc<Socket> {
    let now = Instant::now();
    // What the token says, until the store has told more.
    let profile = Profile {
        id: principal.user_id,
        username: principal.username.clone(),
        display_name: principal.username.clone(),
        avatar_url: None,
    };
    Rc::new(Socket {
        key: shard.new_key(),
        id: ConnectionId::new(),
        expires_at: Cell::new(principal.expires_at),
        principal,
        profile: RefCell::new(profile),
        outbox,
        unanswered: RefCell::default(),
        phase: Cell::new(Phase::Waiting),
        has_asked_to_start: Cell::new(false),
        rooms: RefCell::default(),
        membership_no: Cell::new(0),
        behind: RefCell::default(),
        is_catching_up: Cell::new(false),
        owes_ready: Cell::new(false),
        settling: Cell::new(0),
        joined: RefCell::default(),
        gone_from: RefCell::default(),
        leaving: RefCell::default(),
        status: Cell::new(PresenceStatus::Online),
        news: Cell::default(),
        lease: Cell::new(LeaseState::None),
        opened_at: now,
        heard_at: Cell::new(now),
        pinged_at: Cell::new(now),
        was_warned: Cell::new(false),
        refusals: Cell::new(0),
        close_by: Cell::new(None),
        stop: Notify::new(),
        is_counted: Cell::new(true),
        is_draining: Cell::new(false),
    })
}

impl Shard {
    /// Begins with a connection whose handshake has been answered, and on which this has come since. `endings` is of before
    /// its session was checked.
    fn welcome(self: Rc<Self>, admission: Admission, endings: u64, stream: TcpStream, early: &[u8]) {
        let settings = &self.live.settings;
        let outbox = Outbox::new(settings.max_queue_bytes, settings.max_queue_frames, Rc::clone(&self.writes));
        outbox.connect(Line::new(stream));
        let incoming = Incoming::new(Rc::clone(&outbox), settings.max_frame_bytes, early, Rc::clone(&self.read_buffer));
        let ending = match admission {
            Admission::Welcome(principal)
                if self.live.fanout.count_in(principal.user_id, settings.max_sockets_per_user) =>
            {
                let socket = new_socket(&self, principal, outbox);
                self.add(&socket);
                rt::spawn(self.read(socket, incoming, endings));
                return;
            }
            Admission::Welcome(_) => Ending::new(close::TOO_MANY_CONNECTIONS, "this user has too many connections"),
            Admission::SentAway(ending) => ending,
        };
        rt::spawn(send_away(ending, outbox, incoming, settings.close_within));
    }

    /// Says hello; `false` when the session has ended since the handshake was checked, before which there were so many
    /// `endings`.
    pub(super) async fn greet(self: &Rc<Self>, socket: &Rc<Socket>, endings: u64) -> bool {
        // The socket is known here by now, so an end of the session from here on closes it. One between the check of the token
        // and that moment may be among those that have been told since.
        if self.live.fanout.endings() != endings && !self.is_still_alive(socket).await {
            return false;
        }
        match self.live.chat.own_profile(&socket.principal).await {
            Ok(profile) => *socket.profile.borrow_mut() = profile,
            // `start` will say so; until then the name in the token does.
            Err(error) => tracing::warn!(%error, connection = %socket.id, "a profile could not be read"),
        }
        let settings = &self.live.settings;
        let hello = Hello {
            connection_id: socket.id,
            user: wire::author(&socket.profile.borrow()),
            session_id: socket.principal.session_id,
            epoch: self.live.epoch.clone(),
            heartbeat_ms: u64::try_from(settings.heartbeat.as_millis()).unwrap_or(u64::MAX),
            server_time: self.live.clock.now(),
            token_expires_at: socket.expires_at.get(),
            limits: Limits {
                max_frame_bytes: settings.max_frame_bytes as u64,
                max_body_chars: self.live.chat.rules().max_body_chars as u64,
                max_in_flight: settings.max_in_flight as u64,
                max_replay_events: self.live.chat.rules().max_replay,
            },
        };
        socket.send(frame::json(&ServerFrame::Hello(Box::new(hello))), settings.close_within);
        true
    }

    /// Asks once more whether the socket's session is alive, and closes the socket when it is not.
    async fn is_still_alive(&self, socket: &Socket) -> bool {
        let ending = match self.live.verifier.check_session(socket.principal.session_id).await {
            Ok(()) | Err(TokenRefusal::Unavailable) => return true,
            Err(TokenRefusal::AccountDisabled) => Ending::new(close::ACCOUNT_DISABLED, "the account is disabled"),
            Err(_) => Ending::new(close::SESSION_REVOKED, "the session has ended"),
        };
        self.close(socket, &ending);
        false
    }
}

/// Closes a socket that never was one.
async fn send_away(ending: Ending, outbox: Rc<Outbox>, mut incoming: Incoming, within: Duration) {
    outbox.close_with(ending.frames());
    if tokio::time::timeout(within, leave(&outbox, &mut incoming)).await.is_err() {
        outbox.cut();
    }
}
