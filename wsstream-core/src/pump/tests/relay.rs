//! Joining two ends.

mod dynamic;
mod ended;
mod failures;
mod gone;
mod held;
mod plain;
mod sockets;
mod told;
mod unhurried;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::io::{self, ErrorKind};

use proptest::prelude::*;

use super::support::*;
use crate::pump::Ended::{self, *};
use crate::pump::{Relay, RelayEnd, Relayed, SocketEnd, Stream};
use crate::test_kit::{Clock, Pipe, SharedLine, Sleeper, WriteEnd};
use crate::{ConnectionConfig, Encoding, Keepalive, Opcode, Role};

/// A WebSocket server's end and a plain one, what their peers have in hand, and the relay's task.
struct Joined {
    stream: Stream<Pipe, Sleeper>,
    plain: SocketEnd<Pipe, Sleeper>,
    client: Pipe,
    target: Pipe,
    clock: Clock,
    patience: Duration,
    task: Task,
}

impl Joined {
    fn new(config: ConnectionConfig) -> Self {
        let clock = Clock::default();
        let (client, near) = Pipe::pair(true);
        let (plain, target) = Pipe::pair(true);
        Self {
            stream: stream(
                near,
                clock.sleeper(),
                Role::Server,
                Encoding::Binary,
                config,
            ),
            plain: SocketEnd::new(plain, clock.sleeper()),
            client,
            target,
            clock,
            patience: secs(60),
            task: Task::new(),
        }
    }

    /// Runs the relay while `story` acts on what the peers have in hand, until nothing moves.
    fn tell(
        self,
        story: impl FnOnce(&Peers, &mut dyn FnMut() -> Option<Relayed>),
    ) -> Option<Relayed> {
        let Self {
            mut stream,
            mut plain,
            client,
            target,
            clock,
            patience,
            task,
        } = self;
        let peers = Peers {
            client: client.output.clone(),
            to_client: client.input.clone(),
            target: target.output.clone(),
            to_target: target.input.clone(),
            clock,
        };
        let sleeper = peers.clock.sleeper();
        let mut relay = Relay::new(&mut stream, &mut plain, sleeper).patience(patience);
        let (mut result, mut done) = (None, false);
        let mut settle = || {
            let mut polls = 0;
            while !done && task.is_woken() {
                polls += 1;
                assert!(polls < 10_000, "spinning");
                if let Poll::Ready(relayed) = Pin::new(&mut relay).poll(&mut task.cx()) {
                    (result, done) = (Some(relayed), true);
                }
            }
            result.take()
        };
        story(&peers, &mut settle);
        settle()
    }
}

/// What the peers of both ends write to, and read from.
struct Peers {
    client: SharedLine,
    to_client: SharedLine,
    target: SharedLine,
    to_target: SharedLine,
    clock: Clock,
}

impl Peers {
    fn client_sends(&self, opcode: Opcode, payload: &[u8]) {
        self.client
            .get()
            .feed(&frame(Role::Client, opcode, payload));
    }

    fn client_closes(&self, code: u16) {
        self.client_sends(Opcode::Close, &close_payload(code));
    }

    fn client_finds(&self) -> Vec<(Opcode, Vec<u8>)> {
        frames(&self.to_client.get().take())
    }
}

/// The octets of each direction, and how it ended.
fn carried(relayed: &Relayed) -> [(u64, Ended); 2] {
    [&relayed.a_to_b, &relayed.b_to_a].map(|direction| (direction.octets, direction.ended))
}

fn data(octets: &[u8]) -> (Opcode, Vec<u8>) {
    (Opcode::Binary, octets.to_vec())
}

fn closed(code: u16) -> (Opcode, Vec<u8>) {
    (Opcode::Close, close_payload(code))
}

