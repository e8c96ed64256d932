//! `refrain replay`: a recording of a guild, fed to the guild again.

use crate::exit;
use refrain::{Recording, Replayed};
use std::{
    fs::File,
    io::{self, BufWriter, Read as _, Write},
    path::Path,
    process::ExitCode,
};

/// No recording that the bot writes is longer.
const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Carries it out. Blocks; no runtime is needed.
pub(crate) fn run(file: &Path) -> ExitCode {
    let text = match read(file) {
        Ok(text) => text,
        Err(error) => return fail(file, &error, exit::CONFIGURATION),
    };
    let recording = match Recording::parse(&text) {
        Ok(recording) => recording,
        Err(error) => return fail(file, &error, exit::DATA),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    match print(&recording, &mut out).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the pipe has closed it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(file, &error, exit::UNAVAILABLE),
    }
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// One line for each thing that goes in (`>`) or comes out (`<`), with the time since the process that was recorded began.
fn print(recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "guild {}, seed {}", recording.header.guild, recording.header.seed)?;
    let mut written = Ok(());
    recording.replay_with(|replayed| {
        if written.is_ok() {
            written = line(&replayed, out);
        }
    });
    written?;
    match &recording.end {
        Some(why) => writeln!(out, "the recording ends: {why}"),
        None => Ok(()),
    }
}

fn line(replayed: &Replayed<'_>, out: &mut impl Write) -> io::Result<()> {
    match replayed {
        Replayed::In(step) => {
            let at = step.observed.at.since_epoch().as_secs_f64();
            let mark = if step.on_the_spot { ">>" } else { "> " };
            match &step.input {
                Some(input) => writeln!(out, "{at:12.3} {mark} {input:?}"),
                None => writeln!(out, "{at:12.3} {mark} the time has come"),
            }
        }
        Replayed::Out(at, output) => writeln!(out, "{:12.3} <  {output:?}", at.since_epoch().as_secs_f64()),
    }
}

fn fail(file: &Path, error: &dyn std::fmt::Display, code: u8) -> ExitCode {
    // Nobody may be reading, and there is nobody else to tell.
    let _ = writeln!(io::stderr(), "refrain: {}: {error}", file.display());
    code.into()
}
