//! What is asked of the socket, through every layer.
#![cfg(target_os = "linux")]

use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::task::Waker;
use std::thread::sleep;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::Builder;

use super::*;
use crate::endpoint::{client_from_string, quote_argument, server_from_string};
use crate::{ClientConfig, Listener, ServerConfig};

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
async fn pairs() -> Vec<(&'static str, EndpointStream, EndpointStream)> {
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
        let mut listener = server_from_string(&server).unwrap().listen().await.unwrap();
        let EndpointAddress::Tcp(address) = *listener.local_addr() else {
            unreachable!("{server}");
        };
        let client = client.replace("PORT", &address.port().to_string());
        let client = client_from_string(&client).unwrap();
        let (near, far) = tokio::join!(client.connect(), listener.accept());
        pairs.push((name, near.unwrap(), far.unwrap()));
    }
    pairs
}

fn tcp(stream: &EndpointStream) -> &TcpStream {
    match (&stream.layer, stream.below()) {
        (Layer::Tcp(tcp), _) => tcp,
        (_, Some(below)) => tcp(below),
        (layer, None) => unreachable!("{layer:?}"),
    }
}

/// Writes until nothing more is taken, however little.
fn fill(stream: &mut EndpointStream) -> usize {
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
fn drain(stream: &EndpointStream) {
    let fd = tcp(stream).as_fd().try_clone_to_owned().unwrap();
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
            let before = OverSocket::taken(&near).unwrap();
            let written = fill(&mut near);
            let Taken { octets, all } = OverSocket::taken(&near).unwrap();
            assert!(octets - before.octets < written as u64 && !all, "{name}");
            let mut left = written;
            let mut buf = vec![0; 64 << 10];
            let reading = async {
                while left > 0 {
                    left -= tokio::io::AsyncReadExt::read(&mut far, &mut buf)
                        .await
                        .unwrap();
                }
            };
            let (flushed, ()) = tokio::join!(near.flush(), reading);
            flushed.unwrap();
            // Acknowledgements come a little later.
            while !OverSocket::taken(&near).unwrap().all {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let octets = OverSocket::taken(&near).unwrap().octets;
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
            let written = near.poll_retry_write(cx, &bufs);
            assert!(
                matches!(written, Poll::Ready(Ok(1..))),
                "{name}: {written:?}"
            );
            // All that was held back is gone too.
            while !OverSocket::taken(&near).unwrap().all {
                drain(&far);
                let written = near.poll_retry_write(cx, &[]);
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
            while near.poll_retry_write(cx, &bufs).is_ready() {}
            let mut polls = 0;
            let retrying = poll_fn(|cx| {
                polls += 1;
                near.poll_retry_write(cx, &bufs)
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
            assert!(is_set(tcp(&near)) && is_set(tcp(&far)), "{name}");
        }
        let mut listener = Listener::bind("127.0.0.1:0", ServerConfig::stream())
            .await
            .unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let client = ClientConfig::stream();
        let (near, far) = tokio::join!(crate::connect_with(&url, &client), async {
            listener.accept().await?.accept().await
        });
        let (near, far) = (near.unwrap().into_stream(), far.unwrap().into_stream());
        assert!(is_set(near.get_ref().tcp()) && is_set(far.get_ref().tcp()));
        assert!(near.inner.taken().is_some() && far.inner.taken().is_some());
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
