//! Bad ends through a relay, for any two sockets, by URL and by descriptor. Those with TLS are in `tls/bad_ends.rs`.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::time::Duration;

use wsstream_core::CloseCode;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_net::relay;
use wsstream_tests::bad_ends::{Bad, Told, Way, a_slow_reader_is_told};
use wsstream_tests::net::{
    ClientEndpoint, Directory, Net, address, free_port, let_in_any, listen, over,
};
use wsstream_tests::{Write as _, within};

wsstream_tests::on_all_runtimes! {
    from_tcp
    from_a_websocket_by_url
    from_a_websocket_by_descriptor
    from_a_websocket_over_a_unix_socket
    a_shutdown_ends_a_relay
}

/// The sockets of a relay's ends.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Tcp,
    Unix,
    WebSocketByUrl,
    WebSocketByDescriptor,
    WebSocketOverUnix,
}
use Kind::{Tcp, Unix, WebSocketByDescriptor, WebSocketByUrl, WebSocketOverUnix};

impl Kind {
    async fn way<N: Net>(self, directory: &Directory) -> Way<N> {
        if let WebSocketByUrl = self {
            let listener = N::bind(ServerConfig::stream()).await;
            let url = format!("ws://{}/", address::<N>(&listener));
            let client = ClientEndpoint::<N>::url(&url, ClientConfig::stream());
            return Way::new(listener, client.unwrap());
        }
        let port = free_port();
        let [server, client] = match self {
            Unix | WebSocketOverUnix => {
                let unix = format!("unix:{}", directory.quoted(&port.to_string()));
                [unix.clone(), unix]
            }
            _ => [format!("tcp:{port}"), format!("tcp:127.0.0.1:{port}")],
        };
        let [server, client] = match self {
            Tcp | Unix => [server, client],
            _ => [server, client].map(|endpoint| over(&endpoint, "ws://localhost/", "")),
        };
        Way::new(listen::<N>(&server).await.unwrap(), client.parse().unwrap())
    }

    const fn told(self) -> Told {
        match self {
            Tcp => Told::Error,
            Unix => Told::Nothing,
            _ => Told::Close,
        }
    }
}

/// To every kind of reader, at the same time.
async fn from<N: Net>(kind: Kind, how: &[Bad]) {
    let directory = Directory::new();
    let mut cases = Vec::new();
    for &bad in how {
        for to in [
            Tcp,
            Unix,
            WebSocketByUrl,
            WebSocketByDescriptor,
            WebSocketOverUnix,
        ] {
            let (from, told) = (kind.way::<N>(&directory).await, to.told());
            let to = to.way::<N>(&directory).await;
            cases.push(N::spawn(a_slow_reader_is_told::<N>(from, bad, to, told)));
        }
    }
    for case in cases {
        case.await;
    }
}

const CLOSES: [Bad; 2] = [
    Bad::Closed(CloseCode::GOING_AWAY),
    Bad::Closed(CloseCode::INTERNAL),
];

async fn from_tcp<N: Net>() {
    from::<N>(Tcp, &[Bad::Reset]).await;
}

async fn from_a_websocket_by_url<N: Net>() {
    from::<N>(WebSocketByUrl, &[Bad::Truncated, Bad::Fault]).await;
    from::<N>(WebSocketByUrl, &CLOSES).await;
}

async fn from_a_websocket_by_descriptor<N: Net>() {
    from::<N>(WebSocketByDescriptor, &[Bad::Truncated, Bad::Fault]).await;
    from::<N>(WebSocketByDescriptor, &CLOSES).await;
}

async fn from_a_websocket_over_a_unix_socket<N: Net>() {
    from::<N>(WebSocketOverUnix, &[Bad::Fault]).await;
    from::<N>(WebSocketOverUnix, &CLOSES).await;
}

/// The relay does not wait for the other end, which takes nothing.
async fn a_shutdown_ends_a_relay<N: Net>() {
    let directory = Directory::new();
    for kind in [Tcp, Unix, WebSocketByUrl, WebSocketOverUnix] {
        let (from, to) = (
            kind.way::<N>(&directory).await,
            Tcp.way::<N>(&directory).await,
        );
        let (mut here, mut there) = (from.listener, to.listener);
        let (asked, a) = tokio::join!(from.client.connect(), let_in_any::<N>(&mut here));
        let (b, _reader) = tokio::join!(to.client.connect(), let_in_any::<N>(&mut there));
        let mut sender = N::stream(asked.unwrap());
        let (mut a, mut b) = (
            N::into_socket(a.unwrap()),
            N::into_socket(N::stream(b.unwrap())),
        );
        let relaying = N::spawn(async move { relay::<N::Net>(&mut a, &mut b).await });
        let sending = N::spawn(async move { sender.write_all(&[7; 32 << 20]).await });
        N::sleep(Duration::from_millis(200)).await;
        here.shutdown(Duration::from_millis(500)).await;
        let relayed = within::<N, _>(Duration::from_secs(10), relaying).await;
        let relayed = relayed.unwrap();
        assert!(relayed.a_failed.is_some(), "{kind:?}");
        // Compressed, all of it may have gone out before.
        let _ = sending.await;
    }
}
