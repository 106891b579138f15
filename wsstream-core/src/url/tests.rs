//! Tables of URLs.

use alloc::string::ToString;

use super::*;

/// Text; secure, host, port, authority, resource, path.
type Row = (
    &'static str,
    bool,
    &'static str,
    u16,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const GOOD: &[Row] = &[
    ("ws://example.org", false, "example.org", 80, "example.org", "/", "/"),
    ("ws://example.org/", false, "example.org", 80, "example.org", "/", "/"),
    ("WSS://Example.ORG", true, "example.org", 443, "example.org", "/", "/"),
    ("ws://example.org:80/", false, "example.org", 80, "example.org", "/", "/"),
    ("ws://example.org:443/", false, "example.org", 443, "example.org:443", "/", "/"),
    ("wss://example.org:443/", true, "example.org", 443, "example.org", "/", "/"),
    ("wss://example.org:80/", true, "example.org", 80, "example.org:80", "/", "/"),
    ("ws://example.org:/", false, "example.org", 80, "example.org", "/", "/"),
    ("ws://localhost:65535/a/b?c=d&e", false, "localhost", 65535, "localhost:65535", "/a/b?c=d&e", "/a/b"),
    ("ws://localhost?c=d", false, "localhost", 80, "localhost", "/?c=d", "/"),
    ("ws://localhost/?", false, "localhost", 80, "localhost", "/?", "/"),
    ("ws://localhost/%20%23?%3f?", false, "localhost", 80, "localhost", "/%20%23?%3f?", "/%20%23"),
    ("ws://127.0.0.1:9000", false, "127.0.0.1", 9000, "127.0.0.1:9000", "/", "/"),
    ("ws://[::1]", false, "::1", 80, "[::1]", "/", "/"),
    ("wss://[2001:DB8::1]:9000/x", true, "2001:db8::1", 9000, "[2001:db8::1]:9000", "/x", "/x"),
    ("ws://user:pw@host.example:81/", false, "host.example", 81, "host.example:81", "/", "/"),
];

#[test]
fn s3_urls() {
    for &(text, secure, host, port, authority, resource, path) in GOOD {
        let url = Url::parse(text).unwrap();
        assert_eq!(url.is_secure(), secure, "{text}");
        assert_eq!(url.host(), host, "{text}");
        assert_eq!(url.port(), port, "{text}");
        let shown = url.host_and_port();
        let (shown_host, shown_port) = shown.rsplit_once(':').unwrap();
        assert_eq!(shown_port, port.to_string(), "{text}");
        assert_eq!(shown_host.trim_matches(['[', ']']), host, "{text}");
        assert_eq!(shown.starts_with('['), host.contains(':'), "{text}");
        assert_eq!(url.authority(), authority, "{text}");
        assert_eq!(url.resource(), resource, "{text}");
        assert_eq!(url.path(), path, "{text}");
        let again = url.to_string();
        assert_eq!(again.parse::<Url>().unwrap().to_string(), again, "{text}");
    }
}

#[test]
fn s3_what_is_no_websocket_url() {
    let own = |text: &str| text.to_owned();
    for (text, error) in [
        ("", InvalidUrl::Syntax(0)),
        ("example.org", InvalidUrl::Syntax(11)),
        ("/path", InvalidUrl::Syntax(0)),
        ("ws:// localhost:9000", InvalidUrl::Syntax(5)),
        ("ws://h/\r\nX: y", InvalidUrl::Syntax(7)),
        ("ws://h/a b", InvalidUrl::Syntax(8)),
        ("ws://h/\u{e9}", InvalidUrl::Syntax(7)),
        ("ws://h/%zz", InvalidUrl::Syntax(7)),
        ("http://example.org/", InvalidUrl::Scheme(own("http"))),
        ("ws+unix://example.org/", InvalidUrl::Scheme(own("ws+unix"))),
        ("ws://example.org/#", InvalidUrl::Fragment),
        ("ws://example.org/#top", InvalidUrl::Fragment),
        ("ws:example.org", InvalidUrl::NoHost),
        ("ws:///path", InvalidUrl::NoHost),
        ("ws://:80/", InvalidUrl::NoHost),
        ("ws://user@/", InvalidUrl::NoHost),
        ("ws://ex%61mple/", InvalidUrl::Host(own("ex%61mple"))),
        ("ws://[v1.x]/", InvalidUrl::Host(own("[v1.x]"))),
        ("ws://h:0/", InvalidUrl::Port(own("0"))),
        ("ws://h:65536/", InvalidUrl::Port(own("65536"))),
        ("ws://us%3Aer@h/", InvalidUrl::Userinfo),
        ("ws://user:p%0Aw@h/", InvalidUrl::Userinfo),
    ] {
        assert_eq!(Url::parse(text), Err(error), "{text:?}");
    }
}

/// RFC 7617 §2 and §2.1, and the odd shapes of userinfo.
#[test]
fn userinfo_becomes_basic_authorization_and_is_shown_nowhere() {
    for (userinfo, value) in [
        (
            "Aladdin:open%20sesame",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        ("test:123%C2%A3", "Basic dGVzdDoxMjPCow=="),
        ("user", "Basic dXNlcjo="),
        ("user:a:b", "Basic dXNlcjphOmI="),
        (":secret", "Basic OnNlY3JldA=="),
    ] {
        let url = Url::parse(&format!("ws://{userinfo}@example.org/x")).unwrap();
        assert_eq!(url.authorization(), Some(value), "{userinfo}");
        assert_eq!(url.to_string(), "ws://example.org/x");
        assert_eq!(format!("{url:?}"), "Url(ws://example.org/x)");
    }
    assert_eq!(Url::parse("ws://h/").unwrap().authorization(), None);
}
