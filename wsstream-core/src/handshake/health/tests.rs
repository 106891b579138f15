use alloc::format;
use alloc::string::String;

use super::*;
use crate::handshake::HandshakeError;
use crate::handshake::tests::{acceptor, at_every_cut};

/// The lines of a head, and whether it is a health check where `/health` is the path.
#[rustfmt::skip]
const REQUESTS: &[(&[&str], bool)] = &[
    (&["GET /health HTTP/1.1", "Host: a"], true),
    (&["HEAD /health HTTP/1.1", "Host: a"], true),
    (&["OPTIONS /health HTTP/1.1", "Host: a"], true),
    (&["GET /health?x=y HTTP/1.1", "Host: a"], true),
    (&["GET http://a/health HTTP/1.1", "Host: a"], true),
    (&["GET /health HTTP/1.1", "Host: a", "Connection: keep-alive", "Content-Length: 0"], true),
    (&["GET /health HTTP/1.1", "Host: a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"], true),
    // Balancers that speak HTTP/1.0.
    (&["GET /health HTTP/1.0"], true),
    (&["GET /health HTTP/1.0", "Host: a"], true),
    (&["HEAD /health HTTP/1.0"], true),
    // HAProxy's `option httpchk`.
    (&["OPTIONS / HTTP/1.0"], true),
    (&["OPTIONS * HTTP/1.0"], true),
    (&["OPTIONS * HTTP/1.1", "Host: a"], true),
    // Other paths.
    (&["GET / HTTP/1.0"], false),
    (&["GET / HTTP/1.1", "Host: a"], false),
    (&["GET /health/ HTTP/1.1", "Host: a"], false),
    (&["GET /Health HTTP/1.1", "Host: a"], false),
    (&["GET /x?/health HTTP/1.1", "Host: a"], false),
    (&["OPTIONS /x HTTP/1.1", "Host: a"], false),
    (&["OPTIONS /?x HTTP/1.0"], false),
    // Other methods.
    (&["POST /health HTTP/1.1", "Host: a"], false),
    (&["get /health HTTP/1.1", "Host: a"], false),
    (&["CONNECT health:80 HTTP/1.1", "Host: a"], false),
    // What is wrong for any request (RFC 9112 §3.2), or has a body.
    (&["GET /health HTTP/1.1"], false),
    (&["OPTIONS * HTTP/1.1"], false),
    (&["GET /health HTTP/1.1", "Host: a", "Host: a"], false),
    (&["GET /health HTTP/1.0", "Host: a", "Host: a"], false),
    (&["GET /health HTTP/1.0", "Host: a b"], false),
    (&["GET /health HTTP/1.1", "Host: a", "Content-Length: 1"], false),
    (&["GET /health HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"], false),
    // What is, or was, a WebSocket's.
    (&["GET /health HTTP/1.1", "Host: a", "Upgrade: websocket"], false),
    (&["GET /health HTTP/1.1", "Host: a", "Sec-WebSocket-Version: 13"], false),
    (&["GET /health HTTP/1.0", "Host: a", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], false),
];

#[test]
fn what_is_a_health_check() {
    let without = ServerConfig::stream();
    let [server, other] = ["/health", "other"].map(|path| without.clone().health_path(path));
    for &(lines, is_health_check) in REQUESTS {
        let head = lines.join("\r\n") + "\r\n\r\n";
        let (request, _) = at_every_cut(head.as_bytes(), acceptor);
        let request = request.unwrap().unwrap();
        let is_anywhere = lines[0].starts_with("OPTIONS / ") || lines[0].starts_with("OPTIONS *");
        for (server, expected) in [
            (&without, false),
            (&server, is_health_check),
            (&other, is_health_check && is_anywhere),
        ] {
            assert_eq!(request.is_health_check(server), expected, "{head}");
            let error = request.accept(server).unwrap_err();
            assert_eq!(error == HandshakeError::HealthCheck, expected, "{head}");
        }
    }
}

#[test]
fn what_a_health_check_gets() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Cache-Control: no-store\r\nContent-Length: 41\r\nConnection: close\r\n\r\n";
    let body = "health check answered: this server is up\n";
    let refusal = HandshakeError::HealthCheck.refusal().unwrap();
    for (method, expected) in [
        ("GET", format!("{head}{body}")),
        ("OPTIONS", format!("{head}{body}")),
        ("HEAD", head.into()),
    ] {
        let text = format!("{method} /health HTTP/1.0\r\n\r\n");
        let (request, _) = at_every_cut(text.as_bytes(), acceptor);
        let answer = request.unwrap().unwrap().refuse(&refusal);
        assert_eq!(String::from_utf8(answer).unwrap(), expected);
    }
}

#[test]
fn a_websocket_at_the_same_path() {
    let head = "GET /health HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let (request, _) = at_every_cut(head.as_bytes(), acceptor);
    let request = request.unwrap().unwrap();
    for server in [
        ServerConfig::stream().health_path("/health"),
        ServerConfig::stream()
            .health_path("/health")
            .path("/health"),
        ServerConfig::stream(),
    ] {
        assert!(request.accept(&server).is_ok());
    }
}
