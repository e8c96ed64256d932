//! What becomes of the guild's outputs.

use super::{Grants, TEXT, World};
use rand::Rng;
use refrain_guild::{
    AnnouncementStep, Answer, CommandError, CommandId, GuildInput, GuildOutput, OpenSource, Panel, PanelFailure,
    SourceEvent,
};
use std::sync::Arc;

impl World {
    pub(super) fn carry_out(&mut self, output: GuildOutput) {
        self.discord.carry_out(self.now, &output);
        match output {
            GuildOutput::Load => {
                let loaded = self.disk.load();
                let delay = self.delay(300);
                self.post(delay, GuildInput::Loaded(loaded));
            }
            GuildOutput::Save { seq, record } => {
                let delay = self.delay(500);
                let at = self.disk.save(self.now, delay, record);
                self.saved_at.insert(seq, at);
            }
            GuildOutput::SavePlayhead(playhead) => {
                let delay = self.delay(500);
                self.disk.save_playhead(self.now, delay, playhead);
            }
            GuildOutput::WatchPlayhead { id, track, trusted_until, heard } => {
                if self.disk.watches(track, id) {
                    self.disk.watch_on(trusted_until, heard);
                } else {
                    self.unwatch();
                    let at = self.audio.sources.get(&id).map_or(heard, |source| source.at);
                    self.disk.watch(self.now, (track, id), (trusted_until, heard), at);
                }
            }
            GuildOutput::ForgetPlayhead => self.unwatch(),
            GuildOutput::Answer { id, answer, after_save } => self.answer(id, answer, after_save),
            GuildOutput::LookUp { id, .. } => {
                let delay = self.sites.delay(&mut self.rng);
                let result = self.sites.look_up(&mut self.rng);
                if std::mem::take(&mut self.hangs.0) {
                    return;
                }
                self.post(delay, GuildInput::LookedUp { id, result, asker: self.asker });
            }
            GuildOutput::CancelLookUp { id } => {
                // Now and then its result is on its way already.
                if self.rng.random_bool(0.8) {
                    let is_it = |input: &GuildInput| matches!(input, GuildInput::LookedUp { id: of, .. } if *of == id);
                    self.in_flight.retain(|_, input| !is_it(input));
                }
            }
            GuildOutput::OpenSource(open) => self.open(open),
            GuildOutput::CloseSource { id } => {
                self.audio.sources.remove(&id);
                let is_of = |input: &GuildInput| matches!(input, GuildInput::Source { id: of, .. } if *of == id);
                self.in_flight.retain(|_, input| !is_of(input));
            }
            GuildOutput::Rewind { id, to } => {
                let event = self.audio.rewind(id, to);
                if let Some((_, source)) = self.audio.current() {
                    let at = source.at;
                    self.disk.flowed(self.now, at);
                }
                self.feed_on_the_spot(GuildInput::Source { id, event });
            }
            GuildOutput::Attach { id, at } => self.audio.attach(id, at),
            GuildOutput::SetFlowing(flowing) => self.audio.set_flowing(flowing),
            GuildOutput::AskTurn { .. } => match self.grants {
                Grants::AtOnce => self.feed_on_the_spot(GuildInput::Turn),
                Grants::Late(by) => self.turn_at = Some(self.now + by),
                Grants::Never => {}
            },
            GuildOutput::WithdrawTurn => self.turn_at = None,
            GuildOutput::Announce(announcement) => match announcement.step {
                AnnouncementStep::Say(_) => {
                    let place = self.message(announcement.channel);
                    let delay = self.delay(600);
                    if self.rng.random_bool(0.9) {
                        self.post(delay, GuildInput::IncidentMessageIs(Some(place)));
                    }
                }
                AnnouncementStep::Settle(_) | AnnouncementStep::Remove => {
                    let delay = self.delay(600);
                    self.post(delay, GuildInput::IncidentMessageIs(None));
                }
            },
            GuildOutput::ShowPanel(panel) => self.show(&panel),
            GuildOutput::Finished => self.finished = true,
            GuildOutput::SendVoiceState { .. }
            | GuildOutput::RequestToSpeak { .. }
            | GuildOutput::Connect { .. }
            | GuildOutput::Resume { .. }
            | GuildOutput::TearDown { .. }
            | GuildOutput::Probe { .. }
            | GuildOutput::HoldAllTurns(_)
            | GuildOutput::SettleLeftover(_)
            | GuildOutput::Observe(_) => {}
        }
    }

    fn unwatch(&mut self) {
        let (since_look, delay, unix_ms) = (self.delay(300), self.delay(500), self.unix_ms());
        self.disk.unwatch(self.now, since_look, unix_ms, delay);
    }

    fn answer(&mut self, id: CommandId, answer: Result<Answer, CommandError>, after_save: Option<u64>) {
        let at = after_save.and_then(|seq| self.saved_at.get(&seq).copied()).unwrap_or(self.now).max(self.now);
        self.sent += 1;
        self.answers.insert((at, self.sent), (id, answer));
    }

    /// A member reads an answer. One that tells what plays becomes the panel.
    pub(super) fn read_answer(&mut self, id: CommandId, answer: Result<Answer, CommandError>) {
        if matches!(&answer, Ok(Answer::Played(played)) if played.position == 0) && !self.panel_fails {
            let place = self.message(TEXT);
            let delay = self.delay(300);
            let lost = self.answers_lost && self.rng.random_bool(0.05);
            let input =
                if lost { GuildInput::PanelFailed(PanelFailure::AnswerLost) } else { GuildInput::PanelIs(Some(place)) };
            self.post(delay, input);
        }
        self.told.push((self.now, id, answer));
    }

    fn show(&mut self, panel: &Panel) {
        let delay = self.delay(400);
        if self.panel_fails {
            let channel = panel.place.map(|place| place.channel).or(panel.channel);
            if let Some(channel) = channel {
                let failure = if self.rng.random_bool(0.5) {
                    PanelFailure::ChannelGone { channel }
                } else {
                    PanelFailure::Forbidden { channel }
                };
                self.post(delay, GuildInput::PanelFailed(failure));
            }
        } else if panel.place.is_none()
            && let Some(channel) = panel.channel
        {
            let place = self.message(channel);
            self.post(delay, GuildInput::PanelIs(Some(place)));
        }
    }

    fn open(&mut self, open: OpenSource) {
        let OpenSource { id, track, from, .. } = open;
        self.audio.opening(id, Arc::clone(&track), from);
        let delay = self.sites.delay(&mut self.rng);
        let event = match self.sites.open(&mut self.rng, &track.info.page_url, from) {
            Ok((from, facts, fate, end)) => {
                self.openings.insert(id, (fate, end));
                SourceEvent::Opened { from, facts }
            }
            Err(failure) => SourceEvent::OpenFailed(failure),
        };
        if std::mem::take(&mut self.hangs.1) {
            return;
        }
        self.post(delay, GuildInput::Source { id, event });
    }

    /// Carries out on the driver's side what an input tells. Whether the guild is told at all.
    pub(super) fn arrives(&mut self, input: &GuildInput) -> bool {
        if let GuildInput::Source { id, event: SourceEvent::Opened { from, facts } } = input
            && let Some((fate, end)) = self.openings.remove(id)
        {
            return self.audio.opened(*id, *from, *facts, fate, end);
        }
        if let GuildInput::Source { id, event: SourceEvent::OpenFailed(_) } = input {
            return self.audio.sources.remove(id).is_some();
        }
        if let GuildInput::Driver { generation, event } = input {
            return self.discord.is_true(*generation, *event);
        }
        true
    }
}
