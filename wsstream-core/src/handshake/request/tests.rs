//! Requests that a proxy has spoilt, and targets.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::handshake::tests::{acceptor, at_every_cut};
use crate::handshake::{Acceptor, HandshakeError, ServerConfig};

/// What is refused of a request: a status, and what the body says of it.
fn refused(line: &str, fields: &[&str]) -> (u16, String) {
    let mut lines = Vec::from([line, "Host: a"]);
    lines.extend(fields);
    let head = lines.join("\r\n") + "\r\n\r\n";
    let (request, _) = at_every_cut(head.as_bytes(), acceptor);
    let error = match request {
        Ok(request) => request
            .unwrap()
            .accept(&ServerConfig::stream())
            .unwrap_err(),
        Err(error) => error,
    };
    (error.status().unwrap(), error.to_string())
}

const UPGRADE: &str = "Upgrade: websocket";
const CONNECTION: &str = "Connection: Upgrade";
const VERSION: &str = "Sec-WebSocket-Version: 13";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const PROTOCOL: &str = "Sec-WebSocket-Protocol: binary";

/// What is left of the fields, the status, and what is said first of it.
#[rustfmt::skip]
const LEFT: &[(&[&str], u16, &str)] = &[
    // nginx with `proxy_http_version 1.1` alone.
    (&["Connection: close", VERSION, KEY, PROTOCOL], 426, "no Upgrade field, which"),
    // nginx with one `proxy_set_header` of two.
    (&[UPGRADE, "Connection: close", VERSION, KEY], 400, "Connection \"close\", expected Upgrade, which"),
    (&[CONNECTION, VERSION, KEY], 426, "no Upgrade field, which"),
    (&[UPGRADE, VERSION, KEY], 400, "no Connection field, which"),
    (&[UPGRADE, "Connection:", VERSION, KEY], 400, "Connection \"\", expected Upgrade, which"),
    (&["Upgrade:", CONNECTION, VERSION, KEY], 426, "Upgrade \"\", expected websocket, which"),
    (&["Upgrade: h2c", CONNECTION, VERSION, KEY], 426, "Upgrade \"h2c\", expected websocket, which"),
    // Fields that begin with `Sec-` or that are not known.
    (&[UPGRADE, CONNECTION, VERSION], 400, "no Sec-WebSocket-Key field, which"),
    (&[UPGRADE, CONNECTION, KEY], 426, "no Sec-WebSocket-Version field, which"),
    (&[UPGRADE, CONNECTION], 426, "no Sec-WebSocket-Version field, which"),
    (&[UPGRADE], 426, "no Sec-WebSocket-Version field, which"),
    (&[KEY], 426, "no Upgrade field, which"),
    (&[VERSION], 426, "no Upgrade field, which"),
];

#[test]
fn a_part_of_a_handshake_is_explained() {
    for &(fields, status, says) in LEFT {
        let (got, text) = refused("GET / HTTP/1.1", fields);
        assert_eq!(got, status, "{fields:?}: {text}");
        assert!(text.starts_with(says), "{fields:?}: {text}");
        assert!(
            text.contains(", which a proxy on the way may have removed"),
            "{fields:?}: {text}"
        );
        // What nginx removes by default.
        let is_hop_by_hop = !says.contains("Sec-WebSocket-");
        assert_eq!(
            text.ends_with(
                " (nginx: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";)"
            ),
            is_hop_by_hop,
            "{fields:?}: {text}"
        );
    }
}

/// Nobody is told of proxies who asks for something else.
#[test]
fn a_plain_request_is_told_what_is_here() {
    let plain = "request without an upgrade, expected Upgrade: websocket";
    for fields in [
        &[] as &[&str],
        &["Connection: keep-alive"],
        &["Connection: close"],
        &[CONNECTION],
        &["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"],
        &[PROTOCOL],
    ] {
        let got = refused("GET / HTTP/1.1", fields);
        assert_eq!(got, (426, plain.into()), "{fields:?}");
    }
}

/// What is there and wrong is not lost.
#[test]
fn a_wrong_field_is_told_as_such() {
    for (fields, status, says) in [
        (
            [UPGRADE, CONNECTION, "Sec-WebSocket-Version: 8", KEY],
            426,
            "WebSocket version \"8\", expected \"13\"",
        ),
        (
            [UPGRADE, CONNECTION, "Sec-WebSocket-Version:", KEY],
            426,
            "WebSocket version \"\", expected \"13\"",
        ),
        (
            [UPGRADE, CONNECTION, VERSION, "Sec-WebSocket-Key: secret"],
            400,
            "malformed field Sec-WebSocket-Key, of 6 octets",
        ),
        (
            [UPGRADE, CONNECTION, VERSION, "Sec-WebSocket-Key:"],
            400,
            "malformed field Sec-WebSocket-Key, of 0 octets",
        ),
    ] {
        assert_eq!(
            refused("GET / HTTP/1.1", &fields),
            (status, says.into()),
            "{fields:?}"
        );
    }
}

/// nginx speaks HTTP/1.0 to its upstream by default, with `Connection: close`.
#[test]
fn http10_names_what_a_proxy_needs() {
    for fields in [
        &["Connection: close", VERSION, KEY] as &[&str],
        &[UPGRADE, CONNECTION, VERSION, KEY],
        &[],
    ] {
        let (status, text) = refused("GET / HTTP/1.0", fields);
        assert_eq!(status, 426, "{text}");
        assert!(text.starts_with("HTTP/1.0, expected HTTP/1.1, "), "{text}");
        assert!(text.contains("nginx: proxy_http_version 1.1; "), "{text}");
        assert!(text.len() < 300, "{text}");
    }
}

