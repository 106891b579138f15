//! Keepalive and the close timeouts, in virtual time.

use alloc::vec::Vec;
use core::time::Duration;

use super::support::*;
use crate::connection::{Connection, Taken};
use crate::role::Role;
use crate::role::Role::{Client, Server};
use crate::{ConnectionConfig, DataKind, Keepalive, StreamError, Timeout, Timestamp};

/// A ping after 30 seconds of silence, the end after 10 more: nobody can tell what these peers take.
fn keepalive() -> ConnectionConfig {
    let keepalive = Keepalive::new(secs(30), secs(5)).unwrap();
    ConnectionConfig::new().keepalive(keepalive.unanswered(secs(10)).unwrap())
}

const fn at(secs: u64) -> Timestamp {
    Timestamp::from_origin(Duration::from_secs(secs))
}

/// A pair of which only this end asks the other whether it lives.
fn asking(role: Role) -> Pair {
    match role {
        Client => Pair::new(keepalive(), ConnectionConfig::new()),
        Server => Pair::new(ConnectionConfig::new(), keepalive()),
    }
}

const DEAD: Option<Result<(), StreamError>> =
    Some(Err(StreamError::TimedOut(Timeout::Keepalive(secs(10)))));
const NEVER_CLOSED: Option<Result<(), StreamError>> =
    Some(Err(StreamError::TimedOut(Timeout::Close(secs(10)))));

#[test]
fn without_deadlines_nobody_asks_for_the_time() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new());
        assert!(!connection.wants_time());
        connection.send(DataKind::Binary, b"a", true).unwrap();
        recv(
            &mut connection,
            &frame(other(role), 0x82, b"b"),
            &mut Vec::new(),
        );
        recv(
            &mut connection,
            &frame(other(role), 0x89, b""),
            &mut Vec::new(),
        );
        assert!(!connection.wants_time());
        assert_eq!(connection.poll_time(at(0)), None);
        connection.close(&close(1000));
        assert!(connection.wants_time());
        recv(
            &mut connection,
            &close_frame(other(role), 1000),
            &mut Vec::new(),
        );
        sent(&mut connection);
        connection.poll_time(at(1));
        assert_eq!(connection.wants_time(), role == Client);
        connection.recv_eof();
        assert!(!connection.wants_time());
    }
}

#[test]
fn s5_5_2_silence_is_asked_and_then_given_up() {
    for role in ROLES {
        let mut pair = asking(role);
        pair.advance(secs(29));
        assert_eq!(pair.end(role).connection.counters().pings_sent, 0);
        pair.advance(secs(1));
        assert_eq!(pair.end(role).connection.counters().pings_sent, 1);
        assert_eq!(
            frames(&pair.end(role).wire),
            [(0x89, 1u64.to_be_bytes().to_vec())]
        );
        // The transport has taken the ping: that is no sign of life.
        pair.advance(secs(9));
        assert_eq!(pair.end(role).connection.ending(), None);
        pair.advance(secs(1));
        assert_eq!(pair.end(role).connection.ending(), DEAD);
        assert!(pair.end(role).connection.is_over());
        assert!(
            pair.end(role)
                .connection
                .send(DataKind::Binary, b"a", true)
                .is_err()
        );
    }
}

/// Its time counts from when it has left.
#[test]
fn a_ping_that_the_transport_takes_octet_by_octet_is_no_sign_of_life_either() {
    let mut connection = connection(Client, keepalive());
    connection.poll_time(at(0));
    assert_eq!(connection.poll_time(at(30)), Some(at(40)));
    let mut now = 30;
    while !connection.outbox().is_empty() {
        connection.outbox().consume(1);
        now += 1;
        assert_eq!(connection.poll_time(at(now)), Some(at(now + 10)));
    }
    assert_eq!(connection.poll_time(at(now + 9)), Some(at(now + 10)));
    connection.poll_time(at(now + 10));
    assert_eq!(connection.ending(), DEAD);
}

