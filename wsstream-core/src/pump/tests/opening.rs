//! The opening handshake over a socket.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;
use std::io::{self, ErrorKind};

use proptest::prelude::*;

use super::support::*;
use crate::handshake::{ClientConfig, HandshakeError, Negotiated, Refusal, ServerConfig};
use crate::pump::{Accept, Connect, Upgraded};
use crate::test_kit::{Clock, Pipe, Sleeper, WriteEnd};
use crate::{Encoding, Opcode, Role, Seed, Url};

mod health;
mod while_present;

fn connect(pipe: Pipe, clock: Sleeper) -> Connect<Pipe, Sleeper> {
    let url = Url::parse("ws://localhost/").unwrap();
    Connect::new(
        pipe,
        clock,
        &url,
        &ClientConfig::stream(),
        Seed::new([7; 32]),
    )
}

#[track_caller]
fn handshake_error<R: core::fmt::Debug>(result: io::Result<R>) -> HandshakeError {
    let error = result.unwrap_err().into_inner().unwrap();
    *error.downcast().unwrap()
}

/// A future that is polled whenever it was woken.
struct Waiting<F: Future> {
    future: Pin<Box<F>>,
    task: Task,
}

impl<F: Future> Waiting<F> {
    fn new(future: F) -> Self {
        Self {
            future: Box::pin(future),
            task: Task::new(),
        }
    }

    fn poll(&mut self) -> Poll<F::Output> {
        let mut polls = 0;
        while self.task.is_woken() {
            if let Poll::Ready(output) = self.future.as_mut().poll(&mut self.task.cx()) {
                return Poll::Ready(output);
            }
            polls += 1;
            assert!(polls < 10_000, "spinning");
        }
        Poll::Pending
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn both_ends_open_over_any_chunking(
        chunks in [1..300_usize, 1..300_usize], pend_every in prop_oneof![Just(0), 2..4_usize],
        capacity in 1..400_usize, len in 0..3000_usize, vectored: bool,
    ) {
        let clock = Clock::default();
        let (near, far) = Pipe::pair(vectored);
        for (line, chunk) in [(&near.output, chunks[0]), (&far.output, chunks[1])] {
            let mut line = line.get();
            (line.chunk, line.capacity, line.pend_every) = (chunk, capacity, pend_every);
        }
        let echoed = RefCell::new(Vec::new());
        let data = octets(len);
        run_all(vec![
            Box::pin(async {
                let upgraded = connect(near, clock.sleeper()).await.unwrap();
                assert_eq!(upgraded.agreed().subprotocol(), Some("binary"));
                assert_eq!(upgraded.response().unwrap().status(), 101);
                let stream = alloc::rc::Rc::new(RefCell::new(upgraded.into_stream()));
                send_all(&stream, &data, 1000).await;
                recv_all(&stream, &echoed, 1000).await;
            }),
            Box::pin(async {
                let handshake = Accept::new(far, clock.sleeper(), ServerConfig::stream().into()).await.unwrap();
                assert_eq!(handshake.request().path(), "/");
                let upgraded = handshake.accept().await.unwrap();
                assert!(upgraded.request().is_some());
                let stream = alloc::rc::Rc::new(RefCell::new(upgraded.into_stream()));
                let received = RefCell::default();
                recv_all(&stream, &received, 1000).await;
                let received = received.into_inner();
                send_all(&stream, &received, 1000).await;
            }),
        ]);
        prop_assert!(echoed.into_inner() == data);
    }
}

/// The URL's password does not go over a socket that may not be secure.
#[test]
fn wss_needs_a_secure_socket() {
    for (url, is_vouched_for, is_sent) in [
        ("wss://me:secret@host/", false, false),
        ("wss://me:secret@host/", true, true),
        ("ws://me:secret@host/", false, true),
    ] {
        let (near, _far) = Pipe::pair(true);
        let wire = near.output.clone();
        let client = ClientConfig::stream().assume_secure(is_vouched_for);
        let (url, seed) = (Url::parse(url).unwrap(), Seed::new([7; 32]));
        let connect = Connect::new(near, Clock::default().sleeper(), &url, &client, seed);
        let polled = Waiting::new(connect).poll();
        assert_eq!(!wire.get().octets.is_empty(), is_sent, "{url:?}");
        assert_eq!(polled.is_pending(), is_sent, "{url:?}");
        if let Poll::Ready(result) = polled {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains("`assume_secure`"), "{error}");
            assert_eq!(
                handshake_error(Err::<(), _>(error)),
                HandshakeError::NotSecure
            );
        }
    }
}

