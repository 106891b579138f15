//! What is dialled, in which order, and how long it may take.

use std::cell::RefCell;
use std::future::{Future, pending};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::super::support::*;

use crate::Seed;
use crate::descriptor::{ClientDescriptor, TlsClient, UnsupportedEndpoint};
use crate::proxy::{Proxy, ProxyChoice, ProxyError};
use crate::pump::{Accept, EndpointDialler, Stream, connect_endpoint};
use crate::test_kit::{Clock, Pipe, Sleeper};
use wsstream_core::handshake::ServerConfig;

/// Names and addresses that do what they are called, and all that was asked for.
#[derive(Default)]
struct Network {
    clock: Clock,
    asked: RefCell<Vec<String>>,
    /// What whoever is connected says at once.
    says: &'static str,
    /// The other ends that nobody has looked at.
    far: RefCell<Vec<Pipe>>,
}

impl Network {
    fn ask(&self, what: String) {
        self.asked.borrow_mut().push(what);
    }

    fn connected(&self) -> Pipe {
        let (near, far) = Pipe::pair(&self.clock, true);
        near.input.get().feed(self.says.as_bytes());
        self.far.borrow_mut().push(far);
        near
    }
}

impl EndpointDialler for Network {
    type Io = Pipe;
    type Timer = Sleeper;

    fn timer(&self) -> Sleeper {
        self.clock.sleeper()
    }

    fn seed(&self) -> io::Result<Seed> {
        Ok(Seed::new([7; 32]))
    }

    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.ask(format!("name {host}:{port}"));
        // The last octet says what an address does.
        let addresses: &[&str] = match host {
            "nobody" => &[],
            "silent" => pending().await,
            "unknown" => return Err(io::Error::other("no such name")),
            "gone" => &["192.0.2.8"],
            "both" => &["[2001:db8::1]", "192.0.2.1"],
            "slow-first" => &["192.0.2.9", "192.0.2.1"],
            "six" => &["[2001:db8::1]"],
            "slow" => &["192.0.2.9"],
            _ => &["192.0.2.1"],
        };
        let address = |address: &&str| format!("{address}:{port}").parse().unwrap();
        Ok(addresses.iter().map(address).collect())
    }

    async fn connect_tcp(
        &self,
        to: SocketAddr,
        from: Option<SocketAddr>,
        nodelay: bool,
    ) -> io::Result<Pipe> {
        let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
        let delay = if nodelay { "" } else { ", delayed" };
        self.ask(format!("tcp {to}{from}{delay}"));
        match to.ip().to_string().as_bytes() {
            [.., b'9'] => pending().await,
            [.., b'8'] => return Err(ErrorKind::ConnectionRefused.into()),
            _ => {}
        }
        Ok(self.connected())
    }

    async fn connect_unix(&self, path: &str) -> io::Result<Pipe> {
        self.ask(format!("unix {path}"));
        match path {
            "/slow" => pending().await,
            "/gone" => return Err(ErrorKind::NotFound.into()),
            _ => {}
        }
        Ok(self.connected())
    }

    async fn secure(&self, io: Pipe, tls: &TlsClient, websocket: bool) -> io::Result<Pipe> {
        let below = if websocket { " below websocket" } else { "" };
        self.ask(format!("tls {}{below}", tls.server_name));
        if tls.server_name == "never" {
            pending::<()>().await;
        }
        Ok(io)
    }

    /// Takes it off again: there is another one over it, perhaps, or nothing more to come.
    fn websocket(&self, stream: Stream<Pipe>) -> Pipe {
        self.ask("websocket".into());
        stream.into_inner().0
    }
}

/// Accepts one WebSocket after the other.
async fn serve(mut far: Pipe) {
    let server = Arc::new(ServerConfig::stream());
    loop {
        let Ok(incoming) = Accept::new(far, Arc::clone(&server)).await else {
            return;
        };
        far = incoming
            .accept()
            .await
            .unwrap()
            .into_stream()
            .into_inner()
            .0;
    }
}

