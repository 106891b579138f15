//! What is logged through `tracing`: with `debug` every frame, of the connections that are set to it and of
//! no others; every refusal and every failure anyway, with what came.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::net::TcpStream;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use wsstream_core::Opcode::Text;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::{CloseCode, ConnectionConfig};
use wsstream_tests::contract::server_and_peer;
use wsstream_tests::net::{
    ClientEndpoint, Net, address, connect, free_port, let_in, let_in_any, listen, over, stream,
};
use wsstream_tests::{Log, Read, TestRuntime, Write, within};

wsstream_tests::on_one_thread! {
    every_frame_of_those_who_are_set_to_it
    every_refusal
    no_health_check
    every_failure
    who_is_gone_before_asking
    a_dropped_stream
    every_frame_of_those_whose_descriptors_say_so
    whose_line_it_is
    what_was_agreed_and_how_it_ended
}

/// What is logged while this is done, on the thread that asks.
async fn log_of<T>(story: impl Future<Output = T>) -> String {
    let log = Log::default();
    let guard = log.listen();
    story.await;
    drop(guard);
    log.lines()
}

/// What is logged while a client says five octets and closes.
async fn logged<A: TestRuntime>(at_client: bool, at_server: bool) -> String {
    let client = ClientConfig::stream().config(ConnectionConfig::new().debug(at_client));
    let server = ServerConfig::stream().config(ConnectionConfig::new().debug(at_server));
    log_of(async {
        let (near, far) = A::pipe(1000);
        let (client, server) = tokio::join!(A::connect(near, &client), A::accept(far, &server));
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        client.write_all(b"hello").await.unwrap();
        server.read_exact(5).await.unwrap();
        let (closed, _) = tokio::join!(client.finish(), server.finish());
        closed.unwrap();
    })
    .await
}

async fn every_frame_of_those_who_are_set_to_it<A: TestRuntime>() {
    for (at_client, at_server) in [(true, false), (false, true), (true, true)] {
        check(
            &logged::<A>(at_client, at_server).await,
            at_client,
            at_server,
        );
    }
    assert_eq!(logged::<A>(false, false).await, "");
}

fn check(log: &str, at_client: bool, at_server: bool) {
    let count = |role: &str, what: &str| {
        let line = |line: &&str| line.contains(role) && line.contains(what);
        log.lines().filter(line).count()
    };
    // The data frame and a Close there, a Close back.
    let (client, server) = (usize::from(at_client), usize::from(at_server));
    assert_eq!(count("role=Client", "frame sent"), 2 * client, "{log}");
    assert_eq!(count("role=Client", "frame received"), client, "{log}");
    assert_eq!(count("role=Server", "frame received"), 2 * server, "{log}");
    assert_eq!(count("role=Server", "frame sent"), server, "{log}");
    assert_eq!(count("opcode=Binary", "len=5"), client + server, "{log}");
}

/// The same by descriptors.
async fn logged_of_endpoints<E: TestRuntime>(at_client: bool, at_server: bool) -> String {
    let port = free_port();
    let server = over(
        &format!("tcp:{port}"),
        "ws://localhost",
        &format!(":debug={at_server}"),
    );
    let client = over(
        &format!("tcp:127.0.0.1:{port}"),
        "ws://localhost",
        &format!(":debug={at_client}:compress=false"),
    );
    log_of(async {
        let mut listener = listen::<E>(&server).await.unwrap();
        let (client, server) = tokio::join!(connect::<E>(&client), let_in_any::<E>(&mut listener));
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        client.write_all(b"hello").await.unwrap();
        server.read_exact(5).await.unwrap();
        let (closed, _) = tokio::join!(client.finish(), server.finish());
        closed.unwrap();
    })
    .await
}

async fn every_frame_of_those_whose_descriptors_say_so<E: TestRuntime>() {
    for (at_client, at_server) in [(true, false), (false, true), (true, true)] {
        let log = logged_of_endpoints::<E>(at_client, at_server).await;
        check(&log, at_client, at_server);
    }
    assert_eq!(logged_of_endpoints::<E>(false, false).await, "");
}

/// One line, which says what came: of what is no request, of what policy refuses.
async fn every_refusal<A: TestRuntime>() {
    let good = "GET /here HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let table = [
        ("SSH-2.0-OpenSSH_9.9\r\n\r\n".to_owned(), "SSH"),
        (good.replace("GET", "POST"), "POST"),
        (good.replace("13", "8"), "version"),
        (
            good.replace("Host", "Origin: http://evil.example\r\nHost"),
            "evil.example",
        ),
        (good.replace("/here", "/there"), "/there"),
    ];
    let server = ServerConfig::stream().path("/here");
    for (request, says) in table {
        let log = log_of(async {
            let (mut near, far) = A::pipe(1000);
            let refusing = async {
                let incoming = A::accept_with(far, &server).await?;
                incoming.accept().await.map(drop)
            };
            let (refused, ()) = tokio::join!(refusing, async move {
                near.write_all(request.as_bytes()).await.unwrap();
                near.read_to_end().await.1.unwrap();
            });
            assert!(refused.is_err());
        })
        .await;
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("refused") && log.contains(says), "{log}");
    }
}

