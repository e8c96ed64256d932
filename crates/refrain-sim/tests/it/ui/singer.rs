//! The bot's voice: a plain client of the voice gateway that sends a tone until it is told to stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use futures_util::{SinkExt, StreamExt};
use opus2::{Application, Channels, Encoder};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use tokio::{
    net::{TcpStream, UdpSocket},
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use tokio_util::sync::CancellationToken;

use crate::support::{BOT, GUILD, Gateway, MUSIC, PATIENCE, Stage};

/// Two seconds of Opus.
const FRAMES: usize = 100;

pub(super) struct Singer {
    task: JoinHandle<()>,
    hush: CancellationToken,
    _socket: JoinHandle<()>,
}

impl Singer {
    /// Falls silent, and stays connected.
    pub(super) async fn stop(&self) {
        self.hush.cancel();
        tokio::time::timeout(PATIENCE, async {
            while !self.task.is_finished() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }
}

/// Joins the music channel and sings.
pub(super) async fn sing(stage: &Stage, bot: &mut Gateway) -> Singer {
    bot.join(Some(MUSIC)).await;
    let server = bot.event("VOICE_SERVER_UPDATE").await;
    let text = |field: &str| server[field].as_str().unwrap().to_owned();
    let mut socket = connect(stage, &text("endpoint")).await;
    let identify = json!({ "server_id": GUILD, "user_id": BOT, "session_id": bot.session, "token": text("token"),
        "max_dave_protocol_version": 0 });
    send(&mut socket, 0, identify).await;
    let ready = op(&mut socket, 2).await;
    let ssrc = u32::try_from(ready["ssrc"].as_u64().unwrap()).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
    udp.connect(SocketAddr::from(([127, 0, 0, 1], port))).await.unwrap();
    discover(&udp, ssrc).await;
    let at = udp.local_addr().unwrap();
    let data = json!({ "address": at.ip(), "port": at.port(), "mode": "aead_aes256_gcm_rtpsize" });
    send(&mut socket, 1, json!({ "protocol": "udp", "data": data })).await;
    let description = op(&mut socket, 4).await;
    let key: Vec<u8> = serde_json::from_value(description["secret_key"].clone()).unwrap();
    send(&mut socket, 5, json!({ "speaking": 1, "delay": 0, "ssrc": ssrc })).await;
    let hush = CancellationToken::new();
    let task = tokio::spawn(play(udp, ssrc, Aes256Gcm::new_from_slice(&key).unwrap(), hush.clone()));
    // The socket is held open, and what comes is read.
    let held = tokio::spawn(async move { while socket.next().await.is_some() {} });
    Singer { task, hush, _socket: held }
}

async fn play(udp: UdpSocket, ssrc: u32, cipher: Aes256Gcm, hush: CancellationToken) {
    let tone = tone();
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    for (number, frame) in (0_u32..).zip(tone.iter().cycle()) {
        tokio::select! { _ = pace.tick() => {} () = hush.cancelled() => return }
        udp.send(&seal(&cipher, ssrc, number, frame)).await.unwrap();
    }
}

fn seal(cipher: &Aes256Gcm, ssrc: u32, number: u32, opus: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 0x78];
    packet.extend(u16::try_from(number % 65_536).unwrap().to_be_bytes());
    packet.extend(number.wrapping_mul(960).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&number.to_be_bytes());
    let sealed = cipher.encrypt((&nonce).into(), Payload { msg: opus, aad: &packet }).unwrap();
    packet.extend(sealed);
    packet.extend(number.to_be_bytes());
    packet
}

/// A tone of 440 Hz at half of full scale, stereo.
fn tone() -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(48_000, Channels::Stereo, Application::Audio).unwrap();
    let sample = |at: usize| (at as f32 * 440.0 * std::f32::consts::TAU / 48_000.0).sin() * 0.5;
    let pcm = |frame: usize| (frame * 960..(frame + 1) * 960).flat_map(|at| [sample(at); 2]).collect::<Vec<f32>>();
    (0..FRAMES).map(|frame| encoder.encode_vec_float(&pcm(frame), 1000).unwrap()).collect()
}

type Socket = WebSocketStream<TlsStream<TcpStream>>;

async fn connect(stage: &Stage, endpoint: &str) -> Socket {
    let ca = CertificateDer::from_pem_file(&stage.sim.addresses().ca).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(endpoint.replace("localhost", "127.0.0.1")).await.unwrap();
    let tls = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), tcp).await.unwrap();
    let request = format!("wss://{endpoint}/?v=8").into_client_request().unwrap();
    client_async(request, tls).await.unwrap().0
}

async fn send(socket: &mut Socket, op: u8, d: Value) {
    socket.send(Message::text(json!({ "op": op, "d": d }).to_string())).await.unwrap();
}

/// The data of the next message with this opcode.
async fn op(socket: &mut Socket, op: u8) -> Value {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("the voice gateway says something");
        let Ok(text) = message.unwrap().unwrap().into_text() else { continue };
        let message: Value = serde_json::from_str(&text).unwrap_or_default();
        if message["op"] == op {
            return message["d"].clone();
        }
    }
}

async fn discover(udp: &UdpSocket, ssrc: u32) {
    let mut packet = [0; 74];
    packet[..4].copy_from_slice(&[0, 1, 0, 70]);
    packet[4..8].copy_from_slice(&ssrc.to_be_bytes());
    udp.send(&packet).await.unwrap();
    let mut answer = [0; 100];
    let length = tokio::time::timeout(PATIENCE, udp.recv(&mut answer)).await.unwrap().unwrap();
    assert_eq!(length, 74);
}
