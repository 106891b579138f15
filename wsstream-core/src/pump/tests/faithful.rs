//! Contract 1 and 5: what goes in comes out, however it is cut, polled and cancelled.

use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::task::Poll;

use proptest::prelude::*;

use super::support::*;
use crate::test_kit::{Clock, Line, Pipe, Sleeper};
use crate::{ConnectionConfig, Encoding, Opcode, Role};

/// How one direction of the socket behaves.
#[derive(Clone, Copy, Debug)]
struct Cut {
    chunk: usize,
    pend_every: usize,
    capacity: usize,
}

impl Cut {
    fn apply(self, line: &mut Line) {
        line.chunk = self.chunk;
        line.pend_every = self.pend_every;
        line.capacity = self.capacity;
    }
}

fn cut() -> impl Strategy<Value = Cut> {
    let chunk = prop_oneof![1..9_usize, 100..5000_usize, Just(usize::MAX)];
    let capacity = prop_oneof![1..9_usize, 100..5000_usize, Just(1 << 20)];
    (chunk, prop_oneof![Just(0), 2..5_usize], capacity).prop_map(|(chunk, pend_every, capacity)| {
        Cut {
            chunk,
            pend_every,
            capacity,
        }
    })
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![Just(Encoding::Binary), Just(Encoding::Base64)]
}

/// What each end of a connection receives while all four halves are tasks of their own, with compression if
/// that is set.
fn converse(
    encoding: Encoding,
    vectored: bool,
    config: &ConnectionConfig,
    cuts: [Cut; 2],
    data: [&[u8]; 2],
    (piece, room): (usize, usize),
) -> [Vec<u8>; 2] {
    let clock = Clock::default();
    let (at_client, at_server) = Pipe::pair(vectored);
    cuts[0].apply(&mut at_client.output.get());
    cuts[1].apply(&mut at_server.output.get());
    let open = if config.compression {
        compressed_stream
    } else {
        stream
    };
    let share = |mock, role| {
        Rc::new(RefCell::new(open(
            mock,
            clock.sleeper(),
            role,
            encoding,
            config.clone(),
        )))
    };
    let client = share(at_client, Role::Client);
    let server = share(at_server, Role::Server);
    let received = [RefCell::default(), RefCell::default()];
    run_all(vec![
        send_all(&client, data[0], piece),
        recv_all(&client, &received[0], room),
        send_all(&server, data[1], piece),
        recv_all(&server, &received[1], room),
    ]);
    received.map(RefCell::into_inner)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn octets_out_are_octets_in(
        encoding in encoding(), vectored: bool, compression: bool, fragment in prop_oneof![Just(0), 1..50_usize],
        cuts in [cut(), cut()], lens in [0..6_000_usize, 0..1_000_usize],
        piece in 1..9_000_usize, room in 1..9_000_usize,
    ) {
        let (up, down) = (octets(lens[0]), octets(lens[1]));
        let config = ConnectionConfig::new().auto_fragment(fragment).compression(compression);
        let received = converse(encoding, vectored, &config, cuts, [&up, &down], (piece, room));
        prop_assert!(received[0] == down);
        prop_assert!(received[1] == up);
    }
}

/// All four halves of both ends, over a pipe that holds less than a header.
#[test]
fn halves_in_four_tasks_over_seven_octets_lose_no_wake_up() {
    let narrow = Cut {
        chunk: 3,
        pend_every: 3,
        capacity: 7,
    };
    let (up, down) = (octets(4_000), octets(6_000));
    for encoding in [Encoding::Binary, Encoding::Base64] {
        let received = converse(
            encoding,
            true,
            &ConnectionConfig::new(),
            [narrow; 2],
            [&up, &down],
            (1000, 999),
        );
        assert!(received == [down.clone(), up.clone()]);
    }
}

/// More than any buffer holds, and longer than one message.
#[test]
fn a_megabyte_each_way() {
    let wide = Cut {
        chunk: usize::MAX,
        pend_every: 0,
        capacity: 100_000,
    };
    let (up, down) = (octets(1 << 20), octets((1 << 20) + 1));
    for (vectored, piece) in [(true, 1 << 20), (false, 70_000), (true, 65_536)] {
        let received = converse(
            Encoding::Binary,
            vectored,
            &ConnectionConfig::new(),
            [wide; 2],
            [&up, &down],
            (piece, 1 << 17),
        );
        assert!(received[0] == down && received[1] == up);
    }
}

/// The octets of a long stream from `at`.
fn piece(at: usize, len: usize) -> Vec<u8> {
    octets(at % 251 + len).split_off(at % 251)
}

