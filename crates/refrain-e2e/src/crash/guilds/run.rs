//! The run: music in all guilds, the kill, the restart, and what came of it.

use super::{
    judge::{Known, judge},
    report::GuildsReport,
};
use crate::{
    crash::options::Options,
    faults::ground::{empty_folder, whole},
    harness::{binaries::Binaries, listener::Listener, process::error_lines},
    media::Sound,
    soak::many::{Many, ManySetting, look_ups_take, stand_in},
};
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

/// Marks a folder as one of ours, which may be emptied.
const MARK: &str = "refrain-crash-guilds";
/// The length of a song in seconds: longer than the run.
const SONG_S: u32 = 900;
/// Samples a second of the songs' files, and bytes a second: 16 bits, two channels.
const RATE: u32 = 8_000;
const BYTES_A_SECOND: f64 = RATE as f64 * 4.0;
/// The timecode's numbers of the song that plays and of the one behind it.
const TRACKS: [u8; 2] = [1, 2];
/// How long each guild's music is heard at least before the kill.
const BEFORE_MS: f64 = 15_000.0;
/// How long the music may take to begin everywhere.
const BEGIN: Duration = Duration::from_secs(300);
/// In how many guilds a song is asked for at the same time before the kill.
const AT_ONCE: usize = 10;
/// The look-ups that the bot's defaults allow at the same time.
const PLACES: u64 = 4;
/// Beside the look-ups, the music may take so long to be back everywhere.
const BACK: Duration = Duration::from_secs(120);
/// After that the songs are listened to for so long: none may be passed over late.
const AFTER: Duration = Duration::from_secs(10);
/// After the kill it must have been silent everywhere for so long, in milliseconds, before the bot is started again: a simulator
/// that has no time hears what was on its way later.
const SILENT_MS: f64 = 1_000.0;
/// How long that may take.
const UNTIL_SILENT: Duration = Duration::from_secs(60);
/// What is on its way when the bot is killed may be missed a little before that moment, or heard after it.
const SLACK_MS: f64 = 1_000.0;

/// Plays in many guilds, kills the bot, starts it again, and looks at each guild.
///
/// # Errors
/// When something other than the bot is at fault.
pub async fn run_guilds(options: &Options, guilds: u16) -> Result<GuildsReport> {
    let begun = Instant::now();
    let folder = empty_folder(&options.out, MARK)?;
    let mut stage = set_up(options, usize::from(guilds), &folder).await?;
    play_everywhere(&mut stage).await?;
    look_ups_take(&folder, options.look_up_s)?;
    let (killed_ms, _) = stage.clock().await?;
    stage.kill_bot().await?;
    let before = when_silent(&stage).await?;
    let asked_before = stage.media.requests().len();
    let (started_ms, _) = stage.clock().await?;
    eprintln!("crash: killed in {guilds} guilds, {} s a look-up from now on", options.look_up_s);
    stage.restart_bot()?;
    let limit = BACK + Duration::from_secs(u64::from(guilds).div_ceil(PLACES) * options.look_up_s);
    let sounds = wait_for_sound(&mut stage, killed_ms, started_ms, limit).await?;
    tokio::time::sleep(AFTER).await;
    let resident_mib = stage.processes().map(|process| process.and_then(most_resident_mib));
    let (requests_after, errors) = (stage.media.requests().split_off(asked_before), error_lines(&stage.bot.lines()));
    // What follows needs the processor that a hundred songs take.
    stage.kill_bot().await?;
    let mut outcomes = Vec::new();
    for (number, sound_ms) in sounds.into_iter().enumerate() {
        let [song, next] = songs(number);
        let own = |path: &str| [&song, &next].into_iter().any(|file| path.trim_start_matches('/') == file);
        let requests = requests_after.iter().filter(|one| own(&one.path)).cloned().collect();
        let (jump_ms, other_song) = timecode(&stage, number, killed_ms, started_ms).await?;
        let heard_ms = before[number].music_ms;
        let known = Known { song, next, heard_ms, started_ms, sound_ms, jump_ms, other_song, requests };
        outcomes.push(judge(&known, BYTES_A_SECOND));
    }
    let report = GuildsReport {
        look_up_s: options.look_up_s,
        seconds: begun.elapsed().as_secs(),
        resident_mib,
        errors,
        outcomes,
    };
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&report).context("putting the report together")?;
        std::fs::write(path, json + "\n").with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(report)
}

