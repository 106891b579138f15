//! A connection against a hostile wire.

mod op;
mod peer;
mod told;

use core::mem;
use core::time::Duration;

use arbitrary::Unstructured;
use wsstream_core::{
    Closed, Connection, DataKind, Event, LookAhead, ProtocolError, Role, Timestamp,
};

use crate::input::{Unread, agreed, agreeing, budget, octet, patterns, push_frame};
use crate::work::call;
use op::{Op, Setup};
use peer::Peer;
use told::{Told, tell, without_pings};

/// Whatever comes from the wire and from the application, in any order: a peer accepts all that is
/// written, the outbox stays within its bound, and nothing depends on how the wire was cut, or on
/// whether anyone looked ahead for pings.
///
/// Input: flags (1: a server; 2: no half close; 4: keepalive; 8: compression), the fragments' length, what was
/// agreed on if there is compression, and operations: an octet, and what `Op::take` in `op.rs` takes for it.
pub(crate) fn connection(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let (flags, fragment) = (octet(&mut input), usize::from(octet(&mut input)));
    let setup = Setup {
        flags,
        fragment,
        deflate: (flags & 8 != 0).then(|| agreed(&mut input)),
    };
    let mut ops = Vec::new();
    while !input.is_empty() {
        ops.push(Op::take(&mut input));
    }
    let whole = Run::over(&setup, &ops, Feed::Whole, true);
    let octets = Run::over(&setup, &ops, Feed::Octets, true);
    octets.assert_same(&whole);
    // What has been received when time passes, or the application finds a fault, depends on the pings.
    let depends = ops.iter().any(|op| matches!(op, Op::Time(_) | Op::Fail));
    if !depends && ops.iter().any(|op| matches!(op, Op::LookAhead)) {
        let blind = Run::over(&setup, &ops, Feed::Whole, false);
        assert_eq!(without_pings(&blind.told), without_pings(&whole.told));
        assert_eq!(blind.connection.ending(), whole.connection.ending());
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feed {
    Whole,
    Octets,
}

struct Run {
    connection: Connection,
    deflate: bool,
    feed: Feed,
    unread: Unread,
    ahead: Option<LookAhead>,
    now: Timestamp,
    told: Vec<Told>,
    peer: Peer,
    /// Payload that may be queued, that was queued, and where in it each ended message ends.
    budget: usize,
    sent: usize,
    messages: Vec<(DataKind, usize)>,
    sending: Option<DataKind>,
}

impl Run {
    fn over(setup: &Setup, ops: &[Op<'_>], feed: Feed, look_ahead: bool) -> Self {
        let role = setup.role();
        let mut run = Self {
            connection: agreeing(
                role,
                setup.config(),
                setup.half_close(),
                setup.deflate.as_ref(),
            ),
            deflate: setup.deflate.is_some(),
            feed,
            unread: Unread::default(),
            ahead: look_ahead.then(LookAhead::new),
            now: Timestamp::from_origin(Duration::ZERO),
            told: Vec::new(),
            peer: Peer::of(role, setup),
            budget: budget(setup.fragment),
            sent: 0,
            messages: Vec::new(),
            sending: None,
        };
        for op in ops {
            run.perform(op, role);
            let waiting = run.connection.outbox().len();
            assert!(
                waiting <= Connection::OUTBOX_LEN,
                "{waiting} wait after {op:?}"
            );
        }
        run.recv(usize::MAX, usize::MAX);
        assert_eq!(run.unread.len(), 0);
        // A pong may have waited for room.
        while !run.connection.outbox().is_empty() {
            run.write(usize::MAX);
        }
        run.peer.check(&run);
        run
    }

    fn perform(&mut self, op: &Op<'_>, role: Role) {
        match *op {
            Op::Octets(octets) => self.unread.arrived().extend_from_slice(octets),
            Op::Frame {
                fin,
                deflated,
                opcode,
                payload,
            } => {
                let bits = (fin, deflated && self.deflate);
                push_frame(self.unread.arrived(), role, bits, opcode, payload);
            }
            Op::Recv { octets, max } => self.recv(octets, max),
            Op::InPlace(len) => self.recv_in_place(len),
            Op::LookAhead => {
                if let Some(ahead) = &mut self.ahead {
                    let left = ahead.answer_pings(&mut self.connection, self.unread.rest());
                    self.unread.truncate(left);
                }
            }
            Op::Send { kind, len, end } => self.send(kind, len, end),
            Op::Direct { kind, len, room } => self.send_direct(kind, len, room),
            Op::Write(octets) => self.write(octets),
            Op::Close(ref close) => {
                self.connection.close(close);
                assert!(!self.connection.can_send());
            }
            Op::Fail => {
                self.connection.fail(ProtocolError::InvalidBase64);
            }
            Op::Time(milliseconds) => self.pass(Duration::from_millis(milliseconds)),
            Op::Eof => {
                self.connection.recv_eof();
                assert!(self.connection.is_over() && self.connection.ending().is_some());
            }
        }
    }

    fn recv(&mut self, octets: usize, max: usize) {
        let mut unread = mem::take(&mut self.unread);
        let rest = unread.rest();
        let octets = octets.min(rest.len());
        let step = match self.feed {
            Feed::Whole => octets.max(1),
            Feed::Octets => 1,
        };
        let mut left = octets;
        for part in rest[..octets].chunks_mut(step) {
            let mut input = &mut part[..];
            let available = input.len();
            loop {
                call();
                match self.connection.recv_up_to(max, &mut input) {
                    Ok(None) => break,
                    Ok(Some(event)) => {
                        if let Event::Data { payload, .. } = &event {
                            // What is inflated is not ahead of the reader by more than its window.
                            assert!(payload.len() <= max.min(step.max(INFLATED)));
                        }
                        tell(&mut self.told, Ok(event));
                    }
                    Err(error) => {
                        tell(&mut self.told, Err(error));
                        assert!(!self.connection.can_send());
                    }
                }
            }
            left -= available - input.len();
            if !input.is_empty() {
                assert_eq!(max, 0);
                break;
            }
        }
        self.consumed(unread, octets - left);
    }

    fn recv_in_place(&mut self, len: usize) {
        let mut unread = mem::take(&mut self.unread);
        let len = len.min(self.connection.in_place()).min(unread.len());
        let octets = &mut unread.rest()[..len];
        self.connection.recv_in_place(octets);
        if let Some(kind) = self.connection.receiving().filter(|_| len > 0) {
            let octets = octets.to_vec();
            match self.told.last_mut() {
                Some(Told::Data {
                    octets: before,
                    end: false,
                    ..
                }) => before.extend(octets),
                _ => self.told.push(Told::Data {
                    kind,
                    octets,
                    end: false,
                }),
            }
        }
        self.consumed(unread, len);
    }

    fn consumed(&mut self, mut unread: Unread, count: usize) {
        unread.consume(count);
        self.unread = unread;
        if let Some(ahead) = &mut self.ahead {
            ahead.consumed(count);
        }
    }

    fn send(&mut self, kind: DataKind, len: usize, end: bool) {
        let payload = patterns(self.sent, len.min(self.budget - self.sent));
        let (room, can_send) = (self.connection.room(), self.connection.can_send());
        let begun = self.connection.counters().frames_sent;
        call();
        match self.connection.send(kind, payload, end) {
            Ok(count) => {
                assert!(can_send);
                let whole = payload.len().min(room);
                // The next piece of a compressed message has a block's header.
                assert!(count == whole || self.deflate && count + 64 >= whole);
                let queued = self.connection.counters().frames_sent > begun;
                self.queued(kind, count, end && count == payload.len() && queued, queued);
            }
            Err(Closed { .. }) => assert!(!can_send),
        }
    }

    /// As byte streams do, whose messages are no longer than that.
    fn send_direct(&mut self, kind: DataKind, len: usize, room: usize) {
        let payload = patterns(self.sent, len.min(self.budget - self.sent));
        let Some(header) = self.connection.direct(kind, payload.len()) else {
            return;
        };
        let mut wire = [self.connection.outbox().octets(), &header, payload].concat();
        wire.truncate(room);
        self.peer.accept(&wire);
        if self.connection.sent_direct(&header, payload, wire.len()) {
            self.queued(kind, payload.len(), true, true);
        }
    }

    fn queued(&mut self, kind: DataKind, count: usize, end: bool, any: bool) {
        self.sent += count;
        let kind = self.sending.unwrap_or(kind);
        if any {
            self.sending = (!end).then_some(kind);
        }
        if end {
            self.messages.push((kind, self.sent));
        }
    }

    fn write(&mut self, count: usize) {
        call();
        let outbox = self.connection.outbox();
        let count = count.min(outbox.len());
        self.peer.accept(&outbox.octets()[..count]);
        outbox.consume(count);
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        let next = self.connection.poll_time(self.now);
        assert!(
            next.is_none_or(|next| next > self.now),
            "the clock would be asked without end"
        );
        assert_eq!(next.is_some(), self.connection.wants_time());
    }

    fn assert_same(&self, other: &Self) {
        assert_eq!(self.told, other.told);
        assert_eq!(self.peer, other.peer);
        let (one, two) = (&self.connection, &other.connection);
        assert_eq!(one.counters(), two.counters());
        assert_eq!(one.ending(), two.ending());
        assert_eq!(one.sent_close(), two.sent_close());
        assert_eq!(one.received_close(), two.received_close());
        assert_eq!(one.closed_by(), two.closed_by());
        assert_eq!(one.rtt(), two.rtt());
        assert_eq!(one.wants_shutdown(), two.wants_shutdown());
    }
}

/// The most octets of a compressed message that are told at once.
const INFLATED: usize = 64 << 10;
