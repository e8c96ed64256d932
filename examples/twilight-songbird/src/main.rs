//! A small music bot: twilight talks to Discord, songbird to its voice servers, and `refrain-recovery` decides what to do
//! about whatever happens to the connection. One guild, one WAV file, commands from the standard input:
//!
//! ```text
//! DISCORD_TOKEN=… example-twilight-songbird GUILD
//! join CHANNEL | play FILE.wav | leave | override
//! ```
//!
//! [`Bot::run`] is the run loop of the crate's documentation, in the same numbered steps. `gateway` translates what Discord
//! says, `voice` carries out what the machine wants of songbird; neither decides anything.

mod gateway;
mod sound;
mod voice;

use anyhow::{Context as _, Result};
use gateway::Gateway;
use refrain_model::{ChannelId, GuildId, Moment};
use refrain_recovery::{DriverEvent, GatewayEvent, Generation, Input, Intent, Output, Policy, Recovery, State};
use sound::Sound;
use std::{
    hash::{BuildHasher as _, RandomState},
    path::PathBuf,
    time::Instant,
};
use tokio::sync::mpsc;
use voice::Voice;

#[tokio::main]
async fn main() -> Result<()> {
    let guild = std::env::args().nth(1).context("say which guild: example-twilight-songbird GUILD")?;
    let guild: GuildId = guild.parse().context("the guild's id is a number")?;
    let token = std::env::var("DISCORD_TOKEN").context("DISCORD_TOKEN is not set")?;
    tracing_subscriber::fmt()
        .with_env_filter("warn,songbird::driver::tasks::udp_rx=off,example_twilight_songbird=info")
        .with_writer(std::io::stderr)
        .init();
    // songbird and twilight bring a TLS provider each. An error says that one is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let gateway = Gateway::new(token, std::env::var("DISCORD_GATEWAY").ok(), guild);
    Bot::new(guild, gateway).run().await
}

/// What a person types.
enum Command {
    Join(ChannelId),
    Play(PathBuf),
    Leave,
    Override,
}

struct Bot {
    guild: GuildId,
    gateway: Gateway,
    machine: Recovery,
    voice: Voice,
    reports: mpsc::UnboundedReceiver<(Generation, DriverEvent)>,
    /// Sounds that were read, and the way in for them.
    sounds: mpsc::Receiver<Sound>,
    read: mpsc::Sender<Sound>,
    /// The epoch of every [`Moment`] that the machine is told.
    epoch: Instant,
    ending: bool,
}

impl Bot {
    fn new(guild: GuildId, gateway: Gateway) -> Self {
        let (tell, reports) = mpsc::unbounded_channel();
        let (read, sounds) = mpsc::channel(1);
        // The seed decides the jitter: guilds should not come back all at once.
        let seed = RandomState::new().hash_one(guild.get());
        Self {
            guild,
            gateway,
            machine: Recovery::new(Policy::default(), seed),
            voice: Voice::new(guild, tell),
            reports,
            sounds,
            read,
            epoch: Instant::now(),
            ending: false,
        }
    }

    async fn run(mut self) -> Result<()> {
        let mut commands = commands();
        loop {
            // 2. Carry out what the machine says, in order.
            while let Some(output) = self.machine.poll_output() {
                self.carry_out(output);
            }
            if self.ending && matches!(self.machine.state(), State::Idle(_)) {
                return Ok(());
            }
            // 3. Ask when to wake up.
            let wake = self.machine.poll_timeout().and_then(|(at, _why)| self.epoch.checked_add(at.since_epoch()));
            // 1. Sleep until something happens, and tell the machine with the time. What has happened comes before what
            //    is wanted: a command must meet the state as it is.
            tokio::select! {
                biased;
                Some((generation, event)) = self.reports.recv() => self.driver_reported(generation, event),
                event = self.gateway.next() => self.gateway_said(event?),
                // 4. Or until it is time.
                () = sleep_until(wake) => self.machine.handle_timeout(self.now()),
                Some(sound) = self.sounds.recv() => {
                    let playhead = self.voice.play(sound);
                    self.machine.handle_input(self.now(), Input::TrackStarted { playhead });
                }
                command = commands.recv(), if !self.ending => self.command(command),
            }
        }
    }

