//! What was measured, for people and for programs: a table in Markdown, and JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::figure::{Bound, Figure, Measured, number};
use crate::scenario::{RATE, Scenario};
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
        let servers = self.servers();
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
        let columns: String = servers.iter().map(|server| format!(" {server} |")).collect();
        let _ = writeln!(text, "| | |{columns} must |\n|---|---|{}---|", "---:|".repeat(servers.len()));
        for scenario in crate::scenario::ALL {
            let of: Vec<&Measured> =
                self.measured.iter().filter(|measured| measured.scenario == scenario.name).collect();
            let Some(first) = of.iter().find(|measured| !measured.figures.is_empty()) else { continue };
            for (row, figure) in first.figures.iter().enumerate() {
                let name = if row == 0 { format!("**{}**", scenario.name) } else { String::new() };
                let cells: String = servers.iter().map(|server| format!(" {} |", cell(&of, server, figure))).collect();
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
        let ratios = self.ratios();
        if !ratios.is_empty() {
            let _ = write!(text, "\nDeliveries, against the floor in the same run: {ratios}.\n");
        }
        text
    }

    fn servers(&self) -> Vec<&'static str> {
        let mut servers = Vec::new();
        for measured in &self.measured {
            if !servers.contains(&measured.server) {
                servers.push(measured.server);
            }
        }
        servers
    }

    fn ratios(&self) -> String {
        let rate = |scenario: &str, server: &str| {
            let of = self.measured.iter().find(|one| one.scenario == scenario && one.server == server)?;
            of.figures.iter().find(|figure| figure.name == RATE).map(|figure| figure.value)
        };
        let mut ratios = Vec::new();
        for scenario in crate::scenario::ALL {
            let Some(floor) = rate(scenario.name, Kind::Floor.name()) else { continue };
            for server in self.servers().into_iter().filter(|server| *server != Kind::Floor.name()) {
                if let Some(rate) = rate(scenario.name, server) {
                    ratios.push(format!("{} {server} {}", scenario.name, number(rate / floor)));
                }
            }
        }
        ratios.join(", ")
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

fn cell(of: &[&Measured], server: &str, figure: &Figure) -> String {
    let measured = of.iter().find(|measured| measured.server == server);
    let found = measured.and_then(|measured| measured.figures.iter().find(|found| found.name == figure.name));
    let Some(found) = found else { return "–".to_owned() };
    match found.must.map(|must| must.holds(found.value)) {
        Some(true) => format!("{} ✓", found.text()),
        Some(false) => format!("**{} ✗**", found.text()),
        None => found.text(),
    }
}

fn must(scenario: &Scenario, figure: &Figure) -> String {
    let text = |bound: Bound| match bound {
        Bound::AtLeast(least) => format!("≥ {}", number(least)),
        Bound::AtMost(most) => format!("≤ {}", number(most)),
    };
    let embedded = scenario.must(figure.name, Kind::Embedded).map(text);
    let fleet = scenario.must(figure.name, Kind::Fleet).map(text);
    match (embedded, fleet) {
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

    fn measured(server: Kind, rate: f64, faults: Vec<String>) -> Measured {
        let scenario = &crate::scenario::ALL[0];
        let mut figure = Figure::new(RATE, rate, "/s");
        figure.must = scenario.must(RATE, server);
        Measured { scenario: scenario.name, server: server.name(), figures: vec![figure], faults }
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
                measured(Kind::Embedded, 1_000_000.0, Vec::new()),
                measured(Kind::Fleet, 900_000.0, vec!["a socket was closed with 4410".into()]),
                measured(Kind::Floor, 2_000_000.0, Vec::new()),
            ],
        };
        let text = report.to_markdown();
        let row = "| **rooms-10x100** | deliveries, /s | 1,000,000 ✓ | **900,000 ✗** | 2,000,000 | ≥ 950,000 |";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("- rooms-10x100 on fleet: a socket was closed with 4410"), "{text}");
        assert!(text.contains("rooms-10x100 embedded 0.50, rooms-10x100 fleet 0.45"), "{text}");
    }
}
