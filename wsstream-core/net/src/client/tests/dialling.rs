//! What dial errors say, and where zones go.

use super::*;

/// The errors of the system name nobody.
#[test]
fn errors_name_the_peer() {
    let v6 = |text: &str| format!("tcp:{}:1", crate::descriptor::quote_argument(text));
    for (text, kind, says) in [
        (
            "tcp:192.0.2.8:1",
            ErrorKind::ConnectionRefused,
            "192.0.2.8:1: connection refused",
        ),
        (
            "ws://192.0.2.8/x",
            ErrorKind::ConnectionRefused,
            "ws://192.0.2.8/x: 192.0.2.8:80: connection refused",
        ),
        (
            "tcp:192.0.2.9:1:timeout=1",
            ErrorKind::TimedOut,
            "timed out connecting to 192.0.2.9:1",
        ),
        (
            &format!("{}:timeout=1", v6("2001:db8::9")),
            ErrorKind::TimedOut,
            "timed out connecting to [2001:db8::9]:1",
        ),
        (
            &v6("fe80::8"),
            ErrorKind::ConnectionRefused,
            "[fe80::8]:1: connection refused, the address needs a zone as in fe80::1%eth0",
        ),
        (
            &v6("fe80::1%no-such-0"),
            ErrorKind::NotFound,
            "[fe80::1%no-such-0]:1: zone \"no-such-0\": there is no such network interface",
        ),
        (
            "ws://[fe80::1%250]/",
            ErrorKind::NotFound,
            "ws://[fe80::1%250]/: [fe80::1%0]:80: zone \"0\": there is no such network interface",
        ),
        (
            r"tcp:2001\:db8\:\:1:1:bindAddress=127.0.0.1",
            ErrorKind::AddrNotAvailable,
            "[2001:db8::1]:1: no source address of IPv6",
        ),
        // Documentation has it, and nobody else (RFC 5737).
        (
            "tcp:192.0.2.1:1:bindAddress=203.0.113.9",
            ErrorKind::AddrNotAvailable,
            "192.0.2.1:1: source address 203.0.113.9: address not available",
        ),
        (
            "tcp:192.0.2.1:1:bindAddress=fe80\\:\\:1%no-such-0",
            ErrorKind::NotFound,
            "192.0.2.1:1: source address \"fe80::1%no-such-0\": zone \"no-such-0\": there is no such network interface",
        ),
        ("unix:/gone", ErrorKind::NotFound, "/gone: entity not found"),
        (
            "unix:/slow:timeout=1",
            ErrorKind::TimedOut,
            "timed out connecting to /slow",
        ),
        #[cfg(feature = "ring")]
        (
            r"tls:broken:endpoint=unix\:/p",
            ErrorKind::InvalidData,
            "/p: TLS with broken: invalid data",
        ),
    ] {
        let error = connects(&endpoint(text), true).0.map(drop).unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (kind, says), "{text}");
    }
}

/// A look-up that hangs is told as that of the name which is looked up.
#[test]
fn look_ups_that_hang() {
    for (text, says) in [
        ("tcp:h:1:timeout=3", "timed out looking up h:1"),
        (
            "tcp:192.0.2.1:1:timeout=3:bindAddress=b",
            "192.0.2.1:1: timed out looking up the source address \"b\"",
        ),
    ] {
        let endpoint = endpoint(text);
        network(|network| {
            *network = Network::default();
            network.hangs = true;
        });
        let (connected, took) = run(follow::<Virtual>(endpoint.plan()), false);
        let error = connected.map(drop).unwrap_err();
        assert_eq!((error.kind(), took), (ErrorKind::TimedOut, secs(3)));
        assert_eq!(error.to_string(), says);
    }
}

/// A zone is for the socket alone: neither TLS nor the server hears of it.
#[test]
fn zones_become_scopes() {
    for (text, expected) in [
        (r"tcp:fe80\:\:1%7:1", &["tcp [fe80::1%7]:1"][..]),
        ("ws://[fe80::1%257]:1/", &["tcp [fe80::1%7]:1"]),
        ("ws://[fe80::1%7]:1/", &["tcp [fe80::1%7]:1"]),
        #[cfg(feature = "ring")]
        (
            "wss://[fe80::1%257]/",
            &["tcp [fe80::1%7]:443", "tls fe80::1"],
        ),
        #[cfg(feature = "ring")]
        (r"tls:fe80\:\:1%7:1", &["tcp [fe80::1%7]:1", "tls fe80::1"]),
    ] {
        connects(&endpoint(text), true).0.unwrap();
        assert_eq!(asked(), expected, "{text}");
    }
    let tcp = Endpoint::tcp("[fe80::1%7]:1").unwrap();
    connects(&tcp, false).0.unwrap();
    assert_eq!(asked(), ["tcp [fe80::1%7]:1"]);
    let proxied = Endpoint::tcp("h:1").unwrap().timeout(secs(1));
    let proxy = Proxy::parse("http://[fe80::1%257]:3128").unwrap();
    let late = connects(&proxied.proxy(proxy), false).0.map(drop);
    assert_eq!(late.unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(asked(), ["tcp [fe80::1%7]:3128"]);
    // The system knows the number of its loopback by name, for addresses that are not link-local, too.
    #[cfg(target_os = "linux")]
    {
        connects(&endpoint("ws://[::1%25lo]:1/"), true).0.unwrap();
        assert_eq!(asked(), ["tcp [::1%1]:1"]);
    }
    let url = endpoint("ws://[fe80::1%257]:1/");
    connects(&url.timeout(secs(1)), false)
        .0
        .map(drop)
        .unwrap_err();
    let told = network(|network| network.far[0].received());
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("\r\nHost: [fe80::1]:1\r\n"), "{told}");
    assert!(!told.contains('%'), "{told}");
}

/// What is inside says all of it.
#[test]
fn dial_errors_are_typed() {
    let error = connects(&endpoint("ws://192.0.2.8"), false)
        .0
        .map(drop)
        .unwrap_err();
    let Cause::Dial(inner) = error.cause() else {
        unreachable!("{error}");
    };
    assert_eq!(
        (&*inner.host, inner.port, inner.is_proxy),
        ("192.0.2.8", 80, false)
    );
    let [(address, attempt)] = &inner.attempts[..] else {
        unreachable!("{inner:?}");
    };
    assert_eq!(*address, SocketAddr::from(([192, 0, 2, 8], 80)));
    assert_eq!(attempt.kind(), ErrorKind::ConnectionRefused);
}
