//! Through proxies.

use super::*;

/// What came of port 22 of `h` through a proxy: what is left to read, and the time.
fn proxied(endpoint: Endpoint, proxy: &str, says: &[u8]) -> (Result<Vec<u8>, Error>, Duration) {
    let endpoint = endpoint.proxy(Proxy::parse(proxy).unwrap());
    network(|network| {
        *network = Network::default();
        network.says = says.to_vec();
    });
    let (connected, took) = run(follow::<Virtual>(endpoint.plan()), false);
    let left = connected.map(|outermost| outermost.into_socket().into_tcp().unwrap().received());
    (left, took)
}

#[test]
fn through_a_proxy() {
    let http = b"CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\n\r\n";
    let socks = b"\x05\x01\0\x05\x01\0\x03\x01h\0\x16";
    let refused = (Err(ErrorKind::ConnectionRefused), 0);
    for (proxy, says, told, (left, seconds)) in [
        (
            "192.0.2.1:3128",
            &b"HTTP/1.1 200 OK\r\n\r\nSSH-2.0"[..],
            &http[..],
            (Ok(&b"SSH-2.0"[..]), 0),
        ),
        (
            "192.0.2.1:3128",
            b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
            http,
            (Err(ErrorKind::PermissionDenied), 0),
        ),
        // The socket's limit is for this too.
        (
            "192.0.2.1:3128",
            b"HTTP/1.1 200 OK\r\n",
            http,
            (Err(ErrorKind::TimedOut), 30),
        ),
        (
            "socks5://192.0.2.1:3128",
            b"\x05\0\x05\0\0\x01\x7f\0\0\x01\0\0SSH-2.0",
            socks,
            (Ok(b"SSH-2.0"), 0),
        ),
        (
            "socks5://192.0.2.1:3128",
            b"\x05\0\x05\x05\0\x01",
            socks,
            refused,
        ),
    ] {
        let (got, took) = proxied(endpoint("tcp:h:22"), proxy, says);
        assert_eq!(
            network(|network| network.far[0].received()),
            told,
            "{says:?}"
        );
        assert_eq!(
            got.map_err(|error| error.kind()),
            left.map(<[u8]>::to_vec),
            "{says:?}"
        );
        assert_eq!(took, secs(seconds), "{says:?}");
        // It is the proxy that looks the name up.
        assert_eq!(asked(), ["tcp 192.0.2.1:3128"]);
    }
    let (got, _) = proxied(
        endpoint("tcp:h:22"),
        "192.0.2.1",
        b"HTTP/1.1 403 No\r\n\r\n",
    );
    let error = got.unwrap_err();
    assert_eq!(
        error.to_string(),
        "h:22: proxy 192.0.2.1:80: it refused the tunnel: HTTP 403 No"
    );
    let Cause::Proxy(inner) = error.cause() else {
        unreachable!("{error}");
    };
    assert_eq!(inner.proxy(), "192.0.2.1:80");
    // It is the proxy that cannot be reached.
    let (got, _) = proxied(endpoint("tcp:h:22"), "192.0.2.8", b"");
    assert_eq!(
        got.unwrap_err().to_string(),
        "h:22: proxy 192.0.2.8:80: connection refused"
    );
    // One whose address has a zone.
    let (got, _) = proxied(endpoint("tcp:h:22"), "[fe80::1%7]:3128", b"");
    got.unwrap_err();
    assert_eq!(asked(), ["tcp [fe80::1%7]:3128"]);
    // A URL is proxied as well, and a Unix socket is not.
    let url = Endpoint::url("ws://h:22", ClientConfig::stream()).unwrap();
    let (got, took) = proxied(url.clone(), "192.0.2.1:3128", b"");
    assert_eq!(
        (got.unwrap_err().kind(), took),
        (ErrorKind::TimedOut, secs(10))
    );
    assert_eq!(network(|network| network.far[0].received()), http);
    let proxy = Proxy::parse("192.0.2.8").unwrap();
    connects(&url.unix("/p").proxy(proxy), true).0.unwrap();
    assert_eq!(asked(), ["unix /p"]);
}

/// The limit of the socket is for TLS with the proxy, too, and who is waited for is told.
#[test]
fn what_is_waited_for() {
    for (proxy, says) in [
        (
            "192.0.2.9",
            "timed out connecting to the proxy 192.0.2.9:80",
        ),
        (
            "192.0.2.1:1",
            "timed out connecting to h:22 through http://192.0.2.1:1",
        ),
        #[cfg(feature = "ring")]
        (
            "https://192.0.2.6",
            "timed out connecting to h:22 through https://192.0.2.6:443",
        ),
    ] {
        let proxy = Proxy::parse(proxy).unwrap();
        #[cfg(feature = "ring")]
        let proxy = proxy.tls(tls());
        let (got, took) = connects(&endpoint("tcp:h:22:timeout=3").proxy(proxy), false);
        let error = got.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(error.to_string().ends_with(says), "{error}");
        assert_eq!(took, secs(3));
    }
}

/// TLS with the proxy is below all layers of the plan, and is not that of the peer.
#[cfg(feature = "ring")]
#[test]
fn over_tls() {
    let connect = |text: &str, proxy: &str| {
        let endpoint = endpoint(text).proxy(Proxy::parse(proxy).unwrap().tls(tls()));
        network(|network| {
            *network = Network::default();
            network.says = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        });
        let (connected, _) = run(follow::<Virtual>(endpoint.plan()), false);
        connected.map(Outermost::into_socket)
    };
    let connected = connect("tcp:h:22", "https://192.0.2.1").unwrap();
    assert_eq!(asked(), ["tcp 192.0.2.1:443", "tls 192.0.2.1"]);
    assert!(!connected.is_tls() && connected.tls().is_none());
    assert!(connected.below().unwrap().tcp().is_some());
    let told = network(|network| network.far[0].received());
    assert!(told.starts_with(b"CONNECT h:22 "));
    let connected = connect("tls:h:22", "https://192.0.2.1:3129").unwrap();
    assert_eq!(asked(), ["tcp 192.0.2.1:3129", "tls 192.0.2.1", "tls h"]);
    assert!(connected.is_tls());
    assert!(!connected.below().unwrap().is_tls());
    // A Unix socket goes through none.
    connect("unix:/p", "https://192.0.2.1").unwrap();
    assert_eq!(asked(), ["unix /p"]);
}

/// Without TLS in the program, the proxy is not even dialled.
#[cfg(not(feature = "rustls"))]
#[test]
fn over_tls_that_there_is_not() {
    for (text, place) in [("tcp:h:22", "h:22"), ("ws://h", "ws://h/")] {
        let proxy = Proxy::parse("https://192.0.2.1").unwrap();
        let (got, _) = connects(&endpoint(text).proxy(proxy), false);
        let error = got.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let expected = format!("{place}: TLS needs the feature `ring` or `aws-lc-rs`");
        assert_eq!(error.to_string(), expected);
        assert!(asked().is_empty());
    }
}
