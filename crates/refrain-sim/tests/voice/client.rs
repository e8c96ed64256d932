//! A raw client of the voice gateway and of the media port.

use crate::server::{BOT, GUILD, PATIENCE, SESSION, Server};
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    net::{TcpStream, UdpSocket},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

pub(crate) struct Client {
    ws: WebSocketStream<TlsStream<TcpStream>>,
    /// The last Session Description.
    pub(crate) description: Value,
}

/// How long nothing must come for a test to believe that nothing will.
const QUIET: std::time::Duration = std::time::Duration::from_millis(400);

/// What a socket ends with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A close frame with this code.
    Code(u16),
    /// A close frame without a code.
    NoCode,
    /// No close frame.
    Broken,
}

impl Client {
    pub(crate) async fn connect(server: &Server, version: u8) -> Self {
        Self::connect_to(server, &server.voice.endpoint_of(GUILD), version).await
    }

    /// Connects to one endpoint of several.
    pub(crate) async fn connect_to(server: &Server, endpoint: &str, version: u8) -> Self {
        Self::try_connect(server, endpoint, version).await.unwrap()
    }

    /// The same, where the server may refuse.
    pub(crate) async fn try_connect(server: &Server, endpoint: &str, version: u8) -> std::io::Result<Self> {
        let address = endpoint.replace("localhost", "127.0.0.1");
        let name = endpoint.split(':').next().unwrap().to_owned();
        let tcp = TcpStream::connect(&address).await?;
        let tls = connector(server).connect(name.try_into().unwrap(), tcp).await?;
        let request = format!("wss://{endpoint}/?v={version}").into_client_request().unwrap();
        let (ws, _) = client_async(request, tls).await.map_err(std::io::Error::other)?;
        Ok(Self { ws, description: Value::Null })
    }

    pub(crate) async fn send(&mut self, op: i64, d: Value) {
        self.send_text(json!({ "op": op, "d": d }).to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: String) {
        self.ws.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.ws.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next message's text.
    pub(crate) async fn text(&mut self) -> String {
        let next = timeout(PATIENCE, self.ws.next()).await.expect("the server says something");
        next.expect("the socket is open").expect("the socket is sound").into_text().unwrap().to_string()
    }

    /// The next message: JSON, or the bytes of a binary one.
    pub(crate) async fn frame(&mut self) -> Result<Value, Vec<u8>> {
        let next = timeout(PATIENCE, self.ws.next()).await.expect("the server says something");
        match next.expect("the socket is open").expect("the socket is sound") {
            Message::Text(text) => Ok(serde_json::from_str(text.as_str()).unwrap()),
            Message::Binary(bytes) => Err(bytes.to_vec()),
            other @ (Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {
                panic!("neither text nor binary: {other:?}")
            }
        }
    }

    pub(crate) async fn message(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    /// The next message, or what the socket ends with.
    pub(crate) async fn first_or_end(&mut self) -> Result<Value, End> {
        match timeout(PATIENCE, self.ws.next()).await.expect("the server says something") {
            Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(Some(frame)))) => Err(End::Code(frame.code.into())),
            Some(Ok(Message::Close(None))) => Err(End::NoCode),
            Some(Ok(other)) => panic!("neither text nor an end: {other:?}"),
            Some(Err(_)) | None => Err(End::Broken),
        }
    }

    /// The next message with this opcode.
    pub(crate) async fn op(&mut self, op: i64) -> Value {
        loop {
            let message = self.message().await;
            if message["op"] == op {
                return message;
            }
        }
    }

    pub(crate) async fn identify(&mut self, token: &str) {
        self.identify_as(BOT, SESSION, token).await;
    }

    pub(crate) async fn identify_as(&mut self, user: u64, session: &str, token: &str) {
        let d = json!({
            "server_id": GUILD.to_string(), "user_id": user.to_string(), "session_id": session, "token": token,
            "max_dave_protocol_version": 1,
        });
        self.send(0, d).await;
    }

    pub(crate) async fn resume(&mut self, token: &str, seq_ack: i64) {
        let d = json!({
            "server_id": GUILD.to_string(), "session_id": SESSION, "token": token, "seq_ack": seq_ack,
        });
        self.send(7, d).await;
    }

    /// Identifies and opens the media path; version 8, AES-GCM.
    pub(crate) async fn handshake(&mut self, token: &str) -> Sender {
        self.identify(token).await;
        self.open_media().await
    }

    /// What follows a good Identify: Ready, discovery, Select Protocol, Session Description.
    pub(crate) async fn open_media(&mut self) -> Sender {
        let ready = self.op(2).await;
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = u16::try_from(ready["d"]["port"].as_u64().unwrap()).unwrap();
        udp.connect(SocketAddr::from(([127, 0, 0, 1], port))).await.unwrap();
        let ssrc = u32::try_from(ready["d"]["ssrc"].as_u64().unwrap()).unwrap();
        let seen = discover(&udp, ssrc).await;
        assert_eq!(seen, udp.local_addr().unwrap());
        let data = json!({ "address": seen.ip().to_string(), "port": seen.port(), "mode": "aead_aes256_gcm_rtpsize" });
        self.send(1, json!({ "protocol": "udp", "data": data })).await;
        let description = self.op(4).await;
        let key: Vec<u8> = serde_json::from_value(description["d"]["secret_key"].clone()).unwrap();
        self.description = description;
        Sender { udp, ssrc, cipher: Aes256Gcm::new_from_slice(&key).unwrap() }
    }

    /// Waits until a heartbeat sent now is acknowledged: all before it has been seen and answered.
    pub(crate) async fn sync(&mut self) {
        self.send(3, json!({ "t": 1, "seq_ack": -1 })).await;
        self.op(6).await;
    }

    /// Whether nothing at all comes, for so long as a busy machine may take for an answer of no effort.
    pub(crate) async fn is_silent(&mut self) -> bool {
        timeout(QUIET, self.ws.next()).await.is_err()
    }

    /// Reads until the socket ends.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            match timeout(PATIENCE, self.ws.next()).await.expect("the socket ends") {
                Some(Ok(Message::Close(Some(frame)))) => return End::Code(frame.code.into()),
                Some(Ok(Message::Close(None))) => return End::NoCode,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return End::Broken,
            }
        }
    }
}

