//! A stream, or what holds nothing back, as the layer below another one: what that one asks of it.

use core::task::Poll;
use std::io::IoSlice;

use super::support::*;
use crate::ConnectionConfig;
use crate::pump::{AutoFlush, Socket, Taken};
use crate::test_kit::Pipe;

#[test]
fn not_all_is_taken_while_something_waits_in_the_stream() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        assert_eq!(lone.it.taken(), None);
        lone.output.get().tells_taken = true;
        lone.output.get().capacity = 1000;
        assert_eq!(ready(lone.write(&octets(3000))).unwrap(), 3000);
        let taken = lone.it.taken().unwrap();
        assert!(!taken.all);
        // Whoever reads has all that there was, but for the rest of what was written.
        let read = lone.output.get().take().len() as u64;
        let octets = taken.octets + read;
        assert_eq!(lone.it.taken(), Some(Taken { octets, all: false }));
        lone.output.get().unblock(10_000);
        lone.it.poll_drive(&lone.task.cx());
        lone.output.get().take();
        assert!(lone.it.taken().unwrap().all);
    }
}

/// The socket has room again, and has not told of it.
#[test]
fn a_write_past_readiness_takes_along_what_waited() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.output.get().capacity = 1000;
        while lone.write(&octets(20_000)).is_ready() {}
        lone.output.get().capacity = 1 << 20;
        assert!(lone.write(&octets(100)).is_pending());
        let bufs = [IoSlice::new(b"last")];
        let written = lone.it.poll_retry_write(&lone.task.cx(), &bufs);
        assert_eq!(ready(written).unwrap(), 4);
        let sent = lone.sent();
        assert_eq!(sent.last().unwrap().1, b"last");
        // It can be asked for nothing but that.
        let written = lone.it.poll_retry_write(&lone.task.cx(), &[]);
        assert_eq!(ready(written).unwrap(), 0);
    }
}

#[test]
fn what_holds_nothing_back_writes_past_readiness_too() {
    let (near, _far) = Pipe::pair(true);
    let output = near.output.clone();
    let (mut socket, task) = (AutoFlush::new(near), Task::new());
    assert!(task.is_woken());
    let bufs = [IoSlice::new(b"hello")];
    output.get().capacity = 5;
    assert!(socket.poll_write(&mut task.cx(), &bufs).is_ready());
    assert!(socket.poll_write(&mut task.cx(), &bufs).is_pending());
    output.get().capacity = 10;
    assert!(socket.poll_write(&mut task.cx(), &bufs).is_pending());
    let written = socket.poll_retry_write(&mut task.cx(), &bufs);
    assert!(matches!(written, Poll::Ready(Ok(5))));
    // In vain, it waits as ever.
    assert!(socket.poll_retry_write(&mut task.cx(), &bufs).is_pending());
    assert!(!task.is_woken());
    output.get().unblock(5);
    assert!(task.is_woken());
}

/// A layer above asks once more before it holds a peer's silence against it, as a runtime may be late to tell.
#[test]
fn what_holds_nothing_back_reads_what_it_was_not_told_of() {
    let (near, _far) = Pipe::pair(true);
    let input = near.input.clone();
    let (mut socket, task) = (AutoFlush::new(near), Task::new());
    let mut octets = [0; 9];
    assert!(socket.poll_read(&mut task.cx(), &mut octets).is_pending());
    input.get().octets.extend(*b"alive");
    let read = socket.poll_read(&mut task.cx(), &mut octets);
    assert!(matches!(read, Poll::Ready(Ok(5))));
}
