//! 3.8 and 3.4: the relay drives both its ends, and passes ends on as what they are.

use std::io::ErrorKind;
use std::time::Duration;

use wsstream_core::pump::Ended;
use wsstream_core::{ConnectionConfig, Opcode};

use super::shutdown::round;
use super::{assert_compressed, client_and_peer, read_all, server_and_peer};
use crate::{Pattern, Read, TestRuntime, Write, open};

const MUCH: usize = 3_000_000;

/// To a plain TCP server, whose client ends first: the whole reply arrives.
pub async fn the_client_ends_first<R: TestRuntime>() {
    let (mut client, mut stream) = open::<R>(R::tcp().await).await;
    let (mut target, mut far) = R::tcp().await;
    let relay = R::spawn(async move { R::relay(&mut stream, &mut target).await });
    let server = R::spawn(async move {
        let (request, ended) = far.read_to_end().await;
        ended.unwrap();
        Pattern::new(1).check(&request);
        assert_eq!(request.len(), MUCH);
        far.write_all(&Pattern::new(2).take(MUCH)).await.unwrap();
        far.shutdown().await.unwrap();
    });
    client.write_all(&Pattern::new(1).take(MUCH)).await.unwrap();
    client.shutdown().await.unwrap();
    let reply = read_all(&mut client).await;
    Pattern::new(2).check(&reply);
    assert_eq!(reply.len(), MUCH);
    client.finish().await.unwrap();
    let (relayed, ()) = tokio::join!(relay, server);
    let directions = [relayed.a_to_b.ended, relayed.b_to_a.ended];
    assert_eq!(directions, [Ended::Complete; 2]);
    let carried = relayed.into_result().unwrap();
    assert_eq!(carried, (MUCH as u64, MUCH as u64));
}

/// The same where the server ends first.
pub async fn the_target_ends_first<R: TestRuntime>() {
    let (mut client, mut stream) = open::<R>(R::tcp().await).await;
    let (mut target, mut far) = R::tcp().await;
    let relay = R::spawn(async move { R::relay(&mut stream, &mut target).await });
    let server = R::spawn(async move {
        far.write_all(&Pattern::new(2).take(MUCH)).await.unwrap();
        far.shutdown().await.unwrap();
        let (received, ended) = far.read_to_end().await;
        ended.unwrap();
        Pattern::new(1).check(&received);
        assert_eq!(received.len(), MUCH);
    });
    let reply = read_all(&mut client).await;
    Pattern::new(2).check(&reply);
    assert_eq!(reply.len(), MUCH);
    client.write_all(&Pattern::new(1).take(MUCH)).await.unwrap();
    client.finish().await.unwrap();
    let (relayed, ()) = tokio::join!(relay, server);
    relayed.into_result().unwrap();
}

/// A target that writes much and is gone at once, to a client that reads late: all of it arrives.
pub async fn a_target_that_is_gone_at_once<R: TestRuntime>() {
    let (mut client, mut stream) = open::<R>(R::pipe(5000)).await;
    let (mut target, mut far) = R::pipe(MUCH);
    far.write_all(&Pattern::new(1).take(MUCH)).await.unwrap();
    drop(far);
    let relay = R::spawn(async move { R::relay(&mut stream, &mut target).await });
    let received = read_all(&mut client).await;
    Pattern::new(1).check(&received);
    assert_eq!(received.len(), MUCH);
    client.finish().await.unwrap();
    relay.await.into_result().unwrap();
}

/// A target that resets its connection: the client is told with 1011, and not what our system says of it.
pub async fn the_target_resets<R: TestRuntime>() {
    let (mut stream, mut peer) =
        server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let (mut target, far) = R::tcp().await;
    let relaying = R::spawn(async move { R::relay(&mut stream, &mut target).await });
    R::reset(far);
    let (code, reason) = peer.expect_close().await;
    assert_eq!((code, &*reason), (1011, "the other end failed"));
    peer.send_close(1011, "").await;
    let relayed = relaying.await;
    let failed = relayed.b_failed.unwrap();
    assert_eq!(failed.kind(), ErrorKind::ConnectionReset);
    // That is for our log.
    assert!(failed.to_string().contains("os error"), "{failed}");
    assert!(relayed.a_failed.is_none());
    peer.expect_end().await;
}

