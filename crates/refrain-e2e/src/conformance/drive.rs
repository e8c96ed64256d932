//! One client, in a guild of its own, through all steps but the last.

use super::{
    client::Client,
    ear,
    ground::Ground,
    report::{Failure, Observed, Row},
    room::{PATIENCE, Room, until},
    step::Step,
    world::Place,
};
use crate::harness::{listener::Listener, process::Process};
use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::Signal;
use serde_json::json;
use std::time::Duration;

/// How much music makes a step, in milliseconds.
const PLAYED_MS: f64 = 10_000.0;
/// How much of it comes before a fault.
const BEFORE_MS: f64 = 3_000.0;
/// How long a client has for getting over a fault: the slowest that does at all takes two seconds.
const RECOVERY: Duration = Duration::from_secs(12);
/// How long it has for ending when it is told to.
const ENDING: Duration = Duration::from_secs(10);

/// The driver of one client.
pub(crate) struct Driver<'a> {
    client: Client,
    pub(crate) room: Room<'a>,
    process: Option<Process>,
    rows: Vec<Row>,
}

/// How a step ended.
pub(crate) type Outcome = Result<Observed, Failure>;

impl<'a> Driver<'a> {
    /// Ready to start `client`, for the guild `place`.
    pub(crate) fn new(ground: &'a Ground, client: Client, place: Place) -> Self {
        Self { client, room: Room { ground, place }, process: None, rows: Vec::new() }
    }

    /// Who is driven.
    pub(crate) const fn client(&self) -> Client {
        self.client
    }

    /// Whether it has been started.
    pub(crate) const fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// What has been heard of it.
    pub(crate) async fn report(&self) -> Result<Listener> {
        self.room.heard(self.client).await
    }

    /// Goes through the steps and tells how each ended; those that are not in `wanted` are left out of the rows.
    pub(crate) async fn go_through(mut self, wanted: &[Step]) -> Vec<Row> {
        if self.basics().await {
            for step in Step::ALL {
                if step.fault(&self.room.place).is_some() && wanted.contains(&step) {
                    let outcome = self.fault(step).await;
                    self.note(step, outcome);
                }
            }
        }
        self.keep_plot().await;
        self.end().await;
        self.rows.retain(|row| wanted.contains(&row.step));
        self.rows
    }

    /// From the login to leaving; false where going on makes no sense.
    async fn basics(&mut self) -> bool {
        let login = self.login().await;
        let commands = if login.is_ok() { self.commands().await } else { Err(not_reached()) };
        let interaction = if commands.is_ok() { self.interaction().await } else { Err(not_reached()) };
        let join = if interaction.is_ok() { self.join().await } else { Err(not_reached()) };
        let play = if join.is_ok() { self.play().await } else { Err(not_reached()) };
        let leave = if join.is_ok() { self.leave().await } else { Err(not_reached()) };
        let good = play.is_ok() && leave.is_ok();
        let outcomes = [
            (Step::Login, login),
            (Step::Commands, commands),
            (Step::Interaction, interaction),
            (Step::Join, join),
            (Step::Play, play),
            (Step::Leave, leave),
        ];
        for (step, outcome) in outcomes {
            self.note(step, outcome);
        }
        good
    }

    fn note(&mut self, step: Step, outcome: Outcome) {
        let row = Row::new(self.client, step, outcome);
        eprintln!("conformance: {}: {}: {:?} {}", self.client.name(), step.name(), row.verdict, row.note);
        self.rows.push(row);
    }

    pub(crate) async fn login(&mut self) -> Outcome {
        let launch = self.client.launch(self.room.ground)?;
        self.process = Some(Process::start(&launch)?);
        let guild = json!(self.room.place.guild);
        self.bot("the bot to log in", |bot| {
            bot["guilds_ready"].as_array().is_some_and(|guilds| guilds.contains(&guild))
        })
        .await?;
        Ok(Observed::default())
    }

