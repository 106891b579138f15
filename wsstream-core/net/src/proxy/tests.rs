//! Which proxies there are, which one is taken, and how to get through it.

use std::future::Future as _;
use std::pin::pin;
use std::task::Poll;

use proptest::prelude::*;
use wsstream_core::test_kit::Task;

use super::*;
use crate::test_support::Scripted;

#[test]
fn which_proxies_there_are() {
    for (text, host, port) in [
        ("http://proxy:3128", "proxy", 3128),
        ("HTTP://proxy", "proxy", 80),
        ("proxy:3128", "proxy", 3128),
        ("http://[::1]:3128/", "::1", 3128),
        ("http://proxy:443", "proxy", 443),
        ("socks5://proxy", "proxy", 1080),
        ("SOCKS5H://u:p@[::1]", "::1", 1080),
        ("socks5://proxy:80", "proxy", 80),
        ("socks5://proxy:443", "proxy", 443),
    ] {
        let proxy = Proxy::parse(text).unwrap();
        assert_eq!((proxy.host(), proxy.port()), (host, port), "{text}");
    }
    let expected = "proxy: expected http://HOST:PORT or socks5://HOST:PORT";
    let user = "proxy: SOCKS needs a user and a password of 1 to 255 octets each";
    let long = format!("socks5://u:{}@proxy", "p".repeat(256));
    for (text, says) in [
        (
            "https://proxy:1",
            r#"proxy: scheme "https", expected http or socks5"#,
        ),
        (
            "socks4://proxy",
            r#"proxy: scheme "socks4", expected http or socks5"#,
        ),
        ("socks5://u@proxy", user),
        ("socks5://:p@proxy", user),
        ("socks5://u:%ff@proxy", user),
        (&long, user),
        ("proxy:0", r#"proxy: port "0", expected 1 to 65535"#),
        (
            "pr%6Fxy",
            r#"proxy: host "pr%6Fxy", expected a name or an address"#,
        ),
        ("", expected),
        ("http://", expected),
        ("http://a b", expected),
        ("proxy/#a", expected),
        (
            "u%3Av:w@proxy",
            "proxy: colon in the user, or control character in the user or password",
        ),
    ] {
        assert_eq!(Proxy::parse(text).unwrap_err().to_string(), says, "{text}");
    }
}

#[test]
fn what_the_environment_says() {
    let environment = |no_proxy: &str, name: &str| match name {
        "https_proxy" => Some("http://secure:1".to_string()),
        "http_proxy" => Some("http://plain:1".to_string()),
        "no_proxy" => Some(no_proxy.to_string()),
        _ => None,
    };
    for (tls, host, no_proxy, found) in [
        (true, "example.org", "", Some("secure")),
        (false, "example.org", "", Some("plain")),
        (true, "example.org", "*", None),
        (true, "example.org", "localhost, Example.org", None),
        (true, "www.example.org", ".example.org", None),
        (true, "www.example.org", "example.org", None),
        (true, "badexample.org", "example.org", Some("secure")),
        (true, "example.org", "example.org:443", None),
        (true, "example.org", "example.org:444", Some("secure")),
        (true, "::1", "[::1]", None),
        (true, "::1", "::1", None),
    ] {
        let variable = |name: &str| environment(no_proxy, name);
        let proxy = Proxy::from_variables(tls, host, 443, variable).unwrap();
        let proxy = proxy.as_ref().map(Proxy::host);
        assert_eq!(proxy, found, "{host} {no_proxy}");
    }
    // As curl has it, the one for all stands behind the others.
    for (tls, found) in [(true, "secure"), (false, "all")] {
        let variable = |name: &str| match name {
            "https_proxy" => Some("http://secure:1".to_string()),
            "ALL_PROXY" => Some("socks5://all".to_string()),
            _ => None,
        };
        let proxy = Proxy::from_variables(tls, "h", 1, variable).unwrap();
        assert_eq!(proxy.as_ref().map(Proxy::host), Some(found));
    }
    // A request with a field `Proxy` sets this in CGI programs.
    let variable = |name: &str| (name == "HTTP_PROXY").then(|| "http://evil".to_string());
    assert_eq!(Proxy::from_variables(false, "h", 1, variable), Ok(None));
}

proptest! {
    /// The environment says what is said by itself, or nothing.
    #[test]
    fn what_an_environment_of_any_texts_says(
        url in "|(http|socks5)://\\PC{0,20}|\\PC{0,20}",
        host in "[a-c.:\\[\\]]{0,8}",
        except in "[a-c.:,* 0-9]{0,12}",
    ) {
        let variable = |name: &str| match name {
            "https_proxy" => Some(url.clone()),
            "no_proxy" => Some(except.clone()),
            _ => None,
        };
        let found = Proxy::from_variables(true, &host, 443, variable);
        let covered = matches!(found, Ok(None));
        prop_assert!(covered || found.map(Option::unwrap) == Proxy::parse(&url));
        if except.is_empty() {
            prop_assert_eq!(covered, url.is_empty());
        }
    }
}

/// Never more than is asked for, so what follows is left to the tunnel.
#[test]
fn answers() {
    let ok = "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n";
    for (answer, result) in [
        (ok, Ok(true)),
        ("HTTP/1.0 200 Connection established\r\n\r\n", Ok(true)),
        ("HTTP/1.1 407 No\r\n\r\n", Err(ProxyError::Refused(407))),
        ("HTTP/1.1 302 No\r\n\r\n", Err(ProxyError::Refused(302))),
        ("SSH-2.0-x\r\n\r\n", Err(ProxyError::Malformed)),
        ("HTTP/1.1 200 OK\r\n", Err(ProxyError::Malformed)),
    ] {
        for most in 1..=4 {
            let mut connect = ProxyConnect::new(Some("Basic dTpw"), "::1", 22);
            let request = "CONNECT [::1]:22 HTTP/1.1\r\nHost: [::1]:22\r\nProxy-Authorization: Basic dTpw\r\n\r\n";
            assert_eq!(connect.request(), request.as_bytes());
            let all = answer.to_string() + if result == Ok(true) { "behind" } else { "" };
            let mut rest = all.as_bytes();
            let got = loop {
                let (octets, left) = rest.split_at(connect.wants().min(most).min(rest.len()));
                rest = left;
                match connect.receive(octets) {
                    Ok(false) => {}
                    got => break got,
                }
            };
            assert_eq!(got, result, "{answer}");
            if got == Ok(true) {
                assert_eq!(rest, b"behind");
            }
        }
    }
}

/// Nothing is written then.
#[test]
fn hosts_that_no_request_can_name() {
    let long = "h".repeat(256);
    for proxy in ["proxy", "socks5://proxy"] {
        for host in ["", "a b", "a\r\nX: y", "ü", &long] {
            let (result, told, _) = tunnelled(proxy, host, b"");
            assert_eq!(reason(result), Some(ProxyError::Host));
            assert_eq!(told, b"");
        }
    }
}

/// An answer without an end does not fill the memory.
#[test]
fn answers_without_an_end() {
    let says = [b"HTTP/1.1 200 OK\r\nX: ", &*vec![b'x'; 20 << 10]].concat();
    let (result, _, left) = tunnelled("proxy", "h", &says);
    assert_eq!(reason(result), Some(ProxyError::Malformed));
    assert_eq!((says.len() - left.len()) >> 10, 16);
}

fn reason(result: io::Result<()>) -> Option<ProxyError> {
    let error = result.unwrap_err();
    let inner = error.get_ref();
    inner.and_then(|inner| inner.downcast_ref()).cloned()
}

/// What came of a tunnel to port 22, what the proxy was told, and what is left for the other end.
fn tunnelled(proxy: &str, host: &str, says: &[u8]) -> (io::Result<()>, Vec<u8>, Vec<u8>) {
    let proxy = Proxy::parse(proxy).unwrap();
    let (socket, task) = (Scripted::saying(says, true), Task::new());
    let result = {
        let mut socket = socket.clone();
        let mut tunnelling = pin!(proxy.tunnel(&mut socket, host, 22));
        match tunnelling.as_mut().poll(&mut task.cx()) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("it waits for ever"),
        }
    };
    let (told, left) = socket.with(|script| (script.told.clone(), script.says.clone()));
    (result, told, left)
}

