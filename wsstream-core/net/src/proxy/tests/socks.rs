//! SOCKS, as octets.

use io::ErrorKind::{
    ConnectionRefused, InvalidData, InvalidInput, PermissionDenied, UnexpectedEof,
};

use super::*;

/// RFC 1928 and RFC 1929, as octets.
#[test]
fn version_5() {
    let bound = b"\x05\0\0\x01\x7f\0\0\x01\x12\x34";
    let named = b"\x05\0\0\x03\x02ab\x12\x34";
    let name = &b"\x05\x01\0\x03\x0bexample.org\0\x16"[..];
    let ipv4 = &b"\x05\x01\0\x01\xc0\0\x02\x01\0\x16"[..];
    let ipv6 = &b"\x05\x01\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x16"[..];
    let (open, secret) = ("socks5://proxy", "socks5h://us%65r:pw@proxy");
    let user = &b"\x01\x04user\x02pw"[..];
    let (greeting, offers) = (&b"\x05\x01\0"[..], &b"\x05\x02\0\x02"[..]);
    for (proxy, host, says, told, result) in [
        (
            open,
            "example.org",
            [&b"\x05\0"[..], bound].concat(),
            [greeting, name].concat(),
            Ok(()),
        ),
        (
            open,
            "192.0.2.1",
            [&b"\x05\0"[..], bound].concat(),
            [greeting, ipv4].concat(),
            Ok(()),
        ),
        (
            open,
            "::1",
            [&b"\x05\0"[..], named].concat(),
            [greeting, ipv6].concat(),
            Ok(()),
        ),
        (
            open,
            "::1%eth0",
            [&b"\x05\0"[..], named].concat(),
            [greeting, ipv6].concat(),
            Ok(()),
        ),
        // The proxy may do without.
        (
            secret,
            "example.org",
            [&b"\x05\0"[..], bound].concat(),
            [offers, name].concat(),
            Ok(()),
        ),
        (
            secret,
            "example.org",
            [&b"\x05\x02\x01\0"[..], bound].concat(),
            [offers, user, name].concat(),
            Ok(()),
        ),
        (
            secret,
            "h",
            b"\x05\x02\x01\x01".to_vec(),
            [offers, user].concat(),
            Err((PermissionDenied, "it refused the user and password")),
        ),
        (
            open,
            "h",
            b"\x05\xff".to_vec(),
            greeting.to_vec(),
            Err((PermissionDenied, "it asks for a user and a password")),
        ),
        (
            secret,
            "h",
            b"\x05\xff".to_vec(),
            offers.to_vec(),
            Err((
                ConnectionRefused,
                "it authenticates by other means than a password",
            )),
        ),
        // It wants what was not offered.
        (
            open,
            "h",
            b"\x05\x02".to_vec(),
            greeting.to_vec(),
            Err((PermissionDenied, "it asks for a user and a password")),
        ),
        (
            open,
            "192.0.2.1",
            b"\x05\0\x05\x05\0\x01".to_vec(),
            [greeting, ipv4].concat(),
            Err((ConnectionRefused, "onnection refused")),
        ),
        (
            open,
            "192.0.2.1",
            b"\x05\0\x05\x02\0\x01".to_vec(),
            [greeting, ipv4].concat(),
            Err((ConnectionRefused, "not allowed")),
        ),
        (
            open,
            "h",
            b"HTTP/1.1 400 Bad".to_vec(),
            greeting.to_vec(),
            Err((InvalidData, "does not speak")),
        ),
        (
            open,
            "192.0.2.1",
            b"\x05\0\x05\0\0\x09".to_vec(),
            [greeting, ipv4].concat(),
            Err((InvalidData, "does not speak")),
        ),
        (
            open,
            "h",
            b"\x05".to_vec(),
            greeting.to_vec(),
            Err((UnexpectedEof, "ended the connection")),
        ),
        // A name that is none.
        (
            open,
            "192.0.2.1",
            b"\x05\0\x05\0\0\x03\x01\xff\0\x16".to_vec(),
            [greeting, ipv4].concat(),
            Err((InvalidData, "does not speak")),
        ),
    ] {
        let all = if result.is_ok() {
            [&*says, b"behind"].concat()
        } else {
            says.clone()
        };
        let tunnelled = Tunnelled::new(proxy, host, &all);
        let (got, sent, left) = (tunnelled.result, tunnelled.told, tunnelled.left);
        assert_eq!(sent, told, "{host} {says:?}");
        match (got, result) {
            (Ok(()), Ok(())) => assert_eq!(left, b"behind"),
            (Err(error), Err((kind, reason))) => {
                assert_eq!(error.kind(), kind, "{says:?}: {error}");
                assert!(error.to_string().contains(reason), "{says:?}: {error}");
            }
            (got, _) => panic!("{says:?}: {got:?}"),
        }
    }
}

