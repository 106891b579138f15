//! 3.6: keepalive by progress, and handshake limits in total.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::task::Poll;
use std::time::Duration;

use wsstream_core::handshake::{Acceptor, ClientConfig, ServerConfig};
use wsstream_core::{ConnectionConfig, Keepalive, Opcode, StreamError, Timeout};

use super::shutdown::round;
use super::{bare_client, bare_server, client_and_peer, server_and_peer, stream_error};
use crate::{Pattern, Read, TestRuntime, Write, WsStream, open_with};

/// The limit is the one for pings that may have been taken: a pipe cannot tell.
fn keepalive(interval: u64, timeout: u64) -> ConnectionConfig {
    let (interval, timeout) = (Duration::from_secs(interval), Duration::from_secs(timeout));
    let keepalive = Keepalive::new(interval, timeout).unwrap();
    ConnectionConfig::new().keepalive(keepalive.unanswered(timeout).unwrap())
}

/// Keepalive is off unless it is asked for, on streams that no adapter has dialled or accepted.
pub async fn off_by_default<R: TestRuntime>() {
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let (received, ()) = tokio::join!(stream.read_exact(5), async {
        R::sleep(Duration::from_secs(3600)).await;
        peer.send(Opcode::Binary, b"hello").await;
    });
    assert_eq!(received.unwrap(), b"hello");
    assert_eq!(stream.info().counters.frames_sent, 0);
}

/// A silent peer is pinged, and given up: at the times that were set.
pub async fn a_silent_peer<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), keepalive(30, 10)).await;
    let begun = R::now();
    let watching = async {
        peer.expect(Opcode::Ping).await;
        let pinged = R::now() - begun;
        // It is told, in case it only said nothing.
        let close = peer.expect_close().await;
        peer.expect_end().await;
        (round(pinged), close)
    };
    let reading = async {
        let error = stream.read(&mut [0; 1]).await.unwrap_err();
        let took = R::now() - begun;
        drop(stream);
        (error, round(took))
    };
    let ((pinged, close), (error, took)) = tokio::join!(watching, reading);
    assert_eq!(pinged, Duration::from_secs(30));
    assert_eq!(took, Duration::from_secs(40));
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let expected = StreamError::TimedOut(Timeout::Keepalive(Duration::from_secs(10)));
    assert_eq!(stream_error(&error), Some(&expected));
    let reason = String::from("nothing heard from the peer for 10s");
    assert_eq!(close, (1011, reason));
}

/// A peer that answers lives, for days, and its round-trip time is known.
pub async fn an_answering_peer<R: TestRuntime>() {
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), keepalive(30, 10)).await;
    let answering = async {
        for _ in 0..100 {
            let payload = peer.expect(Opcode::Ping).await;
            R::sleep(Duration::from_secs(9)).await;
            peer.send(Opcode::Pong, &payload).await;
        }
        peer.send_close(1000, "").await;
    };
    let (read, ()) = tokio::join!(async { stream.read(&mut [0; 1]).await }, answering);
    assert_eq!(read.unwrap(), 0);
    assert_eq!(stream.info().counters.pings_sent, 100);
    assert_eq!(round(stream.info().rtt.unwrap()), Duration::from_secs(9));
}

/// Octets that trickle out of a full outbox are life: no pong need come.
pub async fn a_slow_busy_link_out<R: TestRuntime>() {
    let (mut peer, raw) = R::pipe(10);
    let mut stream = bare_server::<R>(raw, keepalive(3, 3));
    let sent = Pattern::new(1).take(500);
    let writing = async {
        stream.write_all(&sent).await.unwrap();
        stream.flush().await.unwrap();
        drop(stream);
    };
    let reading = async {
        let mut received = Vec::new();
        let mut octet = [0];
        loop {
            R::sleep(Duration::from_secs(2)).await;
            if peer.read(&mut octet).await.unwrap() == 0 {
                return received;
            }
            received.push(octet[0]);
        }
    };
    let ((), received) = tokio::join!(writing, reading);
    assert!(R::now() > Duration::from_secs(1000));
    assert_eq!(received[4..4 + sent.len()], sent);
}

