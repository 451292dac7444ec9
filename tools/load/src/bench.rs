//! Measures scenario after scenario on server after server.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Runtime;

use crate::arguments::{Bench, Common, Run};
use crate::deliveries::{self, Outcome, Pace, Times};
use crate::figure::{Figure, Measured};
use crate::place::{People, Place};
use crate::progress::Progress;
use crate::report::{Machine, Report};
use crate::scenario::{ALL, CORE, P50, P99, RATE, Scenario, Shape, Work};
use crate::servers::{Hashes, Kind, Programs, Running};
use crate::watch::Watched;
use crate::{cold_start, crowd, long_log, many_rooms, pin, sign_ins};

/// A program, wherever it is started from: each server works in a directory of its own.
fn program(wanted: Option<&Path>, beside: &Path, is_used: bool) -> io::Result<PathBuf> {
    let path = wanted.unwrap_or(beside);
    if !is_used {
        return Ok(path.to_owned());
    }
    std::fs::canonicalize(path).map_err(|error| {
        let what = path.display();
        io::Error::new(error.kind(), format!("{what}: {error}. `make bench` builds what it needs"))
    })
}

/// Starts the servers and measures them.
pub fn bench(arguments: &Bench) -> io::Result<Report> {
    let beside = std::env::current_exe()?;
    let beside = beside.parent().unwrap_or(Path::new("."));
    let data = arguments.data.clone().unwrap_or_else(|| beside.join("natter-load-data"));
    std::fs::create_dir_all(&data)?;
    allow_many_sockets();
    let cores = pin::cores()?;
    let against = |is_wanted: fn(Kind) -> bool| arguments.against.iter().copied().any(is_wanted);
    let programs = Programs {
        natter: program(arguments.natter.as_deref(), &beside.join("natter"), against(|kind| kind != Kind::Floor))?,
        floor: program(
            arguments.floor.as_deref(),
            &beside.join("examples").join("floor"),
            against(|kind| kind == Kind::Floor),
        )?,
        data,
        server_cores: cores_or(&arguments.server_cores, cores.first()),
        load_cores: cores_or(&arguments.common.load_cores, cores.last()),
        variables: arguments.variables.clone(),
    };
    pin::to(&programs.load_cores)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut measured = Vec::new();
    let session =
        |server, beside| Session { server, beside, arguments, programs: &programs, runtime: &runtime, talking: None };
    let is_beside = against(|kind| kind == Kind::Floor) && against(|kind| kind != Kind::Floor);
    for server in &arguments.against {
        if is_beside && *server == Kind::Floor {
            continue;
        }
        let mut sessions = vec![session(*server, None)];
        // The machine is another one some minutes later: a figure and what it is compared with follow each other.
        sessions.extend(is_beside.then(|| session(Kind::Floor, Some(*server))));
        for scenario in wanted(&arguments.common, *server) {
            for session in sessions.iter_mut().filter(|session| scenario.suits(session.server)) {
                measured.push(session.measure_or_tell(scenario));
            }
        }
        for (running, _) in sessions.into_iter().filter_map(|session| session.talking) {
            runtime.block_on(running.stop());
        }
    }
    Ok(report(&arguments.common, programs.server_cores, programs.load_cores, measured))
}

/// Measures a server that runs already.
pub fn run(arguments: &Run) -> io::Result<Report> {
    let cores = pin::cores()?;
    let load_cores = cores_or(&arguments.common.load_cores, cores.last());
    pin::to(&load_cores)?;
    allow_many_sockets();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watched: Vec<_> = arguments.pid.iter().map(|pid| Watched::new("server", *pid)).collect();
    let mut people = People::of(arguments.addr)?;
    let mut measured = Vec::new();
    for scenario in wanted(&arguments.common, Kind::Running) {
        let mut progress = Progress::about(scenario.name);
        let (figures, faults) = match scenario.work {
            Work::Deliveries(shape, pace) => {
                let place = runtime.block_on(people.fill(shape.rooms, shape.members, shape.senders, &mut progress))?;
                let times = times(&arguments.common);
                let outcome = deliveries::run(&place, pace, times, &watched, &mut progress)?;
                delivery_figures(pace, outcome)
            }
            Work::ManyRooms(rooms) => {
                (runtime.block_on(many_rooms::run(&mut people, rooms, &mut progress))?, Vec::new())
            }
            Work::Crowd(_) | Work::SignIns | Work::LongLog | Work::ColdStart => continue,
        };
        measured.push(finished(scenario, Kind::Running, None, figures, faults, progress));
    }
    Ok(report(&arguments.common, cores, load_cores, measured))
}

