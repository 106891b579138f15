//! What users test their protocols with: connections in memory, faults at any octet, and time that passes at once.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::io::ErrorKind;
use std::time::Duration;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::pump::Stream;
use wsstream_core::test_kit::{Faults, Faulty, Pipe};
use wsstream_core::{ConnectionConfig, Keepalive, StreamError, Timeout};
use wsstream_net::Cause;
use wsstream_net::test_kit::{pair, pair_over, pair_with};
use wsstream_tests::{Clock, Pattern, Read, TestRuntime, Write};

wsstream_tests::tests_of_all! {
    run_paused,
    a_reply_that_is_cut_off_at_any_octet
    a_request_that_is_cut_off_at_any_octet
    a_server_that_takes_nothing_more
    a_server_that_says_nothing_more
    a_close_without_an_answer
    a_stall_that_ends_in_time
    a_socket_that_fails
    every_split_gives_the_same
    tasks_of_their_own
    whole_messages
    a_handshake_that_is_refused
}

type End<R> = <R as TestRuntime>::Stream<Stream<Faulty<Pipe>, Clock<R>>>;

const REQUEST: &[u8] = b"how are you?";
const REPLY: &[u8] = b"fine, thanks";

async fn ends<R: TestRuntime>() -> (End<R>, End<R>) {
    let (client, server) = pair::<R::Net>().await.unwrap();
    (R::stream(client), R::stream(server))
}

async fn ends_with<R: TestRuntime>(config: ConnectionConfig) -> (End<R>, End<R>) {
    let (client, server) = (
        ClientConfig::stream().config(config),
        ServerConfig::stream(),
    );
    let ends = pair_with::<R::Net>(&client, &server);
    let (client, server) = ends.await.unwrap();
    (R::stream(client), R::stream(server))
}