/// Octets that trickle in are life.
pub async fn a_slow_busy_link_in<R: TestRuntime>() {
    let (mut peer, raw) = R::pipe(10);
    let mut stream = bare_client::<R>(raw, keepalive(3, 2));
    let sent = Pattern::new(1).take(500);
    let wire = [
        crate::frame(Opcode::Binary, &sent),
        crate::frame(Opcode::Close, b""),
    ]
    .concat();
    let writing = async {
        for octet in wire {
            R::sleep(Duration::from_secs(2)).await;
            peer.write_all(&[octet]).await.unwrap();
        }
        peer
    };
    let (received, _peer) = tokio::join!(async { stream.read_to_end().await }, writing);
    assert!(received.0 == sent);
    received.1.unwrap();
    assert_eq!(stream.info().counters.pings_sent, 0);
}

/// Nor is a peer given up because our application does not read what it sends.
pub async fn an_application_that_does_not_read<R: TestRuntime>() {
    const TOTAL: usize = 300_000;
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), keepalive(3, 2)).await;
    let writing = async {
        peer.send(Opcode::Binary, &Pattern::new(1).take(TOTAL))
            .await;
        peer
    };
    let reading = async {
        // Only driven for a long time, and then read.
        drive_for::<R>(&mut stream, Duration::from_secs(1000)).await;
        stream.read_exact(TOTAL).await
    };
    let (_peer, received) = tokio::join!(writing, reading);
    Pattern::new(1).check(&received.unwrap());
}

/// Pings and pongs keep no idle stream open, nor does a peer that goes on once it is told. It ends whatever half is
/// polled, and tells everybody that it was cut.
pub async fn an_idle_stream<R: TestRuntime>() {
    let limit = Duration::from_secs(60);
    let expected = StreamError::TimedOut(Timeout::Idle(limit));
    for reads in [true, false] {
        let config = keepalive(20, 10).idle_timeout(Some(limit));
        let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), config).await;
        let begun = R::now();
        let answering = async {
            for _ in 0..2 {
                let payload = peer.expect(Opcode::Ping).await;
                peer.send(Opcode::Pong, &payload).await;
            }
            let close = peer.expect_close().await;
            assert_eq!(close, (1001, String::from("no data either way for 60s")));
            assert_eq!(round(R::now() - begun), limit);
            peer.send(Opcode::Binary, b"late").await;
            peer.send_close(1000, "").await;
        };
        let reading = async {
            if !reads {
                drive_for::<R>(&mut stream, limit + Duration::from_secs(1)).await;
            }
            assert_eq!(stream.read_exact(4).await.unwrap(), b"late");
            let error = stream.read(&mut [0; 1]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(stream_error(&error), Some(&expected));
            let error = stream.write_all(b"more").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            assert_eq!(stream_error(&error), Some(&expected));
            let error = stream.shutdown().await.unwrap_err();
            assert_eq!(stream_error(&error), Some(&expected));
        };
        tokio::join!(answering, reading);
    }
}

/// An agreed half-closed stream is open: a reply that does not come is cut, which the end of its stream is no word for.
pub async fn an_idle_half<R: TestRuntime>() {
    let limit = Duration::from_secs(60);
    let config = ConnectionConfig::new().idle_timeout(Some(limit));
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), config).await;
    let asking = async {
        peer.send_close(1000, "").await;
        assert_eq!(peer.expect_close().await.0, 1001);
        round(R::now())
    };
    let answering = async {
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        drive_for::<R>(&mut stream, limit + Duration::from_secs(1)).await;
        let expected = StreamError::TimedOut(Timeout::Idle(limit));
        for error in [stream.shutdown().await, stream.finish().await] {
            assert_eq!(stream_error(&error.unwrap_err()), Some(&expected));
        }
    };
    let (told, ()) = tokio::join!(asking, answering);
    assert_eq!(told, limit);
}

/// Does nothing but drive a stream.
async fn drive_for<R: TestRuntime>(stream: &mut WsStream<R>, time: Duration) {
    let mut asleep = std::pin::pin!(R::sleep(time));
    poll_fn(|cx| {
        stream.poll_drive(cx);
        Future::poll(asleep.as_mut(), cx)
    })
    .await;
}

