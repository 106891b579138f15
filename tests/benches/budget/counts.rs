//! Allocations and calls of the transport, exactly: over a transport in memory that counts, without a
//! runtime, as every adapter has the pump beneath.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use wsstream_core::handshake::{ClientConfig, Negotiated, ServerConfig};
use wsstream_core::pump::{Clock, Socket, Stream, Upgraded};
use wsstream_core::{Opcode, Role, Seed, Timestamp};
use wsstream_tests::{frame, masked};

/// What one message takes.
pub(crate) struct Counts {
    /// In [`MESSAGES`] of them: there are to be none.
    pub(crate) allocations: u64,
    /// Of the transport, at most.
    pub(crate) calls: usize,
}

/// Writes messages of `len` octets.
pub(crate) fn sending(role: Role, len: usize) -> Counts {
    let (data, mut stream) = (vec![7; len], stream(role, Vec::new()));
    counted(|cx| {
        stream.get_mut().calls = 0;
        let written = stream.poll_write(cx, &data);
        assert!(matches!(written, Poll::Ready(Ok(count)) if count == len));
        stream.get_ref().calls
    })
}

/// Reads messages of `len` octets.
pub(crate) fn receiving(role: Role, len: usize) -> Counts {
    let data = vec![7; len];
    let wire = match role {
        Role::Client => frame(Opcode::Binary, &data),
        Role::Server => masked(Opcode::Binary, &data),
    };
    let (mut stream, mut out) = (stream(role, wire), vec![0; len]);
    counted(|cx| read(&mut stream, cx, &mut out))
}

/// Reads 64 messages of 1 KiB that have arrived, from a client: how often the transport is asked.
pub(crate) fn reads_of_many() -> usize {
    let wire = masked(Opcode::Binary, &[7; 1024]).repeat(64);
    let (mut stream, mut out) = (stream(Role::Server, wire), vec![0; 64 << 10]);
    counted(|cx| read(&mut stream, cx, &mut out)).calls
}

const MESSAGES: usize = 100;

fn counted(mut message: impl FnMut(&Context<'_>) -> usize) -> Counts {
    let cx = &Context::from_waker(Waker::noop());
    // The first takes a buffer, which the next ones find in the pool, and finds that there is nothing to
    // read.
    message(cx);
    let mut calls = 0;
    let info = measure(|| {
        for _ in 0..MESSAGES {
            calls = calls.max(message(cx));
        }
    });
    Counts {
        allocations: info.count_total,
        calls,
    }
}

/// Fills `out` from what arrives once more, and tells how many calls that took.
fn read(stream: &mut Stream<Memory, NoClock>, cx: &Context<'_>, out: &mut [u8]) -> usize {
    let socket = stream.get_mut();
    (socket.at, socket.calls) = (0, 0);
    let (mut at, mut turns) = (0, 0);
    while at < out.len() {
        match stream.poll_read(cx, &mut out[at..]) {
            Poll::Ready(Ok(count @ 1..)) => at += count,
            // After some work other tasks have their turn.
            Poll::Pending if turns == 0 => turns += 1,
            other => unreachable!("{other:?}"),
        }
    }
    assert!(out.iter().all(|&octet| octet == 7));
    stream.get_ref().calls
}

fn stream(role: Role, incoming: Vec<u8>) -> Stream<Memory, NoClock> {
    let memory = Memory {
        incoming,
        at: 0,
        calls: 0,
    };
    let negotiated = match role {
        Role::Client => {
            Negotiated::nothing(ClientConfig::stream().config, Some(Seed::new([1; 32])))
        }
        Role::Server => Negotiated::nothing(ServerConfig::stream().config, None),
    };
    Upgraded::new(memory, NoClock, negotiated, Vec::new()).into_stream()
}

/// Gives what there is, takes everything, counts the calls that would be system calls.
#[derive(Debug)]
struct Memory {
    incoming: Vec<u8>,
    at: usize,
    calls: usize,
}

impl Socket for Memory {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.calls += 1;
        let rest = &self.incoming[self.at..];
        let len = rest.len().min(buf.len());
        if len == 0 {
            return Poll::Pending;
        }
        buf[..len].copy_from_slice(&rest[..len]);
        self.at += len;
        Poll::Ready(Ok(len))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.calls += 1;
        Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A clock that stands still.
#[derive(Debug)]
struct NoClock;

impl Clock for NoClock {
    fn now(&self) -> Timestamp {
        Timestamp::ORIGIN
    }

    fn poll_sleep(&mut self, _: &mut Context<'_>, _: Timestamp) -> Poll<()> {
        Poll::Pending
    }

    fn forget_sleep(&mut self) {}
}
