//! Every way in which an end can end, and what the other one gets: all that came before, and then an end that says
//! whether something is missing.

use super::*;
use crate::CloseCode;

/// What the peer of an end has in hand.
struct Side {
    peer: Pipe,
    is_websocket: bool,
}

impl Side {
    /// An end of a relay, and its peer.
    fn new(is_websocket: bool, clock: &Clock) -> (Box<dyn RelayEnd>, Self) {
        let ((near, peer), sleeper) = (Pipe::pair(true), clock.sleeper());
        let end: Box<dyn RelayEnd> = match is_websocket {
            true => Box::new(stream(
                near,
                sleeper,
                Role::Server,
                Encoding::Binary,
                ConnectionConfig::new(),
            )),
            false => Box::new(SocketEnd::new(near, sleeper)),
        };
        (end, Self { peer, is_websocket })
    }

    fn sends(&self, said: &[u8]) {
        let mut line = self.peer.output.get();
        match self.is_websocket {
            true => line.feed(&frame(Role::Client, Opcode::Binary, said)),
            false => line.feed(said),
        }
    }

    fn closes(&self, code: u16) {
        let close = frame(Role::Client, Opcode::Close, &close_payload(code));
        self.peer.output.get().feed(&close);
    }

    fn ends(&self, how: How) {
        let mut line = self.peer.output.get();
        match how {
            How::Whole if self.is_websocket => {
                drop(line);
                self.closes(1000);
            }
            How::Closed(code) => {
                drop(line);
                self.closes(code);
            }
            How::Whole | How::Truncated => line.finish(Ok(())),
            How::Reset => line.finish(Err(ErrorKind::ConnectionReset.into())),
            // A reserved bit.
            How::Fault => line.feed(&[0xf2, 0x80, 0, 0, 0, 0]),
        }
    }

