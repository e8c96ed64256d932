//! The two halves of a voice session, as the main gateway brings them, and what they say when nobody asked for them.

use super::{Presence, Recovery};
use crate::{
    Cause, Gathered, Handled, Idle, Notice, Retrying, Server, Stable, Stage, State, Verdict, VoiceSession, ledger::Hold,
};
use alloc::string::String;
use refrain_model::{ChannelId, Moment};

impl Recovery {
    /// The bot's own voice state shows it in `channel`.
    pub(super) fn on_present(&mut self, now: Moment, channel: ChannelId, session_id: String) {
        self.presence = Presence::In(channel);
        self.standing = Some(Gathered { session_id: Some(session_id.clone()), ..Gathered::nothing(channel) });
        let recovers = matches!(self.state.cause(), Some(Cause::Recovery(_)));
        match &mut self.state {
            State::Idle(_) => {}
            State::Stable(Stable { session, .. }) => {
                if session.channel == channel {
                    session.session_id = session_id;
                } else {
                    self.on_moved(now, channel, session_id);
                }
            }
            State::Retrying(Retrying { stage, .. }) => match stage {
                // Late news of the channel that is being left.
                Stage::Leaving { .. } => {}
                Stage::Joining { gathered, .. } => {
                    if gathered.channel == channel {
                        gathered.session_id = Some(session_id);
                        self.connect_if_complete(now);
                    } else if gathered.session_id.is_some() {
                        self.on_moved(now, channel, session_id);
                    }
                    // Before our op 4 is answered, another channel is news from before it.
                }
                Stage::Connecting { session, .. }
                | Stage::Resuming { stable: Stable { session, .. }, .. }
                | Stage::Weighing { session, .. } => {
                    if session.channel == channel {
                        session.session_id = session_id;
                    } else {
                        self.on_moved(now, channel, session_id);
                    }
                }
                Stage::AskingAgain { gathered, .. } | Stage::AwaitingServer { gathered, .. } => {
                    if gathered.channel == channel {
                        gathered.session_id = Some(session_id);
                    } else if gathered.session_id.is_some() {
                        self.on_moved(now, channel, session_id);
                    }
                }
                Stage::AwaitingTurn { .. } => {
                    // While somebody's wish waits for its turn, another channel is news from before it.
                    if recovers && self.intent != Some(channel) {
                        self.on_moved(now, channel, session_id);
                    }
                }
                Stage::BackingOff { .. } | Stage::CoolingDown { .. } | Stage::AwaitingAccess { .. } => {
                    if self.intent != Some(channel) {
                        self.on_moved(now, channel, session_id);
                    }
                }
                // Replayed to a shard that comes back: the move happened, its server half will be asked for anew.
                Stage::AwaitingGuild { .. } => {
                    if self.intent != Some(channel) && !self.link.is_fresh() {
                        self.follow(now, channel);
                    }
                }
            },
        }
    }

    /// The bot's own voice state shows it in no channel.
    pub(super) fn on_absent(&mut self, now: Moment) {
        let was_in = matches!(self.presence, Presence::In(_));
        self.presence = Presence::Nowhere;
        self.standing = None;
        let ours = self.nulls_owed.settle(now);
        match &mut self.state {
            State::Idle(_) => {}
            State::Stable(_) => {
                if was_in && !ours {
                    self.on_removed(now);
                }
            }
            State::Retrying(Retrying { cause, stage }) => match stage {
                Stage::Leaving { .. } => {
                    let cause = *cause;
                    self.after_leave(now, cause);
                }
                // Before our op 4 is answered, this is news from before it.
                Stage::Joining { gathered, .. } if gathered.session_id.is_none() => {}
                Stage::AwaitingTurn { .. } if !matches!(cause, Cause::Recovery(_)) => {}
                Stage::AwaitingGuild { absent, .. } => *absent = was_in && !ours && !self.link.is_fresh(),
                Stage::Joining { .. }
                | Stage::AskingAgain { .. }
                | Stage::Connecting { .. }
                | Stage::Resuming { .. }
                | Stage::Weighing { .. }
                | Stage::AwaitingTurn { .. }
                | Stage::BackingOff { .. }
                | Stage::CoolingDown { .. }
                | Stage::AwaitingAccess { .. }
                | Stage::AwaitingServer { .. } => {
                    if was_in && !ours {
                        self.on_removed(now);
                    }
                }
            },
        }
    }

