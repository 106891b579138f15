use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::ConnectionConfig;
use crate::handshake::tests::{acceptor, at_every_cut, feed};
use crate::handshake::{HALF_CLOSE, InvalidField, Refusal};

/// RFC 6455 §1.3, the example request; the Origin is one that its Host allows.
const EXAMPLE: &[&str] = &[
    "GET /chat HTTP/1.1",
    "Host: server.example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Origin: http://server.example.com",
    "Sec-WebSocket-Version: 13",
];

/// The example with changes: `-Name` takes a field out, `=LINE` is another first line, and what else
/// there is comes at the end.
fn request(changes: &[&str]) -> String {
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

fn parse(text: &str) -> Request {
    feed([text.as_bytes()], acceptor()).0.unwrap().unwrap()
}

#[test]
fn s1_3_the_example() {
    let text = request(&["Sec-WebSocket-Protocol: chat, superchat"]);
    let (result, rest) = at_every_cut(&[text.as_bytes(), b"\x81\x00"].concat(), acceptor);
    let request = result.unwrap().unwrap();
    assert_eq!(rest, b"\x81\x00");
    assert_eq!(request.method(), "GET");
    assert_eq!(
        (request.target(), request.path(), request.query()),
        ("/chat", "/chat", None)
    );
    assert_eq!(request.host(), Some("server.example.com"));
    assert_eq!(request.origin(), Some("http://server.example.com"));
    assert!(request.subprotocols().eq(["chat", "superchat"]));
    let server = ServerConfig::messages()
        .subprotocol("chat")
        .unwrap()
        .header("Server", "us")
        .unwrap();
    let accepted = request.accept(&server).unwrap();
    assert_eq!(
        String::from_utf8(accepted.response).unwrap(),
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         Sec-WebSocket-Protocol: chat\r\n\
         Server: us\r\n\r\n"
    );
    assert_eq!(accepted.negotiated.agreed().subprotocol(), Some("chat"));
}

/// What it is about, the changes, and the status; 101 is accepted.
#[rustfmt::skip]
const REQUESTS: &[(&str, &[&str], u16)] = &[
    ("§1.3 the example", &[], 101),
    // What peers do and is right.
    ("RFC 9110 §7.8 case", &["-Upgrade", "Upgrade: WebSocket"], 101),
    ("§7.8 other protocols too", &["-Upgrade", "Upgrade: h2c, websocket"], 101),
    ("§7.8 two fields", &["Upgrade: h2c"], 101),
    ("RFC 9110 §7.6.1 Firefox", &["-Connection", "Connection: keep-alive, Upgrade"], 101),
    ("§7.6.1 case and blanks", &["-Connection", "Connection: ,keep-alive \t, upgrade ,"], 101),
    ("§7.6.1 two fields", &["-Connection", "Connection: keep-alive", "Connection: Upgrade"], 101),
    ("RFC 9110 §5.1 case of names", &["-Upgrade", "-Host", "UPGRADE: websocket", "hOST: server.example.com"], 101),
    ("Autobahn's two blanks", &["-Host", "-Origin", "Host:  localhost:9000"], 101),
    ("RFC 9110 §8.6 no body", &["Content-Length: 0"], 101),
    ("other fields", &["User-Agent: x", "Cookie: a=b", "Pragma: no-cache"], 101),
    ("RFC 9112 §3.2.2 a whole URI", &["=GET http://server.example.com/chat HTTP/1.1"], 101),
    ("§4.2.1 bits left over in the key", &["-Sec-WebSocket-Key", "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDx=="], 101),
    ("§4.2.2 no origin", &["-Origin"], 101),
    ("§4.2.2 TLS before us", &["-Origin", "Origin: https://server.example.com"], 101),
    ("§9.1 unknown extensions", &["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, foo"], 101),
    ("§1.9 binary", &["Sec-WebSocket-Protocol: binary"], 101),
    // §4.2.1 item 1.
    ("§4.2.1 POST", &["=POST /chat HTTP/1.1", "Content-Length: 3"], 405),
    ("§4.2.1 HEAD", &["=HEAD /chat HTTP/1.1"], 405),
    ("RFC 9110 §9.1 case of methods", &["=get /chat HTTP/1.1"], 405),
    ("RFC 9113 §3.4", &["=CONNECT a:1 HTTP/1.1"], 405),
    ("§4.2.1 HTTP/1.0", &["=GET /chat HTTP/1.0"], 426),
    // RFC 9112 §3.2.
    ("no Host", &["-Host"], 400),
    ("empty Host", &["-Host", "Host:"], 400),
    ("two Hosts", &["Host: server.example.com"], 400),
    ("Host with a path", &["-Host", "Host: server.example.com/chat"], 400),
    ("Host with a user", &["-Host", "Host: me@server.example.com"], 400),
    ("two hosts in one", &["-Host", "Host: a, b"], 400),
    ("Host with a bad port", &["-Host", "Host: a:b"], 400),
    // Bodies.
    ("a body", &["Content-Length: 1"], 400),
    ("a body, said twice", &["Content-Length: 0", "Content-Length: 1"], 400),
    ("no length", &["Content-Length:"], 400),
    ("odd lengths", &["Content-Length: +0"], 400),
    ("a list of lengths", &["Content-Length: 0, 0"], 400),
    ("a chunked body", &["Transfer-Encoding: chunked"], 400),
    ("any coding", &["Transfer-Encoding: identity"], 400),
    // §4.2.1 item 3, §4.4.
    ("a plain GET", &["-Upgrade", "-Connection", "-Sec-WebSocket-Key", "-Sec-WebSocket-Version"], 426),
    ("no Upgrade", &["-Upgrade"], 426),
    ("another protocol", &["-Upgrade", "Upgrade: h2c"], 426),
    ("a protocol like it", &["-Upgrade", "Upgrade: websocket2"], 426),
    ("§4.4 no version", &["-Sec-WebSocket-Version"], 426),
    ("§4.4 version 8", &["-Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"], 426),
    ("§4.4 a list of versions", &["-Sec-WebSocket-Version", "Sec-WebSocket-Version: 13, 8"], 426),
    ("§4.1 item 9, another form", &["-Sec-WebSocket-Version", "Sec-WebSocket-Version: 013"], 426),
    ("§11.3.5 two versions", &["Sec-WebSocket-Version: 13"], 400),
    // §4.2.1 items 4 and 5.
    ("no Connection", &["-Connection"], 400),
    ("Connection without Upgrade", &["-Connection", "Connection: keep-alive"], 400),
    ("Connection with something like it", &["-Connection", "Connection: upgraded"], 400),
    ("no key", &["-Sec-WebSocket-Key"], 400),
    ("two keys", &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], 400),
    ("an empty key", &["-Sec-WebSocket-Key", "Sec-WebSocket-Key:"], 400),
    ("a key of 15 octets", &["-Sec-WebSocket-Key", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"], 400),
    ("a key of 17 octets", &["-Sec-WebSocket-Key", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA="], 400),
    ("a key without padding", &["-Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"], 400),
    ("a key in another alphabet", &["-Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBs-_Bub25jZQ=="], 400),
    // §4.2.2 item 4, §10.2.
    ("a foreign page", &["-Origin", "Origin: http://evil.example"], 403),
    ("another port", &["-Origin", "Origin: http://server.example.com:8080"], 403),
    ("a page from nowhere", &["-Origin", "Origin: null"], 403),
    ("no text", &["-Origin", "Origin: \u{e9}"], 403),
    ("RFC 6454 §7.3 two origins", &["Origin: http://server.example.com"], 400),
    ("RFC 9112 §3.2.2 the URI's host counts", &["=GET http://other.example/chat HTTP/1.1"], 403),
    // §4.2.2 item 5, §9.1.
    ("nothing in common", &["Sec-WebSocket-Protocol: mqtt"], 406),
    ("a malformed name", &["Sec-WebSocket-Protocol: binary, a b"], 400),
    ("a name twice", &["Sec-WebSocket-Protocol: binary", "Sec-WebSocket-Protocol: binary"], 400),
    ("a malformed extension", &["Sec-WebSocket-Extensions: foo; a=\"b c\""], 400),
    ("a malformed extension among others", &["Sec-WebSocket-Extensions: foo", "Sec-WebSocket-Extensions: ;"], 400),
];

#[test]
fn s4_2_what_a_server_accepts_and_what_it_refuses() {
    for &(what, changes, status) in REQUESTS {
        let text = request(changes);
        let (result, rest) = at_every_cut(text.as_bytes(), acceptor);
        assert!(rest.is_empty(), "{what}");
        match result.unwrap().unwrap().accept(&ServerConfig::stream()) {
            Ok(_) => assert_eq!(101, status, "{what}"),
            Err(error) => {
                assert_eq!(error.status(), Some(status), "{what}: {error}");
                let line = format!("HTTP/1.1 {status} ");
                assert!(error.response().starts_with(line.as_bytes()), "{what}");
            }
        }
    }
}

#[test]
fn s4_2_1_the_order_of_the_checks() {
    // Each of these faults hides all those after it.
    let faults = [
        ("=POST /x HTTP/1.0", 405),
        ("=GET /x HTTP/1.0", 426),
        ("-Host", 400),
        ("-Upgrade", 426),
        ("-Sec-WebSocket-Key", 400),
        ("=GET /x HTTP/1.1", 404),
        ("Origin: null", 403),
        ("Sec-WebSocket-Protocol: mqtt", 406),
    ];
    let server = ServerConfig::stream().path("/chat");
    for first in 0..faults.len() {
        let mut changes = Vec::from(["-Origin"]);
        // In reverse, because the last start line of the changes is the one that is sent.
        changes.extend(faults[first..].iter().rev().map(|fault| fault.0));
        let error = parse(&request(&changes)).accept(&server).unwrap_err();
        assert_eq!(error.status(), Some(faults[first].1), "{changes:?}");
    }
}

#[test]
fn s4_2_2_a_path_that_is_not_served() {
    for (served, target, accepted) in [
        ("/", "/", true),
        ("", "/any?x", true),
        ("/chat", "/chat", true),
        ("chat", "/chat", true),
        ("/chat", "/chat?room=1", true),
        ("/chat", "http://server.example.com/chat?x", true),
        ("/chat", "/", false),
        ("/chat", "/chat/", false),
        ("/chat", "/Chat", false),
        ("/chat", "/%63hat", false),
        ("/chat", "/x?/chat", false),
        ("/chat", "http://server.example.com", false),
    ] {
        let text = request(&[&format!("=GET {target} HTTP/1.1")]);
        let result = parse(&text).accept(&ServerConfig::stream().path(served));
        let expected = if accepted { None } else { Some(404) };
        assert_eq!(
            result.err().and_then(|error| error.status()),
            expected,
            "{served} {target}"
        );
    }
}

#[test]
fn rfc9112_s3_2_targets() {
    for (target, path, query, host) in [
        ("/", "/", None, "server.example.com"),
        ("/a/b?c?d", "/a/b", Some("c?d"), "server.example.com"),
        ("/?", "/", Some(""), "server.example.com"),
        ("/a://b/c?d", "/a://b/c", Some("d"), "server.example.com"),
        ("http://other:81", "/", None, "other:81"),
        ("ws://other/a?b", "/a", Some("b"), "other"),
        ("http://other?b", "/", Some("b"), "other"),
    ] {
        let request = parse(&request(&[&format!("=GET {target} HTTP/1.1")]));
        let got = (
            request.target(),
            request.path(),
            request.query(),
            request.host(),
        );
        assert_eq!(got, (target, path, query, Some(host)));
    }
}

#[test]
fn what_a_server_answers() {
    let answer = |server: &ServerConfig, changes: &[&str]| {
        let accepted = parse(&request(changes)).accept(server).unwrap();
        String::from_utf8(accepted.response).unwrap()
    };
    let offers = [
        "Sec-WebSocket-Protocol: mqtt, base64",
        "Sec-WebSocket-Extensions: x-wsstream-half-close",
    ];
    // Nothing asked for, nothing in the answer.
    for server in [ServerConfig::stream(), ServerConfig::messages()] {
        assert!(!answer(&server, &[]).contains("Sec-WebSocket-Protocol"));
        assert!(!answer(&server, &[]).contains("Sec-WebSocket-Extensions"));
    }
    let text = answer(&ServerConfig::stream(), &offers);
    assert!(
        text.contains("\r\nSec-WebSocket-Protocol: base64\r\n"),
        "{text}"
    );
    assert!(
        text.contains(&format!("\r\nSec-WebSocket-Extensions: {HALF_CLOSE}\r\n")),
        "{text}"
    );
    let text = answer(
        &ServerConfig::stream().config(ConnectionConfig::new().half_close(false)),
        &offers,
    );
    assert!(!text.contains("Sec-WebSocket-Extensions"), "{text}");
    let text = answer(
        &ServerConfig::stream().subprotocol("mqtt").unwrap(),
        &offers,
    );
    assert!(
        text.contains("\r\nSec-WebSocket-Protocol: mqtt\r\n"),
        "{text}"
    );
    // A server of messages ignores what it does not speak.
    let text = answer(&ServerConfig::messages(), &offers);
    assert!(!text.contains("Sec-WebSocket-Protocol"), "{text}");
}

#[test]
fn s4_4_the_refusals_that_carry_fields() {
    let response = |changes: &[&str]| {
        let error = parse(&request(changes))
            .accept(&ServerConfig::stream())
            .unwrap_err();
        String::from_utf8(error.response()).unwrap()
    };
    let text = response(&["-Upgrade", "-Connection"]);
    for field in [
        "Upgrade: websocket",
        "Connection: Upgrade, close",
        "Sec-WebSocket-Version: 13",
    ] {
        assert!(text.contains(&format!("\r\n{field}\r\n")), "{text}");
    }
    assert!(response(&["=PUT / HTTP/1.1"]).contains("\r\nAllow: GET\r\n"));
    let text = response(&["Sec-WebSocket-Protocol: mqtt"]);
    assert!(
        text.ends_with("this server speaks \"binary,base64\": see the setting `subprotocol`\n"),
        "{text}"
    );
    let text = response(&["-Origin", "Origin: http://evil.example"]);
    assert!(text.ends_with("origin \"http://evil.example\" is not allowed by this server: see the setting `origins`\n"), "{text}");
}

/// A server that knows where it listens looks at the host and, with TLS, at the origin's scheme.
#[test]
fn s10_2_pages_of_a_server_that_knows_where_it_listens() {
    let local = "127.0.0.1:9000".parse().unwrap();
    let page = |host: &str, origin: &str| {
        let (host, origin) = (format!("Host: {host}"), format!("Origin: {origin}"));
        parse(&request(&["-Host", "-Origin", &host, &origin]))
    };
    let unknown = ServerConfig::stream();
    let [plain, tls] = [false, true].map(|tls| ServerConfig::stream().listening_on([local], tls));
    for (host, scheme, statuses) in [
        ("localhost:9000", "http", [101, 101, 403]),
        ("localhost:9000", "https", [101, 101, 101]),
        ("evil.example:9000", "http", [101, 403, 403]),
        ("evil.example:9000", "https", [101, 403, 403]),
        ("evil.example:80", "https", [101, 101, 101]),
    ] {
        let request = page(host, &format!("{scheme}://{host}"));
        let got = [&unknown, &plain, &tls].map(|server| match request.accept(server) {
            Ok(_) => 101,
            Err(error) => error.status().unwrap(),
        });
        assert_eq!(got, statuses, "{scheme}://{host}");
    }
    let host = "evil.example:9000";
    let error = page(host, &format!("http://{host}")).accept(&plain);
    let text = error.unwrap_err().to_string();
    assert_eq!(
        text,
        "host \"evil.example\" is not one of this server's: see the setting `hosts`"
    );
}

#[test]
fn an_application_can_answer_what_it_likes() {
    let page = Refusal::new(200)
        .header("Content-Type", "text/plain")
        .unwrap()
        .body("hello");
    let text = String::from_utf8(parse(&request(&[])).refuse(&page)).unwrap();
    assert!(
        text.ends_with("\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"),
        "{text}"
    );
    // RFC 9110 §9.3.2: HEAD gets the same without the body.
    let head = parse(&request(&["=HEAD / HTTP/1.1"])).refuse(&page);
    assert_eq!(
        String::from_utf8(head).unwrap(),
        text.trim_end_matches("hello")
    );
}

#[test]
fn what_a_server_cannot_be_made_to_say() {
    for (name, value) in [
        ("X", "a\r\nb: c"),
        ("X", "\0"),
        ("X y", "a"),
        ("Sec-WebSocket-Accept", "a"),
        ("sec-websocket-protocol", "a"),
        ("connection", "a"),
        ("Content-Length", "1"),
    ] {
        assert!(
            ServerConfig::stream().header(name, value).is_err(),
            "{name}: {value:?}"
        );
    }
    for name in ["", "a b", "a,b", "a\r\n", "\u{e9}"] {
        let error = ServerConfig::stream().subprotocol(name).unwrap_err();
        assert!(matches!(error, InvalidField::Subprotocol(_)), "{error}");
    }
}

#[test]
fn debug_shows_no_credentials() {
    let request = parse(&request(&[
        "Authorization: Basic c2VjcmV0",
        "cookie: c2VjcmV0",
        "A: b",
    ]));
    let text = format!("{request:?}");
    assert!(
        !text.contains("c2VjcmV0") && text.contains("\"A\": 1 octet"),
        "{text}"
    );
    let server = ServerConfig::stream()
        .header("Set-Cookie", "secret")
        .unwrap();
    assert!(!format!("{server:?}").contains("secret"));
}

#[test]
fn long_texts_of_the_peer_are_cut() {
    let long = "x".repeat(5000);
    for change in [
        format!("={long} /chat HTTP/1.1"),
        format!("=GET /{long} HTTP/1.1"),
        format!("Origin: {long}"),
        format!("Sec-WebSocket-Protocol: {long}"),
        format!("Sec-WebSocket-Protocol: {long},{long}"),
        format!("Sec-WebSocket-Extensions: {long} {long}"),
    ] {
        let request = parse(&request(&["-Origin", &change]));
        let error = request
            .accept(&ServerConfig::stream().path("/chat"))
            .unwrap_err();
        assert!(error.to_string().len() < 300, "{error}");
    }
}
