//! `cargo xtask demo`: the real bot plays, is thrown out, and comes back, on a machine with no Discord.
//!
//! [`run`] goes through it: prepare the source, set the stage, `perform`, measure what the listener heard, write
//! `report.json`, `report.html` and `recording.wav`.

mod options;
mod page;
mod perform;
mod report;
mod source;
mod view;

pub use options::Options;
pub use report::{Event, FaultReport, Outcome, Report};

use crate::{
    harness::{Setting, Stage, binaries::Binaries, process::error_lines},
    measure::{Audio, Comparison},
};
use anyhow::{Context as _, Result};
use perform::{Performance, Performer};
use report::whole;
use source::Source;
use std::path::Path;
use view::View;

/// Runs the demo and says how it ended. The report is written in any case; what cannot be carried through is told in
/// one line.
pub async fn run(options: &Options) -> Outcome {
    let mut view = View::new(options.headless);
    let report = match go_through(options, &mut view).await {
        Ok(report) => report,
        Err(error) => {
            view.end();
            Report::failed(format!("The demo could not be carried through: {error:#}"))
        }
    };
    let outcome = report.outcome;
    if let Err(error) = write_json(options, &report) {
        view.line(&format!("The report could not be written: {error:#}"));
        return Outcome::Failed;
    }
    for line in closing_lines(options, &report) {
        view.line(&line);
    }
    outcome
}

async fn go_through(options: &Options, view: &mut View) -> Result<Report> {
    std::fs::create_dir_all(&options.out).with_context(|| format!("making the folder {}", options.out.display()))?;
    let out = std::path::absolute(&options.out).context("the path of the output folder")?;
    // What an earlier run left must not be taken for this one's.
    for old in ["report.json", "report.html", "recording.wav", "bot.log", "sim.log"] {
        let _none = std::fs::remove_file(out.join(old));
    }
    let binaries = Binaries { bot: options.bot.clone(), sim: options.sim.clone(), yt_dlp: options.yt_dlp.clone() };
    binaries.check("start the demo with `cargo xtask demo`, which builds and installs what it needs")?;
    view.line("Preparing what will be played.");
    let mut source = Source::prepare(options).await?;
    view.line("Starting the simulator and the bot.");
    let work = tempfile::Builder::new().prefix("stage-").tempdir_in(&out).context("making a working folder")?;
    let setting = Setting {
        binaries,
        sounds: std::mem::take(&mut source.sounds),
        folder: Some(work.path().to_owned()),
        elsewhere: options.url.clone(),
        latency_ms: options.latency_ms,
    };
    let mut stage = Stage::start(setting).await?;
    let (performance, done) = Performer::new(&mut stage, view).perform(&source, options.code).await;
    view.line("Measuring what was heard.");
    let ended = stage.terminate_bot().await;
    let bot_errors = error_lines(&stage.bot_log());
    drop(stage);
    for log in ["bot.log", "sim.log"] {
        let _not_there = std::fs::copy(work.path().join(log), out.join(log));
    }
    done?;
    let mut report = judge(options, &source, performance, &out).await?;
    report.bot_errors = bot_errors;
    if !ended.is_ok_and(|status| status.success()) {
        report.bot_errors.push("the bot did not end well when it was told to".to_owned());
    }
    Ok(report)
}

/// Measures the recording and writes it and the page.
async fn judge(options: &Options, source: &Source, performance: Performance, out: &Path) -> Result<Report> {
    let start_ms = performance.listener.start_ms;
    let of_recording = |at_ms: Option<f64>| at_ms.map(|at_ms| at_ms - start_ms);
    let play_ms = performance.delivered_ms.unwrap_or(start_ms);
    let mut report = Report {
        outcome: Outcome::NeverPlayed,
        summary: never_played(&performance),
        source: source.title.clone(),
        latency_ms: options.latency_ms,
        first_audio_ms: performance.listener.first_frame_ms.map(|first| whole(first - play_ms)),
        play_ms: of_recording(performance.delivered_ms).map(whole),
        stop_ms: of_recording(performance.stop_ms).map(whole),
        timeline: timeline(&performance, play_ms),
        packets: performance.listener.packets,
        undecryptable: performance.listener.undecryptable,
        ..Report::failed(String::new())
    };
    let Some(wav) = performance.recording else { return Ok(report) };
    std::fs::write(out.join("recording.wav"), &wav).context("writing recording.wav")?;
    report.recording = Some(seen_from_report(options, out));
    let (heard, played) = (Audio::from_wav(&wav)?, source.audio.clone());
    let comparison =
        tokio::task::spawn_blocking(move || Comparison::new(&heard, &played)).await.context("comparing the sounds")?;
    report.audio_match = (comparison.audio_match() * 1000.0).round() / 1000.0;
    if let Some(fault_ms) = of_recording(performance.fault_ms) {
        let until_ms = of_recording(performance.stop_ms).unwrap_or(f64::INFINITY);
        report.judge(&comparison, "close", Some(options.code), fault_ms, until_ms);
        report.tell_what_was_heard(play_ms - start_ms);
    }
    std::fs::write(out.join("report.html"), page::page(&report, &comparison)).context("writing report.html")?;
    Ok(report)
}

/// The recording's path for the report: the name alone beside it, the whole path where the report was moved away.
fn seen_from_report(options: &Options, out: &Path) -> String {
    let report = std::path::absolute(options.report_path()).ok();
    let beside = report.is_some_and(|report| report.parent() == Some(out));
    if beside { "recording.wav".to_owned() } else { out.join("recording.wav").to_string_lossy().into_owned() }
}

fn never_played(performance: &Performance) -> String {
    match &performance.answer {
        Some(answer) => format!("The music was never heard. The bot answered: {answer}"),
        None => "The music was never heard, and the bot did not answer.".to_owned(),
    }
}

/// The events, counted from the `/play`, with the first note as it was heard.
fn timeline(performance: &Performance, play_ms: f64) -> Vec<Event> {
    let mut events = performance.events.clone();
    events.extend(
        performance.listener.first_frame_ms.map(|at_ms| (at_ms, "the first note reaches the listener".to_owned())),
    );
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    events.into_iter().map(|(at_ms, event)| Event { at_ms: whole(at_ms - play_ms), event }).collect()
}

fn write_json(options: &Options, report: &Report) -> Result<()> {
    let path = options.report_path();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    }
    let json = serde_json::to_string_pretty(report).context("putting the report together")?;
    std::fs::write(&path, json + "\n").with_context(|| format!("writing {}", path.display()))
}

/// The figures and where everything is.
fn closing_lines(options: &Options, report: &Report) -> Vec<String> {
    let ms = |value: Option<i64>| value.map_or("not known".to_owned(), |value| format!("{value} ms"));
    let mut lines = vec![String::new(), report.summary.clone()];
    if report.recording.is_some() {
        lines.push(format!("  first note after /play     {}", ms(report.first_audio_ms)));
        for fault in &report.faults {
            lines.push(format!("  silence at the listener    {}", ms(fault.silence_ms)));
            lines.push(format!("  off in the track           {}", ms(fault.position_error_ms)));
        }
        lines.push(format!("  recording matches source   {:.1} %", report.audio_match * 100.0));
        lines.push(format!("  page       {}", options.out.join("report.html").display()));
        lines.push(format!("  recording  {}", options.out.join("recording.wav").display()));
    }
    lines.push(format!("  figures    {}", options.report_path().display()));
    lines.extend(report.bot_errors.iter().map(|error| format!("  the bot logged an error: {error}")));
    lines
}
