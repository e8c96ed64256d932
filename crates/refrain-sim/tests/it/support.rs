//! A simulator with the example world, a client of its control API, and the plainest of bots.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use refrain_sim::{Sim, SimOptions, world::World};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::openapi::judge_answer;

/// GUILDS, GUILD_VOICE_STATES, GUILD_MESSAGES.
pub(crate) const INTENTS: u64 = 1 | 1 << 7 | 1 << 9;
pub(crate) const GUILD: &str = "1000";
pub(crate) const TEXT: &str = "1200";
pub(crate) const MUSIC: &str = "1300";
pub(crate) const OTHER_MUSIC: &str = "1301";
pub(crate) const ADA: &str = "1";
pub(crate) const BOT: &str = "9000";

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Stage {
    pub(crate) sim: Sim,
    pub(crate) token: String,
    http: reqwest::Client,
    _ca: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::with(World::example(), |_| {}).await
    }

    /// With a world of one's own. Sessions may begin at any time, unless the world has its own limits of that.
    pub(crate) async fn with(mut world: World, change: impl FnOnce(&mut SimOptions)) -> Self {
        if world.gateway == refrain_sim::world::Gateway::default() {
            world.gateway.identify_window_ms = 0;
        }
        let ca = tempfile::tempdir().unwrap();
        let mut options = SimOptions::new(ca.path());
        change(&mut options);
        let token = world.bots[0].token.clone();
        let sim = Sim::start(world, options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { sim, token, http, _ca: ca }
    }

    /// A request to the REST API as the bot. Answers status and body.
    pub(crate) async fn rest(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/api/v10{path}", self.sim.addresses().rest);
        let (status, answer) = self.send(method, &url, Some(format!("Bot {}", self.token)), body).await;
        judge_answer(method, path, status, &answer);
        (status, answer)
    }

    /// The same without a token.
    pub(crate) async fn anonymous(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/api/v10{path}", self.sim.addresses().rest);
        let (status, answer) = self.send(method, &url, None, body).await;
        judge_answer(method, path, status, &answer);
        (status, answer)
    }

    /// A request to the control API. Answers status and body.
    pub(crate) async fn control(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/sim{path}", self.sim.addresses().control);
        self.send(method, &url, None, body).await
    }

    /// The same, which must succeed.
    pub(crate) async fn order(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.control(method, path, Some(body)).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Orders a fault in the example guild.
    pub(crate) async fn fault(&self, kind: &str, fields: Value) -> Value {
        let mut fault = json!({ "guild": GUILD, "kind": kind });
        fault.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.order("POST", "/faults", fault).await
    }

    /// Ends a lasting one.
    pub(crate) async fn end(&self, fault: &Value) {
        let path = format!("/faults/{}", fault["id"].as_str().unwrap());
        let (status, answer) = self.control("DELETE", &path, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }

    /// Puts a person of the example into a voice channel, or takes them out.
    pub(crate) async fn place(&self, user: &str, channel: Option<&str>) {
        self.order("POST", &format!("/users/{user}/voice"), json!({ "guild": GUILD, "channel": channel })).await;
    }

    pub(crate) async fn see(&self, path: &str) -> Value {
        let (status, answer) = self.control("GET", path, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub(crate) async fn log(&self) -> String {
        let url = format!("{}/sim/log", self.sim.addresses().control);
        self.http.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// A request to the REST API as the bot, and the whole response; an error when there was none.
    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let url = format!("{}/api/v10{path}", self.sim.addresses().rest);
        let request = self.http.request(reqwest::Method::from_bytes(method.as_bytes()).unwrap(), url);
        let request = request.header("authorization", format!("Bot {}", self.token));
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
        .send()
        .await
    }

    /// The client that requests are made with.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    async fn send(&self, method: &str, url: &str, token: Option<String>, body: Option<Value>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, url);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Registers `/play query` and others that tests use.
    pub(crate) async fn register(&self, commands: Value) -> Value {
        let (status, answer) = self.rest("PUT", &format!("/applications/{BOT}/commands"), Some(commands)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// A bot that is logged in and knows the guild.
    pub(crate) async fn bot(&self) -> Gateway {
        let mut gateway = self.connect().await;
        gateway.identify(&self.token).await;
        gateway.event("GUILD_CREATE").await;
        gateway
    }

    pub(crate) async fn connect(&self) -> Gateway {
        self.connect_with("?v=10&encoding=json").await
    }

    pub(crate) async fn connect_with(&self, query: &str) -> Gateway {
        let url = format!("{}/{query}", self.sim.addresses().gateway);
        Gateway::open(&url).await
    }
}

/// A main gateway client that does nothing by itself.
pub(crate) struct Gateway {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) session: String,
    /// The number of the last event seen.
    pub(crate) seq: u64,
    decoder: Decoder,
    /// How many messages came compressed.
    pub(crate) compressed: usize,
}

/// How a client reads what comes compressed.
enum Decoder {
    /// Each message by itself.
    Each,
    Zlib(flate2::Decompress),
    Zstd(zstd::stream::write::Decoder<'static, Vec<u8>>),
}

impl Decoder {
    fn decode(&mut self, message: &[u8]) -> String {
        use std::io::{Read as _, Write as _};
        let mut text = Vec::new();
        match self {
            Self::Each => {
                flate2::read::ZlibDecoder::new(message).read_to_end(&mut text).unwrap();
            }
            Self::Zlib(context) => {
                assert!(message.ends_with(&[0, 0, 0xff, 0xff]), "the stream was not flushed");
                let start = context.total_in();
                loop {
                    text.reserve(4096);
                    let read = usize::try_from(context.total_in() - start).unwrap();
                    let flush = flate2::FlushDecompress::Sync;
                    context.decompress_vec(&message[read..], &mut text, flush).unwrap();
                    if context.total_in() - start == message.len() as u64 && text.len() < text.capacity() {
                        break;
                    }
                }
            }
            Self::Zstd(decoder) => {
                decoder.write_all(message).unwrap();
                decoder.flush().unwrap();
                text = std::mem::take(decoder.get_mut());
            }
        }
        String::from_utf8(text).unwrap()
    }
}

/// What came from the gateway.
#[derive(Debug)]
pub(crate) enum Came {
    Frame(Value),
    Closed(Option<u16>),
}

impl Gateway {
    pub(crate) async fn open(url: &str) -> Self {
        let (stream, _) = connect_async(url).await.unwrap();
        let decoder = if url.contains("zlib-stream") {
            Decoder::Zlib(flate2::Decompress::new(true))
        } else if url.contains("zstd-stream") {
            Decoder::Zstd(zstd::stream::write::Decoder::new(Vec::new()).unwrap())
        } else {
            Decoder::Each
        };
        Self { stream, session: String::new(), seq: 0, decoder, compressed: 0 }
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        self.stream.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub(crate) async fn identify(&mut self, token: &str) {
        self.identify_with(json!({ "token": token, "intents": INTENTS })).await;
    }

    /// Logs in with these fields, and the connection properties beside them.
    pub(crate) async fn identify_with(&mut self, fields: Value) -> Value {
        self.try_identify(fields).await;
        let ready = self.event("READY").await;
        self.session = ready["session_id"].as_str().unwrap().to_owned();
        ready
    }

    /// The same without waiting for what comes of it.
    pub(crate) async fn try_identify(&mut self, mut fields: Value) {
        fields["properties"] = json!({ "os": "linux", "browser": "test", "device": "test" });
        self.send(json!({ "op": 2, "d": fields })).await;
    }

    pub(crate) async fn resume(&mut self, token: &str, session: &str, seq: u64) {
        self.send(json!({ "op": 6, "d": { "token": token, "session_id": session, "seq": seq } })).await;
    }

    /// Op 4 for the example guild.
    pub(crate) async fn join(&mut self, channel: Option<&str>) {
        let data = json!({ "guild_id": GUILD, "channel_id": channel, "self_mute": false, "self_deaf": true });
        self.send(json!({ "op": 4, "d": data })).await;
    }

    pub(crate) async fn next(&mut self) -> Came {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("nothing came");
            match message {
                Some(Ok(Message::Text(text))) => return self.came(&text),
                Some(Ok(Message::Binary(bytes))) => {
                    self.compressed += 1;
                    let text = self.decoder.decode(&bytes);
                    return self.came(&text);
                }
                Some(Ok(Message::Close(frame))) => return Came::Closed(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Came::Closed(None),
            }
        }
    }

    fn came(&mut self, text: &str) -> Came {
        let frame: Value = serde_json::from_str(text).unwrap();
        if let Some(seq) = frame["s"].as_u64() {
            assert!(seq > self.seq, "an event came twice: {frame}");
            self.seq = seq;
        }
        Came::Frame(frame)
    }

    /// Whether nothing comes for a while.
    pub(crate) async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(300), self.stream.next()).await.is_err()
    }

    /// The next frame with this opcode, whatever came before.
    pub(crate) async fn op(&mut self, op: i64) -> Value {
        loop {
            match self.next().await {
                Came::Frame(frame) if frame["op"] == op => return frame,
                Came::Frame(_) => {}
                Came::Closed(code) => panic!("closed with {code:?} while op {op} was awaited"),
            }
        }
    }

    /// The data of the next event of this name, whatever came before.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            match self.next().await {
                Came::Frame(frame) if frame["t"] == name => return frame["d"].clone(),
                Came::Frame(_) => {}
                Came::Closed(code) => panic!("closed with {code:?} while {name} was awaited"),
            }
        }
    }

    /// The names of the events that came before a heartbeat sent now was acknowledged: all there were.
    pub(crate) async fn events_so_far(&mut self) -> Vec<String> {
        self.send(json!({ "op": 1, "d": self.seq })).await;
        let mut names = Vec::new();
        loop {
            match self.next().await {
                Came::Frame(frame) if frame["op"] == 11 => return names,
                Came::Frame(frame) => names.extend(frame["t"].as_str().map(str::to_owned)),
                Came::Closed(code) => panic!("closed with {code:?}"),
            }
        }
    }

    /// The code the gateway closes with.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Came::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    pub(crate) async fn close(&mut self, code: u16) {
        use tokio_tungstenite::tungstenite::protocol::CloseFrame;
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.stream.close(Some(frame)).await.unwrap();
        self.closed().await;
    }
}
