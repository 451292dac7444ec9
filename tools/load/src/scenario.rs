//! What is measured: the rows of the budget, each with what it asks for.

use crate::crowd::Sizes;
use crate::deliveries::Pace;
use crate::figure::Bound::{self, AtLeast, AtMost};
use crate::servers::Kind;

/// A row.
#[derive(Debug)]
pub struct Scenario {
    /// What it is called on the command line and in reports.
    pub name: &'static str,
    /// What happens in it.
    pub about: &'static str,
    /// What is done.
    pub work: Work,
    /// What is asked of its figures.
    pub budget: &'static [Budget],
}

/// What is asked of a figure.
#[derive(Debug)]
pub struct Budget {
    /// Its name.
    pub figure: &'static str,
    /// On the embedded store.
    pub embedded: Bound,
    /// On PostgreSQL on the same core; `None` when nothing is asked.
    pub fleet: Option<Bound>,
    /// What a bare actix-ws did on the machine that the budget was drawn up on; the least that is told of it.
    pub bare: Option<f64>,
}

impl Budget {
    const fn both(figure: &'static str, bound: Bound) -> Self {
        Self { figure, embedded: bound, fleet: Some(bound), bare: None }
    }

    const fn each(figure: &'static str, embedded: Bound, fleet: Bound) -> Self {
        Self { figure, embedded, fleet: Some(fleet), bare: None }
    }

    const fn alone(figure: &'static str, embedded: Bound) -> Self {
        Self { figure, embedded, fleet: None, bare: None }
    }

    const fn where_bare_was(self, bare: f64) -> Self {
        Self { bare: Some(bare), ..self }
    }

    /// What is asked of this server.
    pub fn must(&self, server: Kind) -> Option<Bound> {
        match server {
            Kind::Embedded => Some(self.embedded),
            Kind::Fleet => self.fleet,
            Kind::Floor | Kind::Running => None,
        }
    }

    /// The same as a multiple of what the floor does beside it.
    pub fn must_beside_the_floor(&self, server: Kind) -> Option<Bound> {
        let bare = self.bare?;
        self.must(server).map(|bound| bound.of(bare))
    }
}

/// What a scenario does.
#[derive(Debug)]
pub enum Work {
    /// People talk in rooms.
    Deliveries(Shape, Pace),
    /// A room with very many sockets beside one with fewer: idle, then hearing somebody.
    Crowd(Sizes),
    /// Signing in at the real cost of a password.
    SignIns,
    /// Somebody who is in as many rooms connects.
    ManyRooms(usize),
    /// A log that has become long.
    LongLog,
    /// The program starts with nothing.
    ColdStart,
}

/// Who is there.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Rooms.
    pub rooms: usize,
    /// Members of each, each with a socket.
    pub members: usize,
    /// Those of them who talk.
    pub senders: usize,
}

const TEN_ROOMS: Shape = Shape { rooms: 10, members: 100, senders: 4 };
const ONE_ROOM: Shape = Shape { rooms: 1, members: 1_000, senders: 4 };
const HUNDRED_ROOMS: Shape = Shape { rooms: 100, members: 10, senders: 2 };
const ONE_SENDER: Shape = Shape { senders: 1, ..TEN_ROOMS };

