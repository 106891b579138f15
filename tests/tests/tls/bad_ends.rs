//! Bad ends through a relay, from TLS and to it: alone, and below one WebSocket or two.

use std::fs;

use wsstream_core::CloseCode;
use wsstream_tests::bad_ends::{Bad, Told, Way, a_slow_reader_is_told};
use wsstream_tests::net::{Directory, Net, free_port, listen, over};

use crate::certificates::{Authority, Identity};

wsstream_tests::on_all_runtimes! {
    from_tls
    from_a_websocket_over_tls
    from_a_websocket_over_another
    to_tls
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Tcp,
    Tls,
    WebSocketOverTls,
    WebSocketTwice,
}

/// Where the certificates are.
struct Files(Directory);

impl Files {
    fn new() -> Self {
        let (authority, directory) = (Authority::new(), Directory::new());
        fs::create_dir(directory.path("roots")).unwrap();
        fs::write(directory.path("roots/a.pem"), authority.pem()).unwrap();
        let Identity { chain, key } = authority.localhost();
        fs::write(directory.path("server.pem"), format!("{chain}{key}")).unwrap();
        Self(directory)
    }

    async fn way<N: Net>(&self, kind: Kind) -> Way<N> {
        let port = free_port();
        let [roots, server] = ["roots", "server.pem"].map(|name| self.0.quoted(name));
        let tls = [
            format!("ssl:{port}:privateKey={server}"),
            format!("tls:localhost:{port}:trustRoots={roots}"),
        ];
        let [server, client] = match kind {
            Kind::Tcp => [format!("tcp:{port}"), format!("tcp:127.0.0.1:{port}")],
            Kind::Tls => tls,
            Kind::WebSocketOverTls => tls.map(|tls| over(&tls, "wss://localhost/", "")),
            Kind::WebSocketTwice => tls.map(|tls| {
                let outer = over(&tls, "wss://localhost/", "");
                over(&outer, "ws://localhost/", "")
            }),
        };
        Way::new(listen::<N>(&server).await.unwrap(), client.parse().unwrap())
    }

    /// To every kind of reader, at the same time.
    async fn from<N: Net>(&self, kind: Kind, how: &[Bad]) {
        let mut cases = Vec::new();
        for &bad in how {
            for (to, told) in [
                (Kind::Tcp, Told::Error),
                (Kind::Tls, Told::Error),
                (Kind::WebSocketOverTls, Told::Close),
                (Kind::WebSocketTwice, Told::Close),
            ] {
                let (from, to) = (self.way::<N>(kind).await, self.way::<N>(to).await);
                cases.push(N::spawn(a_slow_reader_is_told::<N>(from, bad, to, told)));
            }
        }
        for case in cases {
            case.await;
        }
    }
}

async fn from_tls<N: Net>() {
    let how = [Bad::Reset, Bad::Truncated];
    Files::new().from::<N>(Kind::Tls, &how).await;
}

async fn from_a_websocket_over_tls<N: Net>() {
    let how = [
        Bad::Truncated,
        Bad::Closed(CloseCode::GOING_AWAY),
        Bad::Closed(CloseCode::INTERNAL),
        Bad::Fault,
    ];
    Files::new().from::<N>(Kind::WebSocketOverTls, &how).await;
}

async fn from_a_websocket_over_another<N: Net>() {
    let how = [
        Bad::Reset,
        Bad::Truncated,
        Bad::Closed(CloseCode::INTERNAL),
        Bad::Fault,
    ];
    Files::new().from::<N>(Kind::WebSocketTwice, &how).await;
}

async fn to_tls<N: Net>() {
    Files::new().from::<N>(Kind::Tcp, &[Bad::Reset]).await;
}
