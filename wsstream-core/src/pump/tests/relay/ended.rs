//! How each direction ended, as the relay tells it.

use super::*;
use crate::handshake::Agreed;
use crate::pump::engine::Pump;
use crate::pump::recv_buffer::RecvBuffer;
use crate::pump::wire::Wire;
use crate::pump::{AutoFlush, Permits, Phase};

/// The reply of a peer that does not half close is waited for, and then the end of the target is told.
#[test]
fn a_reply_is_waited_for_with_patience_that_ends() {
    for patience in [60, 5] {
        let mut joined = Joined::new(ConnectionConfig::new().half_close(false));
        joined.patience = secs(patience);
        let mut result = None;
        let relayed = joined.tell(|peers, settle| {
            peers.target.get().feed(b"question");
            peers.target.get().finish(Ok(()));
            assert!(settle().is_none());
            // More of the reply is more time.
            for _ in 0..3 {
                peers.clock.advance(secs(patience - 1));
                assert!(settle().is_none());
                peers.client_sends(Opcode::Binary, b"reply");
                assert!(settle().is_none());
            }
            assert_eq!(peers.client_finds(), [data(b"question")]);
            peers.clock.advance(secs(patience));
            assert!(settle().is_none());
            assert_eq!(peers.client_finds(), [closed(1000)]);
            peers.client_closes(1000);
            let relayed = settle();
            let to_target = peers.to_target.get();
            assert!(to_target.is_aborted && !to_target.is_shut_down);
            result = relayed;
        });
        assert!(relayed.is_none());
        let relayed = result.expect("hangs");
        assert_eq!(carried(&relayed), [(15, PatienceOver), (8, Complete)]);
        assert!(relayed.b_failed.is_none());
        let error = relayed.into_result().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}

/// The listener that the stream came from has shut down, and its time is over.
#[test]
fn an_end_that_is_cut_off_interrupts_what_is_under_way() {
    let permits = Permits::new();
    let mut joined = Joined::new(ConnectionConfig::new());
    let (client, near) = Pipe::pair(true);
    let mut wire = Wire::new(near, joined.clock.sleeper());
    wire.set_permit(permits.issue());
    let connection = connection(Role::Server, ConnectionConfig::new());
    let agreed = Agreed::default();
    let received = RecvBuffer::default();
    joined.stream = Stream::resume(
        Pump::new(wire, connection, received),
        Encoding::Binary,
        agreed,
        None,
    );
    joined.client = client;
    let relayed = joined.tell(|peers, settle| {
        peers.to_target.get().capacity = 5;
        peers.client_sends(Opcode::Binary, b"question");
        assert!(settle().is_none());
        permits.enter(Phase::Over);
    });
    let relayed = relayed.expect("hangs");
    assert_eq!(carried(&relayed), [(5, Interrupted), (0, WriteFailed)]);
    assert!(relayed.a_failed.is_some() && relayed.b_failed.is_none());
}

/// It may be a socket that counts in a listener and is no WebSocket. Neither is the other end waited for, which takes
/// nothing, nor is it told that this was all.
#[test]
fn a_socket_that_is_cut_off_ends_the_relay_at_once() {
    for is_blocked in [false, true] {
        let (permits, clock, task) = (Permits::new(), Clock::default(), Task::new());
        let ((near, client), (far, target)) = (Pipe::pair(true), Pipe::pair(true));
        {
            let mut line = target.input.get();
            line.tells_taken = true;
            line.capacity = if is_blocked { 3 } else { 1000 };
        }
        let mut counted = AutoFlush::new(near);
        counted.set_permit(permits.issue());
        let mut a = SocketEnd::new(counted, clock.sleeper());
        let mut b = SocketEnd::new(far, clock.sleeper());
        let mut relay = Relay::new(&mut a, &mut b, clock.sleeper());
        client.output.get().feed(b"question");
        while task.is_woken() {
            assert!(Pin::new(&mut relay).poll(&mut task.cx()).is_pending());
        }
        permits.enter(Phase::Over);
        assert!(task.is_woken());
        let relayed = ready(Pin::new(&mut relay).poll(&mut task.cx()));
        assert!(relayed.a_failed.is_some() && relayed.b_failed.is_none());
        assert!(target.input.get().is_aborted);
    }
}
