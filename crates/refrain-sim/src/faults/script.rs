//! Faults with times: a list of orders, each so many milliseconds after the script's start, once or several times over.
//!
//! The plan is kept beside what came of it, refusals included: a fault that finds no bot in voice is noted with its 409
//! and the script goes on.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::random::{self, Wish};
use crate::{control::answer::Refusal, id::Id, state::Hub};

/// The most steps of one script, and the most happenings that are remembered of it.
pub(crate) const MAX_STEPS: usize = 10_000;
/// The most scripts that run at the same time.
const MAX_RUNNING: usize = 50;
/// The most scripts that are remembered.
const MAX_SCRIPTS: usize = 200;
/// The latest time of a step, and the longest pause between two rounds: a day.
const MAX_MS: u64 = 24 * 60 * 60 * 1000;

/// One order of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// When, in milliseconds after the round's start.
    pub(crate) at_ms: u64,
    /// What `POST /sim/faults` takes.
    pub(crate) fault: Value,
}

/// Several rounds of the same steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeat {
    /// How many rounds.
    times: u32,
    /// From one round's start to the next, in milliseconds.
    every_ms: u64,
}

/// What `POST /sim/scripts` takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    steps: Vec<Step>,
    repeat: Option<Repeat>,
}

/// A script that runs or ran.
#[derive(Debug)]
pub(crate) struct Script {
    steps: Vec<Step>,
    repeat: Option<Repeat>,
    seed: Option<u64>,
    started_ms: f64,
    ended_ms: Option<f64>,
    state: &'static str,
    happened: Vec<Value>,
    /// The lasting faults it ordered.
    lasting: Vec<Id>,
    stop: CancellationToken,
}

/// All scripts, by id.
pub(crate) type Scripts = BTreeMap<Id, Script>;

impl Script {
    /// As `GET /sim/scripts/{id}` answers.
    pub(crate) fn report(&self, id: Id) -> Value {
        json!({
            "id": id, "state": self.state, "started_ms": self.started_ms, "ended_ms": self.ended_ms,
            "seed": self.seed, "steps": self.steps, "repeat": self.repeat, "happened": self.happened,
        })
    }

    /// In a list of scripts.
    pub(crate) fn summary(&self, id: Id) -> Value {
        json!({
            "id": id, "state": self.state, "started_ms": self.started_ms, "ended_ms": self.ended_ms,
            "seed": self.seed, "steps": self.steps.len(), "happened": self.happened.len(),
        })
    }
}

/// Starts a written script. Answers its id.
pub(crate) fn start(hub: &Arc<Hub>, draft: Draft) -> Result<Id, Refusal> {
    let Draft { mut steps, repeat } = draft;
    check(&steps, repeat)?;
    // Steps of one time keep their written order.
    steps.sort_by_key(|step| step.at_ms);
    begin(hub, steps, repeat, None)
}

/// Plans a random script and starts it. Answers its id.
pub(crate) fn start_random(hub: &Arc<Hub>, wish: &Wish) -> Result<Id, Refusal> {
    let steps = random::plan(&hub.world(), wish, MAX_STEPS)?;
    begin(hub, steps, None, Some(wish.seed))
}

/// Stops a script and ends the lasting faults it ordered; false when there is none of this id.
pub(crate) fn stop(hub: &Arc<Hub>, id: Id) -> bool {
    let lasting = match hub.state().scripts.get_mut(&id) {
        Some(script) => {
            script.stop.cancel();
            std::mem::take(&mut script.lasting)
        }
        None => return false,
    };
    finish(hub, id, "stopped");
    for fault in lasting {
        // False: it has ended by itself.
        super::end(hub, fault);
    }
    true
}

fn check(steps: &[Step], repeat: Option<Repeat>) -> Result<(), Refusal> {
    if steps.is_empty() || steps.len() > MAX_STEPS {
        return Err(Refusal::bad(format!(
            "`steps`: a script has 1 to {MAX_STEPS} steps, this one has {}",
            steps.len()
        )));
    }
    for (number, step) in steps.iter().enumerate() {
        if step.at_ms > MAX_MS {
            return Err(Refusal::bad(format!("`steps[{number}].at_ms` may be {MAX_MS} at most (a day)")));
        }
        let kind = step.fault["kind"].as_str().unwrap_or_default();
        if !super::is_known(kind) {
            return Err(super::unknown(kind).at(&format!("steps[{number}].fault")));
        }
    }
    let last = steps.iter().map(|step| step.at_ms).max().unwrap_or(0);
    match repeat {
        Some(Repeat { times: 0, .. }) => Err(Refusal::bad("`repeat.times` is 1 at least")),
        Some(Repeat { every_ms, .. }) if every_ms > MAX_MS || every_ms <= last => {
            let words = format!("`repeat.every_ms` lies after the last step ({last} ms) and is {MAX_MS} at most");
            Err(Refusal::bad(words))
        }
        Some(_) | None => Ok(()),
    }
}

