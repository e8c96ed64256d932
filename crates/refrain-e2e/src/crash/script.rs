//! What people do before the bot is killed, and in the middle of what it is killed: drawn by chance from a seed.

use super::model::{Command, Given, Guild, Looping, SONG_S, Song, any_change, to_resume};
use crate::track::Dice;
use serde::Serialize;
use std::time::Duration;

/// What goes on when the bot is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Nothing but the music.
    Idle,
    /// An answer was just seen.
    Answered,
    /// A command was given and is not answered.
    Command,
    /// Several commands were given at once: their changes are being written.
    Write,
    /// It joins the channel.
    Joining,
    /// It was killed before and was just started.
    Restarting,
    /// The voice session was closed with 4006, and it comes back.
    Recovering,
}

impl Moment {
    /// Each, as often as it comes in twenty rounds.
    const ALL: [(Self, usize); 7] = [
        (Self::Idle, 3),
        (Self::Answered, 3),
        (Self::Command, 4),
        (Self::Write, 4),
        (Self::Joining, 2),
        (Self::Restarting, 2),
        (Self::Recovering, 2),
    ];

    /// One of them.
    fn any(dice: &mut Dice) -> Self {
        let mut left = dice.below(Self::ALL.iter().map(|(_, often)| often).sum());
        for (moment, often) in Self::ALL {
            match left.checked_sub(often) {
                Some(rest) => left = rest,
                None => return moment,
            }
        }
        Self::Idle
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Answered => "an answer just seen",
            Self::Command => "during a command",
            Self::Write => "while changes are written",
            Self::Joining => "while joining",
            Self::Restarting => "just restarted",
            Self::Recovering => "recovering from 4006",
        }
    }
}

/// What is done in one round.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) moment: Moment,
    /// Given one after the other, each answered before the next; several that stand together are given at once.
    pub(super) before: Vec<Vec<Command>>,
    /// Given at once, and not waited for.
    pub(super) last: Vec<Command>,
    /// From then until the kill.
    pub(super) wait: Duration,
}

/// Writes the scripts of a run.
pub(super) struct Writer {
    dice: Dice,
    songs: u16,
    /// Nothing was given at the same time as something else in this round: what an undo would bring back is known.
    sure: bool,
}

/// The songs that a run can ask for.
pub(super) const SONGS: u16 = 4_000;

impl Writer {
    pub(super) const fn new(seed: u64) -> Self {
        Self { dice: Dice(seed), songs: 0, sure: true }
    }

    /// A song that nobody has asked for.
    pub(super) fn song(&mut self) -> Song {
        self.songs = (self.songs + 1) % SONGS;
        Song(self.songs)
    }

    /// A round in a guild like this, in whose current song the music is `at_ms`.
    pub(super) fn round(&mut self, guild: &Guild, at_ms: f64) -> Script {
        let moment = Moment::any(&mut self.dice);
        self.sure = true;
        let mut now = guild.clone();
        let mut before = Vec::new();
        let mut give = |now: &mut Guild, commands: Vec<Command>| {
            for command in &commands {
                *now = Given { command: command.clone(), asked_ms: 0.0 }.applied_to(now);
            }
            before.push(commands);
        };
        for command in self.bring_music(&now, at_ms) {
            give(&mut now, vec![command]);
        }
        // Music that comes back by itself tells most: the other settings do not stay for long.
        if now.auto_resume() != "resume" && self.dice.below(2) == 0 {
            give(&mut now, vec![Command::Configure(to_resume())]);
        }
        for _ in 0..=self.dice.below(4) {
            let commands = self.some(&now);
            give(&mut now, commands);
        }
        let last = match moment {
            Moment::Idle | Moment::Restarting | Moment::Recovering => Vec::new(),
            Moment::Answered => {
                let commands = vec![self.any(&now)];
                give(&mut now, commands);
                Vec::new()
            }
            Moment::Command => vec![self.any(&now)],
            Moment::Write => self.several(&now),
            Moment::Joining => {
                if now.in_voice || now.current.is_some() {
                    give(&mut now, vec![Command::Disconnect]);
                }
                vec![Command::Play(self.song())]
            }
        };
        if moment == Moment::Recovering {
            for command in self.bring_music(&now, 0.0) {
                give(&mut now, vec![command]);
            }
        }
        let wait = self.wait(moment, &last);
        Script { moment, before, last, wait }
    }

    /// What is needed for music to be heard, with some songs to come; a song that nears its end is gone back in.
    fn bring_music(&mut self, guild: &Guild, at_ms: f64) -> Vec<Command> {
        let mut commands = Vec::new();
        if guild.current.is_none() {
            commands.push(Command::Play(self.song()));
        } else if !guild.plays() {
            commands.push(Command::Resume);
        }
        if guild.current.is_some() && at_ms > f64::from(SONG_S) * 700.0 {
            commands.push(Command::Seek(30));
        }
        if guild.upcoming.len() < 2 {
            commands.push(Command::Play(self.song()));
        }
        commands
    }

