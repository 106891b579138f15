//! 3.4: `shutdown` ends one direction, `finish` both, and tells that everything arrived.

use std::io::ErrorKind;
use std::time::Duration;

use wsstream_core::{ConnectionConfig, Opcode, StreamError, Timeout};

use super::{
    assert_compressed, bare_client, bare_server, client_and_peer, server_and_peer, stream_error,
};
use crate::{Pattern, Peer, Read, TestRuntime, Write, WsStream, open, poll_once};

/// Everything queued goes first, then Close 1000; it resolves when that has left; reading goes on.
pub async fn sends_all_then_close<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let sent = Pattern::new(1).take(10_000);
    stream.write_all(&sent).await.unwrap();
    let (shut, received) = tokio::join!(stream.shutdown(), peer.expect_data(sent.len()));
    shut.unwrap();
    assert_eq!(received, sent);
    assert_eq!(peer.expect_close().await.0, 1000);
    let error = stream.write(b"more").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    peer.send(Opcode::Binary, b"the answer").await;
    assert_eq!(stream.read_exact(10).await.unwrap(), b"the answer");
    // Again is as good as once.
    stream.shutdown().await.unwrap();
    peer.send_close(1000, "").await;
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    drop(stream);
    peer.expect_end().await;
}

/// It does not resolve before the Close has left.
pub async fn waits_until_it_has_left<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(500), ConnectionConfig::new()).await;
    stream
        .write_all(&Pattern::new(4).take(10_000))
        .await
        .unwrap();
    {
        let mut shutdown = std::pin::pin!(stream.shutdown());
        assert!(poll_once(&mut shutdown).await.is_pending());
        let (shut, _) = tokio::join!(shutdown, peer.skip_to_close());
        shut.unwrap();
    }
}

/// What comes before the peer's Close is discarded, not waited with.
pub async fn close_discards_input<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let (closed, ()) = tokio::join!(stream.finish(), async {
        for _ in 0..100 {
            peer.send(Opcode::Binary, &[7; 10_000]).await;
        }
        assert_eq!(peer.expect_close().await.0, 1000);
        peer.send_close(1000, "").await;
        drop(peer);
    });
    closed.unwrap();
    assert_eq!(stream.info().counters.payload_received, 1_000_000);
}

/// 16,000,000 octets, then `finish`, to a peer that reads nothing for 3 seconds, and pings meanwhile: all
/// arrives, and then it resolves.
pub async fn close_tells_that_all_arrived<R: TestRuntime>() {
    const TOTAL: usize = 16_000_000;
    let (mut stream, mut peer) =
        server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let writing = R::spawn(async move {
        stream
            .write_all(&Pattern::new(2).take(TOTAL))
            .await
            .unwrap();
        stream.finish().await.unwrap();
        assert_eq!(stream.info().counters.pings_received, 30);
        assert_compressed(&stream);
    });
    let reading = async {
        for number in 0..30_u8 {
            peer.send(Opcode::Ping, &[number]).await;
            R::sleep(Duration::from_millis(100)).await;
        }
        let mut pattern = Pattern::new(2);
        loop {
            let frame = peer.recv().await;
            match frame.header.opcode {
                Opcode::Binary => pattern.check(&frame.payload),
                Opcode::Close => break,
                _ => assert_eq!(frame.header.opcode, Opcode::Pong),
            }
        }
        assert_eq!(pattern.total(), TOTAL);
        peer.send_close(1000, "").await;
        peer.expect_end().await;
    };
    tokio::join!(writing, reading);
}

/// 16,000,000 octets between two of ours over a pipe, on a clock that jumps, to a reader as late as two
/// close timeouts.
pub async fn close_waits_for_a_late_reader<R: TestRuntime>() {
    let (client, server) = open::<R>(R::pipe(64 << 10)).await;
    late_reader::<R>(client, server, Duration::from_secs(19)).await;
}

async fn late_reader<R: TestRuntime>(
    mut writer: WsStream<R>,
    mut reader: WsStream<R>,
    late: Duration,
) {
    const TOTAL: usize = 16_000_000;
    let write = R::spawn(async move {
        let mut pattern = Pattern::new(2);
        while pattern.total() < TOTAL {
            let rest = TOTAL - pattern.total();
            writer.write_all(pattern.next(rest)).await.unwrap();
        }
        writer.finish().await.unwrap();
        assert_compressed(&writer);
    });
    let read = R::spawn(async move {
        R::sleep(late).await;
        let mut pattern = Pattern::new(2);
        let mut buf = vec![0; 100_000];
        loop {
            match reader.read(&mut buf).await.unwrap() {
                0 => break,
                count => pattern.check(&buf[..count]),
            }
        }
        assert_eq!(pattern.total(), TOTAL);
        reader.finish().await.unwrap();
    });
    tokio::join!(write, read);
}