    /// Out of the channel without having asked: a kick, when the shard and the guild are well.
    fn on_removed(&mut self, now: Moment) {
        if self.intent.is_none() {
            return self.rest(Idle::Left);
        }
        if self.link.is_usable() {
            return self.kicked(now, "a moderator disconnected the bot");
        }
        let outage = self.outage(now);
        self.drop_connection(Hold::Well);
        let absent = !self.link.is_fresh();
        self.await_guild(now, Cause::Recovery(outage), absent);
    }

    /// Where the bot was moved to is where it is meant to be.
    pub(super) fn follow(&mut self, now: Moment, channel: ChannelId) {
        self.record(now, None, Verdict::Follow, "a moderator moved the bot");
        self.want(Some(channel));
        self.tell(Notice::Moved { to: channel });
    }

    /// Moved by a moderator. The connection of the old channel goes on until that of the new one stands; its close says
    /// nothing new, because its generation is over.
    fn on_moved(&mut self, now: Moment, channel: ChannelId, session_id: String) {
        let server = self.unpaired_server(now);
        let cause = self.going_on(now);
        // While a resume is under way nothing proves that the frames were heard.
        if self.is_resuming() {
            self.drop_connection(Hold::Lost);
        }
        self.follow(now, channel);
        self.new_generation();
        let gathered = Gathered { channel, session_id: Some(session_id), server };
        self.on_the_way(cause, Stage::Joining { until: now + self.policy.timeouts.reconnect, gathered });
        self.connect_if_complete(now);
    }

    /// The server half that came by itself a moment ago: that of a move, when its voice state comes second.
    fn unpaired_server(&self, now: Moment) -> Option<Server> {
        let (session, at) = match &self.state {
            State::Stable(Stable { session, unpaired: Some(at), .. })
            | State::Retrying(Retrying { stage: Stage::Connecting { session, unpaired: Some(at), .. }, .. }) => {
                (session, *at)
            }
            State::Idle(_) | State::Stable(_) | State::Retrying(_) => return None,
        };
        let fresh = now.since(at) <= self.policy.timeouts.evidence;
        fresh.then(|| Server { endpoint: session.endpoint.clone(), token: session.token.clone() })
    }

    fn connect_if_complete(&mut self, now: Moment) {
        let State::Retrying(Retrying { cause, stage: Stage::Joining { until, gathered } }) = &self.state else {
            return;
        };
        if let Some(session) = gathered.complete() {
            let (cause, until) = (*cause, (*until).max(now));
            self.asking.answered(now);
            self.connect(cause, until, session, None);
        }
    }