fn begin(hub: &Arc<Hub>, steps: Vec<Step>, repeat: Option<Repeat>, seed: Option<u64>) -> Result<Id, Refusal> {
    let stop = CancellationToken::new();
    let script = Script {
        steps: steps.clone(),
        repeat,
        seed,
        started_ms: hub.clock.now_ms(),
        ended_ms: None,
        state: "running",
        happened: Vec::new(),
        lasting: Vec::new(),
        stop: stop.clone(),
    };
    let id = {
        let mut state = hub.state();
        if state.scripts.values().filter(|one| one.ended_ms.is_none()).count() >= MAX_RUNNING {
            return Err(Refusal::conflict(format!("{MAX_RUNNING} scripts run already: stop one first")));
        }
        let over = state.scripts.iter().find(|(_, one)| one.ended_ms.is_some()).map(|(id, _)| *id);
        if let Some(over) = over.filter(|_| state.scripts.len() >= MAX_SCRIPTS) {
            state.scripts.remove(&over);
        }
        let id = hub.snowflake(&mut state);
        state.scripts.insert(id, script);
        id
    };
    hub.events.publish("script", json!({ "script": id, "steps": steps.len() }));
    let weak = Arc::downgrade(hub);
    tokio::spawn(async move {
        let start = Instant::now();
        let rounds = repeat.unwrap_or(Repeat { times: 1, every_ms: 0 });
        for round in 0..rounds.times {
            let round_start = start + Duration::from_millis(rounds.every_ms.saturating_mul(u64::from(round)));
            for (number, step) in steps.iter().enumerate() {
                let due = round_start + Duration::from_millis(step.at_ms);
                tokio::select! { () = tokio::time::sleep_until(due) => {} () = stop.cancelled() => return }
                let Some(hub) = weak.upgrade() else { return };
                carry_out(&hub, id, number, round, step);
            }
        }
        if let Some(hub) = weak.upgrade() {
            finish(&hub, id, "done");
        }
    });
    Ok(id)
}

fn carry_out(hub: &Arc<Hub>, id: Id, number: usize, round: u32, step: &Step) {
    let now_ms = hub.clock.now_ms();
    let ordered = super::order(hub, step.fault.clone());
    let mut note = json!({ "step": number, "round": round, "at_ms": now_ms });
    let mut state = hub.state();
    let is_lasting = ordered.as_ref().is_ok_and(|ordered| state.faults.contains_key(&ordered.id));
    let Some(script) = state.scripts.get_mut(&id) else { return };
    match ordered {
        Ok(ordered) => {
            note["fault"] = json!(ordered.id);
            if is_lasting {
                script.lasting.push(ordered.id);
            }
        }
        Err(refusal) => note["refused"] = refusal.told(),
    }
    if script.happened.len() < MAX_STEPS {
        script.happened.push(note);
    }
}

fn finish(hub: &Arc<Hub>, id: Id, how: &'static str) {
    {
        let mut state = hub.state();
        let Some(script) = state.scripts.get_mut(&id).filter(|script| script.ended_ms.is_none()) else { return };
        script.ended_ms = Some(hub.clock.now_ms());
        script.state = how;
    }
    hub.events.publish("script_ended", json!({ "script": id, "state": how }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at_ms: u64, kind: &str) -> Step {
        Step { at_ms, fault: json!({ "kind": kind }) }
    }

    #[test]
    fn a_script_that_cannot_be_is_refused_and_the_step_is_named() {
        let steps = [step(0, "kick"), step(5, "reset")];
        let many = vec![step(0, "kick"); MAX_STEPS + 1];
        let repeat = |times, every_ms| Some(Repeat { times, every_ms });
        let cases: [(&[Step], _, _); 6] = [
            (&[], None, "1 to 10000 steps"),
            (&many, None, "10001"),
            (&[step(0, "kick"), step(0, "explode")], None, "steps[1].fault"),
            (&[step(u64::MAX, "kick")], None, "steps[0].at_ms"),
            (&steps, repeat(2, 5), "after the last step (5 ms)"),
            (&steps, repeat(0, 50), "repeat.times"),
        ];
        for (steps, repeat, words) in cases {
            let refusal = format!("{:?}", check(steps, repeat).unwrap_err());
            assert!(refusal.contains(words), "{refusal}");
        }
        assert!(check(&steps, repeat(3, 6)).is_ok());
    }
}
