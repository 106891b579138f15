//! Which proxies there are, and what is shown of them.

mod environment;
mod exceptions;
mod http;
mod socks;

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use wsstream_core::test_kit::{Clock, Task};

use super::*;
use crate::test_support::Scripted;

#[test]
fn which_proxies_there_are() {
    for (text, shown) in [
        ("http://proxy:3128", "http://proxy:3128"),
        ("HTTP://proxy", "http://proxy:80"),
        ("proxy:3128", "http://proxy:3128"),
        ("http://[::1]:3128/", "http://[::1]:3128"),
        ("http://proxy:443", "http://proxy:443"),
        ("https://proxy", "https://proxy:443"),
        ("https://u:p@proxy:80", "https://proxy:80"),
        ("HTTPS://proxy:3129/", "https://proxy:3129"),
        ("socks5://proxy", "socks5://proxy:1080"),
        ("SOCKS5H://u:p@[::1]", "socks5://[::1]:1080"),
        ("socks5://proxy:80", "socks5://proxy:80"),
        ("socks5://proxy:443", "socks5://proxy:443"),
        // As Chromium has it.
        ("socks://proxy", "socks5://proxy:1080"),
        ("socks4://proxy", "socks4://proxy:1080"),
        ("socks4a://u@proxy:9", "socks4://proxy:9"),
        ("http://[fe80::1%eth0]", "http://[fe80::1%25eth0]:80"),
    ] {
        let proxy = Proxy::parse(text).unwrap();
        assert_eq!(proxy.to_string(), shown, "{text}");
        let (scheme, authority) = shown.split_once("://").unwrap();
        let authority = authority.replace("%25", "%");
        assert_eq!(proxy.authority(), authority, "{text}");
        assert_eq!(proxy.is_secure(), scheme == "https", "{text}");
        assert_eq!(Proxy::parse(shown).unwrap().to_string(), shown);
    }
    let expected = "proxy: expected http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT";
    let user = "proxy: SOCKS needs a user and a password of 1 to 255 octets each";
    let socks4_user = "proxy: SOCKS4 needs a user of 1 to 248 octets without a password";
    let long = format!("socks5://u:{}@proxy", "p".repeat(256));
    let long4 = format!("socks4://{}@proxy", "u".repeat(249));
    for (text, says) in [
        (
            "quic://proxy:1",
            r#"proxy: scheme "quic", expected http, https, socks5 or socks4"#,
        ),
        (
            "ws://proxy",
            r#"proxy: scheme "ws", expected http, https, socks5 or socks4"#,
        ),
        ("socks5://u@proxy", user),
        ("socks5://:p@proxy", user),
        ("socks://u@proxy", user),
        ("socks5://u:%ff@proxy", user),
        (&long, user),
        ("socks4://u:p@proxy", socks4_user),
        ("socks4a://@proxy", socks4_user),
        ("socks4://%ff@proxy", socks4_user),
        (&long4, socks4_user),
        ("proxy:0", r#"proxy: port "0", expected 1 to 65535"#),
        (
            "pr%6Fxy",
            r#"proxy: host "pr%6Fxy", expected a name or an address"#,
        ),
        ("", expected),
        ("http://", expected),
        ("https://", expected),
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
fn no_password_is_shown() {
    for scheme in ["http", "https", "socks5"] {
        let proxy = Proxy::parse(&format!("{scheme}://user:secret@h")).unwrap();
        for shown in [format!("{proxy:?}"), proxy.to_string()] {
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
    let proxy = Proxy::parse("socks4://secret@h").unwrap();
    assert!(!format!("{proxy:?}").contains("secret"), "{proxy:?}");
}

/// Nothing is written then.
#[test]
fn hosts_that_no_request_can_name() {
    let long = "h".repeat(256);
    for proxy in [
        "proxy",
        "https://proxy",
        "socks5://proxy",
        "socks4://u@proxy",
    ] {
        for host in ["", "a b", "a\r\nX: y", "ü", &long] {
            let tunnelled = Tunnelled::new(proxy, host, b"");
            assert_eq!(tunnelled.kind(), &ProxyErrorKind::Host);
            assert_eq!(tunnelled.told, b"");
        }
    }
}

/// What came of a tunnel to port 22.
#[derive(Debug)]
struct Tunnelled {
    result: io::Result<()>,
    /// What the proxy was told.
    told: Vec<u8>,
    /// What is left for the other end.
    left: Vec<u8>,
    /// How long it took, in milliseconds.
    took: u128,
}

impl Tunnelled {
    /// Through a proxy that says this, and ends.
    fn new(proxy: &str, host: &str, says: &[u8]) -> Self {
        Self::over(proxy, host, &Scripted::saying(says, true))
    }

    fn over(proxy: &str, host: &str, socket: &Scripted) -> Self {
        let proxy = Proxy::parse(proxy).unwrap();
        let (clock, task) = (Clock::default(), Task::new());
        let begun = clock.now();
        let result = {
            let (mut socket, mut sleeper) = (socket.clone(), clock.sleeper());
            let mut tunnelling = pin!(proxy.tunnel(&mut socket, &mut sleeper, host, 22));
            loop {
                match tunnelling.as_mut().poll(&mut task.cx()) {
                    Poll::Ready(result) => break result,
                    Poll::Pending => assert!(clock.advance_to_deadline(), "it waits for ever"),
                }
            }
        };
        // It leaves no timer behind.
        assert!(!clock.advance_to_deadline());
        let (told, left) = socket.with(|script| (script.told.clone(), script.says.clone()));
        let took = (clock.now() - begun).as_millis();
        Self {
            result,
            told,
            left,
            took,
        }
    }

    fn error(&self) -> &io::Error {
        self.result.as_ref().unwrap_err()
    }

    fn kind(&self) -> &ProxyErrorKind {
        let inner = self.error().get_ref();
        let error = inner.and_then(|inner| inner.downcast_ref::<ProxyError>());
        error.unwrap().kind()
    }
}