    /// Discord names a voice server.
    pub(super) fn on_server(&mut self, now: Moment, endpoint: String, token: String) -> Handled {
        let server = Server { endpoint, token };
        match &mut self.state {
            State::Idle(_) => return Handled::Ignored,
            State::Stable(Stable { session, .. }) => {
                if server.serves(session) {
                    return Handled::Ignored;
                }
                let session = session.clone();
                self.reconnect(now, session, server);
            }
            State::Retrying(Retrying { cause, stage }) => match stage {
                Stage::AskingAgain { gathered, .. } => {
                    let (cause, gathered) = (*cause, gathered.clone());
                    self.answered_again(now, cause, gathered, server);
                }
                Stage::Joining { gathered, .. } => {
                    gathered.server = Some(server);
                    self.connect_if_complete(now);
                }
                Stage::Connecting { session, .. } | Stage::Resuming { stable: Stable { session, .. }, .. } => {
                    if server.serves(session) {
                        return Handled::Ignored;
                    }
                    let session = session.clone();
                    self.reconnect(now, session, server);
                }
                Stage::Weighing { session, .. } => {
                    let session = session.clone();
                    self.reconnect(now, session, server);
                }
                Stage::AwaitingServer { gathered, .. } => {
                    let (cause, gathered) = (*cause, Gathered { server: Some(server), ..gathered.clone() });
                    self.new_generation();
                    self.on_the_way(cause, Stage::Joining { until: now + self.limit(cause), gathered });
                    self.connect_if_complete(now);
                }
                Stage::Leaving { .. } => return self.answered_late(now),
                // Late halves of an attempt that is over: the next one asks for its own.
                Stage::AwaitingTurn { .. }
                | Stage::BackingOff { .. }
                | Stage::CoolingDown { .. }
                | Stage::AwaitingAccess { .. }
                | Stage::AwaitingGuild { .. } => return Handled::Ignored,
            },
        }
        Handled::Taken
    }

    /// Discord answers op 4 for the channel that it has the bot in.
    fn answered_again(&mut self, now: Moment, cause: Cause, gathered: Gathered, server: Server) {
        if self.is_spent(&server) {
            return self.asked_in_vain(now, cause, "Discord names the server and token that failed: out first");
        }
        let until = now + self.limit(cause);
        self.on_the_way(cause, Stage::Joining { until, gathered: Gathered { server: Some(server), ..gathered } });
        self.connect_if_complete(now);
    }

    /// The same channel on another server, or with another token: always a new Identify. The connection that stands goes
    /// on until it is made.
    fn reconnect(&mut self, now: Moment, session: VoiceSession, server: Server) {
        let cause = self.going_on(now);
        // While a resume is under way nothing proves that the frames were heard.
        if self.is_resuming() {
            self.drop_connection(Hold::Lost);
        }
        self.record(now, None, Verdict::Follow, "Discord named another voice server");
        self.new_generation();
        let session = VoiceSession { endpoint: server.endpoint, token: server.token, ..session };
        self.connect(cause, now + self.limit(cause), session, Some(now));
    }

    /// Discord takes the voice server away: no retry helps until it names another.
    pub(super) fn on_server_gone(&mut self, now: Moment) -> Handled {
        let gathered = match &self.state {
            State::Stable(Stable { session, .. }) => Gathered::of(session),
            State::Retrying(Retrying { stage, .. }) => match stage {
                Stage::AskingAgain { gathered, .. } | Stage::Joining { gathered, .. } => {
                    Gathered { server: None, ..gathered.clone() }
                }
                Stage::Connecting { session, .. }
                | Stage::Resuming { stable: Stable { session, .. }, .. }
                | Stage::Weighing { session, .. } => Gathered::of(session),
                Stage::AwaitingServer { .. }
                | Stage::Leaving { .. }
                | Stage::AwaitingTurn { .. }
                | Stage::BackingOff { .. }
                | Stage::CoolingDown { .. }
                | Stage::AwaitingAccess { .. }
                | Stage::AwaitingGuild { .. } => return Handled::Ignored,
            },
            State::Idle(_) => return Handled::Ignored,
        };
        let cause = self.going_on(now);
        self.drop_connection(Hold::Well);
        self.record(now, None, Verdict::Wait, "the voice server went away: waiting for another one");
        self.on_the_way(cause, Stage::AwaitingServer { until: now + self.policy.timeouts.server, gathered });
        Handled::Taken
    }

    /// What the way is for when Discord, not a person, starts it over.
    pub(super) fn going_on(&self, now: Moment) -> Cause {
        match self.state.cause() {
            Some(Cause::Join) => Cause::Join,
            Some(Cause::Switch { .. } | Cause::Recovery(_) | Cause::Leave) | None => Cause::Recovery(self.outage(now)),
        }
    }
}