/// What came of it, and after how long. `serves` says whether there are WebSockets.
fn connects(
    network: &Network,
    text: &str,
    proxy: &ProxyChoice,
    serves: bool,
) -> (io::Result<Pipe>, Duration) {
    let endpoint = ClientDescriptor::parse(text).unwrap();
    let task = Task::new();
    let mut peers: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    let mut connecting = Box::pin(connect_endpoint(network, &endpoint, proxy));
    loop {
        if !task.is_woken() {
            assert!(network.clock.advance_to_deadline(), "nothing is waited for");
            continue;
        }
        if let Poll::Ready(connected) = connecting.as_mut().poll(&mut task.cx()) {
            return (connected, network.clock.now().since_origin());
        }
        if serves {
            let far = network.far.borrow_mut().drain(..).collect::<Vec<_>>();
            peers.extend(far.into_iter().map(|far| Box::pin(serve(far)) as _));
        }
        peers.retain_mut(|peer| peer.as_mut().poll(&mut task.cx()).is_pending());
    }
}

#[test]
fn layers_from_the_inside_out() {
    #[rustfmt::skip]
    let table: &[(&str, &[&str])] = &[
        ("tcp:h:1", &["name h:1", "tcp 192.0.2.1:1"]),
        ("tls:h:1", &["name h:1", "tcp 192.0.2.1:1", "tls h"]),
        ("ssl:h:1:hostname=n", &["name h:1", "tcp 192.0.2.1:1", "tls n"]),
        ("unix:/p", &["unix /p"]),
        (r"tls:n:endpoint=unix\:/p", &["unix /p", "tls n"]),
        ("ws://h:1/", &["name h:1", "tcp 192.0.2.1:1", "websocket"]),
        (r"autobahn:tcp\:g\:1:url=ws\://h:nodelay=false", &["name g:1", "tcp 192.0.2.1:1, delayed", "websocket"]),
        ("wss://h/", &["name h:443", "tcp 192.0.2.1:443", "tls h below websocket", "websocket"]),
        (r"autobahn:wss\://a:url=ws\://b", &["name a:443", "tcp 192.0.2.1:443", "tls a below websocket", "websocket", "websocket"]),
        (r"autobahn:ws\://a:url=wss\://b", &["name a:80", "tcp 192.0.2.1:80", "websocket", "tls b below websocket", "websocket"]),
    ];
    for (text, expected) in table {
        let network = Network::default();
        let (connected, took) = connects(&network, text, &ProxyChoice::Direct, true);
        connected.unwrap();
        assert_eq!(took, Duration::ZERO, "{text}");
        assert_eq!(*network.asked.borrow(), *expected, "{text}");
    }
}

#[test]
fn where_from_and_where_to() {
    #[rustfmt::skip]
    let table: &[(&str, &[&str], Result<u64, ErrorKind>)] = &[
        // Half of six seconds for each of two.
        ("tcp:slow-first:1:timeout=6", &["name slow-first:1", "tcp 192.0.2.9:1", "tcp 192.0.2.1:1"], Ok(3)),
        ("tcp:nobody:1", &["name nobody:1"], Err(ErrorKind::NotFound)),
        ("tcp:both:1:bindAddress=h", &["name h:0", "name both:1", "tcp 192.0.2.1:1 from 192.0.2.1:0"], Ok(0)),
        ("tcp:both:1:bindAddress=both", &["name both:0", "name both:1", "tcp [2001:db8::1]:1 from [2001:db8::1]:0"], Ok(0)),
        ("tcp:six:1:bindAddress=h", &["name h:0", "name six:1"], Err(ErrorKind::AddrNotAvailable)),
    ];
    for (text, expected, result) in table {
        let network = Network::default();
        let (connected, took) = connects(&network, text, &ProxyChoice::Direct, true);
        let result = result.map(secs);
        assert_eq!(
            connected.map(|_| took).map_err(|e| e.kind()),
            result,
            "{text}"
        );
        assert_eq!(*network.asked.borrow(), *expected, "{text}");
    }
}

/// The system does not say so.
#[test]
fn whom_an_error_is_about() {
    for (text, whom) in [
        ("tcp:unknown:1", "unknown: no such name"),
        ("tcp:h:1:bindAddress=unknown", "unknown: no such name"),
        ("tcp:gone:1", "192.0.2.8:1: "),
        ("unix:/gone", "/gone: "),
    ] {
        let network = Network::default();
        let (connected, _) = connects(&network, text, &ProxyChoice::Direct, true);
        let error = connected.map(drop).unwrap_err().to_string();
        assert!(error.starts_with(whom), "{text}: {error}");
    }
}

