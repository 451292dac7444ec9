//! How the HTTP side is configured.

use std::net::SocketAddr;

use serde::Deserialize;

/// The server's address and whom it trusts.
///
/// Environment prefix: `HTTP_`.
#[derive(Clone, Debug, Deserialize)]
pub struct HttpSettings {
    /// Where to listen: an address and a port.
    #[serde(default = "default_addr")]
    pub addr: SocketAddr,
    /// Threads that serve; 0 for one for each core.
    #[serde(default)]
    pub workers: usize,
    /// Origins beside the server's own host whose pages may call it, with commas between them.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Addresses or networks of the proxies whose X-Forwarded-For is believed, with commas between them.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
}

fn default_addr() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}
