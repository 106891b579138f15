//! How connections end: who closes first, with what, and what each end makes of it.

use alloc::vec::Vec;
use core::time::Duration;

use super::support::*;
use crate::connection::ClosedBy;
use crate::role::Role;
use crate::role::Role::{Client, Server};
use crate::{
    Close, CloseCode, ConnectionConfig, DataKind, Keepalive, ProtocolError, StreamError, Timeout,
    Timestamp,
};

const OPEN: State = State {
    ending: None,
    over: false,
    shutdown: false,
    can_send: true,
};

/// What a Close with this code is to the one who reads.
fn ending(code: u16) -> Option<Result<(), StreamError>> {
    Some(match code {
        0 | 1000 => Ok(()),
        _ => Err(StreamError::Closed(close(code))),
    })
}

fn payload(code: u16) -> Vec<u8> {
    if code == 0 {
        Vec::new()
    } else {
        code.to_be_bytes().to_vec()
    }
}

/// Every way in which one end closes and the other answers.
#[test]
fn s5_5_1_and_s7_1_one_closes_and_the_other_answers() {
    for closer in ROLES {
        for half_close in [true, false] {
            for code in [0, 1000, 1001, 1011, 3000] {
                closes_and_answers(closer, half_close, code);
            }
        }
    }
}

fn closes_and_answers(closer: Role, half_close: bool, code: u16) {
    let story = (closer, half_close, code);
    let answerer = other(closer);
    let config = ConnectionConfig::new().half_close(half_close);
    let mut pair = Pair::new(config.clone(), config);

    pair.end(closer).connection.close(&close(code));
    let expected = State {
        can_send: false,
        ..OPEN
    };
    assert_eq!(state(&pair.end(closer).connection), expected, "{story:?}");
    pair.deliver(closer, usize::MAX);
    let (us, peer) = pair.ends(answerer);
    assert_eq!(us.seen, [Seen::Close(close(code))], "{story:?}");
    assert_eq!(us.connection.received_close(), Some(&close(code)));
    assert_eq!(peer.connection.sent_close(), Some(&close(code)));

    // Only an ordinary end can be half of one.
    let delayed = half_close && matches!(code, 0 | 1000);
    let answered = State {
        ending: ending(code),
        over: answerer == Server,
        shutdown: answerer == Server,
        can_send: false,
    };
    if delayed {
        let expected = State {
            ending: ending(code),
            ..OPEN
        };
        assert_eq!(state(&us.connection), expected, "{story:?}");
        assert_eq!(us.connection.send(DataKind::Binary, b"reply", true), Ok(5));
        us.connection.close(&close(1000));
    }
    assert_eq!(state(&us.connection), answered, "{story:?}");
    assert!(us.connection.send(DataKind::Binary, b"late", true).is_err());

    // The answer has the code of what it answers.
    pair.deliver(answerer, usize::MAX);
    let mut seen = Vec::new();
    seen.extend(delayed.then(|| binary(b"reply", true)));
    seen.push(Seen::Close(close(code)));
    assert_eq!(pair.end(closer).seen, seen, "{story:?}");
    // Its own code that comes back is no fault of the peer's.
    let closed = State {
        ending: Some(Ok(())),
        over: closer == Server,
        shutdown: closer == Server,
        can_send: false,
    };
    assert_eq!(state(&pair.end(closer).connection), closed, "{story:?}");
    assert_eq!(pair.end(closer).connection.closed_by(), Some(ClosedBy::Us));
    assert_eq!(
        pair.end(answerer).connection.closed_by(),
        Some(ClosedBy::Peer)
    );

    // The server ends the transport, the client waits for that.
    pair.settle();
    for role in ROLES {
        let expected = State {
            ending: if role == closer {
                Some(Ok(()))
            } else {
                ending(code)
            },
            over: true,
            shutdown: true,
            can_send: false,
        };
        assert_eq!(state(&pair.end(role).connection), expected, "{story:?}");
        assert!(!pair.end(role).connection.wants_time());
    }
}

