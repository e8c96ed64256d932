//! The picture: for each fault a bar for each client, on a logarithmic scale, "never" shown as such.

use super::{
    row::Kind,
    table::{Cell, Line, Table, time},
};
use crate::conformance::Client;
use std::fmt::Write as _;

const WIDTH: f64 = 940.0;
/// Where the bars begin and end: from the shortest silence that is told to a minute.
const BARS: (f64, f64) = (268.0, 800.0);
/// Where the bar of what never comes back ends.
const NEVER: f64 = 850.0;
/// The range of the scale, in milliseconds.
const SCALE: (f64, f64) = (20.0, 60_000.0);
/// What the scale is marked with.
const MARKS: [(f64, &str); 4] = [(100.0, "0.1 s"), (1_000.0, "1 s"), (10_000.0, "10 s"), (60_000.0, "1 min")];
/// Top of the first fault, height of a bar, from bar to bar, and between two faults.
const TOP: f64 = 118.0;
const BAR: f64 = 8.0;
const STEP: f64 = 11.0;
const BETWEEN: f64 = 16.0;

/// A position that is off by less is not told beside its bar, in milliseconds.
const TOLD_MS: f64 = 300.0;

const STYLE: &str = "\
:root{--ground:#ffffff;--ink:#1f2328;--soft:#636c76;--line:#d8dee4;--band:#f6f8fa;\
--refrain:#0b62c4;--py:#e08700;--js:#0f9d76;--bird:#b8609a}\
@media (prefers-color-scheme:dark){:root{--ground:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--band:#151b23;\
--refrain:#58a6ff;--py:#f0a93b;--js:#3fc99a;--bird:#d38bbb}}\
text{font-family:system-ui,-apple-system,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif;fill:var(--ink)}\
.title{font-size:20px;font-weight:650}.under{font-size:12.5px;fill:var(--soft)}.fault{font-size:13px;font-weight:550}\
.value{font-size:10px;fill:var(--soft)}.own{font-weight:700;fill:var(--ink)}.mark{font-size:11px;fill:var(--soft)}\
.grid{stroke:var(--line);stroke-width:1}.ground{fill:var(--ground)}.band{fill:var(--band)}\
.refrain{--c:var(--refrain)}.py{--c:var(--py)}.js{--c:var(--js)}.bird{--c:var(--bird)}\
.bar{fill:var(--c)}.never{fill:var(--c);opacity:.28}.end{fill:none;stroke:var(--c);stroke-width:1.8}";

/// Draws the rows in which silence is compared, and then how long the dead connections went unnoticed.
pub(super) fn draw(table: &Table) -> String {
    let silences: Vec<&Line> =
        table.lines.iter().filter(|line| matches!(line.row.kind(), Kind::Silence | Kind::Noticing)).collect();
    let noticing: Vec<&Line> = table.lines.iter().filter(|line| line.row.kind() == Kind::Noticing).collect();
    let block = table.clients.len() as f64 * STEP + BETWEEN;
    let silences_end = TOP + silences.len() as f64 * block;
    let noticing_top = silences_end + 70.0;
    let noticing_end = noticing_top + noticing.len() as f64 * block;
    let end = if noticing.is_empty() { silences_end } else { noticing_end };
    let height = end + 44.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" width=\"{WIDTH:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-labelledby=\"title\">\n<title id=\"title\">How long the music stays \
         away after each fault, by client</title>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH:.0}\" height=\"{height:.0}\" rx=\"8\"/>\n"
    );
    text(&mut svg, 24.0, 38.0, "title", "How long the music stays away");
    let under = "The longest silence that a listener hears, beyond the fault's own length. Shorter is better; the scale is logarithmic.";
    text(&mut svg, 24.0, 60.0, "under", under);
    legend(&mut svg, &table.clients);
    section(&mut svg, table, &silences, TOP, |cell| (cell.silence_ms, off(cell)));
    if !noticing.is_empty() {
        text(&mut svg, 24.0, noticing_top - 26.0, "fault", "How long it goes unnoticed");
        section(&mut svg, table, &noticing, noticing_top, |cell| (cell.noticed_ms, String::new()));
    }
    let foot = format!(
        "Median of {} rounds, simulated Discord, {}, {} cores, {} build. “None”: less than 40 ms. “Never”: not while it was watched.",
        table.rounds, table.date, table.cores, table.built
    );
    text(&mut svg, 24.0, height - 16.0, "mark", &foot);
    svg + "</svg>\n"
}

/// Who has which colour.
fn legend(svg: &mut String, clients: &[Client]) {
    let mut x = 24.0;
    for &client in clients {
        let own = if client == Client::Refrain { " own" } else { "" };
        let _never = writeln!(
            svg,
            "<rect class=\"bar {}\" x=\"{x:.0}\" y=\"76\" width=\"18\" height=\"{BAR}\" rx=\"4\"/>",
            class(client)
        );
        text(svg, x + 24.0, 84.0, &format!("mark{own}"), called(client));
        x += 48.0 + 6.5 * called(client).len() as f64;
    }
}

