//! Pings and pongs, and how little of them waits for a peer that does not read.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::support::*;
use crate::connection::Connection;
use crate::role::Role;
use crate::{Close, CloseCode, ConnectionConfig, DataKind, Keepalive, PingError, Timestamp};

const SECOND: Duration = Duration::from_secs(1);

fn payload(number: u16) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[b'p'; 123]].concat()
}

#[test]
fn s5_5_2_a_ping_is_answered_with_its_payload_between_fragments() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new());
        let mut seen = Vec::new();
        connection.send(DataKind::Text, b"a", false).unwrap();
        recv(&mut connection, &frame(other(role), 0x01, b"x"), &mut seen);
        recv(
            &mut connection,
            &frame(other(role), 0x89, b"ping"),
            &mut seen,
        );
        connection.send(DataKind::Text, b"b", true).unwrap();
        recv(&mut connection, &frame(other(role), 0x80, b"y"), &mut seen);
        assert_eq!(seen, [text("x", false), ping(b"ping"), text("y", true)]);
        let expected = [
            (0x01, b"a".to_vec()),
            (0x8a, b"ping".to_vec()),
            (0x80, b"b".to_vec()),
        ];
        assert_eq!(sent(&mut connection), expected);
    }
}

#[test]
fn s5_5_3_ten_pings_get_ten_pongs() {
    let mut connection = connection(Role::Server, ConnectionConfig::new());
    let pings: Vec<_> = (0..10).map(payload).collect();
    let octets: Vec<u8> = pings
        .iter()
        .flat_map(|ping| frame(Role::Client, 0x89, ping))
        .collect();
    recv(&mut connection, &octets, &mut Vec::new());
    assert_eq!(connection.counters().pings_received, 10);
    let pongs: Vec<_> = pings.into_iter().map(|ping| (0x8a, ping)).collect();
    assert_eq!(sent(&mut connection), pongs);
}

#[test]
fn a_ping_flood_at_a_full_outbox_leaves_one_pong_pending_the_newest() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new());
        let room = connection.room();
        assert_eq!(
            connection.send(DataKind::Binary, &[0; 1 << 17], false),
            Ok(room)
        );
        for number in 0..1000 {
            let ping = frame(other(role), 0x89, &payload(number));
            recv(&mut connection, &ping, &mut Vec::new());
            assert!(connection.outbox().len() <= Connection::OUTBOX_LEN);
        }
        let pongs: Vec<_> = sent(&mut connection).split_off(1);
        assert_eq!(pongs, [(0x8a, payload(999))]);
        assert!(connection.outbox().is_empty());
    }
}

#[test]
fn the_outbox_is_bounded_whatever_is_asked_and_with_its_last_words() {
    for role in ROLES {
        for fill in (0..400).step_by(9) {
            // A full outbox but for `fill`, pings, an error: as much as can ever come together.
            let mut connection = connection(role, ConnectionConfig::new());
            let room = connection.room();
            connection
                .send(DataKind::Binary, &[0; 1 << 17][..room - fill], true)
                .unwrap();
            for number in 0..10 {
                recv(
                    &mut connection,
                    &frame(other(role), 0x89, &payload(number)),
                    &mut Vec::new(),
                );
                let _ = connection.send(DataKind::Binary, b"x", false);
            }
            recv(
                &mut connection,
                &frame(other(role), 0x80, b""),
                &mut Vec::new(),
            );
            assert!(connection.sent_close().is_some());
            assert!(
                connection.outbox().len() <= Connection::OUTBOX_LEN,
                "{fill}"
            );
        }
    }
}

#[test]
fn s5_5_2_pongs_after_our_close_and_none_after_the_peers() {
    for role in ROLES {
        let ping = |payload| frame(other(role), 0x89, payload);
        let mut connection = connection(role, ConnectionConfig::new());
        connection.close(&close(1000));
        recv(&mut connection, &ping(b"1"), &mut Vec::new());
        recv(
            &mut connection,
            &close_frame(other(role), 1000),
            &mut Vec::new(),
        );
        recv(&mut connection, &ping(b"2"), &mut Vec::new());
        let first: Vec<_> = sent(&mut connection)
            .into_iter()
            .map(|(first, _)| first)
            .collect();
        assert_eq!(first, [0x88, 0x8a]);
    }
}

