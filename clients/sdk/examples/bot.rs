//! A bot that answers: everyone who says `!time` is told the time. Start it again, and it goes on where it was.
//!
//! NATTER_PASSWORD=… cargo run -p natter-client --example bot -- localhost:8080 timebot

use natter_client::contract::events::LogContent;
use natter_client::{Error, LiveOptions, NewMessage, Server, SessionFile};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err(Error::Invalid("usage: bot <address> <user>".to_owned()));
    };
    let server = Server::new(address.parse().map_err(|error| Error::Invalid(format!("{error}")))?)?;
    let file = SessionFile::new(std::env::temp_dir().join(format!("natter-bot-{name}.json")));
    let client = match server.resume(file.clone())? {
        Some(client) => client,
        None => {
            let password = std::env::var("NATTER_PASSWORD").unwrap_or_default();
            server.sign_in_and_keep(&name, &password, "bot", file).await?
        }
    };
    let (live, mut updates) = client.live(LiveOptions::default());
    while let Some(event) = updates.next_event().await {
        if let Some(LogContent::MessageCreated(message)) = &event.content
            && message.body == "!time"
            && message.author.id != client.user_id()
        {
            let answer = NewMessage::new(event.room_id, format!("It is {}.", event.at));
            live.send(answer).await?;
        }
    }
    Ok(())
}
