//! One client in one round, through all rows: it plays, something is done to it, it is listened to.

use super::{
    heard::{Heard, Seen},
    plan::{Order, Plan},
    row::{Kind, Row},
};
use crate::{
    conformance::{Client, drive::Driver, ear, ground::Ground, world::Place},
    harness::control::{Fault, text_or_number},
};
use anyhow::{Context as _, Error, Result};
use serde_json::{Value, json};
use std::time::Duration;

/// How long the music must be back to count: trouble that follows on a recovery is part of it.
const SETTLED_MS: f64 = 4_000.0;
/// How often it is looked whether the music is back. Nothing is measured by it.
const LOOK: Duration = Duration::from_millis(500);

/// The lane.
pub(super) struct Lane<'a> {
    driver: Driver<'a>,
    /// When the track was begun, on the simulator's clock.
    begun_ms: f64,
}

/// What was struck, and when.
struct Struck {
    at_ms: f64,
    relieved_ms: f64,
}

impl<'a> Lane<'a> {
    /// Starts the bot, in a guild at a voice server of its own: what is done to one server is done to one bot.
    pub(super) async fn start(ground: &'a Ground, client: Client) -> Result<Self> {
        let place = Place::of(client);
        settle_down(ground, &place, client).await.context("giving the guild a voice server of its own")?;
        let mut driver = Driver::new(ground, client, place);
        started(&mut driver).await.with_context(|| format!("starting {}", client.name()))?;
        Ok(Self { driver, begun_ms: 0.0 })
    }

    /// Whose it is.
    pub(super) const fn client(&self) -> Client {
        self.driver.client()
    }

    /// Has it play; one that does not gets a second chance in a process of its own.
    pub(super) async fn play(&mut self, row: Row) -> Result<()> {
        if self.begin(row).await.is_err() {
            self.renew().await?;
            self.begin(row).await.context("before the fault")?;
        }
        Ok(())
    }

    async fn begin(&mut self, row: Row) -> Result<()> {
        self.begun_ms = self.driver.now().await?;
        self.driver.order_play().await?;
        self.driver.music(self.begun_ms, row.before_ms()).await.map(drop)
    }

    /// Strikes, listens, and tells what was heard.
    pub(super) async fn suffer(&self, row: Row, watch: Duration) -> Result<Heard> {
        let plan = row.plan(&self.driver.room.place, watch);
        let mut lasting = Vec::new();
        let outcome = self.struck_and_watched(row, &plan, &mut lasting).await;
        for id in lasting {
            // What ended by itself cannot be lifted any more.
            let _over = self.driver.room.ground.control.end_fault(&id).await;
        }
        outcome
    }

    async fn struck_and_watched(&self, row: Row, plan: &Plan, lasting: &mut Vec<String>) -> Result<Heard> {
        for order in &plan.weather {
            lasting.push(self.order(order).await?.1);
        }
        let (at_ms, id) = self.order(&plan.strike).await?;
        lasting.push(id);
        let mut struck = Struck { at_ms, relieved_ms: at_ms };
        if row == Row::Moved {
            // The person goes where the music went.
            self.driver.room.sit(Some(&self.driver.room.place.lounge)).await?;
        }
        if let Some((after, order)) = &plan.relief {
            tokio::time::sleep(*after).await;
            struck.relieved_ms = match order {
                Some(order) => self.order(order).await?.0,
                None => at_ms + after.as_secs_f64() * 1000.0,
            };
        }
        self.watch(row, plan, &struck).await?;
        self.told(row, &struck).await
    }

    /// When the simulator did it, and its id.
    async fn order(&self, order: &Order) -> Result<(f64, String)> {
        let Fault { id, at_ms } = self.driver.room.fault(self.client(), order.kind, &order.fields).await?;
        Ok((at_ms, text_or_number(&id).context("the simulator told no fault's id")?))
    }

    /// Until its music is back for a while, or for as long as anybody would wait.
    async fn watch(&self, row: Row, plan: &Plan, struck: &Struck) -> Result<()> {
        let bot = Place::bot(self.client());
        let until_ms = struck.relieved_ms + plan.watch.as_secs_f64() * 1000.0;
        loop {
            tokio::time::sleep(LOOK).await;
            let report = self.driver.report().await?;
            let is_back = ear::is_back(&report, &bot, struck.at_ms)
                && report.heard_until_ms >= struck.relieved_ms + SETTLED_MS
                && row.kind() != Kind::StayingOut;
            if is_back || self.driver.now().await? >= until_ms {
                return Ok(());
            }
        }
    }

    async fn told(&self, row: Row, struck: &Struck) -> Result<Heard> {
        let (room, client) = (&self.driver.room, self.client());
        let report = self.driver.report().await?;
        let timecode = room.timecode(client, self.begun_ms).await?;
        let frames = room.ground.control.log(struck.at_ms).await?;
        let seen = Seen {
            guild: &room.place.guild,
            struck_ms: struck.at_ms,
            relieved_ms: struck.relieved_ms,
            report: &report,
            timecode: &timecode,
            frames: &frames,
            is_out: room.seat(client).await?.is_none(),
        };
        Ok(seen.heard(row))
    }

    /// Brings it to rest for the next row. One that did not get over the last gets a process of its own for the next.
    pub(super) async fn rest(&mut self, got_over_it: bool) -> Result<()> {
        if got_over_it && self.driver.leave().await.is_ok() {
            return Ok(());
        }
        self.renew().await
    }

    async fn renew(&mut self) -> Result<()> {
        self.driver.restart().await?;
        self.driver.commands().await.map(drop).map_err(|failure| failure.error)
    }

    /// Ends it.
    pub(super) async fn end(&mut self) {
        self.driver.end().await;
    }
}

async fn started(driver: &mut Driver<'_>) -> Result<(), Error> {
    driver.login().await.map_err(|failure| failure.error)?;
    driver.commands().await.map(drop).map_err(|failure| failure.error)
}

/// All guilds begin at the first voice server; each goes to the one of its client's number.
async fn settle_down(ground: &Ground, place: &Place, client: Client) -> Result<()> {
    let voice = ground.control.get(&format!("/sim/voice?guild={}", place.guild)).await?.unwrap_or_default();
    let regions = voice["regions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let own = regions.get(client.number() as usize - 1).and_then(Value::as_str).context("there is no server for it")?;
    if voice["region"] != own {
        let order = json!({ "kind": "region", "guild": place.guild, "to": own, "code": null });
        ground.control.post("/sim/faults", &order).await?;
    }
    Ok(())
}
