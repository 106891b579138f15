//! The language the stories are told in.

use alloc::vec::Vec;
use core::time::Duration;

use crate::connection::{Connection, Event, Role};
use crate::{
    Close, CloseCode, Config, DataKind, Decoder, Header, Mask, ProtocolError, Seed, StreamError,
    Timestamp,
};

/// What a connection told, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Data(DataKind, Vec<u8>, bool),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Close),
    Error(ProtocolError),
}

pub(super) fn text(text: &str, end: bool) -> Seen {
    Seen::Data(DataKind::Text, text.as_bytes().to_vec(), end)
}

pub(super) fn binary(octets: &[u8], end: bool) -> Seen {
    Seen::Data(DataKind::Binary, octets.to_vec(), end)
}

pub(super) fn ping(payload: &[u8]) -> Seen {
    Seen::Ping(payload.to_vec())
}

pub(super) fn pong(payload: &[u8]) -> Seen {
    Seen::Pong(payload.to_vec())
}

/// A Close with a code, or 0 for none.
pub(super) fn close(code: u16) -> Close {
    CloseCode::new(code).map_or_else(Close::default, |code| Close::new(code, ""))
}

pub(super) fn connection(role: Role, config: Config) -> Connection {
    match role {
        Role::Client => Connection::client(config, &Seed::new([7; 32])),
        Role::Server => Connection::server(config),
    }
}

pub(super) const fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

pub(super) const ROLES: [Role; 2] = [Role::Client, Role::Server];
pub(super) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame with any first octet, masked if it comes from a client.
pub(super) fn frame(from: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = Header::new(crate::Opcode::Binary, payload.len() as u64);
    let mut payload = payload.to_vec();
    if from == Role::Client {
        header.mask = Some(KEY);
        Mask::new(KEY).apply(&mut payload);
    }
    let mut wire = header.encode().to_vec();
    wire[0] = first;
    wire.extend_from_slice(&payload);
    wire
}

pub(super) fn close_frame(from: Role, code: u16) -> Vec<u8> {
    match code {
        0 => frame(from, 0x88, b""),
        code => frame(from, 0x88, &code.to_be_bytes()),
    }
}

/// Gives `octets` to a connection, and appends what it tells, pieces of a message joined: how they are
/// cut is nobody's business.
pub(super) fn recv(connection: &mut Connection, octets: &[u8], seen: &mut Vec<Seen>) {
    recv_up_to(usize::MAX, connection, octets, seen);
}

pub(super) fn recv_up_to(
    max: usize,
    connection: &mut Connection,
    octets: &[u8],
    seen: &mut Vec<Seen>,
) {
    let mut octets = octets.to_vec();
    let mut input = &mut octets[..];
    loop {
        let next = match connection.recv_up_to(max, &mut input) {
            Ok(None) => break,
            Ok(Some(Event::Ping(payload))) => ping(payload),
            Ok(Some(Event::Pong(payload))) => pong(payload),
            Ok(Some(Event::Close(close))) => Seen::Close(close),
            Ok(Some(Event::Data { kind, payload, end })) => {
                assert!(end || !payload.is_empty());
                Seen::Data(kind, payload.unmask().to_vec(), end)
            }
            Err(error) => Seen::Error(error),
        };
        push(seen, next);
    }
    assert!(input.is_empty(), "all is taken");
}

/// Appends `next`; a piece that goes on the message before joins it.
pub(super) fn push(seen: &mut Vec<Seen>, next: Seen) {
    match (seen.last_mut(), next) {
        (Some(Seen::Data(kind, octets, ended @ false)), Seen::Data(same, more, end)) => {
            assert_eq!(*kind, same);
            octets.extend_from_slice(&more);
            *ended = end;
        }
        (_, next) => seen.push(next),
    }
}

/// The data among what was told: a connection's bytes, whatever the messages.
pub(super) fn data(seen: &[Seen]) -> Vec<u8> {
    let pieces = seen.iter().filter_map(|seen| match seen {
        Seen::Data(_, octets, _) => Some(&octets[..]),
        _ => None,
    });
    pieces.collect::<Vec<_>>().concat()
}

/// Frames on a wire: the first octet and the payload.
pub(super) fn frames(octets: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut octets, mut frames) = (octets.to_vec(), Vec::<(u8, Vec<u8>)>::new());
    let (mut input, mut decoder) = (&mut octets[..], Decoder::new());
    let mut whole = true;
    while let Some(chunk) = decoder.decode(&mut input).unwrap() {
        if chunk.first {
            frames.push((chunk.header.encode()[0], Vec::new()));
        }
        whole = chunk.last;
        let frame = frames.last_mut().unwrap();
        frame.1.extend_from_slice(chunk.payload.unmask());
    }
    assert!(whole && !decoder.is_inside_header(), "whole frames only");
    frames
}

