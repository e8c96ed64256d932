//! What the simulator knows: when each fault was in force and for whom, where each guild's voice server was, when the main
//! gateway was away, and what the listeners missed.

use super::{
    account::{Evidence, Span, Step},
    many::Place,
    plan::{Planned, Takes},
    said::Decision,
};
use crate::harness::{control::text_or_number, listener::Listener};
use serde::Serialize;
use serde_json::Value;

/// How long a voice server keeps the session of a socket that is gone. Until then it hears a bot that has not noticed.
const SESSION_KEPT_MS: f64 = 30_000.0;
/// An outage of the main gateway that is over in a moment: what follows it (READY, GUILD_CREATE) takes this long.
const GREETING_MS: f64 = 500.0;

/// A fault that was carried out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Struck {
    pub(super) at_ms: f64,
    #[serde(flatten)]
    pub(super) planned: Planned,
}

impl Struck {
    pub(super) fn ends_ms(&self) -> f64 {
        self.at_ms + self.planned.lasts_ms as f64
    }

    fn span(&self) -> Span {
        Span::new(self.at_ms, self.ends_ms())
    }
}

/// Everything that was gathered in a run. Times are milliseconds on the simulator's clock.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The faults, in order; those that found nobody are left out.
    pub(super) faults: Vec<Struck>,
    /// Op 4 of the bot, by guild id.
    pub(super) asked: Vec<(f64, String)>,
    /// The endpoints that the bot was told, by guild id.
    pub(super) endpoints: Vec<(f64, String, String)>,
    /// When the main gateway lost the bot, and when it had it again.
    pub(super) lost_ms: Vec<f64>,
    pub(super) greeted_ms: Vec<f64>,
}

impl Gathered {
    /// Takes in frames of the simulator's log.
    pub(super) fn frames(&mut self, frames: &[Value]) {
        for frame in frames {
            let gateway = frame["connection"].as_str().is_some_and(|name| name.starts_with("gateway"));
            let data = &frame["payload"]["d"];
            let (Some(at_ms), Some(guild), true) =
                (frame["at_ms"].as_f64(), text_or_number(&data["guild_id"]), gateway)
            else {
                continue;
            };
            if frame["direction"] == "from_client" && frame["op"] == 4 {
                self.asked.push((at_ms, guild));
            } else if frame["payload"]["t"] == "VOICE_SERVER_UPDATE"
                && let Some(endpoint) = data["endpoint"].as_str()
            {
                self.endpoints.push((at_ms, guild, endpoint.to_owned()));
            }
        }
    }

    /// Takes in events of the simulator.
    pub(super) fn events(&mut self, events: &[Value]) {
        for event in events {
            let Some(at_ms) = event["at_ms"].as_f64() else { continue };
            match event["kind"].as_str() {
                Some("gateway_lost") => self.lost_ms.push(at_ms),
                Some("gateway_ready" | "gateway_resumed") => self.greeted_ms.push(at_ms),
                Some(_) | None => {}
            }
        }
    }

    /// What the account of one guild needs.
    pub(super) fn evidence(
        &self,
        number: usize,
        place: &Place,
        decisions: &[Decision],
        report: &Listener,
        until_ms: f64,
    ) -> Evidence {
        let mut evidence = Evidence {
            silences: silences(report, until_ms),
            stalls: report.sim_stalls.iter().map(|one| Span::new(one.start_ms, one.start_ms + one.length_ms)).collect(),
            gateway_away: self.gateway_away(until_ms),
            steps: self.steps(place, decisions),
            ..Evidence::default()
        };
        for struck in &self.faults {
            self.add(struck, number, place, &mut evidence);
        }
        evidence
    }