#[test]
fn s7_1_simultaneous_closes_are_no_answers() {
    for (ours, theirs) in [(0, 1000), (1000, 1000), (1000, 1001), (1011, 0)] {
        let mut pair = Pair::new(ConnectionConfig::new(), ConnectionConfig::new());
        pair.client.connection.close(&close(ours));
        pair.server.connection.close(&close(theirs));
        pair.settle();
        assert_eq!(pair.client.seen, [Seen::Close(close(theirs))]);
        assert_eq!(pair.server.seen, [Seen::Close(close(ours))]);
        assert_eq!(pair.client.connection.ending(), ending(theirs));
        assert_eq!(pair.server.connection.ending(), ending(ours));
        for role in ROLES {
            assert!(pair.end(role).connection.is_over());
            assert_eq!(pair.end(role).connection.closed_by(), Some(ClosedBy::Us));
        }
    }
}

#[test]
fn half_close_lets_the_other_direction_go_on() {
    let mut pair = Pair::new(ConnectionConfig::new(), ConnectionConfig::new());
    pair.client
        .connection
        .send(DataKind::Binary, b"request", true)
        .unwrap();
    pair.client.connection.close(&close(1000));
    pair.deliver(Client, usize::MAX);
    for _ in 0..3 {
        pair.server
            .connection
            .send(DataKind::Binary, b"reply", true)
            .unwrap();
        pair.deliver(Server, usize::MAX);
        pair.advance(secs(9));
    }
    pair.server.connection.close(&close(0));
    pair.settle();
    assert_eq!(data(&pair.client.seen), b"replyreplyreply");
    // Our own Close is an answer: it says what the peer's said.
    assert_eq!(pair.client.connection.received_close(), Some(&close(1000)));
    assert!(pair.client.connection.is_over() && pair.server.connection.is_over());
}

#[test]
fn an_answer_that_says_more_than_goodbye_says_it() {
    let mut connection = connection(Server, ConnectionConfig::new());
    recv(&mut connection, &close_frame(Client, 1000), &mut Vec::new());
    connection.close(&Close::new(CloseCode::INTERNAL, "lost it"));
    assert_eq!(sent(&mut connection), [(0x88, b"\x03\xf3lost it".to_vec())]);
}

#[test]
fn close_is_sent_once() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new());
        connection.close(&close(1001));
        connection.close(&close(1000));
        assert_eq!(sent(&mut connection), [(0x88, payload(1001))]);
        recv(
            &mut connection,
            &close_frame(other(role), 1001),
            &mut Vec::new(),
        );
        connection.close(&close(1000));
        connection.fail(ProtocolError::InvalidBase64);
        assert!(sent(&mut connection).is_empty());
        assert_eq!(connection.ending(), Some(Ok(())));
    }
}

#[test]
fn a_layer_above_fails_the_connection_whether_it_has_closed_or_not() {
    for role in ROLES {
        for closed in [false, true] {
            let mut connection = connection(role, ConnectionConfig::new());
            if closed {
                connection.close(&close(1000));
            }
            let error = connection.fail(ProtocolError::InvalidBase64);
            connection.fail(ProtocolError::InvalidUtf8);
            let ending = Some(Err(StreamError::Protocol(error)));
            let expected = State {
                ending: ending.clone(),
                over: false,
                shutdown: true,
                can_send: false,
            };
            assert_eq!(state(&connection), expected);
            let code = if closed { 1000u16 } else { 1007 };
            let closes = sent(&mut connection);
            assert_eq!(closes.len(), 1);
            assert!(closes[0].1.starts_with(&code.to_be_bytes()));
            // §7.1.7: what comes is ignored, but read.
            recv(
                &mut connection,
                &frame(other(role), 0x82, b"a"),
                &mut Vec::new(),
            );
            recv(
                &mut connection,
                &close_frame(other(role), 1000),
                &mut Vec::new(),
            );
            assert_eq!(connection.ending(), ending);
            connection.recv_eof();
            assert!(connection.is_over());
            assert_eq!(connection.ending(), ending);
        }
    }
}

