//! What a server does before it answers, which is for nobody once the client has gone.

use alloc::rc::Rc;
use core::cell::Cell;
use core::future::pending;
use core::task::Context;
use std::io::IoSlice;

use super::*;
use crate::pump::{Handshake, Permits, Phase, Socket, pool};
use crate::test_kit::SharedLine;

/// A socket that knows whether the peer has gone, though nobody reads.
#[derive(Debug)]
struct Telling(Pipe, Rc<Cell<bool>>);

impl Socket for Telling {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buf)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_shutdown(cx)
    }

    fn has_hung_up(&self) -> bool {
        self.1.get()
    }
}

/// The client of a request in hand, and its listener.
struct Client {
    clock: Clock,
    connecting: Waiting<Connect<Pipe, Sleeper>>,
    permits: Permits,
    hung_up: Rc<Cell<bool>>,
    /// What it sends.
    output: SharedLine,
    /// What it is sent.
    input: SharedLine,
}

fn asked() -> (Client, Handshake<Telling, Sleeper>) {
    let (clock, permits) = (Clock::default(), Permits::new());
    let (near, far) = Pipe::pair(true);
    let (output, input) = (near.output.clone(), near.input.clone());
    let mut connecting = Waiting::new(connect(near, clock.sleeper()));
    assert!(connecting.poll().is_pending());
    let hung_up = Rc::new(Cell::new(false));
    let telling = Telling(far, Rc::clone(&hung_up));
    let server = ServerConfig::stream().into();
    let accept = Accept::with_permit(telling, clock.sleeper(), server, permits.issue());
    let handshake = ready(Waiting::new(accept).poll()).unwrap();
    let client = Client {
        clock,
        connecting,
        permits,
        hung_up,
        output,
        input,
    };
    (client, handshake)
}

/// Work without an end, and whether it is still under way.
fn work() -> (impl Future<Output = ()>, Rc<Cell<bool>>) {
    struct Guard(Rc<Cell<bool>>);

    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.set(false);
        }
    }

    let is_under_way = Rc::new(Cell::new(true));
    let guard = Guard(Rc::clone(&is_under_way));
    let work = async move {
        let _guard = guard;
        pending().await
    };
    (work, is_under_way)
}

#[test]
fn work_ends_when_the_client_goes() {
    let ways: [fn(&Client); 3] = [
        |client| client.output.get().finish(Ok(())),
        |client| {
            let reset = Err(ErrorKind::ConnectionReset.into());
            client.output.get().finish(reset);
        },
        |client| {
            client.output.get().feed(b"\x82");
            client.output.get().finish(Ok(()));
        },
    ];
    for goes in ways {
        let (client, mut handshake) = asked();
        let (work, is_under_way) = work();
        let mut dialling = Waiting::new(handshake.while_present(work));
        assert!(dialling.poll().is_pending() && is_under_way.get());
        goes(&client);
        let gone = Err(HandshakeError::UnexpectedEof);
        assert_eq!(ready(dialling.poll()), gone);
        drop(dialling);
        assert!(!is_under_way.get());
        // It stays gone, and is not told that it was let in.
        assert_eq!(handshake.check(), gone);
        let mut again = Waiting::new(handshake.while_present(pending::<()>()));
        assert_eq!(ready(again.poll()), gone);
        drop(again);
        let error = handshake_error(ready(Waiting::new(handshake.accept()).poll()));
        assert_eq!(error, HandshakeError::UnexpectedEof);
        assert!(client.input.get().take().starts_with(b"HTTP/1.1 400 "));
    }
}

/// What is done is not thrown away because the client went at the same time.
#[test]
fn what_the_work_gives_comes_first() {
    let (client, mut handshake) = asked();
    client.output.get().finish(Ok(()));
    let mut dialling = Waiting::new(handshake.while_present(async { 7 }));
    assert_eq!(ready(dialling.poll()), Ok(7));
}

