//! Keepalive and the close timeouts, in virtual time.

use alloc::vec::Vec;
use core::time::Duration;

use super::support::*;
use crate::connection::Role::{Client, Server};
use crate::connection::{Connection, Role};
use crate::{Config, DataKind, Keepalive, StreamError, Timeout, Timestamp};

/// A ping after 30 seconds of silence, the end after 10 more.
fn keepalive() -> Config {
    Config::new().keepalive(Keepalive::new(secs(30), secs(10)))
}

const fn at(secs: u64) -> Timestamp {
    Timestamp::from_origin(Duration::from_secs(secs))
}

/// A pair of which only this end asks the other whether it lives.
fn asking(role: Role) -> Pair {
    match role {
        Client => Pair::new(keepalive(), Config::new()),
        Server => Pair::new(Config::new(), keepalive()),
    }
}

const DEAD: Option<Result<(), StreamError>> = Some(Err(StreamError::TimedOut(Timeout::Keepalive)));
const NEVER_CLOSED: Option<Result<(), StreamError>> =
    Some(Err(StreamError::TimedOut(Timeout::Close)));

#[test]
fn without_deadlines_nobody_asks_for_the_time() {
    for role in ROLES {
        let mut connection = connection(role, Config::new());
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

#[test]
fn a_ping_that_the_transport_takes_octet_by_octet_is_no_sign_of_life_either() {
    let mut connection = connection(Client, keepalive());
    connection.poll_time(at(0));
    assert_eq!(connection.poll_time(at(30)), Some(at(40)));
    for now in 31..40 {
        connection.outbox().consume(1);
        assert_eq!(connection.poll_time(at(now)), Some(at(40)));
    }
    connection.poll_time(at(40));
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
    // One octet of one huge frame every 39 seconds.
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
        sending.outbox().consume(1);
        for late in 0..39 {
            receiving.poll_time(at(now + late));
            receiving.outbox().consume(usize::MAX);
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

#[test]
fn no_keepalive_after_a_close() {
    for closer in ROLES {
        let mut pair = Pair::new(
            keepalive().close_timeout(secs(1000)),
            keepalive().close_timeout(secs(1000)),
        );
        pair.end(closer).connection.close(&close(1000));
        pair.deliver(closer, usize::MAX);
        pair.advance(secs(900));
        for role in ROLES {
            assert_eq!(pair.end(role).connection.counters().pings_sent, 0);
            assert!(!pair.end(role).connection.is_over());
        }
    }
}

#[test]
fn s7_1_1_the_peers_close_is_waited_for() {
    // The peer may take a close timeout of its own to answer, if it can be half closed too.
    for (half_close, patience) in [(true, 20), (false, 10)] {
        for role in ROLES {
            let config = Config::new().half_close(half_close);
            let mut pair = Pair::new(config.clone(), config);
            pair.end(role).connection.close(&close(1000));
            pair.advance(secs(patience - 1));
            assert_eq!(pair.end(role).connection.ending(), None);
            // An octet buys time.
            let (end, _) = pair.ends(role);
            recv(
                &mut end.connection,
                &frame(other(role), 0x82, b"a")[..1],
                &mut end.seen,
            );
            pair.advance(secs(patience - 1));
            assert_eq!(pair.end(role).connection.ending(), None);
            pair.advance(secs(1));
            assert_eq!(pair.end(role).connection.ending(), NEVER_CLOSED);
            assert!(pair.end(role).connection.is_over());
        }
    }
}

#[test]
fn s7_1_1_a_client_waits_for_the_end_of_the_transport_but_not_forever() {
    let mut connection = connection(Client, Config::new());
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
fn a_delayed_answer_waits_for_output_to_stop_whatever_comes_in() {
    for role in ROLES {
        let mut connection = connection(role, Config::new());
        recv(
            &mut connection,
            &close_frame(other(role), 1000),
            &mut Vec::new(),
        );
        connection.poll_time(at(0));
        for now in 1..=30 {
            connection.send(DataKind::Binary, b"a", true).unwrap();
            sent(&mut connection);
            assert_eq!(connection.poll_time(at(now)), Some(at(now + 10)));
        }
        for now in 31..40 {
            recv(&mut connection, b"ignored", &mut Vec::new());
            assert_eq!(connection.poll_time(at(now)), Some(at(40)));
            assert!(connection.can_send());
        }
        connection.poll_time(at(40));
        assert!(connection.send(DataKind::Binary, b"a", true).is_err());
        assert_eq!(sent(&mut connection), [(0x88, b"\x03\xe8".to_vec())]);
    }
}

#[test]
fn what_drains_slowly_to_a_peer_that_has_closed_is_not_cut_off() {
    for role in ROLES {
        let mut connection = connection(role, Config::new());
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
            now += 9;
            connection.poll_time(at(now));
        }
        assert!(connection.counters().sent > 500);
        assert_eq!(connection.is_over(), role == Server);
    }
}

#[test]
fn what_a_peer_that_has_closed_does_not_take_is_thrown_away_and_that_is_told() {
    for role in ROLES {
        let mut connection = connection(role, Config::new());
        recv(
            &mut connection,
            &close_frame(other(role), 1000),
            &mut Vec::new(),
        );
        connection.send(DataKind::Binary, &[0; 500], true).unwrap();
        connection.close(&close(1000));
        connection.poll_time(at(0));
        connection.poll_time(at(9));
        assert!(!connection.outbox().is_empty() && !connection.output_lost());
        connection.poll_time(at(10));
        assert!(connection.outbox().is_empty() && connection.output_lost());
        assert!(connection.is_over() && !connection.wants_time());
        assert_eq!(connection.ending(), Some(Ok(())));
    }
}

#[test]
fn timeouts_of_nothing_end_at_once_and_do_not_spin() {
    let zero = Keepalive::new(Duration::ZERO, Duration::ZERO);
    let config = Config::new().close_timeout(Duration::ZERO).keepalive(zero);
    let mut connection = connection(Client, config);
    assert_eq!(connection.poll_time(at(5)), None);
    assert_eq!(connection.ending(), DEAD);
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
