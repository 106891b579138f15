//! A program that knows descriptors alone.

use std::io::ErrorKind;

use wsstream_net::Cause;
use wsstream_net::descriptor::{EndpointAddress, UnsupportedEndpoint};
use wsstream_tests::TestRuntime;
use wsstream_tests::net::{Directory, connect, free_port, listen, over, talk, tcp};

/// Word for word, but for the port.
pub(crate) async fn the_specifications_examples<C: TestRuntime, S: TestRuntime>() {
    let clients = [
        (
            r"autobahn:tcp\:localhost\:9000:url=ws\:// localhost\:9000",
            true,
        ),
        (
            r"autobahn:tcp\:localhost\:9000:url=ws\:// localhost\:9000:compress=false",
            false,
        ),
        (
            r"autobahn:tcp\:localhost\:9000:url=ws\:// localhost\:9000:autofrag=4096:debug=true",
            true,
        ),
    ];
    let servers = [
        r"autobahn:tcp\:9000:url=ws\://localhost\:9000",
        r"autobahn:tcp\:9000:url=ws\://localhost\:9000:autofrag=4096:debug=true",
        r"autobahn:tcp\:9000\:interface\=0.0.0.0:url=ws\://localhost\:9000:compress=true",
    ];
    for server in servers {
        for (client, compresses) in clients {
            let port = free_port().to_string();
            let [server, client] = [server, client].map(|text| text.replace("9000", &port));
            let talked = talk::<C, S>(&server, &client, 10_000).await;
            let agreed = talked.client.websocket().unwrap().info().agreed;
            assert_eq!(agreed.subprotocol(), Some("binary"), "{server} {client}");
            assert_eq!(agreed.deflate().is_some(), compresses, "{server} {client}");
        }
    }
}

pub(crate) async fn over_everything<C: TestRuntime, S: TestRuntime>() {
    let directory = Directory::new();
    let [port, six, nested, url] = [0; 4].map(|_| free_port());
    let unix = format!("unix:{}", directory.quoted("a"));
    let websocket = |endpoint: &str| over(endpoint, "ws://localhost/a", "");
    let (from, to) = (format!("tcp:{nested}"), format!("tcp:127.0.0.1:{nested}"));
    let url = format!("ws://127.0.0.1:{url}/a");
    for (server, client, by_websocket) in [
        (
            format!("tcp:{port}"),
            format!("tcp:127.0.0.1:{port}"),
            false,
        ),
        (format!("tcp6:{six}"), format!(r"tcp:\:\:1:{six}"), false),
        (unix.clone(), unix.clone(), false),
        (websocket(&from), websocket(&to), true),
        (websocket(&unix), websocket(&unix), true),
        (
            websocket(&websocket(&from)),
            websocket(&websocket(&to)),
            true,
        ),
        (url.clone(), url, true),
    ] {
        for len in [1, 100_000] {
            let talked = talk::<C, S>(&server, &client, len).await;
            let path = talked.path.as_deref();
            assert_eq!(path, by_websocket.then_some("/a"), "{server}");
            let websockets = [
                talked.client.websocket().is_some(),
                talked.server.websocket().is_some(),
            ];
            assert_eq!(websockets, [by_websocket; 2], "{server}");
            // Over a Unix socket it is no error.
            talked.client.set_nodelay(true).unwrap();
            if client.contains("unix") {
                let path = directory.path("a").to_str().unwrap().to_owned();
                assert_eq!(talked.reached, EndpointAddress::Unix(Some(path)));
                assert_eq!(talked.let_in, EndpointAddress::Unix(None));
            } else {
                assert!(tcp(&talked.reached).ip().is_loopback());
                assert!(tcp(&talked.let_in).ip().is_loopback());
            }
        }
    }
}

pub(crate) async fn what_belongs_to_the_forwarder<C: TestRuntime, S: TestRuntime>() {
    for descriptor in ["stdio", "systemd:INET:index=0", "haproxy:tcp:0", "exec:cat"] {
        let error = listen::<S>(descriptor).await.map(drop).unwrap_err();
        let cause = Cause::of(&error);
        let forwarder = matches!(
            cause,
            Cause::Unsupported(UnsupportedEndpoint::Forwarder { .. })
        );
        assert!(forwarder, "{descriptor}: {error}");
    }
    for descriptor in ["stdio", "exec:cat"] {
        let error = connect::<C>(descriptor).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{descriptor}");
    }
}