/// A server that speaks first, and a client that does not wait for the answer.
#[test]
fn frames_right_behind_the_handshake_are_kept() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    let (to_client, to_server) = (far.output.clone(), near.output.clone());
    let mut connecting = Waiting::new(connect(near, clock.sleeper()));
    assert!(connecting.poll().is_pending());
    to_server
        .get()
        .feed(&frame(Role::Client, Opcode::Binary, b"early"));
    let handshake = ready(
        Waiting::new(Accept::new(
            far,
            clock.sleeper(),
            ServerConfig::stream().into(),
        ))
        .poll(),
    )
    .unwrap();
    let upgraded = ready(Waiting::new(handshake.accept()).poll()).unwrap();
    to_client
        .get()
        .feed(&frame(Role::Server, Opcode::Binary, b"hello"));
    let mut server = upgraded.into_stream();
    let mut client = ready(connecting.poll()).unwrap().into_stream();
    let (task, mut out) = (Task::new(), [0; 9]);
    assert_eq!(ready(server.poll_read(&task.cx(), &mut out)).unwrap(), 5);
    assert_eq!(&out[..5], b"early");
    assert_eq!(ready(client.poll_read(&task.cx(), &mut out)).unwrap(), 5);
    assert_eq!(&out[..5], b"hello");
}

/// What else could be polled first, with whatever length of leftover.
#[test]
fn what_another_library_has_received_comes_first() {
    for len in [0, 1, 5, 125, 70_000, 200_000] {
        for writes_first in [false, true] {
            let clock = Clock::default();
            let (near, far) = Pipe::pair(true);
            let wire = frame(Role::Client, Opcode::Binary, &octets(len));
            let (received, later) = wire.split_at(wire.len() - wire.len() / 10);
            let negotiated = Negotiated::nothing(ServerConfig::stream().config, None);
            let upgraded = Upgraded::new(near, clock.sleeper(), negotiated, received.to_vec());
            let mut stream = upgraded.into_stream();
            assert_eq!(stream.encoding(), Encoding::Binary);
            let task = Task::new();
            if writes_first {
                assert!(stream.poll_write(&task.cx(), b"x").is_ready());
            }
            far.output.get().feed(later);
            let (mut read, mut out) = (Vec::new(), vec![0; 10_000]);
            while read.len() < len {
                let count = ready(stream.poll_read(&task.cx(), &mut out)).unwrap();
                assert!(count > 0, "{len}");
                read.extend_from_slice(&out[..count]);
            }
            assert!(read == octets(len));
            assert!(stream.poll_read(&task.cx(), &mut out).is_pending());
            assert!(!stream.inner.pump.received.has_buffer());
        }
    }
}

#[test]
fn a_request_that_does_not_come_in_time_gets_408() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    let mut accepting = Waiting::new(Accept::new(
        near,
        clock.sleeper(),
        ServerConfig::stream().into(),
    ));
    assert!(accepting.poll().is_pending());
    // It is a total, not a wait for the next octet.
    for _ in 0..9 {
        clock.advance(secs(1));
        far.output.get().feed(b"GET / HTTP"[..1].as_ref());
        assert!(accepting.poll().is_pending());
    }
    assert_eq!(far.input.get().take(), b"");
    clock.advance(secs(1));
    assert!(accepting.poll().is_pending());
    assert!(far.input.get().take().starts_with(b"HTTP/1.1 408 "));
    assert!(far.input.get().is_shut_down);
    far.output.get().finish(Ok(()));
    let error = handshake_error(ready(accepting.poll()));
    assert_eq!(error, HandshakeError::TimedOut);
}