/// As many as the system allows: a shell often allows a tenth of them. What cannot be had shows when a socket is opened.
fn allow_many_sockets() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

fn wanted(common: &Common, server: Kind) -> impl Iterator<Item = &'static Scenario> {
    let is_wanted = |scenario: &&Scenario| common.only.is_empty() || common.only.contains(&scenario.name);
    ALL.iter().filter(is_wanted).filter(move |scenario| scenario.suits(server))
}

fn times(common: &Common) -> Times {
    Times { warm_up: Duration::from_secs(common.warm_up), measure: Duration::from_secs(common.seconds) }
}

/// Those that were asked for, or this one.
fn cores_or(wanted: &[usize], other: Option<&usize>) -> Vec<usize> {
    if wanted.is_empty() { other.copied().into_iter().collect() } else { wanted.to_vec() }
}

fn report(common: &Common, server_cores: Vec<usize>, load_cores: Vec<usize>, measured: Vec<Measured>) -> Report {
    Report { machine: Machine::this(), server_cores, load_cores, seconds: common.seconds, measured }
}

/// One kind of server in turn with all scenarios.
struct Session<'a> {
    server: Kind,
    /// Of which server it is the other half of a comparison.
    beside: Option<Kind>,
    arguments: &'a Bench,
    programs: &'a Programs,
    runtime: &'a Runtime,
    /// The one in which people talk: the same for all such scenarios, as signing up takes its time.
    talking: Option<(Running, People)>,
}

impl Session<'_> {
    /// One that fails is told as such, and is no reason to lose the others.
    fn measure_or_tell(&mut self, scenario: &'static Scenario) -> Measured {
        self.measure(scenario).unwrap_or_else(|error| {
            let (server, beside) = (self.server.name(), self.beside.map(Kind::name));
            eprintln!("{} on {server}: {error}", scenario.name);
            Measured { scenario: scenario.name, server, beside, figures: Vec::new(), faults: vec![error.to_string()] }
        })
    }

    fn measure(&mut self, scenario: &'static Scenario) -> io::Result<Measured> {
        let mut progress = Progress::about(format!("{} on {}", scenario.name, self.server.name()));
        let (figures, faults) = match scenario.work {
            Work::Deliveries(shape, pace) => self.deliveries(shape, pace, &mut progress)?,
            Work::ManyRooms(rooms) => self.alone(Hashes::Cheap, |session, running| {
                let mut people = People::of(running.addr)?;
                Ok((session.runtime.block_on(many_rooms::run(&mut people, rooms, &mut progress))?, Vec::new()))
            })?,
            Work::Crowd(sizes) => crowd::run(self.server, self.programs, sizes, self.runtime, &mut progress)?,
            Work::SignIns => self.alone(Hashes::Real, |session, running| {
                let mut people = People::of(running.addr)?;
                let signing = sign_ins::run(&mut people, session.programs, &mut progress);
                Ok((session.runtime.block_on(signing)?, Vec::new()))
            })?,
            Work::LongLog => {
                let long =
                    long_log::Long { events: self.arguments.events, programs: self.programs, server: self.server };
                (long_log::run(&long, self.runtime, &mut progress)?, Vec::new())
            }
            Work::ColdStart => (self.runtime.block_on(cold_start::run(self.programs, &mut progress))?, Vec::new()),
        };
        Ok(finished(scenario, self.server, self.beside, figures, faults, progress))
    }

    /// Does something with a server of its own.
    fn alone<T>(&self, hashes: Hashes, work: impl FnOnce(&Self, &mut Running) -> io::Result<T>) -> io::Result<T> {
        let mut running = self.runtime.block_on(Running::start(self.server, self.programs, hashes))?;
        let done = work(self, &mut running);
        self.runtime.block_on(running.stop());
        done
    }

    fn deliveries(
        &mut self,
        shape: Shape,
        pace: Pace,
        progress: &mut Progress,
    ) -> io::Result<(Vec<Figure>, Vec<String>)> {
        if self.talking.is_none() {
            let running = self.runtime.block_on(Running::start(self.server, self.programs, Hashes::Cheap))?;
            let people = People::of(running.addr)?;
            self.talking = Some((running, people));
        }
        let Some((running, people)) = &mut self.talking else { return Err(io::Error::other("no server")) };
        let Shape { rooms, members, senders } = shape;
        let place = match self.server {
            Kind::Floor => Place::on_the_floor(running.addr, rooms, members, senders),
            Kind::Embedded | Kind::Fleet | Kind::Running => {
                self.runtime.block_on(people.fill(rooms, members, senders, progress))?
            }
        };
        running.look_again();
        // What the rows before have left to be written is written now, and not in the middle of this one.
        rustix::fs::sync();
        let times = times(&self.arguments.common);
        Ok(delivery_figures(pace, deliveries::run(&place, pace, times, &running.watched, progress)?))
    }
}

