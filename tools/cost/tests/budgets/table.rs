//! The budgets, and how what was counted is judged by them.
//!
//! The table is what is, not what would be nice: it fails in both directions, so that it stays true and a gain is not lost again
//! unseen. Whoever changes a number says in the commit what it buys.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::count::Count;

/// So much above its budget is too much.
const ABOVE: f64 = 1.10;
/// So much below it is a gain to write down.
const BELOW: f64 = 0.70;

/// What one step may allocate.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The step, as `steps.rs` calls it.
    pub(crate) step: &'static str,
    /// For each of what.
    each: &'static str,
    allocations: f64,
    bytes: f64,
}

const fn budget(step: &'static str, each: &'static str, allocations: f64, bytes: f64) -> Budget {
    Budget { step, each, allocations, bytes }
}

/// What each step allocates, in the order in which a message meets them. Those of the store do not have what SQLite itself
/// allocates, which is C.
#[rustfmt::skip]
pub(crate) const BUDGETS: &[Budget] = &[
    //      step                  each                 allocations    bytes
    budget("frames",              "small frame",            0.002,      4.1),
    budget("request",             "message",                19.00,   2761.0),
    budget("append",              "message",                14.16,   1725.9),
    budget("append, one alone",   "message",                20.00,   2270.0),
    budget("encode",              "message",                 7.00,   1549.0),
    budget("announce",            "message",                7.50,   1756.2),
    budget("deliver",             "delivery",                0.012,      11.8),
    budget("deliver, a burst",    "delivery",                0.002,     10.4),
    budget("write",               "frame",                   0.00,      0.0),
    budget("reply",               "message",                 4.00,    425.0),
    budget("token",               "check",                  19.00,    675.0),
];

/// What is to be said of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Holds,
    TooMuch,
    Gain,
}

impl Budget {
    /// How a count stands to the budget.
    pub(crate) fn judge(&self, count: Count) -> Verdict {
        let pairs = [(count.allocations, self.allocations), (count.bytes, self.bytes)];
        if pairs.iter().any(|(count, budget)| *count > budget * ABOVE) {
            Verdict::TooMuch
        } else if pairs.iter().any(|(count, budget)| *count < budget * BELOW) {
            Verdict::Gain
        } else {
            Verdict::Holds
        }
    }
}

/// What to do about steps that are off.
pub(crate) const ADVICE: &str = "\
    too much: the step allocates over a tenth more than its budget. Look for a copy, a clone or a box that the change brings, \
    and take it out. If it is worth it, raise the budget in tools/cost/tests/budgets/table.rs and say why in the commit.\n\
    less: the step allocates nearly a third less than its budget. Lower the budget there, so that it stays so.";

/// All steps with what they cost.
pub(crate) fn report(measured: &BTreeMap<&str, Count>) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:<20}{:<10}{:>12}{:>10}{:>12}{:>10}",
        "step", "each", "allocations", "budget", "bytes", "budget"
    );
    for budget in BUDGETS {
        let Count { allocations, bytes } = measured[budget.step];
        let verdict = match budget.judge(measured[budget.step]) {
            Verdict::Holds => "",
            Verdict::TooMuch => "  too much",
            Verdict::Gain => "  less: lower the budget",
        };
        let _ = writeln!(
            text,
            "{:<20}{:<10}{allocations:>12.3}{:>10.3}{bytes:>12.1}{:>10.1}{verdict}",
            budget.step, budget.each, budget.allocations, budget.bytes,
        );
    }
    text
}
