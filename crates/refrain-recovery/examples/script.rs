//! Drives the machine from a script, with virtual time and without any Discord library, and prints what it says:
//!
//! ```text
//! cargo run -p refrain-recovery --example script -- examples/an_evening.script
//! ```
//!
//! This is the whole run loop of the crate's documentation; a real embedder has sockets where this one prints. A line of a
//! script is a time and an event:
//!
//! ```text
//! join CHANNEL, leave, override            people
//! state CHANNEL|-, server ENDPOINT TOKEN|- VOICE_STATE_UPDATE and VOICE_SERVER_UPDATE
//! shard lost|resumed|ready                 the main gateway's session
//! guild CHANNEL|-, guild away, deleted CHANNEL
//! connected, resumed, alive, unresponsive, closed CODE|- [resumable]
//! track SECONDS, heard SECONDS             the music
//! ```

use refrain_model::{ChannelId, Moment};
use refrain_recovery::{CloseCode, DriverEvent, GatewayEvent, Input, Intent, Output, Policy, Recovery, State, Timer};
use std::{
    env, fs,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

/// A line of the script.
struct Line {
    at: Moment,
    text: String,
    event: Event,
}

/// Most events are inputs as they stand; the driver's carry the newest generation, which is known only then.
enum Event {
    Input(Input),
    Driver(DriverEvent),
}

fn main() -> ExitCode {
    let script = match env::args_os().nth(1) {
        Some(path) => fs::read_to_string(&path).map_err(|e| format!("reading {}: {e}", path.display())),
        None => Ok(include_str!("an_evening.script").to_owned()),
    };
    let done = script.and_then(|s| parse(&s)).and_then(|lines| run(&lines).map_err(|e| format!("printing: {e}")));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(lines: &[Line]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut machine = Recovery::new(Policy::default(), 1);
    for line in lines {
        wake_until(&mut machine, line.at, &mut out)?;
        say(&mut out, line.at, &format!("> {}", line.text))?;
        // 1. Something happened.
        let input = match &line.event {
            Event::Input(input) => input.clone(),
            Event::Driver(event) => Input::Driver { generation: machine.generation(), event: *event },
        };
        let before = machine.state().name();
        machine.handle_input(line.at, input);
        drain(&mut machine, line.at, before, &mut out)?;
    }
    let now = lines.last().map_or(Moment::ZERO, |line| line.at);
    if let Some((at, why)) = machine.poll_timeout() {
        say(&mut out, now, &format!("{}; next: {why:?} in {:?}", machine.state().name(), at.since(now)))
    } else {
        say(&mut out, now, &format!("{}; nothing to wait for", machine.state().name()))
    }
}

/// Steps 3 and 4: sleeps from one wake-up to the next, up to `end`.
fn wake_until(machine: &mut Recovery, end: Moment, out: &mut impl Write) -> io::Result<()> {
    while let Some((at, why)) = machine.poll_timeout().filter(|(at, _)| *at <= end) {
        if why != Timer::Health {
            say(out, at, &format!("* {why:?}"))?;
        }
        let before = machine.state().name();
        machine.handle_timeout(at);
        drain(machine, at, before, out)?;
    }
    Ok(())
}

/// Step 2: carries out what the machine says, in order, until it has nothing more to say.
fn drain(machine: &mut Recovery, now: Moment, before: &str, out: &mut impl Write) -> io::Result<()> {
    while let Some(output) = machine.poll_output() {
        match output {
            // Nothing else wants this shard's op 4s: each turn comes at once.
            Output::AskTurn { .. } => {
                machine.handle_input(now, Input::Turn);
            }
            // Checks come by the minute; what they find is in the script.
            Output::WithdrawTurn | Output::Probe { .. } => {}
            Output::Incident(incident) => {
                let code = incident.code.map(|code| format!(" [{code}]")).unwrap_or_default();
                say(out, now, &format!("    {:?}: {}{code}", incident.verdict, incident.reason))?;
            }
            output @ (Output::SendVoiceState { .. }
            | Output::Connect { .. }
            | Output::Resume { .. }
            | Output::TearDown { .. }
            | Output::StartFrames { .. }
            | Output::StopFrames
            | Output::Persist { .. }
            | Output::Notify(_)) => say(out, now, &format!("    {output:?}"))?,
        }
    }
    if machine.state().name() != before {
        let channel = machine.intent().map(|channel| format!(" in {channel}")).unwrap_or_default();
        let channel = if matches!(machine.state(), State::Stable(_)) { channel } else { String::new() };
        say(out, now, &format!("  = {}{channel}", machine.state().name()))?;
    }
    Ok(())
}

fn say(out: &mut impl Write, now: Moment, text: &str) -> io::Result<()> {
    writeln!(out, "{:>12.3} s  {text}", now.since_epoch().as_secs_f64())
}

fn parse(script: &str) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for (number, line) in script.lines().enumerate() {
        let text = line.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        let wrong = |what: &str| format!("line {}: {what}: {text}", number + 1);
        let (time, text) = text.split_once(char::is_whitespace).ok_or_else(|| wrong("expected a time and an event"))?;
        let at = time.strip_suffix('s').and_then(seconds).ok_or_else(|| wrong("expected a time like 1.5s"))?;
        let at = Moment::from_epoch(at);
        if lines.last().is_some_and(|last: &Line| last.at > at) {
            return Err(wrong("earlier than the line before it"));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let event = event(&words).ok_or_else(|| wrong("no event that I know"))?;
        lines.push(Line { at, text: words.join(" "), event });
    }
    Ok(lines)
}

fn event(words: &[&str]) -> Option<Event> {
    let gateway = |event| Some(Event::Input(Input::Gateway(event)));
    let intent = |intent| Some(Event::Input(Input::Intent(intent)));
    match *words {
        ["join", channel] => intent(Intent::Join { channel: channel.parse().ok()? }),
        ["leave"] => intent(Intent::Leave),
        ["override"] => intent(Intent::Override),
        ["state", channel] => {
            let (channel, session_id) = (maybe(channel)?, "session".into());
            gateway(GatewayEvent::VoiceState { channel, session_id, mute: false, suppress: false })
        }
        ["server", "-"] => gateway(GatewayEvent::VoiceServer { endpoint: None, token: String::new() }),
        ["server", endpoint, token] => {
            gateway(GatewayEvent::VoiceServer { endpoint: Some(endpoint.into()), token: token.into() })
        }
        ["shard", "lost"] => gateway(GatewayEvent::ShardDisconnected),
        ["shard", "resumed"] => gateway(GatewayEvent::ShardResumed),
        ["shard", "ready"] => gateway(GatewayEvent::ShardReady),
        ["guild", "away"] => gateway(GatewayEvent::GuildUnavailable),
        ["guild", channel] => gateway(GatewayEvent::GuildAvailable { channel: maybe(channel)? }),
        ["deleted", channel] => gateway(GatewayEvent::ChannelDeleted { channel: channel.parse().ok()? }),
        ["track", at] => Some(Event::Input(Input::TrackStarted { playhead: seconds(at)? })),
        ["heard", at] => Some(Event::Input(Input::Heard { playhead: seconds(at)? })),
        ["connected"] => Some(Event::Driver(DriverEvent::Connected)),
        ["resumed"] => Some(Event::Driver(DriverEvent::Resumed)),
        ["alive"] => Some(Event::Driver(DriverEvent::Alive)),
        ["unresponsive"] => Some(Event::Driver(DriverEvent::Unresponsive)),
        ["closed", code] => closed(code, false),
        ["closed", code, "resumable"] => closed(code, true),
        _ => None,
    }
}

fn closed(code: &str, resumable: bool) -> Option<Event> {
    let code = if code == "-" { None } else { Some(CloseCode(code.parse().ok()?)) };
    Some(Event::Driver(DriverEvent::Closed { code, resumable }))
}

/// A channel, or none; `None` for what is neither.
fn maybe(channel: &str) -> Option<Option<ChannelId>> {
    if channel == "-" { Some(None) } else { channel.parse().ok().map(Some) }
}

fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}
