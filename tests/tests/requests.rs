//! What comes to a listener that is no WebSocket's and no fault: load balancers ask how it is, over a real socket of
//! every runtime's. The application hears nothing of them.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use smol::net::TcpStream;
use wsstream_core::handshake::{HandshakeError, ServerConfig};
use wsstream_net::{Cause, accept_with};
use wsstream_tests::contract::read_all;
use wsstream_tests::net::{By, Listener, Net, address, free_port, let_in, listen, over};
use wsstream_tests::{Read, Write};

wsstream_tests::on_all_runtimes! {
    a_balancer_is_answered
    a_balancer_of_a_server_without_a_path
    a_websocket_at_the_same_path
    a_balancer_at_the_end
    a_balancer_on_a_socket_of_ones_own
}

/// What balancers send, whole.
const ASKED: &[&str] = &[
    "GET /health HTTP/1.1\r\nHost: 10.0.0.1\r\nUser-Agent: ELB-HealthChecker/2.0\r\n\r\n",
    "GET /health HTTP/1.0\r\n\r\n",
    "HEAD /health HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    "OPTIONS / HTTP/1.0\r\n\r\n",
    "OPTIONS * HTTP/1.0\r\n\r\n",
    "OPTIONS /health HTTP/1.1\r\nHost: a\r\n\r\n",
];

async fn listener<N: Net>(by: By) -> Listener<N> {
    match by {
        By::Url => N::bind(ServerConfig::stream().health_path("/health")).await,
        By::Descriptor => {
            let tcp = format!("tcp:{}:interface=127.0.0.1", free_port());
            let endpoint = over(&tcp, "ws://localhost/", ":healthPath=/health");
            listen::<N>(&endpoint).await.unwrap()
        }
    }
}

/// The whole answer to a request.
async fn answer(address: SocketAddr, request: &str) -> String {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    let (answer, ended) = tcp.read_to_end().await;
    ended.unwrap_or_else(|error| panic!("{request:?}: {error}"));
    String::from_utf8(answer).unwrap()
}

/// A client of bytes, which are echoed, and who accepts it.
async fn echo<N: Net>(listener: &mut Listener<N>, path: &str) {
    let url = format!("ws://{}{path}", address::<N>(listener));
    let client = async {
        let mut stream = N::dial(&url).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(read_all(&mut stream).await, b"hello");
    };
    let server = async {
        let mut stream = let_in::<N>(listener).await.unwrap();
        let said = read_all(&mut stream).await;
        stream.write_all(&said).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    tokio::join!(client, server);
}

/// The application is given the one request that is for it, and no connection is left.
async fn a_balancer_is_answered<N: Net>() {
    for by in [By::Url, By::Descriptor] {
        let mut listener = listener::<N>(by).await;
        let address = address::<N>(&listener);
        let balancer = async {
            for request in ASKED {
                let answer = answer(address, request).await;
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
                assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
                let (_, body) = answer.split_once("\r\n\r\n").unwrap();
                assert_eq!(body.is_empty(), request.starts_with("HEAD"), "{answer}");
            }
            // The first that is for the application.
            answer(address, "GET /health/more HTTP/1.1\r\nHost: a\r\n\r\n").await
        };
        let application = async {
            let incoming = listener.accept().await.unwrap();
            assert_eq!(incoming.request().unwrap().path(), "/health/more");
            assert_eq!(listener.connections(), 1);
            assert!(incoming.accept().await.is_err());
        };
        let (answer, ()) = tokio::join!(balancer, application);
        assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
        assert_eq!(listener.connections(), 0);
    }
}

/// There nothing is different from others that ask for no WebSocket.
async fn a_balancer_of_a_server_without_a_path<N: Net>() {
    let mut listener = N::bind(ServerConfig::stream()).await;
    let address = address::<N>(&listener);
    for request in ASKED {
        let application = async {
            let incoming = listener.accept().await.unwrap();
            assert!(incoming.accept().await.is_err());
        };
        let (answer, ()) = tokio::join!(answer(address, request), application);
        let is_get = request.starts_with("GET");
        let status = if is_get { 426 } else { 405 };
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}

async fn a_websocket_at_the_same_path<N: Net>() {
    for by in [By::Url, By::Descriptor] {
        let mut listener = listener::<N>(by).await;
        echo::<N>(&mut listener, "/health").await;
    }
}

/// A balancer that has connected before the listener shuts down is told to go elsewhere.
async fn a_balancer_at_the_end<N: Net>() {
    for by in [By::Url, By::Descriptor] {
        let mut listener = listener::<N>(by).await;
        let address = address::<N>(&listener);
        let mut tcp = TcpStream::connect(address).await.unwrap();
        // It is in its handshake when the next one is let in.
        tcp.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
        echo::<N>(&mut listener, "/").await;
        let balancer = async move {
            let (answer, ended) = tcp.read_to_end().await;
            ended.unwrap();
            String::from_utf8(answer).unwrap()
        };
        let shutdown = listener.shutdown(Duration::from_secs(10));
        let (answer, left) = tokio::join!(balancer, shutdown);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert_eq!(left, 0);
    }
}

/// Whoever reads requests from sockets is told that there was one, and has nothing to answer.
async fn a_balancer_on_a_socket_of_ones_own<N: Net>() {
    let server = ServerConfig::stream().health_path("/health");
    for request in ASKED {
        let (mut near, far) = N::pipe(1000);
        let balancer = async {
            near.write_all(request.as_bytes()).await.unwrap();
            let (answer, ended) = near.read_to_end().await;
            ended.unwrap();
            drop(near);
            String::from_utf8(answer).unwrap()
        };
        let (answer, accepted) = tokio::join!(balancer, accept_with::<_, N::Net>(far, &server));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let error = accepted.map(drop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Other);
        let is_health_check =
            matches!(error.cause(), Cause::Handshake(HandshakeError::HealthCheck));
        assert!(is_health_check, "{error}");
    }
}