#[test]
fn the_end_of_the_transport_in_every_phase() {
    let truncated = Some(Err(StreamError::Truncated));
    for role in ROLES {
        for half_close in [true, false] {
            for code in [0, 1000, 1001] {
                for (ours, theirs) in [(false, false), (true, false), (false, true), (true, true)] {
                    let mut connection =
                        connection(role, ConnectionConfig::new().half_close(half_close));
                    if ours {
                        connection.close(&close(1000));
                    }
                    if theirs {
                        recv(
                            &mut connection,
                            &close_frame(other(role), code),
                            &mut Vec::new(),
                        );
                    }
                    connection.recv_eof();
                    let ending = if theirs {
                        ending(code)
                    } else {
                        truncated.clone()
                    };
                    let over = State {
                        ending,
                        over: true,
                        shutdown: true,
                        can_send: false,
                    };
                    assert_eq!(state(&connection), over);
                    connection.recv_eof();
                    connection.close(&close(1000));
                    assert_eq!(state(&connection), over);
                }
            }
        }
    }
}

#[test]
fn a_frame_cut_by_the_end_of_the_transport_is_delivered_as_far_as_it_came() {
    let mut seen = Vec::new();
    let mut connection = connection(Client, ConnectionConfig::new());
    recv(&mut connection, b"\x82\x05abc", &mut seen);
    connection.recv_eof();
    recv(&mut connection, b"", &mut seen);
    assert_eq!(seen, [binary(b"abc", false)]);
    assert_eq!(connection.ending(), Some(Err(StreamError::Truncated)));
}

/// Who reads ahead learns of the end before the reader has taken what came before it.
#[test]
fn what_came_before_the_end_of_the_transport_is_still_told() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new().half_close(false));
        let mut seen = Vec::new();
        connection.recv_eof();
        let last = [
            frame(other(role), 0x82, b"last words"),
            frame(other(role), 0x89, b""),
        ];
        recv(&mut connection, &last.concat(), &mut seen);
        assert_eq!(connection.ending(), Some(Err(StreamError::Truncated)));
        recv(&mut connection, &close_frame(other(role), 1000), &mut seen);
        assert_eq!(
            seen,
            [
                binary(b"last words", true),
                ping(b""),
                Seen::Close(close(1000))
            ]
        );
        assert_eq!(connection.ending(), Some(Ok(())));
        // It does not send any more, but may read: the ping's time is over, the Close is answered.
        assert!(connection.is_over());
        assert_eq!(sent(&mut connection), [(0x88, payload(1000))]);
    }
}

#[test]
fn a_fault_before_the_end_of_the_transport_is_still_found() {
    let mut connection = connection(Client, ConnectionConfig::new());
    connection.recv_eof();
    let mut seen = Vec::new();
    recv(&mut connection, &[0x83], &mut seen);
    let error = ProtocolError::ReservedOpcode(3);
    assert_eq!(seen, [Seen::Error(error)]);
    assert_eq!(connection.ending(), Some(Err(StreamError::Protocol(error))));
    assert!(connection.is_over() && connection.outbox().is_empty());
}

#[test]
fn what_came_before_a_peer_was_given_up_is_still_told() {
    let keepalive = Keepalive::new(secs(30), secs(10))
        .unwrap()
        .unanswered(secs(10))
        .unwrap();
    let mut connection = connection(Client, ConnectionConfig::new().keepalive(keepalive));
    for now in [0, 30, 40] {
        connection.poll_time(Timestamp::from_origin(Duration::from_secs(now)));
    }
    assert!(connection.is_over());
    let mut seen = Vec::new();
    recv(
        &mut connection,
        &frame(Server, 0x82, b"last words"),
        &mut seen,
    );
    assert_eq!(seen, [binary(b"last words", true)]);
    let dead = StreamError::TimedOut(Timeout::Keepalive(secs(10)));
    assert_eq!(connection.ending(), Some(Err(dead)));
    assert!(connection.outbox().is_empty());
}
