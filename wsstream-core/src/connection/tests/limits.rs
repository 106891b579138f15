//! The limits of an open connection: how long it may be idle, and how long it may last. In virtual time.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use super::support::*;
use crate::connection::{ClosedBy, Connection, Taken};
use crate::role::Role::{Client, Server};
use crate::{
    Close, CloseCode, ConnectionConfig, DataKind, Keepalive, StreamError, Timeout, Timestamp,
};

const fn at(secs: u64) -> Timestamp {
    Timestamp::from_origin(Duration::from_secs(secs))
}

const IDLE: Timeout = Timeout::Idle(secs(60));
const LIFE: Timeout = Timeout::Life(secs(100));

fn idle() -> ConnectionConfig {
    ConnectionConfig::new().idle_timeout(Some(secs(60)))
}

fn life() -> ConnectionConfig {
    ConnectionConfig::new().max_lifetime(Some(secs(100)))
}

fn told(timeout: Timeout) -> Option<Close> {
    Some(Close::new(CloseCode::GOING_AWAY, &timeout.to_string()))
}

fn ended_by(timeout: Timeout) -> Option<Result<(), StreamError>> {
    Some(Err(StreamError::TimedOut(timeout)))
}

/// When the connection has sent a Close, if something happens each `period` seconds until 200.
fn closes_at(
    config: ConnectionConfig,
    period: u64,
    mut happens: impl FnMut(&mut Connection),
) -> u64 {
    let mut connection = connection(Server, config.half_close(false));
    for now in 0..1000 {
        if now > 0 && now % period == 0 && now <= 200 {
            happens(&mut connection);
        }
        connection.poll_time(at(now));
        connection.outbox().consume(usize::MAX);
        connection.poll_time(at(now));
        if connection.sent_close().is_some() {
            return now;
        }
    }
    panic!("it lasts");
}

fn hears(octet: u8, payload: &'static [u8]) -> impl FnMut(&mut Connection) {
    move |connection| recv(connection, &frame(Client, octet, payload), &mut Vec::new())
}

#[test]
fn only_payload_keeps_a_connection_from_being_idle() {
    let says = |connection: &mut Connection| {
        connection.send(DataKind::Binary, b"a", true).unwrap();
    };
    let pinging = Keepalive::new(secs(7), secs(5)).unwrap();
    let pinging = idle().keepalive(pinging.unanswered(secs(1000)).unwrap());
    assert_eq!(closes_at(idle(), 50, |_| {}), 60);
    assert_eq!(closes_at(idle(), 50, hears(0x82, b"a")), 260);
    assert_eq!(closes_at(idle(), 50, says), 260);
    assert_eq!(closes_at(idle(), 59, says), 59 * 3 + 60);
    assert_eq!(closes_at(idle(), 50, hears(0x82, b"")), 60);
    assert_eq!(closes_at(idle(), 50, hears(0x89, b"?")), 60);
    assert_eq!(closes_at(idle(), 50, hears(0x8a, b"!")), 60);
    assert_eq!(closes_at(pinging, 50, |_| {}), 60);
}

#[test]
fn a_life_ends_whatever_goes_either_way() {
    assert_eq!(closes_at(life(), 1, |_| {}), 100);
    assert_eq!(closes_at(life(), 1, hears(0x82, b"a")), 100);
    // Whichever is first.
    let both = life().idle_timeout(Some(secs(60)));
    assert_eq!(closes_at(both.clone(), 50, |_| {}), 60);
    assert_eq!(closes_at(both.clone(), 30, hears(0x82, b"a")), 100);
    let mut connection = connection(Client, both);
    assert_eq!(connection.poll_time(at(3)), Some(at(63)));
    connection.send(DataKind::Binary, b"a", true).unwrap();
    assert_eq!(connection.poll_time(at(50)), Some(at(103)));
}

#[test]
fn what_is_queued_goes_first_and_the_peer_is_told() {
    for (config, timeout, then) in [(idle(), IDLE, 60), (life(), LIFE, 100)] {
        for role in ROLES {
            let mut connection = connection(role, config.clone());
            connection.send(DataKind::Binary, b"queued", true).unwrap();
            connection.poll_time(at(0));
            connection.poll_time(at(then));
            let frames = sent(&mut connection);
            assert_eq!(frames[0], (0x82, b"queued".to_vec()));
            let (payload, len) = told(timeout).unwrap().payload();
            assert_eq!(frames[1], (0x88, payload[..len].to_vec()));
            // For the writer at once, for the reader once the peer has answered.
            assert!(!connection.can_send());
            assert_eq!(connection.timed_out(), Some(timeout));
            assert_eq!((connection.ending(), connection.is_over()), (None, false));
        }
    }
}

