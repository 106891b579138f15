//! Ends that are sockets themselves.

use core::pin::pin;

use super::*;
use crate::pump::relay;

/// A socket that has ended both ways already may say so when it is shut down, as Linux' do: that is the end
/// that was wanted. Anything else is a failure.
#[test]
fn a_plain_end_that_is_not_connected_any_more_has_ended() {
    for (kind, fails) in [
        (ErrorKind::NotConnected, false),
        (ErrorKind::ConnectionReset, true),
    ] {
        let joined = Joined::new(ConnectionConfig::new());
        let relayed = joined.tell(|peers, _| {
            peers.to_target.get().shutdown_error = Some(kind);
            peers.target.get().finish(Ok(()));
            peers.client_closes(1000);
        });
        let failed = relayed.unwrap().b_failed.map(|error| error.kind());
        assert_eq!(failed, fails.then_some(kind));
    }
}

/// As async-std's standard output, and whatever has another thread flush: who asks for a flush that is done
/// begins the next one.
#[test]
fn an_end_that_flushes_anew_whenever_it_is_asked_is_asked_once() {
    let relayed = Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        peers.to_target.get().flush_begins = true;
        for count in 1..=3 {
            peers.client_sends(Opcode::Binary, b"question");
            assert!(settle().is_none());
            peers.client_sends(Opcode::Ping, b"");
            assert!(settle().is_none());
            assert_eq!(peers.to_target.get().flushes, count);
        }
        peers.client_closes(1000);
        assert!(settle().is_none());
        assert!(peers.to_target.get().is_shut_down);
        peers.target.get().finish(Ok(()));
    });
    let relayed = relayed.expect("hangs");
    assert!(relayed.a_failed.is_none() && relayed.b_failed.is_none());
}

/// Half close was not agreed on.
fn foreign() -> Joined {
    Joined::new(ConnectionConfig::new().half_close(false))
}

/// How the client can end that uploads: in a good way, or not.
const ENDS: [Option<u16>; 2] = [Some(1000), None];

fn client_ends(peers: &Peers, code: Option<u16>) {
    match code {
        Some(code) => peers.client_closes(code),
        None => peers.client.get().finish(Ok(())),
    }
}

/// A target that says something while it takes an upload: were its socket dropped meanwhile, that would
/// reset it, and what was on its way would be lost.
#[test]
fn a_slow_target_that_talks_has_everything_before_the_relay_ends() {
    for code in ENDS {
        foreign().tell(|peers, settle| {
            peers.to_target.get().tells_taken = true;
            peers.client_sends(Opcode::Binary, &octets(300_000));
            client_ends(peers, code);
            let mut taken = 0;
            while taken < 300_000 {
                assert!(settle().is_none(), "{code:?}, {taken}");
                peers.clock.advance(secs(50));
                peers.target.get().feed(b"more");
                taken += peers.to_target.get().take_up_to(50_000).len();
            }
            assert_eq!(peers.to_target.get().is_shut_down, code.is_some());
            peers.clock.advance(secs(1));
            if code.is_some() {
                // It was told the end, and may end by itself.
                assert!(settle().is_none());
                peers.clock.advance(secs(2));
            }
            let relayed = settle().expect("hangs");
            assert_eq!(relayed.a_failed.is_some(), code.is_none());
            assert!(relayed.b_failed.is_none());
            assert_eq!((relayed.a_to_b.octets, relayed.b_to_a.octets), (300_000, 0));
            assert_eq!(peers.target.get().octets.len(), 0);
        });
    }
}

/// A target that takes the rest once it has said what it has to: 200,000 octets, through a buffer of 1,000.
/// Our side of it may have room for the upload, or not.
#[test]
fn a_target_that_talks_before_it_listens_has_everything() {
    for code in ENDS {
        for capacity in [10, 1 << 20] {
            foreign().tell(|peers, settle| {
                peers.to_target.get().tells_taken = true;
                peers.to_target.get().capacity = capacity;
                peers.client_sends(Opcode::Binary, &octets(20));
                let mut left: usize = 200_000;
                let mut talk = || {
                    let room = left.min(1000 - peers.target.get().octets.len());
                    peers.target.get().feed(&octets(room));
                    left -= room;
                    left
                };
                talk();
                assert!(settle().is_none());
                client_ends(peers, code);
                assert!(settle().is_none());
                while talk() > 0 {
                    assert!(settle().is_none());
                    assert_eq!(peers.target.get().octets.len(), 0, "{code:?} {capacity}");
                }
                let mut taken = Vec::new();
                for _ in 0..4 {
                    taken.extend(peers.to_target.get().take());
                    peers.clock.advance(secs(1));
                    if let Some(relayed) = settle() {
                        assert_eq!(taken, octets(20));
                        assert_eq!(relayed.a_failed.is_some(), code.is_none());
                        return;
                    }
                }
                panic!("hangs: {code:?} {capacity}");
            });
        }
    }
}

