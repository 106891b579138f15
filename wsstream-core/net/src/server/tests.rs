//! What is done over a connection, in which order, and how long it may take.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::io::{self, ErrorKind};

use super::super::support::*;

use crate::endpoint::{ServerEndpoint, TlsServer};
use crate::handshake::{ClientConfig, Request};
use crate::pump::permit::{Permit, Permits};
use crate::pump::{
    Connect, EndpointLayers, EndpointServer, Stream, Timer, Transport, listen_on_first,
};
use crate::test_kit::{Clock, Pipe, Sleeper};
use crate::{Seed, Url};

/// TLS that takes as long as it is told to, and all that was done.
#[derive(Default)]
struct Layers {
    clock: Clock,
    tls_takes: Duration,
    done: RefCell<Vec<String>>,
}

impl EndpointLayers for &Layers {
    type Io = Pipe;
    type Timer = Sleeper;
    type Tls = bool;

    fn timer(&self) -> Sleeper {
        self.clock.sleeper()
    }

    async fn read_tls(&self, _: &TlsServer, websocket: bool) -> io::Result<bool> {
        Ok(websocket)
    }

    async fn secure(&self, io: Pipe, websocket: &bool, limit: Duration) -> io::Result<Pipe> {
        let below = if *websocket { " below websocket" } else { "" };
        let what = format!("tls{below}, {} s", limit.as_secs());
        self.done.borrow_mut().push(what);
        let mut timer = self.clock.sleeper();
        let ends = timer.now() + self.tls_takes.min(limit);
        poll_fn(|cx| timer.poll_sleep(cx, ends)).await;
        if self.tls_takes >= limit {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(io)
    }

    /// Takes it off again.
    fn websocket(&self, stream: Stream<Pipe>, request: Option<Request>) -> Pipe {
        let what = format!("websocket {}", request.unwrap().path());
        self.done.borrow_mut().push(what);
        stream.into_inner().0
    }
}

/// Asks for one WebSocket after the other.
async fn ask(mut far: Pipe, paths: &[&str]) {
    for path in paths {
        let url = Url::parse(&format!("ws://h{path}")).unwrap();
        let connect = Connect::new(far, &url, &ClientConfig::stream(), Seed::new([7; 32]));
        let Ok(opened) = connect.await else { return };
        far = opened.into_stream().into_inner().0;
    }
    // Until it is dropped.
    let _ = poll_fn(|cx| far.poll_read(cx, &mut [0])).await;
}

/// What came of it, with whether the permit came back, and after how long.
fn accepts(layers: &Layers, text: &str, paths: &[&str]) -> (io::Result<bool>, Duration) {
    let plan = ServerEndpoint::parse(text).unwrap().plan().unwrap();
    let task = Task::new();
    let (near, far) = Pipe::pair(&layers.clock, true);
    let permit: Permit = Permits::new().issue();
    let mut accepting = Box::pin(async {
        let server = EndpointServer::new(layers, &plan).await?;
        let (_, permit) = server.accept(near, permit).await?;
        Ok(permit.is_some())
    });
    let mut asking: Pin<Box<dyn Future<Output = ()>>> = Box::pin(ask(far, paths));
    let mut asked = false;
    loop {
        if !task.is_woken() {
            assert!(layers.clock.advance_to_deadline(), "nothing is waited for");
            continue;
        }
        if let Poll::Ready(accepted) = accepting.as_mut().poll(&mut task.cx()) {
            return (accepted, layers.clock.now().since_origin());
        }
        asked = asked || asking.as_mut().poll(&mut task.cx()).is_ready();
    }
}

#[test]
fn layers_from_the_inside_out_and_who_has_the_permit() {
    #[rustfmt::skip]
    let table: &[(&str, &[&str], &[&str], bool)] = &[
        ("tcp:1", &[], &[], true),
        ("unix:/p", &[], &[], true),
        ("tls:/d:1", &[], &["tls, 10 s"], true),
        ("ws://h/a", &["/a"], &["websocket /a"], false),
        (r"autobahn:ssl\:1:url=wss\://h:handshakeTimeout=3", &["/b"], &["tls below websocket, 3 s", "websocket /b"], false),
        (r"autobahn:ws\://h/a:url=ws\://h/b", &["/a", "/b"], &["websocket /a", "websocket /b"], false),
    ];
    for (text, paths, expected, comes_back) in table {
        let layers = Layers::default();
        let (accepted, took) = accepts(&layers, text, paths);
        assert_eq!(accepted.unwrap(), *comes_back, "{text}");
        assert_eq!(took, Duration::ZERO, "{text}");
        assert_eq!(*layers.done.borrow(), *expected, "{text}");
    }
}

/// One limit for TLS and the first opening handshake; one for each further one.
#[test]
fn limits() {
    let (outer, inner) = (
        r"url=ws\://h:handshakeTimeout=7",
        r"autobahn\:ssl\\\:1\:url\=ws\\\://h",
    );
    for (text, tls_takes, paths, seconds) in [
        ("tls:/d:1".into(), 20, &[][..], 10),
        (r"autobahn:ssl\:1:url=ws\://h".into(), 3, &[], 10),
        (
            r"autobahn:ssl\:1:url=ws\://h:handshakeTimeout=4".into(),
            3,
            &[],
            4,
        ),
        (format!("autobahn:{inner}:{outer}"), 3, &[], 10),
        (format!("autobahn:{inner}:{outer}"), 3, &["/"], 10),
    ] {
        let layers = Layers {
            tls_takes: secs(tls_takes),
            ..Layers::default()
        };
        let (accepted, took) = accepts(&layers, &text, paths);
        let error = accepted.unwrap_err();
        assert_eq!(
            (error.kind(), took),
            (ErrorKind::TimedOut, secs(seconds)),
            "{text}"
        );
    }
}

#[test]
fn the_closing_handshake_is_the_outermost_ones() {
    for (text, seconds) in [
        ("tcp:1", 10),
        ("ws://h/", 10),
        (r"autobahn:tcp\:1:url=ws\://h:closeTimeout=3", 3),
        (
            r"autobahn:autobahn\:tcp\\\:1\:url\=ws\\\://h\:closeTimeout\=3:url=ws\://h",
            10,
        ),
    ] {
        let (layers, task) = (Layers::default(), Task::new());
        let plan = ServerEndpoint::parse(text).unwrap().plan().unwrap();
        let mut making = Box::pin(EndpointServer::new(&layers, &plan));
        let server = ready(making.as_mut().poll(&mut task.cx())).unwrap();
        assert_eq!(server.closing(), secs(seconds), "{text}");
    }
}

#[test]
fn the_first_address_that_can_be_had() {
    let all: Vec<SocketAddr> = (1..=3).map(|port| ([127, 0, 0, 1], port).into()).collect();
    for (free, expected) in [
        (&[1, 2, 3][..], Ok(1)),
        (&[2, 3], Ok(2)),
        (&[3], Ok(3)),
        (&[], Err(ErrorKind::AddrInUse)),
    ] {
        let listen = |address: SocketAddr| match free.contains(&address.port()) {
            true => Ok(address.port()),
            false => Err(ErrorKind::AddrInUse.into()),
        };
        let listening = listen_on_first(all.clone(), listen);
        if let Err(error) = &listening {
            assert!(format!("{error}").starts_with("127.0.0.1:3: "), "{error}");
        }
        assert_eq!(listening.map_err(|error| error.kind()), expected);
    }
    let none = listen_on_first(Vec::new(), Ok);
    assert_eq!(none.unwrap_err().kind(), ErrorKind::AddrNotAvailable);
}
