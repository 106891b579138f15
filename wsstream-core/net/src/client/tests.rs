//! What is connected to, in which order, and how long it may take.

mod dialling;
mod through;

use std::future::Future;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use wsstream_core::handshake::ServerConfig;
use wsstream_core::pump::Accept;
use wsstream_core::test_kit::Task;

use super::*;
use crate::descriptor::UnsupportedEndpoint;
use crate::error::Cause;
use crate::redirect_error::RedirectErrorKind;
use crate::test_support::runtime::{Network, Virtual, Wire, network};
use crate::test_support::secs;

mod redirects;

type Endpoint = ClientEndpoint<Virtual>;

fn endpoint(text: &str) -> Endpoint {
    let endpoint: Endpoint = text.parse().unwrap();
    #[cfg(feature = "ring")]
    let endpoint = endpoint.tls(tls());
    endpoint
}

/// Which is never asked.
#[cfg(feature = "ring")]
fn tls() -> ClientTls {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Arc::new(config).into()
}

/// Accepts one WebSocket over the other.
async fn serve(far: Wire) {
    let server = Arc::new(ServerConfig::stream());
    let mut socket = NetSocket::<Virtual>::from_tcp(far);
    loop {
        let accept = Accept::new(socket, Virtual::clock(), Arc::clone(&server));
        let Ok(handshake) = accept.await else {
            return;
        };
        let stream = handshake.accept().await.unwrap().into_stream();
        socket = NetSocket::from_websocket(stream);
    }
}

/// Runs a future to its end, beside servers if there are any: what came of it, and after how long.
fn run<T>(work: impl Future<Output = T>, serves: bool) -> (T, Duration) {
    let mut work = Box::pin(work);
    let task = Task::new();
    let mut peers: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    loop {
        if !task.is_woken() {
            assert!(
                network(Network::advance_to_deadline),
                "nothing is waited for"
            );
            continue;
        }
        if let Poll::Ready(done) = work.as_mut().poll(&mut task.cx()) {
            return (done, network(|network| network.now()));
        }
        if serves {
            let far: Vec<_> = network(|network| network.far.drain(..).collect());
            peers.extend(far.into_iter().map(|far| Box::pin(serve(far)) as _));
        }
        peers.retain_mut(|peer| peer.as_mut().poll(&mut task.cx()).is_pending());
    }
}

/// On a network of its own.
fn connects(endpoint: &Endpoint, serves: bool) -> (Result<NetSocket<Virtual>, Error>, Duration) {
    network(|network| *network = Network::default());
    let (connected, took) = run(follow::<Virtual>(endpoint.plan()), serves);
    (connected.map(Outermost::into_socket), took)
}

fn asked() -> Vec<String> {
    network(|network| network.asked.clone())
}

/// The layers of a socket, the outermost first.
fn layers(socket: &NetSocket<Virtual>) -> String {
    let name = match socket.below() {
        None => {
            return if socket.tcp().is_some() {
                "tcp"
            } else {
                "unix"
            }
            .to_owned();
        }
        Some(_) if socket.is_tls() => "tls",
        Some(_) => "websocket",
    };
    format!("{name}/{}", layers(socket.below().unwrap()))
}

/// What was asked for, and what came of it. Without the feature there is no TLS.
#[rustfmt::skip]
const LAYERS: &[(&str, &[&str], &str)] = &[
    ("tcp:192.0.2.1:1", &["tcp 192.0.2.1:1"], "tcp"),
    ("unix:/p", &["unix /p"], "unix"),
    ("ws://192.0.2.1:1/", &["tcp 192.0.2.1:1"], "websocket/tcp"),
    (r"autobahn:ws\://192.0.2.1:url=ws\://b", &["tcp 192.0.2.1:80"], "websocket/websocket/tcp"),
    #[cfg(feature = "ring")]
    ("tls:192.0.2.1:1", &["tcp 192.0.2.1:1", "tls 192.0.2.1"], "tls/tcp"),
    #[cfg(feature = "ring")]
    ("ssl:192.0.2.1:1:hostname=n", &["tcp 192.0.2.1:1", "tls n"], "tls/tcp"),
    #[cfg(feature = "ring")]
    (r"tls:n:endpoint=unix\:/p", &["unix /p", "tls n"], "tls/unix"),
    #[cfg(feature = "ring")]
    ("wss://192.0.2.1/", &["tcp 192.0.2.1:443", "tls 192.0.2.1"], "websocket/tls/tcp"),
    #[cfg(feature = "ring")]
    (r"autobahn:wss\://192.0.2.1:url=wss\://b", &["tcp 192.0.2.1:443", "tls 192.0.2.1", "tls b"], "websocket/tls/websocket/tls/tcp"),
];

