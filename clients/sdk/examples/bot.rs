//! A bot that tells the time to everyone who says `!time`. Start it as
//! `NATTER_PASSWORD=… cargo run -p natter-client --example bot -- localhost:8080 timebot`

use natter_client::contract::events::LogContent;
use natter_client::{LiveOptions, NewMessage, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, name] = &arguments[..] else { return Err("usage: bot <address> <user>".into()) };
    let password = std::env::var("NATTER_PASSWORD")?;

    let client = Server::new(address.parse()?)?.sign_in(name, &password, "bot").await?;
    let (live, mut updates) = client.live(LiveOptions::default());
    println!("{name} listens. Ctrl-C stops it.");

    // Every event once and in order, however often the connection is lost. What is sent arrives once as well.
    while let Some(event) = updates.next_event().await {
        if let Some(LogContent::MessageCreated(message)) = &event.content
            && message.body == "!time"
            && message.author.id != client.user_id()
        {
            live.send(NewMessage::new(event.room_id, format!("It is {}.", event.at))).await?;
        }
    }
    Err("the connection has ended for good".into())
}
