//! Tables of URLs.

use alloc::string::ToString;

use proptest::prelude::*;

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
        let query = resource.strip_prefix(path).unwrap().strip_prefix('?');
        assert_eq!(url.query(), query, "{text}");
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
        ("ws//h/", InvalidUrl::Syntax(2)),
        ("ws://h:9x/", InvalidUrl::Syntax(8)),
        ("ws://[::g]/", InvalidUrl::Syntax(8)),
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

/// RFC 3986 §2 and §2.1: URL, position, character, what to write in its place.
#[rustfmt::skip]
const CHARACTERS: &[(&str, usize, char, Option<&str>)] = &[
    ("ws://h/a b", 8, ' ', Some("%20")),
    ("ws://h/{id}", 7, '{', Some("%7B")),
    ("ws://h/a|b", 8, '|', Some("%7C")),
    ("ws://h/a\\b", 8, '\\', Some("%5C")),
    ("ws://h/\"", 7, '"', Some("%22")),
    ("ws://h/<", 7, '<', Some("%3C")),
    ("ws://h/^`", 7, '^', Some("%5E")),
    ("ws://h/`", 7, '`', Some("%60")),
    ("ws://h/\u{e9}", 7, '\u{e9}', Some("%C3%A9")),
    ("ws://h/?q=\u{1f600}", 10, '\u{1f600}', Some("%F0%9F%98%80")),
    ("ws://h?a[]=1", 8, '[', Some("%5B")),
    ("ws://h/#a#b", 9, '#', Some("%23")),
    ("ws://h/%zz", 7, '%', Some("%25")),
    ("ws://h/100%", 10, '%', Some("%25")),
    // Nothing that is escaped would be better.
    ("ws://h/\r\nX: y", 7, '\r', None),
    ("ws://h/ \u{7f}", 7, ' ', Some("%20")),
    ("ws://h/\u{7f}", 7, '\u{7f}', None),
    ("ws:// localhost:9000", 5, ' ', None),
    ("ws://h\\a", 6, '\\', None),
    ("ws:\\\\h\\a", 3, '\\', None),
    ("ws://h:9\u{e9}/", 8, '\u{e9}', None),
    (" ws://h/", 0, ' ', None),
    ("ws://h/ ", 7, ' ', Some("%20")),
    ("my host", 2, ' ', None),
    // Behind a zone.
    ("ws://[fe80::1%25eth0]:9/a b", 25, ' ', Some("%20")),
    ("ws://u@[fe80::1%eth0]:9/a b", 25, ' ', Some("%20")),
];

#[test]
fn characters_that_no_url_holds_are_named() {
    for &(text, index, character, escaped) in CHARACTERS {
        let error = Url::parse(text).unwrap_err();
        let escaped = escaped.map(str::to_owned);
        let expected = InvalidUrl::Character {
            index,
            character,
            escaped: escaped.clone(),
        };
        assert_eq!(error, expected, "{text:?}");
        // What is suggested is right, or leads to the next fault.
        let Some(escaped) = escaped else { continue };
        let (front, rest) = text.split_at(index);
        let mended = format!("{front}{escaped}{}", &rest[character.len_utf8()..]);
        let next = Url::parse(&mended).err();
        assert!(
            next.as_ref()
                .and_then(InvalidUrl::index)
                .is_none_or(|next| next > index),
            "{mended} {next:?}"
        );
    }
}

