//! The rules themselves.

use super::tree::Graph;
use anyhow::Result;
use std::collections::BTreeSet;

/// Where a crate stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The product: on a floor, above everything it depends on.
    Floor(u8),
    /// Beside the house: shares no code with it, in either direction, so that it cannot share its mistakes.
    Apart,
}

use Place::{Apart, Floor};

const HOUSE: [(&str, Place); 17] = [
    ("refrain-model", Floor(0)),
    ("refrain-store", Floor(1)),
    ("refrain-recovery", Floor(1)),
    ("refrain-queue", Floor(1)),
    ("refrain-rest", Floor(1)),
    ("refrain-guild", Floor(2)),
    ("refrain-extract", Floor(1)),
    ("refrain-audio", Floor(1)),
    ("refrain-voice", Floor(2)),
    ("refrain", Floor(3)),
    ("refrain-discord", Floor(4)),
    ("refrain-bot", Floor(5)),
    // Somebody else's bot: it stands on the house, and nothing of the house on it.
    ("example-twilight-songbird", Floor(6)),
    ("refrain-sim", Apart),
    ("refrain-e2e", Apart),
    ("refrain-bench", Apart),
    ("xtask", Apart),
];

/// The crates that hold decisions only: they run in a test, a replay or another runtime as they run in the bot.
pub(super) const PURE: [&str; 3] = ["refrain-recovery", "refrain-queue", "refrain-guild"];

/// Runtimes, sockets and stores, which the pure crates never reach. A trailing `*` stands for any ending.
const IMPURE: [&str; 7] = ["tokio*", "mio", "socket2", "hyper*", "twilight*", "songbird*", "redb"];

/// Known to these crates alone, by however many steps.
const TWILIGHT: &str = "twilight*";
const KNOWS_TWILIGHT: [&str; 4] = ["refrain-rest", "refrain-discord", "refrain-bot", "example-twilight-songbird"];

/// Named by these crates alone; those above reach it through them.
const SONGBIRD: &str = "songbird*";
const NAMES_SONGBIRD: [&str; 3] = ["refrain-audio", "refrain-voice", "example-twilight-songbird"];

/// Every broken rule, as a sentence that says what to do.
pub(super) fn violations(graph: &Graph) -> Vec<String> {
    graph
        .members()
        .flat_map(|member| {
            let mut found = misplaced(graph, member);
            found.extend(forbidden(graph, member));
            found
        })
        .collect()
}

/// Dependencies between our own crates that go up, sideways, or across.
fn misplaced(graph: &Graph, member: &str) -> Vec<String> {
    let Some(here) = place(member) else {
        return vec![format!(
            "{member} has no floor: give it one in xtask/src/layering/rules.rs and docs/architecture.md"
        )];
    };
    let members: BTreeSet<&str> = graph.members().collect();
    let own = graph.direct(member).filter(|dependency| members.contains(dependency));
    own.filter_map(|dependency| match (here, place(dependency)?) {
        (Floor(here), Floor(there)) if there < here => None,
        (Floor(here), Floor(there)) => Some(format!(
            "{member} (floor {here}) depends on {dependency} (floor {there}): only lower floors are allowed"
        )),
        (Floor(_), Apart) => Some(format!("{member} depends on {dependency}, which stands apart from the product")),
        (Apart, Floor(_)) => Some(format!("{member} stands apart and depends on the product's {dependency}")),
        (Apart, Apart) => None,
    })
    .collect()
}

/// Third-party crates that are not for this member.
fn forbidden(graph: &Graph, member: &str) -> Vec<String> {
    let reach = graph.reach(member);
    let mut found = Vec::new();
    if PURE.contains(&member) {
        let impure = reach.iter().filter(|name| IMPURE.iter().any(|pattern| matches(pattern, name)));
        found.extend(impure.map(|name| format!("{member} reaches {name}: it must stay free of IO and runtimes")));
    }
    if !KNOWS_TWILIGHT.contains(&member)
        && let Some(name) = reach.iter().find(|name| matches(TWILIGHT, name))
    {
        found.push(format!("{member} reaches {name}: only {} may", KNOWS_TWILIGHT.join(", ")));
    }
    if !NAMES_SONGBIRD.contains(&member)
        && let Some(name) = graph.direct(member).find(|name| matches(SONGBIRD, name))
    {
        found.push(format!("{member} depends on {name}: only {} may", NAMES_SONGBIRD.join(", ")));
    }
    found
}

/// What makes a pure crate pure, in its own files: no standard library for its code, no clock even in its tests.
/// `read` gives a file of the crate.
pub(super) fn impurities(pure: &str, read: impl Fn(&str) -> Result<String>) -> Vec<String> {
    let wanted = [
        ("src/lib.rs", "#![no_std]", "the crate is no_std with alloc"),
        ("clippy.toml", "\"std::time::Instant::now\"", "clippy must disallow the clock"),
        ("clippy.toml", "\"std::time::SystemTime::now\"", "clippy must disallow the clock"),
    ];
    let broken = wanted.into_iter().filter_map(|(file, words, why)| match read(file) {
        Ok(text) if says(&text, words) => None,
        Ok(_) => Some(format!("{pure}: {file} lacks {words}: {why}")),
        Err(error) => Some(format!("{pure}: {error:#}: {why}")),
    });
    broken.collect()
}