/// Writes the outbox, and tells what was in it.
pub(super) fn sent(connection: &mut Connection) -> Vec<(u8, Vec<u8>)> {
    let mut octets = Vec::new();
    while !connection.outbox().is_empty() {
        octets.extend_from_slice(connection.outbox().octets());
        connection.outbox().consume(usize::MAX);
    }
    frames(&octets)
}

/// Calls `check` with `octets` whole, cut in two at every place, and one by one.
pub(super) fn at_every_cut(octets: &[u8], mut check: impl FnMut(&[&[u8]])) {
    check(&[octets]);
    for cut in 0..=octets.len() {
        check(&[&octets[..cut], &octets[cut..]]);
    }
    check(&octets.chunks(1).collect::<Vec<_>>());
}

/// Everything that can be asked about how a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) ending: Option<Result<(), StreamError>>,
    pub(super) over: bool,
    pub(super) shutdown: bool,
    pub(super) can_send: bool,
}

pub(super) fn state(connection: &Connection) -> State {
    State {
        ending: connection.ending(),
        over: connection.is_over(),
        shutdown: connection.wants_shutdown(),
        can_send: connection.can_send(),
    }
}

/// One end, its transport, and what it was told.
#[derive(Debug)]
pub(super) struct End {
    pub(super) connection: Connection,
    pub(super) seen: Vec<Seen>,
    /// What the transport has taken and not delivered.
    pub(super) wire: Vec<u8>,
    /// Whether the transport takes nothing.
    pub(super) stuck: bool,
    /// Whether the transport's write side was shut down, and the peer told.
    pub(super) shut: bool,
}

impl End {
    fn new(role: Role, config: Config) -> Self {
        Self {
            connection: connection(role, config),
            seen: Vec::new(),
            wire: Vec::new(),
            stuck: false,
            shut: false,
        }
    }

    /// Has the transport take up to `count` octets.
    pub(super) fn write(&mut self, count: usize) {
        if !self.stuck {
            let outbox = self.connection.outbox();
            let count = count.min(outbox.len());
            self.wire.extend_from_slice(&outbox.octets()[..count]);
            outbox.consume(count);
        }
    }

    fn poll_time(&mut self, now: Timestamp) {
        if self.connection.wants_time() {
            self.connection.poll_time(now);
        }
    }
}

/// Two ends, a transport between them, and one clock.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) client: End,
    pub(super) server: End,
    pub(super) now: Timestamp,
}

impl Pair {
    pub(super) fn new(client: Config, server: Config) -> Self {
        Self {
            client: End::new(Role::Client, client),
            server: End::new(Role::Server, server),
            now: Timestamp::from_origin(Duration::ZERO),
        }
    }

    pub(super) const fn end(&mut self, role: Role) -> &mut End {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// One end, and its peer.
    pub(super) const fn ends(&mut self, role: Role) -> (&mut End, &mut End) {
        match role {
            Role::Client => (&mut self.client, &mut self.server),
            Role::Server => (&mut self.server, &mut self.client),
        }
    }

    /// Delivers up to `count` of the octets that `from` has written, and tells whether any were.
    pub(super) fn deliver(&mut self, from: Role, count: usize) -> bool {
        let (from, to) = self.ends(from);
        from.write(usize::MAX);
        let octets: Vec<u8> = from.wire.drain(..count.min(from.wire.len())).collect();
        recv(&mut to.connection, &octets, &mut to.seen);
        !octets.is_empty()
    }

    /// Shuts down or drops the transport if it is time, and tells the peer.
    fn shut_down(&mut self, role: Role) -> bool {
        let (end, peer) = self.ends(role);
        let due = end.connection.wants_shutdown() && end.connection.outbox().is_empty();
        if end.shut || !due || !end.wire.is_empty() {
            return false;
        }
        end.shut = true;
        peer.connection.recv_eof();
        true
    }

    /// Has everything delivered and done that can be without waiting.
    pub(super) fn settle(&mut self) {
        while ROLES
            .into_iter()
            .any(|role| self.deliver(role, usize::MAX) || self.shut_down(role))
        {}
    }

    /// Lets time pass, second by second. The transports take what they are given, and deliver nothing.
    pub(super) fn advance(&mut self, secs: u64) {
        self.tick();
        for _ in 0..secs {
            self.now = self.now + Duration::from_secs(1);
            self.tick();
        }
    }

    fn tick(&mut self) {
        for role in ROLES {
            let now = self.now;
            let end = self.end(role);
            end.poll_time(now);
            end.write(usize::MAX);
            end.poll_time(now);
        }
    }
}