/// The same to a peer by hand, who pings while it does not read.
pub async fn close_answers_pings_meanwhile<R: TestRuntime>() {
    const TOTAL: usize = 1_000_000;
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(5000), ConnectionConfig::new()).await;
    let sent = Pattern::new(3).take(TOTAL);
    let writing = async {
        stream.write_all(&sent).await.unwrap();
        stream.finish().await.unwrap();
        drop(stream);
    };
    let reading = async {
        for number in 0..50_u8 {
            peer.send(Opcode::Ping, &[number]).await;
        }
        let (mut received, mut pongs) = (Vec::new(), Vec::new());
        loop {
            let frame = peer.recv().await;
            match frame.header.opcode {
                Opcode::Binary => received.extend(frame.payload),
                Opcode::Pong => pongs.extend(frame.payload),
                _ => break,
            }
        }
        assert!(received == sent);
        // §5.5.3: the newest is always answered; those before it may be passed over.
        assert_eq!(pongs.last(), Some(&49));
        assert!(pongs.is_sorted());
        peer.send_close(1000, "").await;
        peer.expect_end().await;
    };
    tokio::join!(writing, reading);
}

/// A client waits for the server to end the transport, as long as the close timeout.
pub async fn a_client_waits_for_the_end<R: TestRuntime>() {
    let timeout = Duration::from_secs(5);
    for ends_after in [Duration::from_secs(3), Duration::from_secs(30)] {
        let config = ConnectionConfig::new().close_timeout(timeout);
        let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), config).await;
        let begun = R::now();
        let closing = async {
            stream.finish().await.unwrap();
            R::now() - begun
        };
        let ending = async {
            assert_eq!(peer.expect_close().await.0, 1000);
            peer.send_close(1000, "").await;
            R::sleep(ends_after).await;
            drop(peer);
        };
        let (took, ()) = tokio::join!(closing, ending);
        assert_eq!(round(took), ends_after.min(timeout));
    }
}

/// A peer that never answers a Close is given up after the close timeout.
pub async fn no_answer<R: TestRuntime>() {
    let timeout = Duration::from_secs(7);
    let (mut peer, raw) = R::pipe(1000);
    let mut stream = bare_client::<R>(raw, ConnectionConfig::new().close_timeout(timeout));
    let begun = R::now();
    stream.shutdown().await.unwrap();
    let error = stream.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let expected = StreamError::TimedOut(Timeout::Close(timeout));
    assert_eq!(stream_error(&error), Some(&expected));
    assert_eq!(round(R::now() - begun), timeout);
    drop(stream);
    let (_, ended) = peer.read_to_end().await;
    ended.unwrap();
}

/// `finish` has an end, whatever the peer says instead of Close: what it discards buys no time.
pub async fn finish_has_an_end<R: TestRuntime>() {
    let timeout = Duration::from_secs(7);
    for half_close in [true, false] {
        let config = ConnectionConfig::new()
            .close_timeout(timeout)
            .half_close(half_close);
        let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), config).await;
        let begun = R::now();
        let closing = async {
            let error = stream.finish().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            round(R::now() - begun)
        };
        let talking = async {
            for number in 0..100_u8 {
                R::sleep(Duration::from_secs(1)).await;
                let kind = [Opcode::Ping, Opcode::Binary][usize::from(number % 2)];
                peer.send(kind, b"and another thing").await;
            }
        };
        let took = tokio::select! {
            took = closing => took,
            () = talking => panic!("close has no end"),
        };
        assert_eq!(took, timeout);
    }
}

/// A peer that takes nothing is given up too, and flushing tells so.
pub async fn a_stuck_peer_is_given_up<R: TestRuntime>() {
    let config = ConnectionConfig::new().progress_timeout(Duration::from_secs(7));
    let (peer, raw) = R::pipe(100);
    let mut stream = bare_server::<R>(raw, config);
    stream.write_all(&[7; 1000]).await.unwrap();
    let error = stream.shutdown().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "nothing taken by the peer for 7s");
    assert_eq!(round(R::now()), Duration::from_secs(7));
    drop(peer);
}

/// After our Close, pings are answered.
pub async fn pings_after_our_close<R: TestRuntime>() {
    let (mut stream, mut peer) = client_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    stream.shutdown().await.unwrap();
    assert_eq!(peer.expect_close().await.0, 1000);
    let (ended, ()) = tokio::join!(stream.read_to_end(), async {
        ping(&mut peer).await;
        peer.send_close(1000, "").await;
    });
    ended.1.unwrap();
}

/// Sends a ping, and waits for its pong.
pub(super) async fn ping<T: Read + Write>(peer: &mut Peer<T>) {
    peer.send(Opcode::Ping, b"alive?").await;
    assert_eq!(peer.expect(Opcode::Pong).await, b"alive?");
}

/// tokio's clock has steps of a millisecond.
pub(super) fn round(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from((time.as_micros() + 500) / 1000).unwrap() / 10 * 10)
}
