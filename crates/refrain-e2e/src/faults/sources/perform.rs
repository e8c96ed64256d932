//! One case: music, the source breaks, and what came of it.

use super::{
    case::{Moment, SourceCase, SourceMusic, SourceOrder},
    ground::{SHOW, STATION, SourceGround},
    judge::{SourceSeen, judge},
};
use crate::{
    faults::{
        heard::{is_silent, longest_silence, music_since, plays},
        judge::Told,
        report::Row,
    },
    harness::{
        Setting, Stage,
        control::{Control, Message},
        process::error_lines,
        world,
    },
    media::{Request, RuleId},
};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// How often the simulator is asked.
const POLL: Duration = Duration::from_millis(200);
/// How long what is no fault may take: much longer than it should, for machines under load.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the music is watched once it is as it should be.
const WATCH: Duration = Duration::from_secs(4);
/// A show's playlist begins with so much of it.
const SHOW_BEGINS_WITH: Duration = Duration::from_secs(6);

/// Carries a case out, in a folder of its own.
pub(crate) async fn perform(ground: &SourceGround, folder: &Path, case: &SourceCase) -> Row {
    let begun = Instant::now();
    let outcome = match stage(ground, folder).await {
        Ok(mut stage) => {
            let outcome = Performance::new(case, &mut stage).go().await;
            if !outcome.as_ref().is_ok_and(|seen| judge(case, seen).is_empty()) {
                keep_plot(folder, &stage).await;
            }
            outcome
        }
        Err(error) => Err(error),
    };
    Row::of_source(case, outcome, begun.elapsed())
}

async fn stage(ground: &SourceGround, folder: &Path) -> Result<Stage> {
    std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let setting = Setting {
        binaries: ground.binaries(),
        sounds: ground.sounds(),
        folder: Some(folder.to_owned()),
        elsewhere: None,
        latency_ms: 0,
    };
    let stage = Stage::start(setting).await?;
    SourceGround::set_up(&stage.media);
    stage.sit(world::ADA, world::MUSIC).await?;
    Ok(stage)
}

/// Leaves a picture of what was heard beside the logs; there is none where nothing was.
async fn keep_plot(folder: &Path, stage: &Stage) {
    if let Ok(picture) = stage.control.bytes(&format!("/sim/listeners/{}/plot.svg", world::GUILD)).await {
        let _lost = std::fs::write(folder.join("heard.svg"), picture);
    }
}

struct Performance<'a> {
    case: &'a SourceCase,
    stage: &'a mut Stage,
    /// The interactions that asked for music.
    plays: Vec<String>,
    /// When the fault was ordered, on the simulator's clock and on the media server's.
    fault_ms: f64,
    fault_at: Duration,
    /// When the source answered again, on the simulator's clock and on the media server's.
    over_ms: f64,
    over_at: Duration,
}

impl<'a> Performance<'a> {
    const fn new(case: &'a SourceCase, stage: &'a mut Stage) -> Self {
        let none = Duration::ZERO;
        Self { case, stage, plays: Vec::new(), fault_ms: 0.0, fault_at: none, over_ms: 0.0, over_at: none }
    }

    async fn go(mut self) -> Result<SourceSeen> {
        let case = self.case;
        for order in &case.arrange {
            self.stage.media.order(order.rule());
        }
        match case.moment {
            Moment::Opening => {
                self.break_the_source(async |this: &mut Self| this.ask_for_music(false).await).await?;
            }
            Moment::Playing | Moment::Between => {
                self.ask_for_music(true).await?;
                self.break_the_source(async |_: &mut Self| Ok(())).await?;
            }
            Moment::Restart => {
                self.ask_for_music(true).await?;
                self.stage.kill_bot().await?;
                self.break_the_source(async |this: &mut Self| this.stage.restart_bot().await).await?;
            }
        }
        self.wait_for_the_outcome().await?;
        self.look().await
    }

    async fn now_ms(&self) -> Result<f64> {
        let clock = self.stage.control.get("/sim/clock").await?.unwrap_or_default();
        clock["now_ms"].as_f64().context("the simulator's clock tells no time")
    }

