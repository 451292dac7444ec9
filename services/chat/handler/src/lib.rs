//! Chat on the wire: REST in `rest/`, the WebSocket in `live/`.

pub mod live;
mod page_cursor;
mod problem;
mod request;
mod rest;
pub mod wire;

pub use rest::{configure, openapi};
