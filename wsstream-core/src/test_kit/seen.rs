//! What a connection tells, kept.

use alloc::vec::Vec;

use crate::connection::{Connection, Event};
use crate::{Close, DataKind, ProtocolError};

/// What a connection told, as [`Event`] and its error do, and on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// A message: its kind, what came of it so far, and whether it has ended. An end that was told
    /// without data is of the message before.
    Data(DataKind, Vec<u8>, bool),
    /// A ping, which the connection has answered.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The peer's Close.
    Close(Close),
    /// What the peer did wrong.
    Error(ProtocolError),
}

/// Gives `octets` to a connection, and appends what it tells, pieces of a message joined: how they are
/// cut is nobody's business.
pub(crate) fn recv(connection: &mut Connection, octets: &[u8], seen: &mut Vec<Seen>) {
    recv_up_to(usize::MAX, connection, octets, seen);
}

/// The same, with at most `max` octets of payload in one piece.
pub(crate) fn recv_up_to(
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
            Ok(Some(Event::Ping(payload))) => Seen::Ping(payload.to_vec()),
            Ok(Some(Event::Pong(payload))) => Seen::Pong(payload.to_vec()),
            Ok(Some(Event::Close(close))) => Seen::Close(close),
            Ok(Some(Event::Data { kind, payload, end })) => {
                assert!(end || !payload.is_empty(), "a piece of nothing");
                Seen::Data(kind, payload.unmask().to_vec(), end)
            }
            Err(error) => Seen::Error(error),
        };
        push(seen, next);
    }
    assert!(input.is_empty(), "all is taken");
}

/// Appends `next`; a piece that goes on the message before joins it.
pub(crate) fn push(seen: &mut Vec<Seen>, next: Seen) {
    match (seen.last_mut(), next) {
        (Some(Seen::Data(kind, octets, ended @ false)), Seen::Data(same, more, end)) => {
            assert_eq!(*kind, same, "a message is of one kind");
            octets.extend_from_slice(&more);
            *ended = end;
        }
        (_, next) => seen.push(next),
    }
}

/// The data among what was told: a connection's bytes, whatever the messages.
pub(crate) fn data(seen: &[Seen]) -> Vec<u8> {
    let pieces = seen.iter().filter_map(|seen| match seen {
        Seen::Data(_, octets, _) => Some(&octets[..]),
        _ => None,
    });
    pieces.collect::<Vec<_>>().concat()
}