/// All of them, in the order of the report.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "rooms-10x100",
        about: "10 rooms of 100, 4 senders in each with 8 messages in flight",
        work: Work::Deliveries(TEN_ROOMS, Pace::Closed(8)),
        budget: &[Budget::both(RATE, AtLeast(950_000.0)).where_bare_was(1_500_000.0)],
    },
    Scenario {
        name: "room-1x1000",
        about: "one room of 1,000, 4 senders with 8 messages in flight",
        work: Work::Deliveries(ONE_ROOM, Pace::Closed(8)),
        budget: &[Budget::both(RATE, AtLeast(1_340_000.0)).where_bare_was(1_130_000.0)],
    },
    Scenario {
        name: "rooms-100x10",
        about: "100 rooms of 10, 2 senders in each with 8 messages in flight",
        work: Work::Deliveries(HUNDRED_ROOMS, Pace::Closed(8)),
        budget: &[Budget::each(RATE, AtLeast(200_000.0), AtLeast(250_000.0)).where_bare_was(1_280_000.0)],
    },
    Scenario {
        name: "one-in-flight",
        about: "10 rooms of 100, one message in flight in each",
        work: Work::Deliveries(ONE_SENDER, Pace::Closed(1)),
        budget: &[Budget::each(RATE, AtLeast(113_000.0), AtLeast(100_000.0)).where_bare_was(139_000.0)],
    },
    Scenario {
        name: "paced-20k",
        about: "10 rooms of 100, 20,000 deliveries a second",
        work: Work::Deliveries(TEN_ROOMS, Pace::Open(20_000.0)),
        budget: &[
            Budget::each(P50, AtMost(1.2), AtMost(1.5)).where_bare_was(0.6),
            Budget::each(P99, AtMost(2.8), AtMost(3.5)).where_bare_was(1.6),
            Budget::alone(CORE, AtMost(25.0)).where_bare_was(17.0),
        ],
    },
    Scenario {
        name: "paced-100k",
        about: "10 rooms of 100, 100,000 deliveries a second",
        work: Work::Deliveries(TEN_ROOMS, Pace::Open(100_000.0)),
        budget: &[Budget::each(P99, AtMost(8.0), AtMost(10.0)).where_bare_was(4.0)],
    },
    Scenario {
        name: "crowd",
        about: "10,000 members of one room and 1,000 of another, each with a socket: idle, then messages, joinings and leavings, one at a time",
        work: Work::Crowd(Sizes { many: 10_000, few: 1_000 }),
        budget: &[Budget::both(SOCKET, AtMost(14.0)), Budget::both(GROWTH, AtMost(1.5))],
    },
    Scenario {
        name: "sign-ins",
        about: "sign-ins at the default cost of a password, against bare argon2id on the same core",
        work: Work::SignIns,
        budget: &[Budget::both(RATIO, AtLeast(0.9))],
    },
    Scenario {
        name: "long-log",
        about: "a log of many events, against one of 10,000",
        work: Work::LongLog,
        budget: &[
            Budget::both(APPEND, AtMost(1.5)),
            Budget::both(PAGE, AtMost(1.5)),
            Budget::both(RESUME, AtMost(1.5)),
            Budget::both(START, AtMost(1.5)),
        ],
    },
    Scenario {
        name: "many-rooms",
        about: "`start` of somebody who is in 1,000 rooms",
        work: Work::ManyRooms(1_000),
        budget: &[Budget::both(START_MEDIAN, AtMost(50.0))],
    },
    Scenario {
        name: "cold-start",
        about: "the program starts with nothing",
        work: Work::ColdStart,
        budget: &[
            Budget::alone(READY, AtMost(1_000.0)),
            Budget::alone(IDLE, AtMost(50.0)),
            Budget::alone(BINARY, AtMost(40.0)),
        ],
    },
];

/// Names of figures that have a budget.
pub const RATE: &str = "deliveries";
/// From when a message was to be sent to its delivery.
pub const P50: &str = "delivery, p50";
/// The same.
pub const P99: &str = "delivery, p99";
/// Of the server and all that it stands on.
pub const CORE: &str = "share of a core";
/// Of the server.
pub const SOCKET: &str = "memory of an idle socket";
/// Cost for each receiver among 10,000, against that among 1,000.
pub const GROWTH: &str = "cost of a receiver among 10,000 / among 1,000";
/// Sign-ins against bare hashing.
pub const RATIO: &str = "of bare argon2id";
/// Costs with a long log against those with a short one.
pub const APPEND: &str = "append, long / short";
/// The same.
pub const PAGE: &str = "page, long / short";
/// The same.
pub const RESUME: &str = "resume, long / short";
/// The same.
pub const START: &str = "start, long / short";
/// From the request to the last room.
pub const START_MEDIAN: &str = "start, median";
/// From the process to readiness.
pub const READY: &str = "ready after";
/// Of the server.
pub const IDLE: &str = "memory when idle";
/// Stripped.
pub const BINARY: &str = "size of the program";

impl Scenario {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|scenario| scenario.name == name)
    }

    /// What the budget asks of a figure.
    pub fn must(&self, figure: &str, server: Kind) -> Option<Bound> {
        self.budget.iter().find(|budget| budget.figure == figure)?.must(server)
    }

    /// Whether it makes sense for this server.
    pub fn suits(&self, server: Kind) -> bool {
        match (&self.work, server) {
            (Work::Deliveries(..), _) | (_, Kind::Embedded) => true,
            (Work::ColdStart, _) | (_, Kind::Floor) => false,
            (Work::ManyRooms(_) | Work::Crowd(_), _) => true,
            (Work::SignIns | Work::LongLog, server) => server != Kind::Running,
        }
    }
}
