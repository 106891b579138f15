//! Whole messages.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::task::Poll;
use std::io::ErrorKind;

use proptest::prelude::*;

use super::support::*;
use crate::pump::WebSocket;
use crate::test_kit::{Clock, Pipe, Sleeper};
use crate::{ConnectionConfig, Message, Opcode, PingError, Role};

fn binary(len: usize) -> Message {
    Message::Binary(octets(len).into())
}

impl Lone<WebSocket<Pipe, Sleeper>> {
    fn recv(&mut self) -> Poll<std::io::Result<Option<Message>>> {
        self.it.poll_recv(&self.task.cx())
    }

    fn send(&mut self, message: Message) -> bool {
        let is_ready = ready_to_send(self);
        if is_ready {
            self.it.start_send(message).unwrap();
        }
        is_ready
    }

    fn close_socket(&mut self, code: u16) -> Poll<std::io::Result<()>> {
        self.it.poll_close_with(&self.task.cx(), &close(code))
    }
}

fn ready_to_send(lone: &mut Lone<WebSocket<Pipe, Sleeper>>) -> bool {
    match lone.it.poll_ready(&lone.task.cx()) {
        Poll::Ready(result) => {
            result.unwrap();
            true
        }
        Poll::Pending => false,
    }
}

/// One end sends, the other one echoes, and both close.
fn echo(messages: &[Message], chunk: usize, capacity: usize, pend_every: usize) -> Vec<Message> {
    let clock = Clock::default();
    let (client, server) = Pipe::pair(true);
    for line in [&client.output, &server.output] {
        let mut line = line.get();
        (line.chunk, line.capacity, line.pend_every) = (chunk, capacity, pend_every);
    }
    let mut client = websocket(
        client,
        clock.sleeper(),
        Role::Client,
        ConnectionConfig::new(),
    );
    let mut server = websocket(
        server,
        clock.sleeper(),
        Role::Server,
        ConnectionConfig::new(),
    );
    let mut echoed = Vec::new();
    run_all(vec![
        alloc::boxed::Box::pin(async {
            for message in messages {
                client.send(message.clone()).await.unwrap();
                echoed.push(client.recv().await.unwrap().unwrap());
            }
            client.close().await.unwrap();
        }),
        alloc::boxed::Box::pin(async {
            while let Some(message) = server.recv().await.unwrap() {
                server.send(message).await.unwrap();
            }
            server.close().await.unwrap();
        }),
    ]);
    echoed
}