    fn now(&self) -> Moment {
        Moment::from_epoch(self.epoch.elapsed())
    }

    fn gateway_said(&mut self, events: Vec<GatewayEvent>) {
        for event in events {
            self.machine.handle_input(self.now(), Input::Gateway(event));
        }
    }

    fn driver_reported(&mut self, generation: Generation, event: DriverEvent) {
        // Proof of life: what was sent until now has been heard. refrain-voice shows how to read the voice server's reports.
        if event == DriverEvent::Alive && self.machine.carries(generation) {
            let playhead = self.voice.position();
            self.machine.handle_input(self.now(), Input::Heard { playhead });
        }
        self.machine.handle_input(self.now(), Input::Driver { generation, event });
    }

    /// `None`: the standard input has ended, and so does the bot, in good order.
    fn command(&mut self, command: Option<Command>) {
        let intent = match command {
            Some(Command::Play(file)) => return self.play(file),
            Some(Command::Join(channel)) => Intent::Join { channel },
            Some(Command::Override) => Intent::Override,
            Some(Command::Leave) => Intent::Leave,
            None => {
                self.ending = true;
                Intent::Leave
            }
        };
        self.machine.handle_input(self.now(), Input::Intent(intent));
    }

    /// Has a file read; nothing may keep the loop from turning meanwhile.
    fn play(&self, file: PathBuf) {
        let read = self.read.clone();
        tokio::task::spawn_blocking(move || match Sound::read(&file) {
            // An error says that the bot is ending.
            Ok(sound) => drop(read.blocking_send(sound)),
            Err(error) => tracing::warn!("{error:#}"),
        });
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::SendVoiceState { channel } => self.gateway.send_voice_state(self.guild, channel),
            // One guild needs nobody to share turns with. Many do: `refrain_recovery::governor`.
            Output::AskTurn { .. } => {
                self.machine.handle_input(self.now(), Input::Turn);
            }
            Output::WithdrawTurn => {}
            Output::Connect { generation, session } => match self.gateway.user() {
                Some(user) => self.voice.connect(generation, session, user),
                None => tracing::warn!("a session before READY: nobody to connect as"),
            },
            Output::Resume { generation } => self.voice.resume(generation),
            Output::TearDown { generation } => self.voice.tear_down(generation),
            // No answer says nothing. refrain-voice shows what a driver can do.
            Output::Probe { .. } => {}
            Output::StartFrames { from } => self.voice.start(from),
            Output::StopFrames => self.voice.stop(),
            // A real bot writes it down, to go on after a restart.
            Output::Persist { channel } => tracing::info!(?channel, "to be remembered"),
            Output::Incident(incident) => tracing::info!(
                state = self.machine.state().name(),
                attempt = incident.attempt,
                close_code = incident.code.map(|code| code.0),
                verdict = ?incident.verdict,
                "{}",
                incident.reason
            ),
            Output::Notify(notice) => tracing::info!(?notice, "people are told"),
        }
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}

/// Reads commands in a thread of its own: the standard input cannot be awaited everywhere.
fn commands() -> mpsc::Receiver<Command> {
    let (tell, commands) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            let Some(command) = parse(&line) else {
                tracing::warn!("join CHANNEL | play FILE.wav | leave | override");
                continue;
            };
            if tell.blocking_send(command).is_err() {
                return;
            }
        }
    });
    commands
}

fn parse(line: &str) -> Option<Command> {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    match (word, rest.trim()) {
        ("join", channel) => channel.parse().ok().map(Command::Join),
        ("play", file) if !file.is_empty() => Some(Command::Play(file.into())),
        ("leave", "") => Some(Command::Leave),
        ("override", "") => Some(Command::Override),
        _ => None,
    }
}
