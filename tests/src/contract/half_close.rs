//! 3.4: on a byte stream our answer to the peer's Close waits until our writer shuts down.

use std::io::ErrorKind;
use std::time::Duration;

use wsstream_core::{Config, Opcode};

use super::shutdown::round;
use super::{client_and_peer, read_all, server_and_peer};
use crate::{Pattern, PausedClock, Read, Runtime, Stream, Write, noise, open, open_with};

/// A request, its end, and then a long reply, all of which arrives.
pub async fn a_long_reply<R: Runtime>() {
    const REPLY: usize = 10_000_000;
    let (mut client, mut server) = open::<R>(R::tcp().await).await;
    let server = R::spawn(async move {
        assert_eq!(read_all(&mut server).await, b"request");
        server
            .write_all(&Pattern::new(1).take(REPLY))
            .await
            .unwrap();
        server.close().await.unwrap();
    });
    client.write_all(b"request").await.unwrap();
    client.shutdown().await.unwrap();
    let reply = read_all(&mut client).await;
    assert_eq!(reply.len(), REPLY);
    Pattern::new(1).check(&reply);
    client.close().await.unwrap();
    server.await;
}

/// The same where the reply takes much longer than the close timeout, but goes on.
pub async fn a_slow_reply<R: PausedClock>() {
    let timeout = Duration::from_secs(2);
    let config = Config::new().close_timeout(timeout);
    let client = wsstream_core::handshake::Client::stream().config(config.clone());
    let options = wsstream_core::handshake::Server::stream().config(config);
    let (mut client, mut server) = open_with::<R>(R::pipe(1000), &client, &options).await;
    let server = R::spawn(async move {
        assert_eq!(read_all(&mut server).await, b"request");
        for octet in 0..100 {
            R::sleep(timeout * 9 / 10).await;
            server.write_all(&[octet]).await.unwrap();
        }
        server.close().await.unwrap();
    });
    client.write_all(b"request").await.unwrap();
    client.shutdown().await.unwrap();
    let reply = read_all(&mut client).await;
    assert!(reply.into_iter().eq(0..100));
    client.close().await.unwrap();
    server.await;
}

/// The same where it is the reader of the reply who is slow: octets drained are progress as well.
pub async fn a_slowly_read_reply<R: PausedClock>() {
    let timeout = Duration::from_secs(2);
    let config = Config::new().close_timeout(timeout);
    let (mut server, mut peer) = server_and_peer::<R>(R::pipe(100), config).await;
    peer.send_close(1000, "").await;
    // One frame, with compression too: its end is compared as it is on the wire.
    let sent: Vec<u8> = noise(2).take(1000).collect();
    let reply = async {
        assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
        server.write_all(&sent).await.unwrap();
        server.close().await.unwrap();
        drop(server);
    };
    let reader = async {
        let mut received = Vec::new();
        let mut buf = [0; 20];
        while !received.ends_with(b"\x88\x02\x03\xe8") {
            R::sleep(timeout / 2).await;
            let count = peer.raw.read(&mut buf).await.unwrap();
            received.extend_from_slice(&buf[..count]);
        }
        assert_eq!(received[4..received.len() - 4], sent);
    };
    tokio::join!(reply, reader);
}

/// The answer echoes what the peer has sent: its code, or no code.
pub async fn the_answer_echoes<R: Runtime>() {
    for (payload, expected) in [(&b""[..], 1005), (b"\x03\xe8", 1000), (b"\x03\xe8ok", 1000)] {
        let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), Config::new()).await;
        peer.send(Opcode::Close, payload).await;
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        stream.write_all(b"still here").await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(peer.expect(Opcode::Binary).await, b"still here");
        assert_eq!(peer.expect_close().await.0, expected);
    }
}

/// Without progress it is answered after the close timeout all the same; then nothing can be written.
pub async fn without_progress<R: PausedClock>() {
    let config = Config::new().close_timeout(Duration::from_secs(5));
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), config).await;
    peer.send_close(1000, "").await;
    let begun = R::now();
    let driving = async {
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        std::future::poll_fn(|cx| {
            stream.poll_drive(cx);
            if stream.sent_close().is_some() {
                return std::task::Poll::Ready(());
            }
            std::task::Poll::Pending
        })
        .await;
    };
    let (close, ()) = tokio::join!(peer.expect_close(), driving);
    assert!(close.0 == 1000 || close.0 == 1005, "{close:?}");
    assert_eq!(round(R::now() - begun), Duration::from_secs(5));
    let error = stream.write(b"too late").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

/// Without half close it is answered at once.
pub async fn switched_off<R: Runtime>() {
    let config = Config::new().half_close(false);
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), config).await;
    peer.send_close(1000, "").await;
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(peer.expect_close().await.0, 1000);
    let error = stream.write(b"too late").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

/// After the peer's Close what it sends is discarded, and not answered.
pub async fn after_the_peers_close<R: Runtime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), Config::new()).await;
    peer.send_close(1000, "").await;
    peer.send(Opcode::Ping, b"anybody there?").await;
    peer.send(Opcode::Binary, b"more").await;
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
    stream.write_all(b"reply").await.unwrap();
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
    stream.shutdown().await.unwrap();
    assert_eq!(peer.expect(Opcode::Binary).await, b"reply");
    assert_eq!(peer.expect_close().await.0, 1000);
}

/// And there is no keepalive.
pub async fn no_keepalive_after_the_peers_close<R: PausedClock>() {
    let second = Duration::from_secs(1);
    let config = Config::new()
        .close_timeout(second * 100)
        .keepalive(wsstream_core::Keepalive::new(second, second));
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), config).await;
    peer.send_close(1000, "").await;
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    let driving = async {
        std::future::poll_fn(|cx| {
            stream.poll_drive(cx);
            if stream.sent_close().is_some() {
                return std::task::Poll::Ready(());
            }
            std::task::Poll::Pending
        })
        .await;
    };
    // The next frame is the Close after 100 seconds, and no ping.
    let (close, ()) = tokio::join!(peer.expect_close(), driving);
    assert!(close.0 == 1000 || close.0 == 1005, "{close:?}");
    assert_eq!(round(R::now()), second * 100);
    assert_eq!(stream.counters().pings_sent, 0);
}