/// A client that vanishes: what it had sent arrives, the relay fails, and the target sees a reset.
pub async fn the_client_vanishes<R: TestRuntime>() {
    let (mut stream, mut peer) =
        server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let (mut target, mut far) = R::tcp().await;
    peer.send(Opcode::Binary, b"the beginning of").await;
    let relaying = R::spawn(async move { R::relay(&mut stream, &mut target).await });
    assert_eq!(far.read_exact(16).await.unwrap(), b"the beginning of");
    R::reset(peer.raw);
    let relayed = relaying.await;
    assert_eq!(relayed.a_failed.unwrap().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(relayed.a_to_b.octets, 16);
    assert_eq!(relayed.a_to_b.ended, Ended::ReadFailed);
    let error = far.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

/// A client who closes with another code than 1000 fails the relay as well.
pub async fn the_client_fails<R: TestRuntime>() {
    let (mut stream, mut peer) =
        server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let (mut target, far) = R::tcp().await;
    let relaying = R::spawn(async move { R::relay(&mut stream, &mut target).await });
    peer.send_close(1001, "leaving the page").await;
    assert_eq!(peer.expect_close().await.0, 1001);
    let relayed = relaying.await;
    let error = relayed.a_failed.unwrap();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    drop(far);
}

/// A target that does not end is no reason to leave a foreign peer's Close without an answer.
pub async fn relay_answers_a_close<R: TestRuntime>() {
    let config = ConnectionConfig::new().half_close(false);
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), config).await;
    let (mut target, _far) = R::pipe(1000);
    peer.send_close(1000, "").await;
    let watching = async {
        let close = peer.expect_close().await;
        drop(peer);
        (close.0, round(R::now()))
    };
    let relaying = R::relay(&mut stream, &mut target);
    let (closed, relayed) = tokio::join!(watching, relaying);
    assert_eq!(closed, (1000, Duration::ZERO));
    relayed.into_result().unwrap();
}

/// A foreign peer ends both directions when it receives a Close. So it gets ours once its own direction has
/// ended, though the other side ended long before.
pub async fn a_foreign_peers_reply_is_waited_for<R: TestRuntime>() {
    let config = ConnectionConfig::new().half_close(false);
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), config).await;
    let (mut target, mut far) = R::pipe(1000);
    let replying = async {
        far.write_all(b"question").await.unwrap();
        far.shutdown().await.unwrap();
        assert_eq!(peer.expect(Opcode::Binary).await, b"question");
        for octet in 0..20 {
            R::sleep(Duration::from_secs(59)).await;
            peer.send(Opcode::Binary, &[octet]).await;
        }
        peer.send_close(1000, "").await;
        assert_eq!(peer.expect_close().await.0, 1000);
        drop(peer);
        let (reply, ended) = far.read_to_end().await;
        ended.unwrap();
        assert!(reply.into_iter().eq(0..20));
    };
    let (relayed, ()) = tokio::join!(R::relay(&mut stream, &mut target), replying);
    relayed.into_result().unwrap();
}

/// But not for ever: then it is told that what it was to have is whole, and we that its reply may not be. Who was to have
/// the reply is told, too, if it can be.
pub async fn a_reply_that_does_not_come<R: TestRuntime>() {
    let config = ConnectionConfig::new().half_close(false);
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), config).await;
    let (mut target, mut far) = R::pipe(1000);
    let silent = async {
        far.write_all(b"question").await.unwrap();
        far.shutdown().await.unwrap();
        assert_eq!(peer.expect(Opcode::Binary).await, b"question");
        peer.send(Opcode::Binary, b"well").await;
        assert_eq!(peer.expect_close().await.0, 1000);
        let took = round(R::now());
        peer.send_close(1000, "").await;
        drop(peer);
        took
    };
    let (relayed, took) = tokio::join!(R::relay(&mut stream, &mut target), silent);
    assert_eq!(took, Duration::from_secs(60));
    assert_eq!(relayed.a_to_b.octets, 4);
    assert_eq!(relayed.a_to_b.ended, Ended::PatienceOver);
    assert_eq!(relayed.b_to_a.ended, Ended::Complete);
    let error = relayed.a_failed.unwrap();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("reply"), "{error}");
}

/// A reply that does not come to a WebSocket is told to it, with 1011: it does not pass for a whole.
pub async fn a_reply_that_does_not_come_is_told<R: TestRuntime>() {
    let foreign = ConnectionConfig::new().half_close(false);
    let (mut silent, mut peer) = server_and_peer::<R>(R::pipe(1000), foreign).await;
    let (mut asking, mut asker) =
        server_and_peer::<R>(R::pipe(1000), ConnectionConfig::new()).await;
    let story = async {
        asker.send(Opcode::Binary, b"question").await;
        asker.send_close(1000, "").await;
        assert_eq!(peer.expect(Opcode::Binary).await, b"question");
        peer.send(Opcode::Binary, b"well").await;
        assert_eq!(asker.expect(Opcode::Binary).await, b"well");
        assert_eq!(peer.expect_close().await.0, 1000);
        peer.send_close(1000, "").await;
        drop(peer);
        assert_eq!(asker.expect_close().await.0, 1011);
    };
    let (relayed, ()) = tokio::join!(
        wsstream_net::relay::<R::Net>(&mut *asking, &mut *silent),
        story
    );
    assert_eq!(relayed.b_to_a.ended, Ended::PatienceOver);
    assert_eq!(relayed.b_failed.unwrap().kind(), ErrorKind::TimedOut);
}