    /// Asks for all tracks of the case; `heard`: and waits until the first has played for a while.
    async fn ask_for_music(&mut self, heard: bool) -> Result<()> {
        let (mut asked, case) = (case_queries(self.case, self.stage), self.case);
        let later = asked.split_off(1);
        self.ask_for(asked).await?;
        if heard {
            // What is asked for later must come later, so the first has to be there.
            self.until_music(1_000.0).await?;
        }
        self.ask_for(later).await?;
        if heard {
            if case.looped {
                self.stage.ask("loop", json!({})).await?;
            }
            for play in self.plays.clone() {
                self.stage.answer(&play, "play").await?;
            }
            self.until_music(case.play_s as f64 * 1_000.0).await?;
        }
        Ok(())
    }

    async fn ask_for(&mut self, queries: Vec<String>) -> Result<()> {
        for query in queries {
            let options = json!({ "query": query });
            self.plays.push(self.stage.control.command(world::TEXT, world::ADA, "play", options).await?);
        }
        Ok(())
    }

    /// Waits until so much music has been heard in all.
    async fn until_music(&mut self, enough_ms: f64) -> Result<()> {
        let start = Instant::now();
        while music_since(&self.stage.control.listener().await?.unwrap_or_default(), 0.0) < enough_ms {
            self.stage.check_alive("music")?;
            if start.elapsed() > PATIENCE {
                bail!("no music within {} s{}", PATIENCE.as_secs(), self.stage.last_words());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Orders the faults, does what makes the bot meet them, and lifts those that last for a time. The time of each counts
    /// from when it was first met.
    async fn break_the_source(&mut self, act: impl AsyncFnOnce(&mut Self) -> Result<()>) -> Result<()> {
        (self.fault_ms, self.fault_at) = (self.now_ms().await?, self.stage.media.now());
        let mut lasting: Vec<(&SourceOrder, RuleId)> = Vec::new();
        for order in &self.case.faults {
            // Looked at before it is ordered: a body on its way is hit at once.
            let rule = order.rule();
            let rule =
                if order.for_ms.is_some() { crate::media::FaultRule::new(&order.path, rule.fault) } else { rule };
            let id = self.stage.media.order(rule);
            if order.for_ms.is_some() {
                lasting.push((order, id));
            }
        }
        act(self).await?;
        let mut over: Option<Instant> = None;
        for (order, _) in &lasting {
            let hit_at_once = order.fault.hits_bodies() && self.case.moment == Moment::Playing;
            if !hit_at_once {
                self.until_met(order).await?;
            }
            let end = Instant::now() + Duration::from_millis(order.lasts_ms());
            over = Some(over.map_or(end, |over| over.max(end)));
        }
        if let Some(over) = over {
            // The fault's own script, not a wait for something to happen.
            tokio::time::sleep_until(over.into()).await;
            for (_, id) in lasting {
                self.stage.media.lift(id);
            }
        }
        (self.over_ms, self.over_at) = (self.now_ms().await?, self.stage.media.now());
        Ok(())
    }

    async fn until_met(&mut self, order: &SourceOrder) -> Result<()> {
        let start = Instant::now();
        while self.stage.media.requests_for(&order.path, self.fault_at).is_empty() {
            self.stage.check_alive("a request that meets the fault")?;
            if start.elapsed() > PATIENCE {
                bail!("the bot never asked for {}{}", order.path, self.stage.last_words());
            }
            tokio::time::sleep(POLL / 4).await;
        }
        Ok(())
    }

    /// Watches until all is as it should be for a while, or the time is up.
    async fn wait_for_the_outcome(&mut self) -> Result<()> {
        let limit = Duration::from_secs(self.case.within_s) + WATCH;
        let start = Instant::now();
        let mut settled: Option<Instant> = None;
        let mut requests = 0;
        loop {
            let report = self.stage.control.listener().await?.unwrap_or_default();
            let well = match self.case.music {
                // It has not stopped while it asks for more.
                SourceMusic::Stops => {
                    let before = std::mem::replace(&mut requests, self.requests().len());
                    is_silent(&report) && requests > 0 && requests == before
                }
                SourceMusic::Resumes | SourceMusic::Present | SourceMusic::PassedOver => {
                    plays(&report) && self.stage.control.timecode().await?.order().last() == self.case.heard.last()
                }
            };
            settled = if well { settled.or_else(|| Some(Instant::now())) } else { None };
            let dead = self.stage.check_alive("the outcome").is_err();
            if settled.is_some_and(|since| since.elapsed() > WATCH) || start.elapsed() > limit || dead {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Everything that there is to see.
    async fn look(&mut self) -> Result<SourceSeen> {
        let report = self.stage.control.listener().await?.unwrap_or_default();
        let timecode = self.stage.control.timecode().await?;
        let behind_ms = self.behind_ms(&timecode).await?;
        let mut errors = error_lines(&self.stage.bot_log());
        errors.retain(|error| !self.case.errors.iter().any(|expected| error.contains(expected)));
        if let Err(error) = self.stage.check_alive("the outcome") {
            errors.push(format!("{error:#}"));
        }
        let all_requests = self.requests();
        let requests = all_requests.iter().filter(|request| request.at < self.over_at).cloned().collect();
        let told = told(&self.stage.control, self.fault_ms).await?;
        let mut answers = Vec::new();
        for play in &self.plays {
            let interaction = self.stage.control.interaction(play).await?;
            answers.push(Message::new(interaction["message"].clone()).words());
        }
        let mut queue = String::new();
        for command in ["queue", "now-playing"] {
            queue.push_str(&self.stage.ask(command, json!({})).await?.words);
        }
        Ok(SourceSeen {
            plays: plays(&report),
            silent: is_silent(&report),
            silence_ms: report.first_frame_ms.map(|_| longest_silence(&report, self.fault_ms)),
            timecode,
            behind_ms,
            told,
            answers,
            queue,
            requests,
            all_requests,
            errors,
        })
    }

    /// The requests that met the faults, or would have.
    fn requests(&self) -> Vec<Request> {
        let mut paths: Vec<&str> = self.case.faults.iter().map(|order| order.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut requests: Vec<Request> =
            paths.iter().flat_map(|path| self.stage.media.requests_for(path, self.fault_at)).collect();
        requests.sort_by_key(|request| request.at);
        requests
    }

    /// How far what is heard is behind what a station, or a show, sends.
    async fn behind_ms(&self, timecode: &crate::harness::timecode::Timecode) -> Result<Option<f64>> {
        let begun = match self.case.heard.last() {
            Some(&STATION) => Duration::ZERO,
            Some(&SHOW) => SHOW_BEGINS_WITH,
            Some(_) | None => return Ok(None),
        };
        let Some(last) = timecode.segments.last() else { return Ok(None) };
        let (now_ms, on_air) = (self.now_ms().await?, self.stage.media.now() + begun);
        let on_air_then_ms = on_air.as_secs_f64() * 1_000.0 - (now_ms - last.end_ms());
        Ok(Some(on_air_then_ms - last.to_ms))
    }
}

fn case_queries(case: &SourceCase, stage: &Stage) -> Vec<String> {
    case.play.iter().map(|path| stage.media.url(path)).collect()
}

/// What the bot told members in the text channel since then, without being asked; a panel is an answer, or has buttons.
async fn told(control: &Control, since_ms: f64) -> Result<Vec<Told>> {
    let messages = control.messages(world::TEXT).await?;
    let own = messages.iter().filter(|message| {
        let raw = message.raw();
        let ever_had_buttons = |value: &Value| value["components"].as_array().is_some_and(|rows| !rows.is_empty());
        let edits = raw["edits"].as_array().into_iter().flatten();
        raw["author"]["id"] == world::BOT
            && raw["interaction"].is_null()
            && !ever_had_buttons(raw)
            && !edits.into_iter().any(ever_had_buttons)
            && raw["at_ms"].as_f64().is_some_and(|at_ms| at_ms >= since_ms)
    });
    let told = own.map(|message| Told {
        words: message.words(),
        edits: message.raw()["edits"].as_array().map_or(0, Vec::len),
        deleted: !message.raw()["deleted_ms"].is_null(),
    });
    Ok(told.collect())
}
