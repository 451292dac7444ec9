//! The command as a person runs it, for a second each: against the server, against the floor, and against a floor that loses.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

use std::process::{Command, Output};

use natter_load::crowd::{self, Sizes};
use natter_load::pin;
use natter_load::progress::Progress;
use natter_load::scenario::GROWTH;
use natter_load::servers::{Hashes, Kind, Programs, Running};
use serde_json::Value;
use testkit::example;

/// Runs `natter-load`; gives what it said and the report.
fn load(arguments: &[&str]) -> (Output, Value) {
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.json");
    let output = Command::new(env!("CARGO_BIN_EXE_natter-load"))
        .args(arguments)
        .args(["--natter", &example("server_for_load_tests"), "--floor", &example("floor")])
        .args(["--data", directory.path().to_str().unwrap(), "--json", report.to_str().unwrap()])
        .output()
        .unwrap();
    let report = std::fs::read_to_string(&report).unwrap_or_default();
    (output, serde_json::from_str(&report).unwrap_or_default())
}

fn figure(report: &Value, server: &str, name: &str) -> f64 {
    let measured = report["measured"].as_array().unwrap().iter().find(|one| one["server"] == server).unwrap();
    let figures = measured["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["name"] == name).unwrap()["value"].as_f64().unwrap()
}

#[test]
fn people_talk_on_the_server_and_on_the_floor() {
    let (output, report) =
        load(&["bench", "--against", "embedded,floor", "--only", "rooms-100x10", "--seconds", "1", "--warm-up", "0"]);
    assert!(output.status.success(), "{output:?}");
    for server in ["embedded", "floor"] {
        assert!(figure(&report, server, "deliveries") > 0.0);
        assert!(figure(&report, server, "delivery, p50") > 0.0);
    }
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("| **rooms-100x10** | deliveries, /s |"), "{table}");
    assert!(table.contains("| | | embedded | floor, after embedded | must |"), "{table}");
    assert!(table.contains("\n| rooms-100x10, deliveries | "), "{table}");
}

fn programs(data: &std::path::Path) -> Programs {
    let cores = pin::cores().unwrap();
    Programs {
        natter: example("server_for_load_tests").into(),
        floor: example("floor").into(),
        data: data.to_owned(),
        server_cores: cores.clone(),
        load_cores: cores,
        variables: Vec::new(),
    }
}

/// Tests start servers with a log that grows, which is not what an operator has.
#[tokio::test]
async fn the_embedded_store_is_measured_with_the_log_that_it_has_by_default() {
    let data = tempfile::tempdir().unwrap();
    let programs = programs(data.path());
    let running = Running::start(Kind::Embedded, &programs, Hashes::Cheap).await.unwrap();
    let home = std::fs::read_dir(data.path()).unwrap().next().unwrap().unwrap().path();
    let length = std::fs::metadata(home.join("chat.db-wal")).unwrap().len();
    running.stop().await;
    // A slow machine may not get further than the first piece of it; a log that grows has some 100 KiB by now.
    assert!(length > 2 << 20, "{length} bytes");
}

/// Everybody in a room hears what happens in it, and nobody else, though the server was started again since they came.
#[test]
fn a_crowd_hears_whoever_comes_and_goes() {
    let data = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (programs, sizes) = (programs(data.path()), Sizes { many: 30, few: 10 });
    let measured = crowd::run(Kind::Embedded, &programs, sizes, &runtime, &mut Progress::about("a crowd"));
    let (figures, faults) = measured.unwrap();
    assert_eq!(faults, Vec::<String>::new());
    assert!(figures.iter().any(|figure| figure.name == GROWTH), "{figures:?}");
}

#[test]
fn a_message_that_does_not_arrive_is_noticed() {
    let lossy = ["bench", "--against", "floor", "--only", "paced-20k", "--seconds", "1", "--env", "FLOOR_LOSES=20"];
    let (output, report) = load(&lossy);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let fault = report["measured"][0]["faults"][0].as_str().unwrap();
    assert!(fault.starts_with("after seq"), "{fault}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("those figures count for nothing"));
}

/// What is written straight into the stores is what the server reads: the pages and the replays in it must be whole.
#[test]
fn a_long_log_is_one_that_the_server_reads() {
    let arguments = ["bench", "--against", "embedded,fleet", "--only", "long-log", "--events", "20000"];
    let (output, report) = load(&arguments);
    assert!(output.status.success(), "{output:?}");
    for server in ["embedded", "fleet"] {
        assert!(figure(&report, server, "page of 50") > 0.0);
    }
}

#[test]
fn a_server_that_is_not_there_is_told_in_one_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_natter-load"))
        .args(["run", "--addr", "127.0.0.1:9", "--only", "rooms-100x10"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().last().unwrap().starts_with("natter-load: "), "{said}");
}
