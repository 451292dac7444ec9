//! A room with ten thousand messages, and a screen that nothing happens on.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;
use testkit::Rest;

use crate::keys::Key;
use crate::pty::Pty;
use crate::world::{PASSWORD, World, room};

const MESSAGES: usize = 10_000;

/// CPU time that a process has used.
fn cpu_time(pid: i32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // After the name, which is in parentheses: fields 14 and 15 are ticks of 10 ms in user and system mode (proc(5)).
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_room_is_scrolled_to_its_beginning_and_an_idle_screen_costs_nothing() {
    let world = World::start().await;
    world.account("ada").await;
    world.account("bob").await;
    let dev = room("long", &[&world.client("bob").await, &world.client("ada").await]).await.to_string();
    let rest = Rest::new(world.addr());
    let bob = rest.sign_in("bob", PASSWORD).await;
    // The first one by itself, so that it is the first.
    let say = |number: usize| {
        let (rest, bob, dev) = (&rest, &bob, dev.as_str());
        async move { rest.say(bob, dev, &format!("message {number} of many")).await }
    };
    say(0).await;
    iter(1..MESSAGES).map(say).buffer_unordered(64).count().await;
    let mut pty = world.sits_down("ada", 80, 24);
    pty.type_line("/join long");
    pty.wait_for("of many");
    let before = cpu_time(pty.pid());
    let mut pages = 0;
    // Older messages come by themselves as one goes up.
    while !pty.screen().contains("message 0 of") {
        let seen = pty.screen();
        pty.press(Key::PageUp);
        pages += 1;
        pty.wait_until("another page", |screen| screen.contents() != seen);
    }
    let used = cpu_time(pty.pid()) - before;
    println!("{MESSAGES} messages in {pages} pages: {used:?} of CPU time, {:?} a page", used / pages);
    pty.press(Key::CtrlEnd);
    pty.wait_until("the newest", |screen| screen.contents().contains(&format!("#{} ", MESSAGES + 3)));
    assert_idle(&pty).await;
}

/// A screen on which nothing happens is not drawn, and asks for nothing: measured in CPU time, over a few seconds.
async fn assert_idle(pty: &Pty) {
    let at = cpu_time(pty.pid());
    // The mark of what was read may still be told.
    let _ = tokio::time::timeout(Duration::from_secs(4), std::future::pending::<()>()).await;
    let used = cpu_time(pty.pid()) - at;
    assert!(used <= Duration::from_millis(60), "an idle screen used {used:?}");
}
