use alloc::format;

use super::*;
use crate::ConnectionConfig;

type Fields<'a> = &'a [(&'a str, &'a str)];

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const HTTP1: Fields<'static> = &[
    ("Host", "server.example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", KEY),
    ("Sec-WebSocket-Protocol", "chat, superchat"),
    ("Sec-WebSocket-Version", "13"),
    ("Origin", "http://server.example.com"),
];

/// RFC 8441 §5.1.
const HTTP2: Fields<'static> = &[
    ("sec-websocket-protocol", "chat, superchat"),
    ("sec-websocket-extensions", "permessage-deflate"),
    ("sec-websocket-version", "13"),
    ("origin", "http://server.example.com"),
];

fn request(version: Version, method: &str, uri: &str, fields: Fields<'_>) -> Request<()> {
    let mut request = Request::builder().version(version).method(method).uri(uri);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn server() -> ServerConfig {
    let server = ServerConfig::messages().subprotocol("superchat").unwrap();
    server.path("/chat").header("X-Trace", "1").unwrap()
}

#[test]
fn rfc6455_s1_2_over_http1() {
    let request = request(Version::HTTP_11, "GET", "/chat", HTTP1);
    let (response, negotiated) = server().upgrade(&request).unwrap();
    assert_eq!(negotiated.agreed().subprotocol(), Some("superchat"));
    assert_eq!(response.status(), 101);
    let headers = fields(response.headers());
    let expected: Fields<'_> = &[
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-protocol", "superchat"),
        ("x-trace", "1"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    assert_eq!(headers, expected);
}

#[test]
fn rfc8441_s5_1_over_http2() {
    for version in [Version::HTTP_2, Version::HTTP_3] {
        let uri = "https://server.example.com/chat";
        let request = request(version, "CONNECT", uri, HTTP2);
        let (response, negotiated) = server().upgrade(&request).unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["sec-websocket-protocol"], "superchat");
        assert!(negotiated.agreed().deflate().is_some());
        for name in ["upgrade", "connection", "sec-websocket-accept"] {
            assert!(!response.headers().contains_key(name), "{name}");
        }
    }
}

/// What is refused, and with which status: the same for a request that this crate has read itself, where there is one.
#[test]
fn refusals() {
    let without = |fields: Fields<'static>, name: &str| -> Vec<_> {
        let others = fields
            .iter()
            .filter(|(other, _)| !other.eq_ignore_ascii_case(name));
        others.copied().collect()
    };
    let with = |fields: Fields<'static>, name: &'static str, value: &'static str| {
        let mut fields = without(fields, name);
        fields.push((name, value));
        fields
    };
    let uri = "https://server.example.com/chat";
    let (http1, http2) = (Version::HTTP_11, Version::HTTP_2);
    for (version, method, uri, fields, status) in [
        (Version::HTTP_10, "GET", "/chat", HTTP1.into(), 426),
        (http1, "POST", "/chat", HTTP1.into(), 405),
        (http1, "GET", "/other", HTTP1.into(), 404),
        (http1, "GET", "/chat", without(HTTP1, "upgrade"), 426),
        (
            http1,
            "GET",
            "/chat",
            without(HTTP1, "sec-websocket-key"),
            400,
        ),
        (
            http1,
            "GET",
            "/chat",
            with(HTTP1, "Content-Length", "5"),
            400,
        ),
        (
            http1,
            "GET",
            "/chat",
            with(HTTP1, "Origin", "http://elsewhere"),
            403,
        ),
        (
            http1,
            "GET",
            "/chat",
            with(HTTP1, "Sec-WebSocket-Version", "8"),
            426,
        ),
        (http2, "GET", uri, HTTP2.into(), 426),
        (
            http2,
            "CONNECT",
            "server.example.com:443",
            HTTP2.into(),
            426,
        ),
        (
            http2,
            "CONNECT",
            uri,
            without(HTTP2, "sec-websocket-version"),
            426,
        ),
        (
            http2,
            "CONNECT",
            uri,
            with(HTTP2, "origin", "http://elsewhere"),
            403,
        ),
        (
            http2,
            "CONNECT",
            "https://server.example.com/",
            HTTP2.into(),
            404,
        ),
    ] {
        let asked = request(version, method, uri, &fields);
        let refused = server().upgrade(&asked).map(drop).unwrap_err();
        assert_eq!(refused.status(), status, "{method} {uri} {fields:?}");
        assert!(!refused.body().is_empty());
        assert_eq!(refused.headers().contains_key("upgrade"), status == 426);
        if version == http1 {
            let lines = fields
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"));
            let head = format!(
                "{method} {uri} HTTP/1.1\r\n{}\r\n",
                lines.collect::<String>()
            );
            let read = super::super::Acceptor::new(&server()).receive(&mut head.as_bytes());
            let error = read.unwrap().unwrap().accept(&server()).unwrap_err();
            assert_eq!(
                error.refusal().unwrap().content(),
                refused.body().as_bytes()
            );
        }
    }
}

