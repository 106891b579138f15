//! Ends that are transports themselves.

use super::*;

/// A socket that has ended both ways already may say so when it is shut down, as Linux' do: that is the end
/// that was wanted. Anything else is a failure.
#[test]
fn a_plain_end_that_is_not_connected_any_more_has_ended() {
    for (kind, fails) in [
        (ErrorKind::NotConnected, false),
        (ErrorKind::ConnectionReset, true),
    ] {
        let joined = Joined::new(Config::new());
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
    let relayed = Joined::new(Config::new()).tell(|peers, settle| {
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