#[test]
fn garbage_gets_400() {
    for garbage in [
        b"\x16\x03\x01\x02\x00\x01".as_slice(),
        b"hello\r\n\r\n",
        b"GET /\n\n",
    ] {
        let clock = Clock::default();
        let (near, far) = Pipe::pair(true);
        far.output.get().feed(garbage);
        far.output.get().finish(Ok(()));
        let mut accepting = Waiting::new(Accept::new(
            near,
            clock.sleeper(),
            ServerConfig::stream().into(),
        ));
        let accepted = ready(accepting.poll());
        assert_eq!(accepted.unwrap_err().kind(), ErrorKind::InvalidData);
        assert!(far.input.get().take().starts_with(b"HTTP/1.1 400 "));
    }
}

#[test]
fn a_refusal_with_its_body_reaches_the_client() {
    for policy in [false, true] {
        let clock = Clock::default();
        let (near, far) = Pipe::pair(false);
        near.output.get().chunk = 7;
        far.output.get().chunk = 5;
        let refused = RefCell::new(None);
        run_all(vec![
            Box::pin(async {
                refused.replace(Some(handshake_error(connect(near, clock.sleeper()).await)));
            }),
            Box::pin(async {
                let server = ServerConfig::stream().path("/elsewhere");
                let handshake = Accept::new(far, clock.sleeper(), server.clone().into())
                    .await
                    .unwrap();
                if policy {
                    let error = handshake_error(handshake.accept().await);
                    assert_eq!(error, HandshakeError::UnknownPath("/".into()));
                } else {
                    let refusal = Refusal::new(404).body("not here");
                    handshake.refuse(&refusal).await.unwrap();
                }
            }),
        ]);
        let Some(HandshakeError::Refused(response)) = refused.into_inner() else {
            panic!("not refused");
        };
        assert_eq!(response.status(), 404);
        assert!(policy || response.body() == b"not here");
    }
}

/// Who sends more than was read is reset by some systems, after what it says.
#[test]
fn a_refusal_that_a_reset_cuts_short_is_still_one() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    far.output
        .get()
        .feed(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nno");
    far.output
        .get()
        .finish(Err(ErrorKind::ConnectionReset.into()));
    let error = handshake_error(ready(Waiting::new(connect(near, clock.sleeper())).poll()));
    let HandshakeError::Refused(response) = error else {
        panic!("{error}");
    };
    assert_eq!(
        (response.status(), response.body()),
        (403, b"no".as_slice())
    );
}

/// The request is not taken in whole, and the refusal has no end: the status is known all the same.
#[test]
fn a_refusal_counts_more_than_a_write_that_fails() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    near.output.get().write_end = Some((5, WriteEnd::Error(ErrorKind::BrokenPipe)));
    far.output.get().feed(b"HTTP/1.1 403 Forbidden\r\n\r\nno");
    let error = ready(Waiting::new(connect(near, clock.sleeper())).poll()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "refused by the server: HTTP 403 Forbidden, \"no\""
    );
}

/// The status is known at once. The body has 200 ms, and nobody can make it more.
#[test]
fn a_refusal_without_end_is_told_within_200_ms() {
    let millis = core::time::Duration::from_millis;
    for (about, head, drip, waits) in [
        (
            "keep-alive without a length",
            "HTTP/1.1 404 Not Found\r\nConnection: keep-alive\r\n\r\n",
            "",
            true,
        ),
        (
            "the same, dripping",
            "HTTP/1.1 404 Not Found\r\n\r\n",
            "x ",
            true,
        ),
        (
            "an event stream",
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
            "data: x\n\n",
            false,
        ),
        (
            "chunks that stall",
            "HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nno",
            "",
            true,
        ),
        (
            "chunks that drip",
            "HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1\r\nx\r\n",
            true,
        ),
        (
            "a length that never arrives",
            "HTTP/1.1 500 x\r\nContent-Length: 100\r\n\r\n",
            "",
            true,
        ),
        ("a greeting without a line", "\0", "", true),
        ("a greeting that is known", "RFB ", "", false),
    ] {
        let clock = Clock::default();
        let (near, far) = Pipe::pair(true);
        let mut connecting = Waiting::new(connect(near, clock.sleeper()));
        assert!(connecting.poll().is_pending(), "{about}");
        // The wait begins with the head, not before.
        clock.advance(secs(3));
        far.output.get().feed(head.as_bytes());
        for _ in 0..if waits { 20 } else { 0 } {
            assert!(connecting.poll().is_pending(), "{about}");
            clock.advance(millis(10));
            far.output.get().feed(drip.as_bytes());
        }
        let error = handshake_error(ready(connecting.poll()));
        assert!(
            matches!(
                error,
                HandshakeError::Refused(_) | HandshakeError::NotHttp { .. }
            ),
            "{about}: {error}"
        );
    }
}