fn delivery_figures(pace: Pace, outcome: Outcome) -> (Vec<Figure>, Vec<String>) {
    let seconds = outcome.elapsed.as_secs_f64();
    let millis =
        |histogram: &hdrhistogram::Histogram<u64>, quantile| histogram.value_at_quantile(quantile) as f64 / 1e6;
    let cpu: Duration = outcome.cpu.iter().map(|(_, time)| *time).sum();
    let share = |time: Duration| time.as_secs_f64() / seconds * 100.0;
    let rate = Figure::new(RATE, outcome.deliveries as f64 / seconds, "/s");
    let mut figures = vec![
        Figure::new("messages", outcome.acknowledged as f64 / seconds, "/s"),
        Figure::new("server time for a delivery", cpu.as_secs_f64() * 1e6 / outcome.deliveries.max(1) as f64, "µs"),
        Figure::new(P50, millis(&outcome.delivery, 0.5), "ms"),
        Figure::new(P99, millis(&outcome.delivery, 0.99), "ms"),
        Figure::new("delivery, p99.9", millis(&outcome.delivery, 0.999), "ms"),
        Figure::new("acknowledgement, p50", millis(&outcome.acknowledgement, 0.5), "ms"),
        Figure::new("acknowledgement, p99", millis(&outcome.acknowledgement, 0.99), "ms"),
        Figure::new(CORE, share(cpu), "%"),
    ];
    figures.extend(outcome.cpu.iter().skip(1).map(|(name, time)| Figure::new(name, share(*time), "%")));
    figures.push(Figure::new("the load's own share", share(outcome.own_cpu), "%"));
    match pace {
        Pace::Closed(_) => figures.insert(0, rate),
        Pace::Open(_) => figures.insert(4, rate),
    }
    (figures, outcome.faults)
}

fn finished(
    scenario: &'static Scenario,
    server: Kind,
    beside: Option<Kind>,
    mut figures: Vec<Figure>,
    faults: Vec<String>,
    progress: Progress,
) -> Measured {
    for figure in &mut figures {
        figure.must = scenario.must(figure.name, server);
    }
    let first = figures.first().map(|figure| format!("{} {} {}", figure.text(), figure.unit, figure.name));
    let fault = faults.first().map(|fault| format!("; but {fault}")).unwrap_or_default();
    progress.end(&format!("{}{fault}", first.unwrap_or_default()));
    Measured { scenario: scenario.name, server: server.name(), beside: beside.map(Kind::name), figures, faults }
}
