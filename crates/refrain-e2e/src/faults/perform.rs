//! One case: music, the fault, and what came of it.

use super::{
    case::{Case, Music, Order},
    given::decisions,
    ground::Ground,
    heard::{is_silent, longest_silence, music_since, plays},
    judge::{Seen, Told, judge},
    report::Row,
};
use crate::harness::{
    Stage,
    listener::Listener,
    process::error_lines,
    timecode::{Jumps, Timecode},
    world,
};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How often the simulator is asked.
const POLL: Duration = Duration::from_millis(200);
/// How long what is no fault may take: much longer than it should, for machines under load.
const PATIENCE: Duration = Duration::from_secs(60);
/// Music that comes between two faults of a case, and after a command, in milliseconds.
const BEFORE_MS: f64 = 3_000.0;
/// The music is as it should be and the decisions are not: how much longer they are waited for, in milliseconds.
const LATE_DECISION_MS: f64 = 4_000.0;

/// Carries a case out.
pub(super) async fn perform(ground: &Ground, case: &Case) -> Row {
    let begun = Instant::now();
    let outcome = match ground.stage(case).await {
        Ok(mut stage) => {
            let outcome = Performance::new(case, &mut stage).go().await;
            if !outcome.as_ref().is_ok_and(|seen| judge(case, seen).is_empty()) {
                keep_plot(ground, case, &stage).await;
            }
            outcome
        }
        Err(error) => Err(error),
    };
    Row::new(case, outcome, begun.elapsed())
}

/// Leaves a picture of what was heard beside the logs; there is none where nothing was.
async fn keep_plot(ground: &Ground, case: &Case, stage: &Stage) {
    let path = format!("/sim/listeners/{}/plot.svg", world::GUILD);
    if let Ok(picture) = stage.control.bytes(&path).await {
        let _lost = std::fs::write(ground.folder(case).join("heard.svg"), picture);
    }
}

struct Performance<'a> {
    case: &'a Case,
    stage: &'a mut Stage,
    /// The bot's log lines that were there before the fault.
    lines: usize,
    /// When the fault was, on the simulator's clock.
    fault_ms: f64,
    /// When all of it was over.
    over_ms: f64,
}

impl<'a> Performance<'a> {
    const fn new(case: &'a Case, stage: &'a mut Stage) -> Self {
        Self { case, stage, lines: 0, fault_ms: 0.0, over_ms: 0.0 }
    }

    async fn go(mut self) -> Result<Seen> {
        let case = self.case;
        self.order_all(&case.before).await?;
        self.fault_ms = self.now().await?;
        let query = json!({ "query": Ground::track(self.stage) });
        let play = self.stage.control.command(world::TEXT, world::ADA, "play", query).await?;
        if !case.faults.is_empty() {
            self.until_music(0.0, case.play_s as f64 * 1_000.0).await.context("before the fault")?;
            self.order_all(&case.arrange).await?;
            self.lines = self.stage.bot_log().len();
            self.fault_ms = f64::INFINITY;
            self.order_all(&case.faults).await?;
        }
        let settled_ms = self.wait_for_the_outcome().await?;
        let mut seen = self.look(&play, settled_ms).await?;
        if let Some(command) = &case.then {
            self.bring_back(command, &mut seen).await?;
        }
        Ok(seen)
    }

    async fn now(&self) -> Result<f64> {
        let clock = self.stage.control.get("/sim/clock").await?.unwrap_or_default();
        clock["now_ms"].as_f64().context("the simulator's clock tells no time")
    }

    async fn heard(&self) -> Result<Listener> {
        Ok(self.stage.control.listener().await?.unwrap_or_default())
    }

    async fn order_all(&mut self, orders: &[Order]) -> Result<()> {
        for order in orders {
            if order.when_back {
                let since_ms = self.over_ms;
                self.until_music(since_ms, BEFORE_MS).await.context("before the next fault")?;
            }
            if order.after_ms > 0 {
                // The fault's own script, not a wait for something to happen.
                tokio::time::sleep(Duration::from_millis(order.after_ms)).await;
            }
            let fault = self.stage.control.fault(&order.kind, order.body()).await?;
            self.fault_ms = self.fault_ms.min(fault.at_ms);
            self.over_ms = self.over_ms.max(fault.at_ms + order.lasts_ms());
        }
        Ok(())
    }

