//! Contract 3: memory is bounded, and who does not take octets is not given more.

use alloc::vec::Vec;
use core::task::Poll;

use super::support::*;
use crate::pump::pool::BUFFER_LEN;
use crate::{Connection, ConnectionConfig, Encoding, Opcode, Role};

#[test]
fn a_peer_that_never_reads_makes_writes_wait() {
    for role in ROLES {
        for encoding in [Encoding::Binary, Encoding::Base64] {
            let mut lone = Lone::with(role, true, |near, sleeper| {
                stream(near, sleeper, role, encoding, ConnectionConfig::new())
            });
            lone.output.get().capacity = 1000;
            let total = lone.fill();
            assert!((10_000..20_000).contains(&total), "{total}");
            assert!(lone.it.inner.pump.connection.outbox().len() <= Connection::OUTBOX_LEN);
            assert!(lone.flush().is_pending());
            lone.task.is_woken();
            lone.output.get().take();
            assert!(lone.task.is_woken());
            // The first room that there is, is used.
            assert!(lone.flush().is_pending());
            lone.output.get().take();
            let sent = &mut lone.output;
            sent.get().unblock(usize::MAX);
            assert!(lone.write(b"x").is_ready());
        }
    }
}

/// However little room is left: a write of nothing would look like a full disk.
#[test]
fn a_write_takes_something_or_waits() {
    for role in ROLES {
        for encoding in [Encoding::Binary, Encoding::Base64] {
            for fragment in [0, 1, 100] {
                let config = ConnectionConfig::new().auto_fragment(fragment);
                let mut lone = Lone::with(role, true, |near, sleeper| {
                    stream(near, sleeper, role, encoding, config)
                });
                lone.output.get().capacity = 1;
                for len in (1..=5).cycle() {
                    match lone.write(&octets(len)) {
                        Poll::Ready(count) => assert!(count.unwrap() > 0),
                        Poll::Pending => break,
                    }
                }
            }
        }
    }
}

/// When the outbox is full at most one pong is pending: the newest ping's.
#[test]
fn a_peer_that_pings_and_never_reads_costs_no_more_than_an_outbox() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.output.get().capacity = 0;
        for number in 0..5_000_u32 {
            lone.feed(
                Opcode::Ping,
                &[number.to_be_bytes().as_slice(), &octets(50)].concat(),
            );
            assert!(lone.read(1).is_pending());
        }
        assert!(lone.it.inner.pump.connection.outbox().len() <= Connection::OUTBOX_LEN);
        let mut sent = Vec::new();
        lone.output.get().unblock(usize::MAX);
        assert!(lone.read(1).is_pending());
        sent.extend(lone.sent());
        assert!(sent.len() < 1300);
        assert_eq!(sent.last().unwrap().1[..4], 4_999_u32.to_be_bytes());
    }
}

#[test]
fn an_application_that_never_reads_stops_the_peer() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        for _ in 0..100 {
            lone.feed(Opcode::Binary, &octets(10_000));
            lone.drive();
            assert!(lone.write(b"x").is_ready());
            assert!(lone.flush().is_ready());
        }
        let read = 100 * 10_000 - lone.input.get().octets.len();
        assert!(read <= BUFFER_LEN, "{read}");
    }
}

impl Lone<crate::pump::Stream<crate::test_kit::Pipe, crate::test_kit::Sleeper>> {
    fn buffers(&mut self) -> (bool, bool) {
        let pump = &mut self.it.inner.pump;
        (
            pump.received.has_buffer(),
            pump.connection.outbox().has_buffer(),
        )
    }
}

#[test]
fn an_idle_stream_holds_no_buffer() {
    for role in ROLES {
        for encoding in [Encoding::Binary, Encoding::Base64] {
            let mut lone = Lone::with(role, true, |near, sleeper| {
                stream(near, sleeper, role, encoding, ConnectionConfig::new())
            });
            assert_eq!(lone.buffers(), (false, false));
            let opcode = match encoding {
                Encoding::Base64 => Opcode::Text,
                _ => Opcode::Binary,
            };
            for len in [4, 4000, 60_000] {
                assert!(lone.write(&octets(len)).is_ready());
                lone.feed(opcode, &[b'A'].repeat(len));
                let mut left = len;
                while left > 0 {
                    let count = ready(lone.read(1 << 20)).unwrap().len();
                    left -= lone.it.inner.bytes.encoded_len(count).min(left);
                }
                // Nobody has to come back for this.
                assert_eq!(lone.buffers(), (false, false), "{len}");
                lone.feed(Opcode::Ping, b"ping");
                assert!(lone.read(1).is_pending());
                assert_eq!(lone.buffers(), (false, false));
                lone.feed(Opcode::Ping, b"ping");
                lone.drive();
                assert_eq!(lone.buffers(), (false, false));
            }
        }
    }
}

#[test]
fn an_ended_stream_holds_no_buffer_either() {
    for end in [
        [0x88, 0x00].as_slice(),
        b"\x88\x02\x03\xe9",
        b"\xff",
        b"\x82\x05h",
    ] {
        let mut lone = Lone::new(Role::Client, ConnectionConfig::new());
        lone.input.get().feed(end);
        lone.input.get().feed(&octets(1000));
        lone.eof();
        while let Poll::Ready(Ok(octets)) = lone.read(100) {
            if octets.is_empty() {
                break;
            }
        }
        assert_eq!(lone.buffers(), (false, false), "{end:?}");
    }
}

#[test]
fn a_dropped_stream_gives_its_buffers_back() {
    let before = crate::pump::pool::pooled();
    for _ in 0..3 {
        let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
        lone.output.get().capacity = 3;
        lone.feed(Opcode::Binary, b"hello");
        assert_eq!(ready(lone.read(1)).unwrap(), b"h");
        assert!(lone.write(b"hello").is_ready());
        assert_eq!(lone.buffers(), (true, true));
    }
    assert_eq!(crate::pump::pool::pooled(), before + 2);
}

/// Nothing is asked of the allocator for a message while the pool has buffers.
#[test]
fn the_pool_is_bounded() {
    let taken: Vec<_> = (0..50).map(|_| crate::pump::pool::take()).collect();
    taken.into_iter().for_each(crate::pump::pool::give);
    assert!(crate::pump::pool::pooled() <= 8);
}
