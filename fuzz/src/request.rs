//! What a server receives, and how it answers.

use arbitrary::Unstructured;
use wsstream_core::handshake::{
    Accepted, Acceptor, ClientConfig, HandshakeError, Headers, MAX_FIELDS, Origins, Refusal,
    Request, ServerConfig, accept_key,
};
use wsstream_core::{ConnectionConfig, Seed, Url};

use crate::input::{cut, feed, number, octet, octets, one_by_one};

/// Whatever is sent as a request, wherever it is cut: the same request or fault comes of it, the fields
/// are those that a plain reading finds, and the server's answer, 101 or not, is one that our client
/// reads to its last octet.
///
/// Input: flags (1: the wire goes on after a good request's fields; 2: and after a long one; 4: a
/// server of messages, 8: of same-host pages only, 16: of one path, 32: without half close, 64: with a path of
/// health checks), with 2 the length, the number of cuts, their lengths, and the wire.
pub(crate) fn request(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let mut wire = Vec::new();
    if flags & 1 != 0 {
        wire.extend_from_slice(GOOD);
    }
    if flags & 2 != 0 {
        let len = number(&mut input) % (MAX_HEAD + 10);
        wire.extend_from_slice(b"X-Long: ");
        wire.resize(wire.len() + len, b'x');
        wire.extend_from_slice(b"\r\n");
    }
    let cuts = octets(&mut input);
    wire.extend_from_slice(input.take_rest());

    let server = server(flags);
    let receive = |parts: &[&[u8]]| {
        let mut acceptor = Acceptor::new(&server);
        feed(parts, |input| acceptor.receive(input))
    };
    let whole = receive(&[&wire]);
    assert_eq!(receive(&one_by_one(&wire)), whole);
    assert_eq!(receive(&cut(&wire, cuts)), whole);
    match whole {
        (Ok(Some(request)), rest) => {
            let (head, after) = wire.split_at(wire.len() - rest.len());
            assert_eq!(rest, after);
            assert_eq!(own(request.headers()), fields(head));
            answer(&request, &server);
        }
        (Ok(None), _) => {}
        (Err(error), _) => refusal(&error),
    }
}

fn server(flags: u8) -> ServerConfig {
    let mut server = if flags & 4 == 0 {
        ServerConfig::stream()
    } else {
        ServerConfig::messages()
    };
    if flags & 8 == 0 {
        server = server.origins(Origins::any());
    }
    if flags & 16 != 0 {
        server = server.path("/x");
    }
    if flags & 64 != 0 {
        server = server.health_path("/x");
    }
    server.config(ConnectionConfig::new().half_close(flags & 32 == 0))
}

/// The model: lines end with CR LF, the last one is empty, and names end at the first colon.
fn fields(head: &[u8]) -> Vec<(String, Vec<u8>)> {
    let head = head.strip_prefix(b"\r\n").unwrap_or(head);
    let head = head.strip_suffix(b"\r\n\r\n").unwrap();
    let text: String = head.iter().copied().map(char::from).collect();
    assert!(head.len() <= MAX_HEAD);
    let mut lines = text.split("\r\n");
    lines.next().unwrap();
    let fields: Vec<_> = lines
        .map(|line| {
            assert!(!line.contains(['\r', '\n', '\0']));
            let (name, value) = line.split_once(':').unwrap();
            let value = value.trim_matches([' ', '\t']).chars();
            let octets = value.map(|octet| u8::try_from(octet).unwrap()).collect();
            (name.to_owned(), octets)
        })
        .collect();
    assert!(fields.len() <= MAX_FIELDS);
    fields
}

fn own(headers: &Headers) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn answer(request: &Request, server: &ServerConfig) {
    let _ = (request.query(), request.origin(), format!("{request:?}"));
    let path = request.path();
    assert!(!path.contains(['?', '#']));
    match request.method() {
        "CONNECT" => {}
        "OPTIONS" => assert!(path.starts_with('/') || path == "*"),
        _ => assert!(path.starts_with('/')),
    }
    for octet in [request.method(), request.target()].concat().bytes() {
        assert!(octet.is_ascii_graphic());
    }
    let accepted = request.accept(server);
    let is_health_check = matches!(accepted, Err(HandshakeError::HealthCheck));
    assert_eq!(request.is_health_check(server), is_health_check);
    match accepted {
        Ok(accepted) => confirmed(request, &accepted),
        Err(error) => refusal(&error),
    }
    let refusal = Refusal::new(503).body("x");
    let answer = request.refuse(&refusal);
    assert_eq!(answer.ends_with(b"x"), request.method() != "HEAD");
    assert!(refusal.to_http1().starts_with(&answer));
}

/// A client that has offered the same, and has sent the same key, agrees.
fn confirmed(request: &Request, accepted: &Accepted) {
    let client = ClientConfig::stream()
        .subprotocols(request.subprotocols())
        .unwrap()
        .accept_no_subprotocol(true);
    let mut connecting = client.connect(&Url::parse("ws://a").unwrap(), &Seed::new([7; 32]));
    let asked = Acceptor::new(&ServerConfig::messages())
        .receive(&mut connecting.request())
        .unwrap()
        .unwrap();
    let [theirs, ours] =
        [request, &asked].map(|request| accept_key(request.headers().get(KEY).unwrap()));
    let response = str::from_utf8(&accepted.response).unwrap();
    assert_eq!(response.matches(&theirs).count(), 1);
    let response = response.replace(&theirs, &ours);
    let mut input = response.as_bytes();
    let connected = connecting.receive(&mut input).unwrap().unwrap();
    assert!(input.is_empty());
    assert_eq!(connected.negotiated.agreed(), accepted.negotiated.agreed());
}

/// What came from the peer is in the answer's body, and changes nothing else of it.
fn refusal(error: &HandshakeError) {
    let answer = error.response();
    let mut connecting =
        ClientConfig::stream().connect(&Url::parse("ws://a").unwrap(), &Seed::new([7; 32]));
    let mut input = &answer[..];
    let Err(HandshakeError::Refused(response)) = connecting.receive(&mut input) else {
        unreachable!("{error:?} is answered with {}", answer.escape_ascii());
    };
    assert!(input.is_empty());
    assert_eq!(Some(response.status()), error.status());
    assert_eq!(response.body(), format!("{error}\n").as_bytes());
    let head = answer.strip_suffix(response.body()).unwrap();
    assert_eq!(own(response.headers()), fields(head));
    assert!(response.headers().len() <= 5);
}

const KEY: &str = "Sec-WebSocket-Key";
const GOOD: &[u8] =
    b"GET /x?y HTTP/1.1\r\nHost: a:81\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The largest head that a server takes by default.
const MAX_HEAD: usize = 16 << 10;
