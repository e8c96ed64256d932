//! A bot on the main gateway: it joins a voice channel in each of its guilds and hands on both halves.

use super::{server::Addresses, world};
use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

type Ws = WebSocketStream<MaybeTlsStream<TcpStream>>;

const PATIENCE: Duration = Duration::from_secs(60);
const HEARTBEAT: Duration = Duration::from_secs(20);
/// GUILDS and GUILD_VOICE_STATES.
const INTENTS: u64 = 1 | 1 << 7;

/// What a voice connection needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Halves {
    pub(super) session_id: String,
    pub(super) token: String,
    pub(super) endpoint: String,
}

/// Logs in, joins one channel in each guild and waits for all halves; the task keeps the session alive.
pub(super) async fn join(
    at: &Addresses,
    bot: usize,
    guilds: &[usize],
) -> Result<(BTreeMap<usize, Halves>, JoinHandle<()>)> {
    let address = format!("{}/?v=10&encoding=json", at.gateway);
    let (mut ws, _) = connect_async(address).await.context("connecting to the main gateway")?;
    let identify = json!({
        "token": world::token(bot), "intents": INTENTS,
        "properties": { "os": "linux", "browser": "refrain-bench", "device": "refrain-bench" },
    });
    send(&mut ws, 2, identify).await?;
    await_event(&mut ws, "READY").await?;
    for &guild in guilds {
        let wish = json!({
            "guild_id": world::guild_id(guild).to_string(), "channel_id": world::channel_id(guild).to_string(),
            "self_mute": false, "self_deaf": true,
        });
        send(&mut ws, 4, wish).await?;
    }
    let all = timeout(PATIENCE, gather(&mut ws, bot, guilds)).await;
    let all = all.context("waiting for the halves of the voice connections")??;
    Ok((all, tokio::spawn(stay(ws))))
}

async fn gather(ws: &mut Ws, bot: usize, guilds: &[usize]) -> Result<BTreeMap<usize, Halves>> {
    let mut all: BTreeMap<usize, Halves> = guilds.iter().map(|guild| (*guild, Halves::default())).collect();
    let me = world::bot_id(bot).to_string();
    while all.values().any(|halves| halves.session_id.is_empty() || halves.token.is_empty()) {
        let frame = next(ws).await?;
        let data = &frame["d"];
        let text = |field: &str| data[field].as_str().unwrap_or_default().to_owned();
        let guild = text("guild_id");
        let Some((_, halves)) = all.iter_mut().find(|(number, _)| world::guild_id(**number).to_string() == guild)
        else {
            continue;
        };
        match frame["t"].as_str() {
            Some("VOICE_STATE_UPDATE") if text("user_id") == me => halves.session_id = text("session_id"),
            Some("VOICE_SERVER_UPDATE") => (halves.token, halves.endpoint) = (text("token"), text("endpoint")),
            Some(_) | None => {}
        }
    }
    Ok(all)
}

async fn stay(mut ws: Ws) {
    let mut beat = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            _ = beat.tick() => if send(&mut ws, 1, Value::Null).await.is_err() { return },
            frame = ws.next() => if !matches!(frame, Some(Ok(_))) { return },
        }
    }
}

async fn await_event(ws: &mut Ws, name: &str) -> Result<()> {
    while next(ws).await?["t"] != name {}
    Ok(())
}

async fn next(ws: &mut Ws) -> Result<Value> {
    loop {
        match timeout(PATIENCE, ws.next()).await.context("waiting for the main gateway")? {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).context("reading a gateway frame"),
            Some(Ok(Message::Close(frame))) => bail!("the main gateway closed the connection: {frame:?}"),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error).context("reading from the main gateway"),
            None => bail!("the main gateway ended the connection"),
        }
    }
}

async fn send(ws: &mut Ws, op: u8, d: Value) -> Result<()> {
    let text = json!({ "op": op, "d": d }).to_string();
    ws.send(Message::text(text)).await.context("writing to the main gateway")
}