/// That it may be cut short is told, to the owner at least.
#[test]
fn a_target_that_takes_nothing_more_is_a_failure() {
    for code in ENDS {
        foreign().tell(|peers, settle| {
            peers.to_target.get().tells_taken = true;
            peers.client_sends(Opcode::Binary, &octets(1000));
            client_ends(peers, code);
            for taken in [0, 1] {
                peers.to_target.get().take_up_to(taken);
                peers.clock.advance(secs(1));
                for _ in 0..59 {
                    assert!(settle().is_none(), "{code:?}");
                    peers.target.get().feed(b"It may talk.");
                    peers.clock.advance(secs(1));
                }
            }
            peers.clock.advance(secs(2));
            let relayed = settle().expect("hangs");
            assert_eq!(relayed.a_failed.is_some(), code.is_none());
            let expected = code.map_or(ReadFailed, |_| WriteFailed);
            assert_eq!(relayed.a_to_b.ended, expected, "{code:?}");
            assert_eq!(relayed.b_failed.unwrap().kind(), ErrorKind::TimedOut);
        });
    }
}

/// Linux forgets what was not taken.
#[test]
fn a_target_that_is_reset_before_it_has_everything_is_a_failure() {
    foreign().tell(|peers, settle| {
        peers.to_target.get().tells_taken = true;
        peers.client_sends(Opcode::Binary, b"question");
        peers.client_closes(1000);
        assert!(settle().is_none());
        peers.to_target.get().take();
        let reset = Err(ErrorKind::ConnectionReset.into());
        peers.target.get().finish(reset);
        let relayed = settle().expect("hangs");
        let failed = relayed.b_failed.unwrap().kind();
        assert_eq!(failed, ErrorKind::ConnectionReset);
    });
}

/// It may have half closed, and have to read what came before our end.
#[test]
fn a_target_that_has_ended_has_everything_too() {
    foreign().tell(|peers, settle| {
        peers.to_target.get().tells_taken = true;
        peers.target.get().finish(Ok(()));
        peers.client_sends(Opcode::Binary, b"question");
        peers.client_closes(1000);
        assert!(settle().is_none());
        let reads = peers.target.get().reads;
        peers.clock.advance(secs(1));
        assert!(settle().is_none());
        assert_eq!(peers.to_target.get().take(), b"question");
        peers.clock.advance(secs(1));
        let relayed = settle().expect("hangs");
        assert!(relayed.a_failed.is_none() && relayed.b_failed.is_none());
        // Nothing is read past an end.
        assert_eq!(peers.target.get().reads, reads);
    });
}

/// If the program ends before the relay does, what was written so far is no whole.
#[test]
fn sockets_are_aborted_until_they_have_everything() {
    let clock = Clock::default();
    let ((mut a, left), (mut b, right)) = (Pipe::pair(true), Pipe::pair(true));
    let [to_left, to_right] = [&left, &right].map(|far| far.input.clone());
    let task = Task::new();
    let mut relaying = pin!(relay(&mut a, &mut b, secs(60), || clock.sleeper()));
    assert!(relaying.as_mut().poll(&mut task.cx()).is_pending());
    assert!(to_left.get().is_aborted && to_right.get().is_aborted);
    left.output.get().feed(b"all");
    left.output.get().finish(Ok(()));
    assert!(relaying.as_mut().poll(&mut task.cx()).is_pending());
    assert!(to_left.get().is_aborted && !to_right.get().is_aborted);
    right.output.get().finish(Ok(()));
    assert!(relaying.as_mut().poll(&mut task.cx()).is_ready());
    assert!(!to_left.get().is_aborted && !to_right.get().is_aborted);
}
