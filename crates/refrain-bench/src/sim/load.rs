//! Everything that is put on the simulator: bots, voice connections, frames.

use super::{gateway, pace::Pace, server::Server, voice, world};
use crate::music;
use anyhow::{Context as _, Result};
use tokio::task::JoinHandle;

pub(super) struct Load {
    pace: Pace,
    sockets: Vec<JoinHandle<()>>,
}

impl Load {
    /// All guilds in voice and playing.
    pub(super) async fn start(server: &Server, guilds: usize) -> Result<Self> {
        let tls = voice::connector(&server.at.ca)?;
        let (mut senders, mut sockets) = (Vec::new(), Vec::new());
        let all: Vec<usize> = (0..guilds).collect();
        for (bot, guilds) in all.chunks(world::GUILDS_PER_BOT).enumerate() {
            let (halves, session) = gateway::join(&server.at, bot, guilds).await?;
            sockets.push(session);
            for (guild, halves) in halves {
                let connected = voice::connect(&tls, guild, bot, &halves).await;
                let (sender, socket) = connected.with_context(|| format!("joining voice in guild {guild}"))?;
                senders.push(sender);
                sockets.push(socket);
            }
        }
        let pace = Pace::start(senders, music::frames()?)?;
        Ok(Self { pace, sockets })
    }

    pub(super) fn sent(&self) -> u64 {
        self.pace.sent()
    }

    /// Ends it; how many packets were sent in all.
    pub(super) async fn stop(self) -> u64 {
        let sent = tokio::task::spawn_blocking(move || self.pace.stop()).await.unwrap_or(0);
        // What is still in the sockets' buffers is to be counted before the sessions end.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        for socket in self.sockets {
            socket.abort();
        }
        sent
    }
}
