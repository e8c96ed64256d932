//! A small web server on the loopback interface that remembers what it was asked.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};

/// A running server; it stops when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    /// `/slow` sends its second half when this is notified.
    pub(crate) go_on: Arc<Notify>,
    /// How many addresses `/latest` has signed; the last one alone is valid.
    pub(crate) signed: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let go_on = Arc::new(Notify::new());
        let signed = Arc::new(AtomicU32::new(0));
        let (heads, release, last) = (Arc::clone(&asked), Arc::clone(&go_on), Arc::clone(&signed));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&heads), Arc::clone(&release), Arc::clone(&last)));
            }
        });
        Self { address, asked, go_on, signed, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The heads of all requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: TcpStream,
    asked: Arc<Mutex<Vec<String>>>,
    go_on: Arc<Notify>,
    signed: Arc<AtomicU32>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    asked.lock().unwrap().push(head.clone());
    let path = head.split(' ').nth(1)?;
    let stream = stream.get_mut();
    if path == "/slow" {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf").await.ok()?;
        go_on.notified().await;
        return stream.write_all(b"done").await.ok();
    }
    if path == "/radio" {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nicy-name: Refrain FM\r\n\r\n").await.ok()?;
        // In real time and without an end, until the listener hangs up.
        loop {
            stream.write_all(&[0; 1600]).await.ok()?;
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
    if path == "/hang-up" {
        return None;
    }
    let bare = path.split('?').next()?;
    let (status, kind, extra, body) = match bare {
        "/tune.wav" => ("200 OK".into(), "audio/wav", String::new(), wav()),
        "/page.html" => {
            ("200 OK".into(), "text/html", String::new(), b"<html><body>No music here.</body></html>".to_vec())
        }
        "/latest" => {
            let number = signed.fetch_add(1, Ordering::SeqCst) + 1;
            let cookies = format!(
                "Set-Cookie: pass={}; Path=/signed; HttpOnly\r\nSet-Cookie: other=1; Path=/elsewhere\r\n\
                 Set-Cookie: sealed=1; Path=/; Secure\r\nLocation: /signed/tune.wav?expire=4102444800&sig={number}\r\n",
                pass(number)
            );
            ("302 Found".into(), "text/plain", cookies, Vec::new())
        }
        "/signed/tune.wav" => {
            let number = signed.load(Ordering::SeqCst);
            let good = path.ends_with(&format!("&sig={number}")) && head.contains(&format!("pass={}", pass(number)));
            if good {
                ("200 OK".into(), "audio/wav", String::new(), wav())
            } else {
                ("403 Forbidden".into(), "text/plain", String::new(), b"expired".to_vec())
            }
        }
        "/redirect" => {
            ("302 Found".into(), "text/plain", format!("Location: {}\r\n", path.split_once("to=")?.1), Vec::new())
        }
        _ => match bare.strip_prefix("/status/") {
            Some(code) => (format!("{code} As Asked"), "text/plain", String::new(), b"as asked".to_vec()),
            None if bare.starts_with("/busy/") => {
                let (code, wait) = bare.strip_prefix("/busy/")?.split_once('/')?;
                (format!("{code} Busy"), "text/plain", format!("Retry-After: {wait}\r\n"), b"busy".to_vec())
            }
            None => ("404 Not Found".into(), "text/plain", String::new(), b"nothing here".to_vec()),
        },
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{extra}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&body).await.ok()
}

/// A cookie's value as many sites make them: with characters that yt-dlp puts in quotes.
pub(crate) fn pass(number: u32) -> String {
    format!("key/{number}==")
}

/// A second of a quiet saw tooth, mono, 8 kHz, 16 bit.
fn wav() -> Vec<u8> {
    let samples = (0..8000_u16).flat_map(|n| (n % 80 * 10).to_le_bytes()).collect::<Vec<_>>();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + samples.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8000_u32.to_le_bytes());
    file.extend(16000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend((samples.len() as u32).to_le_bytes());
    file.extend(samples);
    file
}