fn connector(server: &Server) -> TlsConnector {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let ca = CertificateDer::from_pem_file(server.voice.ca_path()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn discover(udp: &UdpSocket, ssrc: u32) -> SocketAddr {
    let mut packet = [0; 74];
    packet[..4].copy_from_slice(&[0, 1, 0, 70]);
    packet[4..8].copy_from_slice(&ssrc.to_be_bytes());
    udp.send(&packet).await.unwrap();
    let mut answer = [0; 100];
    let length = timeout(PATIENCE, udp.recv(&mut answer)).await.unwrap().unwrap();
    assert_eq!(length, 74);
    assert_eq!(answer[..4], [0, 2, 0, 70]);
    assert_eq!(answer[4..8], ssrc.to_be_bytes());
    let text = answer[8..72].split(|byte| *byte == 0).next().unwrap();
    let ip = std::str::from_utf8(text).unwrap().parse().unwrap();
    SocketAddr::new(ip, u16::from_be_bytes([answer[72], answer[73]]))
}

/// The sending end of a media path.
pub(crate) struct Sender {
    pub(crate) udp: UdpSocket,
    pub(crate) ssrc: u32,
    pub(crate) cipher: Aes256Gcm,
}

impl Sender {
    pub(crate) fn seal(&self, sequence: u16, timestamp: u32, nonce: u32, opus: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x80, 0x78];
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        let mut wide = [0; 12];
        wide[..4].copy_from_slice(&nonce.to_be_bytes());
        let payload = Payload { msg: opus, aad: &packet };
        let sealed = self.cipher.encrypt((&wide).into(), payload).unwrap();
        packet.extend(sealed);
        packet.extend(nonce.to_be_bytes());
        packet
    }

    /// Sends the frame of this number as a well-behaved client would.
    pub(crate) async fn frame(&self, number: u16, opus: &[u8]) {
        let packet = self.seal(number, u32::from(number) * 960, u32::from(number), opus);
        self.udp.send(&packet).await.unwrap();
    }
}
