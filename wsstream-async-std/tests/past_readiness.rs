//! What is asked of the socket, through every layer.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::{IoSlice, Read as _};
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread::sleep;
use std::time::Duration;

use futures_util::future::join;
use futures_util::io::{AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _};
use socket2::SockRef;
use wsstream_async_std::{
    ClientConfig, ClientEndpoint, Listener, NetStream, ServerConfig, ServerEndpoint, quote_argument,
};
use wsstream_core::pump::{Socket, Taken};

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
        let (near, far) = join(client.connect(), accepting).await;
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
    async_std::task::block_on(async {
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
            let (flushed, ()) = join(near.flush(), reading).await;
            flushed.unwrap();
            // Acknowledgements come a little later.
            while !Socket::taken(&*near).unwrap().all {
                async_std::task::sleep(Duration::from_millis(1)).await;
            }
            let octets = Socket::taken(&*near).unwrap().octets;
            assert!(octets - before.octets >= written as u64, "{name}");
        }
    });
}

/// Also where a layer was told that there is none, and not yet that there is.
#[test]
fn a_write_is_tried_where_there_was_no_room() {
    async_std::task::block_on(async {
        for (name, mut near, far) in pairs().await {
            fill(&mut near);
            drain(&far);
            let cx = &mut Context::from_waker(Waker::noop());
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

#[test]
fn sockets_of_all_kinds_keep_little_unsent() {
    let is_set = |stream: &NetStream| {
        let tcp = stream.tcp().unwrap();
        SockRef::from(&**tcp).tcp_notsent_lowat().unwrap() == 128 << 10
    };
    async_std::task::block_on(async {
        for (name, near, far) in pairs().await {
            assert!(is_set(&near) && is_set(&far), "{name}");
        }
        let mut listener = Listener::bind("127.0.0.1:0", ServerConfig::stream())
            .await
            .unwrap();
        let url = format!("ws://{}/", listener.local_addr().tcp().unwrap());
        let client = ClientEndpoint::url(&url, ClientConfig::stream()).unwrap();
        let accepting = async { listener.accept().await.unwrap().accept().await };
        let (near, far) = join(client.connect(), accepting).await;
        let (near, far) = (near.unwrap(), far.unwrap());
        assert!(is_set(&near) && is_set(&far));
        assert!(Socket::taken(&*near).is_some() && Socket::taken(&*far).is_some());
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
