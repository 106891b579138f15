//! 3.4: on a byte stream our answer to the peer's Close waits until our writer shuts down.

use std::io::ErrorKind;
use std::time::Duration;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::{ConnectionConfig, Opcode};

use super::{client_and_peer, read_all, server_and_peer};
use crate::{Pattern, Read, TestRuntime, Write, noise, open, open_with};

/// A request, its end, and then a long reply, all of which arrives.
pub async fn a_long_reply<R: TestRuntime>() {
    const REPLY: usize = 10_000_000;
    let (mut client, mut server) = open::<R>(R::tcp().await).await;
    let server = R::spawn(async move {
        assert_eq!(read_all(&mut server).await, b"request");
        server
            .write_all(&Pattern::new(1).take(REPLY))
            .await
            .unwrap();
        server.finish().await.unwrap();
    });
    client.write_all(b"request").await.unwrap();
    client.shutdown().await.unwrap();
    let reply = read_all(&mut client).await;
    assert_eq!(reply.len(), REPLY);
    Pattern::new(1).check(&reply);
    client.finish().await.unwrap();
    server.await;
}

/// The same where the reply takes much longer than the close timeout, but goes on.
pub async fn a_slow_reply<R: TestRuntime>() {
    let timeout = Duration::from_secs(2);
    let config = ConnectionConfig::new().close_timeout(timeout);
    let client = ClientConfig::stream().config(config.clone());
    let options = ServerConfig::stream().config(config);
    let (mut client, mut server) = open_with::<R>(R::pipe(1000), &client, &options).await;
    let server = R::spawn(async move {
        assert_eq!(read_all(&mut server).await, b"request");
        for octet in 0..100 {
            R::sleep(timeout * 9 / 10).await;
            server.write_all(&[octet]).await.unwrap();
        }
        server.finish().await.unwrap();
    });
    client.write_all(b"request").await.unwrap();
    client.shutdown().await.unwrap();
    let reply = read_all(&mut client).await;
    assert!(reply.into_iter().eq(0..100));
    client.finish().await.unwrap();
    server.await;
}