/// By default it is 30 seconds for the socket and TLS, and 10 for each opening handshake.
#[test]
fn limits() {
    for (text, seconds) in [
        ("tcp:slow:1", 30),
        ("tcp:slow:1:timeout=3", 3),
        ("tcp:silent:1:timeout=3", 3),
        ("tcp:h:1:timeout=3:bindAddress=silent", 3),
        ("unix:/slow", 30),
        ("unix:/slow:timeout=3", 3),
        ("tls:never:1", 30),
        ("tls:never:1:timeout=3", 3),
        // Nobody answers: the opening handshake's own limit.
        ("ws://h/", 10),
        (r"autobahn:tcp\:h\:1:url=ws\://h:handshakeTimeout=2", 2),
        // The socket has its own; and what is left then is for TLS.
        (
            r"autobahn:tcp\:slow\:1\:timeout\=3:url=ws\://h:handshakeTimeout=2",
            3,
        ),
        (
            r"autobahn:tls\:never\:1\:timeout\=3:url=ws\://h:handshakeTimeout=2",
            5,
        ),
        (
            r"autobahn:autobahn\:tls\\\:never\\\:1\:url\=ws\\\://h:url=ws\://h",
            50,
        ),
    ] {
        let network = Network::default();
        let (connected, took) = connects(&network, text, &ProxyChoice::Direct, false);
        assert_eq!(connected.unwrap_err().kind(), ErrorKind::TimedOut, "{text}");
        assert_eq!(took, secs(seconds), "{text}");
    }
    // Longer than any clock goes.
    let forever = format!("tcp:slow-first:1:timeout={}", u64::MAX);
    let network = Network::default();
    let (connected, _) = connects(&network, &forever, &ProxyChoice::Direct, false);
    connected.unwrap();
}

#[test]
fn through_a_proxy() {
    let ok = "HTTP/1.1 200 OK\r\n\r\nSSH-2.0";
    let request = "CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\n\r\n";
    let authenticated =
        "CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\nProxy-Authorization: Basic dTpw\r\n\r\n";
    for (proxy, says, asked, result) in [
        ("proxy:3128", ok, request, Ok("SSH-2.0")),
        ("u:p@proxy:3128", ok, authenticated, Ok("SSH-2.0")),
        (
            "proxy:3128",
            "HTTP/1.1 407 No\r\n\r\n",
            request,
            Err(ErrorKind::ConnectionRefused),
        ),
        (
            "proxy:3128",
            "SSH-2.0\r\n\r\n",
            request,
            Err(ErrorKind::InvalidData),
        ),
        // The socket's limit is for this too.
        (
            "proxy:3128",
            "HTTP/1.1 200 OK\r\n",
            request,
            Err(ErrorKind::TimedOut),
        ),
    ] {
        let network = Network {
            says,
            ..Network::default()
        };
        let proxy = ProxyChoice::Given(Proxy::parse(proxy).unwrap());
        let (connected, took) = connects(&network, "tcp:h:22", &proxy, false);
        let sent = network.far.borrow()[0].input.get().take();
        assert_eq!(sent, asked.as_bytes());
        let left = connected.map(|io| String::from_utf8(io.input.get().take()).unwrap());
        let left = left.map_err(|error| error.kind());
        assert_eq!(left, result.map(String::from), "{says}");
        let expected = if result == Err(ErrorKind::TimedOut) {
            30
        } else {
            0
        };
        assert_eq!(took, secs(expected));
        // It is the proxy that looks the name up.
        let asked = ["name proxy:3128", "tcp 192.0.2.1:3128"];
        assert_eq!(*network.asked.borrow(), asked);
    }
    let network = Network {
        says: "HTTP/1.1 403 No\r\n\r\n",
        ..Network::default()
    };
    let proxy = ProxyChoice::Given(Proxy::parse("proxy").unwrap());
    let error = connects(&network, "tcp:h:22", &proxy, false).0.unwrap_err();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    assert_eq!(inner, Some(&ProxyError::Refused(403)));
    // Who goes by a Unix socket needs none.
    let network = Network::default();
    connects(&network, "unix:/p", &proxy, false).0.unwrap();
    assert_eq!(*network.asked.borrow(), ["unix /p"]);
}

#[test]
fn what_belongs_to_the_forwarder_is_not_even_dialled() {
    for (text, name) in [
        ("stdio", "stdio"),
        ("exec:cat", "exec"),
        (r"autobahn:exec\:cat:url=ws\://h", "exec"),
        (r"tls:h:endpoint=stdio", "stdio"),
    ] {
        let network = Network::default();
        let error = connects(&network, text, &ProxyChoice::Direct, false)
            .0
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        assert_eq!(
            inner,
            Some(&UnsupportedEndpoint::Forwarder { name }),
            "{text}"
        );
        assert!(network.asked.borrow().is_empty());
    }
}
