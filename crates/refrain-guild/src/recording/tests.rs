use super::*;
use crate::{AskerChannel, Command, CommandId, LookUpId, PlayRequest};
use alloc::{string::String, vec, vec::Vec};
use refrain_model::{ChannelId, Moment, TrackInfo, UserId};
use refrain_queue::Place;
use refrain_recovery::GatewayEvent;

fn observed(millis: u64) -> Observed {
    Observed { at: Moment::from_millis(millis), unix_ms: 1_800_000_000_000 + millis, ..Observed::default() }
}

fn step(millis: u64, input: GuildInput) -> Step {
    Step { observed: observed(millis), input: Some(input), on_the_spot: false }
}

fn server(token: &str) -> GuildInput {
    GuildInput::Gateway(GatewayEvent::VoiceServer { endpoint: Some("voice.test:443".into()), token: token.into() })
}

fn play(query: &str) -> GuildInput {
    let request = PlayRequest {
        query: query.into(),
        voice_channel: ChannelId::new(2),
        requested_by: UserId::new(3),
        requested_in: ChannelId::new(4),
        place: Place::End,
    };
    GuildInput::Command { id: CommandId(1), command: Command::Play(request) }
}

fn header() -> Header {
    Header::new(GuildId::new(7), GuildPolicy::default(), 42)
}

fn steps() -> Vec<Step> {
    let info = TrackInfo {
        title: "Why? Because.".into(),
        page_url: "https://user:hunter2@media.test/a.ogg?sig=SIGNED#t=SIGNED".into(),
        uploader: None,
        thumbnail: Some("https://media.test/a.png?key=SIGNED".into()),
        duration: None,
        live: false,
    };
    vec![
        step(0, GuildInput::Loaded(Ok(None))),
        step(1, play("media.test/watch?v=SIGNED please")),
        step(2, GuildInput::LookedUp { id: LookUpId(1), result: Ok(info), asker: AskerChannel::Unknown }),
        step(3, server("SIGNED-token")),
        step(4, server("SIGNED-token-2")),
        step(5, server("SIGNED-token")),
        Step { observed: observed(5), input: Some(GuildInput::Turn), on_the_spot: true },
        Step { observed: observed(6), input: None, on_the_spot: false },
    ]
}

fn written(steps: &[Step]) -> String {
    let mut redactor = Redactor::default();
    let mut text = redactor.header(&header()).unwrap() + "\n";
    for step in steps {
        text += &(redactor.step(step).unwrap() + "\n");
    }
    text
}

#[test]
fn no_secret_survives_and_equal_secrets_stay_equal() {
    let text = written(&steps());
    assert!(!text.contains("SIGNED") && !text.contains("hunter2"), "{text}");
    assert!(text.contains("Why? Because.") && text.contains("media.test/a.ogg") && text.contains(" please"), "{text}");
    let recording = Recording::parse(&text).unwrap();
    let tokens = recording.steps.iter().filter_map(|step| match &step.input {
        Some(GuildInput::Gateway(GatewayEvent::VoiceServer { token, .. })) => Some(token.clone()),
        _ => None,
    });
    let tokens: Vec<_> = tokens.collect();
    assert_eq!(tokens[0], tokens[2]);
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn what_is_written_is_read_again() {
    let text = written(&steps());
    let recording = Recording::parse(&text).unwrap();
    assert_eq!(recording.header, header());
    assert_eq!(recording.steps.len(), steps().len());
    // Nothing is left to be redacted, so a second time nothing changes.
    let again = Recording::parse(&written(&[step(0, GuildInput::Turn), steps().pop().unwrap()])).unwrap();
    assert_eq!(again.steps, [step(0, GuildInput::Turn), steps().pop().unwrap()]);
}

#[test]
fn a_recording_says_why_it_ends() {
    let end = Redactor::default().end("the file is full").unwrap();
    let recording = Recording::parse(&(written(&steps()) + &end + "\n")).unwrap();
    assert_eq!(recording.end.as_deref(), Some("the file is full"));
    let cut = written(&steps());
    let recording = Recording::parse(&cut[..cut.len() - 9]).unwrap();
    assert_eq!((recording.steps.len(), recording.end.is_some()), (steps().len() - 1, true), "a line that was cut off");
}

#[test]
fn what_is_no_recording_is_refused_with_a_reason() {
    assert_eq!(Recording::parse(""), Err(RecordingError::Empty));
    assert!(matches!(Recording::parse("{}"), Err(RecordingError::Header(_))));
    assert!(matches!(Recording::parse("no JSON"), Err(RecordingError::Header(_))));
    let newer = written(&[]).replacen("\"refrain_recording\":1", "\"refrain_recording\":2", 1);
    assert_eq!(Recording::parse(&newer), Err(RecordingError::Version { found: 2 }));
    let broken = written(&[]) + "{\"observed\":7}\n{}\n";
    assert!(matches!(Recording::parse(&broken), Err(RecordingError::Line { line: 2, .. })));
    let end = Redactor::default().end("x").unwrap();
    let more = written(&[]) + &end + "\n" + &Redactor::default().step(&step(0, GuildInput::Turn)).unwrap() + "\n";
    assert!(matches!(Recording::parse(&more), Err(RecordingError::Line { line: 2, .. })));
}

#[test]
fn no_line_is_longer_than_its_bound() {
    let long = "x".repeat(MAX_LINE);
    let error = Redactor::default().step(&step(0, play(&long))).unwrap_err();
    assert!(matches!(error, RecordingError::TooLong { .. }));
    assert!(matches!(Recording::parse(&(written(&[]) + &long + "x")), Err(RecordingError::TooLong { line: 2, .. })));
}

#[test]
fn a_replay_says_what_the_guild_said() {
    let mut guild = crate::Guild::new(GuildId::new(7), GuildPolicy::default(), 42);
    let inputs = [GuildInput::Loaded(Ok(None)), play("https://media.test/a.ogg")];
    let mut said = Vec::new();
    let mut steps = Vec::new();
    let drain = |guild: &mut crate::Guild, said: &mut Vec<_>| {
        while let Some(output) = guild.poll_output() {
            said.push(output);
        }
    };
    drain(&mut guild, &mut said);
    for (millis, input) in (1..).zip(inputs) {
        steps.push(step(millis, input.clone()));
        guild.handle_input(observed(millis), input);
        drain(&mut guild, &mut said);
    }
    let replayed: Vec<_> =
        Recording::parse(&written(&steps)).unwrap().replay().into_iter().map(|(_, out)| out).collect();
    assert_eq!(replayed, said);
}
