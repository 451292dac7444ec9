//! The command `natter-load`.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use natter_load::arguments::{Arguments, Command, Common};
use natter_load::bench;
use natter_load::report::{self, Report};
use natter_load::scenario::ALL;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Bench(arguments) => bench::bench(&arguments).and_then(|report| tell(&report, &arguments.common)),
        Command::Run(arguments) => bench::run(&arguments).and_then(|report| tell(&report, &arguments.common)),
        Command::List => {
            ALL.iter().for_each(|scenario| println!("{:14} {}", scenario.name, scenario.about));
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("natter-load: {error}");
        ExitCode::from(2)
    })
}

fn tell(report: &Report, common: &Common) -> io::Result<ExitCode> {
    let text = report.to_markdown();
    match &common.markdown {
        Some(path) if path.as_os_str() != "-" => {
            let there = std::fs::read_to_string(path).unwrap_or_default();
            std::fs::write(path, report::put_into(&there, &text))?;
            println!("The report is in {}.", path.display());
        }
        _ => println!("{text}"),
    }
    if let Some(path) = &common.json {
        std::fs::write(path, serde_json::to_string_pretty(report).map_err(io::Error::other)?)?;
    }
    let is_sound = report.measured.iter().all(|measured| measured.faults.is_empty());
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
