//! What bad requests get, over a real socket of every runtime's: octets in, the whole HTTP answer out, and the next
//! well-behaved connection to the same listener unharmed.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use smol::net::TcpStream;
use wsstream_core::handshake::ServerConfig;
use wsstream_tests::contract::read_all;
use wsstream_tests::net::{Net, address, stream};
use wsstream_tests::{Read, Write, next_turn, within};

wsstream_tests::on_all_runtimes! {
    every_row_and_the_next_connection
    the_same_octet_by_octet
    what_is_tolerated
    a_request_that_drips
    a_request_that_never_comes
    half_a_request
}

/// A good request, with `from` replaced by `to`.
fn spoilt(from: &str, to: &str) -> Vec<u8> {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1).into_bytes()
}

const GOOD: &str = "GET /here HTTP/1.1\r\n\
    Host: localhost:9000\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: binary\r\n\
    \r\n";

/// Rows: what it is about, the octets, the status, and what the answer has to say.
fn table() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let host = "Host: localhost:9000\r\n";
    let version = "Sec-WebSocket-Version: 13\r\n";
    let end = "\r\n\r\n";
    let with = |field: &str| spoilt(end, &format!("\r\n{field}{end}"));
    vec![
        // Malformed.
        ("no HTTP", b"hello, is this ssh?\r\n\r\n".to_vec(), 400, ""),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            400,
            "TLS",
        ),
        ("NUL", with("X: a\0b"), 400, "0x00"),
        (
            "bare LF",
            GOOD.replace("\r\n", "\n").into_bytes(),
            400,
            "LF",
        ),
        (
            "one bare LF (smuggling: hyper RUSTSEC-2021-0078, Undertow CVE-2026-28367)",
            with("X: a\nY: b"),
            400,
            "LF",
        ),
        (
            "bare CR (Jetty CVE-2026-19203)",
            with("X: a\rY: b"),
            400,
            "CR",
        ),
        (
            "folded field (RFC 9112 5.2)",
            with("X: a\r\n  b"),
            400,
            "folded",
        ),
        ("no colon", with("nonsense"), 400, ""),
        ("blank before the colon", with("X : a"), 400, ""),
        ("two Host", with("Host: elsewhere"), 400, "Host"),
        (
            "two keys",
            with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
            400,
            "Key",
        ),
        (
            "two versions",
            with("Sec-WebSocket-Version: 13"),
            400,
            "Version",
        ),
        ("no Host", spoilt(host, ""), 400, "Host"),
        ("no key", spoilt(key, ""), 400, "Key"),
        (
            "a short key",
            spoilt("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIA=="),
            400,
            "Key",
        ),
        (
            "a body (smuggling: hyper RUSTSEC-2021-0020)",
            with("Content-Length: 5"),
            400,
            "body",
        ),
        (
            "a chunked body (h11 CVE-2025-43859, Netty CVE-2026-33870)",
            with("Transfer-Encoding: chunked"),
            400,
            "body",
        ),
        (
            "a subprotocol twice",
            spoilt("binary", "binary, binary"),
            400,
            "twice",
        ),
        // By policy.
        (
            "another origin (CSWSH: noVNC's proxy CVE-2015-0259, Rancher CVE-2019-13209)",
            with("Origin: https://evil.example"),
            403,
            "`origins`",
        ),
        ("the null origin", with("Origin: null"), 403, "`origins`"),
        (
            "another path (open proxy: websockify 3, 587)",
            spoilt("/here", "/there"),
            404,
            "/there",
        ),
        (
            "the path inside another",
            spoilt("/here", "/here/../etc/passwd"),
            404,
            "",
        ),
        ("not GET", spoilt("GET", "POST"), 405, "\r\nAllow: GET\r\n"),
        (
            "no common subprotocol",
            spoilt("binary", "mqtt, chat"),
            406,
            "binary",
        ),
        // Another version, or no upgrade (Kubernetes CVE-2018-1002105: never open then).
        (
            "plain GET",
            b"GET /here HTTP/1.1\r\nHost: localhost:9000\r\n\r\n".to_vec(),
            426,
            "\r\nUpgrade: websocket\r\n",
        ),
        (
            "h2c (smuggling)",
            spoilt("Upgrade: websocket", "Upgrade: h2c"),
            426,
            "websocket",
        ),
        (
            "another version",
            spoilt("Version: 13", "Version: 8"),
            426,
            "\r\nSec-WebSocket-Version: 13\r\n",
        ),
        (
            "no version",
            spoilt(version, ""),
            426,
            "\r\nSec-WebSocket-Version: 13\r\n",
        ),
        (
            "HTTP/1.0, as nginx speaks it",
            spoilt("HTTP/1.1", "HTTP/1.0"),
            426,
            "proxy_http_version 1.1",
        ),
        // What proxies remove.
        (
            "no Upgrade",
            spoilt("Upgrade: websocket\r\n", ""),
            426,
            "no Upgrade field, which a proxy on the way may have removed (nginx: proxy_set_header",
        ),
        (
            "nginx without its fields",
            spoilt(
                "Upgrade: websocket\r\nConnection: Upgrade",
                "Connection: close",
            ),
            426,
            "no Upgrade field, which a proxy on the way may have removed",
        ),
        (
            "Connection: close beside Upgrade",
            spoilt("Connection: Upgrade", "Connection: close"),
            400,
            "Connection \"close\", expected Upgrade, which a proxy on the way may have removed",
        ),
        // Targets (RFC 9112 3.2).
        ("*", spoilt("/here", "*"), 400, "request-target \"*\""),
        (
            "no path",
            spoilt("/here", "here"),
            400,
            "request-target \"here\"",
        ),
        (
            "host and port",
            spoilt("/here", "example.com:80"),
            400,
            "request-target \"example.com:80\"",
        ),
        ("a fragment", spoilt("/here", "/here#x"), 400, "fragment"),
        (
            "a user",
            spoilt("/here", "http://me:pw@localhost:9000/here"),
            400,
            "request-target \"http://...\": it has a user",
        ),
        (
            "another scheme",
            spoilt("/here", "ftp://localhost:9000/here"),
            400,
            "expected the scheme",
        ),
        // Too large (ws CVE-2024-37890: header count; quadratic lists: ws CVE-2021-32640).
        (
            "100 fields and one",
            with(&vec!["X: y"; 101].join("\r\n")),
            431,
            "fields",
        ),
        (
            "16 KiB",
            with(&format!("X: {}", "y".repeat(16 << 10))),
            431,
            "16384",
        ),
        (
            "1 MiB and never an end",
            [b"GET /", &vec![b'x'; 1 << 20][..]].concat(),
            431,
            "16384",
        ),
        (
            "HTTP/2",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            505,
            "",
        ),
    ]
}

