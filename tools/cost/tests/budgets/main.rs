//! What the hot path may cost: heap allocations and their bytes, counted and compared with a table.
//!
//! A clock on a shared machine says little, so it is not asked. Allocations are the same in every run, and most of what makes
//! such code slow brings some: a copy, a clone, a box, a task, a growing queue. What it does not see is computing and waiting;
//! `make bench-parts` measures those.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

mod count;
#[path = "../../fixtures/mod.rs"]
mod fixtures;
mod steps;
mod table;

use table::{ADVICE, BUDGETS, Verdict, report};

// There is one test in this program, so that nothing else runs while it counts: what the store's thread does must be counted
// too, so every thread's allocations are.
#[test]
fn each_step_of_the_hot_path_allocates_what_its_budget_says() {
    let measured = steps::all();
    let missing: Vec<_> = BUDGETS.iter().filter(|budget| !measured.contains_key(budget.step)).collect();
    let surplus: Vec<_> = measured.keys().filter(|step| BUDGETS.iter().all(|budget| budget.step != **step)).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "steps and budgets differ: {missing:?} {surplus:?}");
    println!("{}", report(&measured));
    assert!(BUDGETS.iter().all(|budget| budget.judge(measured[budget.step]) == Verdict::Holds), "\n{ADVICE}");
}
