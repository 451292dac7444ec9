//! How long `start` takes for somebody who is in many rooms.

use std::io;
use std::time::{Duration, Instant};

use crate::figure::Figure;
use crate::place::{People, make_room};
use crate::progress::Progress;
use crate::scenario::START_MEDIAN;
use crate::socket::Socket;

/// How often it is done.
const TIMES: usize = 30;

/// Makes the rooms and connects again and again.
pub async fn run(people: &mut People, rooms: usize, progress: &mut Progress) -> io::Result<Vec<Figure>> {
    people.grow(1, progress).await?;
    let [somebody, ..] = people.clients() else { return Err(io::Error::other("nobody is there")) };
    for made in 0..rooms {
        make_room(somebody).await?;
        progress.say(|| format!("{made} of {rooms} rooms"));
    }
    let [token, ..] = &people.tokens(1).await[..] else { return Err(io::Error::other("nobody is there")) };
    let mut times = start_times(people, token, rooms, TIMES)?;
    times.sort();
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(vec![
        Figure::new(START_MEDIAN, millis(times[TIMES / 2]), "ms"),
        Figure::new("start, slowest", millis(times[TIMES - 1]), "ms"),
    ])
}

/// From the request to the last room, several times, each on a socket of its own.
pub fn start_times(people: &People, token: &str, rooms: usize, times: usize) -> io::Result<Vec<Duration>> {
    let mut buffer = vec![0; 4 * 1024 * 1024];
    (0..times)
        .map(|_| {
            let mut socket = Socket::open(people.addr(), token)?;
            socket.hello(&mut buffer)?;
            let begun = Instant::now();
            let started = socket.start(&mut buffer, &contract::frames::Start::default())?;
            let time = begun.elapsed();
            match started.rooms.len() {
                told if told == rooms => Ok(time),
                told => Err(io::Error::other(format!("start told of {told} rooms, not of {rooms}"))),
            }
        })
        .collect()
}
