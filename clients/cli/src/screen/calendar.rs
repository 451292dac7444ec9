//! Times as people read them, in their own zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use kernel::Timestamp;

/// The wall clock of a zone at this time.
fn local(at: Timestamp, zone: &TimeZone) -> DateTime {
    // Every `Timestamp` is within what the calendar takes.
    let time = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    zone.to_datetime(time)
}

/// `09:05`.
pub(super) fn clock_time(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone).strftime("%H:%M").to_string()
}

/// The day of this time.
pub(super) fn day(at: Timestamp, zone: &TimeZone) -> Date {
    local(at, zone).date()
}

/// `Tuesday, 24 November`, and the year if it is not the present one.
pub(super) fn day_name(day: Date, today: Date) -> String {
    let format = if day.year() == today.year() { "%A, %-d %B" } else { "%A, %-d %B %Y" };
    day.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_where_the_reader_lives() {
        let at: Timestamp = serde_json::from_str("\"2026-11-23T23:30:00.000Z\"").unwrap();
        let east = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(clock_time(at, &TimeZone::UTC), "23:30");
        assert_eq!(clock_time(at, &east), "00:30");
        let today = day(at, &east);
        assert_eq!(day_name(today, today), "Tuesday, 24 November");
        assert_eq!(day_name(day(at, &TimeZone::UTC), today), "Monday, 23 November");
        assert_eq!(day_name(jiff::civil::date(2025, 1, 2), today), "Thursday, 2 January 2025");
    }
}
