//! What `cargo tree` says, as a graph.

use anyhow::{Context as _, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Who depends on whom, by name. Versions are left out: a rule about a crate is about all of its versions.
pub(super) struct Graph {
    members: BTreeSet<String>,
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Reads `cargo tree --prefix depth --format {p}`: each line is a depth and a package, and a package's dependencies
    /// follow it one deeper (at its first appearance only, which is enough). The workspace's members have depth 0.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut graph = Self { members: BTreeSet::new(), dependencies: BTreeMap::new() };
        let mut path: Vec<String> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('[')) {
            let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (depth, package) = line.split_at(digits);
            let context = || format!("reading `{line}` in the output of cargo tree");
            let depth: usize = depth.parse().with_context(context)?;
            let name = package.split_whitespace().next().with_context(context)?.to_owned();
            path.truncate(depth);
            if depth == 0 {
                graph.members.insert(name.clone());
            } else {
                let parent = path.get(depth - 1).with_context(context)?;
                graph.dependencies.entry(parent.clone()).or_default().insert(name.clone());
            }
            path.push(name);
        }
        Ok(graph)
    }

    /// The workspace's own crates.
    pub(super) fn members(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(String::as_str)
    }

    /// What `name` depends on itself.
    pub(super) fn direct(&self, name: &str) -> impl Iterator<Item = &str> {
        self.dependencies.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Everything that `name` depends on, by however many steps.
    pub(super) fn reach(&self, name: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&str> = self.direct(name).collect();
        while let Some(one) = next.pop() {
            if reached.insert(one) {
                next.extend(self.direct(one));
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
0refrain-queue v0.1.0 (/w/crates/refrain-queue)
1refrain-model v0.1.0 (/w/crates/refrain-model)
2serde v1.0.229
3serde_derive v1.0.229 (proc-macro)
1thiserror v2.0.21

0refrain-model v0.1.0 (/w/crates/refrain-model) (*)
0refrain-audio v0.1.0 (/w/crates/refrain-audio)
[build-dependencies]
1refrain-model v0.1.0 (/w/crates/refrain-model) (*)
";

    #[test]
    fn reads_members_and_their_dependencies() {
        let graph = Graph::parse(TEXT).unwrap();
        assert_eq!(graph.members().collect::<Vec<_>>(), ["refrain-audio", "refrain-model", "refrain-queue"]);
        assert_eq!(graph.direct("refrain-queue").collect::<Vec<_>>(), ["refrain-model", "thiserror"]);
    }

    #[test]
    fn follows_a_package_whose_dependencies_were_printed_elsewhere() {
        let reach = Graph::parse(TEXT).unwrap();
        let reach = reach.reach("refrain-audio");
        assert!(reach.contains("serde_derive"), "{reach:?}");
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        assert!(Graph::parse("refrain-queue v0.1.0").is_err());
        assert!(Graph::parse("1refrain-queue v0.1.0").is_err());
    }
}