/// Faults from `top` on, with the scale above and its lines behind them.
fn section(svg: &mut String, table: &Table, lines: &[&Line], top: f64, value: impl Fn(&Cell) -> (Option<f64>, String)) {
    let block = table.clients.len() as f64 * STEP + BETWEEN;
    let bottom = top + block * lines.len() as f64;
    for (at, _) in lines.iter().enumerate().filter(|(at, _)| at % 2 == 0) {
        let y = top + block * at as f64;
        let _never = writeln!(
            svg,
            "<rect class=\"band\" x=\"12\" y=\"{y:.1}\" width=\"{:.0}\" height=\"{block:.1}\" rx=\"6\"/>",
            WIDTH - 24.0
        );
    }
    for (ms, words) in MARKS {
        let x = place(ms);
        let _never =
            writeln!(svg, "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{top:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>");
        centred(svg, x, top - 7.0, words);
    }
    centred(svg, BARS.0, top - 7.0, "none");
    centred(svg, NEVER, top - 7.0, "never");
    for (at, line) in lines.iter().enumerate() {
        let y = top + block * at as f64 + BETWEEN / 2.0;
        let middle = y + (block - BETWEEN) / 2.0 + 4.5;
        let (short, more) = line.row.words();
        text(svg, 24.0, middle - 7.0, "fault", short);
        text(svg, 24.0, middle + 8.0, "mark", more);
        for (lane, &client) in table.clients.iter().enumerate() {
            if let Some(cell) = line.cell(client) {
                bar(svg, cell, value(cell), y + lane as f64 * STEP);
            }
        }
    }
}

/// How far the position is off, where that is worth telling: a bot that plays on into a dead session skips that part.
fn off(cell: &Cell) -> String {
    let off = cell.position_ms.filter(|&ms| ms >= TOLD_MS);
    off.map_or(String::new(), |ms| format!(", position off by {}", time(ms)))
}

/// One client's bar, with its figure behind it.
fn bar(svg: &mut String, cell: &Cell, (value, more): (Option<f64>, String), y: f64) {
    let class = class(cell.client);
    let own = if cell.client == Client::Refrain { "value own" } else { "value" };
    let (x, words) = match value {
        None => {
            let _never = writeln!(
                svg,
                "<g class=\"{class}\"><rect class=\"never\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"4\"/>\
                 <path class=\"end\" d=\"M{:.1} {:.1}l{BAR} {BAR}m0 -{BAR}l-{BAR} {BAR}\"/></g>",
                BARS.0,
                NEVER - BARS.0,
                NEVER + 3.0,
                y
            );
            (NEVER + BAR + 8.0, "never".to_owned())
        }
        Some(ms) if ms < SCALE.0 => {
            let _never = writeln!(
                svg,
                "<circle class=\"bar {class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\"/>",
                BARS.0,
                y + BAR / 2.0,
                BAR / 2.0
            );
            (BARS.0 + 9.0, "none".to_owned())
        }
        Some(ms) => {
            let end = place(ms);
            let _never = writeln!(
                svg,
                "<rect class=\"bar {class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"4\"/>",
                BARS.0,
                (end - BARS.0).max(BAR)
            );
            (end.max(BARS.0 + BAR) + 6.0, time(ms))
        }
    };
    text(svg, x, y + BAR - 0.5, own, &(words + &more));
}

/// Where a time lies on the scale.
fn place(ms: f64) -> f64 {
    let (least, most) = SCALE;
    let share = (ms.clamp(least, most) / least).ln() / (most / least).ln();
    BARS.0 + share * (BARS.1 - BARS.0)
}

const fn class(client: Client) -> &'static str {
    match client {
        Client::Refrain => "refrain",
        Client::DiscordPy => "py",
        Client::DiscordJs => "js",
        Client::Songbird => "bird",
    }
}

const fn called(client: Client) -> &'static str {
    match client {
        Client::Refrain => "Refrain",
        Client::DiscordPy => "discord.py",
        Client::DiscordJs => "discord.js",
        Client::Songbird => "serenity, songbird",
    }
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, words: &str) {
    let _never = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(words));
}

fn centred(svg: &mut String, x: f64, y: f64, words: &str) {
    let _never = writeln!(
        svg,
        "<text class=\"mark\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
        escaped(words)
    );
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{heard::Heard, row::Row};

    fn table(cells: Vec<Cell>) -> Table {
        let row = Row::InvalidStrict;
        let line = Line {
            row,
            title: row.title(),
            goal: row.goal().words,
            goal_is_for_the_native_driver: false,
            reached: None,
            standing: None,
            known: None,
            cells,
        };
        Table {
            date: "2026-11-21".to_owned(),
            cores: 2,
            built: "release".to_owned(),
            rounds: 3,
            clients: vec![Client::Refrain, Client::DiscordPy, Client::DiscordJs],
            lines: vec![line],
        }
    }

    fn cell(client: Client, silence_ms: Option<f64>) -> Cell {
        Cell::of(client, &[Heard { silence_ms, position_ms: silence_ms, ..Heard::default() }])
    }

    #[test]
    fn each_client_has_its_bar_and_its_figure() {
        let cells = [(Client::Refrain, Some(0.0)), (Client::DiscordPy, Some(1_500.0)), (Client::DiscordJs, None)];
        let svg = draw(&table(cells.map(|(client, silence)| cell(client, silence)).into()));
        for there in [">none<", ">1.50 s, position off by 1.50 s<", ">never<", "2026-11-21, 2 cores, release build"] {
            assert!(svg.contains(there), "{there} is not in {svg}");
        }
    }

    #[test]
    fn the_scale_is_logarithmic_and_ends_at_its_ends() {
        assert_eq!((place(1.0), place(1e9)), BARS);
        let step = place(1_000.0) - place(100.0);
        assert!((place(10_000.0) - place(1_000.0) - step).abs() < 1e-9);
    }
}