#[test]
fn rfc9112_s2_3_other_versions() {
    for (version, status) in [
        ("HTTP/2.0", 505),
        ("HTTP/0.9", 505),
        ("HTTP/3.0", 505),
        ("HTTP/1.2", 505),
        ("HTTP/2", 400),
        ("HTTP/11", 400),
    ] {
        let (got, text) = refused(&format!("GET / {version}"), &[]);
        assert_eq!(got, status, "{text}");
    }
}

/// A request with all it needs, but for its line.
fn asked(line: &str) -> Result<Option<String>, (u16, String)> {
    let fields = ["Host: b", UPGRADE, CONNECTION, VERSION, KEY].join("\r\n");
    let head = format!("{line}\r\n{fields}\r\n\r\n");
    let (request, _) = at_every_cut(head.as_bytes(), acceptor);
    let told = |error: HandshakeError| (error.status().unwrap(), error.to_string());
    let request = request.map_err(told)?.unwrap();
    let server = ServerConfig::stream().path("/");
    request.accept(&server).map_err(told)?;
    Ok(request
        .host()
        .map(|host| format!("{host} {}", request.path())))
}

/// A status, and what is said first.
type Refused = (u16, &'static str);

/// The line, and where it goes, or the status of what is refused and what it says.
#[rustfmt::skip]
const LINES: &[(&str, Result<&str, Refused>)] = &[
    ("GET / HTTP/1.1", Ok("b /")),
    ("GET /a/b?c HTTP/1.1", Ok("b /a/b")),
    ("GET http://a HTTP/1.1", Ok("a /")),
    ("GET http://a?c HTTP/1.1", Ok("a /")),
    ("GET HTTPS://a:443/d?c HTTP/1.1", Ok("a:443 /d")),
    ("GET ws://[::1]:81/d HTTP/1.1", Ok("[::1]:81 /d")),
    ("GET wss://a/d HTTP/1.1", Ok("a /d")),
    ("GET * HTTP/1.1", Err((400, "request-target \"*\": expected a path"))),
    ("OPTIONS * HTTP/1.1", Err((405, "method \"OPTIONS\""))),
    ("GET foo HTTP/1.1", Err((400, "request-target \"foo\": expected a path"))),
    ("GET example.com:80 HTTP/1.1", Err((400, "request-target \"example.com:80\": expected a path"))),
    ("CONNECT example.com:80 HTTP/1.1", Err((405, "method \"CONNECT\""))),
    ("GET /#x HTTP/1.1", Err((400, "request-target \"/\": it has a fragment"))),
    ("GET http://me:secret@a/ HTTP/1.1", Err((400, "request-target \"http://...\": it has a user"))),
    ("GET ftp://a/ HTTP/1.1", Err((400, "request-target \"ftp://a/\": expected the scheme"))),
    // What is malformed is not read any further.
    ("POST foo HTTP/1.1", Err((400, "request-target \"foo\""))),
    ("GET foo HTTP/1.0", Err((400, "request-target \"foo\""))),
];

#[test]
fn rfc9112_s3_2_where_a_request_goes() {
    for &(line, expected) in LINES {
        match (asked(line), expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got.as_deref(), Some(expected), "{line}"),
            (Err((got, text)), Err((status, says))) => {
                assert_eq!(got, status, "{line}: {text}");
                assert!(text.starts_with(says), "{line}: {text}");
                assert!(!text.contains("secret"), "{line}: {text}");
            }
            (got, _) => panic!("{line}: {got:?}"),
        }
    }
}

#[test]
fn rfc6265_cookies() {
    for (fields, name, value) in [
        (&["Cookie: a=1"][..], "a", Some("1")),
        (&["Cookie: a=1; b=2"], "b", Some("2")),
        (&["Cookie: a=1;b=2"], "b", Some("2")),
        (&["cookie: a=1", "Cookie: b=2"], "b", Some("2")),
        (&["Cookie: a=1; a=2"], "a", Some("1")),
        (&["Cookie: a=b=c"], "a", Some("b=c")),
        (&["Cookie: a=\"1 2\""], "a", Some("\"1 2\"")),
        (&["Cookie: a="], "a", Some("")),
        (&["Cookie: ab=1"], "a", None),
        (&["Cookie: A=1"], "a", None),
        (&["Cookie: a"], "a", None),
        (&["Cookie: ;; a = 1 ;"], "a", Some("1")),
        (&["X: a=1"], "a", None),
        (&[], "a", None),
    ] {
        let lines: String = fields
            .iter()
            .map(|field| [field, "\r\n"].concat())
            .collect();
        let head = ["GET / HTTP/1.1\r\nHost: a\r\n", &lines, "\r\n"].concat();
        let request = Acceptor::new(&ServerConfig::stream()).receive(&mut head.as_bytes());
        assert_eq!(request.unwrap().unwrap().cookie(name), value, "{fields:?}");
    }
}

#[test]
fn paths_that_are_served() {
    let stream = ServerConfig::stream;
    for (server, path, served) in [
        (stream(), "/any", true),
        (stream().path("/"), "/any", true),
        (stream().path("/a"), "/a", true),
        (stream().path("a"), "/a", true),
        (stream().path("/a"), "/", false),
        (stream().path("/a").path("/b"), "/a", true),
        (stream().path("/a").path("/b"), "/b", true),
        (stream().path("/a").path("/b"), "/c", false),
        (stream().path("/a").path("/"), "/c", true),
    ] {
        assert_eq!(server.serves(path), served, "{server:?} {path}");
    }
}
