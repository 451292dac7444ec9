//! Whatever is wrong with a request, it is refused with the right problem and nothing else happens; never a 5xx.

mod bodies;
mod endpoints;
mod paths;
mod queries;
mod tokens;

use serde_json::json;
use testkit::Person;

use crate::server::Server;

/// A server with two people, a public room of ada's, and a private one that bob must not know of.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) ada: Person,
    pub(crate) bob: Person,
    pub(crate) room: String,
    pub(crate) private: String,
}

impl Scene {
    pub(crate) async fn open() -> Self {
        let server = Server::start(&[]).await;
        let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
        let room = server.rest.room(&ada).await;
        let asked = json!({"name": "secret", "kind": "private"});
        let private = server.rest.post("/v1/rooms", &ada.token, asked).await.expect(201);
        let private = private["room"]["id"].as_str().unwrap().to_owned();
        Self { server, ada, bob, room, private }
    }

    /// A path with real ids.
    pub(crate) fn path(&self, template: &str) -> String {
        template.replace("{room}", &self.room).replace("{user}", &self.bob.id)
    }

    /// Checks that nothing of all that was refused has happened, and that the server does its work.
    pub(crate) async fn check_unharmed(&self) {
        let rest = &self.server.rest;
        let ada = rest.sign_in(&self.ada.username, &self.ada.password).await;
        let page = rest.get(&format!("/v1/rooms/{}/events", self.room), &ada.token).await.expect(200);
        assert_eq!(page["head_seq"], 2, "something that was refused has happened: {page}");
        let mine = rest.get("/v1/users/me/rooms", &ada.token).await.expect(200);
        assert_eq!(mine["items"].as_array().unwrap().len(), 3, "the default room, and two of her own");
        let mut live = rest.live(&ada, json!({})).await;
        assert_eq!(rest.say(&ada, &self.room, "all is well").await, 3);
        assert_eq!(live.event("message.created").await["data"]["body"], "all is well");
    }
}
