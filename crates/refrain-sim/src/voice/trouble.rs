//! What goes wrong on order: which troubles are in force, whom they concern, and which waits for what moment. Pure.

use super::registry::Key;
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// Whom a trouble concerns. What is not named is not asked for: nothing named is everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// The guild.
    pub guild: Option<u64>,
    /// The bot.
    pub user: Option<u64>,
}

impl Whom {
    /// Everybody in a guild.
    #[must_use]
    pub fn guild(guild: u64) -> Self {
        Self { guild: Some(guild), user: None }
    }

    /// Whether it concerns the session of this guild and user.
    pub(super) fn hits(self, (guild, user): Key) -> bool {
        self.guild.is_none_or(|wanted| wanted == guild) && self.user.is_none_or(|wanted| wanted == user)
    }
}

/// How a socket ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a close frame; without a code (or with 1005) the frame carries none, 1006 sends no frame at all.
    Close {
        /// The code.
        code: Option<u16>,
        /// What stands beside it.
        reason: String,
    },
    /// With a TCP reset.
    Reset,
    /// With the end of TLS and TCP, and no close frame before it.
    TlsClose,
    /// Not at all: it stays open, and nobody reads or writes on this side any more.
    HalfOpen,
}

/// A moment in a connection's life at which something can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The websocket is open, Hello is not sent.
    BeforeHello,
    /// Hello was sent.
    AfterHello,
    /// A good Identify came; this is instead of Ready.
    AfterIdentify,
    /// A good Select Protocol came; this is instead of Session Description.
    BeforeSessionDescription,
    /// Session Description was sent.
    AfterSessionDescription,
    /// A good Resume came; this is instead of Resumed.
    OnResume,
    /// Resumed, and what was missed, were sent.
    AfterResumed,
}

/// Which ways lead nowhere: what is sent on them vanishes, both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dark {
    /// Open voice sockets.
    pub socket: bool,
    /// The media port.
    pub udp: bool,
    /// Connections made from now on: the kernel takes them, nobody answers. Who comes is not known at that moment, so
    /// this holds for everybody at the guild's server.
    pub connections: bool,
}

/// What happens when a moment comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blow {
    /// The socket ends.
    End(Ending),
    /// From then on it is dark, until the trouble is lifted.
    Dark(Dark),
}

/// How the way to the media port treats what is sent. Chances are from 0 to 1, times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// The chance that a packet is lost.
    pub loss: f64,
    /// The chance that a packet arrives twice.
    pub duplicate: f64,
    /// The chance that a packet is held back for 30 ms, so that the next one overtakes it.
    pub reorder: f64,
    /// What each packet takes.
    pub delay_ms: f64,
    /// Up to so much longer, each packet anew.
    pub jitter_ms: f64,
    /// The same seed treats the same packets in the same way.
    pub seed: u64,
}

/// Something that goes wrong until it is lifted.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The next connections that reach a moment are struck there.
    Armed {
        /// The moment.
        stage: Stage,
        /// What happens.
        blow: Blow,
        /// To how many connections.
        times: u32,
    },
    /// Ways that lead nowhere.
    Dark(Dark),
    /// A bad way to the media port.
    Udp(Figures),
    /// Heartbeats are acknowledged so much later, or (`None`) not at all.
    Heartbeats {
        /// In milliseconds.
        delay_ms: Option<u64>,
    },
    /// Resumes are refused with this code.
    RefuseResume {
        /// Codes that end a session end this one as well.
        code: u16,
    },
    /// The server of this number (`None`: all) refuses connections and hears nothing at its media port.
    Down {
        /// Counted from 0.
        server: Option<usize>,
    },
}

#[derive(Debug)]
struct Entry {
    whom: Whom,
    trouble: Trouble,
    /// Dropped when nothing is left of the trouble.
    _spent: oneshot::Sender<()>,
}

/// All troubles in force.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    last: u64,
    entries: BTreeMap<u64, Entry>,
}

impl Troubles {
    /// Puts one in force. The receiver wakes when it is over, be it lifted or used up.
    pub(super) fn add(&mut self, whom: Whom, trouble: Trouble) -> (u64, oneshot::Receiver<()>) {
        let (spent, over) = oneshot::channel();
        self.last += 1;
        self.entries.insert(self.last, Entry { whom, trouble, _spent: spent });
        (self.last, over)
    }

    /// Takes one back; false when it is over already.
    pub(super) fn lift(&mut self, id: u64) -> bool {
        self.entries.remove(&id).is_some()
    }

