//! Outbound ports that are not stores: what leaves for the bus.

mod committed_events;
mod passing_events;

pub(crate) use committed_events::committed_events;
pub(crate) use passing_events::BusPassingEvents;
