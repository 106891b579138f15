use alloc::boxed::Box;
use alloc::format;
use core::time::Duration;

use super::*;
use crate::ConnectionConfig;
use crate::handshake::tests::{at_every_cut, feed};
use crate::handshake::{HALF_CLOSE, InvalidField};

mod refusals;

use self::refusals::response;

/// A handshake with the nonce of RFC 6455 §1.3.
fn connect(client: &ClientConfig) -> Connecting {
    Connecting::new(
        client.clone(),
        &Url::parse("ws://server.example.com/chat").unwrap(),
        &Seed::new([7; 32]),
        NONCE,
    )
}

type Receive = Box<dyn FnMut(&mut &[u8]) -> Result<Option<Connected>, HandshakeError>>;

fn machine(client: &ClientConfig) -> impl Fn() -> Receive {
    let client = client.clone();
    move || {
        let mut connecting = connect(&client);
        Box::new(move |input| connecting.receive(input))
    }
}

fn text(client: &ClientConfig, url: &str) -> String {
    let connecting = client.connect(&Url::parse(url).unwrap(), &Seed::new([1; 32]));
    String::from_utf8(connecting.request().to_vec()).unwrap()
}

/// The example's answer with changes: `-Name` takes a field out, `=LINE` is another first line, and
/// what else there is comes at the end.
fn answer(changes: &[&str]) -> String {
    let mut lines = EXAMPLE.to_vec();
    for change in changes {
        if let Some(name) = change.strip_prefix('-') {
            lines.retain(|line| !line.starts_with(&format!("{name}:")));
        } else if let Some(line) = change.strip_prefix('=') {
            lines[0] = line;
        } else {
            lines.push(change);
        }
    }
    lines.join("\r\n") + "\r\n\r\n"
}

const NONCE: [u8; 16] = *b"the sample nonce";

/// §1.3.
const EXAMPLE: &[&str] = &[
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
];

#[test]
fn s4_1_the_request() {
    let connecting = connect(&ClientConfig::stream());
    assert_eq!(
        String::from_utf8(connecting.request().to_vec()).unwrap(),
        "GET /chat HTTP/1.1\r\n\
         Host: server.example.com\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: binary,base64\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-wsstream-half-close\r\n\r\n"
    );
    let messages = text(&ClientConfig::messages(), "wss://[::1]:8443?q");
    assert!(
        messages.starts_with("GET /?q HTTP/1.1\r\nHost: [::1]:8443\r\n"),
        "{messages}"
    );
    assert!(!messages.contains("Protocol"), "{messages}");
    let plain = ClientConfig::messages().config(ConnectionConfig::new().compression(false));
    assert!(!text(&plain, "wss://a").contains("Extensions"));
    // §4.1 item 7: the nonce is new for every connection.
    let other = ClientConfig::stream().connect(&Url::parse("ws://a").unwrap(), &Seed::new([2; 32]));
    assert!(
        !text(&ClientConfig::stream(), "ws://a")
            .as_bytes()
            .eq(other.request())
    );
}

