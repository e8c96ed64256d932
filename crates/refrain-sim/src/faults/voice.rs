//! What goes wrong with a voice socket.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::{Outcome, Room, Target, fields_of};
use crate::{control::answer::Refusal, state::Hub};

pub(super) const ROOM: Room = Room { kinds: &["close", "reset", "refuse_resume"], apply };

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Fault {
    Close {
        /// The voice socket's close code; null closes without one.
        #[serde(deserialize_with = "Option::deserialize")]
        code: Option<u16>,
        #[serde(default)]
        reason: String,
    },
    Reset {},
    RefuseResume {},
}

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let world = hub.world();
    let guild = target.guild(&world)?;
    let fault: Fault = fields_of(body)?;
    match fault {
        Fault::Close { code, reason } => {
            if code.is_some_and(|code| !(1000..=4999).contains(&code)) {
                return Err(Refusal::bad("`code` is a WebSocket close code, 1000 to 4999, or null for none"));
            }
            let bot = target.voice_bot(hub, guild)?;
            done(hub.voice.close(guild.id.0, bot.0, code, &reason))
        }
        Fault::Reset {} => {
            let bot = target.voice_bot(hub, guild)?;
            done(hub.voice.reset(guild.id.0, bot.0))
        }
        Fault::RefuseResume {} => {
            let id = guild.id;
            hub.voice.refuse_resume(id.0, true);
            Ok(Outcome::lasting(move |hub| {
                let still = hub.state().has_fault(id, "refuse_resume");
                hub.voice.refuse_resume(id.0, still);
            }))
        }
    }
}

fn done(there_was_a_socket: bool) -> Result<Outcome, Refusal> {
    if there_was_a_socket {
        Ok(Outcome::Once)
    } else {
        Err(Refusal::conflict("the bot has no open voice socket in this guild"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_close_needs_a_code_which_may_be_null() {
        assert!(fields_of::<Fault>(json!({ "kind": "close" })).is_err());
        let none = fields_of::<Fault>(json!({ "kind": "close", "code": null })).unwrap();
        assert!(matches!(none, Fault::Close { code: None, .. }));
    }

    #[test]
    fn a_field_that_no_fault_has_is_refused_by_name() {
        let error = fields_of::<Fault>(json!({ "kind": "close", "code": 4006, "reson": "" })).unwrap_err();
        assert!(format!("{error:?}").contains("reson"));
    }
}
