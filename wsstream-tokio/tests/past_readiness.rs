//! What is asked of the socket past the runtime, through every layer.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::future::poll_fn;
use std::io::{IoSlice, Read as _};
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread::sleep;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use wsstream_core::pump::{Socket, Taken};
use wsstream_tokio::{
    ClientConfig, ClientEndpoint, Listener, NetStream, ServerConfig, ServerEndpoint, quote_argument,
};

/// Runs a story on one thread, which is the one that would learn from the system that a socket has room.
fn run<T>(story: impl Future<Output = T>) -> T {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(story)
}

fn over(endpoint: &str) -> String {
    let endpoint = quote_argument(endpoint);
    format!(r"autobahn:{endpoint}:url=ws\://localhost/:compress=false")
}

/// A client and what was accepted, over everything that there is.
async fn pairs() -> Vec<(&'static str, NetStream, NetStream)> {
    let (tcp, to_tcp) = ("tcp:0:interface=127.0.0.1", "tcp:127.0.0.1:PORT");
    let from_tcp = "tcp:127.0.0.1:PORT:bindAddress=127.0.0.2";
    let ways = [
        ("TCP", tcp.to_owned(), to_tcp.to_owned()),
        ("from an address", tcp.to_owned(), from_tcp.to_owned()),
        ("WebSocket", over(tcp), over(to_tcp)),
        ("WebSocket twice", over(&over(tcp)), over(&over(to_tcp))),
        #[cfg(feature = "rustls")]
        ("TLS", TLS.to_owned(), TO_TLS.to_owned()),
        #[cfg(feature = "rustls")]
        ("WebSocket over TLS", over(TLS), over(TO_TLS)),
    ];
    let mut pairs = Vec::new();
    for (name, server, client) in ways {
        let server: ServerEndpoint = server.parse().unwrap();
        let mut listener = server.listen().await.unwrap();
        let port = listener.local_addr().tcp().unwrap().port();
        let client = client.replace("PORT", &port.to_string());
        let client: ClientEndpoint = client.parse().unwrap();
        let accepting = async { listener.accept().await.unwrap().accept().await };
        let (near, far) = tokio::join!(client.connect(), accepting);
        pairs.push((name, near.unwrap(), far.unwrap()));
    }
    pairs
}

/// Writes until nothing more is taken, however little.
fn fill(stream: &mut NetStream) -> usize {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut written = 0;
    for len in [16 << 10, LITTLE.len()] {
        while let Poll::Ready(count) = Pin::new(&mut *stream).poll_write(cx, &vec![7; len]) {
            written += count.unwrap();
        }
    }
    written
}

/// Reads what the system has at the far end, past the runtime and all layers.
fn drain(stream: &NetStream) {
    let fd = stream.tcp().unwrap().as_fd().try_clone_to_owned().unwrap();
    let mut far = std::net::TcpStream::from(fd);
    let mut buf = vec![0; 64 << 10];
    // Loopback has more as soon as the window is open.
    for _ in 0..20 {
        while far.read(&mut buf).is_ok_and(|count| count > 0) {}
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_the_peer_has_taken_is_known_through_all_layers() {
    run(async {
        for (name, mut near, mut far) in pairs().await {
            let before = Socket::taken(&*near).unwrap();
            let written = fill(&mut near);
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
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let octets = Socket::taken(&*near).unwrap().octets;
            assert!(octets - before.octets >= written as u64, "{name}");
        }
    });
}

/// The runtime learns of room only when it has its turn, and the system tells it only of much.
#[test]
fn a_write_is_tried_past_the_runtimes_readiness() {
    run(async {
        for (name, mut near, far) in pairs().await {
            fill(&mut near);
            drain(&far);
            let cx = &mut Context::from_waker(Waker::noop());
            let written = Pin::new(&mut near).poll_write(cx, LITTLE);
            assert!(written.is_pending(), "{name}");
            let bufs = [IoSlice::new(&[]), IoSlice::new(LITTLE)];
            let written = Socket::poll_retry_write(&mut *near, cx, &bufs);
            assert!(
                matches!(written, Poll::Ready(Ok(1..))),
                "{name}: {written:?}"
            );
            // All that was held back is gone too.
            while !Socket::taken(&*near).unwrap().all {
                drain(&far);
                let written = Socket::poll_retry_write(&mut *near, cx, &[]);
                assert!(matches!(written, Poll::Ready(Ok(0))), "{name}: {written:?}");
            }
        }
    });
}

/// Else nobody would be told of room.
#[test]
fn a_write_that_is_tried_in_vain_waits_for_room() {
    run(async {
        for (name, mut near, far) in pairs().await {
            fill(&mut near);
            let bufs = [IoSlice::new(LITTLE)];
            let cx = &mut Context::from_waker(Waker::noop());
            while Socket::poll_retry_write(&mut *near, cx, &bufs).is_ready() {}
            let mut polls = 0;
            let retrying = poll_fn(|cx| {
                polls += 1;
                Socket::poll_retry_write(&mut *near, cx, &bufs)
            });
            let draining = async {
                tokio::task::yield_now().await;
                drain(&far);
            };
            let (written, ()) = tokio::join!(retrying, draining);
            assert!(written.unwrap() > 0, "{name}");
            assert!(polls > 1, "{name}");
        }
    });
}

#[test]
fn sockets_of_all_kinds_keep_little_unsent() {
    let is_set = |tcp: &TcpStream| SockRef::from(tcp).tcp_notsent_lowat().unwrap() == 128 << 10;
    run(async {
        for (name, near, far) in pairs().await {
            assert!(
                is_set(near.tcp().unwrap()) && is_set(far.tcp().unwrap()),
                "{name}"
            );
        }
        let mut listener = Listener::bind("127.0.0.1:0", ServerConfig::stream())
            .await
            .unwrap();
        let url = format!("ws://{}/", listener.local_addr().tcp().unwrap());
        let endpoint = ClientEndpoint::url(&url, ClientConfig::stream()).unwrap();
        let accepting = async { listener.accept().await.unwrap().upgrade().await };
        let (near, far) = tokio::join!(endpoint.open(), accepting);
        let (near, far) = (near.unwrap().into_stream(), far.unwrap().into_stream());
        for stream in [&near, &far] {
            assert!(is_set(stream.socket().tcp().unwrap()));
            assert!(Socket::taken(&**stream).is_some());
        }
    });
}

const LITTLE: &[u8] = &[7; 1000];

#[cfg(feature = "rustls")]
const TLS: &str = concat!(
    "ssl:0:interface=127.0.0.1:privateKey=",
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/localhost/localhost.pem"
);
#[cfg(feature = "rustls")]
const TO_TLS: &str = concat!(
    "tls:127.0.0.1:PORT:trustRoots=",
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/localhost"
);
