//! A program that knows descriptors alone.

use std::io::ErrorKind;

use crate::sockets::ip;
use wsstream_core::endpoint::{EndpointAddress, UnsupportedEndpoint};
use wsstream_tests::endpoints::{
    Directory, EndpointStream as _, Endpoints, connect, free_port, listen, over, talk,
};

/// Word for word, but for the port.
pub(crate) async fn the_specifications_examples<C: Endpoints, S: Endpoints>() {
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
            let agreed = talked.client.agreed().unwrap();
            assert_eq!(agreed.subprotocol(), Some("binary"), "{server} {client}");
            assert_eq!(agreed.deflate().is_some(), compresses, "{server} {client}");
        }
    }
}

pub(crate) async fn over_everything<C: Endpoints, S: Endpoints>() {
    let directory = Directory::new();
    let [port, six, nested, url] = [0; 4].map(|_| free_port());
    let unix = format!("unix:{}", directory.quoted("a"));
    let websocket = |endpoint: &str| over(endpoint, "ws://localhost/a", "");
    let (tcp, to) = (format!("tcp:{nested}"), format!("tcp:127.0.0.1:{nested}"));
    let url = format!("ws://127.0.0.1:{url}/a");
    for (server, client, by_websocket) in [
        (
            format!("tcp:{port}"),
            format!("tcp:127.0.0.1:{port}"),
            false,
        ),
        (format!("tcp6:{six}"), format!(r"tcp:\:\:1:{six}"), false),
        (unix.clone(), unix.clone(), false),
        (websocket(&tcp), websocket(&to), true),
        (websocket(&unix), websocket(&unix), true),
        (
            websocket(&websocket(&tcp)),
            websocket(&websocket(&to)),
            true,
        ),
        (url.clone(), url, true),
    ] {
        for len in [1, 100_000] {
            let talked = talk::<C, S>(&server, &client, len).await;
            let path = talked.server.request().map(|request| request.path());
            assert_eq!(path, by_websocket.then_some("/a"), "{server}");
            assert_eq!(talked.client.agreed().is_some(), by_websocket, "{server}");
            assert!(talked.client.request().is_none());
            if client.contains("unix") {
                let path = directory.path("a").to_str().unwrap().to_owned();
                assert_eq!(talked.reached, EndpointAddress::Unix(Some(path)));
                assert_eq!(talked.let_in, EndpointAddress::Unix(None));
            } else {
                assert!(ip(&talked.reached).is_loopback());
                assert!(ip(&talked.let_in).is_loopback());
            }
        }
    }
}

pub(crate) async fn what_belongs_to_the_forwarder<C: Endpoints, S: Endpoints>() {
    for descriptor in ["stdio", "systemd:INET:index=0", "haproxy:tcp:0", "exec:cat"] {
        let error = listen::<S>(descriptor).await.map(drop).unwrap_err();
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        let forwarder = matches!(inner, Some(UnsupportedEndpoint::Forwarder { .. }));
        assert!(forwarder, "{descriptor}: {error}");
    }
    for descriptor in ["stdio", "exec:cat"] {
        let error = connect::<C>(descriptor).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{descriptor}");
    }
}