/// Reads and writes all, as a program at the far end does, and shuts down when everything was sent.
async fn talk<E: RelayEnd>(end: &mut E, say: &[u8]) -> Vec<u8> {
    let (mut rest, mut heard, mut out) = (say, Vec::new(), vec![0; 1000]);
    let (mut said, mut ended) = (false, false);
    poll_fn(|cx| {
        while !rest.is_empty() {
            match end.poll_write(cx, rest) {
                Poll::Ready(count) => rest = &rest[count.unwrap()..],
                Poll::Pending => break,
            }
        }
        if rest.is_empty() && !said {
            said = end.poll_shutdown(cx).is_ready();
        }
        while !ended {
            match end.poll_read(cx, &mut out).map(io::Result::unwrap) {
                Poll::Ready(0) => ended = true,
                Poll::Ready(count) => heard.extend_from_slice(&out[..count]),
                Poll::Pending => break,
            }
        }
        if said && ended {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    heard
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Through two relays: plain, stream, stream, plain.
    #[test]
    fn octets_are_the_same_at_both_ends(
        chunks in [1..3000_usize, 1..3000_usize, 1..3000_usize], pend_every in prop_oneof![Just(0), 2..4_usize],
        capacity in prop_oneof![1..20_usize, 1000..100_000_usize], lens in [0..9000_usize, 0..9000_usize],
    ) {
        let clock = Clock::default();
        let pairs = [0, 1, 2].map(|_| Pipe::pair(true));
        for ((a, b), chunk) in pairs.iter().zip(chunks) {
            for line in [&a.output, &b.output] {
                let mut line = line.get();
                (line.chunk, line.capacity, line.pend_every) = (chunk, capacity, pend_every);
            }
        }
        let [(left, a), (b, c), (d, right)] = pairs;
        let b = stream(b, clock.sleeper(), Role::Client, Encoding::Binary, ConnectionConfig::new());
        let c = stream(c, clock.sleeper(), Role::Server, Encoding::Binary, ConnectionConfig::new());
        let (up, down) = (octets(lens[0]), octets(lens[1]));
        let heard = [RefCell::new(Vec::new()), RefCell::new(Vec::new())];
        let relayed = Rc::new(RefCell::new(Vec::new()));
        let (first, second) = (Rc::clone(&relayed), Rc::clone(&relayed));
        let clock = &clock;
        run_all(vec![
            Box::pin(async {
                let octets = talk(&mut SocketEnd::new(left, clock.sleeper()), &up).await;
                heard[0].replace(octets);
            }),
            Box::pin(async {
                let octets = talk(&mut SocketEnd::new(right, clock.sleeper()), &down).await;
                heard[1].replace(octets);
            }),
            Box::pin(async move {
                let (mut a, mut b) = (SocketEnd::new(a, clock.sleeper()), b);
                let relayed = Relay::new(&mut a, &mut b, clock.sleeper()).await;
                first.borrow_mut().push(relayed);
            }),
            Box::pin(async move {
                let (mut c, mut d) = (c, SocketEnd::new(d, clock.sleeper()));
                let relayed = Relay::new(&mut c, &mut d, clock.sleeper()).await;
                second.borrow_mut().push(relayed);
            }),
        ]);
        prop_assert!(*heard[0].borrow() == down);
        prop_assert!(*heard[1].borrow() == up);
        for relayed in &*relayed.borrow() {
            prop_assert!(relayed.a_failed.is_none() && relayed.b_failed.is_none());
            let expected = [&up, &down].map(|octets| (octets.len() as u64, Complete));
            prop_assert_eq!(carried(relayed), expected);
        }
    }
}

#[test]
fn the_end_of_one_direction_is_passed_on_and_the_reply_arrives() {
    // The client is done first, and then the target.
    let relayed = Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        peers.client_sends(Opcode::Binary, b"question");
        peers.client_closes(1000);
        assert!(settle().is_none());
        assert_eq!(peers.to_target.get().take(), b"question");
        assert!(peers.to_target.get().is_shut_down);
        peers.target.get().feed(b"reply");
        assert!(settle().is_none());
        peers.target.get().finish(Ok(()));
    });
    let relayed = relayed.expect("hangs");
    assert!(relayed.a_failed.is_none() && relayed.b_failed.is_none());
    assert_eq!(carried(&relayed), [(8, Complete), (5, Complete)]);

    // The other way round.
    let relayed = Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        peers.target.get().feed(b"question");
        peers.target.get().finish(Ok(()));
        assert!(settle().is_none());
        assert_eq!(peers.client_finds(), [data(b"question"), closed(1000)]);
        peers.client_sends(Opcode::Binary, b"reply");
        assert!(settle().is_none());
        assert_eq!(peers.to_target.get().take(), b"reply");
        peers.client_closes(1000);
    });
    let relayed = relayed.expect("hangs");
    assert!(relayed.a_failed.is_none() && relayed.b_failed.is_none());
    assert_eq!(carried(&relayed), [(5, Complete), (8, Complete)]);
}

/// It has closed, and the target has nothing to say and never ends.
#[test]
fn a_client_that_closed_is_answered_though_the_target_is_silent() {
    let relayed = Joined::new(ConnectionConfig::new().half_close(false)).tell(|peers, settle| {
        peers.client_closes(1000);
        assert!(settle().is_none());
        assert_eq!(peers.client_finds(), [closed(1000)]);
        // The target was told, and might have ended by itself.
        peers.clock.advance(secs(2));
        let relayed = settle().expect("hangs");
        // All that was said has arrived.
        assert!(relayed.a_failed.is_none() && relayed.b_failed.is_none());
        assert_eq!(carried(&relayed), [(0, Complete), (0, DestinationClosed)]);
    });
    assert!(relayed.is_none());
}

/// A target that does not take anything: the client is gone, but for its octets that wait.
#[test]
fn keepalive_and_pongs_go_on_while_the_other_end_is_silent_or_blocked() {
    for blocked in [false, true] {
        let config = ConnectionConfig::new().keepalive(
            Keepalive::new(secs(30), secs(10))
                .unwrap()
                .unanswered(secs(10))
                .unwrap(),
        );
        Joined::new(config).tell(|peers, settle| {
            if blocked {
                peers.to_target.get().capacity = 10;
                peers.client_sends(Opcode::Binary, &octets(1000));
            }
            peers.client_sends(Opcode::Ping, b"one");
            assert!(settle().is_none());
            assert_eq!(peers.client_finds(), [(Opcode::Pong, b"one".to_vec())]);
            peers.clock.advance(secs(30));
            assert!(settle().is_none());
            assert_eq!(peers.client_finds()[0].0, Opcode::Ping);
            peers.clock.advance(secs(10));
            if blocked {
                assert!(settle().is_none());
                peers.to_target.get().unblock(usize::MAX);
            }
            let relayed = settle().expect("hangs");
            assert_eq!(relayed.a_failed.unwrap().kind(), ErrorKind::TimedOut);
        });
    }
}

#[test]
fn a_slow_end_stops_the_fast_one() {
    Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        peers.to_target.get().capacity = 10;
        for _ in 0..100 {
            peers.client_sends(Opcode::Binary, &octets(10_000));
            assert!(settle().is_none());
        }
        let taken = 1_000_000 - peers.client.get().octets.len();
        assert!(taken < 3 * 66_000, "{taken}");

        peers.to_client.get().capacity = 10;
        for _ in 0..100 {
            peers.target.get().feed(&octets(10_000));
            assert!(settle().is_none());
        }
        let taken = 1_000_000 - peers.target.get().octets.len();
        assert!(taken < 3 * 66_000, "{taken}");
    });
}