/// A relay that is dropped says 1001: what it had carried is not the whole.
pub async fn a_dropped_relay_says_so<R: TestRuntime>() {
    let (mut stream, mut peer) =
        server_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let (mut target, mut far) = R::tcp().await;
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let relaying = R::spawn(async move {
        tokio::select! {
            _ = R::relay(&mut stream, &mut target) => panic!("nobody has ended"),
            _ = ended => {}
        }
    });
    far.write_all(b"so far").await.unwrap();
    assert_eq!(peer.expect(Opcode::Binary).await, b"so far");
    peer.send(Opcode::Binary, b"so good").await;
    assert_eq!(far.read_exact(7).await.unwrap(), b"so good");
    end.send(()).unwrap();
    assert_eq!(peer.expect_close().await.0, 1001);
    relaying.await;
    let error = far.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

/// A client that uploads for ever, and a target that has gone: the client is told with 1011, and its connection ends soon.
pub async fn who_has_gone_stops_who_sends<R: TestRuntime>() {
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(5000), ConnectionConfig::new()).await;
    let (mut target, far) = R::pipe(5000);
    drop(far);
    let uploading = async {
        let close = peer.skip_to_close().await;
        let begun = R::now();
        let frame = peer.frame(Opcode::Binary, &[7; 1000]);
        while peer.raw.write_all(&frame).await.is_ok() {
            R::sleep(Duration::from_millis(100)).await;
        }
        (close.0, round(R::now() - begun))
    };
    let relaying = async move {
        let relayed = R::relay(&mut stream, &mut target).await;
        drop(stream);
        relayed
    };
    let ((code, took), relayed) = tokio::join!(uploading, relaying);
    assert!([1000, 1011].contains(&code), "{code}");
    assert!(took <= Duration::from_secs(3), "{took:?}");
    assert_ne!(relayed.a_to_b.ended, Ended::Complete);
}

/// What plain copying gives up, as documented: it stops polling a stream that has given its end.
pub async fn plain_copy_does_not<R: TestRuntime>() {
    let config = ConnectionConfig::new().close_timeout(Duration::from_secs(10));
    let (mut stream, mut peer) = server_and_peer::<R>(R::pipe(1000), config).await;
    let (target, mut far) = R::pipe(1000);
    let mut target = R::wrap(target);
    peer.send_close(1000, "").await;
    let watching = async {
        // The target's end is all that ends it.
        R::sleep(Duration::from_secs(1000)).await;
        assert_eq!(peer.raw.write_until_pending(b"").await.unwrap(), 0);
        let begun = R::now();
        far.write_all(b"late reply").await.unwrap();
        far.shutdown().await.unwrap();
        let reply = peer.recv().await;
        let close = peer.expect_close().await;
        (reply, close.0, R::now() - begun)
    };
    let copying = R::plain_copy(&mut stream, &mut target);
    let ((reply, code, took), copied) = tokio::join!(watching, copying);
    copied.unwrap();
    assert_eq!(reply.payload, b"late reply");
    assert_eq!(code, 1000);
    assert_eq!(round(took), Duration::ZERO);
}

/// Plain copying is as good as the relay where both ends end by themselves.
pub async fn plain_copy_both_ways<R: TestRuntime>() {
    let (mut client, mut stream) = open::<R>(R::tcp().await).await;
    let (target, mut far) = R::tcp().await;
    let mut target = R::wrap(target);
    let copying = R::spawn(async move {
        R::plain_copy(&mut stream, &mut target).await.unwrap();
        stream.finish().await.unwrap();
        assert_compressed(&stream);
    });
    let server = R::spawn(async move {
        let (request, ended) = far.read_to_end().await;
        ended.unwrap();
        far.write_all(&request).await.unwrap();
        far.shutdown().await.unwrap();
    });
    let sent = Pattern::new(1).take(MUCH);
    client.write_all(&sent).await.unwrap();
    client.shutdown().await.unwrap();
    assert!(read_all(&mut client).await == sent);
    client.finish().await.unwrap();
    assert_compressed(&client);
    tokio::join!(copying, server);
}

/// Timers and pongs of one end go on while the other has nothing to say.
pub async fn pings_through_a_silent_relay<R: TestRuntime>() {
    let (mut stream, mut peer) =
        client_and_peer::<R>(R::tcp().await, ConnectionConfig::new()).await;
    let (mut target, far) = R::pipe(10);
    let relaying = R::spawn(async move { R::relay(&mut stream, &mut target).await });
    // The target takes ten octets of these, and no more.
    peer.send(Opcode::Binary, &[7; 100]).await;
    super::shutdown::ping(&mut peer).await;
    drop((far, peer));
    relaying.await;
}