#[test]
fn a_pong_is_life_and_tells_the_round_trip_time() {
    let mut pair = asking(Client);
    pair.advance(secs(32));
    assert!(pair.deliver(Client, usize::MAX));
    assert!(pair.deliver(Server, usize::MAX));
    pair.advance(secs(1));
    assert_eq!(pair.client.connection.rtt(), Some(secs(2)));
    assert_eq!(pair.client.seen, [pong(&1u64.to_be_bytes())]);
    pair.advance(secs(28));
    assert_eq!(pair.client.connection.counters().pings_sent, 1);
    pair.advance(secs(1));
    assert_eq!(pair.client.connection.counters().pings_sent, 2);
}

#[test]
fn a_pong_nobody_asked_for_tells_no_time() {
    let mut connection = connection(Client, keepalive());
    connection.poll_time(at(0));
    for number in [0u64, 1, 2] {
        recv(
            &mut connection,
            &frame(Server, 0x8a, &number.to_be_bytes()),
            &mut Vec::new(),
        );
    }
    connection.poll_time(at(1));
    assert_eq!(connection.rtt(), None);
}

#[test]
fn any_octet_in_or_out_is_life() {
    // One octet of one huge frame every 39 seconds; one of ours every 9.
    let mut receiving = connection(Client, keepalive());
    receiving.poll_time(at(0));
    recv(
        &mut receiving,
        b"\x82\x7f\x7f\0\0\0\0\0\0\0",
        &mut Vec::new(),
    );
    let mut sending = connection(Client, keepalive());
    sending.poll_time(at(0));
    sending.send(DataKind::Binary, &[0; 1000], true).unwrap();
    for now in (0..3900).step_by(39) {
        recv(&mut receiving, b"x", &mut Vec::new());
        for late in 0..39 {
            receiving.poll_time(at(now + late));
            receiving.outbox().consume(usize::MAX);
            if (now + late) % 9 == 0 {
                sending.outbox().consume(1);
            }
            sending.poll_time(at(now + late));
        }
        assert_eq!((receiving.ending(), sending.ending()), (None, None));
    }
}

#[test]
fn pings_do_not_pile_up_in_an_outbox_that_nobody_takes() {
    let mut connection = connection(Server, keepalive());
    connection
        .send(DataKind::Binary, &[0; 1 << 17], true)
        .unwrap();
    for now in 0..4000 {
        connection.poll_time(at(now));
        if now % 35 == 34 {
            recv(&mut connection, &frame(Client, 0x8a, b""), &mut Vec::new());
        }
    }
    assert_eq!(connection.ending(), None);
    assert!(connection.outbox().len() <= Connection::OUTBOX_LEN);
    assert_eq!(connection.counters().pings_sent, 1);
    assert_eq!(sent(&mut connection).len(), 2);
}

#[test]
fn a_reader_that_holds_the_peer_up_does_not_hold_it_against_it() {
    let mut connection = connection(Client, keepalive());
    for now in 0..1000 {
        connection.stalled();
        connection.poll_time(at(now));
    }
    assert_eq!(
        (connection.ending(), connection.counters().pings_sent),
        (None, 0)
    );
}

/// §5.5.2: where half close was agreed on it goes on until both have closed, at both ends.
#[test]
fn keepalive_goes_on_under_half_close() {
    for closer in ROLES {
        let mut pair = Pair::new(keepalive(), keepalive());
        pair.end(closer).connection.close(&close(1000));
        pair.settle();
        for asked in 1..=100 {
            pair.advance(secs(30));
            for role in ROLES {
                let connection = &pair.end(role).connection;
                assert_eq!(connection.counters().pings_sent, asked);
                assert_eq!(connection.counters().pings_received, asked - 1);
            }
            pair.settle();
        }
        let answerer = other(closer);
        let reply = pair
            .end(answerer)
            .connection
            .send(DataKind::Binary, b"late", true);
        assert_eq!(reply, Ok(4));
        pair.end(answerer).connection.close(&close(1000));
        pair.settle();
        assert_eq!(pair.end(closer).data(), b"late");
        assert_eq!(pair.end(closer).connection.ending(), Some(Ok(())));
        // A peer that is gone in the meantime is found out, by either end.
        let mut pair = Pair::new(keepalive(), keepalive());
        pair.end(closer).connection.close(&close(1000));
        pair.settle();
        pair.advance(secs(40));
        assert_eq!(pair.end(closer).connection.ending(), DEAD);
        let left = &mut pair.end(answerer).connection;
        assert_eq!(left.given_up(), Some(Timeout::Keepalive(secs(10))));
        assert!(left.send(DataKind::Binary, b"late", true).is_err());
    }
}