#[test]
fn what_is_wrong_is_said_without_secrets() {
    for (text, says) in [
        (
            "ws://h/a b",
            "octet 8 is ' ', which a URL cannot hold: write %20",
        ),
        ("ws://h /", "octet 6 is ' ', which a URL cannot hold there"),
        (
            "ws://h/%zz",
            "octet 7 is '%' without two hexadecimal digits behind it: write %25",
        ),
        (
            "ws://h/\n",
            "octet 7 is '\\n', which a URL cannot hold there",
        ),
        (
            "ws://m\u{fc}nchen.example:9/",
            "at octet 6: host \"m\u{fc}nchen.example\" is not ASCII: write its punycode form, with xn--",
        ),
        (
            "ws://user:pw@\u{fc}.example/",
            "at octet 13: host \"\u{fc}.example\" is not ASCII: write its punycode form, with xn--",
        ),
        (
            "ws://us er@h/",
            "at octet 7: character in the user or password that has to be escaped, as %XX",
        ),
        (
            "ws://user:sec{ret@h/",
            "at octet 13: character in the user or password that has to be escaped, as %XX",
        ),
        (
            "ws://user:s\u{e9}cret@h/",
            "at octet 11: character in the user or password that has to be escaped, as %XX",
        ),
        (
            "ws://user:a@b@h/",
            "at octet 11: character in the user or password that has to be escaped, as %XX",
        ),
        (
            "ws://user:100%@h/",
            "at octet 13: character in the user or password that has to be escaped, as %XX",
        ),
        (
            "http://h/",
            "scheme \"http\", expected ws: write ws:// for http://",
        ),
        (
            "HTTPS://h/",
            "scheme \"HTTPS\", expected wss: write wss:// for https://",
        ),
        (
            "ftp://h/",
            "scheme \"ftp\", expected ws or wss, as in ws://host:9000",
        ),
        ("h", "at octet 1: not a URL such as ws://host:9000"),
        (
            "ws://[fe80::1%25]x/",
            "at octet 17: not a URL such as ws://host:9000",
        ),
        (
            "ws://[fe80::1%]/",
            "at octet 13: zone \"%\", expected %25 and a network interface, as in [fe80::1%25eth0]",
        ),
    ] {
        let error = Url::parse(text).unwrap_err();
        assert_eq!(error.to_string(), says, "{text:?}");
    }
    let error = Url::parse("ws://h/a b").unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "' ', which a URL cannot hold: write %20"
    );
}

/// RFC 6874 §2: as written, the zone, and as shown.
#[rustfmt::skip]
const ZONES: &[(&str, &str, &str)] = &[
    ("ws://[fe80::1%25eth0]:9000/", "eth0", "ws://[fe80::1%25eth0]:9000/"),
    ("ws://[fe80::1%eth0]:9000/", "eth0", "ws://[fe80::1%25eth0]:9000/"),
    ("ws://[fe80::1%2]", "2", "ws://[fe80::1%252]/"),
    ("wss://[FE80::1%252]/x?y", "2", "wss://[fe80::1%252]/x?y"),
    // Its number, and not an escape in front of nothing.
    ("ws://[fe80::1%25]/", "25", "ws://[fe80::1%2525]/"),
    ("ws://[fe80::1%2525]/", "25", "ws://[fe80::1%2525]/"),
    ("ws://[fe80::1%25en%2f0]/", "en/0", "ws://[fe80::1%25en%2F0]/"),
    ("ws://[fe80::1%25Eth-0.1_~]/", "Eth-0.1_~", "ws://[fe80::1%25Eth-0.1_~]/"),
    ("ws://user:p%25w@[fe80::1%25eth0]/", "eth0", "ws://[fe80::1%25eth0]/"),
];

#[test]
fn zones_are_for_dialling_alone() {
    for &(text, zone, shown) in ZONES {
        let url = Url::parse(text).unwrap();
        assert_eq!((url.host(), url.zone()), ("fe80::1", Some(zone)), "{text}");
        assert!(url.authority().starts_with("[fe80::1]"), "{text}");
        assert!(
            url.host_and_port()
                .starts_with(&format!("[fe80::1%{zone}]:")),
            "{text}"
        );
        assert_eq!(url.to_string(), shown, "{text}");
        assert!(
            format!("{url:?}").starts_with(&format!("Url({}", shown.split('?').next().unwrap())),
            "{url:?}"
        );
        for again in [url.to_string(), url.with_userinfo()] {
            assert_eq!(Url::parse(&again).unwrap().zone(), Some(zone), "{again}");
        }
        assert_eq!(Url::parse(&url.with_userinfo()).unwrap(), url, "{text}");
    }
    for text in [
        "ws://[fe80::1]/%25",
        "ws://h/?[",
        "ws://h",
        "ws://user%25a@h",
    ] {
        assert_eq!(
            Url::parse(text)
                .ok()
                .and_then(|url| url.zone().map(str::to_owned)),
            None
        );
    }
}