    pub(crate) async fn commands(&self) -> Outcome {
        self.bot("the bot to register its commands", |bot| bot["commands"].as_u64() >= Some(2)).await?;
        Ok(Observed::default())
    }

    /// Waits for something in what the simulator knows of the bot.
    async fn bot(&self, what: &str, check: impl Fn(&serde_json::Value) -> bool) -> Result<()> {
        let id = Place::bot(self.client);
        until(what, PATIENCE, || async {
            let bots = self.room.ground.control.get("/sim/bots").await?.unwrap_or_default();
            let own = bots.as_array().into_iter().flatten().find(|bot| bot["id"] == id.as_str());
            Ok(own.is_some_and(&check).then_some(()))
        })
        .await
    }

    pub(crate) async fn interaction(&self) -> Outcome {
        let id = self.order_play().await?;
        let acknowledged = until("the bot to acknowledge the command", PATIENCE, || async {
            let interaction = self.room.interaction(&id).await?;
            if interaction["state"] == "expired" {
                bail!("the command was not acknowledged in time");
            }
            let times = [&interaction["delivered_ms"], &interaction["acknowledged_ms"]].map(serde_json::Value::as_f64);
            Ok(times[0].zip(times[1]).map(|(delivered, acknowledged)| acknowledged - delivered))
        })
        .await?;
        let words = self.room.answer(&id).await?;
        Ok(Observed {
            note: format!("acknowledged after {acknowledged:.0} ms, then \"{}\"", words.trim()),
            ..Observed::default()
        })
    }

    pub(crate) async fn order_play(&self) -> Result<String> {
        self.room.sit(Some(&self.room.place.music)).await?;
        self.room.command(self.client, "play", self.client.play_options(self.room.ground)).await
    }

    async fn join(&self) -> Outcome {
        self.room.seated(self.client, Some(&self.room.place.music), PATIENCE).await?;
        Ok(Observed::default())
    }

    /// Ten seconds of music from the first note on.
    async fn play(&self) -> Outcome {
        let first_ms =
            until("the first note", PATIENCE, || async { Ok(self.room.heard(self.client).await?.first_frame_ms) })
                .await?;
        let report = self.music(first_ms, PLAYED_MS).await?;
        let seen = Observed {
            heard_ms: Some(ear::music_since(&report, first_ms)),
            silence_ms: Some(ear::silence_since(&report, first_ms)),
            note: what_was_wrong(&report),
        };
        if report.bad_frames() > 0 {
            let error = anyhow!("{} frames could not be decrypted, or used a nonce twice", report.bad_frames());
            return Err(Failure { error, seen });
        }
        self.is_own_track(first_ms)
            .await
            .map_or_else(|error| Err(Failure { error, seen: seen.clone() }), |()| Ok(seen.clone()))
    }

    /// Whether nothing was heard of it since then but the track that is its own.
    pub(crate) async fn is_own_track(&self, since_ms: f64) -> Result<()> {
        self.room.timecode(self.client, since_ms).await?.is_all_of(self.client.number())
    }

    /// Waits for so much music since then.
    pub(crate) async fn music(&self, since_ms: f64, enough_ms: f64) -> Result<Listener> {
        until("music", PATIENCE, || async {
            let report = self.room.heard(self.client).await?;
            Ok((ear::music_since(&report, since_ms) >= enough_ms).then_some(report))
        })
        .await
    }

    pub(crate) async fn leave(&self) -> Outcome {
        let id = self.room.command(self.client, self.client.leave_command(), json!({})).await?;
        self.room.seated(self.client, None, PATIENCE).await?;
        let words = self.room.answer(&id).await?;
        Ok(Observed { note: format!("\"{}\"", words.trim()), ..Observed::default() })
    }

    /// Plays, breaks something, and listens for the music to come back.
    async fn fault(&mut self, step: Step) -> Outcome {
        let outcome = self.break_and_listen(step).await;
        let left = self.leave().await;
        if left.is_err() || outcome.is_err() {
            // Whatever state it is in: the next step begins with a fresh one.
            self.restart().await.map_err(|error| error.context("starting the bot again"))?;
        }
        outcome
    }