    /// Waits until there has been so much music since then.
    async fn until_music(&mut self, since_ms: f64, enough_ms: f64) -> Result<()> {
        let start = Instant::now();
        loop {
            let report = self.heard().await?;
            if music_since(&report, since_ms) >= enough_ms && plays(&report) {
                return Ok(());
            }
            self.stage.check_alive("music")?;
            if start.elapsed() > PATIENCE {
                bail!("no music within {} s{}", PATIENCE.as_secs(), self.stage.last_words());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Watches until all is as it should be, or the time is up. Tells when it was first so, apart from the watching.
    async fn wait_for_the_outcome(&mut self) -> Result<Option<f64>> {
        let case = self.case;
        let last_ms = self.over_ms.max(self.fault_ms) + case.within_s as f64 * 1_000.0;
        let watched_ms = self.over_ms.max(self.fault_ms) + case.watch_s as f64 * 1_000.0;
        let mut settled_ms = None;
        loop {
            let (report, now_ms) = (self.heard().await?, self.now().await?);
            let seat = self.stage.control.seat(world::BOT).await?;
            let music = match case.music {
                Music::Back => plays(&report) && seat.as_deref() == Some(case.wanted_channel()),
                Music::StaysOut => is_silent(&report) && seat.is_none(),
                Music::Waits => is_silent(&report),
            };
            let given: Vec<String> =
                decisions(&self.stage.bot_log_from(self.lines)).into_iter().map(|one| one.verdict).collect();
            let verdict = case.verdict.iter().any(|pattern| pattern.matches(&given));
            if !(music && verdict) {
                settled_ms = None;
            } else if settled_ms.is_none() {
                settled_ms = Some(now_ms);
            }
            let long_enough = match case.music {
                Music::Back => report.heard_until_ms >= watched_ms,
                Music::StaysOut | Music::Waits => {
                    now_ms >= settled_ms.unwrap_or(f64::INFINITY).max(self.over_ms) + case.watch_s as f64 * 1_000.0
                }
            };
            if settled_ms.is_some() && long_enough || now_ms > last_ms {
                return Ok(settled_ms);
            }
            if music && case.music == Music::Back && report.heard_until_ms > watched_ms + LATE_DECISION_MS {
                return Ok(None);
            }
            if self.stage.check_alive("the outcome").is_err() {
                return Ok(None);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Everything that there is to see.
    async fn look(&mut self, play: &str, settled_ms: Option<f64>) -> Result<Seen> {
        let report = self.heard().await?;
        let mut errors = error_lines(&self.stage.bot_log());
        errors.retain(|error| !self.case.errors.iter().any(|expected| error.contains(expected)));
        if let Err(error) = self.stage.check_alive("the outcome") {
            errors.push(format!("{error:#}"));
        }
        let answer = self.stage.control.interaction(play).await?;
        let answer = crate::harness::control::Message::new(answer["message"].clone()).words();
        let timecode = self.timecode().await?;
        let joining = self.case.faults.is_empty();
        Ok(Seen {
            decisions: decisions(&self.stage.bot_log_from(self.lines)),
            plays: plays(&report),
            silent: is_silent(&report),
            seat: self.stage.control.seat(world::BOT).await?,
            silence_ms: report.first_frame_ms.map(|_| longest_silence(&report, self.fault_ms)),
            jumps: if joining { begun_at(&timecode) } else { timecode.jumps_since(self.fault_ms) },
            new_session: report.sessions.iter().any(|session| session.connected_ms >= self.fault_ms),
            joins: self.joins_since(self.fault_ms).await?,
            joins_when_out: match settled_ms {
                Some(settled_ms) => self.joins_since(settled_ms).await?,
                None => 0,
            },
            told: self.told().await?,
            answer: joining.then_some(answer),
            bad_frames: report.bad_frames(),
            errors,
            back_by_command: None,
        })
    }

    async fn timecode(&self) -> Result<Timecode> {
        self.stage.control.timecode().await
    }

    /// How often the bot asked for a voice channel since then.
    async fn joins_since(&self, since_ms: f64) -> Result<u64> {
        let log = self.stage.control.log(since_ms).await?;
        let asks = |frame: &&Value| frame["op"] == 4 && frame["payload"]["d"]["channel_id"].is_string();
        let from_bot = |frame: &&Value| {
            frame["direction"] == "from_client"
                && frame["connection"].as_str().is_some_and(|name| name.starts_with("gateway"))
        };
        Ok(log.iter().filter(from_bot).filter(asks).count() as u64)
    }

    /// What the bot told people in the text channel since the fault, without being asked.
    async fn told(&self) -> Result<Vec<Told>> {
        let messages = self.stage.control.messages(world::TEXT).await?;
        let own = messages.iter().filter(|message| {
            let raw = message.raw();
            raw["author"]["id"] == world::BOT
                && raw["interaction"].is_null()
                && raw["at_ms"].as_f64().is_some_and(|at_ms| at_ms >= self.fault_ms)
        });
        let told = own.map(|message| Told {
            words: message.words(),
            edits: message.raw()["edits"].as_array().map_or(0, Vec::len),
            deleted: !message.raw()["deleted_ms"].is_null(),
        });
        Ok(told.collect())
    }

    /// A person asks the music back; whether it comes, and where it goes on.
    async fn bring_back(&mut self, command: &str, seen: &mut Seen) -> Result<()> {
        let asked_ms = self.now().await?;
        self.stage.control.command(world::TEXT, world::ADA, command, json!({})).await?;
        let back = self.until_music(asked_ms, BEFORE_MS).await;
        seen.back_by_command = Some(back.is_ok());
        seen.jumps = self.timecode().await?.jumps_since(self.fault_ms);
        Ok(())
    }
}

/// A track that begins anywhere but at its beginning is off by so much.
fn begun_at(timecode: &Timecode) -> Option<Jumps> {
    let skipped_ms = timecode.begins_at()?;
    let jumps = timecode.jumps_since(0.0)?;
    Some(Jumps { skipped_ms: jumps.skipped_ms + skipped_ms, ..jumps })
}