/// The protocol as its authors published it, and its extension for names.
#[test]
fn version_4() {
    let granted = &b"\0\x5a\0\x16\xc0\0\x02\x01"[..];
    let (open, named) = ("socks4://proxy", "socks4a://us%65r@proxy");
    let address = &b"\x04\x01\0\x16\xc0\0\x02\x01"[..];
    let name = &b"\x04\x01\0\x16\0\0\0\x01"[..];
    for (proxy, host, says, told, result) in [
        (
            open,
            "192.0.2.1",
            granted,
            [address, b"\0"].concat(),
            Ok(()),
        ),
        (
            named,
            "192.0.2.1",
            granted,
            [address, b"user\0"].concat(),
            Ok(()),
        ),
        (open, "h", granted, [name, b"\0h\0"].concat(), Ok(())),
        (named, "h", granted, [name, b"user\0h\0"].concat(), Ok(())),
        (
            open,
            "2001:db8::1",
            b"",
            Vec::new(),
            Err((InvalidInput, "SOCKS4 reaches no IPv6")),
        ),
        (
            open,
            "h",
            b"\0\x5b\0\0\0\0\0\0",
            [name, b"\0h\0"].concat(),
            Err((ConnectionRefused, "opened no tunnel")),
        ),
        (
            open,
            "h",
            b"\0\x5c\0\0\0\0\0\0",
            [name, b"\0h\0"].concat(),
            Err((PermissionDenied, "asks for a user")),
        ),
        (
            named,
            "h",
            b"\0\x5d\0\0\0\0\0\0",
            [name, b"user\0h\0"].concat(),
            Err((PermissionDenied, "refused the user")),
        ),
        (
            open,
            "h",
            b"\x05\xff\0\0\0\0\0\0",
            [name, b"\0h\0"].concat(),
            Err((InvalidData, "does not speak")),
        ),
        (
            open,
            "h",
            b"\0\0\0\0\0\0\0\0",
            [name, b"\0h\0"].concat(),
            Err((InvalidData, "does not speak")),
        ),
        (
            open,
            "h",
            b"\0\x5a\0",
            [name, b"\0h\0"].concat(),
            Err((UnexpectedEof, "ended the connection")),
        ),
    ] {
        let tunnelled = Tunnelled::new(
            proxy,
            host,
            &[says, b"behind"].concat()[..says.len() + if result.is_ok() { 6 } else { 0 }],
        );
        assert_eq!(tunnelled.told, told, "{host} {says:?}");
        match (&tunnelled.result, result) {
            (Ok(()), Ok(())) => assert_eq!(tunnelled.left, b"behind"),
            (Err(error), Err((kind, reason))) => {
                assert_eq!(error.kind(), kind, "{says:?}: {error}");
                assert!(
                    error.to_string().starts_with("proxy proxy:1080: "),
                    "{error}"
                );
                assert!(error.to_string().contains(reason), "{says:?}: {error}");
            }
            (got, _) => panic!("{says:?}: {got:?}"),
        }
    }
}

/// The longest that there are fit.
#[test]
fn long_texts_in_version_4() {
    let (user, host) = ("u".repeat(248), "h".repeat(255));
    let proxy = format!("socks4://{user}@proxy");
    let tunnelled = Tunnelled::new(&proxy, &host, b"\0\x5a\0\0\0\0\0\0");
    tunnelled.result.unwrap();
    assert_eq!(tunnelled.told.len(), 8 + 248 + 1 + 255 + 1);
}
