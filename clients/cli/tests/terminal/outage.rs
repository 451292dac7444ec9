//! A server that dies while somebody writes.

use natter_client::Around;

use crate::keys::Key;
use crate::world::{World, room};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_the_server_is_down_arrives_once_and_in_order() {
    let mut world = World::start().await;
    world.account("ada").await;
    world.account("bob").await;
    let reader = world.client("bob").await;
    let dev = room("dev", &[&world.client("ada").await, &reader]).await;
    let mut ada = world.sits_down("ada", 80, 24);
    let mut bob = world.sits_down("bob", 80, 24);
    for pty in [&mut ada, &mut bob] {
        pty.type_line("/join dev");
        pty.wait_for("Joined room: dev");
    }
    ada.type_line("before");
    bob.wait_for("ada: before");
    ada.type_text("half a line");
    world.kill().await;
    ada.wait_for("reconnecting");
    bob.wait_for("reconnecting");
    ada.type_text(" and the rest");
    ada.press(Key::Enter);
    ada.type_line("second");
    ada.wait_for("(waiting");
    bob.type_line("from bob");
    assert_eq!(bob.count("ada: half"), 0);
    world.revive().await;
    ada.wait_for("bob: from bob");
    bob.wait_for("ada: half a line and the rest");
    bob.wait_for("ada: second");
    ada.wait_until_gone("(waiting");
    for pty in [&ada, &bob] {
        pty.wait_for("connected");
        for text in ["before", "half a line and the rest", "second", "from bob"] {
            let said = format!(": {text}");
            assert_eq!(pty.count(&said), 1, "{said} in {}", pty.screen());
        }
    }
    let history = reader.history(dev, Around::Newest, 50).await.unwrap();
    let own: Vec<&str> =
        history.items.iter().filter(|item| item.author.username == "ada").map(|item| item.body.as_str()).collect();
    assert_eq!(own, ["before", "half a line and the rest", "second"]);
    assert_eq!(history.items.len(), 4);
    // What has not been sent is not thrown away by a slip.
    world.kill().await;
    ada.wait_for("reconnecting");
    ada.type_line("never mind");
    ada.type_line("/quit");
    ada.wait_for("A message has not been sent yet");
    ada.type_line("/quit");
    assert_eq!(ada.exit().code, 0);
}
