//! The media ports: one thread reads those of all servers.
//!
//! A thread, because it must not wait behind whatever else the runtime has to do. While packets come it reads what has
//! gathered every few milliseconds and sleeps in between: a wake-up for each packet would cost more than the packet.
//! Arrival times are the kernel's, so nothing seems late for it.

mod batch;
mod desk;
mod way;

use super::{Shared, session::lock};
use anyhow::Context;
use batch::Reader;
use desk::Desk;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::{
    net::UdpSocket,
    os::fd::AsFd,
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

pub(super) use way::{Fate, Way};

/// How often the thread looks whether it should end, at least.
const TICK: Duration = Duration::from_millis(200);
/// How long it lets packets gather.
const GATHER: Duration = Duration::from_millis(4);
/// How often sessions whose grace is over are ended, in milliseconds.
const SWEEP_MS: f64 = 1000.0;
/// System calls for one port before the next one has its turn.
const TURNS: usize = 64;

/// Starts the thread; it ends soon after `stop` is cancelled. The sockets are the servers', in their order.
pub(super) fn serve(sockets: Vec<UdpSocket>, shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    for socket in &sockets {
        batch::prepare(socket)?;
    }
    std::thread::Builder::new()
        .name(String::from("sim-voice-udp"))
        .spawn(move || run(&sockets, &shared, &stop))
        .context("starting the media ports' thread")?;
    Ok(())
}

fn run(sockets: &[UdpSocket], shared: &Shared, stop: &CancellationToken) {
    let mut desk = Desk::new(sockets, shared);
    let mut reader = Reader::new();
    let mut swept_ms = 0.0;
    while !stop.is_cancelled() {
        let mut count = 0;
        for (server, socket) in sockets.iter().enumerate() {
            count += drain(server, socket, &mut reader, &mut desk);
        }
        desk.deliver();
        let now_ms = shared.clock.now_ms();
        if now_ms - swept_ms > SWEEP_MS {
            swept_ms = now_ms;
            desk.ask_anew();
            lock(&shared.registry).sweep(now_ms);
        }
        if count > 0 { std::thread::sleep(GATHER) } else { wait(sockets, desk.idle_until_us(), shared) }
    }
}

/// Reads what waits at a port; tells how much it was.
fn drain(server: usize, socket: &UdpSocket, reader: &mut Reader, desk: &mut Desk<'_>) -> usize {
    let mut all = 0;
    for _ in 0..TURNS {
        match reader.read(socket, |arrived| desk.take(server, &arrived)) {
            Ok(0) => break,
            Ok(count) => all += count,
            Err(error) => {
                tracing::warn!(%error, "reading the simulator's media port");
                break;
            }
        }
    }
    all
}

/// Waits for a packet, for a time of the simulator's clock, or for a while.
fn wait(sockets: &[UdpSocket], until_us: Option<u64>, shared: &Shared) {
    let now_us = shared.clock.micros();
    let left = until_us.map_or(TICK, |until| Duration::from_micros(until.saturating_sub(now_us)).min(TICK));
    // Rounded up: a wait that ends early would only be waited again.
    let left = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::ZERO);
    let mut ports: Vec<PollFd<'_>> =
        sockets.iter().map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN)).collect();
    if let Err(error) = poll(&mut ports, left)
        && error != nix::errno::Errno::EINTR
    {
        tracing::warn!(%error, "waiting at the simulator's media ports");
        std::thread::sleep(TICK);
    }
}
