//! Ends whose peer is waited for.

use core::task::Context;

use super::*;
use crate::CloseCode;
use crate::pump::Socket;

/// An end that cannot half close, and holds octets back.
struct Holding {
    pipe: Pipe,
    held: Vec<u8>,
}

impl RelayEnd for Holding {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.pipe.poll_read(cx, buf)
    }

    fn poll_write(&mut self, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.held.extend(data);
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe.output.get().feed(&self.held);
        self.held.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe.poll_shutdown(cx)
    }

    fn poll_drive(&mut self, _: &mut Context<'_>) {}

    fn half_closes(&mut self) -> bool {
        false
    }

    fn is_closed(&mut self) -> bool {
        false
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: CloseCode) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Its end waits for what its peer has still to say; the octets before it do not.
#[test]
fn an_end_that_waits_for_its_reply_holds_no_octets_back() {
    let clock = Clock::default();
    let (pipe, client) = Pipe::pair(true);
    let (plain, target) = Pipe::pair(true);
    let held = Vec::new();
    let (mut a, mut b) = (
        Holding { pipe, held },
        SocketEnd::new(plain, clock.sleeper()),
    );
    target.output.get().feed(b"question");
    target.output.get().finish(Ok(()));
    let task = Task::new();
    let mut relay = Relay::new(&mut a, &mut b, clock.sleeper());
    assert!(Pin::new(&mut relay).poll(&mut task.cx()).is_pending());
    assert_eq!(client.input.get().take(), b"question");
    assert!(!client.input.get().is_shut_down);
}

/// Half closed, and given up while the target has nothing to say: it may have had something for who is lost.
#[test]
fn a_half_closed_client_that_is_lost_is_a_failure_though_the_target_is_silent() {
    let keepalive = Keepalive::new(secs(30), secs(60)).unwrap();
    Joined::new(ConnectionConfig::new().keepalive(keepalive)).tell(|peers, settle| {
        peers.to_client.get().tells_taken = true;
        peers.client_closes(1000);
        peers.target.get().feed(b"reply");
        assert!(settle().is_none());
        for _ in 0..200 {
            peers.clock.advance(secs(1));
            if let Some(relayed) = settle() {
                let failed = relayed.a_failed.unwrap().kind();
                assert_eq!(failed, ErrorKind::BrokenPipe);
                return;
            }
        }
        panic!("hangs");
    });
}