#[test]
fn layers_from_the_inside_out() {
    for &(text, expected, shape) in LAYERS {
        let (connected, took) = connects(&endpoint(text), true);
        assert_eq!(layers(&connected.unwrap()), shape, "{text}");
        assert_eq!(took, Duration::ZERO, "{text}");
        assert_eq!(asked(), expected, "{text}");
    }
}

/// A plan that was changed by hand: the URL's password does not go over what is not TLS.
#[test]
fn wss_needs_tls_below() {
    for text in ["wss://192.0.2.1/", r"autobahn:unix\:/p:url=wss\://h"] {
        for is_vouched_for in [false, true] {
            let mut plan = ClientPlan::parse(text).unwrap();
            plan.layers.retain_mut(|layer| match layer {
                ClientLayer::Tls(_) => false,
                ClientLayer::WebSocket(layer) => {
                    let config = ClientConfig::clone(&layer.config);
                    layer.config = Arc::new(config.assume_secure(is_vouched_for));
                    true
                }
            });
            let connected = connects(&plan.into(), true).0;
            let kind = connected.map(drop).map_err(|error| error.kind());
            let expected = if is_vouched_for {
                Ok(())
            } else {
                Err(ErrorKind::InvalidInput)
            };
            assert_eq!(kind, expected, "{text}");
        }
    }
}

/// A URL with options says what a descriptor says.
#[test]
fn options_are_for_urls_and_descriptors() {
    let bound =
        r"autobahn:tcp\:192.0.2.1\:80\:bindAddress\=127.0.0.1:url=ws\://192.0.2.1:nodelay=0";
    let from: IpAddr = [127, 0, 0, 1].into();
    let to_url = || Endpoint::url("ws://192.0.2.1", ClientConfig::stream()).unwrap();
    for endpoint in [
        endpoint(bound),
        endpoint("ws://192.0.2.1").bind_address(from).nodelay(false),
        to_url()
            .bind_address(SocketAddr::new(from, 0))
            .nodelay(false),
    ] {
        let (connected, _) = connects(&endpoint, true);
        let connected = connected.unwrap();
        assert!(!connected.tcp().unwrap().system.tcp_nodelay().unwrap());
        assert_eq!(asked(), ["tcp 192.0.2.1:80 from 127.0.0.1"]);
    }
    let (connected, _) = connects(&to_url(), true);
    let connected = connected.unwrap();
    assert!(connected.tcp().unwrap().system.tcp_nodelay().unwrap());
    for endpoint in [endpoint("ws://192.0.2.1").unix("/p"), to_url().unix("/p")] {
        let (connected, _) = connects(&endpoint, true);
        assert_eq!(layers(&connected.unwrap()), "websocket/unix");
        assert_eq!(asked(), ["unix /p"]);
    }
}

