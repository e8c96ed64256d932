//! What the guild says, carried out in order.

use super::{
    Actor,
    message::{Finding, Replied},
};
use refrain_guild::{GuildInput, GuildOutput, SourceEvent, SourceId};
use std::time::Duration;
use tokio::time::timeout;
use tracing::Span;

/// How long the disk may take for a record. Commands wait for it.
const READING: Duration = Duration::from_secs(10);

impl Actor {
    /// Does what the guild says until it has nothing more to say.
    pub(super) fn carry_out(&mut self) {
        while let Some(output) = self.guild.poll_output() {
            self.meter.said(self.shared.now(), &output);
            let span: Span = self.meter.span();
            span.in_scope(|| self.perform(output));
        }
        self.meter.settles(self.shared.now());
    }

    fn perform(&mut self, output: GuildOutput) {
        let (id, shared) = (self.id, self.shared.clone());
        match output {
            GuildOutput::Load => self.load(),
            GuildOutput::Save { record, seq: _ } => shared.store.save(id, *record),
            GuildOutput::SavePlayhead(playhead) => shared.store.save_playhead(id, playhead),
            GuildOutput::WatchPlayhead { id: source, track, trusted_until, heard } => {
                if let Some(stream) = self.sources.stream(source) {
                    shared.playheads.watch(id, track, stream.clone(), trusted_until, heard);
                }
            }
            GuildOutput::ForgetPlayhead => shared.playheads.forget(id),
            GuildOutput::Answer { id, answer, after_save } => {
                if let Some(reply) = self.replies.remove(&id) {
                    // An error says that nobody waits any more.
                    let _ = reply.send(Replied { result: answer, after_save: after_save.is_some() });
                }
            }
            GuildOutput::LookUp { id: look_up, query, asker } => {
                self.look_ups.begin(id, &shared, (look_up, query, asker), self.findings.0.clone());
            }
            GuildOutput::CancelLookUp { id } => self.look_ups.cancel(id),
            GuildOutput::OpenSource(wanted) => self.sources.open(id, &shared, wanted, self.findings.0.clone()),
            GuildOutput::CloseSource { id } => self.close_source(id),
            GuildOutput::Rewind { id, to } => self.rewind(id, to),
            GuildOutput::Attach { id, at } => self.attach(id, at),
            GuildOutput::SetFlowing(flowing) => self.driver.set_flowing(flowing),
            GuildOutput::SendVoiceState { channel } => {
                shared.port.update_voice_state(id, channel);
                self.seat.sent(shared.port.shard_of(id));
            }
            GuildOutput::RequestToSpeak { channel } => shared.port.request_to_speak(id, channel),
            GuildOutput::Connect { generation, session } => self.driver.connect(generation, session),
            GuildOutput::Resume { generation } => self.driver.resume(generation),
            GuildOutput::TearDown { generation } => self.driver.tear_down(generation),
            GuildOutput::Probe { generation } => self.driver.probe(generation),
            GuildOutput::AskTurn { urgency, listeners } => {
                // A turn that is free is taken within the same step.
                if self.seat.ask(urgency, shared.port.shard_of(id), listeners) {
                    self.answer_on_the_spot(GuildInput::Turn);
                }
            }
            GuildOutput::WithdrawTurn => self.seat.give_back(),
            GuildOutput::HoldAllTurns(pause) => self.seat.hold_all(pause),
            GuildOutput::Announce(announcement) => shared.port.announce(id, announcement),
            GuildOutput::SettleLeftover(leftover) => shared.port.settle_leftover(id, leftover),
            GuildOutput::ShowPanel(panel) => shared.port.show_panel(id, panel),
            // The meter has read it.
            GuildOutput::Observe(_) => {}
            GuildOutput::Finished => self.finished = true,
        }
    }

    /// The answer to an output, from within the loop.
    fn answer_on_the_spot(&mut self, input: GuildInput) {
        let observed = self.observed();
        self.recorder.step(observed, Some(&input), true);
        self.guild.handle_input(observed, input);
    }

    fn load(&self) {
        let (guild, store, findings) = (self.id, self.shared.store.clone(), self.findings.0.clone());
        tokio::spawn(async move {
            let reading = tokio::task::spawn_blocking(move || store.load(guild));
            let record = match timeout(READING, reading).await {
                Err(_) => Err(format!("the disk did not give the record within {} s", READING.as_secs())),
                Ok(Ok(record)) => record.map(|record| record.map(Box::new)).map_err(|error| error.to_string()),
                Ok(Err(error)) if error.is_panic() => Err("reading the record panicked".to_owned()),
                // The runtime is shutting down.
                Ok(Err(_)) => return,
            };
            // An error says that the actor has ended.
            let _ = findings.send(Finding::Loaded(record));
        });
    }

    fn close_source(&mut self, id: SourceId) {
        if self.sources.is_attached(id) {
            self.driver.attach(None);
        }
        self.sources.close(id);
    }

    fn rewind(&mut self, id: SourceId, to: Duration) {
        let kept = self.sources.stream(id).is_some_and(|stream| stream.rewind(to));
        let event = if kept { SourceEvent::Rewound { to } } else { SourceEvent::NotKept { to } };
        self.answer_on_the_spot(GuildInput::Source { id, event });
    }

    fn attach(&mut self, id: Option<SourceId>, at: Option<Duration>) {
        let stream = self.sources.attach(id);
        if let (Some(stream), Some(at)) = (&stream, at) {
            // Where it cannot go there, it begins where it is: a little is heard twice.
            let _there = stream.skip_to(at);
        }
        self.driver.attach(stream);
    }
}
