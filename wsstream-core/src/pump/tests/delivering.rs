//! Contract 4: what a write has accepted is delivered although the stream is left.

use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::Future as _;
use core::pin::Pin;
use std::io::ErrorKind;

use bytes::Bytes;

use super::support::*;
use crate::handshake::{Negotiated, ServerConfig};
use crate::pump::{Delivering, Permits, Phase, Stream, Upgraded, WebSocket};
use crate::test_kit::{Pipe, Sleeper, WriteEnd};
use crate::{ConnectionConfig, Keepalive, Message, Opcode, Role};

type Delivery = Delivering<Pipe, Sleeper>;

std::thread_local! {
    static SPAWNED: RefCell<Vec<Delivery>> = const { RefCell::new(Vec::new()) };
}

fn spawn(delivery: Delivery) {
    SPAWNED.with_borrow_mut(|spawned| spawned.push(delivery));
}

/// A stream whose socket holds so many octets, and tells what was taken of them or does not.
fn lone(role: Role, capacity: usize, tells: bool) -> Lone<Stream<Pipe, Sleeper>> {
    let config = ConnectionConfig::new().half_close(false);
    let mut lone = Lone::new(role, config.keepalive(Keepalive::default()));
    lone.it.inner.spawn = Some(spawn);
    lone.output.get().capacity = capacity;
    lone.output.get().tells_taken = tells;
    lone
}

/// Waits until the peer, which takes nothing, is given up.
fn be_given_up(lone: &mut Lone<Stream<Pipe, Sleeper>>) {
    lone.drive();
    lone.clock.advance(secs(31));
    lone.drive();
    lone.clock.advance(secs(60));
    lone.drive();
    assert!(lone.it.connection().given_up().is_some());
}

/// Drops the stream. What is left of the story has the task in its place.
fn leave<S>(lone: Lone<S>) -> Lone<Option<Delivery>> {
    lone.map(|stream| {
        drop(stream);
        let mut spawned = SPAWNED.take();
        assert!(spawned.len() < 2);
        spawned.pop()
    })
}

impl Lone<Option<Delivery>> {
    fn is_pending(&mut self) -> bool {
        let cx = &mut self.task.cx();
        let delivery = self.it.as_mut();
        delivery.is_some_and(|delivery| Pin::new(delivery).poll(cx).is_pending())
    }
}

#[test]
fn all_that_was_accepted_arrives_and_the_close_behind_it() {
    for role in ROLES {
        for tells in [false, true] {
            for capacity in [10, 1000, 50_000] {
                let mut lone = lone(role, capacity, tells);
                let data = octets(40_000);
                assert_eq!(ready(lone.write(&data)).unwrap(), data.len());
                let mut left = leave(lone);
                let mut received = Vec::new();
                while left.is_pending() && !left.output.get().octets.is_empty() {
                    // What comes meanwhile is read: unread octets would reset the connection.
                    left.feed(Opcode::Binary, b"in the middle of something");
                    if tells {
                        left.clock.advance(secs(50));
                    }
                    received.extend(left.output.get().take_up_to(997));
                }
                let mut frames = frames(&received);
                assert_eq!(frames.pop().unwrap(), (Opcode::Close, close_payload(1001)));
                frames.retain(|(opcode, _)| {
                    *opcode == Opcode::Binary || *opcode == Opcode::Continuation
                });
                let arrived: Vec<u8> = frames.into_iter().flat_map(|frame| frame.1).collect();
                assert!(arrived == data, "{role:?} {tells} {capacity}");
                if !tells {
                    assert!(left.is_pending(), "it may not have arrived");
                    left.feed_close(1001);
                    left.eof();
                }
                left.clock.advance(secs(1));
                assert!(!left.is_pending());
                assert!(left.input.get().octets.is_empty());
            }
        }
    }
}

#[test]
fn a_message_that_was_begun_is_completed() {
    let lone = Lone::with(Role::Server, true, |near, sleeper| {
        let negotiated = Negotiated::nothing(ServerConfig::messages().config, None);
        Upgraded::new(near, sleeper, negotiated, Vec::new())
            .deliver_by(spawn)
            .into_websocket()
    });
    let mut lone: Lone<WebSocket<Pipe, Sleeper>> = lone;
    lone.output.get().capacity = 100;
    let message = octets(1 << 20);
    assert!(lone.it.poll_ready(&lone.task.cx()).is_ready());
    lone.it.start_send(Bytes::from(message.clone())).unwrap();
    let mut left = leave(lone);
    let mut received = Vec::new();
    left.output.get().unblock(50_000);
    while left.is_pending() && !left.output.get().octets.is_empty() {
        received.extend(left.output.get().take());
        left.output.get().unblock(50_000);
    }
    let mut frames = frames(&received);
    assert_eq!(frames.pop().unwrap(), (Opcode::Close, close_payload(1001)));
    let arrived: Vec<u8> = frames.into_iter().flat_map(|frame| frame.1).collect();
    assert!(arrived == message);
    left.feed_close(1001);
    assert!(!left.is_pending());
}

