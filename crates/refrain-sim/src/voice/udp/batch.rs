//! Reading a media port: many packets a system call, each with the time at which the kernel had it.
//!
//! The kernel's times let the thread sleep between two readings without a packet seeming late.

use anyhow::Context;
use nix::{
    cmsg_space,
    errno::Errno,
    sys::{
        socket::{
            ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrIn, recvmmsg, setsockopt,
            sockopt::{RcvBuf, ReceiveTimestampns},
        },
        time::TimeSpec,
    },
};
use std::{
    io::IoSliceMut,
    net::{SocketAddr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Packets a system call.
const BATCH: usize = 64;
/// No voice packet is longer: an Ethernet frame with room to spare.
const MAX_PACKET: usize = 2048;
/// What the kernel is asked to keep for a thread that is late. It gives what it may.
const KERNEL_BUFFER: usize = 4 << 20;
/// A packet that seems to have waited longer has a time that is wrong: the machine's clock was set.
const MAX_AGE: Duration = Duration::from_secs(5);

/// A packet as the network brought it.
#[derive(Debug)]
pub(super) struct Arrived<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) from: SocketAddr,
    /// How long ago the kernel had it, in microseconds.
    pub(super) age_us: u64,
}

/// The memory that packets are read into.
pub(super) struct Reader {
    buffers: Box<[[u8; MAX_PACKET]]>,
    headers: MultiHeaders<SockaddrIn>,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { buffers: vec![[0; MAX_PACKET]; BATCH].into_boxed_slice(), headers: headers() }
    }

    /// Gives each packet that waits to `take`, one system call's worth of them; tells how many there were.
    pub(super) fn read(&mut self, socket: &UdpSocket, mut take: impl FnMut(Arrived<'_>)) -> Result<usize, Errno> {
        let mut has_all_times = true;
        let mut slices: Vec<[IoSliceMut<'_>; 1]> =
            self.buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let flags = MsgFlags::MSG_DONTWAIT;
        let received = match recvmmsg(socket.as_raw_fd(), &mut self.headers, slices.iter_mut(), flags, None) {
            Ok(received) => received,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(0),
            Err(error) => return Err(error),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut count = 0;
        for message in received {
            count += 1;
            let stamp = stamp(&message);
            has_all_times &= stamp.is_some();
            let (Some(bytes), Some(from)) = (message.iovs().next(), message.address) else { continue };
            let age = stamp.and_then(|stamp| now.checked_sub(stamp)).filter(|age| *age < MAX_AGE).unwrap_or_default();
            let age_us = u64::try_from(age.as_micros()).unwrap_or(0);
            take(Arrived { bytes, from: SocketAddr::V4(SocketAddrV4::from(from)), age_us });
        }
        if !has_all_times {
            // The kernel writes into the headers how much of the room for times it used: used room is made anew.
            self.headers = headers();
        }
        Ok(count)
    }
}

fn headers() -> MultiHeaders<SockaddrIn> {
    MultiHeaders::preallocate(BATCH, Some(cmsg_space!(TimeSpec)))
}

fn stamp(message: &RecvMsg<'_, '_, SockaddrIn>) -> Option<Duration> {
    message.cmsgs().ok()?.find_map(|control| {
        if let ControlMessageOwned::ScmTimestampns(time) = control { Some(Duration::from(time)) } else { None }
    })
}

/// Makes a socket ready to be read.
pub(super) fn prepare(socket: &UdpSocket) -> anyhow::Result<()> {
    setsockopt(socket, ReceiveTimestampns, &true).context("asking for arrival times at the media port")?;
    setsockopt(socket, RcvBuf, &KERNEL_BUFFER).context("asking for room at the media port")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_in_order_with_their_times_and_their_whole_content() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        prepare(&receiver).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for number in 0..200_u8 {
            sender.send_to(&vec![number; usize::from(number)], receiver.local_addr().unwrap()).unwrap();
        }
        std::thread::sleep(Duration::from_millis(30));
        let mut reader = Reader::new();
        // An empty datagram has nothing to give.
        let mut expected = 1_u8;
        let mut oldest = u64::MAX;
        while expected < 200 {
            let taken = reader.read(&receiver, |arrived| {
                assert_eq!(arrived.bytes, vec![expected; usize::from(expected)]);
                assert_eq!(arrived.from, sender.local_addr().unwrap());
                assert!(arrived.age_us >= 30_000, "{}", arrived.age_us);
                oldest = oldest.min(arrived.age_us);
                expected += 1;
            });
            assert!(taken.unwrap() > 0, "a packet is missing");
        }
        assert_eq!(reader.read(&receiver, |_| panic!("one too many")).unwrap(), 0);
    }
}
