//! What bad requests get, over a real socket: octets in, the whole HTTP answer out, and the next
//! well-behaved connection to the same listener unharmed.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wsstream_tokio::{Client, Listener, Server, connect_with};

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
        ("HTTP/1.0", spoilt("HTTP/1.1", "HTTP/1.0"), 505, "HTTP/1.1"),
        (
            "HTTP/2",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            505,
            "",
        ),
    ]
}

/// A listener that accepts whom its policy lets in, and echoes.
async fn server(server: Server) -> SocketAddr {
    let mut listener = Listener::bind("127.0.0.1:0", server).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let incoming = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let Ok(opened) = incoming.accept().await else {
                    return;
                };
                let (mut read, mut write) = tokio::io::split(opened.into_stream());
                let _ = tokio::io::copy(&mut read, &mut write).await;
                let _ = write.shutdown().await;
            });
        }
    });
    address
}

/// A connection that behaves well.
async fn well_behaved(address: SocketAddr) {
    let url = format!("ws://{address}/here");
    let opened = connect_with(&url, &Client::stream()).await.unwrap();
    let mut stream = opened.into_stream();
    stream.write_all(b"hello").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut echo = String::new();
    stream.read_to_string(&mut echo).await.unwrap();
    assert_eq!(echo, "hello");
}

/// The whole answer: a status, and a body of the length that was announced, before the end.
async fn answer(tcp: &mut TcpStream, about: &str) -> (u16, String) {
    let mut octets = Vec::new();
    tcp.read_to_end(&mut octets)
        .await
        .unwrap_or_else(|error| panic!("{about}: no answer before the end: {error}"));
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

#[tokio::test]
async fn every_row_and_the_next_connection() {
    let address = server(Server::stream().path("/here")).await;
    for (about, octets, status, says) in table() {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        if let Err(error) = tcp.write_all(&octets).await {
            // It may be refused while it still sends.
            assert!(octets.len() > 16 << 10, "{about}: {error}");
        }
        let (got, text) = answer(&mut tcp, about).await;
        assert_eq!(got, status, "{about}: {text}");
        assert!(text.contains(says), "{about}: {text}");
        well_behaved(address).await;
    }
}

#[tokio::test]
async fn the_same_octet_by_octet() {
    let address = server(Server::stream().path("/here")).await;
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
            tokio::task::yield_now().await;
        }
        assert_eq!(answer(&mut tcp, about).await.0, status, "{about}");
    }
    well_behaved(address).await;
}

/// What must be let in: blanks in lists, any case, `keep-alive`, `Content-Length: 0`.
#[tokio::test]
async fn what_is_tolerated() {
    let address = server(Server::stream()).await;
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
    ];
    for request in table {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        tcp.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 101", "{request}");
    }
}

/// A request that drips in has its time in all, whatever comes of it: 408, and others are not held up.
#[tokio::test]
async fn a_request_that_drips() {
    let limit = Duration::from_millis(300);
    let address = server(Server::stream().handshake_timeout(limit)).await;
    let dripping = tokio::spawn(async move {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        // Never silent for as long as the limit.
        for octet in GOOD.bytes() {
            if tcp.write_all(&[octet]).await.is_err() {
                break;
            }
            let mut one = [0];
            let answered = tokio::time::timeout(limit / 10, tcp.peek(&mut one)).await;
            if answered.is_ok() {
                break;
            }
        }
        answer(&mut tcp, "dripping").await
    });
    well_behaved(address).await;
    let (status, text) = dripping.await.unwrap();
    assert_eq!(status, 408, "{text}");
    well_behaved(address).await;
}

/// The same for one that says nothing at all.
#[tokio::test]
async fn a_request_that_never_comes() {
    let limit = Duration::from_millis(100);
    let address = server(Server::stream().handshake_timeout(limit)).await;
    let mut tcp = TcpStream::connect(address).await.unwrap();
    assert_eq!(answer(&mut tcp, "silent").await.0, 408);
}

/// A request that ends before its end is answered too.
#[tokio::test]
async fn half_a_request() {
    let address = server(Server::stream()).await;
    let mut tcp = TcpStream::connect(address).await.unwrap();
    tcp.write_all(&GOOD.as_bytes()[..40]).await.unwrap();
    tcp.shutdown().await.unwrap();
    assert_eq!(answer(&mut tcp, "half a request").await.0, 400);
    well_behaved(address).await;
}

/// Bad answers to a client: it fails, and never opens.
#[tokio::test]
async fn bad_answers() {
    let accept =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    // The one that RFC 6455 §1.3 gives for a key, which is not ours.
    let with = |field: &str| {
        format!("{accept}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{field}\r\n\r\n")
    };
    let bad = ErrorKind::InvalidData;
    let table: [(&str, String, ErrorKind); 11] = [
        ("a folded field", with("X: a\r\n b"), bad),
        ("bare LF", with("X: a\nY: b"), bad),
        ("HTTP/1.0", accept.replace("1.1", "1.0") + "\r\n", bad),
        ("100 fields and one", with(&["X: y"; 101].join("\r\n")), bad),
        ("16 KiB", with(&format!("X: {}", "y".repeat(16 << 10))), bad),
        (
            "garbage",
            "SSH-2.0-OpenSSH_9.6\r\n".repeat(3),
            ErrorKind::InvalidData,
        ),
        (
            "no accept",
            format!("{accept}Sec-WebSocket-Protocol: binary\r\n\r\n"),
            ErrorKind::InvalidData,
        ),
        (
            "a wrong accept (Apache CVE-2019-17567)",
            format!("{accept}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
            ErrorKind::InvalidData,
        ),
        (
            "200",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".into(),
            ErrorKind::ConnectionRefused,
        ),
        (
            "a redirect (autobahn CVE-2020-35678)",
            "HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/\r\nContent-Length: 0\r\n\r\n".into(),
            ErrorKind::ConnectionRefused,
        ),
        ("the end", String::new(), ErrorKind::UnexpectedEof),
    ];
    for (about, response, kind) in table {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let serving = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut buf = [0; 4096];
            assert_ne!(tcp.read(&mut buf).await.unwrap(), 0);
            tcp.write_all(response.as_bytes()).await.unwrap();
            tcp.shutdown().await.unwrap();
            tcp
        };
        let options = Client::stream();
        let (connected, _tcp) = tokio::join!(connect_with(&url, &options), serving);
        let error = connected.map(drop).expect_err(about);
        assert_eq!(error.kind(), kind, "{about}: {error}");
        // Not refused for something else.
        assert_eq!(
            error.to_string().contains("Accept"),
            about.contains("accept"),
            "{about}: {error}"
        );
    }
}
