//! Ends that fail, and what the other one gets.

use super::*;

#[test]
fn a_failure_of_the_target_is_told_with_1011() {
    let relayed = Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        peers.target.get().feed(b"last");
        peers
            .target
            .get()
            .finish(Err(ErrorKind::ConnectionReset.into()));
        assert!(settle().is_none());
        let found = peers.client_finds();
        assert_eq!(found[0], data(b"last"));
        assert_eq!(found[1].1[..2], 1011_u16.to_be_bytes());
        peers.client_closes(1011);
    });
    let relayed = relayed.expect("hangs");
    assert_eq!(carried(&relayed), [(0, Interrupted), (4, ReadFailed)]);
    assert_eq!(relayed.b_failed.unwrap().kind(), ErrorKind::ConnectionReset);
    assert!(relayed.a_failed.is_none());
}

#[test]
fn a_client_that_is_gone_ends_the_relay() {
    for code in [None, Some(1001)] {
        let relayed = Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
            peers.client_sends(Opcode::Binary, b"last");
            match code {
                Some(code) => peers.client_closes(code),
                None => peers.client.get().finish(Ok(())),
            }
            let relayed = settle().expect("hangs");
            assert_eq!(peers.to_target.get().take(), b"last");
            let to_target = peers.to_target.get();
            assert!(!to_target.is_shut_down && to_target.is_aborted);
            drop(to_target);
            let expected = match code {
                Some(_) => ErrorKind::ConnectionAborted,
                None => ErrorKind::UnexpectedEof,
            };
            assert_eq!(carried(&relayed), [(4, ReadFailed), (0, Interrupted)]);
            assert_eq!(relayed.a_failed.unwrap().kind(), expected);
        });
        assert!(relayed.is_none());
    }
}

/// The client has closed both directions, and the target says something afterwards.
#[test]
fn what_a_target_says_too_late_is_a_failure() {
    let relayed = Joined::new(ConnectionConfig::new().half_close(false)).tell(|peers, settle| {
        peers.target.get().feed(b"reply");
        peers.client_closes(1000);
        assert!(settle().is_none());
        assert_eq!(peers.client_finds(), [closed(1000)]);
        peers.clock.advance(secs(2));
        let relayed = settle().expect("hangs");
        assert_eq!(carried(&relayed), [(0, Complete), (0, WriteFailed)]);
        assert_eq!(relayed.a_failed.unwrap().kind(), ErrorKind::BrokenPipe);
    });
    assert!(relayed.is_none());
}

#[test]
fn a_failure_to_write_lets_the_other_direction_finish() {
    let relayed = Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        let broken = WriteEnd::Error(ErrorKind::BrokenPipe);
        peers.to_target.get().write_end = Some((3, broken));
        peers.client_sends(Opcode::Binary, b"question");
        assert!(settle().is_none());
        peers.target.get().feed(b"reply");
        assert!(settle().is_none());
        assert_eq!(peers.client_finds(), [data(b"reply")]);
        peers.target.get().finish(Ok(()));
        assert!(settle().is_none());
        // What the client sent did not arrive, and it is told.
        let found = peers.client_finds();
        assert_eq!(found[0].0, Opcode::Close);
        peers.client_closes(1000);
    });
    let relayed = relayed.expect("hangs");
    assert_eq!(carried(&relayed), [(3, WriteFailed), (5, Complete)]);
    assert_eq!(relayed.b_failed.unwrap().kind(), ErrorKind::BrokenPipe);
}

/// A client may listen only once it has said everything: what the target does not take is not left to it.
#[test]
fn what_nobody_takes_does_not_block_who_says_it() {
    Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        let broken = WriteEnd::Error(ErrorKind::BrokenPipe);
        peers.to_target.get().write_end = Some((3, broken));
        for _ in 0..100 {
            peers.client_sends(Opcode::Binary, &octets(10_000));
        }
        assert!(settle().is_none());
        assert_eq!(peers.client.get().octets.len(), 0);
        peers.target.get().feed(b"reply");
        assert!(settle().is_none());
        assert_eq!(peers.client_finds(), [data(b"reply")]);
    });
}

/// What came before a failure is handed on before anybody is told of it: a reset would take it away.
#[test]
fn a_failure_is_told_when_the_other_end_has_all_that_came_before() {
    for code in [Some(1001), Some(1012), Some(4001), None] {
        Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
            peers.to_target.get().tells_taken = true;
            peers.client_sends(Opcode::Binary, &octets(300_000));
            match code {
                Some(code) => peers.client_closes(code),
                None => peers.client.get().finish(Ok(())),
            }
            let mut taken = 0;
            while taken < 300_000 {
                assert!(settle().is_none());
                assert!(!peers.to_target.get().is_aborted);
                peers.clock.advance(secs(50));
                taken += peers.to_target.get().take_up_to(50_000).len();
            }
            peers.clock.advance(secs(1));
            let relayed = settle().expect("hangs");
            assert!(relayed.a_failed.is_some());
            assert_eq!(relayed.a_to_b.octets, 300_000);
            assert_eq!(relayed.a_to_b.ended, ReadFailed);
            assert!(peers.to_target.get().is_aborted);
        });
    }
}

/// The client goes while the target's octets wait for it.
#[test]
fn a_client_that_goes_while_it_takes_nothing_ends_the_relay() {
    let relayed = Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        peers.to_client.get().capacity = 10;
        peers.target.get().feed(&octets(500_000));
        assert!(settle().is_none());
        peers
            .client
            .get()
            .finish(Err(ErrorKind::ConnectionReset.into()));
        let written = peers.to_client.get().written;
        peers.to_client.get().write_end = Some((written, WriteEnd::Error(ErrorKind::BrokenPipe)));
        peers.to_client.get().unblock(usize::MAX);
    });
    assert!(relayed.expect("hangs").a_failed.is_some());
}

/// Octets under way are lost with the relay, which does not pass for a good end.
#[test]
fn a_relay_that_is_dropped_with_octets_under_way_ends_as_a_failure() {
    let clock = Clock::default();
    let (a, left) = Pipe::pair(false);
    let (b, right) = Pipe::pair(true);
    left.output.get().feed(&octets(200_000));
    right.input.get().capacity = 10;
    let (mut a, mut b) = (
        SocketEnd::new(a, clock.sleeper()),
        stream(
            b,
            clock.sleeper(),
            Role::Server,
            Encoding::Binary,
            ConnectionConfig::new(),
        ),
    );
    let task = Task::new();
    let mut relay = Relay::new(&mut a, &mut b, clock.sleeper());
    assert!(Pin::new(&mut relay).poll(&mut task.cx()).is_pending());
    drop(relay);
    let close = b.connection().sent_close().unwrap();
    assert_eq!(close.code().unwrap().get(), 1001);
}
