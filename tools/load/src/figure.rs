//! What a scenario found out, as numbers with names.

use serde::Serialize;

/// Which way a figure is to go.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// This much or more.
    AtLeast(f64),
    /// This much or less.
    AtMost(f64),
}

impl Bound {
    /// Whether a value is within it.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    /// As a multiple of something.
    pub fn of(self, one: f64) -> Self {
        match self {
            Self::AtLeast(least) => Self::AtLeast(least / one),
            Self::AtMost(most) => Self::AtMost(most / one),
        }
    }

    /// As a person reads it.
    pub fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {}", number(least)),
            Self::AtMost(most) => format!("≤ {}", number(most)),
        }
    }
}

/// A number.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// What the budget asks for.
    pub must: Option<Bound>,
}

impl Figure {
    /// A figure without a budget.
    pub fn new(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self { name, value, unit, must: None }
    }

    /// Its value as a person reads it.
    pub fn text(&self) -> String {
        number(self.value)
    }
}

/// Three digits that matter, in groups of thousands.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

/// What was measured of one server in one scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The server's name.
    pub server: &'static str,
    /// The server beside which it was measured, a moment later and on the same core, so that the two can be compared.
    pub beside: Option<&'static str>,
    /// The figures, the most telling one first.
    pub figures: Vec<Figure>,
    /// What went wrong: a figure with faults is none.
    pub faults: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!(number(1_234_567.8), "1,234,568");
        assert_eq!(number(999.0), "999");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(0.456), "0.46");
        assert_eq!(number(-1_234.0), "-1,234");
    }

    #[test]
    fn a_bound_includes_its_limit() {
        assert!(Bound::AtLeast(2.0).holds(2.0) && !Bound::AtLeast(2.0).holds(1.9));
        assert!(Bound::AtMost(2.0).holds(2.0) && !Bound::AtMost(2.0).holds(2.1));
    }
}
