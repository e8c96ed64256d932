//! Headless Chromium over the DevTools protocol: as little of it as the tests need.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    sync::oneshot,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// A browser starts slowly on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const KNOWN: [&str; 2] = ["/usr/bin/chromium", "/usr/bin/google-chrome"];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// A browser with one page.
pub(super) struct Browser {
    to: tokio::sync::Mutex<SplitSink<Socket, Message>>,
    waiting: Waiting,
    /// What went wrong in the page: exceptions, refused loads.
    complaints: Arc<Mutex<Vec<String>>>,
    next: AtomicU64,
    // In this order: the browser ends before its profile goes.
    _process: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser that shows `address` in a window of 1280 by 800.
    pub(super) async fn open(address: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let process = start(profile.path());
        let (socket, _) = connect_async(page_of(profile.path()).await).await.unwrap();
        let (to, mut from) = socket.split();
        let (waiting, complaints) = (Waiting::default(), Arc::<Mutex<Vec<String>>>::default());
        let (answers, notes) = (Arc::clone(&waiting), Arc::clone(&complaints));
        tokio::spawn(async move {
            while let Some(Ok(message)) = from.next().await {
                let Ok(text) = message.into_text() else { continue };
                let said: Value = serde_json::from_str(&text).unwrap_or_default();
                let asked = said["id"].as_u64().and_then(|id| answers.lock().unwrap().remove(&id));
                match asked {
                    Some(asked) => drop(asked.send(said)),
                    None => notes.lock().unwrap().extend(complaint(&said)),
                }
            }
        });
        let to = tokio::sync::Mutex::new(to);
        let next = AtomicU64::new(1);
        let browser = Self { to, waiting, complaints, next, _process: process, _profile: profile };
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({})).await;
        }
        browser.resize(1280, 800).await;
        browser.call("Page.navigate", json!({ "url": address })).await;
        browser
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, sender);
        let order = json!({ "id": id, "method": method, "params": params }).to_string();
        self.to.lock().await.send(Message::text(order)).await.unwrap();
        let answer = tokio::time::timeout(PATIENCE, answer).await.expect("the browser answers").unwrap();
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub(super) async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What an expression of the page's is worth.
    pub(super) async fn eval(&self, script: &str) -> Value {
        let params = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params).await;
        assert!(answer["exceptionDetails"].is_null(), "{script}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true in the page. The page itself looks, at each change and now and then.
    pub(super) async fn until(&self, condition: &str) {
        let script = format!(
            "new Promise((resolve) => {{
                const watch = new MutationObserver(() => look());
                const timer = setInterval(() => look(), 100);
                const end = (found) => {{ watch.disconnect(); clearInterval(timer); resolve(found); }};
                const look = () => {{ if ({condition}) end(true); }};
                setTimeout(() => end(false), 60000);
                watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
                look();
            }})"
        );
        if self.eval(&script).await != true {
            let shown = self.eval("document.body.innerText").await;
            let complaints = self.complaints.lock().unwrap().join("\n");
            panic!("it never came to pass: {condition}\nthe page shows: {shown}\nit complains: {complaints}");
        }
    }

    /// Waits until the text stands in the element.
    pub(super) async fn shows(&self, selector: &str, text: &str) {
        self.until(&format!("document.querySelector({})?.textContent.includes({})", json!(selector), json!(text)))
            .await;
    }

    /// A click with the mouse, at the middle of the element once it is there.
    pub(super) async fn click(&self, selector: &str) {
        let one = format!("document.querySelector({})", json!(selector));
        self.until(&format!("{one}?.getClientRects().length > 0")).await;
        let middle = format!(
            "(() => {{ const one = {one}; one.scrollIntoView({{ block: 'center' }}); \
             const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let at = self.eval(&middle).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types into what has the focus.
    pub(super) async fn type_text(&self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    pub(super) async fn type_into(&self, selector: &str, text: &str) {
        self.eval(&format!("document.querySelector({}).focus()", json!(selector))).await;
        self.type_text(text).await;
    }

    /// Presses a key: Enter or an arrow.
    pub(super) async fn press(&self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "ArrowDown" => (40, ""),
            other => panic!("the test knows no key {other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Chooses in a drop-down list.
    pub(super) async fn choose(&self, selector: &str, value: &str) {
        let one = format!("document.querySelector({})", json!(selector));
        self.until(&format!("{one} && [...{one}.options].some((option) => option.value === {})", json!(value))).await;
        self.eval(&format!("{one}.value = {}; {one}.dispatchEvent(new Event('change'))", json!(value))).await;
    }

    /// Nothing went wrong in the page.
    pub(super) async fn is_sound(&self) {
        // Whatever was under way has been reported when this is answered.
        self.eval("new Promise((resolve) => setTimeout(resolve))").await;
        let complaints = self.complaints.lock().unwrap().clone();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

fn start(profile: &Path) -> Child {
    let known = KNOWN.iter().map(PathBuf::from).find(|path| path.exists());
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let program = named.or(known).unwrap_or_else(|| PathBuf::from(KNOWN[0]));
    assert!(
        program.exists(),
        "the page is tested in Chromium, which is not at {}: `cargo xtask test` installs it, and CHROMIUM \
         names one that is elsewhere",
        program.display()
    );
    Command::new(program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--remote-debugging-port=0", "about:blank"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// The address of the page's socket. The browser writes down its port once it listens.
async fn page_of(profile: &Path) -> String {
    let file = profile.join("DevToolsActivePort");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let found = async {
        loop {
            let port = std::fs::read_to_string(&file).ok().and_then(|text| text.lines().next().map(str::to_owned));
            if let Some(port) = port {
                let answer = http.get(format!("http://127.0.0.1:{port}/json/list")).send().await;
                let text = match answer {
                    Ok(answer) => answer.text().await.unwrap_or_default(),
                    Err(_) => String::new(),
                };
                let pages: Value = serde_json::from_str(&text).unwrap_or_default();
                let page = pages.as_array().into_iter().flatten().find(|one| one["type"] == "page");
                if let Some(socket) = page.and_then(|page| page["webSocketDebuggerUrl"].as_str()) {
                    return socket.to_owned();
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("Chromium starts")
}

/// What an event complains of, if it does.
fn complaint(event: &Value) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Log.entryAdded" if params["entry"]["level"] == "error" => Some(params["entry"].to_string()),
        _ => None,
    }
}
