//! What is asked of the socket past the runtime, through every layer, on every runtime.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::any::TypeId;
use std::future::poll_fn;
use std::io::{IoSlice, Read as _};
use std::task::{Context, Poll, Waker};
use std::thread::sleep;
use std::time::Duration;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::pump::{Socket, Taken};
use wsstream_net::Runtime as _;
use wsstream_tests::net::{
    ClientEndpoint, Net, NetSocket, NetStream, address, let_in, let_in_any, listen, over, stream,
};
use wsstream_tests::{Read, Tokio, Write, next_turn};

// On the thread which would learn from the system that a socket has room.
wsstream_tests::on_one_thread! {
    what_the_peer_has_taken_is_known_through_all_layers
    a_write_is_tried_past_the_runtimes_readiness
    a_write_that_is_tried_in_vain_waits_for_room
    sockets_of_all_kinds_keep_little_unsent
}

fn over_websocket(endpoint: &str) -> String {
    over(endpoint, "ws://localhost/", ":compress=false")
}

/// A client and what was accepted, over everything that there is.
async fn pairs<N: Net>() -> Vec<(&'static str, NetStream<N>, NetStream<N>)> {
    let (tcp, to_tcp) = ("tcp:0:interface=127.0.0.1", "tcp:127.0.0.1:PORT");
    let from_tcp = "tcp:127.0.0.1:PORT:bindAddress=127.0.0.2";
    let twice = |endpoint| over_websocket(&over_websocket(endpoint));
    let ways = [
        ("TCP", tcp.to_owned(), to_tcp.to_owned()),
        ("from an address", tcp.to_owned(), from_tcp.to_owned()),
        ("WebSocket", over_websocket(tcp), over_websocket(to_tcp)),
        ("WebSocket twice", twice(tcp), twice(to_tcp)),
        #[cfg(feature = "rustls")]
        ("TLS", TLS.to_owned(), TO_TLS.to_owned()),
        #[cfg(feature = "rustls")]
        (
            "WebSocket over TLS",
            over_websocket(TLS),
            over_websocket(TO_TLS),
        ),
    ];
    let mut pairs = Vec::new();
    for (name, server, client) in ways {
        let mut listener = listen::<N>(&server).await.unwrap();
        let port = address::<N>(&listener).port();
        let client = client.replace("PORT", &port.to_string());
        let client: ClientEndpoint<N> = client.parse().unwrap();
        let (near, far) = tokio::join!(client.connect(), let_in_any::<N>(&mut listener));
        pairs.push((name, N::stream(near.unwrap()), far.unwrap()));
    }
    pairs
}

/// Writes until nothing more is taken, however little.
fn fill<N: Net>(stream: &mut NetStream<N>) -> usize {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut written = 0;
    for len in [16 << 10, LITTLE.len()] {
        while let Poll::Ready(count) = stream.poll_write(cx, &vec![7; len]) {
            written += count.unwrap();
        }
    }
    written
}

/// Reads what the system has at the far end, past the runtime and all layers.
fn drain<N: Net>(stream: &NetStream<N>) {
    let system = N::Net::tcp_ref(stream.tcp().unwrap());
    let mut far = std::net::TcpStream::from(system.try_clone().unwrap());
    let mut buf = vec![0; 64 << 10];
    // Loopback has more as soon as the window is open.
    for _ in 0..20 {
        while far.read(&mut buf).is_ok_and(|count| count > 0) {}
        sleep(Duration::from_millis(1));
    }
}

async fn what_the_peer_has_taken_is_known_through_all_layers<N: Net>() {
    for (name, mut near, mut far) in pairs::<N>().await {
        let before = Socket::taken(&*near).unwrap();
        let written = fill::<N>(&mut near);
        let Taken { octets, all } = Socket::taken(&*near).unwrap();
        assert!(octets - before.octets < written as u64 && !all, "{name}");
        let mut left = written;
        let mut buf = vec![0; 64 << 10];
        let reading = async {
            while left > 0 {
                left -= far.read(&mut buf).await.unwrap();
            }
        };
        let (flushed, ()) = tokio::join!(near.flush(), reading);
        flushed.unwrap();
        // Acknowledgements come a little later.
        while !Socket::taken(&*near).unwrap().all {
            N::sleep(Duration::from_millis(1)).await;
        }
        let octets = Socket::taken(&*near).unwrap().octets;
        assert!(octets - before.octets >= written as u64, "{name}");
    }
}

