//! What people say to the bot, and what it answers.

use super::{
    heard::now_ms,
    lane::Lane,
    model::{Command, Found, Given, Guild, Song},
    row::Row,
};
use crate::harness::{Answer, control::Message, world};
use anyhow::Result;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// More pages than any queue here has.
const MOST_PAGES: usize = 20;

/// So long after the restart a resumed session has told what was missed, and what needs no time is done.
const TOLD_AGAIN: Duration = Duration::from_millis(500);
/// A song that is looked up late is in the queue after so long.
const LOOKED_UP: Duration = Duration::from_secs(20);

/// A command that was given, with the interaction's id.
pub(super) struct Sent {
    pub(super) given: Given,
    id: String,
}

impl Lane<'_> {
    /// Gives commands at the same time and waits for all answers.
    pub(super) async fn give(&mut self, commands: &[Command], row: &mut Row) -> Result<()> {
        let mut done = Vec::new();
        for sent in self.send(commands).await? {
            let answer = self.stage.answer(&sent.id, &sent.given.command.to_string()).await?;
            if takes_effect(&sent.given.command, &answer.words) {
                done.push(sent.given.clone());
            }
            row.answered.push((sent.given.command.to_string(), first_line(&answer.words)));
        }
        self.admissible.after(&done, &[]);
        if commands.contains(&Command::Shuffle) {
            self.read_order(row).await?;
        }
        Ok(())
    }

    /// Gives commands at the same time and waits for nothing.
    pub(super) async fn send(&self, commands: &[Command]) -> Result<Vec<Sent>> {
        let (media, control) = (self.stage.media.url(""), &self.stage.control);
        let asked_ms = now_ms(control).await?;
        let sending = commands.iter().map(|command| {
            let (name, options) = command.words(&media);
            let user = if command.is_owners() { world::BEN } else { world::ADA };
            async move {
                let id = control.command(world::TEXT, user, name, options).await?;
                Ok(Sent { given: Given { command: command.clone(), asked_ms }, id })
            }
        });
        futures_util::future::try_join_all(sending).await
    }

    /// The bot is dead: what has been answered is done, anything else may be.
    pub(super) async fn settle(&mut self, sent: Vec<Sent>, row: &mut Row) -> Result<()> {
        let (mut done, mut open) = (Vec::new(), Vec::new());
        for Sent { given, id } in sent {
            let interaction = self.stage.control.interaction(&id).await?;
            let words = Message::new(interaction["message"].clone()).words();
            if interaction["state"] != "answered" || words.is_empty() {
                row.open.push(given.command.to_string());
                self.open.push(given.command.clone());
                open.push(given);
                continue;
            }
            row.answered.push((given.command.to_string(), first_line(&words)));
            if takes_effect(&given.command, &words) {
                done.push(given);
            }
        }
        self.admissible.after(&done, &open);
        row.admissible = row.admissible.max(self.admissible.count());
        Ok(())
    }

    /// What was open may be told again by a resumed session, and is then done late, with no answer where the killed bot had
    /// said that it would answer. What takes its time is waited for.
    pub(super) async fn wait_for_what_is_late(&mut self, row: &mut Row) -> Result<()> {
        if self.admissible.is_open() {
            tokio::time::sleep(TOLD_AGAIN).await;
            let begun = Instant::now();
            while self.is_a_song_looked_up() && begun.elapsed() < LOOKED_UP {
                let there = self.upcoming(None).await?;
                if self.open.iter().filter_map(Command::song).any(|song| there.contains(&song)) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        self.open.clear();
        self.admissible.late();
        row.admissible = row.admissible.max(self.admissible.count());
        self.admissible.close();
        Ok(())
    }

    /// The restarted bot was told of a song that somebody had asked the killed one for.
    fn is_a_song_looked_up(&self) -> bool {
        let open = self.open.iter().any(Command::is_slow);
        open && self
            .stage
            .bot_log()
            .iter()
            .any(|line| line.contains(r#""message":"command""#) && line.contains(r#""ask":"play""#))
    }

    /// Reads the order of a queue that was shuffled.
    async fn read_order(&mut self, row: &mut Row) -> Result<()> {
        let upcoming = self.upcoming(None).await?;
        let found = Found { upcoming: Some(upcoming.clone()), ..Found::default() };
        row.complaints.extend(self.admissible.narrow(|guild| guild.differences(&found)));
        self.learn_order(&upcoming);
        Ok(())
    }

    /// The order of a queue that was shuffled has been found.
    pub(super) fn learn_order(&mut self, upcoming: &[Song]) {
        self.admissible.learn(|guild| {
            if guild.order_unread {
                (guild.upcoming, guild.order_unread) = (upcoming.to_vec(), false);
            }
        });
    }

    /// Everything that the restarted bot can be asked, compared with the model.
    pub(super) async fn ask_everything(&mut self, row: &mut Row) -> Result<()> {
        let questions =
            [("now-playing", world::ADA), ("queue", world::ADA), ("history", world::ADA), ("config get", world::BEN)];
        let mut ids = Vec::new();
        for (name, user) in questions {
            ids.push((name, self.stage.control.command(world::TEXT, user, name, json!({})).await?));
        }
        let mut answers = Vec::new();
        for (name, id) in &ids {
            answers.push(self.stage.answer(id, name).await?.words);
        }
        let [playing, queue, history, config] = answers.as_slice() else { return Ok(()) };
        let current = Song::all_in(playing).first().copied();
        // What is done late may just be joining.
        let seat = self.stage.control.seat(world::BOT).await?.is_some();
        let seat = row.open.is_empty().then_some(seat);
        let found = Found {
            current: Some(current),
            upcoming: Some(self.upcoming(Some((current, queue))).await?),
            history: Some(Song::all_in(history)),
            history_is_cut: true,
            in_voice: seat,
            paused: is_paused(playing),
            ..Found::default()
        };
        let differences = self.admissible.narrow(|guild| guild.differences(&found));
        row.complaints.extend(differences.into_iter().map(|one| format!("told after the restart: {one}")));
        self.learn_order(found.upcoming.as_deref().unwrap_or_default());
        self.told = Some(found);
        self.compare_config(config.clone(), row);
        Ok(())
    }

    /// The same settings are told in the same words, however often the bot was restarted.
    fn compare_config(&mut self, words: String, row: &mut Row) {
        let known = &self.config_words;
        let differs = |guild: &Guild| {
            let told = known.iter().find(|(settings, told)| *settings == guild.settings && *told != words);
            told.map(|(_, told)| format!("/config get: expected \"{told}\", found \"{words}\"")).into_iter().collect()
        };
        row.complaints.extend(self.admissible.narrow(differs));
        if let Some(settings) = self.admissible.settings()
            && !self.config_words.iter().any(|(known, _)| known == settings)
        {
            self.config_words.push((settings.clone(), words));
        }
    }

    /// All pages of `/queue`, without the current song; the first may have been read.
    async fn upcoming(&mut self, first: Option<(Option<Song>, &String)>) -> Result<Vec<Song>> {
        let (current, words) = match first {
            Some((current, words)) => (current, words.clone()),
            None => {
                // Where commands were given at the same time, the model may not know which song it is.
                let playing = self.ask_for("now-playing", json!({})).await?.words;
                (Song::all_in(&playing).first().copied(), self.page(1).await?)
            }
        };
        let mut songs = Song::all_in(&words);
        for page in 2..MOST_PAGES {
            let words = self.page(page).await?;
            let new: Vec<Song> = Song::all_in(&words).into_iter().filter(|song| !songs.contains(song)).collect();
            if new.is_empty() {
                break;
            }
            songs.extend(new);
        }
        songs.retain(|song| Some(*song) != current);
        Ok(songs)
    }

    async fn page(&mut self, page: usize) -> Result<String> {
        self.ask_for("queue", json!({ "page": page })).await.map(|answer| answer.words)
    }

    async fn ask_for(&mut self, name: &str, options: Value) -> Result<Answer> {
        self.stage.ask(name, options).await
    }

    /// What the model says, as long as it says one thing.
    pub(super) fn likely(&self) -> Guild {
        self.admissible.likely().cloned().unwrap_or_default()
    }
}

/// A song that could not be played is not in the queue; all else that is answered is done, if it makes sense.
fn takes_effect(command: &Command, words: &str) -> bool {
    !command.is_slow() || !Song::all_in(words).is_empty()
}

/// Of a bot that is out of voice, or on its way there, something else is told.
fn is_paused(words: &str) -> Option<bool> {
    [("Paused", true), ("Playing", false)].into_iter().find_map(|(word, paused)| words.contains(word).then_some(paused))
}

fn first_line(words: &str) -> String {
    words.lines().next().unwrap_or_default().chars().take(120).collect()
}