#[test]
fn a_listener_that_shuts_down_ends_the_work() {
    let (mut client, mut handshake) = asked();
    let (work, is_under_way) = work();
    let mut dialling = Waiting::new(handshake.while_present(work));
    assert!(dialling.poll().is_pending());
    client.permits.enter(Phase::Finishing);
    let late = Err(HandshakeError::ShuttingDown);
    assert_eq!(ready(dialling.poll()), late);
    drop(dialling);
    assert!(!is_under_way.get());
    let mut refusing = Waiting::new(handshake.accept());
    assert!(refusing.poll().is_pending());
    let HandshakeError::Refused(response) = handshake_error(ready(client.connecting.poll())) else {
        panic!("let in");
    };
    assert_eq!(response.status(), 503);
}

/// Octets that come before the answer are kept up to the length of a buffer, and those behind them wait outside.
#[test]
fn what_comes_early_is_delivered() {
    const ROOM: usize = pool::BUFFER_LEN;
    for len in [0, 1, 125, ROOM - 20, ROOM - 14, ROOM - 13, ROOM, 300_000] {
        for chunk in [7, usize::MAX] {
            let (client, mut handshake) = asked();
            let sent = octets(len);
            let wire = frame(Role::Client, Opcode::Binary, &sent);
            client.output.get().chunk = chunk.max(wire.len() / 1000);
            let mut dialling = Waiting::new(handshake.while_present(pending::<()>()));
            assert!(dialling.poll().is_pending());
            client.output.get().feed(&wire);
            assert!(dialling.poll().is_pending());
            let outside = wire.len().saturating_sub(ROOM);
            assert_eq!(client.output.get().octets.len(), outside, "{len}");
            // Dropped and begun again.
            drop(dialling);
            let mut dialling = Waiting::new(handshake.while_present(async {}));
            assert_eq!(ready(dialling.poll()), Ok(()));
            drop(dialling);
            let upgraded = ready(Waiting::new(handshake.accept()).poll()).unwrap();
            let mut stream = upgraded.into_stream();
            let (task, mut out, mut read) = (Task::new(), vec![0; 10_000], Vec::new());
            while read.len() < len {
                let count = ready(stream.poll_read(&task.cx(), &mut out)).unwrap();
                assert!(count > 0, "{len}");
                read.extend_from_slice(&out[..count]);
            }
            assert!(read == sent, "{len}");
            assert!(stream.poll_read(&task.cx(), &mut out).is_pending());
        }
    }
}

/// Nothing is held for a client that says nothing.
#[test]
fn a_silent_client_costs_no_buffer() {
    let (_client, mut handshake) = asked();
    let mut dialling = Waiting::new(handshake.while_present(pending::<()>()));
    assert!(dialling.poll().is_pending());
    drop(dialling);
    assert!(!handshake.has_buffer());
}

/// A full buffer is not read into; then the socket is asked.
#[test]
fn behind_a_full_buffer_a_hang_up_is_noticed_within_a_second() {
    for seconds in 0..4 {
        let (client, mut handshake) = asked();
        client.output.get().feed(&octets(300_000));
        let (work, is_under_way) = work();
        let mut dialling = Waiting::new(handshake.while_present(work));
        assert!(dialling.poll().is_pending());
        for _ in 0..seconds {
            client.clock.advance(secs(1));
            assert!(dialling.poll().is_pending());
        }
        client.hung_up.set(true);
        client.clock.advance(secs(1));
        assert_eq!(ready(dialling.poll()), Err(HandshakeError::UnexpectedEof));
        drop(dialling);
        assert!(!is_under_way.get());
    }
}

/// The limit of the request is over when its head is complete.
#[test]
fn the_servers_limit_ends_with_the_request() {
    let (mut client, mut handshake) = asked();
    let mut dialling = Waiting::new(handshake.while_present(pending::<()>()));
    for _ in 0..25 {
        assert!(dialling.poll().is_pending());
        client.clock.advance(secs(1));
    }
    drop(dialling);
    assert!(client.connecting.poll().is_pending());
    ready(Waiting::new(handshake.accept()).poll()).unwrap();
    ready(client.connecting.poll()).unwrap();
}