    /// What the peer has received, and what it was told at the end: `true` for a whole.
    fn found(&self, wire: &[u8]) -> (Vec<u8>, Option<bool>) {
        let line = self.peer.input.get();
        if !self.is_websocket {
            let told = match (line.is_aborted, line.is_shut_down) {
                (true, _) => Some(false),
                (false, true) => Some(true),
                (false, false) => None,
            };
            return (wire.to_vec(), told);
        }
        let (mut octets, mut told) = (Vec::new(), None);
        for (opcode, payload) in frames(wire) {
            match opcode {
                Opcode::Close => {
                    let code = u16::from_be_bytes([payload[0], payload[1]]);
                    assert!([1000, 1001, 1011].contains(&code), "{code}");
                    told = Some(code == 1000);
                }
                _ => octets.extend(payload),
            }
        }
        (octets, told)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Whole,
    Reset,
    Truncated,
    Closed(u16),
    Fault,
}

const PLAIN: &[How] = &[How::Whole, How::Reset];
const WEBSOCKET: &[How] = &[
    How::Whole,
    How::Reset,
    How::Truncated,
    How::Closed(1001),
    How::Closed(1011),
    How::Closed(4001),
    How::Fault,
];

/// Polls a relay until nothing moves.
fn settle<C: crate::pump::Clock>(
    relay: &mut Relay<'_, dyn RelayEnd, dyn RelayEnd, C>,
    task: &Task,
) -> Option<Relayed> {
    let mut polls = 0;
    while task.is_woken() {
        polls += 1;
        assert!(polls < 10_000, "spinning");
        if let Poll::Ready(relayed) = Pin::new(&mut *relay).poll(&mut task.cx()) {
            return Some(relayed);
        }
    }
    None
}

const MUCH: usize = 300_000;

#[test]
fn a_slow_reader_gets_everything_and_then_whether_that_is_all() {
    let mut rows = Vec::new();
    for (is_websocket, endings) in [(false, PLAIN), (true, WEBSOCKET)] {
        for &how in endings {
            for to_websocket in [false, true] {
                rows.extend(
                    [false, true].map(|flipped| (is_websocket, how, to_websocket, flipped)),
                );
            }
        }
    }
    for row @ (is_websocket, how, to_websocket, flipped) in rows {
        let clock = Clock::default();
        let (mut near, source) = Side::new(is_websocket, &clock);
        let (mut far, reader) = Side::new(to_websocket, &clock);
        {
            let mut line = reader.peer.input.get();
            (line.tells_taken, line.capacity) = (true, 20_000);
        }
        let said = octets(MUCH);
        said.chunks(50_000).for_each(|said| source.sends(said));
        source.ends(how);
        let task = Task::new();
        let (near, far) = (&mut *near, &mut *far);
        let (a, b) = if flipped { (far, near) } else { (near, far) };
        let mut relay = Relay::new(a, b, clock.sleeper());
        let (mut wire, mut relayed) = (Vec::new(), None);
        // Much longer than any limit but the one for a reader that takes nothing.
        for _ in 0..60 {
            relayed = relayed.or_else(|| settle(&mut relay, &task));
            let mut line = reader.peer.input.get();
            let untold = !line.octets.is_empty();
            assert!(
                !untold || (relayed.is_none() && !line.is_aborted),
                "{row:?}"
            );
            wire.extend(line.take_up_to(10_000));
            drop(line);
            clock.advance(secs(20));
        }
        if relayed.is_none() {
            reader.ends(How::Whole);
            for _ in 0..3 {
                relayed = relayed.or_else(|| settle(&mut relay, &task));
                clock.advance(secs(1));
            }
        }
        let relayed = relayed.unwrap_or_else(|| panic!("hangs: {row:?}"));
        drop(relay);
        let (heard, told) = reader.found(&wire);
        assert!(heard == said, "{row:?}");
        assert_eq!(told, Some(how == How::Whole), "{row:?}");
        let mut carried = carried(&relayed);
        let mut failed = [relayed.a_failed.is_some(), relayed.b_failed.is_some()];
        if flipped {
            carried.reverse();
            failed.reverse();
        }
        let ended = if how == How::Whole {
            Complete
        } else {
            ReadFailed
        };
        assert_eq!(carried[0], (MUCH as u64, ended), "{row:?}");
        // A WebSocket that does not answer the Close may count as failed as well.
        assert_eq!(failed[0], how != How::Whole, "{row:?}");
        assert!(!failed[1] || failed[0], "{row:?}");
    }
}

/// What a relay has done when it is dropped.
#[derive(Clone, Copy, Debug)]
enum Until {
    Nothing,
    Octets,
    /// Octets that the reader does not take.
    Blocked,
    End,
}

#[test]
fn a_relay_that_is_dropped_lets_nothing_pass_for_a_whole() {
    for (until, whole) in [
        (Until::Nothing, false),
        (Until::Octets, false),
        (Until::Blocked, false),
        (Until::End, true),
    ] {
        for to_websocket in [false, true] {
            let clock = Clock::default();
            let (mut near, source) = Side::new(false, &clock);
            let (mut far, reader) = Side::new(to_websocket, &clock);
            match until {
                Until::Nothing => {}
                Until::Octets => source.sends(b"hello"),
                Until::Blocked => {
                    reader.peer.input.get().capacity = 10;
                    source.sends(&octets(200_000));
                }
                Until::End => {
                    source.sends(b"hello");
                    source.ends(How::Whole);
                }
            }
            let task = Task::new();
            let mut relay = Relay::new(&mut *near, &mut *far, clock.sleeper());
            assert!(settle(&mut relay, &task).is_none());
            drop(relay);
            let row = (until, to_websocket);
            if let Until::Blocked = until {
                reader.peer.input.get().unblock(usize::MAX);
                far.poll_drive(&mut task.cx());
            }
            // Nobody has told the source anything.
            assert!(source.peer.input.get().is_aborted, "{row:?}");
            let wire = reader.peer.input.get().take();
            assert_eq!(reader.found(&wire).1, Some(whole), "{row:?}");
        }
    }
}

/// The end of one side is held back for the reply of the other, and the relay is dropped meanwhile: the first is whole,
/// and the reply may not be.
#[test]
fn a_relay_that_is_dropped_while_it_waits_for_a_reply() {
    let mut joined = Joined::new(ConnectionConfig::new().half_close(false));
    let (to_client, target) = (joined.client.input.clone(), joined.target.input.clone());
    joined.target.output.get().feed(b"question");
    joined.target.output.get().finish(Ok(()));
    let task = Task::new();
    let sleeper = joined.clock.sleeper();
    let mut relay = Relay::new(&mut joined.stream, &mut joined.plain, sleeper);
    assert!(Pin::new(&mut relay).poll(&mut task.cx()).is_pending());
    assert_eq!(frames(&to_client.get().take()), [data(b"question")]);
    drop(relay);
    assert_eq!(frames(&to_client.get().take()), [closed(1000)]);
    assert!(target.get().is_aborted);
    let close = joined.stream.connection().sent_close().unwrap();
    assert_eq!(close.code(), Some(CloseCode::NORMAL));
}
