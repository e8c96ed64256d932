//! Who is answered: each command once, in time, and only after what it tells is saved.

use super::records::Records;
use crate::world::World;
use refrain_guild::{Answer, Command, CommandError, CommandId, GuildOutput};
use refrain_model::{GuildRecord, GuildSettings, Moment, TrackId};
use refrain_queue::Place;
use std::{collections::BTreeMap, time::Duration};

/// No answer takes longer.
const LONGEST: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Default)]
pub(crate) struct Answers {
    pending: BTreeMap<CommandId, (Moment, Command)>,
}

impl Answers {
    pub(super) fn asked(&mut self, now: Moment, id: CommandId, command: Command) {
        assert!(self.pending.insert(id, (now, command)).is_none(), "the world uses an id twice");
    }

    /// A member has asked for music, and it is being looked up.
    pub(super) fn plays(&self) -> bool {
        self.pending.values().any(|(_, command)| matches!(command, Command::Play(_) | Command::PlayAll { .. }))
    }

    /// A member has asked for a track that takes the place of what plays.
    pub(super) fn plays_now(&self) -> bool {
        self.pending.values().any(|(_, command)| {
            matches!(command, Command::Play(request) | Command::PlayAll { request, .. } if request.place == Place::Now)
        })
    }

    pub(super) fn said(&mut self, world: &World, output: &GuildOutput, records: &Records, alone: bool) {
        let GuildOutput::Answer { id, answer, after_save } = output else { return };
        let Some((_, command)) = self.pending.remove(id) else {
            panic!("an answer to {id:?}, which nobody gave or which is answered: {answer:?}")
        };
        if let Ok(answer) = answer {
            assert!(fits(&command, answer), "{answer:?} is no answer to {command:?}");
            if alone {
                check_save(&command, answer, *after_save, records);
                check_place(world, answer);
            }
        } else if let Err(CommandError::Source(failure)) = answer {
            assert!(!failure.message.is_empty(), "members read why");
        }
    }

    pub(super) fn check(&self, world: &World) {
        if let Some((id, (asked, command))) = self.pending.first_key_value() {
            assert!(world.now.since(*asked) <= LONGEST, "{id:?} is not answered: {command:?}");
        }
    }

    pub(super) fn process_ends(&mut self, world: &World) {
        assert!(!world.finished || self.pending.is_empty(), "it has finished and owes answers: {:?}", self.pending);
        self.pending.clear();
    }

    pub(super) fn check_quiet(&self) {
        assert!(self.pending.is_empty(), "all is quiet, and answers are owed: {:?}", self.pending);
    }
}

/// What an answer says is so when it is said.
fn check_place(world: &World, answer: &Answer) {
    let queue = world.guild().queue();
    let ids: Vec<TrackId> = queue.current().into_iter().chain(queue.upcoming()).map(|t| t.id).collect();
    if let Answer::Played(played) = answer {
        assert!(ids.contains(&played.track.id), "told to be played, and not in the queue: {played:?}");
    }
}

fn check_save(command: &Command, answer: &Answer, after_save: Option<u64>, records: &Records) {
    if let Some(seq) = after_save {
        assert!(records.was_said(seq), "an answer waits for save {seq}, which was never said");
    }
    if !changes(command) || !records.saves() {
        return;
    }
    let (seq, record) = records.last();
    assert!(holds(record, answer, command), "the save does not hold what is told: {answer:?}\n{record:?}");
    match after_save {
        Some(after) => assert!(after <= seq),
        None => assert!(!records.said_now(seq), "{answer:?} does not wait for its save"),
    }
}

fn changes(command: &Command) -> bool {
    !matches!(
        command,
        Command::Queue { .. }
            | Command::History
            | Command::NowPlaying
            | Command::VoiceStatus { .. }
            | Command::Settings
            | Command::Volume { percent: None }
            | Command::Recover { .. }
            | Command::ShutDown
    )
}