/// RFC 9112 §3.2.2: who asks by a whole URI is not believed another `Host`.
#[test]
fn the_authority_of_the_target_is_the_host() {
    let fields = [HTTP1, &[("Host", "other")]].concat();
    let asked = request(
        Version::HTTP_11,
        "GET",
        "http://server.example.com/chat",
        &fields,
    );
    assert!(server().upgrade(&asked).is_ok());
    let asked = request(
        Version::HTTP_11,
        "GET",
        "http://other.example.com/chat",
        HTTP1,
    );
    assert_eq!(
        server().upgrade(&asked).map(drop).unwrap_err().status(),
        403
    );
}

/// What our client asks our server accepts, and our client confirms; with another seed it does not.
#[test]
fn a_client_and_a_server() {
    let url = Url::parse("wss://user:pass@server.example.com/chat?a=b").unwrap();
    let (seed, other) = (Seed::new([7; 32]), Seed::new([8; 32]));
    let client = ClientConfig::messages()
        .subprotocols(["superchat"])
        .unwrap()
        .origin("https://server.example.com")
        .unwrap()
        .header("X-Key", "k")
        .unwrap();
    for (version, uri) in [
        (Version::HTTP_11, "/chat?a=b"),
        (Version::HTTP_2, "https://server.example.com/chat?a=b"),
    ] {
        let asked = client.request(&url, version, &seed);
        assert_eq!(
            (&*format!("{}", asked.uri()), asked.version()),
            (uri, version)
        );
        assert_eq!(asked.headers()["Authorization"], "Basic dXNlcjpwYXNz");
        assert_eq!(asked.headers()["X-Key"], "k");
        let (mut response, negotiated) = server().upgrade(&asked).unwrap();
        *response.version_mut() = version;
        let confirmed = client.confirm_response(&response, &seed).unwrap();
        assert_eq!(confirmed.agreed(), negotiated.agreed());
        assert_eq!(confirmed.role(), crate::Role::Client);
        let wrong = client.confirm_response(&response, &other);
        assert_eq!(wrong.is_err(), version == Version::HTTP_11);
    }
}

#[test]
fn what_a_client_does_not_take() {
    let (client, seed) = (ClientConfig::stream(), Seed::new([7; 32]));
    let response = |status: u16, version| {
        let mut response = Response::builder().status(status).version(version);
        response = response
            .header("Retry-After", "5")
            .header("Sec-WebSocket-Protocol", "binary");
        response.body("a page").unwrap()
    };
    for (status, version) in [
        (403, Version::HTTP_11),
        (200, Version::HTTP_11),
        (503, Version::HTTP_2),
    ] {
        let error = client
            .confirm_response(&response(status, version), &seed)
            .unwrap_err();
        let HandshakeError::Refused(told) = error else {
            panic!("{error:?}");
        };
        assert_eq!(told.status(), status);
        assert!(told.retry_after().is_some());
    }
    let lacks = client.confirm_response(&response(101, Version::HTTP_11), &seed);
    assert_eq!(lacks, Err(HandshakeError::MissingField("Upgrade")));
    let old = client.confirm_response(&response(101, Version::HTTP_10), &seed);
    assert!(matches!(
        old,
        Err(HandshakeError::UnsupportedHttpVersion(_))
    ));
    let config = ConnectionConfig::new().compression(false);
    let unwanted = client
        .config(config)
        .confirm_response(&response(200, Version::HTTP_2), &seed);
    assert_eq!(unwanted.unwrap().agreed().subprotocol(), Some("binary"));
}