/// Whether the text says so, comments aside.
fn says(text: &str, words: &str) -> bool {
    let comment = |line: &str| ["//", "# "].iter().any(|start| line.trim_start().starts_with(start));
    text.lines().any(|line| !comment(line) && line.contains(words))
}

fn place(name: &str) -> Option<Place> {
    HOUSE.iter().find(|(member, _)| *member == name).map(|(_, place)| *place)
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    /// The violations of a workspace in which these crates depend on these.
    fn found(edges: &[(&str, &[&str])]) -> Vec<String> {
        let mut text = String::new();
        for (member, dependencies) in edges {
            text.push_str(&format!("0{member} v0.1.0 (/w)\n"));
            for dependency in *dependencies {
                text.push_str(&format!("1{dependency} v1.0.0\n"));
            }
        }
        violations(&Graph::parse(&text).unwrap())
    }

    /// Exactly one violation, which names all of these.
    fn assert_one(edges: &[(&str, &[&str])], names: &[&str]) {
        let found = found(edges);
        assert_eq!(found.len(), 1, "{found:?}");
        for name in names {
            assert!(found[0].contains(name), "{found:?}");
        }
    }

    #[test]
    fn the_house_as_designed_stands() {
        let none: [&str; 0] = [];
        assert_eq!(
            found(&[
                ("refrain-model", &["serde"]),
                ("refrain-queue", &["refrain-model", "thiserror"]),
                ("refrain-audio", &["refrain-model", "tokio", "songbird"]),
                ("refrain-voice", &["refrain-audio", "refrain-model", "songbird"]),
                ("refrain", &["refrain-voice", "refrain-queue", "tokio"]),
                ("refrain-discord", &["refrain", "refrain-model", "twilight-gateway"]),
                ("refrain-bot", &["refrain-discord", "refrain"]),
                ("refrain-sim", &["tokio", "axum"]),
            ]),
            none
        );
    }

    #[test]
    fn climbing_the_stairs_is_found() {
        let edges: [(&str, &[&str]); 2] = [("refrain-audio", &["refrain-voice"]), ("refrain-voice", &[])];
        assert_one(&edges, &["refrain-audio", "refrain-voice"]);
    }

    #[test]
    fn a_neighbour_on_the_same_floor_is_found() {
        let edges: [(&str, &[&str]); 2] = [("refrain-audio", &["refrain-extract"]), ("refrain-extract", &[])];
        assert_one(&edges, &["refrain-audio", "refrain-extract"]);
    }

    #[test]
    fn the_simulator_and_the_product_share_no_code() {
        let edges: [(&str, &[&str]); 2] = [("refrain-sim", &["refrain-model"]), ("refrain-model", &[])];
        assert_one(&edges, &["refrain-sim", "refrain-model"]);
        let edges: [(&str, &[&str]); 2] = [("refrain", &["refrain-sim"]), ("refrain-sim", &[])];
        assert_one(&edges, &["refrain-sim", "apart"]);
    }

    #[test]
    fn a_crate_without_a_floor_is_asked_to_take_one() {
        assert_one(&[("refrain-new", &[])], &["refrain-new", "no floor"]);
    }

    #[test]
    fn a_runtime_behind_a_pure_crate_is_found_however_deep() {
        let text = "0refrain-recovery v0.1.0\n1helper v1.0.0\n2tokio-util v0.7.0\n";
        let found = violations(&Graph::parse(text).unwrap());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("tokio-util"), "{found:?}");
    }

    #[test]
    fn twilight_below_its_floor_is_found() {
        assert_one(&[("refrain", &["twilight-model"])], &["refrain ", "twilight-model"]);
    }

    #[test]
    fn songbird_may_be_reached_but_not_named_from_above() {
        let edges: [(&str, &[&str]); 2] = [("refrain", &["refrain-voice"]), ("refrain-voice", &["songbird"])];
        assert!(found(&edges).is_empty());
        assert_one(&[("refrain", &["songbird"])], &["songbird"]);
    }

    #[test]
    fn a_pure_crate_says_no_std_and_forbids_the_clock() {
        let pure = PURE[0];
        let clippy = "{ path = \"std::time::Instant::now\" },\n{ path = \"std::time::SystemTime::now\" },";
        let good = |file: &str| Ok(if file == "clippy.toml" { clippy } else { "//! Docs.\n#![no_std]\n" }.to_owned());
        assert!(impurities(pure, good).is_empty());
        assert_eq!(impurities(pure, |_| Ok("// #![no_std]".into())).len(), 3, "a comment is no attribute");
        assert_eq!(impurities(pure, |_| bail!("no such file")).len(), 3);
    }
}