    async fn break_and_listen(&self, step: Step) -> Outcome {
        let (kind, more) = step.fault(&self.room.place).context("this step is no fault")?;
        let begun_ms = self.now().await?;
        self.order_play().await?;
        self.music(begun_ms, BEFORE_MS).await.context("before the fault")?;
        let fault = self.room.fault(self.client, kind, &more).await?;
        if step == Step::Move {
            // The person goes where the music went.
            self.room.sit(Some(&self.room.place.lounge)).await?;
        }
        let bot = Place::bot(self.client);
        let back = until("the music to come back", RECOVERY, || async {
            let report = self.room.heard(self.client).await?;
            Ok(ear::is_back(&report, &bot, fault.at_ms).then_some(()))
        })
        .await;
        let report = self.room.heard(self.client).await?;
        let seat = self.room.seat(self.client).await?;
        let read = self.room.timecode(self.client, begun_ms).await?;
        let notes = [read.tell_jump(fault.at_ms), what_was_wrong(&report)];
        let seen = Observed {
            heard_ms: Some(ear::music_since(&report, fault.at_ms)),
            silence_ms: Some(ear::silence_since(&report, fault.at_ms)),
            note: notes.into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join("; "),
        };
        let wanted = if step == Step::Move { &self.room.place.lounge } else { &self.room.place.music };
        let problem = match back {
            Err(error) if ear::has_reconnected(&report, &bot, fault.at_ms) => {
                Some(error.context("reconnected, and silent"))
            }
            Err(error) => Some(error),
            Ok(()) if seat.as_ref() != Some(wanted) => {
                Some(anyhow!("heard, and not in the channel where it should be"))
            }
            Ok(()) => read.is_all_of(self.client.number()).err(),
        };
        problem.map_or(Ok(seen.clone()), |error| Err(Failure { error, seen }))
    }

    pub(crate) async fn now(&self) -> Result<f64> {
        let clock = self.room.ground.control.get("/sim/clock").await?.unwrap_or_default();
        clock["now_ms"].as_f64().context("the simulator's clock tells no time")
    }

    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.end().await;
        if self.room.seat(self.client).await?.is_some() {
            self.room.fault(self.client, "kick", &json!({})).await?;
        }
        self.room.seated(self.client, None, PATIENCE).await?;
        self.login().await.map_err(|failure| failure.error)?;
        Ok(())
    }

    /// Leaves a picture of what was heard beside the logs.
    pub(crate) async fn keep_plot(&self) {
        let name = format!("{}-{}.svg", self.client.name(), self.room.place.name());
        if let Err(error) = self.room.keep_plot(self.client, &self.room.ground.folder.join(name)).await {
            eprintln!("conformance: {}: no picture of what was heard: {error:#}", self.client.name());
        }
    }

    /// Ends the bot as an init system does; what does not end is killed with its group.
    pub(crate) async fn end(&mut self) {
        if let Some(mut process) = self.process.take()
            && process.signal(Signal::TERM).is_ok()
        {
            let _killed_then = process.wait(ENDING).await;
        }
    }
}

/// What is worth telling of frames that were no plain music; those without end-to-end encryption are no fault.
pub(crate) fn what_was_wrong(report: &Listener) -> String {
    let counts = [
        ("undecryptable", report.undecryptable),
        ("undecryptable end to end", report.dave_undecryptable),
        ("under transport encryption only", report.transport_only),
        ("with a nonce used twice", report.nonce_reuse),
    ];
    let some = counts.into_iter().filter(|&(_, count)| count > 0);
    some.map(|(what, count)| format!("{count} frames {what}")).collect::<Vec<_>>().join(", ")
}

fn not_reached() -> Failure {
    anyhow!("not reached").into()
}