#[test]
fn s5_5_2_a_pong_that_found_no_room_is_not_sent_after_the_peers_close() {
    for half_close in [true, false] {
        let mut connection =
            connection(Role::Server, ConnectionConfig::new().half_close(half_close));
        connection
            .send(DataKind::Binary, &[0; 1 << 17], true)
            .unwrap();
        recv(
            &mut connection,
            &frame(Role::Client, 0x89, b""),
            &mut Vec::new(),
        );
        recv(
            &mut connection,
            &frame(Role::Client, 0x89, b"late"),
            &mut Vec::new(),
        );
        recv(
            &mut connection,
            &close_frame(Role::Client, 1000),
            &mut Vec::new(),
        );
        connection.close(&close(0));
        let last = sent(&mut connection).pop();
        assert_eq!(last, Some((0x88, b"\x03\xe8".to_vec())));
    }
}

/// What the peer answers, and whether the application's ping is answered then: §5.5.3 lets it answer the newest alone.
#[test]
fn s5_5_3_a_ping_of_the_application_is_answered_by_its_pong_or_a_later_one() {
    let number = |number: u64| number.to_be_bytes().to_vec();
    for role in ROLES {
        // Keepalive pings before and after ours, the peer's pongs, and whether ours is still unanswered.
        for (before, after, pongs, unanswered) in [
            (0, 0, vec![], true),
            (0, 0, vec![b"ours".to_vec()], false),
            (
                0,
                0,
                vec![b"our".to_vec(), b"ours!".to_vec(), Vec::new(), number(0)],
                true,
            ),
            (1, 0, vec![number(1)], true),
            (1, 1, vec![number(1)], true),
            (1, 1, vec![number(2)], false),
            (0, 1, vec![number(1), b"ours".to_vec()], false),
        ] {
            let keepalive = Keepalive::new(SECOND, 60 * SECOND).unwrap();
            let mut connection = connection(role, ConnectionConfig::new().keepalive(keepalive));
            let mut now = Timestamp::ORIGIN;
            connection.poll_time(now);
            let mut pings = |connection: &mut Connection, count| {
                for _ in 0..count {
                    now = now + SECOND;
                    connection.poll_time(now);
                    let len = connection.outbox().len();
                    connection.outbox().consume(len);
                }
            };
            pings(&mut connection, before);
            assert_eq!(connection.ping(b"ours"), Ok(true));
            assert_eq!(sent(&mut connection), [(0x89, b"ours".to_vec())]);
            pings(&mut connection, after);
            assert_eq!(connection.counters().pings_sent, before + after);
            for pong in &pongs {
                recv(
                    &mut connection,
                    &frame(other(role), 0x8a, pong),
                    &mut Vec::new(),
                );
            }
            let expected = unanswered.then_some(&b"ours"[..]);
            assert_eq!(
                connection.unanswered_ping(),
                expected,
                "{before} {after} {pongs:?}"
            );
        }
    }
}

#[test]
fn a_ping_is_as_long_as_it_may_be_and_has_room_and_an_open_connection() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new());
        assert_eq!(connection.ping(&[0; 126]), Err(PingError::TooLong(126)));
        assert_eq!(connection.unanswered_ping(), None);
        assert_eq!(connection.ping(&[7; 125]), Ok(true));
        assert_eq!(connection.ping(b""), Ok(true), "the newest counts");
        assert_eq!(connection.unanswered_ping(), Some(&b""[..]));
        connection
            .send(DataKind::Binary, &[0; 1 << 17], false)
            .unwrap();
        assert_eq!(connection.ping(b"no room"), Ok(false));
        assert_eq!(connection.unanswered_ping(), Some(&b""[..]));
        let opcodes = sent(&mut connection).into_iter().map(|(first, _)| first);
        assert_eq!(opcodes.collect::<Vec<_>>(), [0x89, 0x89, 0x02]);
        assert_eq!(connection.ping(b"between fragments"), Ok(true));
        connection.close(&Close::new(CloseCode::NORMAL, ""));
        assert_eq!(connection.ping(b"late"), Err(PingError::Closed));
    }
}