#[test]
fn s4_1_what_can_be_asked_for() {
    let client = ClientConfig::stream()
        .subprotocol("mqtt")
        .unwrap()
        .subprotocol("binary")
        .unwrap();
    assert!(text(&client, "ws://a").contains("\r\nSec-WebSocket-Protocol: binary,base64,mqtt\r\n"));
    let client = client.subprotocols(["b", "a", "b"]).unwrap();
    assert!(text(&client, "ws://a").contains("\r\nSec-WebSocket-Protocol: b,a\r\n"));

    let client = ClientConfig::stream()
        .header("host", "other:1")
        .unwrap()
        .header("X", "\t\u{e9}")
        .unwrap();
    let client = client
        .header("origin", "null")
        .unwrap()
        .origin("https://a.example")
        .unwrap();
    let request = text(&client, "ws://user:pw@a");
    for line in [
        "Host: other:1",
        "X: \t\u{e9}",
        "Origin: https://a.example",
        "Authorization: Basic dXNlcjpwdw==",
    ] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{request}");
    }
    assert_eq!(request.matches("Host").count(), 1, "{request}");
    assert_eq!(request.matches("Origin").count(), 1, "{request}");
    // What is set goes before what the URL says.
    let client = client.header("authorization", "Bearer token").unwrap();
    let request = text(&client, "ws://user:pw@a");
    assert!(
        request.contains("\r\nauthorization: Bearer token\r\n"),
        "{request}"
    );
    assert!(!request.contains("Basic"), "{request}");
    // Neither is shown.
    let connecting = client.connect(&Url::parse("ws://user:pw@a").unwrap(), &Seed::new([1; 32]));
    let debug = format!("{connecting:?}");
    assert!(
        !debug.contains("token") && !debug.contains("dXNlcjpwdw"),
        "{debug}"
    );
}

#[test]
fn rfc6265_s5_4_one_line_of_cookies() {
    let mut client = ClientConfig::stream();
    for (name, value) in [
        ("Cookie", "a=1"),
        ("X", "y"),
        ("cookie", " b=2; c=3 "),
        ("COOKIE", ""),
        ("X", "z"),
    ] {
        client = client.header(name, value).unwrap();
    }
    let request = text(&client, "ws://a");
    assert!(
        request.contains("\r\nCookie: a=1; b=2; c=3\r\nX: y\r\nX: z\r\n"),
        "{request}"
    );
    assert_eq!(
        request.to_ascii_lowercase().matches("cookie").count(),
        1,
        "{request}"
    );
}

/// Single sign-on makes such cookies. No limit is beyond 1 MiB.
#[test]
fn the_size_of_a_response_is_a_setting() {
    let long = |len| {
        format!(
            "HTTP/1.1 404 x\r\nContent-Length: 0\r\nSet-Cookie: {}\r\n\r\n",
            "a".repeat(len)
        )
    };
    for (setting, len, is_taken) in [
        (None, 40 << 10, true),
        (None, 64 << 10, false),
        (Some(100 << 10), 64 << 10, true),
        (Some(100), 60, false),
        (Some(usize::MAX), 1_000_000, true),
        (Some(usize::MAX), 1 << 20, false),
    ] {
        let client = ClientConfig::stream();
        let client = client.max_head(setting.unwrap_or(64 << 10));
        let error = feed([long(len).as_bytes()], machine(&client)())
            .0
            .unwrap_err();
        if is_taken {
            assert_eq!(response(error).status(), 404);
        } else {
            let limit = setting.unwrap_or(64 << 10).min(1 << 20);
            assert_eq!(error, HandshakeError::HeadTooLarge(limit));
        }
    }
}

#[test]
fn what_a_client_cannot_be_made_to_say() {
    for (name, value) in [
        ("X", "a\r\nY: b"),
        ("X", "a\nY: b"),
        ("X", "a\r"),
        ("X", "a\0"),
        ("X", "\u{7f}"),
        ("X: a\r\nY", "b"),
        ("X Y", "b"),
        ("X:", "b"),
        ("", "b"),
        ("\u{e9}", "b"),
        ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", "b"),
        ("Host", "a\r\nX: y"),
        ("Origin", "https://a\r\nX: y"),
        ("Origin", "https://a/path"),
        ("Connection", "close"),
        ("UPGRADE", "h2c"),
        ("content-length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Sec-WebSocket-Key", "a"),
        ("sec-websocket-protocol", "a"),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
    ] {
        assert!(
            ClientConfig::stream().header(name, value).is_err(),
            "{name:?}: {value:?}"
        );
    }
    for name in ["", "a b", "a,b", "a\r\nX: y", "\u{e9}", "a\0"] {
        let is = |error| matches!(error, InvalidField::Subprotocol(_));
        assert!(ClientConfig::stream().subprotocol(name).is_err_and(is));
        assert!(ClientConfig::stream().subprotocols([name]).is_err_and(is));
    }
    // The parser of URLs lets nothing through either; see there.
    assert!(Url::parse("ws://a/\r\nX: y").is_err());
}

