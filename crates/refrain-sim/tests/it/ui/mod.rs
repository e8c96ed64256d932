//! The page in a real browser, against a real simulator and a bot that a test plays.

mod browser;
mod page;
mod singer;

use browser::Browser;
use refrain_sim::{voice::DavePolicy, world::World};
use serde_json::{Value, json};

use crate::support::{ADA, BOT, GUILD, Gateway, MUSIC, Stage, TEXT};

/// A simulator with the page, a bot that is logged in, and a browser that shows the page.
struct Scene {
    stage: Stage,
    bot: Gateway,
    page: Browser,
}

impl Scene {
    async fn open(commands: Value) -> Self {
        // The singer has no end-to-end encryption.
        let mut world = World::example();
        world.voice.dave = DavePolicy::Never;
        let stage = Stage::with(world, |options| options.ui = true).await;
        stage.register(commands).await;
        let bot = stage.bot().await;
        let page = Browser::open(stage.sim.addresses().ui.as_deref().unwrap()).await;
        // The page is live, and knows the channel.
        page.until("document.querySelector('#link.up') && document.querySelector('[data-channel=\"1200\"]')").await;
        Self { stage, bot, page }
    }

    /// The bot writes a message; answers its id.
    async fn writes(&self, message: Value) -> String {
        let (status, answer) = self.stage.rest("POST", &format!("/channels/{TEXT}/messages"), Some(message)).await;
        assert_eq!(status, 200, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// The bot answers an interaction.
    async fn answers(&self, event: &Value, callback: Value) {
        let (id, token) = (event["id"].as_str().unwrap(), event["token"].as_str().unwrap());
        let (status, answer) =
            self.stage.anonymous("POST", &format!("/interactions/{id}/{token}/callback"), Some(callback)).await;
        assert!((200..300).contains(&status), "{answer}");
    }
}
