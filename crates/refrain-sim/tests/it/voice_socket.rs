//! The plainest voice client: it identifies, and tells what its socket is closed with.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::support::{BOT, GUILD, PATIENCE, Stage};

pub(crate) struct Voice(WebSocketStream<TlsStream<TcpStream>>);

impl Voice {
    /// Identifies with what the main gateway sent.
    pub(crate) async fn connect(stage: &Stage, session: &str, server: &Value) -> Self {
        let endpoint = server["endpoint"].as_str().unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&stage.sim.addresses().ca).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tcp = TcpStream::connect(endpoint.replace("localhost", "127.0.0.1")).await.unwrap();
        let tls = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), tcp).await.unwrap();
        let request = format!("wss://{endpoint}/?v=8").into_client_request().unwrap();
        let (socket, _) = client_async(request, tls).await.unwrap();
        let mut voice = Self(socket);
        let data = json!({
            "server_id": GUILD, "user_id": BOT, "session_id": session, "token": server["token"],
            "max_dave_protocol_version": 1,
        });
        voice.0.send(Message::text(json!({ "op": 0, "d": data }).to_string())).await.unwrap();
        voice
    }

    /// Waits for Ready; then the session stands.
    pub(crate) async fn ready(&mut self) {
        while let Some(Ok(message)) = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing came") {
            let op = message.to_text().ok().and_then(|text| serde_json::from_str::<Value>(text).ok());
            if op.is_some_and(|frame| frame["op"] == 2) {
                return;
            }
        }
        panic!("the voice socket closed before Ready");
    }

    /// The code the socket is closed with.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the voice socket stays open") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}