#[test]
fn tunnels_of_http() {
    let ok = b"HTTP/1.1 200 OK\r\n\r\nbehind";
    let (result, told, left) = tunnelled("u:p@proxy", "h", ok);
    result.unwrap();
    let request = "CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\nProxy-Authorization: Basic dTpw\r\n\r\n";
    assert_eq!((&*told, &*left), (request.as_bytes(), &b"behind"[..]));
    let (result, ..) = tunnelled("proxy", "h", b"HTTP/1.1 407 No\r\n\r\n");
    assert_eq!(reason(result), Some(ProxyError::Refused(407)));
}

/// RFC 1928 and RFC 1929, as octets.
#[test]
fn tunnels_of_socks() {
    use io::ErrorKind::{ConnectionRefused, InvalidData};
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
            Err((ConnectionRefused, "opened no tunnel")),
        ),
        (
            open,
            "h",
            b"\x05\xff".to_vec(),
            greeting.to_vec(),
            Err((ConnectionRefused, "opened no tunnel")),
        ),
        // It wants what was not offered.
        (
            open,
            "h",
            b"\x05\x02".to_vec(),
            greeting.to_vec(),
            Err((ConnectionRefused, "opened no tunnel")),
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
            Err((InvalidData, "does not speak")),
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
        let (got, sent, left) = tunnelled(proxy, host, &all);
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

#[test]
fn no_password_is_shown() {
    for text in ["http://user:secret@h", "socks5://user:secret@h"] {
        let proxy = Proxy::parse(text).unwrap();
        for shown in [format!("{proxy:?}"), proxy.to_string()] {
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}
