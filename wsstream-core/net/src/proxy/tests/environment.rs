//! Which proxy the environment names.

use proptest::prelude::*;

use super::super::environment::Found;
use super::*;

/// The variables, whether TLS is used, the host, and the proxy.
type Row = (
    &'static [(&'static str, &'static str)],
    bool,
    &'static str,
    Option<&'static str>,
);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (&[], true, "h", None),
    (&[("https_proxy", "a:1"), ("http_proxy", "b:1")], true, "h", Some("http://a:1")),
    (&[("https_proxy", "a:1"), ("http_proxy", "b:1")], false, "h", Some("http://b:1")),
    (&[("https_proxy", "a:1")], false, "h", None),
    (&[("HTTPS_PROXY", "a:1")], true, "h", Some("http://a:1")),
    // Lower case first, as curl has it; and the one for all stands behind the others.
    (&[("HTTPS_PROXY", "a:1"), ("https_proxy", "b:1")], true, "h", Some("http://b:1")),
    (&[("ALL_PROXY", "socks5://a"), ("https_proxy", "b:1")], true, "h", Some("http://b:1")),
    (&[("ALL_PROXY", "socks5://a"), ("https_proxy", "b:1")], false, "h", Some("socks5://a:1080")),
    (&[("all_proxy", "https://a")], true, "h", Some("https://a:443")),
    (&[("all_proxy", "https://a")], false, "h", Some("https://a:443")),
    (&[("all_proxy", "a"), ("ALL_PROXY", "b")], false, "h", Some("http://a:80")),
    // An empty one is one that is not set.
    (&[("https_proxy", ""), ("all_proxy", "a:1")], true, "h", Some("http://a:1")),
    (&[("https_proxy", " ")], true, "h", None),
    (&[("https_proxy", " a:1\n")], true, "h", Some("http://a:1")),
    // A request with a field `Proxy` sets this in CGI programs.
    (&[("HTTP_PROXY", "evil")], false, "h", None),
    (&[("HTTP_PROXY", "evil"), ("all_proxy", "a:1")], false, "h", Some("http://a:1")),
    // This machine, and what is only called so.
    (&[("all_proxy", "a:1")], true, "localhost", None),
    (&[("all_proxy", "a:1")], true, "LocalHost.", None),
    (&[("all_proxy", "a:1")], true, "x.localhost", None),
    (&[("all_proxy", "a:1")], true, "127.0.0.1", None),
    (&[("all_proxy", "a:1")], true, "127.255.0.9", None),
    (&[("all_proxy", "a:1")], true, "::1", None),
    (&[("all_proxy", "a:1")], true, "::ffff:127.0.0.1", None),
    (&[("all_proxy", "a:1")], true, "0.0.0.0", None),
    (&[("all_proxy", "a:1")], true, "::", None),
    (&[("all_proxy", "a:1")], true, "localhost.example", Some("http://a:1")),
    (&[("all_proxy", "a:1")], true, "notlocalhost", Some("http://a:1")),
    (&[("all_proxy", "a:1")], true, "128.0.0.1", Some("http://a:1")),
    // What is not asked for is not read.
    (&[("all_proxy", "quic://a")], true, "localhost", None),
    (&[("all_proxy", "quic://a"), ("no_proxy", "h")], true, "h", None),
    (&[("http_proxy", "quic://a"), ("https_proxy", "a:1")], true, "h", Some("http://a:1")),
    (&[("all_proxy", "a:1"), ("NO_PROXY", "x,h")], true, "h", None),
    (&[("all_proxy", "a:1"), ("no_proxy", "x"), ("NO_PROXY", "h")], true, "h", Some("http://a:1")),
    (&[("all_proxy", "a:1"), ("no_proxy", ""), ("NO_PROXY", "h")], true, "h", None),
];