/// A life is over however busy it is, also for a writer that waits for a peer which takes nothing.
pub async fn a_life_that_is_over<R: TestRuntime>() {
    let limit = Duration::from_secs(100);
    let expected = StreamError::TimedOut(Timeout::Life(limit));
    let config = ConnectionConfig::new()
        .max_lifetime(Some(limit))
        .progress_timeout(Duration::from_secs(7));
    let (peer, raw) = R::pipe(100);
    let (mut read, mut write) = R::split(bare_server::<R>(raw, config));
    let writing = async {
        let error = loop {
            if let Err(error) = write.write_all(&[7; 1000]).await {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(stream_error(&error), Some(&expected));
        round(R::now())
    };
    let reading = async {
        let error = read.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(stream_error(&error), Some(&expected));
        round(R::now())
    };
    let times = tokio::join!(writing, reading);
    // What was queued before the Close has not left.
    assert_eq!(times, (limit, limit + Duration::from_secs(7)));
    drop(peer);
}

/// A request that drips in, an octet a second, has ten seconds in all: 408.
pub async fn a_dripping_request<R: TestRuntime>() {
    let (mut peer, raw) = R::pipe(1000);
    let server = ServerConfig::stream();
    let dripping = async {
        for octet in b"GET / HTTP/1.1\r\nHost: lo" {
            R::sleep(Duration::from_secs(1)).await;
            if peer.write_all(&[*octet]).await.is_err() {
                break;
            }
        }
        peer.read_to_end().await.0
    };
    let accepting = async {
        let refused = R::accept(raw, &server).await;
        refused.map(drop).unwrap_err()
    };
    let (answer, error) = tokio::join!(dripping, accepting);
    assert!(
        answer.starts_with(b"HTTP/1.1 408 "),
        "{}",
        answer.escape_ascii()
    );
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

/// The same for a response, at a client, which has thirty; and for none at all.
pub async fn a_dripping_response<R: TestRuntime>() {
    for drips in [true, false] {
        let (mut peer, raw) = R::pipe(1000);
        let begun = R::now();
        let client = ClientConfig::stream();
        let dripping = async {
            let mut buf = [0; 1000];
            let mut acceptor = Acceptor::new(&ServerConfig::stream());
            let count = peer.read(&mut buf).await.unwrap();
            assert!(acceptor.receive(&mut &buf[..count]).unwrap().is_some());
            for octet in b"HTTP/1.1 101 Switching Protocols\r\n" {
                R::sleep(Duration::from_secs(1)).await;
                if drips && peer.write_all(&[*octet]).await.is_err() {
                    break;
                }
            }
        };
        let connecting = async {
            let error = R::connect(raw, &client).await.map(drop).unwrap_err();
            (error, round(R::now() - begun))
        };
        let ((), (error, took)) = tokio::join!(dripping, connecting);
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(took, Duration::from_secs(30));
    }
}

/// Timers run while a stream is only driven.
pub async fn timers_while_driven<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), keepalive(30, 10)).await;
    let driving = poll_fn(|cx| {
        stream.poll_drive(cx);
        if stream.info().rtt.is_some() {
            return Poll::Ready(());
        }
        Poll::Pending
    });
    let answering = async {
        let payload = peer.expect(Opcode::Ping).await;
        peer.send(Opcode::Pong, &payload).await;
        peer
    };
    let ((), _peer) = tokio::join!(driving, answering);
    assert_eq!(round(R::now()), Duration::from_secs(30));
}

/// Limits that are longer than any clock goes are as good as none.
pub async fn times_that_never_come<R: TestRuntime>() {
    let config = ConnectionConfig::new()
        .keepalive(Keepalive::new(Duration::MAX, Duration::MAX).unwrap())
        .close_timeout(Duration::MAX);
    let client = ClientConfig::stream().handshake_timeout(Duration::MAX);
    let server = ServerConfig::stream().handshake_timeout(Duration::MAX);
    let ends = R::pipe(100);
    let (mut client, mut server) =
        open_with::<R>(ends, &client.config(config.clone()), &server.config(config)).await;
    let (late, read) = tokio::join!(
        async {
            R::sleep(Duration::from_secs(36_000)).await;
            client.write_all(b"late").await?;
            client.finish().await
        },
        async {
            let read = server.read_exact(4).await?;
            server.finish().await.map(|()| read)
        }
    );
    late.unwrap();
    assert_eq!(read.unwrap(), b"late");
}
