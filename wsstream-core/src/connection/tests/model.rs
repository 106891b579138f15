//! Two connections against a model: two queues of messages.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::support::*;
use crate::connection::{Connection, ControlPayload};
use crate::role::Role::{self, Client, Server};
use crate::{ConnectionConfig, DataKind, Keepalive, Opcode, StreamError};

#[derive(Clone, Debug)]
enum Op {
    /// Sends a piece of a message.
    Send(Role, Vec<u8>, bool),
    Ping(Role, Vec<u8>),
    Close(Role, u16),
    /// Has the transport take so many octets, or deliver them.
    Write(Role, usize),
    Deliver(Role, usize),
    /// Ends the transport that this end writes to.
    Eof(Role),
    Advance(Duration),
}

fn op() -> impl Strategy<Value = Op> {
    let role = || prop::sample::select(&ROLES[..]);
    let payload = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..20),
        2 => (120..3000usize).prop_map(|len| vec![b'x'; len]),
        1 => (60_000..70_000usize).prop_map(|len| vec![b'y'; len]),
    ];
    prop_oneof![
        8 => (role(), payload, any::<bool>()).prop_map(|(role, octets, end)| Op::Send(role, octets, end)),
        4 => (role(), prop::collection::vec(any::<u8>(), 0..126)).prop_map(|(role, octets)| Op::Ping(role, octets)),
        1 => (role(), prop::sample::select(vec![0, 1000, 1001, 3000])).prop_map(|(role, code)| Op::Close(role, code)),
        4 => (role(), 0..3000usize).prop_map(|(role, count)| Op::Write(role, count)),
        8 => (role(), 0..3000usize).prop_map(|(role, count)| Op::Deliver(role, count)),
        2 => role().prop_map(|role| Op::Deliver(role, usize::MAX)),
        1 => (1..15u64).prop_map(|by| Op::Advance(secs(by))),
    ]
}

fn config() -> impl Strategy<Value = ConnectionConfig> {
    (
        prop::sample::select(vec![0, 0, 11, 1000]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(fragment, half_close, keepalive)| {
            let config = ConnectionConfig::new()
                .auto_fragment(fragment)
                .half_close(half_close);
            if keepalive {
                let seconds = Duration::from_secs(5);
                let keepalive = Keepalive::new(seconds, seconds).unwrap();
                config.keepalive(keepalive.unanswered(seconds).unwrap())
            } else {
                config
            }
        })
}

/// The pair, and for each end what it sent: messages, joined as the other end joins what it is told.
struct Model {
    pair: Pair,
    by_client: Vec<Seen>,
    by_server: Vec<Seen>,
    /// Whether the transport was ended by force, or a timer may have run out.
    disturbed: bool,
}

impl Model {
    fn sent(&mut self, by: Role) -> &mut Vec<Seen> {
        match by {
            Client => &mut self.by_client,
            Server => &mut self.by_server,
        }
    }

    fn run(&mut self, op: Op) {
        match op {
            Op::Send(role, octets, end) => self.send(role, &octets, end),
            Op::Ping(role, payload) => {
                let connection = &mut self.pair.end(role).connection;
                // As the keepalive does, with another payload: no more of them than room for data.
                if connection.can_send() && connection.has_room() {
                    let mut control = ControlPayload::EMPTY;
                    control.push(&payload);
                    connection.push_control(Opcode::Ping, control.as_slice());
                }
            }
            Op::Close(role, code) => self.pair.end(role).connection.close(&close(code)),
            Op::Write(role, count) => self.pair.end(role).write(count),
            Op::Deliver(role, count) => {
                self.pair.deliver(role, count);
            }
            Op::Eof(role) => {
                self.disturbed = true;
                self.pair.cut_off(role);
            }
            Op::Advance(by) => {
                self.disturbed = true;
                self.pair.advance(by);
            }
        }
    }

    fn send(&mut self, role: Role, octets: &[u8], end: bool) {
        let connection = &mut self.pair.end(role).connection;
        let (can, has_room) = (connection.can_send(), connection.has_room());
        let Ok(count) = connection.send(DataKind::Binary, octets, end) else {
            assert!(!can);
            return;
        };
        let ended = end && count == octets.len() && (count > 0 || has_room);
        if count > 0 || ended {
            push(self.sent(role), binary(&octets[..count], ended));
        }
    }

    /// What always holds.
    fn check(&mut self) {
        for role in ROLES {
            assert!(self.pair.end(role).connection.outbox().len() <= Connection::OUTBOX_LEN);
            let arrived: Vec<u8> = data(&self.pair.end(other(role)).seen);
            assert!(
                data(self.sent(role)).starts_with(&arrived),
                "what arrived was sent, in order"
            );
            let failed = matches!(
                self.pair.end(role).connection.ending(),
                Some(Err(StreamError::Protocol(_)))
            );
            assert!(!failed, "what we write, we accept");
        }
    }

    /// Messages as they arrived, control frames between them left out.
    fn messages(&mut self, at: Role) -> Vec<Seen> {
        let mut messages = Vec::new();
        for seen in &self.pair.end(at).seen {
            if matches!(seen, Seen::Data(..)) {
                push(&mut messages, seen.clone());
            }
        }
        messages
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_pair_behaves_as_two_queues(
        client in config(), server in config(), ops in prop::collection::vec(op(), 0..60),
        eof in prop::option::weighted(0.3, (prop::sample::select(&ROLES[..]), 0..60usize)),
        first in prop::sample::select(&ROLES[..]), calm: bool,
        piece in prop_oneof![1..20_usize, Just(usize::MAX)],
    ) {
        let mut model = Model {
            pair: Pair::new(client, server),
            by_client: Vec::new(),
            by_server: Vec::new(),
            disturbed: false,
        };
        for (i, op) in ops.into_iter().enumerate() {
            if let Some((role, at)) = eof && at == i && !calm {
                model.run(Op::Eof(role));
            }
            if !calm || !matches!(op, Op::Advance(_)) {
                model.run(op);
            }
            model.check();
        }
        // Both close, and all is delivered.
        for role in [first, other(first)] {
            model.pair.settle_in(piece);
            model.pair.end(role).connection.close(&close(1000));
        }
        model.pair.settle();
        model.check();
        let disturbed = model.disturbed;
        for role in ROLES {
            let end = model.pair.end(role);
            if !disturbed {
                prop_assert!(end.connection.is_over() && end.connection.ending().is_some());
                prop_assert!(end.connection.outbox().is_empty() && !end.connection.output_lost());
                let clean = !matches!(end.connection.ending(), Some(Err(StreamError::Truncated)));
                prop_assert!(clean);
                let pings = end.connection.counters().pings_received;
                let answered = |seen: &&Seen| matches!(seen, Seen::Pong(_));
                let (_, peer) = model.pair.ends(role);
                prop_assert!(peer.seen.iter().filter(answered).count() as u64 <= pings);
                let sent = model.sent(role).clone();
                prop_assert_eq!(model.messages(other(role)), sent, "all arrived");
            }
        }
        // Whatever has happened, it does not last.
        model.pair.advance(secs(50));
        model.pair.settle();
        model.pair.advance(secs(50));
        for role in ROLES {
            let end = model.pair.end(role);
            prop_assert!(end.connection.is_over() && end.connection.ending().is_some());
            prop_assert!(!end.connection.wants_time() || !end.connection.outbox().is_empty());
        }
        model.check();
    }
}