fn found(variables: &[(&str, &str)], tls: bool, host: &str) -> Result<Found, InvalidProxy> {
    Found::by(tls, host, 443, |name| {
        let mut values = variables.iter().filter(|(of, _)| *of == name);
        values.next().map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn what_the_environment_says() {
    for (variables, tls, host, expected) in TABLE {
        let found = found(variables, *tls, host).unwrap();
        let proxy = found.proxy.map(|proxy| proxy.to_string());
        assert_eq!(proxy.as_deref(), *expected, "{variables:?} {tls} {host}");
    }
}

/// A value that nothing can be made of is not passed over, and its name is told.
#[test]
fn errors_name_the_variable() {
    for (name, value, says) in [
        (
            "https_proxy",
            "quic://a",
            r#"proxy: https_proxy in the environment: scheme "quic", expected http, https, socks5 or socks4"#,
        ),
        (
            "HTTPS_PROXY",
            "http://a b",
            "proxy: HTTPS_PROXY in the environment: expected http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT",
        ),
        (
            "ALL_PROXY",
            "a:0",
            r#"proxy: ALL_PROXY in the environment: port "0", expected 1 to 65535"#,
        ),
        (
            "all_proxy",
            "socks5://u@a",
            "proxy: all_proxy in the environment: SOCKS needs a user and a password of 1 to 255 octets each",
        ),
    ] {
        let error = found(&[(name, value)], true, "h").unwrap_err();
        assert_eq!(error.to_string(), says);
        assert_eq!(
            io::Error::from(error).kind(),
            io::ErrorKind::InvalidInput,
            "{name}"
        );
    }
}

/// What is not followed is told.
#[test]
fn warnings() {
    for (variables, tls, ignores_http_proxy, wrong_entries) in [
        (&[("HTTP_PROXY", "a")][..], false, true, &[][..]),
        (&[("HTTP_PROXY", "a")], true, false, &[]),
        (
            &[("HTTP_PROXY", "a"), ("http_proxy", "b")],
            false,
            false,
            &[],
        ),
        (&[("HTTP_PROXY", "a"), ("all_proxy", "b")], false, true, &[]),
        // No proxy would be for this host.
        (&[("HTTP_PROXY", "a"), ("NO_PROXY", "h")], false, false, &[]),
        (&[("HTTP_PROXY", "a"), ("no_proxy", "b")], false, true, &[]),
        (
            &[("all_proxy", "a"), ("no_proxy", "x, 10.0.0.0/33 b:http")],
            true,
            false,
            &[r#""10.0.0.0/33""#, r#""b:http""#],
        ),
        // Also where another entry matches.
        (
            &[("all_proxy", "a"), ("no_proxy", "http://u:secret@x,h")],
            true,
            false,
            &["one of 17 octets"],
        ),
        (&[("no_proxy", "10.0.0.0/33")], true, false, &[]),
    ] {
        let found = found(variables, tls, "h").unwrap();
        assert_eq!(
            found.ignores_http_proxy, ignores_http_proxy,
            "{variables:?}"
        );
        assert_eq!(found.wrong_entries, wrong_entries, "{variables:?}");
    }
}

proptest! {
    /// The environment says what is said by itself, or nothing.
    #[test]
    fn what_an_environment_of_any_texts_says(
        url in "|(http|https|socks5)://\\PC{0,20}|\\PC{0,20}",
        host in "[a-c.:\\[\\]%0-2]{0,8}",
        except in "[a-c.:,*/ 0-9\\[\\]]{0,12}",
    ) {
        let found = found(&[("https_proxy", &url), ("no_proxy", &except)], true, &host);
        let url = url.trim();
        match found.map(|found| found.proxy) {
            Ok(None) if except.is_empty() => prop_assert!(url.is_empty() || host.contains("1")),
            Ok(None) => {}
            Ok(Some(proxy)) => prop_assert_eq!(Ok(proxy), Proxy::parse(url)),
            Err(InvalidProxy::Variable { name, reason }) => {
                prop_assert_eq!(name, "https_proxy");
                prop_assert_eq!(Err(*reason), Proxy::parse(url));
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
