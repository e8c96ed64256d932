//! One voice connection, version 8 with AES-GCM: the handshake, and a task that keeps the socket alive.

use super::{gateway::Halves, world};
use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{AeadInPlace as _, generic_array::GenericArray},
};
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

type Ws = WebSocketStream<TlsStream<TcpStream>>;

const PATIENCE: Duration = Duration::from_secs(60);
const HEARTBEAT: Duration = Duration::from_secs(5);
const DISCOVERY: usize = 74;

/// Trust in the simulator's CA.
pub(super) fn connector(ca: &Path) -> Result<TlsConnector> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let ca = CertificateDer::from_pem_file(ca).context("reading the simulator's CA")?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca).context("trusting the simulator's CA")?;
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("choosing TLS versions")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Connects; what frames are sent with, and the task that holds the socket.
pub(super) async fn connect(
    tls: &TlsConnector,
    guild: usize,
    bot: usize,
    halves: &Halves,
) -> Result<(Sender, JoinHandle<()>)> {
    let port = halves.endpoint.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let port: u16 = port.with_context(|| format!("the voice endpoint {:?} has no port", halves.endpoint))?;
    let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.context("connecting to the voice server")?;
    tcp.set_nodelay(true).context("setting TCP_NODELAY")?;
    let stream = tls.connect("localhost".try_into()?, tcp).await.context("TLS with the voice server")?;
    let request = format!("wss://{}/?v=8", halves.endpoint).into_client_request().context("the voice endpoint")?;
    let (mut ws, _) = client_async(request, stream).await.context("opening the voice websocket")?;
    let identify = json!({
        "server_id": world::guild_id(guild).to_string(), "user_id": world::bot_id(bot).to_string(),
        "session_id": halves.session_id, "token": halves.token, "max_dave_protocol_version": 0,
    });
    send(&mut ws, 0, identify).await?;
    let ready = await_op(&mut ws, 2).await?;
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("binding a media socket")?;
    let number = |name: &str| ready["d"][name].as_u64().with_context(|| format!("Ready has no `{name}`"));
    let (ssrc, port) = (u32::try_from(number("ssrc")?)?, u16::try_from(number("port")?)?);
    udp.connect((Ipv4Addr::LOCALHOST, port)).context("connecting a media socket")?;
    let seen = discover(&udp, ssrc)?;
    let data = json!({ "address": seen.ip().to_string(), "port": seen.port(), "mode": "aead_aes256_gcm_rtpsize" });
    send(&mut ws, 1, json!({ "protocol": "udp", "data": data })).await?;
    let description = await_op(&mut ws, 4).await?;
    let key: Vec<u8> = serde_json::from_value(description["d"]["secret_key"].clone()).context("the media key")?;
    send(&mut ws, 5, json!({ "speaking": 1, "delay": 0, "ssrc": ssrc })).await?;
    let cipher = Aes256Gcm::new_from_slice(&key).ok().context("the media key has not 32 bytes")?;
    Ok((Sender { udp, ssrc, cipher, number: 0 }, tokio::spawn(stay(ws))))
}

/// IP discovery; blocking, on loopback.
fn discover(udp: &UdpSocket, ssrc: u32) -> Result<SocketAddr> {
    udp.set_read_timeout(Some(PATIENCE)).context("setting a time limit")?;
    let mut packet = [0; DISCOVERY];
    packet[1] = 1;
    packet[3] = 70;
    packet[4..8].copy_from_slice(&ssrc.to_be_bytes());
    udp.send(&packet).context("sending an IP discovery")?;
    let length = udp.recv(&mut packet).context("waiting for IP discovery")?;
    ensure!(length == DISCOVERY, "IP discovery was answered with {length} bytes");
    udp.local_addr().context("asking for the media socket's address")
}

async fn stay(mut ws: Ws) {
    let mut beat = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            _ = beat.tick() => if send(&mut ws, 3, json!({ "t": 1, "seq_ack": -1 })).await.is_err() { return },
            frame = ws.next() => if !matches!(frame, Some(Ok(_))) { return },
        }
    }
}

async fn await_op(ws: &mut Ws, op: u64) -> Result<Value> {
    loop {
        match timeout(PATIENCE, ws.next()).await.context("waiting for the voice gateway")? {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).context("reading a voice frame")?;
                if frame["op"] == op {
                    return Ok(frame);
                }
            }
            Some(Ok(Message::Close(frame))) => bail!("the voice gateway closed the connection: {frame:?}"),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error).context("reading from the voice gateway"),
            None => bail!("the voice gateway ended the connection"),
        }
    }
}

async fn send(ws: &mut Ws, op: u8, d: Value) -> Result<()> {
    let text = json!({ "op": op, "d": d }).to_string();
    ws.send(Message::text(text)).await.context("writing to the voice gateway")
}

/// The sending end of a media path.
pub(super) struct Sender {
    pub(super) udp: UdpSocket,
    pub(super) ssrc: u32,
    pub(super) cipher: Aes256Gcm,
    pub(super) number: u32,
}

impl Sender {
    /// Seals and sends the next frame; `packet` is room to work in.
    pub(super) fn send(&mut self, opus: &[u8], packet: &mut Vec<u8>) -> Result<()> {
        packet.clear();
        packet.extend([0x80, 0x78]);
        packet.extend((self.number as u16).to_be_bytes());
        packet.extend(self.number.wrapping_mul(960).to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        let (header, mut nonce) = (packet.clone(), [0; 12]);
        nonce[..4].copy_from_slice(&self.number.to_be_bytes());
        packet.extend(opus);
        let sound = packet.get_mut(header.len()..).unwrap_or_default();
        let tag = self.cipher.encrypt_in_place_detached(GenericArray::from_slice(&nonce), &header, sound);
        packet.extend(tag.ok().context("sealing a frame")?);
        packet.extend(self.number.to_be_bytes());
        self.number = self.number.wrapping_add(1);
        self.udp.send(packet).context("sending a frame").map(drop)
    }
}