/// One thing that an application may do next; all of them may be pending, and then be given up.
#[derive(Clone, Copy, Debug)]
enum Op {
    Read(usize),
    Write(usize),
    WriteVectored(usize, usize),
    Flush,
    Drive,
    PeerReads(usize),
    PeerWrites(usize),
    PeerPings,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (1..200_usize).prop_map(Op::Read),
        6 => (1..200_usize).prop_map(Op::Write),
        1 => (20_000..90_000_usize).prop_map(Op::Write),
        3 => (0..200_usize, 0..200_usize).prop_map(|(a, b)| Op::WriteVectored(a, b)),
        3 => Just(Op::Flush),
        3 => Just(Op::Drive),
        3 => prop_oneof![1..30_usize, 1000..90_000_usize].prop_map(Op::PeerReads),
        3 => (0..300_usize).prop_map(Op::PeerWrites),
        3 => Just(Op::PeerPings),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every call may be dropped when it is pending: what it took counts, what it did not was not sent.
    #[test]
    fn pending_calls_in_any_order_lose_nothing(
        server: bool, base64: bool, capacity in prop_oneof![1..20_usize, 1000..90_000_usize],
        ops in prop::collection::vec(op(), 0..60),
    ) {
        let role = if server { Role::Server } else { Role::Client };
        let mut lone = if base64 {
            Lone::base64(role, ConnectionConfig::new())
        } else {
            Lone::new(role, ConnectionConfig::new())
        };
        lone.output.get().capacity = capacity;
        let (far, _held) = Pipe::pair(true);
        let output = lone.output.clone();
        let mut peer = stream(far, lone.clock.sleeper(), other(role), lone.it.encoding(), ConnectionConfig::new());
        let peer_lines = (peer.get_ref().input.clone(), peer.get_ref().output.clone());
        let (mut written, mut expected) = (0_usize, 0_usize);
        let (mut arrived, mut read) = (Vec::new(), Vec::new());
        let mut out = vec![0; 1 << 17];
        let task = Task::new();
        let mut peer_read = |count: usize, peer: &mut crate::pump::Stream<Pipe, Sleeper>| {
            let taken = output.get().take_up_to(count);
            peer_lines.0.get().feed(&taken);
            while let Poll::Ready(count) = peer.poll_read(&task.cx(), &mut out) {
                arrived.extend_from_slice(&out[..count.unwrap()]);
            }
            taken.len()
        };
        for op in ops {
            match op {
                Op::Read(room) => {
                    if let Poll::Ready(octets) = lone.read(room) {
                        read.extend(octets.unwrap());
                    }
                }
                Op::Write(len) => {
                    let data: Vec<u8> = piece(written, len);
                    if let Poll::Ready(count) = lone.write(&data) {
                        let count = count.unwrap();
                        prop_assert!(count > 0);
                        written += count;
                    }
                }
                Op::WriteVectored(a, b) => {
                    let data: Vec<u8> = piece(written, a + b);
                    let (a, b) = data.split_at(a);
                    let bufs = [std::io::IoSlice::new(a), std::io::IoSlice::new(b)];
                    if let Poll::Ready(count) = lone.it.poll_write_vectored(&lone.task.cx(), &bufs) {
                        let count = count.unwrap();
                        prop_assert!(count > 0 || data.is_empty());
                        written += count;
                    }
                }
                Op::Flush => {
                    if let Poll::Ready(flushed) = lone.flush() {
                        flushed.unwrap();
                        let _ = peer_read(usize::MAX, &mut peer);
                    }
                }
                Op::Drive => lone.drive(),
                Op::PeerReads(count) => {
                    peer_read(count, &mut peer);
                }
                Op::PeerWrites(len) => {
                    let data: Vec<u8> = piece(expected, len);
                    let count = ready(peer.poll_write(&task.cx(), &data)).unwrap();
                    prop_assert_eq!(count, len);
                    expected += len;
                    lone.input.get().feed(&peer_lines.1.get().take());
                }
                Op::PeerPings => lone.feed(Opcode::Ping, b"?"),
            }
        }
        while lone.flush().is_pending() {
            prop_assert!(peer_read(usize::MAX, &mut peer) > 0);
        }
        peer_read(usize::MAX, &mut peer);
        while let Poll::Ready(octets) = lone.read(1000) {
            read.extend(octets.unwrap());
        }
        prop_assert!(arrived == octets(written));
        prop_assert!(read == octets(expected));
    }
}