#[test]
fn s7_1_1_the_peers_close_is_waited_for() {
    for role in ROLES {
        let config = ConnectionConfig::new().half_close(false);
        let mut pair = Pair::new(config.clone(), config);
        pair.end(role).connection.close(&close(1000));
        pair.advance(secs(9));
        assert_eq!(pair.end(role).connection.ending(), None);
        // Data buys time, as long as somebody reads it; a ping does not.
        let (end, _) = pair.ends(role);
        let data = frame(other(role), 0x02, b"a");
        recv(&mut end.connection, &data, &mut end.seen);
        pair.advance(secs(5));
        let (end, _) = pair.ends(role);
        let ping = frame(other(role), 0x89, b"?");
        recv(&mut end.connection, &ping, &mut end.seen);
        pair.advance(secs(4));
        assert_eq!(pair.end(role).connection.ending(), None);
        pair.advance(secs(1));
        assert_eq!(pair.end(role).connection.ending(), NEVER_CLOSED);
        assert!(pair.end(role).connection.is_over());
    }
}

/// Where half close was agreed on, a late reply is a reply.
#[test]
fn s5_5_1_an_agreed_half_close_lasts_for_any_time() {
    for role in ROLES {
        let mut pair = Pair::new(ConnectionConfig::new(), ConnectionConfig::new());
        pair.end(role).connection.close(&close(1000));
        pair.settle();
        pair.advance(secs(100_000));
        for role in ROLES {
            assert!(!pair.end(role).connection.is_over());
        }
        let late = &mut pair.end(other(role)).connection;
        assert_eq!(late.send(DataKind::Binary, b"late", true), Ok(4));
        late.close(&close(1000));
        pair.settle();
        assert_eq!(pair.end(role).data(), b"late");
        assert_eq!(pair.end(role).connection.ending(), Some(Ok(())));
    }
}

/// Discarding what comes lasts for the limit in all, once the peer has taken what was sent to it.
#[cfg(feature = "std")]
#[test]
fn closing_has_an_end_whatever_the_peer_says() {
    for half_close in [true, false] {
        let mut connection = connection(Server, ConnectionConfig::new().half_close(half_close));
        connection.send(DataKind::Binary, &[0; 500], true).unwrap();
        connection.close(&close(1000));
        connection.discard_input();
        let mut untaken = 500;
        for now in 0..100 {
            sent(&mut connection);
            let ping = frame(
                Client,
                if now % 2 == 0 { 0x89 } else { 0x82 },
                b"and another",
            );
            recv(&mut connection, &ping, &mut Vec::new());
            untaken -= 5;
            let taken = Taken {
                octets: 500 - untaken,
                all: untaken == 0,
            };
            connection.poll_time_with(at(now), || Some(taken));
            assert_eq!(connection.ending(), None);
        }
        // The last pong is sent, and all is taken.
        let all = || {
            Some(Taken {
                octets: 9999,
                all: true,
            })
        };
        for now in 100..109 {
            let ping = frame(Client, 0x89, b"and another");
            recv(&mut connection, &ping, &mut Vec::new());
            sent(&mut connection);
            connection.poll_time_with(at(now), all);
            assert_eq!(connection.ending(), None, "{now}");
        }
        connection.poll_time_with(at(109), all);
        assert_eq!(connection.ending(), NEVER_CLOSED);
    }
}

#[test]
fn s7_1_1_a_client_waits_for_the_end_of_the_transport_but_not_forever() {
    let mut connection = connection(Client, ConnectionConfig::new());
    connection.close(&close(1000));
    recv(&mut connection, &close_frame(Server, 1000), &mut Vec::new());
    sent(&mut connection);
    connection.poll_time(at(0));
    for now in 1..10 {
        recv(&mut connection, b"ignored", &mut Vec::new());
        assert_eq!(
            connection.poll_time(at(now)),
            Some(at(10)),
            "what comes now buys no time"
        );
    }
    assert!(!connection.is_over());
    assert_eq!(connection.poll_time(at(10)), None);
    assert!(connection.is_over());
    assert_eq!(connection.ending(), Some(Ok(())));
}