/// Why an error came, and how long it took.
fn timeout<R: TestRuntime>(error: &std::io::Error, since: Duration) -> (Timeout, Duration) {
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let told = error.get_ref().and_then(|inner| inner.downcast_ref());
    match told {
        Some(StreamError::TimedOut(timeout)) => (*timeout, R::now() - since),
        told => panic!("{told:?}"),
    }
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

async fn a_reply_that_is_cut_off_at_any_octet<R: TestRuntime>() {
    let header = 2;
    for cut in 0..header + REPLY.len() {
        let (mut client, mut server) = ends::<R>().await;
        client.get_ref().input.cut_after(cut as u64);
        server.write_all(REPLY).await.unwrap();
        let (received, ending) = client.read_to_end().await;
        assert_eq!(received, REPLY[..cut.saturating_sub(header)], "{cut}");
        assert_eq!(ending.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}

/// The writer is told, and so is the reader at the other end.
async fn a_request_that_is_cut_off_at_any_octet<R: TestRuntime>() {
    let header = 2 + 4;
    for cut in 0..header + REQUEST.len() {
        let (mut client, mut server) = ends::<R>().await;
        client.get_ref().output.cut_after(cut as u64);
        let _ = client.write_all(REQUEST).await;
        assert_eq!(
            client.flush().await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        let (received, ending) = server.read_to_end().await;
        assert_eq!(received, REQUEST[..cut.saturating_sub(header)], "{cut}");
        assert_eq!(ending.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}

async fn a_server_that_takes_nothing_more<R: TestRuntime>() {
    for seconds in [60, 5] {
        let config = ConnectionConfig::new().progress_timeout(secs(seconds));
        let (mut client, _server) = ends_with::<R>(config).await;
        client.get_ref().output.stall_after(10);
        let begun = R::now();
        client.write_all(REQUEST).await.unwrap();
        let error = client.shutdown().await.unwrap_err();
        let limit = secs(seconds);
        assert_eq!(
            timeout::<R>(&error, begun),
            (Timeout::Progress(limit), limit)
        );
    }
}

/// Keepalive is on, as for a connection of an endpoint. The pipe does not tell whether the ping was taken.
async fn a_server_that_says_nothing_more<R: TestRuntime>() {
    let begun = R::now();
    let (mut client, mut server) = ends::<R>().await;
    client.get_ref().input.stall_after(8);
    server.write_all(REPLY).await.unwrap();
    let (received, ending) = client.read_to_end().await;
    assert_eq!(received, REPLY[..6]);
    let expected = (Timeout::Keepalive(secs(300)), secs(30 + 300));
    assert_eq!(timeout::<R>(&ending.unwrap_err(), begun), expected);

    let keepalive = Keepalive::new(secs(1), secs(1))
        .unwrap()
        .unanswered(secs(2));
    let begun = R::now();
    let config = ConnectionConfig::new().keepalive(keepalive.unwrap());
    let (mut client, _server) = ends_with::<R>(config).await;
    client.get_ref().input.stall_after(0);
    let (_, ending) = client.read_to_end().await;
    let expected = (Timeout::Keepalive(secs(2)), secs(1 + 2));
    assert_eq!(timeout::<R>(&ending.unwrap_err(), begun), expected);
}

async fn a_close_without_an_answer<R: TestRuntime>() {
    let (mut client, _server) = ends::<R>().await;
    client.get_ref().input.stall_after(0);
    let begun = R::now();
    let error = client.finish().await.unwrap_err();
    let expected = (Timeout::Close(secs(10)), secs(10));
    assert_eq!(timeout::<R>(&error, begun), expected);
}

async fn a_stall_that_ends_in_time<R: TestRuntime>() {
    type Pick = fn(&Faulty<Pipe>) -> &Faults;
    let picks: [Pick; 2] = [|socket| &socket.input, |socket| &socket.output];
    for pick in picks {
        let (mut client, mut server) = ends::<R>().await;
        let faults = pick(client.get_ref()).clone();
        faults.stall_after(5);
        let begun = R::now();
        let talk = async {
            client.write_all(REQUEST).await.unwrap();
            client.flush().await.unwrap();
            assert_eq!(client.read_exact(REPLY.len()).await.unwrap(), REPLY);
        };
        let answer = async {
            assert_eq!(server.read_exact(REQUEST.len()).await.unwrap(), REQUEST);
            server.write_all(REPLY).await.unwrap();
        };
        let release = async {
            R::sleep(secs(20)).await;
            faults.release();
        };
        tokio::join!(talk, answer, release);
        assert_eq!(R::now() - begun, secs(20));
    }
}

async fn a_socket_that_fails<R: TestRuntime>() {
    for (kind, told) in [
        (ErrorKind::PermissionDenied, ErrorKind::PermissionDenied),
        // An end without a Close.
        (ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof),
    ] {
        let (mut client, mut server) = ends::<R>().await;
        client.get_ref().input.fail_after(8, kind);
        server.write_all(REPLY).await.unwrap();
        let (received, ending) = client.read_to_end().await;
        assert_eq!(received, REPLY[..6]);
        assert_eq!(ending.unwrap_err().kind(), told);

        let (mut client, _server) = ends::<R>().await;
        client.get_ref().output.fail_after(8, kind);
        let _ = client.write_all(REQUEST).await;
        assert_eq!(client.flush().await.unwrap_err().kind(), kind);
    }
}

async fn every_split_gives_the_same<R: TestRuntime>() {
    let sent = Pattern::new(1).take(3000);
    for most in [1, 2, 3, 7, 64, 1000, 5000] {
        let (mut client, mut server) = ends::<R>().await;
        let socket = client.get_ref();
        socket.output.split(most);
        socket.input.split(most);
        let talk = async {
            client.write_all(&sent).await.unwrap();
            client.shutdown().await.unwrap();
            let (echo, ending) = client.read_to_end().await;
            ending.unwrap();
            assert!(echo == sent, "pieces of {most}");
        };
        let echo = async {
            let (received, ending) = server.read_to_end().await;
            ending.unwrap();
            server.write_all(&received).await.unwrap();
            server.shutdown().await.unwrap();
        };
        tokio::join!(talk, echo);
    }
}

/// More than a direction holds, so that each waits for the other.
async fn tasks_of_their_own<R: TestRuntime>() {
    let sent = Pattern::new(2).take(1 << 20);
    let (mut client, mut server) = ends::<R>().await;
    let received = R::spawn(async move { server.read_to_end().await });
    client.write_all(&sent).await.unwrap();
    client.shutdown().await.unwrap();
    let (received, ending) = received.await;
    ending.unwrap();
    assert!(received == sent);
}

async fn whole_messages<R: TestRuntime>() {
    let (near, far) = Pipe::pair(true);
    let (near, far) = (Faulty::new(near), Faulty::new(far));
    let input = near.input.clone();
    let (client, server) = (ClientConfig::messages(), ServerConfig::messages());
    let ends = pair_over::<R::Net, _>((near, far), &client, &server);
    let (client, server) = ends.await.unwrap();
    let (mut client, mut server) = (client.into_websocket(), server.into_websocket());
    server.send("whole").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some("whole".into()));
    input.cut_after(5);
    server.send("half of it").await.unwrap();
    let error = client.recv().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

async fn a_handshake_that_is_refused<R: TestRuntime>() {
    let client = ClientConfig::stream().subprotocols(["mqtt"]).unwrap();
    let refused = pair_with::<R::Net>(&client, &ServerConfig::stream()).await;
    let error = refused.err().unwrap();
    assert!(matches!(error.cause(), Cause::Handshake(_)), "{error}");
}