#[test]
fn open_is_for_websockets() {
    network(|network| *network = Network::default());
    let (opened, _) = run(endpoint("ws://192.0.2.1").open(), true);
    let opened = opened.unwrap();
    assert_eq!(opened.agreed().subprotocol(), Some("binary"));
    assert_eq!(opened.response().unwrap().status(), 101);
    let (opened, _) = run(endpoint("tcp:192.0.2.1:1").open(), true);
    assert_eq!(opened.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(asked(), ["tcp 192.0.2.1:80"]);
}

/// Tasks that hold a future of these are small, and may go to other threads.
#[test]
fn futures_are_small_and_send() {
    fn is_small(future: impl Future + Send) {
        assert!(size_of_val(&future) <= 64, "{}", size_of_val(&future));
    }
    let endpoint = endpoint("ws://192.0.2.1");
    is_small(endpoint.connect());
    is_small(endpoint.open());
}

/// By default a descriptor has 30 seconds for the socket and TLS, and 30 for each opening handshake.
#[rustfmt::skip]
const LIMITS: &[(&str, u64)] = &[
    ("tcp:192.0.2.9:1", 30),
    ("tcp:192.0.2.9:1:timeout=3", 3),
    ("unix:/slow", 30),
    ("unix:/slow:timeout=3", 3),
    // Nobody answers: the opening handshake's own limit.
    ("ws://192.0.2.1/", 30),
    (r"autobahn:tcp\:192.0.2.1\:1:url=ws\://h:handshakeTimeout=2", 2),
    // The socket has its own; and what is left then is for TLS.
    (r"autobahn:tcp\:192.0.2.9\:1\:timeout\=3:url=ws\://h:handshakeTimeout=2", 3),
    // What comes first takes three seconds of what there is.
    (r"autobahn:tcp\:192.0.2.7\:1\:timeout\=4:url=ws\://h:handshakeTimeout=6", 9),
    #[cfg(feature = "ring")]
    (r"tls:never:endpoint=tcp\:192.0.2.7\:1", 30),
    #[cfg(feature = "ring")]
    (r"autobahn:ssl\:192.0.2.7\:1\:hostname\=late\:timeout\=4:url=ws\://h:handshakeTimeout=4", 8),
    #[cfg(feature = "ring")]
    (r"tls:never:endpoint=tcp\:192.0.2.1\:1", 30),
    #[cfg(feature = "ring")]
    ("ssl:192.0.2.1:1:hostname=never:timeout=3", 3),
    #[cfg(feature = "ring")]
    (r"autobahn:ssl\:192.0.2.1\:1\:hostname\=never\:timeout\=3:url=ws\://h:handshakeTimeout=2", 5),
];

#[test]
fn limits() {
    let url = |text: &str| Endpoint::url(text, ClientConfig::stream()).unwrap();
    let slow = ClientConfig::stream().handshake_timeout(secs(4));
    let mut all: Vec<_> = LIMITS
        .iter()
        .map(|&(text, seconds)| (endpoint(text), seconds))
        .collect();
    all.extend([
        // One limit for all of it, and one within that for connecting.
        (url("ws://192.0.2.9"), 10),
        (url("ws://192.0.2.1"), 30),
        (url("ws://192.0.2.7"), 30),
        (url("ws://h").unix("/slow"), 10),
        (Endpoint::tcp("192.0.2.9:1").unwrap(), 10),
        (Endpoint::url("ws://192.0.2.9", slow.clone()).unwrap(), 4),
        (
            Endpoint::url("ws://h", slow.clone()).unwrap().unix("/slow"),
            4,
        ),
        (url("ws://192.0.2.9").connect_timeout(secs(20)), 20),
        (url("ws://192.0.2.9").connect_timeout(secs(40)), 30),
        (url("ws://192.0.2.9").connect_timeout(secs(2)), 2),
        (url("ws://192.0.2.1").connect_timeout(secs(2)), 30),
        (endpoint("tcp:192.0.2.9:1").connect_timeout(secs(2)), 2),
        (url("ws://192.0.2.9").timeout(secs(20)), 10),
        (url("ws://192.0.2.9").timeout(secs(2)), 2),
        (url("ws://192.0.2.1").timeout(secs(2)), 2),
        (endpoint("tcp:192.0.2.9:1").timeout(secs(2)), 2),
        // The opening handshake keeps its own within that.
        (
            Endpoint::url("ws://192.0.2.1", slow)
                .unwrap()
                .timeout(secs(20)),
            4,
        ),
    ]);
    for (endpoint, seconds) in all {
        let (connected, took) = connects(&endpoint, false);
        assert_eq!(
            connected.unwrap_err().kind(),
            ErrorKind::TimedOut,
            "{endpoint:?}"
        );
        assert_eq!(took, secs(seconds), "{endpoint:?}");
    }
    // Longer than any clock goes.
    let forever = format!("tcp:192.0.2.1:1:timeout={}", u64::MAX);
    connects(&endpoint(&forever), false).0.unwrap();
}

#[test]
fn what_cannot_be_done_is_not_even_dialled() {
    for (text, name) in [
        ("stdio", "stdio"),
        ("exec:cat", "exec"),
        (r"autobahn:exec\:cat:url=ws\://h", "exec"),
        (r"tls:h:endpoint=stdio", "stdio"),
    ] {
        let error = io::Error::from(text.parse::<Endpoint>().unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        assert_eq!(
            inner,
            Some(&UnsupportedEndpoint::Forwarder { name }),
            "{text}"
        );
    }
    #[cfg(not(feature = "rustls"))]
    for text in ["wss://192.0.2.1", "tls:192.0.2.1:1"] {
        let error = connects(&endpoint(text), true).0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(asked().is_empty());
    }
    #[cfg(feature = "ring")]
    {
        let text = "tls:192.0.2.1:1:trustRoots=/nowhere";
        let error = connects(&text.parse().unwrap(), true).0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("/nowhere"), "{error}");
        assert!(asked().is_empty());
    }
}
