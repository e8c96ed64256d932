//! A loopback HTTP server with the manners, good and bad, of those that hold music.

use refrain_model::MediaLocation;
use std::{
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Ends with the test.
pub(crate) struct Server {
    port: u16,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

struct State {
    body: Vec<u8>,
    /// How much of the body is a second of sound.
    second: usize,
    heads: Mutex<Vec<String>>,
}

impl Server {
    /// Serves `body` under these paths: `/plain`, `/no-range`, `/no-length`, `/chunked`, `/cut-once`, `/cut-always`,
    /// `/chunked-cut`, `/hang`, `/page`, `/status/N`; with a body of some `seconds` also `/slow-no-range` (twice as fast as
    /// it is heard), `/radio` (for ever, as fast as it is heard), `/radio/N` (for N seconds), `/icy` (with a station's name),
    /// `/stall` (a third, and then nothing), `/drip` (a third, and then a trickle), `/live.m3u8` (which never advances).
    /// As a proxy it wants credentials, forwards nothing and refuses CONNECT.
    pub(crate) async fn start(body: Vec<u8>) -> Self {
        Self::start_with(body, 1).await
    }

    pub(crate) async fn start_with(body: Vec<u8>, seconds: usize) -> Self {
        let second = body.len() / seconds;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { body, second, heads: Mutex::default() });
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&state);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                // A client that hangs up is none of our errors.
                connections.spawn(async move { drop(state.serve(socket).await) });
            }
        });
        Self { port, state, _tasks: tasks }
    }

    pub(crate) fn media(&self, path: &str) -> MediaLocation {
        self.media_with(path, &[])
    }

    pub(crate) fn media_with(&self, path: &str, headers: &[(&str, &str)]) -> MediaLocation {
        MediaLocation {
            url: format!("http://127.0.0.1:{}{path}", self.port),
            headers: headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            expires_at: None,
        }
    }

    pub(crate) fn proxy(&self, credentials: &str) -> String {
        format!("http://{credentials}@127.0.0.1:{}", self.port)
    }

    /// The request heads seen so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.state.heads.lock().unwrap().clone()
    }
}

impl State {
    async fn serve(&self, socket: TcpStream) -> io::Result<()> {
        let mut socket = BufReader::new(socket);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if socket.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        self.heads.lock().unwrap().push(head.clone());
        self.answer(&head, &mut socket.into_inner()).await
    }

    async fn answer(&self, head: &str, out: &mut TcpStream) -> io::Result<()> {
        let target = head.split(' ').nth(1).unwrap_or_default();
        if head.starts_with("CONNECT ") || target.starts_with("http://") {
            return self.answer_as_proxy(head, out).await;
        }
        let path = target.split('?').next().unwrap_or_default();
        let from = range_start(head).unwrap_or(0).min(self.body.len());
        match path {
            "/plain" => self.part(out, from, self.body.len()).await,
            "/cut-once" if from < self.body.len() / 3 => self.part(out, from, self.body.len() / 3).await,
            "/cut-once" => self.part(out, from, self.body.len()).await,
            "/cut-always" => self.part(out, from, self.body.len() / 3).await,
            "/no-range" => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", self.body.len());
                out.write_all(&[head.as_bytes(), &self.body].concat()).await
            }
            "/no-length" => out.write_all(&[b"HTTP/1.0 200 OK\r\n\r\n", &self.body[..]].concat()).await,
            "/chunked" => self.chunked(out).await,
            "/chunked-cut" => self.chunked_cut(out).await,
            "/slow-no-range" => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", self.body.len());
                out.write_all(head.as_bytes()).await?;
                self.paced(out, 0, self.second * 2, Some(self.body.len())).await
            }
            "/radio" | "/icy" => {
                let name = if path == "/icy" { "icy-name: Loopback FM\r\n" } else { "" };
                out.write_all(format!("HTTP/1.0 200 OK\r\n{name}\r\n").as_bytes()).await?;
                self.paced(out, 0, self.second, None).await
            }
            "/stall" | "/drip" => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", self.body.len());
                out.write_all(&[head.as_bytes(), &self.body[..self.body.len() / 3]].concat()).await?;
                match path {
                    "/drip" => self.paced(out, self.body.len() / 3, self.second / 20, Some(self.body.len())).await,
                    _ => std::future::pending().await,
                }
            }
            "/live.m3u8" => {
                let list = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n".to_owned()
                    + &"#EXTINF:2.0,\nplain.mp3\n".repeat(3);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\nContent-Length: {}\r\n\r\n",
                    list.len()
                );
                out.write_all((head + &list).as_bytes()).await
            }
            "/plain.mp3" => self.part(out, from, self.body.len()).await,
            "/hang" => std::future::pending().await,
            "/page" => {
                let page = "<!doctype html><title>Music</title><p>Nothing to hear here.</p>".repeat(20);
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", page.len());
                out.write_all((head + &page).as_bytes()).await
            }
            other => {
                if let Some(seconds) = other.strip_prefix("/radio/") {
                    out.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await?;
                    let bytes = self.second * seconds.parse::<usize>().unwrap_or_default();
                    return self.paced(out, 0, self.second, Some(bytes)).await;
                }
                let status = other.strip_prefix("/status/").unwrap_or("404");
                out.write_all(format!("HTTP/1.1 {status} As Ordered\r\nContent-Length: 0\r\n\r\n").as_bytes()).await
            }
        }
    }

    /// Promises everything from `from` on, and hangs up at `to`.
    async fn part(&self, out: &mut TcpStream, from: usize, to: usize) -> io::Result<()> {
        let size = self.body.len();
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\nAccept-Ranges: bytes\r\nContent-Range: bytes {from}-{}/{size}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            size - 1,
            size - from
        );
        out.write_all(head.as_bytes()).await?;
        out.write_all(self.body.get(from..to).unwrap_or_default()).await
    }

    async fn chunked(&self, out: &mut TcpStream) -> io::Result<()> {
        out.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
        for chunk in self.body.chunks(16 * 1024) {
            out.write_all(&[format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()).await?;
        }
        out.write_all(b"0\r\n\r\n").await
    }

    async fn chunked_cut(&self, out: &mut TcpStream) -> io::Result<()> {
        out.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
        let whole = format!("{:x}\r\n", self.body.len());
        out.write_all(&[whole.as_bytes(), &self.body[..self.body.len() / 2]].concat()).await
    }

    /// Sends the body, over and over, at so many bytes a second, up to byte `end`.
    async fn paced(&self, out: &mut TcpStream, from: usize, rate: usize, end: Option<usize>) -> io::Result<()> {
        let begun = Instant::now();
        let mut sent = from;
        while end.is_none_or(|end| sent < end) {
            let due = from + (begun.elapsed().as_secs_f64() * rate as f64) as usize;
            let due = end.map_or(due, |end| due.min(end));
            let piece: Vec<u8> =
                self.body.iter().cycle().skip(sent % self.body.len()).take(due - sent).copied().collect();
            out.write_all(&piece).await?;
            sent = due;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn answer_as_proxy(&self, head: &str, out: &mut TcpStream) -> io::Result<()> {
        if !head.contains("Proxy-Authorization: Basic ") {
            let challenge = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
            return out.write_all(challenge.as_bytes()).await;
        }
        if head.starts_with("CONNECT ") {
            return out.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").await;
        }
        self.part(out, range_start(head).unwrap_or(0), self.body.len()).await
    }
}

fn range_start(head: &str) -> Option<usize> {
    let value = head.lines().find_map(|line| line.strip_prefix("Range: bytes="))?;
    value.split('-').next()?.parse().ok()
}
