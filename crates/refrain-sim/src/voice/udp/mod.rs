//! The media ports: a thread for each reads it.
//!
//! A thread, because the arrival time of a packet is what the listener measures by: it must not wait behind whatever
//! else the runtime has to do. Few packets are taken as they come. Where many come, a wake-up for each would cost more
//! than the packet: then the thread takes every millisecond what has gathered, so that a time is true to a millisecond.

mod desk;
mod pace;
mod way;

use super::{Shared, session::lock};
use anyhow::Context;
use desk::{Arrived, Desk};
use pace::Pace;
use std::{io::ErrorKind, net::UdpSocket, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

pub(super) use way::{Fate, Way};

/// How often the thread looks whether it should end, at least.
const TICK: Duration = Duration::from_millis(200);
/// How long it lets packets gather.
const GATHER: Duration = Duration::from_millis(1);
/// How often sessions whose grace is over are ended, in milliseconds.
const SWEEP_MS: f64 = 1000.0;
/// No voice packet is longer: an Ethernet frame with room to spare.
const MAX_PACKET: usize = 2048;
/// Packets that are taken before the thread looks up.
const MAX_AT_ONCE: usize = 4096;
/// What the kernel is asked to keep for a thread that is late, in bytes. It gives what it may.
const KERNEL_BUFFER: usize = 4 << 20;

/// Starts a thread for each socket; they end soon after `stop` is cancelled. The sockets are the servers', in order.
pub(super) fn serve(sockets: Vec<UdpSocket>, shared: &Arc<Shared>, stop: &CancellationToken) -> anyhow::Result<()> {
    for (server, socket) in sockets.into_iter().enumerate() {
        socket.set_read_timeout(Some(TICK)).context("setting a time limit on the media port")?;
        if let Err(error) = socket2::SockRef::from(&socket).set_recv_buffer_size(KERNEL_BUFFER) {
            tracing::debug!(%error, "asking for room at the media port");
        }
        let (shared, stop) = (Arc::clone(shared), stop.clone());
        std::thread::Builder::new()
            .name(format!("sim-voice-udp-{server}"))
            .spawn(move || run(&socket, &shared, &stop))
            .context("starting a media port's thread")?;
    }
    Ok(())
}

fn run(socket: &UdpSocket, shared: &Shared, stop: &CancellationToken) {
    let mut desk = Desk::new(socket, shared);
    let mut pace = Pace::default();
    let mut buffer = [0; MAX_PACKET];
    let mut swept_ms = 0.0;
    let mut is_gathering = false;
    while !stop.is_cancelled() {
        let count = if is_gathering {
            std::thread::sleep(GATHER);
            take_all(socket, &mut desk, &mut buffer, shared)
        } else {
            usize::from(take_one(socket, &mut desk, &mut buffer, shared))
        };
        desk.deliver();
        let now_ms = shared.clock.now_ms();
        if now_ms - swept_ms > SWEEP_MS {
            swept_ms = now_ms;
            desk.ask_anew();
            lock(&shared.registry).sweep(now_ms);
        }
        let gather = pace.is_fast(count, now_ms) || desk.has_traffic();
        if gather != is_gathering {
            match socket.set_nonblocking(gather) {
                Ok(()) => is_gathering = gather,
                Err(error) => tracing::warn!(%error, "changing how the simulator's media port is read"),
            }
        }
    }
}

/// Takes what has gathered; tells how much it was.
fn take_all(socket: &UdpSocket, desk: &mut Desk<'_>, buffer: &mut [u8], shared: &Shared) -> usize {
    (0..MAX_AT_ONCE).take_while(|_| take_one(socket, desk, buffer, shared)).count()
}

/// Takes the next packet; false where there is none.
fn take_one(socket: &UdpSocket, desk: &mut Desk<'_>, buffer: &mut [u8], shared: &Shared) -> bool {
    match socket.recv_from(buffer) {
        Ok((length, from)) => {
            let at_us = shared.clock.micros();
            desk.take(&Arrived { bytes: buffer.get(..length).unwrap_or_default(), from, at_us });
            true
        }
        Err(error) => {
            if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) {
                tracing::warn!(%error, "reading the simulator's media port");
                std::thread::sleep(TICK);
            }
            false
        }
    }
}
