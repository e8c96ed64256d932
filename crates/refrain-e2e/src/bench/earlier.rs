//! What an earlier run measured.

use super::{Sample, heard::Heard, row::Row};
use crate::conformance::Client;
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::path::Path;

/// What of its JSON is read again: medians are made anew.
#[derive(Deserialize)]
struct Earlier {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    row: Row,
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct Cell {
    client: Client,
    heard: Vec<Heard>,
}

/// The measurements in the JSON of an earlier run.
///
/// # Errors
/// When it is not there, or no such JSON.
pub(super) fn read(path: &Path) -> Result<Vec<Sample>> {
    let json = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let Earlier { lines } = serde_json::from_slice(&json).with_context(|| format!("reading {}", path.display()))?;
    let cells = lines.into_iter().flat_map(|line| line.cells.into_iter().map(move |cell| (line.row, cell)));
    Ok(cells.flat_map(|(row, cell)| cell.heard.into_iter().map(move |heard| (row, cell.client, heard))).collect())
}
