//! The numbers of the live part.

use std::time::Duration;

use chat_usecase::port::LONGEST_LEASE;
use limit::Rule;

/// Bounds and times of sockets. The defaults are the protocol's.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// How often the server pings.
    pub heartbeat: Duration,
    /// Silence beyond one heartbeat after which a socket is closed with 4408.
    pub silence_grace: Duration,
    /// How long a client may take until its first `start`.
    pub start_within: Duration,
    /// How long after its token's end a socket is closed with 4401.
    pub expiry_grace: Duration,
    /// How long before its token's end a client is told.
    pub expiry_notice: Duration,
    /// How long a closing socket may take to send what waits and to hear the client's close.
    pub close_within: Duration,
    /// How long requests in flight may take to be answered when the server stops.
    pub drain_within: Duration,
    /// Reconnects of a drained node are spread so that no more than this many come in a second.
    pub reconnects_per_second: u32,
    /// How often deadlines are looked at.
    pub tick: Duration,
    /// How often the store is asked what the bus may have lost.
    pub reconcile_every: Duration,
    /// How long a socket's word that its user is there holds, unless it is repeated: if this process dies, that is how
    /// long its users seem to be there. It is repeated three times as often.
    pub presence_lease: Duration,
    /// How long a user still counts as there whose last socket has ended.
    pub presence_grace: Duration,
    /// How long sockets stay open while sessions cannot be verified.
    pub unverified_at_most: Duration,
    /// Bytes of a client's message.
    pub max_frame_bytes: usize,
    /// Requests of one socket that may be in flight; then reading pauses.
    pub max_in_flight: usize,
    /// Bytes that may wait for one socket, with the last words of a socket that is closed under 1 MiB.
    pub max_queue_bytes: usize,
    /// Frames that may wait for one socket.
    pub max_queue_frames: usize,
    /// Events that are read at once for a client that catches up.
    pub replay_page: u32,
    /// Sockets of one user on this node; `None` for no limit.
    pub max_sockets_per_user: Option<u32>,
    /// How often an address may connect.
    pub connect_rate: Rule,
    /// How often a socket may send requests, whatever they ask for; `None` for no limit.
    pub request_rate: Option<Rule>,
    /// Refusals for sending too fast, less what was done meanwhile, before the socket is closed with 4429.
    pub max_refusals: u32,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(25),
            silence_grace: Duration::from_secs(10),
            start_within: Duration::from_secs(10),
            expiry_grace: Duration::from_secs(10),
            expiry_notice: Duration::from_secs(60),
            close_within: Duration::from_secs(5),
            drain_within: Duration::from_millis(1_500),
            reconnects_per_second: 200,
            tick: Duration::from_millis(500),
            reconcile_every: Duration::from_secs(2),
            presence_lease: LONGEST_LEASE,
            presence_grace: Duration::from_secs(5),
            unverified_at_most: Duration::from_secs(30),
            max_frame_bytes: 128 * 1024,
            max_in_flight: 64,
            max_queue_bytes: 896 * 1024,
            max_queue_frames: 8_192,
            replay_page: 100,
            max_sockets_per_user: Some(10),
            connect_rate: Rule::new("connect", 20, Duration::from_secs(60)),
            request_rate: Some(Rule::with_burst("requests", 100, Duration::from_secs(1), 300)),
            max_refusals: 200,
        }
    }
}