fn malformed(name: &'static str, value: &str) -> Result<(), HandshakeError> {
    Err(HandshakeError::MalformedField {
        name,
        len: value.len(),
        value: matches!(name, "Connection" | "Upgrade").then(|| value.into()),
    })
}

fn no_status<T>(len: usize) -> Result<T, HandshakeError> {
    let perhaps = None;
    Err(HandshakeError::MalformedStartLine { len, perhaps })
}

#[test]
fn s4_1_what_a_client_takes_for_an_answer() {
    use HandshakeError as E;
    let (ok, accept) = (Ok(()), "Sec-WebSocket-Accept");
    #[rustfmt::skip]
    let rows: &[(&str, &[&str], Result<(), E>)] = &[
        ("§1.3 the example", &[], ok.clone()),
        ("RFC 9112 §4 no reason", &["=HTTP/1.1 101 "], ok.clone()),
        ("case", &["-Upgrade", "-Connection", "UPGRADE: WebSocket", "connection: upgrade"], ok.clone()),
        ("more options", &["-Connection", "Connection: keep-alive, Upgrade"], ok.clone()),
        ("RFC 9110 §8.6 a length means nothing", &["Content-Length: 5"], ok.clone()),
        ("RFC 9112 §6.1 a coding means nothing", &["Transfer-Encoding: chunked"], ok.clone()),
        ("other fields", &["Server: x", "Set-Cookie: a=b", "Set-Cookie: c=d"], ok.clone()),
        ("subprotocol", &["Sec-WebSocket-Protocol: binary"], ok.clone()),
        ("extension", &["Sec-WebSocket-Extensions: x-wsstream-half-close"], ok),
        ("item 2", &["-Upgrade"], Err(E::MissingField("Upgrade"))),
        ("item 2", &["-Upgrade", "Upgrade: h2c"], malformed("Upgrade", "h2c")),
        ("item 2", &["-Upgrade", "Upgrade: websocket, h2c"], malformed("Upgrade", "websocket, h2c")),
        ("item 2", &["Upgrade: websocket"], Err(E::DuplicateField("Upgrade"))),
        ("item 3", &["-Connection"], Err(E::MissingField("Connection"))),
        ("item 3", &["-Connection", "Connection: close"], malformed("Connection", "close")),
        ("item 4", &["-Sec-WebSocket-Accept"], Err(E::MissingField(accept))),
        ("item 4", &["-Sec-WebSocket-Accept", "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
            Err(E::WrongAccept("S3pPLMBiTxaQ9kYGzzhZRbK+xOo=".into()))),
        ("item 4", &["-Sec-WebSocket-Accept", "Sec-WebSocket-Accept:"], Err(E::WrongAccept("".into()))),
        ("item 4", &["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], Err(E::DuplicateField(accept))),
        ("item 5", &["Sec-WebSocket-Extensions: permessage-deflate; a=1"],
            Err(E::UnofferedExtension("permessage-deflate; a=1".into()))),
        ("item 5", &["Sec-WebSocket-Extensions: x-wsstream-half-close; a"],
            Err(E::UnofferedExtension("x-wsstream-half-close; a".into()))),
        ("item 5", &["Sec-WebSocket-Extensions: x-wsstream-half-close, x-wsstream-half-close"],
            Err(E::DuplicateExtension(HALF_CLOSE.into()))),
        ("§9.1", &["Sec-WebSocket-Extensions: a b"], malformed("Sec-WebSocket-Extensions", "a b")),
        ("item 6", &["Sec-WebSocket-Protocol: mqtt"], Err(E::UnofferedSubprotocol("mqtt".into()))),
        ("item 6", &["Sec-WebSocket-Protocol: binary, base64"], malformed("Sec-WebSocket-Protocol", "binary, base64")),
        ("§11.3.4", &["Sec-WebSocket-Protocol: binary", "Sec-WebSocket-Protocol: base64"],
            Err(E::DuplicateField("Sec-WebSocket-Protocol"))),
        ("§4.1", &["=HTTP/1.0 101 Switching Protocols"], Err(E::UnsupportedHttpVersion("HTTP/1.0".into()))),
        ("§4.1", &["=HTTP/2.0 101 Switching Protocols"], Err(E::UnsupportedHttpVersion("HTTP/2.0".into()))),
        ("RFC 9112 §4", &["=HTTP/1.1 10 x"], no_status(13)),
        ("RFC 9110 §15", &["=HTTP/1.1 099 x"], no_status(14)),
        ("RFC 9110 §15", &["=HTTP/1.1 600 x"], no_status(14)),
        ("no HTTP", &["=SSH-2.0-x"], Err(E::NotHttp { begins: "SSH-".into(), speaks: Some("SSH") })),
        ("RFC 9112 §5.2", &[" folded"], Err(E::FoldedField)),
        ("RFC 9112 §2.2", &["A: b\nC: d"], Err(E::BareLf)),
    ];
    let client = ClientConfig::stream().accept_no_subprotocol(true);
    for (what, changes, expected) in rows {
        let input = answer(changes) + "\u{1}frames";
        let (result, rest) = at_every_cut(input.as_bytes(), machine(&client));
        if result.is_ok() {
            assert_eq!(rest, b"\x01frames", "{what}");
        }
        let result = result.map(|connected| assert_eq!(connected.unwrap().response.status(), 101));
        assert_eq!(&result, expected, "{what} {changes:?}");
    }
}

#[test]
fn s4_1_no_subprotocol_is_an_error_unless_it_is_accepted() {
    let run = |client: &ClientConfig| feed([answer(&[]).as_bytes()], machine(client)()).0;
    assert_eq!(
        run(&ClientConfig::stream()).unwrap_err(),
        HandshakeError::NoSubprotocol
    );
    for client in [
        ClientConfig::stream().accept_no_subprotocol(true),
        ClientConfig::stream().subprotocols([""; 0]).unwrap(),
        ClientConfig::messages(),
        ClientConfig::messages().subprotocol("chat").unwrap(),
    ] {
        assert_eq!(
            run(&client)
                .unwrap()
                .unwrap()
                .negotiated
                .agreed()
                .subprotocol(),
            None
        );
    }
}

#[test]
fn rfc9110_s15_2_interim_responses_have_an_end() {
    let interim = "HTTP/1.1 102 Processing\r\n\r\n";
    let (result, _) = at_every_cut(
        (interim.repeat(8) + &answer(&[])).as_bytes(),
        machine(&ClientConfig::messages()),
    );
    assert!(result.unwrap().is_some());
    let (result, _) = at_every_cut(
        interim.repeat(9).as_bytes(),
        machine(&ClientConfig::messages()),
    );
    assert_eq!(result, Err(HandshakeError::TooManyInterimResponses));
}

#[test]
fn no_answer_at_all() {
    let at = |secs| Timestamp::from_origin(Duration::from_secs(secs));
    let mut connecting = connect(&ClientConfig::stream());
    assert_eq!(connecting.poll_time(at(3)), Ok(at(33)));
    assert_eq!(
        connecting.receive(&mut &b"HTTP/1.1 404 x\r\n"[..]),
        Ok(None)
    );
    assert_eq!(connecting.poll_time(at(32)), Ok(at(33)));
    assert_eq!(connecting.poll_time(at(33)), Err(HandshakeError::TimedOut));
    let mut connecting = connect(&ClientConfig::stream());
    assert_eq!(connecting.receive(&mut &b"HTTP/1.1 101"[..]), Ok(None));
    assert_eq!(connecting.recv_eof(), HandshakeError::UnexpectedEof);
}
