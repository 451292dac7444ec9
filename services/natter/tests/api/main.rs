//! The product over real sockets: each test has a server of its own, in this process, on a free port.

mod server;
mod smoke;
mod backpressure;
mod limits;
mod reconcile;
mod resume;
mod sessions;
mod sockets;
