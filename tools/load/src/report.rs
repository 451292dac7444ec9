//! What was measured, for people and for programs: a table in Markdown, and JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::figure::{Bound, Figure, Measured, number};
use crate::scenario::Scenario;
use crate::servers::Kind;

/// Everything of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where it was measured.
    pub machine: Machine,
    /// Cores that the server and all that it stands on had.
    pub server_cores: Vec<usize>,
    /// Cores that the load had.
    pub load_cores: Vec<usize>,
    /// What counted of each scenario, in seconds.
    pub seconds: u64,
    /// What came out.
    pub measured: Vec<Measured>,
}

/// A machine, in a few words.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many cores there are.
    pub cores: usize,
    /// In GiB.
    pub memory: u64,
    /// The kernel's version.
    pub kernel: String,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let processors = read("/proc/cpuinfo");
        let memory = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kib: u64 = memory.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
        Self {
            processor: field(&processors, "model name").unwrap_or_else(|| "unknown".to_owned()),
            // Not those that this thread may run on.
            cores: processors.lines().filter(|line| line.starts_with("processor")).count(),
            memory: kib.div_ceil(1024 * 1024),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

impl Report {
    /// The table: a row for each figure, a column for each server.
    pub fn to_markdown(&self) -> String {
        let columns = self.columns();
        let mut text = format!(
            "Measured on {} ({} cores, {} GiB, Linux {}); the server and all that it stands on had core {}, the load core {}; \
             {} s counted of each row after a warm-up.\n\n",
            self.machine.processor,
            self.machine.cores,
            self.machine.memory,
            self.machine.kernel,
            list(&self.server_cores),
            list(&self.load_cores),
            self.seconds,
        );
        let heads: String = columns.iter().map(|column| format!(" {} |", column.head())).collect();
        let _ = writeln!(text, "| | |{heads} must |\n|---|---|{}---|", "---:|".repeat(columns.len()));
        for scenario in crate::scenario::ALL {
            let of: Vec<&Measured> =
                self.measured.iter().filter(|measured| measured.scenario == scenario.name).collect();
            let Some(first) = of.iter().find(|measured| !measured.figures.is_empty()) else { continue };
            for (row, figure) in first.figures.iter().enumerate() {
                let name = if row == 0 { format!("**{}**", scenario.name) } else { String::new() };
                let cells: String = columns.iter().map(|column| format!(" {} |", cell(&of, *column, figure))).collect();
                let must = must(scenario, figure);
                let _ = writeln!(text, "| {name} | {}, {} |{cells} {must} |", figure.name, figure.unit);
            }
        }
        let faults = self.measured.iter().flat_map(|measured| {
            measured
                .faults
                .iter()
                .map(move |fault| format!("- {} on {}: {fault}\n", measured.scenario, measured.server))
        });
        let faults: String = faults.collect();
        if !faults.is_empty() {
            let _ = write!(text, "\nWhat went wrong, so that those figures count for nothing:\n\n{faults}");
        }
        let ratios = self.beside_the_floor();
        if !ratios.is_empty() {
            let _ = write!(text, "\n{BESIDE_THE_FLOOR}\n\n{ratios}");
        }
        text
    }

    /// A row for each figure of which it is known what the floor did beside it and what it did where the budget was drawn up.
    fn beside_the_floor(&self) -> String {
        let servers = [Kind::Embedded, Kind::Fleet];
        let mut rows = String::new();
        for scenario in crate::scenario::ALL {
            for budget in scenario.budget.iter().filter(|budget| budget.bare.is_some()) {
                let ratios = servers.map(|server| self.ratio(scenario, budget.figure, server));
                if ratios == [None, None] {
                    continue;
                }
                let musts = servers.map(|server| budget.must_beside_the_floor(server));
                let [embedded, fleet] =
                    [0, 1].map(|at| ratios[at].map_or("–".to_owned(), |ratio| judged(ratio, musts[at])));
                let must = both(musts[0], musts[1]);
                let _ = writeln!(rows, "| {}, {} | {embedded} | {fleet} | {must} |", scenario.name, budget.figure);
            }
        }
        if rows.is_empty() { rows } else { format!("| | embedded | fleet | must |\n|---|---:|---:|---|\n{rows}") }
    }

    /// A figure as a multiple of the floor's beside it.
    fn ratio(&self, scenario: &Scenario, figure: &str, server: Kind) -> Option<f64> {
        let value = |server: Kind, beside: Option<&str>| {
            let is_it = |one: &&Measured| {
                one.scenario == scenario.name
                    && one.server == server.name()
                    && one.beside == beside
                    && one.faults.is_empty()
            };
            let measured = self.measured.iter().find(is_it)?;
            measured.figures.iter().find(|found| found.name == figure).map(|found| found.value)
        };
        Some(value(server, None)? / value(Kind::Floor, Some(server.name()))?)
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        for measured in &self.measured {
            let column = Column { server: measured.server, beside: measured.beside };
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }
}

/// What is said above the ratios.
const BESIDE_THE_FLOOR: &str = "The same, as multiples of what the floor did a moment later. The budget was drawn up on a machine where bare actix-ws \
                                did so much; *must* is the budget as a multiple of that, so it asks the same of every machine.";

/// A server, and beside which one it was measured.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Column {
    server: &'static str,
    beside: Option<&'static str>,
}

impl Column {
    fn head(self) -> String {
        self.beside.map_or_else(|| self.server.to_owned(), |beside| format!("{}, after {beside}", self.server))
    }
}

/// Between these a file keeps what was measured last; the rest of it is written by hand.
const MARKS: [&str; 2] = ["<!-- measured: `make bench` writes this -->", "<!-- end of what was measured -->"];

/// A file with a report in place of the one before; the report alone when there are no marks in it.
pub fn put_into(file: &str, report: &str) -> String {
    let [begin, end] = MARKS;
    let parts = file.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    match parts {
        Some((before, after)) => format!("{before}{begin}\n\n{report}\n{end}{after}"),
        None => report.to_owned(),
    }
}

fn cell(of: &[&Measured], column: Column, figure: &Figure) -> String {
    let is_it = |measured: &&&Measured| measured.server == column.server && measured.beside == column.beside;
    let measured = of.iter().find(is_it);
    let found = measured.and_then(|measured| measured.figures.iter().find(|found| found.name == figure.name));
    found.map_or_else(|| "–".to_owned(), |found| judged(found.value, found.must))
}

/// A value, and whether it is what it must be.
fn judged(value: f64, must: Option<Bound>) -> String {
    match must.map(|must| must.holds(value)) {
        Some(true) => format!("{} ✓", number(value)),
        Some(false) => format!("**{} ✗**", number(value)),
        None => number(value),
    }
}

fn must(scenario: &Scenario, figure: &Figure) -> String {
    both(scenario.must(figure.name, Kind::Embedded), scenario.must(figure.name, Kind::Fleet))
}

/// What is asked of the embedded store and of a fleet.
fn both(embedded: Option<Bound>, fleet: Option<Bound>) -> String {
    match (embedded.map(Bound::text), fleet.map(Bound::text)) {
        (None, None) => String::new(),
        (Some(embedded), Some(fleet)) if embedded != fleet => format!("{embedded}; fleet {fleet}"),
        (Some(both), _) | (None, Some(both)) => both,
    }
}

fn list(cores: &[usize]) -> String {
    cores.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::scenario::RATE;

    fn measured(server: Kind, beside: Option<Kind>, rate: f64, faults: Vec<String>) -> Measured {
        let scenario = &crate::scenario::ALL[0];
        let mut figure = Figure::new(RATE, rate, "/s");
        figure.must = scenario.must(RATE, server);
        let beside = beside.map(Kind::name);
        Measured { scenario: scenario.name, server: server.name(), beside, figures: vec![figure], faults }
    }

    #[test]
    fn a_report_replaces_the_one_before_and_nothing_else() {
        let [begin, end] = MARKS;
        let file = format!("Before.\n{begin}\nold\n{end}\nAfter.\n");
        let with_new = put_into(&file, "new\n");
        assert_eq!(with_new, format!("Before.\n{begin}\n\nnew\n\n{end}\nAfter.\n"));
        assert_eq!(put_into(&with_new, "new\n"), with_new);
        assert_eq!(put_into("no marks", "new\n"), "new\n");
    }

    #[test]
    fn a_table_says_what_holds_what_does_not_and_what_went_wrong() {
        let report = Report {
            machine: Machine::this(),
            server_cores: vec![0],
            load_cores: vec![1],
            seconds: 4,
            measured: vec![
                measured(Kind::Embedded, None, 1_000_000.0, Vec::new()),
                measured(Kind::Floor, Some(Kind::Embedded), 2_000_000.0, Vec::new()),
                measured(Kind::Fleet, None, 900_000.0, vec!["a socket was closed with 4410".into()]),
                measured(Kind::Floor, Some(Kind::Fleet), 500_000.0, Vec::new()),
            ],
        };
        let text = report.to_markdown();
        assert!(
            text.contains("| | | embedded | floor, after embedded | fleet | floor, after fleet | must |"),
            "{text}"
        );
        let row =
            "| **rooms-10x100** | deliveries, /s | 1,000,000 ✓ | 2,000,000 | **900,000 ✗** | 500,000 | ≥ 950,000 |";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("- rooms-10x100 on fleet: a socket was closed with 4410"), "{text}");
        // What had a fault is compared with nothing.
        assert!(text.contains("| rooms-10x100, deliveries | **0.50 ✗** | – | ≥ 0.63 |"), "{text}");
    }
}
