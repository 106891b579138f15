//! What a client makes of bad answers, over a real socket of every runtime's: it fails, says of what, and
//! never opens; what never ends it does not wait for.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::io::{Error, ErrorKind};
use std::net::Shutdown;

use smol::net::{TcpListener, TcpStream};
use wsstream_core::handshake::{ClientConfig, accept_key};
use wsstream_tests::net::Net;
use wsstream_tests::{Read, Write};

wsstream_tests::on_all_runtimes! {
    each_bad_answer
    answers_without_end
}

/// What a server has to begin with.
const SWITCHING: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

/// A row: what it is about, the answer, in which `ACCEPT` stands for what answers the key, the kind of the
/// error, what it says.
type Row = (&'static str, String, ErrorKind, &'static str);

fn table() -> Vec<Row> {
    let bad = ErrorKind::InvalidData;
    let refused = ErrorKind::ConnectionRefused;
    let head = |head: String| format!("{head}\r\n\r\n");
    // All is well but for this.
    let with =
        |fields: &str| format!("{SWITCHING}Sec-WebSocket-Accept: ACCEPT\r\n{fields}\r\n\r\n");
    let binary = "Sec-WebSocket-Protocol: binary";
    vec![
        ("a folded field", with("X: a\r\n b"), bad, "folded"),
        ("bare LF", with("X: a\nY: b"), bad, "LF"),
        (
            "HTTP/1.0",
            head(SWITCHING.replace("1.1", "1.0")),
            bad,
            "HTTP/1.1",
        ),
        (
            "100 fields and one",
            with(&["X: y"; 101].join("\r\n")),
            bad,
            "100 fields",
        ),
        (
            "16 KiB",
            with(&format!("X: {}", "y".repeat(16 << 10))),
            bad,
            "16384",
        ),
        (
            "garbage",
            head("SSH-2.0-OpenSSH_9.6".into()),
            bad,
            "perhaps SSH",
        ),
        (
            "no accept",
            head(format!("{SWITCHING}{binary}")),
            bad,
            "no Sec-WebSocket-Accept",
        ),
        (
            // The one that RFC 6455 §1.3 gives for a key, which is not ours.
            "a wrong accept (Apache CVE-2019-17567)",
            head(format!(
                "{SWITCHING}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
            )),
            bad,
            "does not answer our key",
        ),
        (
            "two subprotocols",
            with(&format!("{binary}\r\nSec-WebSocket-Protocol: base64")),
            bad,
            "more than one Sec-WebSocket-Protocol",
        ),
        (
            "two subprotocols in one field",
            with("Sec-WebSocket-Protocol: binary, base64"),
            bad,
            "Sec-WebSocket-Protocol, of 14 octets",
        ),
        (
            "a subprotocol that was not offered",
            with("Sec-WebSocket-Protocol: mqtt"),
            bad,
            "\"mqtt\" selected",
        ),
        ("no subprotocol", with("X: y"), bad, "no subprotocol"),
        (
            "an extension that was not offered",
            with(&format!(
                "{binary}\r\nSec-WebSocket-Extensions: x-unheard-of"
            )),
            bad,
            "x-unheard-of",
        ),
        (
            "200",
            head("HTTP/1.1 200 OK\r\nContent-Length: 0".into()),
            refused,
            "200",
        ),
        (
            "a redirect (autobahn CVE-2020-35678)",
            head("HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/\r\nContent-Length: 0".into()),
            refused,
            "302",
        ),
        (
            "the end",
            String::new(),
            ErrorKind::UnexpectedEof,
            "connection ended in the opening handshake",
        ),
    ]
}

/// Waits for a client, and for the key it sends.
async fn asked(listener: &TcpListener) -> (TcpStream, Vec<u8>) {
    let (mut tcp, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.extend(tcp.read_exact(1).await.unwrap());
    }
    let request = String::from_utf8(request).unwrap();
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    (tcp, key.unwrap().as_bytes().to_vec())
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    (listener, url)
}

fn check(error: &Error, about: &str, kind: ErrorKind, says: &str) {
    assert_eq!(error.kind(), kind, "{about}: {error}");
    assert!(error.to_string().contains(says), "{about}: {error}");
}

async fn each_bad_answer<N: Net>() {
    for (about, answer, kind, says) in table() {
        let (listener, url) = listener().await;
        let serving = async {
            let (mut tcp, key) = asked(&listener).await;
            let answer = answer.replace("ACCEPT", &accept_key(&key));
            tcp.write_all(answer.as_bytes()).await.unwrap();
            tcp.shutdown(Shutdown::Write).unwrap();
            tcp
        };
        let options = ClientConfig::stream();
        let (opened, _tcp) = tokio::join!(N::dial_with(&url, &options), serving);
        check(&opened.map(drop).expect_err(about), about, kind, says);
    }
}

/// The client ends, and not because its time is up.
async fn answers_without_end<N: Net>() {
    let table = [
        (
            "fields",
            "HTTP/1.1 101 Switching Protocols\r\n",
            "X: y\r\n",
            "100 fields",
        ),
        ("a line", "HTTP/1.1 ", "100", "16384"),
        (
            "interim responses",
            "",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "too many interim",
        ),
        (
            "the body of a refusal",
            "HTTP/1.1 403 Forbidden\r\n\r\n",
            "why not: ",
            "403",
        ),
    ];
    for (about, begins, goes_on, says) in table {
        let (listener, url) = listener().await;
        let serving = async {
            let (mut tcp, _) = asked(&listener).await;
            tcp.write_all(begins.as_bytes()).await.unwrap();
            let goes_on = goes_on.repeat(1000);
            while tcp.write_all(goes_on.as_bytes()).await.is_ok() {}
        };
        let options = ClientConfig::stream();
        let (opened, ()) = tokio::join!(N::dial_with(&url, &options), serving);
        let error = opened.map(drop).expect_err(about);
        assert_ne!(error.kind(), ErrorKind::TimedOut, "{about}: {error}");
        assert!(error.to_string().contains(says), "{about}: {error}");
    }
}
