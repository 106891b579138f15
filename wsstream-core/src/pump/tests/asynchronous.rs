//! The async functions. Each is a poll function until it is ready: what is new is what a future holds, and what is left
//! when it is dropped.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use std::io::{self, ErrorKind};

use super::support::*;
use crate::pump::{Stream, WebSocket};
use crate::test_kit::{Clock, Pipe, Sleeper};
use crate::{CloseCode, ConnectionConfig, Encoding, Message, Opcode, Role};

/// Polls once, and drops the future.
fn attempt<F: Future>(task: &Task, future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut task.cx())
}

/// Reads until the end, or until something has failed.
async fn read_all(stream: &mut Stream<Pipe, Sleeper>, into: &mut Vec<u8>) -> io::Result<()> {
    let mut out = [0; 500];
    loop {
        match poll_fn(|cx| stream.poll_read(cx, &mut out)).await? {
            0 => return Ok(()),
            count => into.extend_from_slice(&out[..count]),
        }
    }
}

/// Also over a pipe that holds little of what was written.
#[test]
fn a_stream_is_closed_behind_all_that_was_written() {
    let codes = [
        (None, Ok(())),
        (Some(CloseCode::NORMAL), Ok(())),
        (Some(CloseCode::POLICY), Err(ErrorKind::ConnectionAborted)),
    ];
    for (code, ended) in codes {
        for (half_close, chunk) in [(true, 7), (true, 4000), (false, 7), (false, 4000)] {
            let clock = Clock::default();
            let (near, far) = Pipe::pair(true);
            for line in [&near.output, &far.output] {
                let mut line = line.get();
                (line.chunk, line.capacity, line.pend_every) = (chunk, 3 * chunk, 2);
            }
            let open = |pipe, role| {
                let config = ConnectionConfig::new().half_close(half_close);
                stream(pipe, clock.sleeper(), role, Encoding::Binary, config)
            };
            let mut client = open(near, Role::Client);
            let mut server = open(far, Role::Server);
            let data = octets(20_000);
            run_all(vec![
                Box::pin(async {
                    let mut rest = &data[..];
                    while !rest.is_empty() {
                        let written = poll_fn(|cx| client.poll_write(cx, rest)).await;
                        rest = &rest[written.unwrap()..];
                    }
                    // The echo of any code of ours is a good end.
                    let closed = match code {
                        None => client.finish().await,
                        Some(code) => client.close_with(code, "why").await,
                    };
                    closed.unwrap();
                }),
                Box::pin(async {
                    let mut received = Vec::new();
                    let read = read_all(&mut server, &mut received).await;
                    assert!(received == data);
                    assert_eq!(read.map_err(|error| error.kind()), ended);
                    let closed = server.finish().await;
                    assert_eq!(closed.map_err(|error| error.kind()), ended);
                }),
            ]);
            let close = server.connection().received_close().unwrap();
            assert_eq!(close.code(), Some(code.unwrap_or(CloseCode::NORMAL)));
            assert_eq!(close.reason(), code.map_or("", |_| "why"));
        }
    }
}

#[test]
fn a_close_that_was_dropped_goes_on_when_it_is_asked_for_again() {
    for role in ROLES {
        let mut stream = Lone::new(role, ConnectionConfig::new());
        let mut websocket = Lone::websocket(role, ConnectionConfig::new());
        for _ in 0..3 {
            assert!(attempt(&stream.task, stream.it.finish()).is_pending());
            let closing = websocket.it.close_with(CloseCode::GOING_AWAY, "");
            assert!(attempt(&websocket.task, closing).is_pending());
        }
        let close = |code| [(Opcode::Close, close_payload(code))];
        assert_eq!(
            (stream.sent(), websocket.sent()),
            (close(1000).to_vec(), close(1001).to_vec())
        );
        stream.feed_close(1000);
        stream.eof();
        websocket.feed_close(1001);
        websocket.eof();
        assert!(stream.task.is_woken() && websocket.task.is_woken());
        ready(attempt(&stream.task, stream.it.finish())).unwrap();
        let closing = websocket.it.close_with(CloseCode::GOING_AWAY, "");
        ready(attempt(&websocket.task, closing)).unwrap();
        assert!(stream.sent().is_empty() && websocket.sent().is_empty());
    }
}

/// The first message was begun, so all of it is sent, while the second is waited for or anything else is; the second
/// was not begun, so nothing of it is.
#[test]
fn a_send_that_was_dropped_has_sent_all_or_nothing() {
    for role in ROLES {
        let mut lone = Lone::websocket(role, ConnectionConfig::new());
        lone.output.get().capacity = 10_000;
        let first = Message::Binary(octets(300_000).into());
        assert!(attempt(&lone.task, lone.it.send(first)).is_pending());
        let second = || Message::Text("second".into());
        assert!(attempt(&lone.task, lone.it.send(second())).is_pending());
        let mut sent = Vec::new();
        while sent.len() < 300_000 {
            let taken = lone.output.get().take();
            assert!(!taken.is_empty(), "stuck at {}", sent.len());
            sent.extend(taken);
            assert!(attempt(&lone.task, lone.it.recv()).is_pending());
        }
        sent.extend(lone.output.get().take());
        let payload = frames(&sent).into_iter().flat_map(|(_, payload)| payload);
        assert!(payload.eq(octets(300_000)));
        ready(attempt(&lone.task, lone.it.send(second()))).unwrap();
        assert_eq!(lone.sent(), [(Opcode::Text, b"second".to_vec())]);
    }
}

#[test]
fn nothing_is_sent_once_it_was_closed() {
    let mut lone = Lone::websocket(Role::Server, ConnectionConfig::new());
    lone.feed(Opcode::Text, b"last");
    lone.feed_close(1000);
    let last = ready(attempt(&lone.task, lone.it.recv())).unwrap();
    assert_eq!(last, Some(Message::Text("last".into())));
    assert_eq!(ready(attempt(&lone.task, lone.it.recv())).unwrap(), None);
    let sent = attempt(&lone.task, lone.it.send(Message::Text("more".into())));
    assert_eq!(kind(sent), ErrorKind::BrokenPipe);
    ready(attempt(&lone.task, lone.it.close())).unwrap();
}

/// Futures of applications hold many of them.
#[test]
fn a_connection_is_one_word_wherever_it_is_held() {
    let word = size_of::<usize>();
    assert_eq!(size_of::<Stream<Pipe, Sleeper>>(), word);
    assert_eq!(size_of::<WebSocket<Pipe, Sleeper>>(), word);
}
