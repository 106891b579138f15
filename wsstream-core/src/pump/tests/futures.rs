//! A WebSocket as a `Stream` and a `Sink` of the crate `futures`, whole and in halves.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, ErrorKind};

use futures_util::{Sink, SinkExt as _, Stream as _, StreamExt as _};

use super::support::*;
use crate::pump::WebSocket;
use crate::test_kit::{Clock, Pipe, Sleeper};
use crate::{ConnectionConfig, Message, Opcode, Role};

type Ends = [WebSocket<Pipe, Sleeper>; 2];

/// A function of `Sink`.
type PollSink = fn(Pin<&mut WebSocket<Pipe, Sleeper>>, &mut Context<'_>) -> Poll<io::Result<()>>;

fn ends(chunk: usize, capacity: usize, pend_every: usize) -> Ends {
    let clock = Clock::default();
    let (client, server) = Pipe::pair(true);
    for line in [&client.output, &server.output] {
        let mut line = line.get();
        (line.chunk, line.capacity, line.pend_every) = (chunk, capacity, pend_every);
    }
    [(client, Role::Client), (server, Role::Server)]
        .map(|(pipe, role)| websocket(pipe, clock.sleeper(), role, ConnectionConfig::new()))
}

impl Lone<WebSocket<Pipe, Sleeper>> {
    fn next(&mut self) -> Poll<Option<io::Result<Message>>> {
        Pin::new(&mut self.it).poll_next(&mut self.task.cx())
    }

    fn poll(&mut self, poll: PollSink) -> Poll<io::Result<()>> {
        poll(Pin::new(&mut self.it), &mut self.task.cx())
    }

    fn start(&mut self, message: &[u8]) -> io::Result<()> {
        Sink::start_send(Pin::new(&mut self.it), message.into())
    }
}

/// Both ends send and receive at the same time, each half in a task of its own. The client closes.
#[test]
fn halves_in_tasks_of_their_own() {
    let numbers = |from: u32| (from..from + 50).map(|number| number.to_string().repeat(500));
    for (chunk, capacity, pend_every) in [
        (usize::MAX, 1 << 30, 0),
        (usize::MAX, 1000, 0),
        (7, 50, 0),
        (300, 1000, 3),
    ] {
        let [(mut up, mut from_server), (mut down, from_client)] =
            ends(chunk, capacity, pend_every).map(WebSocket::split);
        let (mut at_client, mut at_server) = (Vec::new(), Vec::new());
        run_all(vec![
            Box::pin(async {
                for text in numbers(0) {
                    up.send(text.into()).await.unwrap();
                }
            }),
            Box::pin(async {
                for text in numbers(1000) {
                    down.feed(text.into()).await.unwrap();
                }
                down.flush().await.unwrap();
            }),
            Box::pin(async {
                while at_client.len() < 50 {
                    let message = from_server.next().await.unwrap();
                    at_client.push(message.unwrap().into_text().unwrap());
                }
            }),
            Box::pin(async {
                let texts = from_client.map(|message| message.unwrap().into_text().unwrap());
                at_server = texts.take(50).collect().await;
            }),
        ]);
        assert!(
            at_server.iter().cloned().eq(numbers(0)),
            "{chunk} {capacity} {pend_every}"
        );
        assert!(
            at_client.iter().cloned().eq(numbers(1000)),
            "{chunk} {capacity} {pend_every}"
        );
    }
}

/// Whoever waits for messages learns that the other half has closed, and what the peer had sent.
#[test]
fn closing_one_half_ends_the_other_on_both_ends() {
    for (chunk, pend_every) in [(usize::MAX, 0), (1, 0), (3, 2)] {
        let [(mut up, mut from_server), (mut down, mut from_client)] =
            ends(chunk, 1 << 30, pend_every).map(WebSocket::split);
        run_all(vec![
            Box::pin(async { assert!(from_server.next().await.is_none()) }),
            Box::pin(async {
                up.feed("last".into()).await.unwrap();
                up.close().await.unwrap();
                let late = up.send("late".into()).await;
                assert_eq!(late.unwrap_err().kind(), ErrorKind::BrokenPipe);
            }),
            Box::pin(async {
                let last = from_client.next().await.unwrap();
                assert_eq!(last.unwrap(), "last".into());
                assert!(from_client.next().await.is_none());
                down.close().await.unwrap();
            }),
        ]);
    }
}

#[test]
fn a_stream_ends_after_one_error() {
    for role in ROLES {
        type End = fn(&Lone<WebSocket<Pipe, Sleeper>>);
        let endings: [(End, Option<ErrorKind>); 5] = [
            (|lone| lone.feed_close(1000), None),
            (|lone| lone.feed_close(0), None),
            (
                |lone| lone.feed_close(1001),
                Some(ErrorKind::ConnectionAborted),
            ),
            (|lone| lone.eof(), Some(ErrorKind::UnexpectedEof)),
            (
                |lone| lone.feed(Opcode::Text, b"\xff"),
                Some(ErrorKind::InvalidData),
            ),
        ];
        for (end, expected) in endings {
            let mut lone = Lone::websocket(role, ConnectionConfig::new());
            assert!(lone.next().is_pending());
            lone.feed(Opcode::Binary, b"first");
            end(&lone);
            assert_eq!(ready(lone.next()).unwrap().unwrap(), b"first".into());
            let told = ready(lone.next()).map(|result| result.unwrap_err().kind());
            assert_eq!(told, expected);
            for _ in 0..2 {
                assert!(ready(lone.next()).is_none());
            }
        }
    }
}

#[test]
fn a_sink_takes_one_message_at_a_time_and_loses_none() {
    for role in ROLES {
        let mut lone = Lone::websocket(role, ConnectionConfig::new());
        lone.output.get().capacity = 1000;
        assert!(ready(lone.poll(Sink::poll_ready)).is_ok());
        lone.start(&octets(300_000)).unwrap();
        // Whoever breaks the contract is told, and nothing is lost.
        assert_eq!(lone.start(b"no").unwrap_err().kind(), ErrorKind::WouldBlock);
        let mut sent = Vec::new();
        while lone.poll(Sink::poll_flush).is_pending() {
            let taken = lone.output.get().take();
            assert!(!taken.is_empty(), "it waits for nothing");
            sent.extend(taken);
        }
        lone.start(b"next").unwrap();
        assert!(lone.poll(Sink::poll_close).is_pending());
        sent.extend(lone.output.get().take());
        let frames = frames(&sent);
        let (close, frames) = frames.split_last().unwrap();
        assert_eq!(*close, (Opcode::Close, close_payload(1000)));
        let (next, frames) = frames.split_last().unwrap();
        assert_eq!(*next, (Opcode::Binary, b"next".to_vec()));
        assert!(
            frames
                .iter()
                .flat_map(|(_, payload)| payload)
                .eq(&octets(300_000))
        );
        lone.feed_close(1000);
        lone.eof();
        assert!(ready(lone.poll(Sink::poll_close)).is_ok());
    }
}