/// A listener that accepts whom its policy lets in, and echoes.
async fn server<N: Net>(server: ServerConfig) -> SocketAddr {
    let mut listener = N::bind(server).await;
    let address = address::<N>(&listener);
    drop(N::spawn(async move {
        loop {
            let incoming = listener.accept().await.unwrap();
            drop(N::spawn(async move {
                let Ok(mut stream) = incoming.upgrade().await.map(stream::<N>) else {
                    return;
                };
                let mut buf = [0; 100];
                while let Ok(count @ 1..) = stream.read(&mut buf).await {
                    let _ = stream.write_all(&buf[..count]).await;
                }
                let _ = stream.shutdown().await;
            }));
        }
    }));
    address
}

/// A connection that behaves well.
async fn well_behaved<N: Net>(address: SocketAddr) {
    let url = format!("ws://{address}/here");
    let mut stream = N::dial(&url).await.unwrap();
    stream.write_all(b"hello").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(read_all(&mut stream).await, b"hello");
}

/// The whole answer: a status, and a body of the length that was announced, before the end.
async fn answer(tcp: &mut TcpStream, about: &str) -> (u16, String) {
    let (octets, ended) = tcp.read_to_end().await;
    ended.unwrap_or_else(|error| panic!("{about}: no answer before the end: {error}"));
    let text = String::from_utf8(octets).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect(about);
    let status = head.strip_prefix("HTTP/1.1 ").expect(about)[..3].parse();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    assert_eq!(length.unwrap().parse(), Ok(body.len()), "{about}");
    assert!(head.contains("\r\nConnection: "), "{about}");
    (status.unwrap(), text)
}

