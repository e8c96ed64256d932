//! One round: commands, the kill, what is left, the restart, and what has come back.

use super::{
    heard::{Segment, accepted, now_ms, segments},
    lane::Lane,
    model::{Admissible, Guild, Place},
    orphans::Orphan,
    position::{judge, judge_kept},
    row::Row,
    script::{Moment, Script},
    stored,
    talk::Sent,
};
use crate::harness::{process::error_lines, world};
use anyhow::{Result, ensure};
use serde_json::json;
use std::time::{Duration, Instant};

/// How often the simulator is asked.
const POLL: Duration = Duration::from_millis(30);
/// Music that should come and does not is waited for so long.
const MUSIC: Duration = Duration::from_secs(30);
/// Music that may come and need not.
const PERHAPS: Duration = Duration::from_secs(4);
/// What the dead bot had sent may still be on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(60);
/// What the bot had started must have ended after so long.
const ENDS_BY_ITSELF: Duration = Duration::from_secs(10);
/// Music as long as this has come back.
const BACK_MS: f64 = 200.0;

impl Lane<'_> {
    /// Plays a round.
    pub(super) async fn round(&mut self, number: u32) -> Row {
        let begun = Instant::now();
        let mut row = Row::new(number);
        (self.stored, self.told) = (None, None);
        self.lives.clear();
        if let Err(error) = self.carry_out(&mut row).await {
            row.broken = Some(format!("{error:#}"));
        }
        row.seconds = begun.elapsed().as_secs_f64();
        if !row.is_good() {
            self.lives.push(self.stage.bot_log());
            if let Err(error) = self.keep(&row) {
                eprintln!("crash: {error:#}");
            }
            self.believe_what_was_found();
        }
        row
    }

    async fn carry_out(&mut self, row: &mut Row) -> Result<()> {
        let at_ms = self.last.map_or(0.0, |last| last.to_ms);
        let script = self.writer.round(&self.likely(), at_ms);
        row.moment = script.moment;
        for commands in &script.before {
            self.give(commands, row).await?;
        }
        let sent = self.lead_to(&script, row).await?;
        tokio::time::sleep(script.wait).await;
        self.kill(row).await?;
        self.settle(sent, row).await?;
        self.look_at_what_is_left(row).await?;
        self.start_again(row).await?;
        self.wait_for_what_is_late(row).await?;
        self.ask_everything(row).await?;
        self.check_that_nothing_outlives_the_bot(row);
        self.check_that_it_is_silent_where_it_must_be(row).await
    }

    /// Brings about what the bot is to be killed in the middle of.
    async fn lead_to(&mut self, script: &Script, row: &mut Row) -> Result<Vec<Sent>> {
        match script.moment {
            Moment::Idle | Moment::Answered => {}
            Moment::Command | Moment::Write | Moment::Joining => return self.send(&script.last).await,
            Moment::Restarting => {
                self.kill(row).await?;
                self.look_at_what_is_left(row).await?;
                self.stage.launch_bot()?;
                self.admissible.maybe_restarted();
            }
            Moment::Recovering => {
                let since_ms = now_ms(&self.stage.control).await?;
                ensure!(
                    self.first_music(since_ms, MUSIC).await?.is_some(),
                    "no music before the fault{}",
                    self.stage.last_words()
                );
                self.stage.control.fault("close", json!({ "code": 4006 })).await?;
            }
        }
        Ok(Vec::new())
    }

    async fn kill(&mut self, row: &mut Row) -> Result<()> {
        self.killed_ms = now_ms(&self.stage.control).await?;
        self.stage.kill_bot().await?;
        row.kills += 1;
        let (address, now) = (self.stage.media.address().to_string(), Instant::now());
        self.orphans.extend(Orphan::all_with(&address)?.into_iter().map(|one| (one, now)));
        tokio::time::sleep(ON_ITS_WAY).await;
        let lines = self.stage.bot_log();
        row.complaints.extend(error_lines(&lines).into_iter().map(|error| format!("logged at ERROR: {error}")));
        self.lives.push(lines);
        let heard = segments(&self.stage.control, self.looked_ms, None).await?;
        self.last = heard.last().copied().or(self.last);
        Ok(())
    }

    /// The bot is dead: what is on the disk must be one of the states that are admissible.
    async fn look_at_what_is_left(&mut self, row: &mut Row) -> Result<()> {
        let (data, copy) = self.data();
        let stored = stored::look(self.ground.bot(), &data, &copy).await?;
        row.complaints.extend(stored.complaints);
        let Some(found) = stored.found else { return Ok(()) };
        row.opened += 1;
        let differences = self.admissible.narrow(|guild| guild.differences(&found));
        row.complaints.extend(differences.into_iter().map(|one| format!("on the disk: {one}")));
        self.learn_order(found.upcoming.as_deref().unwrap_or_default());
        row.complaints.extend(judge_kept(&self.likely(), self.last.as_ref(), found.playhead_ms));
        self.stored = Some(found);
        Ok(())
    }

    /// Starts the bot again, and waits until what should be heard is heard.
    async fn start_again(&mut self, row: &mut Row) -> Result<()> {
        let launched_ms = now_ms(&self.stage.control).await?;
        self.stage.launch_bot()?;
        self.admissible.restarted();
        if self.likely().plays() {
            // A late pause, or a skip of the last song, is a reason for silence.
            let certain = self.likely().late().iter().all(Guild::plays);
            match self.first_music(launched_ms, if certain { MUSIC } else { PERHAPS }).await? {
                Some(first) => self.compare_what_is_heard(launched_ms, &first, row),
                None if !certain => {}
                None => row.complaints.push(format!(
                    "{:?} should go on, and no music was heard for {} s",
                    self.likely().current,
                    MUSIC.as_secs()
                )),
            }
        }
        self.stage.wait_until_ready().await?;
        if let Some((greeting, accepted_ms)) = accepted(&self.stage.control, launched_ms).await? {
            row.accepted_with = Some(greeting);
            row.accepted_to_sound_ms = row.start_to_sound_ms.map(|to_sound_ms| launched_ms + to_sound_ms - accepted_ms);
        }
        let seat = if self.likely().in_voice { Some(world::MUSIC) } else { None };
        let seated = tokio::time::timeout(MUSIC, self.stage.bot_is_in(seat)).await;
        if !matches!(seated, Ok(Ok(()))) {
            row.complaints.push(format!("the bot should be in the channel {seat:?} and is not"));
        }
        self.looked_ms = launched_ms;
        Ok(())
    }

    fn compare_what_is_heard(&mut self, launched_ms: f64, first: &Segment, row: &mut Row) {
        row.start_to_sound_ms = Some(first.start_ms - launched_ms);
        let (last, killed_ms) = (self.last, self.killed_ms);
        let judged = |guild: &Guild| judge(guild, last.as_ref(), first, killed_ms);
        // What is done late may be done before the first music, or after it.
        let complaint = |guild: &Guild| {
            let all: Vec<_> = guild.late().iter().map(|guild| judged(guild).complaint).collect();
            if all.iter().any(Option::is_none) { Vec::new() } else { all.into_iter().flatten().take(1).collect() }
        };
        row.complaints.extend(self.admissible.narrow(complaint));
        let position = judged(&self.likely());
        row.position_error_ms =
            position.error_ms.filter(|_| position.complaint.is_none() || !row.complaints.is_empty());
        self.last = Some(*first);
        self.admissible.learn(|guild| guild.place = Place::Heard);
    }

    /// The first music since then that lasts for a moment.
    async fn first_music(&mut self, since_ms: f64, limit: Duration) -> Result<Option<Segment>> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            let heard = segments(&self.stage.control, since_ms, None).await?;
            if let Some(first) = heard.iter().find(|one| one.length_ms >= BACK_MS) {
                return Ok(Some(*first));
            }
            self.stage.check_alive("the music")?;
            tokio::time::sleep(POLL).await;
        }
        Ok(None)
    }

    /// What the bot had started ends by itself, soon.
    fn check_that_nothing_outlives_the_bot(&mut self, row: &mut Row) {
        self.orphans.retain(|(one, _)| one.is_still_there());
        let late = |(one, killed): &(Orphan, Instant)| {
            let outlived = killed.elapsed();
            (outlived > ENDS_BY_ITSELF)
                .then(|| format!("{} has outlived the bot by {} s so far", one.program(), outlived.as_secs()))
        };
        row.complaints.extend(self.orphans.iter().filter_map(late));
        self.orphans.retain(|one| late(one).is_none());
    }

    /// Where the music is paused, or the bot is away, nothing is heard.
    async fn check_that_it_is_silent_where_it_must_be(&self, row: &mut Row) -> Result<()> {
        if !self.likely().plays() && !segments(&self.stage.control, self.looked_ms, None).await?.is_empty() {
            row.complaints.push("music was heard where none should be".to_owned());
        }
        Ok(())
    }

    /// The model was wrong: later rounds begin with what is really there.
    fn believe_what_was_found(&mut self) {
        let mut guild = self.likely();
        if let Some(found) = &self.stored {
            guild = guild.corrected(found).restarted();
        }
        if let Some(found) = &self.told {
            guild = guild.corrected(found);
        }
        self.admissible = Admissible::new(guild);
    }
}