/// The files of a guild's two songs.
fn songs(number: usize) -> [String; 2] {
    [format!("{number}-a.wav"), format!("{number}-b.wav")]
}

async fn set_up(options: &Options, guilds: usize, folder: &Path) -> Result<Many> {
    let yt_dlp = stand_in(folder, SONG_S)?;
    let binaries = Binaries { bot: whole(&options.bot)?, sim: whole(&options.sim)?, yt_dlp };
    binaries.check("start this with `cargo xtask crash`, which builds what it needs")?;
    let files = TRACKS.map(|track| folder.join(format!("track-{track}.wav")));
    for (track, file) in TRACKS.into_iter().zip(&files) {
        make_wav(&binaries.sim, file, track).await?;
    }
    let file_of = |name: String, file: &PathBuf| (name, Sound::File(file.clone()));
    let sounds =
        (0..guilds).flat_map(|number| songs(number).into_iter().zip(&files).map(|(name, file)| file_of(name, file)));
    let decoded = usize::from(options.decoded).min(guilds);
    Many::start(ManySetting {
        binaries,
        sounds: sounds.collect(),
        folder: folder.to_owned(),
        guilds,
        // Spread over all, for what comes first in a queue may fare better.
        decoded: (0..decoded).map(|number| number * guilds / decoded).collect(),
        servers: 4,
    })
    .await
}