/// Balancers ask every second.
async fn no_health_check<A: TestRuntime>() {
    let server = ServerConfig::stream().health_path("/health");
    for request in ["OPTIONS / HTTP/1.0", "GET /health HTTP/1.0"] {
        let log = log_of(async {
            let (mut near, far) = A::pipe(1000);
            let (accepted, ()) = tokio::join!(A::accept_with(far, &server), async move {
                let request = format!("{request}\r\n\r\n");
                near.write_all(request.as_bytes()).await.unwrap();
                near.read_to_end().await.1.unwrap();
            });
            assert!(accepted.is_err());
        })
        .await;
        assert_eq!(log, "");
    }
}

async fn every_failure<A: TestRuntime>() {
    for debug in [false, true] {
        let log = log_of(async {
            let (mut stream, mut peer) =
                server_and_peer::<A>(A::pipe(1000), ConnectionConfig::new().debug(debug)).await;
            peer.send(Text, b"text").await;
            stream.read(&mut [0; 9]).await.unwrap_err();
        })
        .await;
        let failures = log.lines().filter(|line| line.contains("failed"));
        assert_eq!(failures.count(), 1, "{log}");
    }
}

/// What is left to a task is worth a line.
async fn a_dropped_stream<A: TestRuntime>() {
    for len in [10, 10_000] {
        let (mut stream, _peer) =
            server_and_peer::<A>(A::pipe(1000), ConnectionConfig::new().compression(false)).await;
        let log = log_of(async {
            stream.write_all(&vec![7; len]).await.unwrap();
            drop(stream);
        })
        .await;
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("delivering"), "{log}");
    }
}

/// A connection that a listener has lost without a word of HTTP.
async fn who_is_gone_before_asking<N: Net>() {
    let log = Log::default();
    let guard = log.listen();
    let mut listener = N::bind(ServerConfig::stream()).await;
    let tcp = TcpStream::connect(address::<N>(&listener)).unwrap();
    set_socket_linger(&tcp, Some(Duration::ZERO)).unwrap();
    let gone = async {
        let mut tcp = Some(tcp);
        // The handshake ends on any thread; the listener tells of it when it is polled.
        while log.lines().is_empty() {
            if listener.connections() == 1 {
                tcp = None;
            }
            let _ = within::<N, _>(Duration::from_millis(1), listener.accept()).await;
        }
        drop(tcp);
    };
    within::<N, _>(Duration::from_secs(20), gone).await.unwrap();
    drop(guard);
    let log = log.lines();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("connection refused"), "{log}");
}

/// Two clients of one server: each line has the number and the address of its connection, also in tasks that know nothing
/// of it.
async fn whose_line_it_is<N: Net>() {
    let config = || ConnectionConfig::new().debug(true).compression(false);
    let log = Log::default();
    let guard = log.listen();
    let mut listener = N::bind(ServerConfig::stream().config(config())).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let endpoint = ClientEndpoint::<N>::url(&url, ClientConfig::stream().config(config())).unwrap();
    let mut ends = Vec::new();
    for len in [1, 2] {
        let (client, server) = tokio::join!(endpoint.open(), let_in::<N>(&mut listener));
        let (mut client, mut server) = (stream::<N>(client.unwrap()), server.unwrap());
        client.write_all(&vec![7; len]).await.unwrap();
        server.read_exact(len).await.unwrap();
        ends.push((client, server));
    }
    let log_of_both = log.lines();
    drop(guard);
    let mut numbers = Vec::new();
    for ((client, _), len) in ends.iter().zip([1, 2]) {
        let peer = client.local_addr().unwrap().tcp().unwrap();
        let lines = log_of_both
            .lines()
            .filter(|line| line.contains(&format!("peer={peer}")));
        let lines: Vec<_> = lines.collect();
        let frame = format!("opcode=Binary fin=true rsv1=false masked=true len={len}");
        assert!(
            lines.iter().any(|line| line.contains(&frame)),
            "{log_of_both}"
        );
        let number = |line: &&str| {
            line.split_once("number=")
                .unwrap()
                .1
                .split(' ')
                .next()
                .unwrap()
                .to_owned()
        };
        assert!(
            lines.iter().all(|line| number(line) == number(&lines[0])),
            "{log_of_both}"
        );
        numbers.push(number(&lines[0]));
    }
    assert_ne!(numbers[0], numbers[1]);
    // The clients' lines have the server's address.
    let to_server = log_of_both
        .lines()
        .filter(|line| line.contains("role=Client"));
    let peer = format!("peer={}", address::<N>(&listener));
    assert!(
        to_server.clone().count() > 0 && to_server.clone().all(|line| line.contains(&peer)),
        "{log_of_both}"
    );
}

async fn what_was_agreed_and_how_it_ended<A: TestRuntime>() {
    let config = ConnectionConfig::new().debug(true);
    let log = log_of(async {
        let (near, far) = A::pipe(10_000);
        let client = ClientConfig::stream().config(config.clone());
        let server = ServerConfig::stream();
        let (client, server) = tokio::join!(A::connect(near, &client), A::accept(far, &server));
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        let close = client.close_with(CloseCode::INTERNAL, "the source has failed");
        let (closed, _) = tokio::join!(close, server.finish());
        let _ = closed;
    })
    .await;
    let opened = log.lines().find(|line| line.contains("opened")).unwrap();
    assert!(
        opened.contains("subprotocol=\"binary\"") && opened.contains("half_close=true"),
        "{log}"
    );
    assert!(opened.contains("compression=permessage-deflate"), "{log}");
    assert!(
        log.contains("Close sent") && log.contains("close=1011 (the source has failed)"),
        "{log}"
    );
    assert!(log.contains("Close received"), "{log}");
}