    fn add(&self, struck: &Struck, number: usize, place: &Place, evidence: &mut Evidence) {
        let own = struck.planned.guild == number;
        let (span, takes) = (struck.span(), struck.planned.takes);
        let here = own || takes == Takes::Server && self.are_together(struck, place);
        if here && takes != Takes::Gateway && takes != Takes::Joins {
            evidence.struck_ms.extend([span.from_ms, span.to_ms]);
            if struck.planned.kind() == "half_open" {
                evidence.struck_ms.push(span.from_ms + SESSION_KEPT_MS);
            }
        }
        match takes {
            Takes::Sound | Takes::Server if own => evidence.dark.push(span),
            Takes::Server if here => evidence.server_dark.push(span),
            Takes::Guild if own => evidence.gateway_away.push(Span::new(span.from_ms, span.to_ms + GREETING_MS)),
            Takes::Joins if own => evidence.slow_joins.push(span),
            Takes::Nothing | Takes::Sound | Takes::Server | Takes::Guild | Takes::Joins | Takes::Gateway => {}
        }
    }

    /// Whether a guild's calls are at the server at which a fault struck.
    fn are_together(&self, struck: &Struck, place: &Place) -> bool {
        let at = |guild: &str| {
            let mut told = self.endpoints.iter().filter(|(at_ms, of, _)| *at_ms <= struck.at_ms && of == guild);
            told.next_back().map(|(_, _, endpoint)| endpoint.as_str())
        };
        let theirs = struck.planned.fault["guild"].as_str().unwrap_or_default();
        at(&place.guild).is_some_and(|endpoint| Some(endpoint) == at(theirs))
    }

    /// When the main gateway was away: while a fault held it, and from when it lost the bot until it greeted it again.
    fn gateway_away(&self, until_ms: f64) -> Vec<Span> {
        let greeted = |after_ms: f64| {
            let next = self.greeted_ms.iter().copied().find(|at_ms| *at_ms > after_ms);
            next.map_or(until_ms, |at_ms| at_ms + GREETING_MS)
        };
        let lost = self.lost_ms.iter().map(|at_ms| Span::new(*at_ms, greeted(*at_ms)));
        let faults = self.faults.iter().filter(|struck| struck.planned.takes == Takes::Gateway).map(|struck| {
            // What ends a session at once is over with the next one, whenever the socket goes.
            let ends_a_session = struck.planned.kind() == "gateway_invalid_session";
            let to_ms = if ends_a_session { greeted(struck.at_ms) } else { struck.ends_ms() };
            Span::new(struck.at_ms, to_ms)
        });
        lost.chain(faults).collect()
    }

    fn steps(&self, place: &Place, decisions: &[Decision]) -> Vec<(f64, Step)> {
        let own = decisions.iter().filter(|one| one.guild == place.guild);
        let decided = own.filter_map(|one| Some((one.at_ms, one.step()?)));
        let asked = self.asked.iter().filter(|(_, guild)| *guild == place.guild);
        let mut steps: Vec<(f64, Step)> = decided.chain(asked.map(|(at_ms, _)| (*at_ms, Step::Asked))).collect();
        // Sorting is stable: what the bot decided in one moment keeps its order.
        steps.sort_by(|one, other| one.0.total_cmp(&other.0));
        steps
    }
}

/// When nothing was heard, up to then.
pub(super) fn silences(report: &Listener, until_ms: f64) -> Vec<Span> {
    let all = report.silences.iter().map(|one| Span::new(one.start_ms, (one.start_ms + one.length_ms).min(until_ms)));
    all.filter(|span| span.from_ms < span.to_ms).collect()
}