async fn make_wav(sim: &Path, path: &Path, track: u8) -> Result<()> {
    let making = tokio::process::Command::new(sim)
        .args(["timecode", "--id", &track.to_string(), "--seconds", &SONG_S.to_string()])
        .args(["--rate", &RATE.to_string(), "--out"])
        .arg(path)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = making.await.context("running the simulator to make a song")?;
    if !output.status.success() {
        bail!("the simulator could not make {}: {}", path.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// Two songs in each guild's queue, and the first of them heard for a while.
async fn play_everywhere(stage: &mut Many) -> Result<()> {
    for which in 0..TRACKS.len() {
        ask_everywhere(stage, which).await?;
    }
    stage
        .wait_for("music in all guilds", BEGIN, async |stage| {
            Ok(listeners(stage).await?.iter().all(|one| one.music_ms >= BEFORE_MS))
        })
        .await
}

/// Asks for each guild's first or second song, for a few guilds at a time: what is tested is the restart. A hundred tracks
/// that begin in the same second keep a small machine busy for longer than the 3 s that an acknowledgement may take.
async fn ask_everywhere(stage: &mut Many, which: usize) -> Result<()> {
    let guilds: Vec<usize> = (0..stage.places.len()).collect();
    for some in guilds.chunks(AT_ONCE) {
        let mut asked = Vec::new();
        for number in some {
            let song = &songs(*number)[which];
            asked.push(stage.command(*number, "play", json!({ "query": stage.media.url(song) })).await?);
        }
        answered(stage, &asked).await?;
    }
    Ok(())
}

async fn answered(stage: &mut Many, asked: &[String]) -> Result<()> {
    stage
        .wait_for("the answers to /play", BEGIN, async |stage| {
            for id in asked {
                if stage.answer(id).await?.is_none() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
}

/// What a guild's listener tells.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Heard {
    music_ms: f64,
    #[serde(flatten)]
    report: Listener,
}

async fn listeners(stage: &Many) -> Result<Vec<Heard>> {
    let mut all = Vec::new();
    for number in 0..stage.places.len() {
        let report = stage.listener(number).await?;
        let heard = if report.is_null() { Ok(Heard::default()) } else { serde_json::from_value(report) };
        all.push(heard.context("reading a listener's report")?);
    }
    Ok(all)
}

/// Waits until nothing is heard any more in any guild.
async fn when_silent(stage: &Many) -> Result<Vec<Heard>> {
    let start = Instant::now();
    loop {
        let (heard, (now_ms, _)) = (listeners(stage).await?, stage.clock().await?);
        let is_silent = |one: &Heard| {
            let last = one.report.silences.last().filter(|silence| silence.open);
            last.is_some_and(|silence| now_ms - silence.start_ms >= SILENT_MS)
        };
        if heard.iter().all(is_silent) {
            return Ok(heard);
        }
        ensure!(
            start.elapsed() < UNTIL_SILENT,
            "the bot was killed, and music is heard {} s later",
            UNTIL_SILENT.as_secs()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// When each guild's music was heard again, if it was within the limit.
async fn wait_for_sound(
    stage: &mut Many,
    killed_ms: f64,
    started_ms: f64,
    limit: Duration,
) -> Result<Vec<Option<f64>>> {
    let (start, mut told) = (Instant::now(), Instant::now());
    loop {
        let heard = listeners(stage).await?;
        let sounds: Vec<Option<f64>> =
            heard.iter().map(|one| heard_again(&one.report, killed_ms, started_ms)).collect();
        let back = sounds.iter().flatten().count();
        if back == sounds.len() || start.elapsed() >= limit {
            return Ok(sounds);
        }
        if told.elapsed() >= Duration::from_secs(15) {
            told = Instant::now();
            eprintln!("crash: the music is back in {back} of {} guilds", sounds.len());
        }
        stage.check_alive("the music to come back")?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// When the silence that the kill began was over.
fn heard_again(report: &Listener, killed_ms: f64, started_ms: f64) -> Option<f64> {
    let ends = report.silences.iter().filter(|one| !one.open && one.start_ms >= killed_ms - SLACK_MS);
    ends.map(|one| one.start_ms + one.length_ms).find(|end_ms| *end_ms >= started_ms)
}

#[derive(Deserialize)]
struct Timecode {
    segments: Vec<Segment>,
}

#[derive(Deserialize)]
struct Segment {
    start_ms: f64,
    length_ms: f64,
    track: u8,
    from_ms: f64,
    to_ms: f64,
}

/// How much further on the first sound after the restart is than the last before the kill, and whether it is another song.
async fn timecode(stage: &Many, number: usize, killed_ms: f64, started_ms: f64) -> Result<(Option<f64>, bool)> {
    let report = stage.listener(number).await?;
    if report["decoding"] != true {
        return Ok((None, false));
    }
    let from_ms = killed_ms - 5_000.0;
    let path = format!("/sim/listeners/{}/timecode?from_ms={from_ms}", stage.places[number].guild);
    let read = stage.control.get(&path).await?.unwrap_or_default();
    let read: Timecode = serde_json::from_value(read).context("reading the listener's timecode")?;
    let long = |one: &&Segment| one.length_ms >= 60.0;
    let last = read.segments.iter().filter(long).rfind(|one| one.start_ms < killed_ms);
    let first = read.segments.iter().filter(long).find(|one| one.start_ms >= started_ms);
    let other = first.is_some_and(|first| first.track != TRACKS[0]);
    let jump = last.zip(first).filter(|_| !other).map(|(last, first)| first.from_ms - last.to_ms);
    Ok((jump, other))
}

/// The most memory that a process had, as Linux tells it.
fn most_resident_mib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::listener::Silence;

    #[test]
    fn the_music_is_back_when_the_silence_of_the_kill_is_over() {
        let silence = |start_ms, length_ms, open| Silence { start_ms, length_ms, open };
        let heard = |silences: Vec<Silence>| {
            let report = Listener { silences, ..Listener::default() };
            heard_again(&report, 10_000.0, 10_500.0)
        };
        assert_eq!(heard(vec![silence(2_000.0, 60.0, false), silence(9_900.0, 4_100.0, false)]), Some(14_000.0));
        assert_eq!(heard(vec![silence(9_900.0, 4_100.0, true)]), None);
        assert_eq!(heard(Vec::new()), None);
        // A gap in what was on its way.
        assert_eq!(heard(vec![silence(9_800.0, 60.0, false), silence(9_950.0, 2_050.0, false)]), Some(12_000.0));
    }
}