/// Whether the record holds what is told.
fn holds(record: &GuildRecord, answer: &Answer, command: &Command) -> bool {
    let queue = &record.queue;
    let in_queue = |id: TrackId| queue.current.iter().chain(&queue.upcoming).any(|t| t.id == id);
    let known = |id: TrackId| in_queue(id) || queue.history.iter().any(|t| t.id == id);
    match answer {
        Answer::Played(played) => in_queue(played.track.id),
        Answer::PlayedAll(all) => all.tracks.iter().all(|t| known(t.id)),
        Answer::Skipped(skipped) => skipped.skipped.iter().all(|t| !in_queue(t.id)),
        Answer::Stopped(_) | Answer::Disconnected(_) => queue.current.is_none() && queue.upcoming.is_empty(),
        Answer::Cleared(_) => queue.upcoming.is_empty(),
        Answer::Removed(tracks) => tracks.iter().all(|t| !in_queue(t.id)),
        Answer::Moved(track) => in_queue(track.id),
        Answer::Looping(mode) => queue.looping == *mode,
        Answer::Undone(undone) => undone.restored.iter().all(|t| in_queue(t.id)),
        Answer::Volume(percent) => record.volume.is_none_or(|volume| volume == *percent),
        // What the guild leaves to the operator is told as the operator has it.
        Answer::Settings(told) => record.settings.is_some_and(|saved| {
            let (auto_rejoin, auto_resume) = (told.auto_rejoin, told.auto_resume);
            GuildSettings { auto_rejoin, auto_resume, ..saved } == *told
        }),
        Answer::Shuffled(on) => *on == queue.true_order.is_some(),
        Answer::NowPlaying(now) => {
            let pauses = matches!(command, Command::Pause | Command::Resume { .. });
            in_queue(now.track.id) && (!pauses || record.paused == now.paused)
        }
        Answer::Queue(_) | Answer::History(_) | Answer::VoiceStatus(_) | Answer::Recovering(_) | Answer::ShutDown => {
            true
        }
    }
}

/// Whether this is an answer to that command.
fn fits(command: &Command, answer: &Answer) -> bool {
    match command {
        Command::Play(_) => matches!(answer, Answer::Played(_)),
        Command::PlayAll { .. } => matches!(answer, Answer::PlayedAll(_)),
        Command::Skip { .. } | Command::SkipTo { .. } => matches!(answer, Answer::Skipped(_)),
        Command::Previous | Command::Replay | Command::Seek(_) | Command::Pause | Command::Resume { .. } => {
            matches!(answer, Answer::NowPlaying(_))
        }
        Command::NowPlaying => matches!(answer, Answer::NowPlaying(_)),
        Command::Stop => matches!(answer, Answer::Stopped(_)),
        Command::Clear => matches!(answer, Answer::Cleared(_)),
        Command::Remove { .. } => matches!(answer, Answer::Removed(_)),
        Command::Move { .. } => matches!(answer, Answer::Moved(_)),
        Command::Shuffle { .. } => matches!(answer, Answer::Shuffled(_)),
        Command::Loop { .. } => matches!(answer, Answer::Looping(_)),
        Command::Undo => matches!(answer, Answer::Undone(_)),
        Command::Volume { .. } => matches!(answer, Answer::Volume(_)),
        Command::Disconnect => matches!(answer, Answer::Disconnected(_)),
        Command::Queue { .. } => matches!(answer, Answer::Queue(_)),
        Command::History => matches!(answer, Answer::History(_)),
        Command::VoiceStatus { .. } => matches!(answer, Answer::VoiceStatus(_)),
        Command::Recover { .. } => matches!(answer, Answer::Recovering(_)),
        Command::Settings | Command::Configure(_) => matches!(answer, Answer::Settings(_)),
        Command::ShutDown => matches!(answer, Answer::ShutDown),
    }
}
