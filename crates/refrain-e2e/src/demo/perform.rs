//! The demo's steps, as a person and a misbehaving voice server take them, with the listener watched all the while.

use super::{
    source::{Query, Source},
    view::{Hearing, View},
};
use crate::{
    harness::{Stage, control::Message, listener::Listener, world},
    measure::SILENT_DBFS,
};
use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};

/// How often the listener is asked.
const POLL: Duration = Duration::from_millis(100);
/// Music before the fault, in steps of 100 ms.
const BEFORE: usize = 80;
/// Music after it, in steps.
const AFTER: usize = 100;
/// How long the first note may take.
const FIRST_NOTE: Duration = Duration::from_secs(60);
/// How long it may take once the bot has answered: an answer without music is a refusal.
const AFTER_ANSWER: Duration = Duration::from_secs(15);
/// How long the music before the fault may take to come.
const PLAYING: Duration = Duration::from_secs(25);
/// How long the music may stay away, with the music after it.
const RETURNING: Duration = Duration::from_secs(35);
/// How long the recording is written on after the stop was ordered.
const STOPPING: Duration = Duration::from_secs(10);

/// What the run left behind. Times are milliseconds on the simulator's clock.
#[derive(Debug, Default)]
pub(super) struct Performance {
    /// What happened, in order.
    pub(super) events: Vec<(f64, String)>,
    /// When the `/play` reached the bot.
    pub(super) delivered_ms: Option<f64>,
    /// When the fault happened.
    pub(super) fault_ms: Option<f64>,
    /// When the music was told to stop.
    pub(super) stop_ms: Option<f64>,
    /// The listener's last report.
    pub(super) listener: Listener,
    /// The recording, a WAV file.
    pub(super) recording: Option<Vec<u8>>,
    /// What the bot answered to the `/play`.
    pub(super) answer: Option<String>,
}

/// The run in progress.
pub(super) struct Performer<'a> {
    stage: &'a mut Stage,
    view: &'a mut View,
    hearing: Hearing,
    /// A moment on both clocks: this process's and the simulator's.
    clocks: Option<(Instant, f64)>,
    done: Performance,
}

impl<'a> Performer<'a> {
    /// Ready to begin.
    pub(super) fn new(stage: &'a mut Stage, view: &'a mut View) -> Self {
        let done = Performance::default();
        Self { stage, view, hearing: Hearing::Waiting, clocks: None, done }
    }

    /// Goes through all steps. What has been gathered is handed back even when one of them fails.
    pub(super) async fn perform(mut self, source: &Source, code: u16) -> (Performance, Result<()>) {
        let steps = self.steps(source, code).await;
        let kept = self.keep().await;
        self.view.end();
        (self.done, steps.and(kept))
    }

    async fn steps(&mut self, source: &Source, code: u16) -> Result<()> {
        if !self.play(source).await? {
            return Ok(());
        }
        let first = self.first_step();
        self.watch(PLAYING, |report| music_after(report, first) >= BEFORE).await?;
        self.break_connection(code).await?;
        let fault = self.step_of(self.done.fault_ms.unwrap_or_default());
        let half = self.watch(RETURNING, |report| music_after(report, fault) >= AFTER / 2).await?;
        if half {
            self.ask_what_plays().await?;
            self.watch(RETURNING, |report| music_after(report, fault) >= AFTER).await?;
        }
        self.stop().await
    }

    /// Gives the command and waits for the first note; false when none comes.
    async fn play(&mut self, source: &Source) -> Result<bool> {
        let query = match &source.query {
            Query::OnStage(path) => self.stage.media.url(path),
            Query::Elsewhere(url) => url.clone(),
        };
        self.stage.sit(world::ADA, world::MUSIC).await?;
        self.view.restart_clock();
        self.view.event(&format!("Ada, in the voice channel Music, types /play {query}"));
        let id = self.stage.control.command(world::TEXT, world::ADA, "play", json!({ "query": query })).await?;
        let given = Instant::now();
        let mut answered = None;
        while given.elapsed() < FIRST_NOTE && answered.is_none_or(|at: Instant| at.elapsed() < AFTER_ANSWER) {
            let interaction = self.stage.control.interaction(&id).await?;
            if let (None, Some(at_ms)) = (self.done.delivered_ms, interaction["delivered_ms"].as_f64()) {
                self.done.delivered_ms = Some(at_ms);
                self.clocks = Some((given, at_ms));
                self.remember(at_ms, "/play reaches the bot".to_owned());
            }
            let words = Message::new(interaction["message"].clone()).words();
            if answered.is_none() && interaction["state"] == "answered" && !words.is_empty() {
                answered = Some(Instant::now());
                self.event(&format!("the bot answers: {}", one_line(&words)));
                self.done.answer = Some(words);
            }
            self.look().await?;
            if self.done.listener.first_frame_ms.is_some() {
                return Ok(true);
            }
            tokio::time::sleep(POLL / 2).await;
        }
        Ok(false)
    }