/// A runtime may learn of room only when it has its turn, and the system tells it only of much. So may a layer.
async fn a_write_is_tried_past_the_runtimes_readiness<N: Net>() {
    for (name, mut near, far) in pairs::<N>().await {
        fill::<N>(&mut near);
        drain::<N>(&far);
        let cx = &mut Context::from_waker(Waker::noop());
        // The others ask the system every time.
        if TypeId::of::<N>() == TypeId::of::<Tokio>() {
            assert!(near.poll_write(cx, LITTLE).is_pending(), "{name}");
        }
        let bufs = [IoSlice::new(&[]), IoSlice::new(LITTLE)];
        let written = Socket::poll_retry_write(&mut *near, cx, &bufs);
        assert!(
            matches!(written, Poll::Ready(Ok(1..))),
            "{name}: {written:?}"
        );
        // All that was held back is gone too.
        while !Socket::taken(&*near).unwrap().all {
            drain::<N>(&far);
            let written = Socket::poll_retry_write(&mut *near, cx, &[]);
            assert!(matches!(written, Poll::Ready(Ok(0))), "{name}: {written:?}");
        }
    }
}

/// Else nobody would be told of room.
async fn a_write_that_is_tried_in_vain_waits_for_room<N: Net>() {
    for (name, mut near, far) in pairs::<N>().await {
        fill::<N>(&mut near);
        let bufs = [IoSlice::new(LITTLE)];
        let cx = &mut Context::from_waker(Waker::noop());
        while Socket::poll_retry_write(&mut *near, cx, &bufs).is_ready() {}
        let mut polls = 0;
        let retrying = poll_fn(|cx| {
            polls += 1;
            Socket::poll_retry_write(&mut *near, cx, &bufs)
        });
        let draining = async {
            next_turn().await;
            drain::<N>(&far);
        };
        let (written, ()) = tokio::join!(retrying, draining);
        assert!(written.unwrap() > 0, "{name}");
        assert!(polls > 1, "{name}");
    }
}

async fn sockets_of_all_kinds_keep_little_unsent<N: Net>() {
    let is_set = |socket: &NetSocket<N>| {
        let system = N::Net::tcp_ref(socket.tcp().unwrap());
        system.tcp_notsent_lowat().unwrap() == 128 << 10
    };
    for (name, near, far) in pairs::<N>().await {
        assert!(is_set(&near) && is_set(&far), "{name}");
    }
    let mut listener = N::bind(ServerConfig::stream()).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let client = ClientEndpoint::<N>::url(&url, ClientConfig::stream()).unwrap();
    let (near, far) = tokio::join!(client.open(), let_in::<N>(&mut listener));
    for stream in [stream::<N>(near.unwrap()), far.unwrap()] {
        assert!(is_set(stream.get_ref()) && Socket::taken(&*stream).is_some());
    }
    let (near, far) = tokio::join!(client.connect(), let_in_any::<N>(&mut listener));
    for stream in [N::stream(near.unwrap()), far.unwrap()] {
        assert!(is_set(&stream) && Socket::taken(&*stream).is_some());
    }
}

const LITTLE: &[u8] = &[7; 1000];

#[cfg(feature = "rustls")]
const TLS: &str = concat!(
    "ssl:0:interface=127.0.0.1:privateKey=",
    env!("CARGO_MANIFEST_DIR"),
    "/localhost/localhost.pem"
);
#[cfg(feature = "rustls")]
const TO_TLS: &str = concat!(
    "tls:127.0.0.1:PORT:trustRoots=",
    env!("CARGO_MANIFEST_DIR"),
    "/localhost"
);
