//! 3.4: drop is TLS's drop.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wsstream_core::{ConnectionConfig, Opcode};

use super::{bare_server, client_and_peer, server_and_peer};
use crate::{Pattern, Peer, Read, TestRuntime, Write};

/// With nothing unsent it says Close 1001: whatever was under way, it is no good end, unless it was set so.
pub async fn close_1001<R: TestRuntime>() {
    for (write, is_end) in [(false, false), (true, false), (false, true), (true, true)] {
        let config = ConnectionConfig::new().close_on_drop(is_end);
        let (mut stream, mut peer) = client_and_peer::<R>(R::tcp().await, config).await;
        if write {
            stream.write_all(b"data").await.unwrap();
        }
        drop(stream);
        if write {
            assert_eq!(peer.expect(Opcode::Binary).await, b"data");
        }
        let code = if is_end { 1000 } else { 1001 };
        assert_eq!(peer.expect_close().await.0, code);
        peer.expect_end().await;
    }
}

/// The same while our answer to the peer's Close is due, where half close was agreed on: the reply may have
/// been cut short. Else that Close was answered before.
pub async fn the_answer<R: TestRuntime>() {
    for half_close in [true, false] {
        let config = ConnectionConfig::new().half_close(half_close);
        let (mut stream, mut peer) = server_and_peer::<R>(R::tcp().await, config).await;
        peer.send(Opcode::Close, b"").await;
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        drop(stream);
        let code = if half_close { 1001 } else { 1005 };
        assert_eq!(peer.expect_close().await.0, code);
        peer.expect_end().await;
    }
}

/// What a write has accepted arrives, and the Close behind it, however little the transport has room for.
pub async fn what_was_accepted<R: TestRuntime>() {
    for len in [100, 10_000, 60_000] {
        let (peer, raw) = R::pipe(64);
        let mut peer = Peer::bare_client(peer);
        let mut stream = bare_server::<R>(raw, ConnectionConfig::new());
        let sent = Pattern::new(3).take(len);
        assert_eq!(stream.write(&sent).await.unwrap(), len);
        drop(stream);
        assert!(peer.expect(Opcode::Binary).await == sent, "{len}");
        assert_eq!(peer.expect_close().await.0, 1001);
        peer.send_close(1001, "").await;
        peer.expect_end().await;
    }
}

/// The system holds megabytes of it. Whatever the peer sends meanwhile must not meet a socket that is closed: its reset
/// would destroy them.
pub async fn sixteen_mib_over_tcp<R: TestRuntime>() {
    const LEN: usize = 16 << 20;
    let (mut stream, mut peer) =
        client_and_peer::<R>(R::tcp().await, ConnectionConfig::new().compression(false)).await;
    let writing = R::spawn(async move {
        let mut pattern = Pattern::new(5);
        for _ in 0..LEN / (64 << 10) {
            stream.write_all(&pattern.take(64 << 10)).await.unwrap();
        }
    });
    let mut expected = Pattern::new(5);
    let mut received = 0;
    while received < LEN {
        let frame = peer.recv().await;
        match frame.header.opcode {
            Opcode::Pong => {}
            Opcode::Close => panic!("the Close comes after {received} octets"),
            _ => {
                assert!(frame.payload == expected.take(frame.payload.len()));
                received += frame.payload.len();
                // Fails when the other end is gone, which may be as soon as the system here has all of it: then
                // nothing is missing below.
                let _ = peer.try_send(Opcode::Ping, b"still reading").await;
            }
        }
    }
    writing.await;
    assert_eq!(peer.skip_to_close().await.0, 1001);
}

/// After shutdown there is nothing left to say.
pub async fn nothing_after_shutdown<R: TestRuntime>() {
    let (mut stream, mut peer) =
        server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    stream.shutdown().await.unwrap();
    drop(stream);
    assert_eq!(peer.expect_close().await.0, 1000);
    peer.expect_end().await;
}

/// Dropped by a panic it says Close 1011.
pub async fn close_1011_when_panicking<R: TestRuntime>() {
    let (stream, mut peer) = server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _stream = stream;
        // A panic that prints nothing.
        resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err());
    assert_eq!(peer.expect_close().await.0, 1011);
    peer.expect_end().await;
}

/// What was taken apart is dropped without a word.
pub async fn nothing_after_into_inner<R: TestRuntime>() {
    let (stream, mut peer) = server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let (raw, received) = R::into_socket(stream).into_inner();
    assert_eq!(received, b"");
    drop(raw);
    peer.expect_end().await;
}
