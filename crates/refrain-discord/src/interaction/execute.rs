//! What people ask for, asked of the guild's actor; what it says, as an answer.

use super::{Answer, Order};
use crate::{
    commands::{Ask, FavoritesAsk, Jump},
    config_embed, convert, embed, status_embed,
};
use Whose::{Nobodys, Ours, Theirs};
use refrain::{
    CommandError, Delay, GuildHandle, LoopMode, NowPlaying, PanelWaits, Place, PlayRequest, store::Favorite,
};

/// Asks the guild's actor and puts its answer into embeds.
pub(super) async fn execute(guild: GuildHandle, order: Order) -> Answer {
    let (name, guild_id) = (order.ask.name(), order.guild);
    let done = ask(&guild, order).await;
    done.unwrap_or_else(|failed| {
        // A dead link is everyday business; the operator finds it here when somebody complains.
        tracing::info!(%guild_id, ask = name, error = %failed, "command not carried out");
        Answer::failure(&failed.user_message())
    })
}

/// The same for a button, which needs words only where it did nothing.
pub(super) async fn press(guild: GuildHandle, order: Order) -> Result<(), String> {
    let (name, guild_id) = (order.ask.name(), order.guild);
    ask(&guild, order).await.map(drop).map_err(|failed| {
        tracing::info!(%guild_id, ask = name, error = %failed, "button not carried out");
        failed.user_message()
    })
}

async fn ask(guild: &GuildHandle, order: Order) -> Result<Answer, CommandError> {
    let embed = match order.ask.clone() {
        Ask::Play { query, place } => return play(guild, order.request(query, place)?).await,
        Ask::Favorites(ask) => return favorites(guild, ask, &order).await,
        Ask::VoiceStatus { page } => return Ok(status_embed::voice_status(&guild.voice_status(page).await?).into()),
        Ask::Skip { count } => embed::skipped(&guild.skip(count).await?),
        Ask::SkipTo { position } => embed::skipped(&guild.skip_to(position).await?),
        Ask::Back => embed::now_playing(&guild.previous().await?),
        Ask::Replay => embed::now_playing(&guild.replay().await?),
        Ask::Seek(jump) => embed::now_playing(&seek(guild, jump).await?),
        Ask::Pause => embed::now_playing(&guild.pause().await?),
        Ask::Resume => embed::now_playing(&guild.resume(order.voice).await?),
        Ask::Stop => embed::stopped(guild.stop().await?),
        Ask::Disconnect => embed::disconnected(guild.disconnect().await?),
        Ask::Loop(mode) => embed::looping(guild.set_looping(mode, true).await?),
        Ask::Shuffle { on } => embed::shuffled(guild.shuffle(on).await?),
        Ask::Clear => embed::cleared(guild.clear().await?),
        Ask::Undo => embed::undone(&guild.undo().await?),
        Ask::Move { from, to } => embed::moved(&*guild.move_track(from, to).await?, to),
        Ask::Remove { position, count } => embed::removed(&guild.remove(position, count).await?),
        Ask::Volume { percent } => embed::volume(guild.volume(percent).await?),
        Ask::Queue { page, size } => embed::queue(&guild.queue(page, size).await?),
        Ask::History => embed::history(&guild.history().await?),
        Ask::NowPlaying => embed::now_playing(&guild.now_playing().await?),
        Ask::Recover => status_embed::recovering(guild.recover(order.voice).await?),
        Ask::Config => config_embed::settings(guild.settings().await?),
        Ask::Configure(change) => config_embed::settings(guild.configure(change).await?),
    };
    Ok(embed.into())
}

async fn seek(guild: &GuildHandle, jump: Jump) -> Result<NowPlaying, CommandError> {
    match jump {
        Jump::To(position) => guild.seek(position).await,
        Jump::Ahead(ahead) => guild.forward(ahead).await,
        Jump::Back(back) => guild.rewind(back).await,
    }
}

async fn play(guild: &GuildHandle, request: PlayRequest) -> Result<Answer, CommandError> {
    let played = guild.play(request).await?;
    if played.position > 0 {
        return Ok(embed::queued(&played).into());
    }
    let waits = match &played.delayed {
        Some(Delay::Source(_)) => Some(PanelWaits::Source),
        Some(Delay::Slow) | None => None,
    };
    let more = played.delayed.as_ref().map(embed::delayed);
    Ok(Answer::panel(played.track, looping(guild).await, waits, more))
}

async fn favorites(guild: &GuildHandle, ask: FavoritesAsk, order: &Order) -> Result<Answer, CommandError> {
    match ask {
        FavoritesAsk::List => Ok(embed::favorites(&guild.favorites().await?).into()),
        FavoritesAsk::Use { name, place } => {
            let played = guild.play_favorite(&name, order.request(String::new(), place)?).await?;
            match played.tracks.first() {
                Some(first) if played.position == 0 => {
                    let more = embed::more_queued(&played);
                    Ok(Answer::panel(first.clone(), looping(guild).await, None, more))
                }
                _ => Ok(embed::queued_all(&played).into()),
            }
        }
        FavoritesAsk::Create { name, query } => {
            let (name, replaced) = match whose(guild, &name, order).await? {
                Theirs(favorite) => return Ok(Answer::failure(&embed::not_yours(&favorite))),
                Ours(favorite) => (favorite.name, true),
                Nobodys => (name, false),
            };
            let favorite = guild.keep_favorite(&name, &query, convert::user(order.user)).await?;
            Ok(embed::kept(&favorite, replaced).into())
        }
        FavoritesAsk::Remove { name } => match whose(guild, &name, order).await? {
            Theirs(favorite) => Ok(Answer::failure(&embed::not_yours(&favorite))),
            Ours(_) | Nobodys => Ok(embed::dropped(&guild.drop_favorite(&name).await?).into()),
        },
    }
}

/// Whose favorite it is.
enum Whose {
    Nobodys,
    /// Theirs who ask, or they manage the server.
    Ours(Favorite),
    Theirs(Favorite),
}

/// Whose favorite of that name there is. Upper and lower case are one.
async fn whose(guild: &GuildHandle, name: &str, order: &Order) -> Result<Whose, CommandError> {
    let name = name.trim().to_lowercase();
    let found = guild.favorites().await?.into_iter().find(|favorite| favorite.name.to_lowercase() == name);
    let by = Some(convert::user(order.user));
    Ok(match found {
        None => Nobodys,
        Some(favorite) if favorite.by == by || order.manages => Ours(favorite),
        Some(favorite) => Theirs(favorite),
    })
}

/// What the panel says of loops; a guess where the track has ended meanwhile.
async fn looping(guild: &GuildHandle) -> LoopMode {
    guild.now_playing().await.map(|now| now.looping).unwrap_or_default()
}

impl Order {
    fn request(&self, query: String, place: Place) -> Result<PlayRequest, CommandError> {
        // The check has found the person's channel.
        let voice_channel = self.voice.ok_or(CommandError::NotConnected)?;
        let requested_by = convert::user(self.user);
        Ok(PlayRequest { query, voice_channel, requested_by, requested_in: self.asked_in, place })
    }
}