/// The faults that were carried out, from the script's report.
pub(super) fn carried_out(script: &Value, planned: &[Planned]) -> (Vec<Struck>, usize) {
    let (mut done, mut refused) = (Vec::new(), 0);
    for note in script["happened"].as_array().into_iter().flatten() {
        let step = note["step"].as_u64().and_then(|step| usize::try_from(step).ok());
        let (Some(one), Some(at_ms)) = (step.and_then(|step| planned.get(step)), note["at_ms"].as_f64()) else {
            continue;
        };
        if note["refused"].is_null() {
            done.push(Struck { at_ms, planned: one.clone() });
        } else {
            refused += 1;
        }
    }
    (done, refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn struck(at_ms: f64, guild: usize, takes: Takes, lasts_ms: u64) -> Struck {
        let fault = json!({ "kind": "any", "guild": Place::new(guild).guild });
        Struck { at_ms, planned: Planned { at_ms: 0, guild, fault, takes, lasts_ms, is_sequel: false } }
    }

    fn evidence(gathered: &Gathered, number: usize) -> Evidence {
        gathered.evidence(number, &Place::new(number), &[], &Listener::default(), 90_000.0)
    }

    #[test]
    fn a_half_open_socket_is_silent_only_when_its_session_ends() {
        let mut one = struck(5_000.0, 0, Takes::Nothing, 0);
        one.planned.fault["kind"] = "half_open".into();
        let gathered = Gathered { faults: vec![one], ..Gathered::default() };
        assert_eq!(evidence(&gathered, 0).struck_ms, [5_000.0, 5_000.0, 35_000.0]);
    }

    #[test]
    fn a_server_that_crashes_concerns_the_guilds_that_are_at_it() {
        let at = |guild: usize, endpoint: &str| (1.0, Place::new(guild).guild, endpoint.to_owned());
        let gathered = Gathered {
            faults: vec![struck(5.0, 0, Takes::Server, 10)],
            endpoints: vec![at(0, "a:1"), at(1, "a:1"), at(2, "a:2")],
            ..Gathered::default()
        };
        let span = vec![Span::new(5.0, 15.0)];
        let [own, beside, elsewhere] = [0, 1, 2].map(|number| evidence(&gathered, number));
        assert_eq!((own.dark, own.server_dark), (span.clone(), vec![]));
        assert_eq!((beside.dark, beside.server_dark), (vec![], span));
        assert_eq!((elsewhere.dark, elsewhere.server_dark, elsewhere.struck_ms), (vec![], vec![], vec![]));
    }

    #[test]
    fn the_gateway_is_away_until_it_greets_the_bot_again() {
        let gathered = Gathered { lost_ms: vec![10.0, 5_000.0], greeted_ms: vec![1.0, 900.0], ..Gathered::default() };
        assert_eq!(evidence(&gathered, 0).gateway_away, [Span::new(10.0, 1_400.0), Span::new(5_000.0, 90_000.0)]);
    }

    #[test]
    fn refused_faults_did_not_happen() {
        let planned = [struck(0.0, 0, Takes::Sound, 5).planned, struck(0.0, 1, Takes::Sound, 5).planned];
        let script = json!({ "happened": [
            { "step": 0, "at_ms": 7.0, "fault": "1" }, { "step": 1, "at_ms": 8.0, "refused": { "status": 409 } },
        ] });
        let (done, refused) = carried_out(&script, &planned);
        assert_eq!((done.len(), done[0].at_ms, done[0].ends_ms(), refused), (1, 7.0, 12.0, 1));
    }

    #[test]
    fn frames_and_events_are_read() {
        let mut gathered = Gathered::default();
        gathered.frames(&[
            json!({ "at_ms": 1.0, "connection": "gateway-1", "direction": "from_client", "op": 4,
                "payload": { "op": 4, "d": { "guild_id": "5", "channel_id": "6" } } }),
            json!({ "at_ms": 2.0, "connection": "gateway-1", "direction": "to_client", "op": 0,
                "payload": { "t": "VOICE_SERVER_UPDATE", "d": { "guild_id": "5", "endpoint": "localhost:1" } } }),
            json!({ "at_ms": 3.0, "connection": "voice-1", "direction": "from_client", "op": 4, "payload": {} }),
        ]);
        gathered.events(&[json!({ "at_ms": 4.0, "kind": "gateway_lost" }), json!({ "at_ms": 5.0, "kind": "fault" })]);
        assert_eq!(gathered.asked, [(1.0, "5".to_owned())]);
        assert_eq!(gathered.endpoints, [(2.0, "5".to_owned(), "localhost:1".to_owned())]);
        assert_eq!(gathered.lost_ms, [4.0]);
    }
}