    async fn break_connection(&mut self, code: u16) -> Result<()> {
        let fault = self.stage.control.fault("close", json!({ "code": code })).await?;
        self.clocks = Some((Instant::now(), fault.at_ms));
        self.done.fault_ms = Some(fault.at_ms);
        self.event(&format!("the voice server closes the connection with {code}"));
        Ok(())
    }

    async fn ask_what_plays(&mut self) -> Result<()> {
        let answer = self.stage.ask("now-playing", json!({})).await?;
        self.event(&format!("/now-playing: {}", one_line(&answer.words)));
        Ok(())
    }

    async fn stop(&mut self) -> Result<()> {
        let id = self.stage.control.command(world::TEXT, world::ADA, "stop", json!({})).await?;
        let answer = self.stage.answer(&id, "stop").await?;
        self.done.stop_ms = answer.delivered_ms();
        self.event(&format!("/stop: {}", one_line(&answer.words)));
        self.watch(STOPPING, |report| !report.is_music_heard()).await.map(drop)
    }

    /// Fetches what is to be kept.
    async fn keep(&mut self) -> Result<()> {
        if let Some(listener) = self.stage.control.listener().await? {
            self.done.listener = listener;
            self.done.recording = Some(self.stage.control.recording().await?);
        }
        Ok(())
    }

    /// Watches until `enough`; false when that is not within `limit`.
    async fn watch(&mut self, limit: Duration, enough: impl Fn(&Listener) -> bool) -> Result<bool> {
        let start = Instant::now();
        while start.elapsed() < limit {
            self.look().await?;
            if enough(&self.done.listener) {
                return Ok(true);
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(false)
    }

    /// Looks once at what the listener hears and tells what has changed.
    async fn look(&mut self) -> Result<()> {
        if let Some(listener) = self.stage.control.listener().await? {
            self.done.listener = listener;
        }
        let now = self.hears();
        let level = self.done.listener.level_now();
        if now != self.hearing {
            self.hearing = now;
            match now {
                Hearing::Waiting => {}
                Hearing::Playing => self.view.event("the listener hears the music"),
                Hearing::Silence => self.view.event("the listener hears nothing any more"),
                Hearing::Back => self.view.event("the listener hears the music again"),
            }
        }
        self.view.level(now, level);
        Ok(())
    }

    /// What the listener hears now. Short silences are over by the time that they are seen: they count as well.
    fn hears(&self) -> Hearing {
        let report = &self.done.listener;
        let Some(fault_ms) = self.done.fault_ms else {
            return if report.first_frame_ms.is_some() { Hearing::Playing } else { Hearing::Waiting };
        };
        let last = report.silences.iter().rfind(|silence| silence.start_ms >= fault_ms - 100.0);
        match last {
            None => self.hearing,
            Some(silence) if silence.open => Hearing::Silence,
            Some(_) => Hearing::Back,
        }
    }

    /// Tells something that happens now.
    fn event(&mut self, text: &str) {
        self.view.event(text);
        if let Some((then, at_ms)) = self.clocks {
            self.remember(at_ms + then.elapsed().as_secs_f64() * 1000.0, text.to_owned());
        }
    }

    fn remember(&mut self, at_ms: f64, text: String) {
        self.done.events.push((at_ms, text));
    }

    fn first_step(&self) -> usize {
        self.step_of(self.done.listener.first_frame_ms.unwrap_or_default())
    }

    /// The step of the level in which a moment of the simulator's clock lies.
    fn step_of(&self, at_ms: f64) -> usize {
        ((at_ms - self.done.listener.start_ms) / 100.0).max(0.0) as usize
    }
}

/// How many steps after `step` were music.
fn music_after(report: &Listener, step: usize) -> usize {
    report.level.iter().skip(step + 1).filter(|&&level| level > SILENT_DBFS).count()
}

/// A message on one line of the terminal.
fn one_line(words: &str) -> String {
    let named = words.replace(&format!("<@{}>", world::ADA), "@ada");
    let line = named.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 100 { line } else { line.chars().take(99).chain(['…']).collect() }
}
