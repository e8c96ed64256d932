//! What `refrain-bench-recovery` can be told.

use super::row::Row;
use crate::conformance::{Client, Programs};
use clap::Parser;
use std::{num::NonZeroUsize, path::PathBuf};

/// Does the same to Refrain and to bots made with other people's libraries, and listens.
#[derive(Clone, Debug, Parser)]
#[command(name = "refrain-bench-recovery", version)]
pub struct Options {
    /// What is run.
    #[command(flatten)]
    pub programs: Programs,
    /// How often each fault is done to each bot; the median counts.
    #[arg(long, default_value = "3")]
    pub rounds: NonZeroUsize,
    /// How many rounds take place at the same time, each in a simulator of its own.
    #[arg(long, default_value = "3")]
    pub at_once: NonZeroUsize,
    /// How long a bot is watched that is not heard again, in seconds.
    #[arg(long, default_value_t = 35, value_parser = clap::value_parser!(u64).range(5..=300))]
    pub watch: u64,
    /// These rows only, separated by commas.
    #[arg(long = "row", value_delimiter = ',')]
    pub row: Vec<Row>,
    /// These clients only, separated by commas.
    #[arg(long = "client", value_delimiter = ',')]
    pub client: Vec<Client>,
    /// Also writes everything as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Takes the rows that are not measured this time from the JSON of an earlier run.
    #[arg(long)]
    pub keep: Option<PathBuf>,
    /// Also draws it.
    #[arg(long)]
    pub svg: Option<PathBuf>,
    /// Fails where Refrain is behind another client and that is not known.
    #[arg(long)]
    pub check: bool,
    /// How the programs were built, for the heading.
    #[arg(long, default_value = "release")]
    pub built: String,
}

impl Options {
    /// The rows to measure.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        Row::ALL.into_iter().filter(|row| self.row.is_empty() || self.row.contains(row)).collect()
    }

    /// The clients to measure, Refrain first.
    #[must_use]
    pub fn clients(&self) -> Vec<Client> {
        let order = [Client::Refrain, Client::DiscordPy, Client::DiscordJs, Client::Songbird];
        order.into_iter().filter(|client| self.client.is_empty() || self.client.contains(client)).collect()
    }
}
