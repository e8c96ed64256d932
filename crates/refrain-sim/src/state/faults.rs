//! Faults that last until they are taken back.

use crate::id::Id;

use super::{Hub, State};

/// A fault that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lasting {
    pub(crate) guild: Id,
    pub(crate) kind: LastingKind,
}

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastingKind {
    /// Voice resumes of the guild are refused.
    RefuseResume,
    /// Op 4 for the guild is answered with nothing.
    Op4Unanswered,
    /// The main gateway's socket stays open but is dead: nothing is read, nothing is sent.
    GatewayZombie { bot: Id },
}

impl Hub {
    /// Puts a lasting fault into force.
    pub(crate) fn add_fault(&self, state: &mut State, fault: Lasting) -> Id {
        let id = self.snowflake(state);
        state.faults.insert(id, fault);
        self.apply_fault(state, fault);
        id
    }

    /// Ends a lasting fault; false when there is none of this id.
    pub(crate) fn end_fault(&self, id: Id) -> bool {
        let mut state = self.state();
        let Some(fault) = state.faults.remove(&id) else { return false };
        self.apply_fault(&state, fault);
        true
    }

    /// Tells whoever must know whether any fault like this one is in force now.
    fn apply_fault(&self, state: &State, fault: Lasting) {
        let in_force = state.faults.values().any(|one| *one == fault);
        match fault.kind {
            LastingKind::RefuseResume => self.voice.refuse_resume(fault.guild.0, in_force),
            LastingKind::Op4Unanswered => {}
            LastingKind::GatewayZombie { bot } => {
                let guild = self.world.guild(fault.guild);
                let session = guild.and_then(|guild| state.session_of(bot, guild));
                if let Some(socket) = session.and_then(|(_, session)| session.socket()) {
                    // Refused only when that socket's task is already ending.
                    let _ = socket.orders.try_send(super::sessions::Order::Freeze(in_force));
                }
            }
        }
    }
}

impl State {
    pub(crate) fn op4_unanswered(&self, guild: Id) -> bool {
        self.faults.values().any(|one| one.guild == guild && one.kind == LastingKind::Op4Unanswered)
    }
}
