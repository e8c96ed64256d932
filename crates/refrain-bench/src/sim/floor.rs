//! The least that receiving costs on this machine: one socket, one cipher, nothing else.

use super::{pace::Pace, voice::Sender};
use crate::{music, process::Reading};
use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{AeadInPlace as _, generic_array::GenericArray},
};
use anyhow::{Context as _, Result, ensure};
use refrain_e2e::harness::process::{Launch, Process, plain_environment};
use std::{
    io::ErrorKind,
    net::{Ipv4Addr, UdpSocket},
    time::{Duration, Instant},
};

const KEY: [u8; 32] = [7; 32];
const HEADER: usize = 12;
const TAG: usize = 16;
const NONCE: usize = 4;
/// How long packets may lie in the socket's buffer.
const SLOT: Duration = Duration::from_millis(2);

/// The child: receives and decrypts until it is killed.
#[expect(clippy::print_stdout, reason = "the parent reads the port from here")]
pub(crate) fn run() -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("binding the floor's socket")?;
    println!("{}", socket.local_addr().context("asking for the floor's port")?.port());
    let cipher = Aes256Gcm::new(&KEY.into());
    // A wake-up costs more than a packet: what came within a slot is taken together.
    socket.set_nonblocking(true).context("making the floor's socket non-blocking")?;
    let mut buffer = [0; 2048];
    loop {
        match socket.recv(&mut buffer) {
            Ok(length) => {
                let packet = buffer.get_mut(..length).unwrap_or_default();
                ensure!(open(&cipher, packet).is_some(), "the floor received what the benchmark did not send");
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(SLOT),
            Err(error) => return Err(error).context("receiving at the floor"),
        }
    }
}

fn open(cipher: &Aes256Gcm, packet: &mut [u8]) -> Option<()> {
    let (rest, sent_nonce) = packet.split_last_chunk_mut::<NONCE>()?;
    let (rest, tag) = rest.split_last_chunk_mut::<TAG>()?;
    let (header, sound) = rest.split_at_mut_checked(HEADER)?;
    let mut nonce = [0; 12];
    nonce[..NONCE].copy_from_slice(sent_nonce);
    let (nonce, tag) = (GenericArray::from_slice(&nonce), GenericArray::from_slice(tag));
    cipher.decrypt_in_place_detached(nonce, header, sound, tag).ok()
}

/// Per cent of a core that the child needs for so many guilds.
pub(super) async fn measure(guilds: usize, length: Duration) -> Result<f64> {
    let folder = tempfile::tempdir().context("making a folder for the floor")?;
    let launch = Launch {
        name: "the floor",
        program: std::env::current_exe().context("finding this program")?,
        arguments: vec!["floor".into()],
        environment: plain_environment(folder.path()),
        folder: folder.path().to_owned(),
        log_file: folder.path().join("floor.log"),
    };
    let mut child = Process::start(&launch)?;
    let began = Instant::now();
    let port: u16 = loop {
        if let Some(line) = child.lines().first() {
            break line.parse().with_context(|| format!("the floor said {line:?} in place of its port"))?;
        }
        ensure!(child.ended()?.is_none() && began.elapsed() < Duration::from_secs(60), "the floor did not start");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let sender = |number: usize| -> Result<Sender> {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("binding a sending socket")?;
        udp.connect((Ipv4Addr::LOCALHOST, port)).context("connecting a sending socket")?;
        Ok(Sender { udp, ssrc: u32::try_from(number)?, cipher: Aes256Gcm::new(&KEY.into()), number: 0 })
    };
    let pace = Pace::start((0..guilds).map(sender).collect::<Result<_>>()?, music::frames()?)?;
    let id = child.id().context("the floor ended")?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = Reading::take(id)?;
    tokio::time::sleep(length).await;
    let after = Reading::take(id)?;
    tokio::task::spawn_blocking(move || pace.stop()).await.context("stopping the load")?;
    Ok(after.percent_since(&before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_load_seals_the_floor_opens() {
        let (here, there) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        here.connect(there.local_addr().unwrap()).unwrap();
        let cipher = Aes256Gcm::new(&KEY.into());
        let mut sender = Sender { udp: here, ssrc: 7, cipher: cipher.clone(), number: 70_000 };
        sender.send(b"sound", &mut Vec::new()).unwrap();
        let mut packet = [0; 100];
        let length = there.recv(&mut packet).unwrap();
        assert_eq!(length, HEADER + 5 + TAG + NONCE);
        assert!(open(&cipher, &mut packet[..length]).is_some());
        assert_eq!(&packet[HEADER..HEADER + 5], b"sound");
        assert!(open(&cipher, &mut [0; 40]).is_none());
        assert!(open(&cipher, &mut [0; 3]).is_none());
    }
}