#[test]
fn messages_of_any_size_both_ways() {
    let mut messages: Vec<_> = [0, 1, 125, 126, 65_535, 65_536, 1 << 20].map(binary).into();
    messages.push(Message::Text("\u{1f980}".repeat(50_000)));
    messages.push(Message::Text(String::new()));
    for (chunk, capacity, pend_every) in [(usize::MAX, 1 << 30, 0), (5000, 10_000, 3)] {
        assert!(echo(&messages, chunk, capacity, pend_every) == messages);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn messages_over_any_chunking(
        lens in prop::collection::vec(prop_oneof![Just(0), 1..300_usize, 60_000..70_000_usize], 0..6),
        chunk in 1..3000_usize, capacity in 50..3000_usize, pend_every in prop_oneof![Just(0), 2..4_usize],
    ) {
        let messages: Vec<_> = lens.into_iter().map(binary).collect();
        prop_assert!(echo(&messages, chunk, capacity, pend_every) == messages);
    }
}

/// Whatever is in the way, and however little room there is left.
#[test]
fn empty_messages_are_not_lost() {
    for role in ROLES {
        let mut lone = Lone::websocket(role, ConnectionConfig::new());
        lone.output.get().capacity = 0;
        let mut sent = 0;
        while lone.send(Message::Text(String::new())) {
            sent += 1;
            assert!(sent < 100_000, "they are lost");
        }
        lone.output.get().unblock(usize::MAX);
        assert!(lone.it.poll_flush(&lone.task.cx()).is_ready());
        assert_eq!(lone.sent().len(), sent);
    }
}

/// Who is dropped while a message is half sent leaves it to who is polled next.
#[test]
fn a_message_that_was_begun_is_sent_to_its_end_by_any_poll() {
    type Poller = fn(&mut Lone<WebSocket<Pipe, Sleeper>>);
    let polls: [Poller; 3] = [
        |lone| assert!(lone.recv().is_pending()),
        |lone| {
            ready_to_send(lone);
        },
        |lone| {
            let _ = lone.it.poll_flush(&lone.task.cx());
        },
    ];
    for role in ROLES {
        for poll in polls {
            let mut lone = Lone::websocket(role, ConnectionConfig::new());
            lone.output.get().capacity = 10_000;
            assert!(lone.send(binary(300_000)));
            assert!(!ready_to_send(&mut lone));
            let mut sent = Vec::new();
            lone.task.is_woken();
            loop {
                let taken = lone.output.get().take();
                if taken.is_empty() {
                    break;
                }
                sent.extend(taken);
                assert!(lone.task.is_woken() || sent.len() > 300_000);
                poll(&mut lone);
            }
            let payload: Vec<u8> = frames(&sent)
                .into_iter()
                .flat_map(|(_, payload)| payload)
                .collect();
            assert_eq!(payload.len(), 300_000, "{role:?} {}", frames(&sent).len());
            assert!(payload == octets(300_000));
        }
    }
}

#[test]
fn a_close_is_answered_at_once_and_follows_every_message() {
    for role in ROLES {
        for code in [0, 1000] {
            let mut lone = Lone::websocket(role, ConnectionConfig::new());
            lone.feed(Opcode::Text, b"last");
            lone.feed_close(code);
            assert_eq!(
                ready(lone.recv()).unwrap(),
                Some(Message::Text("last".into()))
            );
            for _ in 0..2 {
                assert_eq!(ready(lone.recv()).unwrap(), None);
            }
            assert_eq!(lone.sent(), [(Opcode::Close, close_payload(code))]);
            let closed = ready(lone.it.poll_ready(&lone.task.cx()));
            assert_eq!(closed.unwrap_err().kind(), ErrorKind::BrokenPipe);
        }
        let mut lone = Lone::websocket(role, ConnectionConfig::new());
        assert!(lone.send(binary(3)));
        assert!(lone.close_socket(1001).is_pending());
        let expected = [
            (Opcode::Binary, octets(3)),
            (Opcode::Close, close_payload(1001)),
        ];
        assert_eq!(lone.sent(), expected);
        lone.feed_close(1001);
        lone.eof();
        assert!(ready(lone.close_socket(1001)).is_ok());
    }
}

/// The message that is being sent comes first, and what the peer sends meanwhile must not be in its way.
#[test]
fn close_finishes_the_message_while_the_peer_sends() {
    for role in ROLES {
        let mut lone = Lone::websocket(role, ConnectionConfig::new());
        lone.output.get().capacity = 1000;
        assert!(lone.send(binary(300_000)));
        // It reads only once its own message was read.
        for _ in 0..20 {
            lone.feed(Opcode::Binary, &octets(50_000));
        }
        let mut polls = 0;
        while !lone.input.get().octets.is_empty() {
            assert!(lone.close_socket(1000).is_pending());
            polls += 1;
            assert!(polls < 100, "both wait for each other");
        }
        let mut sent = Vec::new();
        for _ in 0..400 {
            sent.extend(lone.output.get().take());
            assert!(lone.close_socket(1000).is_pending());
        }
        let frames = frames(&sent);
        let payload: usize = frames.iter().map(|(_, payload)| payload.len()).sum();
        assert_eq!(payload, 300_000 + 2);
        assert_eq!(frames.last().unwrap().0, Opcode::Close);
    }
}

#[test]
fn close_times_out_when_the_message_is_not_taken() {
    for role in ROLES {
        let mut lone = Lone::websocket(role, ConnectionConfig::new());
        lone.output.get().capacity = 1000;
        assert!(lone.send(binary(300_000)));
        assert!(lone.close_socket(1000).is_pending());
        for _ in 0..5 {
            lone.clock.advance(secs(9));
            lone.output.get().take();
            assert!(lone.close_socket(1000).is_pending());
        }
        let mut waited = 0;
        while lone.close_socket(1000).is_pending() {
            lone.task.is_woken();
            assert!(lone.clock.advance_to_deadline(), "it waits forever");
            waited += 1;
            assert!(waited < 5);
        }
        assert_eq!(kind(lone.close_socket(1000)), ErrorKind::TimedOut);
    }
}

#[test]
fn endings_are_told_as_a_streams() {
    let mut lone = Lone::websocket(Role::Client, ConnectionConfig::new());
    lone.feed_close(1001);
    assert_eq!(kind(lone.recv()), ErrorKind::ConnectionAborted);
    let mut lone = Lone::websocket(Role::Client, ConnectionConfig::new());
    lone.eof();
    assert_eq!(kind(lone.recv()), ErrorKind::UnexpectedEof);
    let mut lone = Lone::websocket(Role::Client, ConnectionConfig::new().max_message(4));
    lone.feed(Opcode::Binary, b"hello");
    assert_eq!(kind(lone.recv()), ErrorKind::InvalidData);
    assert_eq!(lone.sent()[0].1[..2], 1009_u16.to_be_bytes());
}

/// A drop in the middle of a message must not look like its end.
#[test]
fn dropping_a_half_sent_message_sends_no_close() {
    let mut lone = Lone::websocket(Role::Server, ConnectionConfig::new());
    lone.output.get().capacity = 100;
    assert!(lone.send(binary(1 << 20)));
    let mut taken = lone.output.get().take().len();
    lone.output.get().unblock(usize::MAX);
    drop(lone.it);
    taken += lone.output.get().take().len();
    // What was queued still leaves.
    assert!(100 < taken && taken < 1 << 20, "{taken}");
}

#[test]
fn pings_are_answered_while_only_sending() {
    let mut lone = Lone::websocket(Role::Server, ConnectionConfig::new());
    lone.feed(Opcode::Binary, b"unread");
    lone.feed(Opcode::Ping, b"one");
    assert!(ready_to_send(&mut lone));
    assert_eq!(lone.sent(), [(Opcode::Pong, b"one".to_vec())]);
    assert_eq!(
        ready(lone.recv()).unwrap(),
        Some(Message::Binary("unread".into()))
    );
}

/// Where the halves are in different tasks, the reader may be the one that finds it.
#[test]
fn whoever_sends_is_told_that_the_peer_has_closed_inside_the_message() {
    type Ask = fn(&mut Lone<WebSocket<Pipe, Sleeper>>) -> Poll<std::io::Result<()>>;
    let asks: [Ask; 3] = [
        |lone| lone.it.poll_flush(&lone.task.cx()),
        |lone| lone.it.poll_ready(&lone.task.cx()),
        |lone| Poll::Ready(lone.it.start_send("next")),
    ];
    for role in ROLES {
        for (ask, kind) in asks.into_iter().zip([
            ErrorKind::BrokenPipe,
            ErrorKind::BrokenPipe,
            ErrorKind::WouldBlock,
        ]) {
            let mut lone = Lone::websocket(role, ConnectionConfig::new());
            lone.output.get().capacity = 1000;
            assert!(lone.send(binary(300_000)));
            lone.feed_close(1000);
            for _ in 0..2 {
                assert_eq!(ready(lone.recv()).unwrap(), None);
            }
            assert_eq!(ready(ask(&mut lone)).unwrap_err().kind(), kind);
            lone.output.get().unblock(usize::MAX);
            let late = ready(lone.it.poll_flush(&lone.task.cx()));
            assert_eq!(
                late.is_err(),
                kind == ErrorKind::WouldBlock,
                "it is told once"
            );
        }
    }
}

#[test]
fn a_ping_goes_between_the_frames_of_a_message_and_waits_for_room() {
    for role in ROLES {
        let mut lone = Lone::websocket(role, ConnectionConfig::new());
        let long = ready(lone.it.poll_ping(&lone.task.cx(), &[0; 126])).unwrap_err();
        assert_eq!(long.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            long.get_ref().unwrap().downcast_ref(),
            Some(&PingError::TooLong(126))
        );
        lone.output.get().capacity = 1000;
        assert!(lone.send(binary(300_000)));
        let mut sent = Vec::new();
        while lone.it.poll_ping(&lone.task.cx(), b"ping").is_pending() {
            let taken = lone.output.get().take();
            assert!(!taken.is_empty(), "it waits for nothing");
            sent.extend(taken);
        }
        while lone.it.poll_flush(&lone.task.cx()).is_pending() {
            sent.extend(lone.output.get().take());
        }
        sent.extend(lone.output.get().take());
        let mut frames = frames(&sent);
        let at = frames
            .iter()
            .position(|(opcode, _)| *opcode == Opcode::Ping);
        let at = at.unwrap();
        assert!(0 < at && at < frames.len() - 1, "{at}");
        assert_eq!(frames.remove(at).1, b"ping");
        assert!(
            frames
                .into_iter()
                .flat_map(|(_, payload)| payload)
                .eq(octets(300_000))
        );

        let unanswered = |lone: &Lone<WebSocket<_, _>>| {
            lone.it.connection().unanswered_ping().map(<[u8]>::to_vec)
        };
        assert_eq!(unanswered(&lone).unwrap(), b"ping");
        lone.feed(Opcode::Pong, b"ping");
        assert!(lone.recv().is_pending());
        assert_eq!(unanswered(&lone), None);
        lone.feed_close(1000);
        assert_eq!(ready(lone.recv()).unwrap(), None);
        let late = lone.it.poll_ping(&lone.task.cx(), b"late");
        assert_eq!(ready(late).unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}
