//! A port for a server that will be killed and has to come back on it.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use uuid::Uuid;

/// Below it are the ports that well-known servers have.
const LOWEST: u16 = 10_000;

/// A port of 127.0.0.1 on which nobody listens now. Somebody may a moment later: then take another.
///
/// It is not one of those that the system gives to connections. A client that knocks on a killed server's door again
/// and again would get that very port as its own in the end, talk to itself, and keep the server from coming back.
pub(super) fn free() -> u16 {
    let range = LOWEST..first_of_connections();
    if range.len() < 1000 {
        return TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    }
    std::iter::repeat_with(|| random(&range))
        .take(1000)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one port in a thousand is free")
}

/// Not one after the other: test processes that run at the same time would all want the same.
fn random(range: &Range<u16>) -> u16 {
    let offset = Uuid::new_v4().as_u128() % u128::try_from(range.len()).unwrap();
    range.start + u16::try_from(offset).unwrap()
}

fn first_of_connections() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768)
}
