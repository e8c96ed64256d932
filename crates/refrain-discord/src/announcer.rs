//! Messages that nobody asked for: one a voice incident, edited as things change.
//!
//! Each guild's messages are sent one after the other, and guilds do not wait for each other. While a request is under
//! way, a newer word on the same incident replaces the one that waits: people see the latest, and Discord is not asked
//! to edit faster than it answers.

use crate::{convert, error, notice};
use refrain::Announcement;
use refrain_model::{ChannelId, GuildId};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use tokio::{sync::mpsc, task::JoinSet};
use twilight_model::{
    channel::message::AllowedMentions,
    id::{Id, marker::MessageMarker},
};

/// Announcements that may wait to be looked at.
pub(crate) const BACKLOG: usize = 256;
/// Announcements that may wait in one guild; the oldest go first.
const GUILD_BACKLOG: usize = 8;
/// Requests under way at a time.
const IN_FLIGHT: usize = 64;

/// A message of an incident, to be edited when there is more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent {
    incident: u64,
    channel: ChannelId,
    message: Id<MessageMarker>,
}

/// A guild's messages, without the requests: what to send next.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Announcement>,
    last: Option<Sent>,
    busy: bool,
}

impl Line {
    fn push(&mut self, announcement: Announcement) {
        match self.waiting.back_mut() {
            Some(last) if last.incident == announcement.incident => *last = announcement,
            _ => self.waiting.push_back(announcement),
        }
        if self.waiting.len() > GUILD_BACKLOG {
            self.waiting.pop_front();
        }
    }

    /// What to send now, and the message to edit with it.
    fn next(&mut self) -> Option<(Announcement, Option<Sent>)> {
        if self.busy {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.busy = true;
        let same = |sent: &Sent| sent.incident == next.incident && sent.channel == next.channel;
        let edit = self.last.filter(same);
        Some((next, edit))
    }

    fn done(&mut self, sent: Option<Sent>) {
        self.busy = false;
        self.last = sent.or(self.last);
    }
}

/// Sends announcements until their channel is closed.
pub(crate) async fn run(http: Arc<twilight_http::Client>, mut announcements: mpsc::Receiver<Announcement>) {
    let mut guilds: BTreeMap<GuildId, Line> = BTreeMap::new();
    let mut requests: JoinSet<(GuildId, Option<Sent>)> = JoinSet::new();
    loop {
        let guild = tokio::select! {
            next = announcements.recv(), if requests.len() < IN_FLIGHT => {
                let Some(next) = next else { return };
                let guild = next.guild;
                guilds.entry(guild).or_default().push(next);
                guild
            }
            Some(done) = requests.join_next() => {
                // `deliver` does not panic and is never aborted; its guild would stay busy.
                let Ok((guild, sent)) = done else { continue };
                guilds.entry(guild).or_default().done(sent);
                guild
            }
        };
        if let Some((next, edit)) = guilds.entry(guild).or_default().next() {
            requests.spawn(deliver(http.clone(), next, edit));
        }
    }
}

async fn deliver(
    http: Arc<twilight_http::Client>,
    announcement: Announcement,
    edit: Option<Sent>,
) -> (GuildId, Option<Sent>) {
    let words = notice::words(&announcement.what);
    if let Some(sent) = edit {
        match update(&http, sent, &words).await {
            Ok(()) => return (announcement.guild, Some(sent)),
            // Unknown message: somebody deleted it. A new one takes its place.
            Err(failed) if error::api_code(&failed) == Some(10008) => {}
            Err(failed) => {
                complain(&announcement, &failed);
                return (announcement.guild, Some(sent));
            }
        }
    }
    let sent = create(&http, &announcement, &words).await;
    (announcement.guild, sent)
}

async fn update(http: &twilight_http::Client, sent: Sent, words: &str) -> Result<(), twilight_http::Error> {
    let Some(channel) = convert::to_channel(sent.channel) else { return Ok(()) };
    let nobody = AllowedMentions::default();
    http.update_message(channel, sent.message).content(Some(words)).allowed_mentions(Some(&nobody)).await?;
    Ok(())
}

async fn create(http: &twilight_http::Client, announcement: &Announcement, words: &str) -> Option<Sent> {
    let channel = convert::to_channel(announcement.channel)?;
    let nobody = AllowedMentions::default();
    let response = http.create_message(channel).content(words).allowed_mentions(Some(&nobody)).await;
    let message = match response {
        Ok(response) => response.model().await.ok()?.id,
        Err(failed) => {
            complain(announcement, &failed);
            return None;
        }
    };
    Some(Sent { incident: announcement.incident, channel: announcement.channel, message })
}

fn complain(announcement: &Announcement, failed: &twilight_http::Error) {
    let reason = error::DiscordError::from_http("telling people", failed);
    tracing::warn!(
        guild_id = %announcement.guild,
        channel_id = %announcement.channel,
        %reason,
        "people could not be told; does the bot have View Channel and Send Messages there?"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain::{AnnouncementKind, Notice};

    fn word(incident: u64, attempt: u32) -> Announcement {
        let what = AnnouncementKind::Voice(Notice::Interrupted { next: std::time::Duration::ZERO, attempt });
        Announcement { guild: GuildId::new(1), channel: ChannelId::new(2), incident, what }
    }

    fn sent(incident: u64) -> Sent {
        Sent { incident, channel: ChannelId::new(2), message: Id::new(99) }
    }

    #[test]
    fn one_incident_is_one_message_that_is_edited() {
        let mut line = Line::default();
        line.push(word(1, 1));
        assert_eq!(line.next(), Some((word(1, 1), None)), "the first word is a new message");
        line.push(word(1, 2));
        assert_eq!(line.next(), None, "the request is under way");
        line.done(Some(sent(1)));
        assert_eq!(line.next(), Some((word(1, 2), Some(sent(1)))), "the second edits it");
        line.done(Some(sent(1)));
        line.push(word(2, 1));
        assert_eq!(line.next(), Some((word(2, 1), None)), "another incident is another message");
    }

    #[test]
    fn while_discord_is_slow_only_the_latest_word_waits() {
        let mut line = Line::default();
        line.push(word(1, 1));
        assert!(line.next().is_some());
        (2..50).for_each(|attempt| line.push(word(1, attempt)));
        line.done(Some(sent(1)));
        assert_eq!(line.next(), Some((word(1, 49), Some(sent(1)))));
        line.done(None);
        assert_eq!(line.next(), None);
    }

    #[test]
    fn a_guild_with_endless_trouble_does_not_grow() {
        let mut line = Line::default();
        (0..1000).for_each(|incident| line.push(word(incident, 1)));
        assert_eq!(line.waiting.len(), GUILD_BACKLOG);
        assert_eq!(line.waiting.back(), Some(&word(999, 1)), "the latest is kept");
    }
}
