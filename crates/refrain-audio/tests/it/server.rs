//! A loopback HTTP server with the manners, good and bad, of those that hold music.

use refrain_model::MediaLocation;
use std::{
    io,
    sync::{Arc, Mutex},
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
    heads: Mutex<Vec<String>>,
}

impl Server {
    /// Serves `body` under these paths: `/plain`, `/no-range`, `/no-length`, `/chunked`, `/cut-once`, `/cut-always`,
    /// `/hang`, `/page`, `/status/N`. As a proxy it wants credentials, forwards nothing and refuses CONNECT.
    pub(crate) async fn start(body: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { body, heads: Mutex::default() });
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
            "/hang" => std::future::pending().await,
            "/page" => {
                let page = "<!doctype html><title>Music</title><p>Nothing to hear here.</p>".repeat(20);
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", page.len());
                out.write_all((head + &page).as_bytes()).await
            }
            other => {
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