/// The system may hold megabytes, which a reset would destroy: the peer's next octet, if nobody reads it, provokes one.
#[test]
fn the_socket_is_held_until_the_peer_has_taken_what_the_system_holds() {
    for given_up in [false, true] {
        let mut lone = lone(Role::Server, 4 << 20, true);
        lone.fill();
        lone.it.poll_drive(&lone.task.cx());
        if given_up {
            be_given_up(&mut lone);
        }
        let mut left = leave(lone);
        for _ in 0..10 {
            assert!(left.is_pending());
            left.clock.advance(secs(59));
            left.feed(Opcode::Pong, b"late");
            left.output.get().take_up_to(4 << 10);
        }
        assert!(left.is_pending());
        assert!(left.input.get().octets.is_empty());
        // What remains in the outbox follows, unless the peer had been given up.
        left.output.get().take();
        left.output.get().unblock(4 << 20);
        left.clock.advance(secs(1));
        while left.is_pending() && !left.output.get().octets.is_empty() {
            left.output.get().take();
            left.clock.advance(secs(1));
        }
        assert!(!left.is_pending(), "{given_up}");
    }
}

#[test]
fn a_peer_that_takes_nothing_is_given_up_in_the_progress_timeout() {
    for given_up in [false, true] {
        let mut lone = lone(Role::Server, 1 << 20, true);
        lone.fill();
        if given_up {
            be_given_up(&mut lone);
        }
        let mut left = leave(lone);
        for _ in 0..60 {
            assert!(left.is_pending());
            left.clock.advance(secs(1));
        }
        left.clock.advance(secs(1));
        assert!(!left.is_pending(), "{given_up}");
    }
}

#[test]
fn a_peer_that_takes_nothing_of_a_message_is_given_up_too() {
    for tells in [false, true] {
        let lone = Lone::with(Role::Server, true, |near, sleeper| {
            let negotiated = Negotiated::nothing(ServerConfig::messages().config, None);
            Upgraded::new(near, sleeper, negotiated, Vec::new())
                .deliver_by(spawn)
                .into_websocket()
        });
        let mut lone: Lone<WebSocket<Pipe, Sleeper>> = lone;
        lone.output.get().capacity = 100;
        lone.output.get().tells_taken = tells;
        let message = Message::Binary(Bytes::from(octets(1 << 20)));
        assert!(lone.it.poll_ready(&lone.task.cx()).is_ready());
        lone.it.start_send(message).unwrap();
        let mut left = leave(lone);
        for _ in 0..60 {
            assert!(left.is_pending());
            // What it sends is no progress.
            left.feed(Opcode::Binary, b"in the middle of something");
            left.clock.advance(secs(1));
        }
        left.clock.advance(secs(1));
        assert!(!left.is_pending(), "{tells}");
    }
}

/// A peer that answers no ping may still take what the system holds.
#[test]
fn a_keepalive_that_is_shorter_destroys_nothing() {
    let keepalive = Keepalive::new(secs(5), secs(5)).unwrap();
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new().keepalive(keepalive));
    lone.it.inner.spawn = Some(spawn);
    lone.output.get().tells_taken = true;
    assert!(lone.write(&octets(40_000)).is_ready());
    let mut left = leave(lone);
    for _ in 0..60 {
        assert!(left.is_pending());
        left.clock.advance(secs(1));
    }
    left.output.get().take_up_to(1);
    left.clock.advance(secs(1));
    assert!(left.is_pending());
    left.output.get().take();
    left.clock.advance(secs(1));
    assert!(!left.is_pending());
}

#[test]
fn nothing_is_left_to_a_task_where_nothing_can_be_lost() {
    // Closed on both sides, and taken.
    let mut closed = lone(Role::Server, 1000, true);
    closed.feed_close(1000);
    assert!(closed.shutdown().is_pending());
    closed.output.get().take();
    closed.clock.advance(secs(1));
    assert!(ready(closed.shutdown()).is_ok());
    assert!(leave(closed).it.is_none());
    // Taken apart.
    let apart = lone(Role::Server, 1000, true).map(Stream::into_inner);
    assert!(leave(apart).it.is_none());
    // The peer has gone.
    let mut gone = lone(Role::Server, 1000, true);
    gone.output.get().write_end = Some((0, WriteEnd::Error(ErrorKind::BrokenPipe)));
    assert!(gone.write(b"x").is_ready());
    assert!(leave(gone).it.is_none());
}

#[test]
fn the_listeners_shutdown_ends_it() {
    for given_up in [false, true] {
        let mut lone = lone(Role::Server, 1 << 20, true);
        let permits = Permits::new();
        lone.it.inner.pump.wire.set_permit(permits.issue());
        lone.fill();
        if given_up {
            be_given_up(&mut lone);
        }
        let mut left = leave(lone);
        assert!(left.is_pending());
        assert_eq!(permits.taken(), 1);
        for phase in [Phase::Finishing, Phase::Closing] {
            permits.enter(phase);
            assert!(left.task.is_woken());
            assert!(left.is_pending());
        }
        permits.enter(Phase::Over);
        assert!(left.task.is_woken());
        assert!(!left.is_pending(), "{given_up}");
        left.it = None;
        assert_eq!(permits.taken(), 0);
    }
}
