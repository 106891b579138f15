//! The graceful shutdown of connections that no listener of ours has accepted.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::time::Duration;

use wsstream_core::handshake::{HandshakeError, Negotiated};
use wsstream_core::{CloseCode, ConnectionConfig, Seed, StreamError};
use wsstream_net::{Tracker, Upgraded};
use wsstream_tests::{Raw, Read, TestRuntime, Write, WsStream};

wsstream_tests::tests_of_all! {
    run_paused,
    nobody_to_wait_for
    who_finishes_in_time
    who_does_not_finish_is_told
    who_does_not_leave_is_cut_off
    a_shutdown_that_is_dropped
    clones_are_one
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A connection that an HTTP server has upgraded, and its client.
fn upgraded<R: TestRuntime>(tracker: &Tracker<R::Net>) -> (WsStream<R>, WsStream<R>) {
    let (near, far) = R::pipe(1000);
    let end = |raw: Raw<R>, seed| {
        let negotiated = Negotiated::nothing(ConnectionConfig::new(), seed);
        Upgraded::<_, R::Net>::new(raw, negotiated, Vec::new())
    };
    let server = end(near, None).tracked(tracker).into_stream();
    let client = end(far, Some(Seed::new([7; 32]))).into_stream();
    (R::stream(server), R::stream(client))
}

async fn nobody_to_wait_for<R: TestRuntime>() {
    let tracker = Tracker::<R::Net>::new();
    assert_eq!(tracker.check(), Ok(()));
    let since = R::now();
    assert_eq!(tracker.shutdown(secs(20)).await, 0);
    assert_eq!(R::now(), since);
    assert_eq!(tracker.check(), Err(HandshakeError::ShuttingDown));
}

async fn who_finishes_in_time<R: TestRuntime>() {
    let tracker = Tracker::<R::Net>::new();
    let (mut server, mut client) = upgraded::<R>(&tracker);
    assert_eq!(tracker.connections(), 1);
    let since = R::now();
    let serving = async {
        assert_eq!(server.read_exact(5).await.unwrap(), b"hello");
        R::sleep(secs(9)).await;
        server.write_all(b"hi").await.unwrap();
        server.finish().await.unwrap();
        drop(server);
    };
    let asking = async {
        client.write_all(b"hello").await.unwrap();
        assert_eq!(client.read_exact(2).await.unwrap(), b"hi");
        client.finish().await.unwrap();
    };
    let (left, (), ()) = tokio::join!(tracker.shutdown(secs(20)), serving, asking);
    assert_eq!((left, tracker.connections()), (0, 0));
    assert_eq!(R::now() - since, secs(9));
}

/// 10 seconds before the end, as a listener's close timeout is by default.
async fn who_does_not_finish_is_told<R: TestRuntime>() {
    let tracker = Tracker::<R::Net>::new();
    let (mut server, mut client) = upgraded::<R>(&tracker);
    let since = R::now();
    let serving = async {
        let error = server.read_exact(1).await.unwrap_err();
        let told = error.get_ref().and_then(|inner| inner.downcast_ref());
        assert_eq!(told, Some(&StreamError::ShutDown));
        drop(server);
    };
    let asking = async {
        let error = client.read_exact(1).await.unwrap_err();
        let told = error.get_ref().and_then(|inner| inner.downcast_ref());
        let Some(StreamError::Closed(close)) = told else {
            panic!("{error}");
        };
        assert_eq!(close.code(), Some(CloseCode::GOING_AWAY));
        assert_eq!(R::now() - since, secs(20));
        let _ = client.finish().await;
    };
    let (left, (), ()) = tokio::join!(tracker.shutdown(secs(30)), serving, asking);
    assert_eq!(left, 0);
}

async fn who_does_not_leave_is_cut_off<R: TestRuntime>() {
    let tracker = Tracker::<R::Net>::new();
    let (mut server, _client) = upgraded::<R>(&tracker);
    let since = R::now();
    assert_eq!(tracker.shutdown(secs(20)).await, 1);
    assert_eq!(R::now() - since, secs(20));
    assert!(server.write_all(b"too late").await.is_err());
}

async fn a_shutdown_that_is_dropped<R: TestRuntime>() {
    let tracker = Tracker::<R::Net>::new();
    let (mut server, _client) = upgraded::<R>(&tracker);
    tokio::select! {
        _ = tracker.shutdown(secs(20)) => panic!("somebody is there"),
        () = R::sleep(secs(1)) => {}
    }
    assert!(server.write_all(b"too late").await.is_err());
}

async fn clones_are_one<R: TestRuntime>() {
    let tracker = Tracker::<R::Net>::new();
    let clone = tracker.clone();
    let (server, client) = upgraded::<R>(&clone);
    assert_eq!((tracker.connections(), clone.connections()), (1, 1));
    drop((server, client));
    // A task holds the socket until the peer has gone.
    R::sleep(secs(1)).await;
    assert_eq!(tracker.connections(), 0);
    assert_eq!(clone.shutdown(secs(1)).await, 0);
    assert_eq!(tracker.check(), Err(HandshakeError::ShuttingDown));
}