    /// What strikes a connection at this moment. `concerns` tells whether it is one of those a trouble is meant for.
    /// A darkness that was waited for is in force from now on.
    pub(super) fn strike(&mut self, at: Stage, concerns: impl Fn(Whom) -> bool) -> Option<Blow> {
        let (id, entry) = self.entries.iter_mut().find(|(_, entry)| {
            matches!(entry.trouble, Trouble::Armed { stage, .. } if stage == at) && concerns(entry.whom)
        })?;
        let id = *id;
        let Trouble::Armed { blow, times, .. } = &mut entry.trouble else { return None };
        let blow = blow.clone();
        *times = times.saturating_sub(1);
        let is_used_up = *times == 0;
        match &blow {
            Blow::Dark(dark) => entry.trouble = Trouble::Dark(*dark),
            Blow::End(_) if is_used_up => {
                self.entries.remove(&id);
            }
            Blow::End(_) => {}
        }
        Some(blow)
    }

    /// What is dark for those whom `concerns` names.
    pub(super) fn dark(&self, concerns: impl Fn(Whom) -> bool) -> Dark {
        let mut all = Dark { socket: false, udp: false, connections: false };
        for entry in self.entries.values() {
            if let Trouble::Dark(dark) = entry.trouble
                && concerns(entry.whom)
            {
                all.socket |= dark.socket;
                all.udp |= dark.udp;
                all.connections |= dark.connections;
            }
        }
        all
    }

    /// The newest bad way to the media port.
    pub(super) fn figures(&self, key: Key) -> Option<(u64, Figures)> {
        self.entries.iter().rev().find_map(|(id, entry)| {
            let Trouble::Udp(figures) = entry.trouble else { return None };
            entry.whom.hits(key).then_some((*id, figures))
        })
    }

    /// How late heartbeats are acknowledged, in milliseconds; `None`: not at all.
    pub(super) fn heartbeat_delay_ms(&self, concerns: impl Fn(Whom) -> bool) -> Option<u64> {
        let found = self.entries.values().rev().find_map(|entry| {
            let Trouble::Heartbeats { delay_ms } = entry.trouble else { return None };
            concerns(entry.whom).then_some(delay_ms)
        });
        found.unwrap_or(Some(0))
    }

    /// The code that resumes of this session are refused with.
    pub(super) fn refused_with(&self, key: Key) -> Option<u16> {
        self.entries.values().rev().find_map(|entry| {
            let Trouble::RefuseResume { code } = entry.trouble else { return None };
            entry.whom.hits(key).then_some(code)
        })
    }

    /// Whether this server is down.
    pub(super) fn is_down(&self, server: usize) -> bool {
        self.entries.values().any(
            |entry| matches!(entry.trouble, Trouble::Down { server: down } if down.is_none_or(|down| down == server)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Whom = Whom { guild: None, user: None };

    fn end() -> Blow {
        Blow::End(Ending::Reset)
    }

    #[test]
    fn an_armed_trouble_strikes_as_often_as_it_was_told_and_is_over() {
        let mut troubles = Troubles::default();
        let armed = Trouble::Armed { stage: Stage::OnResume, blow: end(), times: 2 };
        let (id, mut over) = troubles.add(Whom::guild(1), armed);
        assert_eq!(troubles.strike(Stage::AfterHello, |_| true), None, "another moment");
        assert_eq!(troubles.strike(Stage::OnResume, |whom| whom.hits((2, 9))), None, "another guild");
        assert_eq!(troubles.strike(Stage::OnResume, |whom| whom.hits((1, 9))), Some(end()));
        assert!(over.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        assert_eq!(troubles.strike(Stage::OnResume, |_| true), Some(end()));
        assert!(over.try_recv() == Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(troubles.strike(Stage::OnResume, |_| true), None);
        assert!(!troubles.lift(id));
    }

    #[test]
    fn a_darkness_that_was_waited_for_stays_until_it_is_lifted() {
        let mut troubles = Troubles::default();
        let dark = Dark { socket: true, udp: false, connections: true };
        let armed = Trouble::Armed { stage: Stage::AfterHello, blow: Blow::Dark(dark), times: 1 };
        let (id, _over) = troubles.add(ALL, armed);
        assert!(!troubles.dark(|_| true).socket);
        troubles.strike(Stage::AfterHello, |_| true);
        assert_eq!(troubles.dark(|_| true), dark);
        assert!(troubles.lift(id));
        assert!(!troubles.dark(|_| true).socket);
    }

    #[test]
    fn the_newest_of_a_kind_rules_and_the_older_returns_after_it() {
        let mut troubles = Troubles::default();
        troubles.add(ALL, Trouble::RefuseResume { code: 4006 });
        let (newer, _over) = troubles.add(Whom::guild(1), Trouble::RefuseResume { code: 4009 });
        assert_eq!((troubles.refused_with((1, 9)), troubles.refused_with((2, 9))), (Some(4009), Some(4006)));
        troubles.lift(newer);
        assert_eq!(troubles.refused_with((1, 9)), Some(4006));
        assert_eq!(troubles.heartbeat_delay_ms(|_| true), Some(0), "nothing was ordered");
    }
}