#[test]
fn a_client_fails_when_the_server_is_silent_or_gone() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    let mut connecting = Waiting::new(connect(near, clock.sleeper()));
    assert!(connecting.poll().is_pending());
    clock.advance(secs(29));
    assert!(connecting.poll().is_pending());
    clock.advance(secs(1));
    assert_eq!(
        handshake_error(ready(connecting.poll())),
        HandshakeError::TimedOut
    );
    drop(far);

    let (near, far) = Pipe::pair(true);
    drop(far);
    let error = ready(Waiting::new(connect(near, clock.sleeper())).poll()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);

    let (near, far) = Pipe::pair(true);
    near.output.get().write_end = Some((5, WriteEnd::Error(ErrorKind::ConnectionReset)));
    let error = ready(Waiting::new(connect(near, clock.sleeper())).poll()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    drop(far);
}

/// The refused have two seconds to go, and no more, whatever they send.
#[test]
fn a_refused_peer_that_stays_is_dropped() {
    for floods in [false, true] {
        let clock = Clock::default();
        let (near, far) = Pipe::pair(true);
        far.output.get().feed(b"hello\r\n\r\n");
        far.output.get().chunk = 1000;
        let mut accepting = pin!(Accept::new(
            near,
            clock.sleeper(),
            ServerConfig::stream().into()
        ));
        let task = Task::new();
        let mut done = false;
        for _ in 0..50 {
            if floods {
                far.output.get().feed(&octets(200_000));
            }
            let before = far.output.get().reads;
            done = accepting.as_mut().poll(&mut task.cx()).is_ready();
            assert!(far.output.get().reads - before <= 64, "one poll is busy");
            if done {
                break;
            }
            clock.advance(secs(1));
            assert!(task.is_woken() || !floods);
        }
        assert!(done, "it stays");
    }
}

/// A slow reader of the 101 has as long as the handshake.
#[test]
fn an_answer_that_is_not_taken_times_out() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    let mut connecting = Waiting::new(connect(near, clock.sleeper()));
    assert!(connecting.poll().is_pending());
    far.output.get().capacity = 10;
    let handshake = ready(
        Waiting::new(Accept::new(
            far,
            clock.sleeper(),
            ServerConfig::stream().into(),
        ))
        .poll(),
    )
    .unwrap();
    let mut answer = Waiting::new(handshake.accept());
    assert!(answer.poll().is_pending());
    clock.advance(secs(10));
    assert_eq!(
        handshake_error(ready(answer.poll())),
        HandshakeError::TimedOut
    );
}

#[test]
fn a_socket_opens_too() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    far.output
        .get()
        .feed(&frame(Role::Server, Opcode::Text, b"early"));
    let seed = Seed::new([3; 32]);
    let negotiated = Negotiated::nothing(ClientConfig::messages().config, Some(seed));
    let upgraded = Upgraded::new(near, clock.sleeper(), negotiated, Vec::new());
    let mut socket = upgraded.into_websocket();
    run_all(vec![Box::pin(async {
        let message = poll_fn(|cx| socket.poll_recv(cx)).await.unwrap().unwrap();
        assert_eq!(message.as_bytes(), b"early");
    })]);
}
