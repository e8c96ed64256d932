//! The media port: one UDP socket for all sessions, read by a thread of its own.
//!
//! A thread, because the arrival time of a packet is what the listener measures by: it must not wait behind whatever
//! else the runtime has to do.

use super::{
    Shared,
    rtp::{self, Datagram},
    session::lock,
};
use anyhow::Context;
use std::{
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How often the thread looks whether it should end, and ends sessions whose grace is over.
const TICK: Duration = Duration::from_millis(200);
/// No voice packet is longer: an Ethernet frame with room to spare.
const MAX_PACKET: usize = 2048;

/// Starts the thread; it ends soon after `stop` is cancelled.
pub(super) fn serve(socket: UdpSocket, shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    socket.set_read_timeout(Some(TICK)).context("setting a time limit on the media port")?;
    std::thread::Builder::new()
        .name(String::from("sim-voice-udp"))
        .spawn(move || run(&socket, &shared, &stop))
        .context("starting the media port's thread")?;
    Ok(())
}

fn run(socket: &UdpSocket, shared: &Shared, stop: &CancellationToken) {
    let mut buffer = [0; MAX_PACKET];
    let mut swept_ms = 0.0;
    while !stop.is_cancelled() {
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                let arrival_us = shared.clock.micros();
                receive(socket, shared, &buffer[..length], from, arrival_us);
            }
            Err(error) if is_time_limit(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "reading the simulator's media port");
                std::thread::sleep(TICK);
            }
        }
        let now_ms = shared.clock.now_ms();
        if now_ms - swept_ms > 1000.0 {
            swept_ms = now_ms;
            lock(&shared.registry).sweep(now_ms);
        }
    }
}

fn is_time_limit(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut | std::io::ErrorKind::Interrupted
    )
}

fn receive(socket: &UdpSocket, shared: &Shared, packet: &[u8], from: SocketAddr, arrival_us: u64) {
    match rtp::read(packet) {
        Datagram::KeepAlive => answer(socket, packet, from),
        Datagram::Discovery { ssrc } => discover(socket, shared, ssrc, from),
        Datagram::Voice(sealed) => match media(shared, sealed.ssrc) {
            Some(media) => lock(&media).receive(&sealed, from, arrival_us),
            None => shared.listeners.count_stray(),
        },
        Datagram::Other => {}
    }
}

fn discover(socket: &UdpSocket, shared: &Shared, ssrc: u32, from: SocketAddr) {
    let SocketAddr::V4(seen) = from else {
        return;
    };
    match media(shared, ssrc) {
        Some(media) if lock(&media).discovered(from) => {
            answer(socket, &rtp::discovery_response(ssrc, seen), from);
        }
        Some(_) | None => shared.listeners.count_stray(),
    }
}

fn media(shared: &Shared, ssrc: u32) -> Option<Arc<std::sync::Mutex<super::media::Media>>> {
    lock(&shared.registry).media_of(ssrc)
}

fn answer(socket: &UdpSocket, packet: &[u8], to: SocketAddr) {
    if let Err(error) = socket.send_to(packet, to) {
        tracing::debug!(%error, %to, "answering at the simulator's media port");
    }
}