async fn every_row_and_the_next_connection<N: Net>() {
    let address = server::<N>(ServerConfig::stream().path("/here")).await;
    for (about, octets, status, says) in table() {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        if let Err(error) = tcp.write_all(&octets).await {
            // It may be refused while it still sends.
            assert!(octets.len() > 16 << 10, "{about}: {error}");
        }
        let (got, text) = answer(&mut tcp, about).await;
        assert_eq!(got, status, "{about}: {text}");
        assert!(text.contains(says), "{about}: {text}");
        well_behaved::<N>(address).await;
    }
}

async fn the_same_octet_by_octet<N: Net>() {
    let address = server::<N>(ServerConfig::stream().path("/here")).await;
    for (about, octets, status, _) in table() {
        if octets.len() > 1000 {
            continue;
        }
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        for octet in &octets {
            // It may be refused before its end.
            if tcp.write_all(&[*octet]).await.is_err() {
                break;
            }
            next_turn().await;
        }
        assert_eq!(answer(&mut tcp, about).await.0, status, "{about}");
    }
    well_behaved::<N>(address).await;
}

/// What must be let in: blanks in lists, any case, `keep-alive`, `Content-Length: 0`.
async fn what_is_tolerated<N: Net>() {
    let address = server::<N>(ServerConfig::stream()).await;
    let table = [
        GOOD.to_owned(),
        GOOD.to_lowercase()
            .replace("get /here http", "GET /here HTTP")
            .replace("dghlihnhbxbszsbub25jzq==", "dGhlIHNhbXBsZSBub25jZQ=="),
        GOOD.replace(": Upgrade", ": keep-alive , Upgrade"),
        GOOD.replace(": binary", ": , mqtt ,\tbinary"),
        GOOD.replace("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"),
        GOOD.replace(": binary", ": mqtt\r\nSec-WebSocket-Protocol: binary"),
        GOOD.replace("\r\n\r\n", "\r\nOrigin: http://localhost:9000\r\n\r\n"),
        GOOD.replace("Sec-WebSocket-Protocol: binary\r\n", ""),
        GOOD.replace("/here", "http://localhost:9000/here"),
        GOOD.replace("/here", "ws://localhost:9000"),
        GOOD.replace("\r\n\r\n", "\r\nOrigin: http://localhost:9000/\r\n\r\n"),
    ];
    for request in table {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.write_all(request.as_bytes()).await.unwrap();
        let status = tcp.read_exact(12).await.unwrap();
        assert_eq!(status, b"HTTP/1.1 101", "{request}");
    }
}

/// A request that drips in has its time in all, whatever comes of it: 408, and others are not held up.
async fn a_request_that_drips<N: Net>() {
    let limit = Duration::from_millis(300);
    let address = server::<N>(ServerConfig::stream().handshake_timeout(limit)).await;
    let dripping = N::spawn(async move {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        // Never silent for as long as the limit.
        for octet in GOOD.bytes() {
            if tcp.write_all(&[octet]).await.is_err() {
                break;
            }
            let mut one = [0];
            let answered = within::<N, _>(limit / 10, tcp.peek(&mut one)).await;
            if answered.is_some() {
                break;
            }
        }
        answer(&mut tcp, "dripping").await
    });
    well_behaved::<N>(address).await;
    let (status, text) = dripping.await;
    assert_eq!(status, 408, "{text}");
    well_behaved::<N>(address).await;
}

/// The same for one that says nothing at all.
async fn a_request_that_never_comes<N: Net>() {
    let limit = Duration::from_millis(100);
    let address = server::<N>(ServerConfig::stream().handshake_timeout(limit)).await;
    let mut tcp = TcpStream::connect(address).await.unwrap();
    assert_eq!(answer(&mut tcp, "silent").await.0, 408);
}

/// A request that ends before its end is answered too.
async fn half_a_request<N: Net>() {
    let address = server::<N>(ServerConfig::stream()).await;
    let mut tcp = TcpStream::connect(address).await.unwrap();
    tcp.write_all(&GOOD.as_bytes()[..40]).await.unwrap();
    tcp.shutdown(Shutdown::Write).unwrap();
    assert_eq!(answer(&mut tcp, "half a request").await.0, 400);
    well_behaved::<N>(address).await;
}