/// The same where it is the reader of the reply who is slow: octets drained are progress as well.
pub async fn a_slowly_read_reply<R: TestRuntime>() {
    let timeout = Duration::from_secs(2);
    let config = ConnectionConfig::new().close_timeout(timeout);
    let (mut server, mut peer) = server_and_peer::<R>(R::pipe(100), config).await;
    peer.send_close(1000, "").await;
    // One frame, with compression too: its end is compared as it is on the wire.
    let sent: Vec<u8> = noise(2).take(1000).collect();
    let reply = async {
        assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
        server.write_all(&sent).await.unwrap();
        server.finish().await.unwrap();
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
pub async fn the_answer_echoes<R: TestRuntime>() {
    for (payload, expected) in [(&b""[..], 1005), (b"\x03\xe8", 1000), (b"\x03\xe8ok", 1000)] {
        let (mut stream, mut peer) =
            client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
        peer.send(Opcode::Close, payload).await;
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        stream.write_all(b"still here").await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(peer.expect(Opcode::Binary).await, b"still here");
        assert_eq!(peer.expect_close().await.0, expected);
    }
}

/// A late reply is a reply: it is waited for without limit, and nobody is told anything before.
pub async fn a_late_reply<R: TestRuntime>() {
    let (mut client, mut server) = open::<R>(R::pipe(1000)).await;
    let answering = async {
        assert_eq!(read_all(&mut server).await, b"request");
        R::sleep(Duration::from_secs(36_000)).await;
        server.write_all(b"reply").await.unwrap();
        server.finish().await.unwrap();
    };
    let asking = async {
        client.write_all(b"request").await.unwrap();
        client.shutdown().await.unwrap();
        let reply = read_all(&mut client).await;
        client.finish().await.unwrap();
        reply
    };
    let ((), reply) = tokio::join!(answering, asking);
    assert_eq!(reply, b"reply");
}

/// A peer that did not agree, as any other implementation, is answered at once behind what is queued. The
/// reader has its end, and the writer learns that nobody listens.
pub async fn switched_off<R: TestRuntime>() {
    let config = || ConnectionConfig::new().half_close(false);
    for as_client in [true, false] {
        let (mut stream, mut peer) = if as_client {
            client_and_peer::<R>(R::pipe(1000), config()).await
        } else {
            server_and_peer::<R>(R::pipe(1000), config()).await
        };
        stream.write_all(b"queued").await.unwrap();
        peer.send_close(1000, "").await;
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        assert_eq!(peer.expect(Opcode::Binary).await, b"queued");
        assert_eq!(peer.expect_close().await.0, 1000);
        let error = stream.write(b"too late").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        // There is nothing left to say, which is no failure.
        let (shut, ()) = tokio::join!(stream.shutdown(), async { drop(peer) });
        shut.unwrap();
    }
}

/// A peer that ends TCP right behind its Close still gets ours.
pub async fn a_close_and_an_end_at_once<R: TestRuntime>() {
    let config = ConnectionConfig::new().half_close(false);
    let (mut stream, mut peer) = server_and_peer::<R>(R::tcp().await, config).await;
    peer.send(Opcode::Binary, b"bye").await;
    peer.send_close(1000, "").await;
    peer.raw.shutdown().await.unwrap();
    // Both are there before anybody looks.
    R::sleep(Duration::from_millis(100)).await;
    assert_eq!(read_all(&mut stream).await, b"bye");
    assert_eq!(peer.expect_close().await.0, 1000);
    stream.finish().await.unwrap();
    drop(stream);
    peer.expect_end().await;
}

/// After the peer's Close its data is discarded. It waits for our Close, so its pings are answered until then.
pub async fn after_the_peers_close<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    peer.send_close(1000, "").await;
    peer.send(Opcode::Ping, b"anybody there?").await;
    peer.send(Opcode::Binary, b"more").await;
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
    stream.write_all(b"reply").await.unwrap();
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
    stream.shutdown().await.unwrap();
    assert_eq!(peer.expect(Opcode::Pong).await, b"anybody there?");
    assert_eq!(peer.expect(Opcode::Binary).await, b"reply");
    assert_eq!(peer.expect_close().await.0, 1000);
}

/// Keepalive goes on at both ends: a peer that is gone is found out, one that only takes its time is not given up.
pub async fn keepalive_goes_on<R: TestRuntime>() {
    let second = Duration::from_secs(1);
    let keepalive = wsstream_core::Keepalive::new(second, second).unwrap();
    let config = || ConnectionConfig::new().keepalive(keepalive.unanswered(second * 3).unwrap());
    let client = ClientConfig::stream().config(config());
    let server = ServerConfig::stream().config(config());
    let (mut client, mut server) = open_with::<R>(R::pipe(1000), &client, &server).await;
    client.shutdown().await.unwrap();
    assert_eq!(read_all(&mut server).await, b"");
    let taking_its_time = async {
        let mut asleep = std::pin::pin!(R::sleep(second * 1000));
        std::future::poll_fn(|cx| {
            server.poll_drive(cx);
            asleep.as_mut().poll(cx)
        })
        .await;
        server.write_all(b"reply").await.unwrap();
        server
    };
    let (reply, server) = tokio::join!(client.read_exact(5), taking_its_time);
    assert_eq!(reply.unwrap(), b"reply");
    // An end that has just heard the other does not ask.
    assert!(client.info().counters.pings_sent + server.info().counters.pings_sent > 500);
    // The other end does not look any more.
    let error = client.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "nothing heard from the peer for 3s");
    let error = client.write(b"x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert_eq!(error.to_string(), "nothing heard from the peer for 3s");
    drop(server);
}
