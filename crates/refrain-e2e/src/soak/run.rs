//! One run: music in all guilds, the faults, a minute without any, and the account.

use super::{
    account::account,
    many::{Many, ManySetting, Place, stand_in},
    options::Options,
    plan::{Planned, plan},
    report::{GuildReport, Report},
    said::decisions,
    truth::{Gathered, carried_out},
};
use crate::{
    faults::ground::{empty_folder, make_track, whole},
    harness::{binaries::Binaries, listener::Listener, process::error_lines},
    media::Sound,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Marks a folder as one of ours, which may be emptied.
const MARK: &str = "refrain-soak";
/// What the media server calls the track.
const TRACK: &str = "track.ogg";
/// The length of the track: the longest that the simulator can make.
const TRACK_S: u32 = 2_600;
/// Voice servers, so that a crash does not hit every guild.
const SERVERS: usize = 4;
/// How long the music may take to begin everywhere.
const BEGIN: Duration = Duration::from_secs(120);
/// How long all must have played before the first fault.
const BEFORE: Duration = Duration::from_secs(10);
/// How long after the last fault all must play.
const AFTER_MS: f64 = 60_000.0;
/// A guild plays where nothing was missed of its last so many milliseconds.
const PLAYS_MS: f64 = 1_000.0;
/// How often the simulator is asked for what happened.
const LOOK: Duration = Duration::from_secs(2);
/// How often the person at the terminal is told.
const TELL: Duration = Duration::from_secs(60);

/// Plays, breaks, listens and accounts.
///
/// # Errors
/// When something other than the bot is at fault: a program that is missing, a simulator that does not start, music that
/// never begins.
pub async fn run(options: &Options) -> Result<Report> {
    let begun = Instant::now();
    let folder = empty_folder(&options.out, MARK)?;
    let mut stage = set_up(options, &folder).await?;
    play_everywhere(&mut stage, options).await?;
    let planned = plan(options.seed, &stage.places, options.minutes * 60_000, options.faults.into());
    let mut run = Run { stage, planned, gathered: Gathered::default(), after: 0, since: 0 };
    let script = run.faults().await?;
    let report = run.account(options, &script, begun).await?;
    report.write(&folder.join("report.json"))?;
    if let Some(path) = &options.json {
        report.write(path)?;
    }
    Ok(report)
}

async fn set_up(options: &Options, folder: &Path) -> Result<Many> {
    let yt_dlp = stand_in(folder, TRACK_S)?;
    let binaries = Binaries { bot: whole(&options.bot)?, sim: whole(&options.sim)?, yt_dlp };
    binaries.check("start this with `cargo xtask soak`, which builds what it needs")?;
    let track = folder.join(TRACK);
    make_track(&binaries.sim, &track, 1, TRACK_S).await?;
    Many::start(ManySetting {
        binaries,
        sounds: vec![(TRACK.to_owned(), Sound::File(track))],
        folder: folder.to_owned(),
        guilds: options.guilds.into(),
        decoded: Vec::new(),
        servers: SERVERS,
    })
    .await
}

/// Music in all guilds, at voice servers that are told apart.
async fn play_everywhere(stage: &mut Many, options: &Options) -> Result<()> {
    let url = stage.media.url(TRACK);
    // As many as the run may need, and one more.
    let tracks = options.minutes * 60 / u64::from(TRACK_S) + 2;
    for number in 0..stage.places.len() {
        for _ in 0..tracks {
            stage.command(number, "play", json!({ "query": url })).await?;
        }
    }
    wait_for_music(stage, 0.0).await?;
    // Guilds begin at the first server.
    let regions = stage.control.get(&format!("/sim/voice?guild={}", stage.places[0].guild)).await?.unwrap_or_default();
    let regions: Vec<Value> = regions["regions"].as_array().cloned().unwrap_or_default();
    for (number, place) in stage.places.iter().enumerate() {
        if let Some(region) = regions.get(number % SERVERS).filter(|_| number % SERVERS > 0) {
            let fault = json!({ "kind": "region", "guild": place.guild, "to": region });
            stage.control.post("/sim/faults", &fault).await?;
        }
    }
    tokio::time::sleep(BEFORE).await;
    let (now_ms, _) = stage.clock().await?;
    wait_for_music(stage, now_ms).await
}

/// Waits until each guild has been heard since then.
async fn wait_for_music(stage: &mut Many, since_ms: f64) -> Result<()> {
    let guilds = stage.places.len();
    stage
        .wait_for("music in all guilds", BEGIN, async |stage| {
            for number in 0..guilds {
                if !plays(&listener(stage, number).await?, since_ms) {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
}

async fn listener(stage: &Many, number: usize) -> Result<Listener> {
    let report = stage.listener(number).await?;
    if report.is_null() {
        return Ok(Listener::default());
    }
    serde_json::from_value(report).context("reading the listener's report")
}

/// Whether a guild is heard at the end of its report, and has been for a moment since then.
fn plays(report: &Listener, since_ms: f64) -> bool {
    let first = report.first_frame_ms.is_some_and(|first_ms| first_ms + PLAYS_MS < report.heard_until_ms);
    let end_ms = report.heard_until_ms;
    let missed = report.silences.iter().any(|one| one.start_ms + one.length_ms > end_ms - PLAYS_MS);
    first && !missed && end_ms - PLAYS_MS > since_ms
}

struct Run {
    stage: Many,
    planned: Vec<Planned>,
    gathered: Gathered,
    /// The last entry of the simulator's log, and its last event, that were looked at.
    after: u64,
    since: u64,
}

impl Run {
    /// Has the faults carried out and waits until a minute after the last; answers the script's report.
    async fn faults(&mut self) -> Result<Value> {
        self.look().await?;
        let steps: Vec<Value> =
            self.planned.iter().map(|one| json!({ "at_ms": one.at_ms, "fault": one.fault })).collect();
        let script = self.stage.control.post("/sim/scripts", &json!({ "steps": steps })).await?;
        let path = format!("/sim/scripts/{}", script["id"].as_str().context("the script has no id")?);
        let started_ms = script["started_ms"].as_f64().context("the script tells no beginning")?;
        let over = self.planned.iter().map(|one| one.at_ms + one.lasts_ms).max().unwrap_or_default();
        let until_ms = started_ms + over as f64 + AFTER_MS;
        let mut told = Instant::now();
        loop {
            tokio::time::sleep(LOOK).await;
            self.stage.check_alive("the faults")?;
            self.look().await?;
            let (now_ms, _) = self.stage.clock().await?;
            if told.elapsed() >= TELL {
                told = Instant::now();
                let done = self.planned.iter().filter(|one| started_ms + one.at_ms as f64 <= now_ms).count();
                let left = (until_ms - now_ms).max(0.0) / 60_000.0;
                eprintln!("soak: {done} of {} steps done, {left:.1} minutes to go", self.planned.len());
            }
            if now_ms >= until_ms {
                let script = self.stage.control.get(&path).await?.context("the script is gone")?;
                ensure!(script["state"] == "done", "the script is not done: {}", script["state"]);
                return Ok(script);
            }
        }
    }

    /// Takes in what has happened since the last look.
    async fn look(&mut self) -> Result<()> {
        let lines = self.stage.control.bytes(&format!("/sim/log?after={}", self.after)).await?;
        let lines = String::from_utf8_lossy(&lines);
        let frames: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        self.after = frames.last().and_then(|frame| frame["seq"].as_u64()).unwrap_or(self.after);
        self.gathered.frames(&frames);
        let news = self.stage.control.get(&format!("/sim/events?since={}", self.since)).await?.unwrap_or_default();
        let events = news["events"].as_array().cloned().unwrap_or_default();
        self.since = events.last().and_then(|event| event["seq"].as_u64()).unwrap_or(self.since);
        self.gathered.events(&events);
        Ok(())
    }

    async fn account(mut self, options: &Options, script: &Value, begun: Instant) -> Result<Report> {
        let (now_ms, unix_ms) = self.stage.clock().await?;
        let lines = self.stage.bot.lines();
        let decisions = decisions(&lines, unix_ms - now_ms);
        let (faults, refused) = carried_out(script, &self.planned);
        self.gathered.faults = faults;
        let from_ms = script["started_ms"].as_f64().context("the script tells no beginning")?;
        let mut guilds = Vec::new();
        for (number, place) in self.stage.places.iter().enumerate() {
            let report = listener(&self.stage, number).await?;
            let mut evidence = self.gathered.evidence(number, place, &decisions, &report, now_ms);
            // What the preparations did is no part of the run.
            evidence.silences.retain(|silence| silence.to_ms > from_ms);
            let account = account(&evidence);
            guilds.push(GuildReport::new(number, place, account, plays(&report, from_ms)));
        }
        let in_run = |at_ms: f64| at_ms >= from_ms;
        guilds.iter_mut().for_each(|guild| guild.account.cooldowns.retain(|one| in_run(one.at_ms)));
        let places: Vec<Place> = self.stage.places.clone();
        Ok(Report {
            seed: options.seed,
            minutes: options.minutes,
            seconds: begun.elapsed().as_secs(),
            from_ms,
            until_ms: now_ms,
            faults: self.gathered.faults,
            refused,
            guilds,
            errors: unexpected(error_lines(&lines)),
            decisions: decisions
                .into_iter()
                .filter(|one| places.iter().any(|place| place.guild == one.guild))
                .collect(),
        })
    }
}

/// The errors that no fault of the plan brings about: an alert about a close code is meant for the operator.
fn unexpected(mut errors: Vec<String>) -> Vec<String> {
    errors.retain(|error| !error.contains("\"alert\""));
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::listener::Silence;

    #[test]
    fn a_guild_plays_where_nothing_was_missed_at_the_end() {
        let report = |silences: Vec<Silence>| Listener {
            first_frame_ms: Some(100.0),
            heard_until_ms: 20_000.0,
            silences,
            ..Listener::default()
        };
        let silence = |start_ms, length_ms| Silence { start_ms, length_ms, open: false };
        assert!(plays(&report(vec![silence(1_000.0, 5_000.0)]), 0.0));
        assert!(!plays(&report(vec![silence(1_000.0, 19_000.0)]), 0.0));
        assert!(!plays(&report(Vec::new()), 19_500.0));
        assert!(!plays(&Listener::default(), 0.0));
    }
}
