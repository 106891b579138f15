//! Tables of redirects.

use alloc::string::ToString as _;

use super::*;

/// Base, `Location`, what it leads to.
#[rustfmt::skip]
const GOOD: &[(&str, &str, &str)] = &[
    // URLs of every scheme that redirecting servers write.
    ("ws://a/", "ws://b/x", "ws://b/x"),
    ("ws://a/", "wss://b/x", "wss://b/x"),
    ("ws://a/", "http://b/x", "ws://b/x"),
    ("ws://a/", "HTTPS://B/x", "wss://b/x"),
    ("wss://a/", "http://b", "ws://b/"),
    // A port that is the default of the one scheme is written for the other.
    ("wss://a:9000/", "https://a:443/", "wss://a/"),
    ("wss://a:9000/", "https://a:80/", "wss://a:80/"),
    ("ws://a:9000/", "http://[2001:DB8::1]:80/", "ws://[2001:db8::1]/"),
    // RFC 3986 §5.4.
    ("wss://a:1/b/c/d?q", "//g/h", "wss://g/h"),
    ("wss://a:1/b/c/d?q", "//g", "wss://g/"),
    ("wss://a:1/b/c/d?q", "/g", "wss://a:1/g"),
    ("wss://a:1/b/c/d?q", "g", "wss://a:1/b/c/g"),
    ("wss://a:1/b/c/d?q", "./g?y#s", "wss://a:1/b/c/g?y"),
    ("wss://a:1/b/c/d?q", "../../../g", "wss://a:1/g"),
    ("wss://a:1/b/c/d?q", "?y", "wss://a:1/b/c/d?y"),
    ("wss://a:1/b/c/d?q", "", "wss://a:1/b/c/d?q"),
    ("wss://a:1/b/c/d?q", "#s", "wss://a:1/b/c/d?q"),
    ("wss://a:1/b/c/d?q", "/g?a/../b", "wss://a:1/g?a/../b"),
    ("ws://a", "g", "ws://a/g"),
    // §5.2.2: without a path, that of the base stays as it is.
    ("ws://a/b/../c?q", "?y", "ws://a/b/../c?y"),
    // The zone is that of the same address.
    ("ws://[fe80::1%25eth0]:9/", "g", "ws://[fe80::1%25eth0]:9/g"),
    ("ws://[fe80::1%25eth0]:9/", "http://[FE80::1]/g", "ws://[fe80::1%25eth0]/g"),
    ("ws://[fe80::1%25eth0]:9/", "http://[fe80::2]/g", "ws://[fe80::2]/g"),
    // The user of the base stays there.
    ("ws://user:pw@a/b", "c", "ws://a/c"),
    ("ws://user:pw@a/b", "ws://a/c", "ws://a/c"),
];

#[test]
fn s10_2_2_redirects() {
    for &(base, location, expected) in GOOD {
        let joined = Url::parse(base).unwrap().join(location).unwrap();
        assert_eq!(joined.to_string(), expected, "{base} {location}");
        assert_eq!(joined.authorization(), None, "{base} {location}");
        assert_eq!(joined, Url::parse(expected).unwrap(), "{base} {location}");
    }
}

#[test]
fn where_a_client_is_not_sent() {
    let base = Url::parse("wss://user:pw@a:1/b?q").unwrap();
    for (location, error) in [
        ("https://evil@b/", InvalidUrl::UserinfoInLocation),
        ("https://a:1@b/", InvalidUrl::UserinfoInLocation),
        ("//@b/", InvalidUrl::UserinfoInLocation),
        ("//[fe80::1%25eth0]/", InvalidUrl::ZoneInLocation),
        ("//[fe80::1%eth0]/", InvalidUrl::ZoneInLocation),
        (
            "//[fe80::1%]/",
            InvalidUrl::Zone {
                index: 10,
                zone: "%".to_owned(),
            },
        ),
        ("ftp://b/", InvalidUrl::Scheme("ftp".to_owned())),
        ("mailto:x", InvalidUrl::NoHost),
        ("http:x", InvalidUrl::NoHost),
        ("https:///x", InvalidUrl::NoHost),
        ("https://b:0/", InvalidUrl::Port("0".to_owned())),
        ("https://b:65536/", InvalidUrl::Port("65536".to_owned())),
    ] {
        assert_eq!(base.join(location), Err(error), "{location}");
    }
    for location in ["/a b", "/\r\nX: y", "https://b\\c/", "//[::g]/", "/%zz"] {
        assert!(base.join(location).is_err(), "{location:?}");
    }
}