/// Whatever the peer answers: it may have had more to send. What it sent before is delivered.
#[test]
fn no_answer_makes_a_whole_of_it() {
    for role in ROLES {
        for half_close in [true, false] {
            for answer in [Some(1001), Some(1000), Some(0), None] {
                let mut connection = connection(role, idle().half_close(half_close));
                let mut seen = Vec::new();
                connection.poll_time(at(0));
                connection.poll_time(at(60));
                sent(&mut connection);
                recv(
                    &mut connection,
                    &frame(other(role), 0x82, b"late"),
                    &mut seen,
                );
                match answer {
                    Some(code) => recv(&mut connection, &close_frame(other(role), code), &mut seen),
                    None => connection.recv_eof(),
                }
                assert_eq!(data(&seen), b"late");
                assert_eq!(connection.ending(), ended_by(IDLE), "{answer:?}");
                assert_eq!(connection.closed_by(), Some(ClosedBy::Us));
                assert_eq!(connection.given_up(), None);
            }
            // Its own reason is its own.
            let mut connection = connection(role, idle().half_close(half_close));
            connection.poll_time(at(0));
            connection.poll_time(at(60));
            recv(
                &mut connection,
                &close_frame(other(role), 1011),
                &mut Vec::new(),
            );
            let expected = StreamError::Closed(close(1011));
            assert_eq!(connection.ending(), Some(Err(expected)));
        }
    }
}

/// The peer has the close timeout in all, also where half close was agreed on: what it sends meanwhile
/// does not count.
#[test]
fn the_peers_answer_has_its_limit() {
    for half_close in [true, false] {
        let mut connection = connection(Server, life().half_close(half_close));
        connection.poll_time(at(0));
        for now in 100..110 {
            assert!(connection.poll_time(at(now)) > Some(at(now)));
            sent(&mut connection);
            recv(
                &mut connection,
                &frame(Client, 0x82, b"more"),
                &mut Vec::new(),
            );
            connection.poll_time(at(now));
            assert_eq!(connection.ending(), None, "{now}");
        }
        connection.poll_time(at(110));
        assert_eq!(connection.ending(), ended_by(LIFE));
        assert!(connection.is_over() && !connection.wants_time());
        assert_eq!(connection.given_up(), Some(Timeout::Close(secs(10))));
    }
}

/// An agreed half-closed stream is open.
#[test]
fn one_direction_keeps_the_limits() {
    for (config, timeout) in [(idle(), IDLE), (life(), LIFE)] {
        let (Timeout::Idle(limit) | Timeout::Life(limit)) = timeout else {
            panic!();
        };
        for closer in ROLES {
            // At the end whose peer has closed: its answer says that it is cut.
            let mut pair = Pair::new(ConnectionConfig::new(), ConnectionConfig::new());
            pair.end(other(closer)).connection = connection(other(closer), config.clone());
            pair.end(closer).connection.close(&close(1000));
            pair.settle();
            pair.advance(limit);
            pair.settle();
            let cut = &mut pair.end(other(closer)).connection;
            assert_eq!(cut.sent_close(), told(timeout).as_ref());
            assert_eq!(cut.ending(), Some(Ok(())), "the peer had finished");
            assert_eq!(cut.timed_out(), Some(timeout));
            let ending = pair.end(closer).connection.ending();
            let expected = StreamError::Closed(told(timeout).unwrap());
            assert_eq!(ending, Some(Err(expected)));
            // At the end that has closed: it cannot say more than that.
            let mut pair = Pair::new(ConnectionConfig::new(), ConnectionConfig::new());
            pair.end(closer).connection = connection(closer, config.clone());
            pair.end(closer).connection.close(&close(1000));
            pair.settle();
            pair.advance(limit - secs(1));
            assert_eq!(pair.end(closer).connection.ending(), None);
            pair.advance(secs(1));
            let ended = &pair.end(closer).connection;
            assert_eq!(ended.ending(), ended_by(timeout));
            assert_eq!((ended.is_over(), ended.given_up()), (true, Some(timeout)));
        }
    }
}

/// A peer that takes what was sent to it is not idle, however slowly it does.
#[test]
fn what_is_taken_slowly_is_not_idle() {
    let mut connection = connection(Server, idle());
    connection.send(DataKind::Binary, &[0; 500], true).unwrap();
    connection.poll_time(at(0));
    sent(&mut connection);
    let mut taken = |octets, now| {
        let all = octets == 504;
        connection.poll_time_with(at(now), || Some(Taken { octets, all }));
        connection.sent_close().is_some()
    };
    for step in 0..10 {
        assert!(!taken(step, 30 + step * 50), "{step}");
    }
    // It has all since 500, as was seen at 510.
    assert!(!taken(504, 480) && !taken(504, 539));
    assert!(taken(504, 540));
}

/// The same where the socket cannot tell, and has not taken all yet.
#[test]
fn what_a_socket_takes_slowly_is_not_idle() {
    let mut connection = connection(Server, idle());
    connection.send(DataKind::Binary, &[0; 500], true).unwrap();
    for step in 0..10 {
        connection.outbox().consume(1);
        connection.poll_time(at(step * 50));
        assert_eq!(connection.sent_close(), None, "{step}");
    }
    connection.poll_time(at(450 + 60));
    assert!(connection.sent_close().is_some());
}

#[test]
fn limits_of_nothing_end_at_once_and_do_not_spin() {
    let nothing = ConnectionConfig::new().idle_timeout(Some(Duration::ZERO));
    for config in [nothing.clone(), nothing.max_lifetime(Some(Duration::ZERO))] {
        let mut connection = connection(Client, config);
        assert!(connection.poll_time(at(5)) > Some(at(5)));
        assert!(connection.sent_close().is_some());
        assert_eq!(connection.poll_time(at(3600)), None);
        assert!(connection.is_over() && !connection.wants_time());
    }
}