#[test]
fn what_is_no_zone() {
    let zone = |text: &str| InvalidUrl::Zone {
        index: "ws://[fe80::1".len(),
        zone: text.to_owned(),
    };
    for (text, error) in [
        ("ws://[fe80::1%]/", zone("%")),
        ("ws://[fe80::1%e th0]/", zone("%e th0")),
        ("ws://[fe80::1%eth0%41]/", zone("%eth0%41")),
        ("ws://[fe80::1%25%0a]/", zone("%25%0a")),
        ("ws://[fe80::1%25eth%2]/", zone("%25eth%2")),
        ("ws://[fe80::1%25\u{e9}]/", zone("%25\u{e9}")),
        ("ws://[%25eth0]/", InvalidUrl::Syntax(13)),
        (
            "ws://127.0.0.1%25eth0/",
            InvalidUrl::Host("127.0.0.1%25eth0".to_owned()),
        ),
        ("ws://[v1.x%25eth0]/", InvalidUrl::Host("[v1.x]".to_owned())),
    ] {
        assert_eq!(Url::parse(text), Err(error), "{text}");
    }
}

proptest! {
    /// No text panics, and positions are those of octets that are there.
    #[test]
    fn any_text(text in "(ws|http)?(://)?[\\[\\]@:/?#%a0 \\{\u{e9}\u{1f600}]{0,12}") {
        let base = Url::parse("ws://user@[fe80::1%25eth0]/a/b?c").unwrap();
        for parsed in [Url::parse(&text), base.join(&text)] {
            match parsed {
                Ok(url) => prop_assert_eq!(&Url::parse(&url.with_userinfo()), &Ok(url)),
                Err(error) => {
                    if let Some(index) = error.index() {
                        prop_assert!(text.is_char_boundary(index) && index <= text.len(), "{}", error);
                    }
                    if let InvalidUrl::Character { index, character, .. } = error {
                        prop_assert!(text[index..].starts_with(character));
                    }
                }
            }
        }
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

/// RFC 6874: the same address on another network is another server.
#[test]
fn a_zone_is_of_the_origin() {
    let url = |text| Url::parse(text).unwrap();
    let here = url("ws://me:secret@[fe80::1%25eth0]:9/");
    assert!(here.is_same_origin(&url("ws://[fe80::1%eth0]:9/x")));
    assert!(here.is_same_origin(&here.join("ws://[fe80::1]:9/x").unwrap()));
    assert!(!here.is_same_origin(&url("ws://[fe80::1%25eth1]:9/")));
    assert!(!here.is_same_origin(&url("ws://[fe80::1]:9/")));
}

/// A redirect may be as long as the head that it comes in. What is said of it is not.
#[test]
fn errors_are_short() {
    let long = "a1".repeat(30_000);
    for text in [
        format!("{long}://h/"),
        format!("ws://{long}/"),
        format!("ws://{long}%41/"),
        format!("ws://{long}\u{e9}/"),
        format!("ws://h:{}/", "1".repeat(60_000)),
        format!("ws://[::1%25{long}%]/"),
    ] {
        let base = Url::parse("ws://h/").unwrap();
        for error in [Url::parse(&text), base.join(&text)] {
            let error = error.unwrap_err().to_string();
            assert!(error.len() < 300, "{error}");
        }
    }
    // RFC 1035 §2.3.4.
    let label = "a".repeat(63);
    let longest = [&*label; 4].join(".");
    assert!(Url::parse(&format!("ws://{longest}/")).is_ok());
    assert!(Url::parse(&format!("ws://{longest}a/")).is_err());
}