    /// One command; now and then several at once.
    fn some(&mut self, guild: &Guild) -> Vec<Command> {
        if self.dice.below(4) == 0 { self.several(guild) } else { vec![self.any(guild)] }
    }

    /// Two to four commands that are answered at once. What is shuffled, or taken back, must be known before the next.
    fn several(&mut self, guild: &Guild) -> Vec<Command> {
        self.sure = false;
        let count = 2 + self.dice.below(3);
        let mut commands: Vec<Command> = Vec::new();
        while commands.len() < count {
            let command = self.any(guild);
            if !command.is_slow() && !matches!(command, Command::Shuffle | Command::Undo | Command::Stop) {
                commands.push(command);
            }
        }
        commands
    }

    fn any(&mut self, guild: &Guild) -> Command {
        let (count, sure, dice) = (guild.upcoming.len(), self.sure, &mut self.dice);
        let place = |dice: &mut Dice| 1 + dice.below(count);
        if count > 25 {
            return Command::Remove(3, 12);
        }
        if sure && guild.can_undo() && dice.below(3) == 0 {
            return Command::Undo;
        }
        match dice.below(42) {
            0..=3 => Command::Play(self.song()),
            4 => Command::PlayNext(self.song()),
            5 => Command::PlayNow(self.song()),
            6..=8 => Command::Skip(1 + dice.below(2)),
            9 | 10 if count > 0 => Command::SkipTo(place(dice)),
            11 | 12 if !guild.history.is_empty() => Command::Previous,
            13 => Command::Replay,
            14..=16 => Command::Seek(10 + dice.below(SONG_S as usize / 2) as u32),
            17 if guild.plays() => Command::Pause,
            18 if dice.below(4) == 0 => Command::Stop,
            19 if dice.below(2) == 0 => Command::Clear,
            20..=22 if count > 1 => Command::Remove(place(dice), 1 + dice.below(2)),
            23..=26 if count > 1 => Command::Move(place(dice), place(dice)),
            27..=29 if count > 1 => Command::Shuffle,
            30 if guild.looping != Looping::Queue => Command::Loop,
            31 | 32 => Command::LoopQueue,
            33..=35 => Command::Volume(40 + 5 * dice.below(13) as u16),
            36 => Command::FavoriteAdd(format!("mix{}", dice.below(4)), self.song()),
            37 if guild.favorites.contains_key("mix1") => Command::FavoriteRemove("mix1".to_owned()),
            _ => Command::Configure(any_change(dice)),
        }
    }

    /// How long after the last of it the kill comes.
    fn wait(&mut self, moment: Moment, last: &[Command]) -> Duration {
        // About as long as what it is to fall into takes.
        let most_ms = match moment {
            Moment::Idle => 1_500,
            Moment::Answered => 1,
            Moment::Command if last.iter().any(Command::is_slow) => 400,
            Moment::Command | Moment::Write => 15,
            Moment::Joining => 600,
            Moment::Restarting => 1_000,
            Moment::Recovering => 500,
        };
        Duration::from_micros(self.dice.below(most_ms * 1_000) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays scripts on the model alone.
    fn play(seed: u64, rounds: usize) -> Vec<Script> {
        let (mut writer, mut guild) = (Writer::new(seed), Guild::default());
        let mut scripts = Vec::new();
        for _ in 0..rounds {
            let script = writer.round(&guild, 0.0);
            for command in script.before.iter().flatten().chain(&script.last) {
                guild = Given { command: command.clone(), asked_ms: 0.0 }.applied_to(&guild);
            }
            guild = guild.restarted();
            scripts.push(script);
        }
        scripts
    }

    #[test]
    fn the_same_seed_writes_the_same_scripts() {
        let words = |seed| format!("{:?}", play(seed, 30));
        assert_eq!(words(1), words(1));
        assert_ne!(words(1), words(2));
    }

    #[test]
    fn every_moment_and_most_commands_come_up() {
        let scripts = play(9, 400);
        for (moment, _) in Moment::ALL {
            assert!(scripts.iter().any(|script| script.moment == moment), "{moment:?}");
        }
        let all = scripts.iter().flat_map(|script| script.before.iter().flatten().chain(&script.last));
        let names: std::collections::BTreeSet<&str> = all.map(|command| command.words("").0).collect();
        for name in ["play", "skip", "skipto", "move", "remove", "undo", "stop", "shuffle", "pause", "resume", "volume"]
        {
            assert!(names.contains(name), "{name}");
        }
    }
}
