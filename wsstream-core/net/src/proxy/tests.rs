use super::*;

#[test]
fn which_proxies_there_are() {
    for (text, host, port) in [
        ("http://proxy:3128", "proxy", 3128),
        ("HTTP://proxy", "proxy", 80),
        ("proxy:3128", "proxy", 3128),
        ("http://[::1]:3128/", "::1", 3128),
    ] {
        let proxy = Proxy::parse(text).unwrap();
        assert_eq!((proxy.host(), proxy.port()), (host, port), "{text}");
    }
    let expected = "proxy: expected http://HOST:PORT";
    for (text, says) in [
        ("https://proxy:1", r#"proxy: scheme "https", expected http"#),
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
            "proxy: user or password contains what RFC 7617 forbids",
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
        let proxy = Proxy::of_environment(tls, host, 443, variable).unwrap();
        let proxy = proxy.as_ref().map(Proxy::host);
        assert_eq!(proxy, found, "{host} {no_proxy}");
    }
    // A request with a field `Proxy` sets this in CGI programs.
    let variable = |name: &str| (name == "HTTP_PROXY").then(|| "http://evil".to_string());
    assert_eq!(Proxy::of_environment(false, "h", 1, variable), Ok(None));
}

#[test]
fn what_is_chosen() {
    let variable = |name: &str| (name == "https_proxy").then(|| "http://secure:1".to_string());
    let given = ProxyChoice::Given(Proxy::parse("given:1").unwrap());
    for (choice, tls, found) in [
        (&ProxyChoice::default(), true, None),
        (&ProxyChoice::Environment, true, Some("secure")),
        (&ProxyChoice::Environment, false, None),
        (&given, true, Some("given")),
        (&given, false, Some("given")),
    ] {
        let proxy = choice.choose(tls, "h", 1, variable).unwrap();
        assert_eq!(proxy.as_ref().map(Proxy::host), found, "{choice:?}");
    }
    let wrong = |_: &str| Some("socks5://h".to_string());
    let chosen = ProxyChoice::Environment.choose(false, "h", 1, wrong);
    assert_eq!(
        chosen,
        Err(InvalidProxy(InvalidUrl::Scheme("socks5".into())))
    );
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
            let proxy = Proxy::parse("http://u:p@proxy").unwrap();
            let mut connect = ProxyConnect::new(&proxy, "::1", 22).unwrap();
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

#[test]
fn hosts_that_would_split_the_request() {
    let proxy = Proxy::parse("proxy").unwrap();
    for host in ["a b", "a\r\nX: y", "ü"] {
        let error = ProxyConnect::new(&proxy, host, 1).unwrap_err();
        assert_eq!(error, ProxyError::Host);
    }
}