#[test]
fn what_drains_slowly_to_a_peer_that_has_closed_is_not_cut_off() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new());
        recv(
            &mut connection,
            &close_frame(other(role), 1000),
            &mut Vec::new(),
        );
        connection.send(DataKind::Binary, &[0; 500], true).unwrap();
        connection.close(&close(1000));
        let mut now = 0;
        connection.poll_time(at(now));
        while !connection.outbox().is_empty() {
            connection.outbox().consume(1);
            now += 59;
            connection.poll_time(at(now));
        }
        assert!(connection.counters().sent > 500);
        assert_eq!(connection.is_over(), role == Server);
    }
}

#[test]
fn what_a_peer_that_has_closed_does_not_take_is_thrown_away_and_that_is_told() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new());
        recv(
            &mut connection,
            &close_frame(other(role), 1000),
            &mut Vec::new(),
        );
        connection.send(DataKind::Binary, &[0; 500], true).unwrap();
        connection.close(&close(1000));
        connection.poll_time(at(0));
        connection.poll_time(at(59));
        assert!(!connection.outbox().is_empty() && !connection.output_lost());
        connection.poll_time(at(60));
        assert!(connection.outbox().is_empty() && connection.output_lost());
        assert!(connection.is_over() && !connection.wants_time());
        assert_eq!(connection.ending(), Some(Ok(())));
    }
}

#[test]
fn timeouts_of_nothing_end_at_once_and_do_not_spin() {
    let config = ConnectionConfig::new()
        .close_timeout(Duration::ZERO)
        .progress_timeout(Duration::ZERO);
    let mut connection = connection(Client, config.half_close(false));
    connection.close(&close(1000));
    assert_eq!(connection.poll_time(at(5)), None);
    let timeout = Timeout::Progress(Duration::ZERO);
    let expected = Some(Err(StreamError::TimedOut(timeout)));
    assert_eq!(connection.ending(), expected);
}

#[test]
fn keepalive_without_a_pause_is_refused() {
    for keepalive in [
        Keepalive::new(Duration::ZERO, secs(1)),
        Keepalive::new(secs(1), Duration::ZERO),
        Keepalive::default().unanswered(Duration::ZERO),
    ] {
        let error = std::io::Error::from(keepalive.unwrap_err());
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
}

#[test]
fn who_is_asked_rarely_gives_the_peer_its_whole_time() {
    let mut connection = connection(Client, keepalive());
    connection.poll_time(at(0));
    // An hour later: a ping first, whatever was missed.
    assert_eq!(connection.poll_time(at(3600)), Some(at(3610)));
    // What has come in the meantime is told before the time is.
    recv(&mut connection, &frame(Server, 0x8a, b""), &mut Vec::new());
    assert_eq!(connection.poll_time(at(7200)), Some(at(7230)));
}

/// An end that has closed reads on for minutes, and then answers a ping: the pong is not late before it has left.
#[test]
fn what_is_said_after_long_has_its_own_time() {
    let mut connection = connection(Client, ConnectionConfig::new()).with_half_close();
    connection.close(&close(1000));
    sent(&mut connection);
    let taken = |all| move || Some(Taken { octets: 9, all });
    connection.poll_time_with(at(0), taken(true));
    recv(
        &mut connection,
        &frame(Server, 0x89, b"alive?"),
        &mut Vec::new(),
    );
    sent(&mut connection);
    connection.poll_time_with(at(100), taken(false));
    connection.poll_time_with(at(159), taken(false));
    assert_eq!(connection.ending(), None);
    connection.poll_time_with(at(160), taken(false));
    let timeout = Timeout::Progress(secs(60));
    assert_eq!(
        connection.ending(),
        Some(Err(StreamError::TimedOut(timeout)))
    );
}
