//! Redirects that are followed: what is connected, what is closed, and how long all of it may take.

use wsstream_core::handshake::HandshakeError;

use super::*;

/// Connects, where the first servers redirect to these places. The last one accepts, or says nothing.
fn redirected(
    endpoint: &Endpoint,
    to: &[&str],
    serves: bool,
) -> (Result<NetSocket<Virtual>, Error>, Duration) {
    network(|network| {
        *network = Network::default();
        let redirects = to.iter().map(|to| {
            let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            head.into_bytes()
        });
        network.scripted.0 = redirects.collect();
    });
    let (connected, took) = run(follow::<Virtual>(endpoint.plan()), serves);
    (connected.map(Outermost::into_socket), took)
}

/// The targets of the requests to those who redirected. All of these connections have ended.
fn requested() -> Vec<String> {
    let target = |wire: &Wire| {
        assert!(wire.has_ended(), "a connection is still open");
        let request = String::from_utf8(wire.received()).unwrap();
        request.split(' ').nth(1).unwrap().to_owned()
    };
    network(|network| network.scripted.1.iter().map(target).collect())
}

/// The endpoint, where it is redirected to, and what is dialled.
#[rustfmt::skip]
const WAYS: &[(&str, &[&str], &[&str])] = &[
    ("ws://192.0.2.1/", &["/a", "/b"], &["tcp 192.0.2.1:80", "tcp 192.0.2.1:80", "tcp 192.0.2.1:80"]),
    ("ws://192.0.2.1/", &["ws://192.0.2.2/a", "/b"], &["tcp 192.0.2.1:80", "tcp 192.0.2.2:80", "tcp 192.0.2.2:80"]),
    ("ws://192.0.2.1/", &["//192.0.2.1:81/a", "http://192.0.2.2/b"], &["tcp 192.0.2.1:80", "tcp 192.0.2.1:81", "tcp 192.0.2.2:80"]),
    (r"autobahn:unix\:/p:url=ws\://h", &["/a", "ws://h/b"], &["unix /p", "unix /p", "unix /p"]),
    (r"autobahn:tcp\:192.0.2.1\:9:url=ws\://h", &["/a", "http://h:80/b"], &["tcp 192.0.2.1:9", "tcp 192.0.2.1:9", "tcp 192.0.2.1:9"]),
    #[cfg(feature = "ring")]
    ("wss://192.0.2.1/", &["/a", "https://192.0.2.2/b"], &["tcp 192.0.2.1:443", "tls 192.0.2.1", "tcp 192.0.2.1:443", "tls 192.0.2.1", "tcp 192.0.2.2:443", "tls 192.0.2.2"]),
    #[cfg(feature = "ring")]
    ("ws://192.0.2.1/", &["https://192.0.2.1/a", "/b"], &["tcp 192.0.2.1:80", "tcp 192.0.2.1:443", "tls 192.0.2.1", "tcp 192.0.2.1:443", "tls 192.0.2.1"]),
    #[cfg(feature = "ring")]
    (r"autobahn:tls\:h\:endpoint\=unix\\\:/p:url=wss\://h", &["/a", "//h:443/b"], &["unix /p", "tls h", "unix /p", "tls h", "unix /p", "tls h"]),
];

#[test]
fn each_on_a_connection_of_its_own() {
    for &(text, to, expected) in WAYS {
        let endpoint = endpoint(text);
        let (connected, took) = redirected(&endpoint.clone().redirects(2), to, true);
        connected.unwrap();
        assert_eq!(took, Duration::ZERO, "{text}");
        assert_eq!(asked(), expected, "{text}");
        assert_eq!(requested(), ["/", "/a"], "{text}");
        // One more than the limit.
        let (connected, _) = redirected(&endpoint.clone().redirects(1), to, true);
        let error = connected.unwrap_err();
        let Cause::Redirect(inner) = error.cause() else {
            panic!("{text}: {error}");
        };
        assert_eq!(inner.kind, RedirectErrorKind::TooMany(1), "{text}");
        assert_eq!(inner.chain.len(), 3, "{text}");
        // Not followed: the first response is the error.
        for endpoint in [endpoint.clone(), endpoint.redirects(0)] {
            let (connected, _) = redirected(&endpoint, to, true);
            let error = connected.unwrap_err();
            let Cause::Handshake(HandshakeError::Refused(response)) = error.cause() else {
                panic!("{text}: {error}");
            };
            let location = response.headers().get("Location");
            assert_eq!(location, Some(to[0].as_bytes()), "{text}");
            assert_eq!(requested(), ["/"], "{text}");
        }
    }
}

/// The inner one is redirected, and only then the outer one is asked for.
#[test]
fn websocket_over_websocket() {
    let endpoint = endpoint(r"autobahn:ws\://192.0.2.1:url=ws\://g").redirects(1);
    let (connected, _) = redirected(&endpoint, &["/a"], true);
    assert_eq!(layers(&connected.unwrap()), "websocket/websocket/tcp");
    assert_eq!(asked(), ["tcp 192.0.2.1:80", "tcp 192.0.2.1:80"]);
    assert_eq!(requested(), ["/"]);
}

/// Each hop takes three seconds to connect, and the last server says nothing.
#[test]
fn one_limit_for_all() {
    let to = ["ws://192.0.2.17/a", "ws://192.0.2.27/b", "ws://192.0.2.1/c"];
    for (text, of_all, took) in [
        ("ws://192.0.2.7", None, 9 + 30),
        ("ws://192.0.2.7", Some(20), 20),
        ("ws://192.0.2.7", Some(8), 8),
        ("ws://192.0.2.7", Some(4), 4),
        (
            r"autobahn:tcp\:192.0.2.7\:80:url=ws\://192.0.2.7:handshakeTimeout=2",
            None,
            9 + 2,
        ),
        (
            r"autobahn:tcp\:192.0.2.7\:80\:timeout\=4:url=ws\://192.0.2.7:handshakeTimeout=6",
            None,
            10,
        ),
    ] {
        let mut endpoint = endpoint(text).redirects(5);
        if let Some(of_all) = of_all {
            endpoint = endpoint.timeout(secs(of_all));
        }
        let (connected, after) = redirected(&endpoint, &to, false);
        let error = connected.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{text} {of_all:?}");
        assert_eq!(after, secs(took), "{text} {of_all:?}");
    }
}

/// A server that cannot be reached is no redirect.
#[test]
fn errors_behind_a_redirect() {
    let endpoint = endpoint("ws://192.0.2.1").redirects(5);
    let (connected, _) = redirected(&endpoint, &["ws://192.0.2.8/"], true);
    let error = connected.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains("192.0.2.8:80"), "{error}");
}

/// Each host is asked for through the proxy, which keeps its own password.
#[test]
fn through_a_proxy() {
    let endpoint = endpoint("ws://me:secret@h/a").redirects(1);
    let endpoint = endpoint.proxy(Proxy::parse("you:other@192.0.2.1:3128").unwrap());
    network(|network| {
        *network = Network::default();
        let tunnel = "HTTP/1.1 200 OK\r\n\r\n";
        let redirect = "HTTP/1.1 307 There\r\nLocation: //g/b\r\nContent-Length: 0\r\n\r\n";
        network.scripted.0 = [format!("{tunnel}{redirect}").into()].into();
        network.says = tunnel.into();
    });
    let (connected, _) = run(follow::<Virtual>(endpoint.plan()), false);
    assert_eq!(connected.map(drop).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(asked(), ["tcp 192.0.2.1:3128"; 2]);
    let [first, second] = network(|network| {
        [&network.scripted.1[0], &network.far[0]]
            .map(|wire| String::from_utf8(wire.received()).unwrap())
    });
    let proxy = "Proxy-Authorization: Basic eW91Om90aGVy\r\n";
    let server = "Authorization: Basic bWU6c2VjcmV0\r\n";
    assert!(
        first.starts_with("CONNECT h:80 ") && first.contains(proxy),
        "{first}"
    );
    assert!(
        first.contains("GET /a ") && first.contains(server),
        "{first}"
    );
    assert!(
        second.starts_with("CONNECT g:80 ") && second.contains(proxy),
        "{second}"
    );
    assert!(
        second.contains("GET /b ") && !second.contains(server),
        "{second}"
    );
}
