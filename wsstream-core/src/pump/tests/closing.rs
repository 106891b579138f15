//! Contract 4: shutdown, half close, and close.

use alloc::vec::Vec;
use core::task::Poll;
use std::io::ErrorKind;

use super::support::*;
use crate::test_kit::WriteEnd;
use crate::{ConnectionConfig, Opcode, Role};

#[test]
fn shutdown_sends_what_is_queued_then_a_close_and_resolves_when_it_is_flushed() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.output.get().capacity = 4;
        lone.output.get().block_flush = true;
        assert!(lone.write(b"queued").is_ready());
        assert!(lone.shutdown().is_pending());
        let mut sent = Vec::new();
        for _ in 0..10 {
            sent.extend(lone.output.get().take());
            assert!(lone.shutdown().is_pending());
        }
        lone.output.get().unblock(4);
        assert!(ready(lone.shutdown()).is_ok());
        sent.extend(lone.output.get().take());
        let expected = [
            (Opcode::Binary, b"queued".to_vec()),
            (Opcode::Close, close_payload(1000)),
        ];
        assert_eq!(frames(&sent), expected);
        // Once is enough.
        assert!(ready(lone.shutdown()).is_ok());
        assert_eq!(lone.sent(), []);
        assert_eq!(kind(lone.write(b"x")), ErrorKind::BrokenPipe);
        // Reading goes on.
        lone.feed(Opcode::Binary, b"reply");
        assert_eq!(ready(lone.read(9)).unwrap(), b"reply");
        lone.feed_close(1000);
        assert_eq!(ready(lone.read(9)).unwrap(), b"");
    }
}

#[test]
fn a_shutdown_that_could_not_send_its_close_says_so() {
    let mut lone = Lone::new(Role::Client, ConnectionConfig::new());
    lone.eof();
    assert_eq!(kind(lone.read(9)), ErrorKind::UnexpectedEof);
    assert_eq!(kind(lone.shutdown()), ErrorKind::BrokenPipe);
}

/// The one who closes first gets a long reply, and the other way round.
#[test]
fn half_close_in_both_directions_with_a_long_reply() {
    use crate::test_kit::{Clock, Pipe};
    use alloc::rc::Rc;
    use alloc::vec;
    use core::cell::RefCell;
    for first in ROLES {
        let clock = Clock::default();
        let (client, server) = Pipe::pair(true);
        client.output.get().capacity = 100;
        server.output.get().capacity = 1000;
        let share = |mock, role| {
            Rc::new(RefCell::new(stream(
                mock,
                clock.sleeper(),
                role,
                crate::Encoding::Binary,
                ConnectionConfig::new(),
            )))
        };
        let ends = [share(client, Role::Client), share(server, Role::Server)];
        let at = usize::from(first == Role::Server);
        let (early, late) = (&ends[at], &ends[1 - at]);
        let reply = octets(300_000);
        let (asked, answered) = (RefCell::default(), RefCell::default());
        run_all(vec![
            send_all(early, b"question", 3),
            recv_all(early, &answered, 5000),
            alloc::boxed::Box::pin(async {
                recv_all(late, &asked, 100).await;
                send_all(late, &reply, 70_000).await;
            }),
        ]);
        assert_eq!(*asked.borrow(), b"question");
        assert!(*answered.borrow() == reply);
        for end in &ends {
            let end = end.borrow();
            assert_eq!(end.connection().received_close(), Some(&close(1000)));
            assert_eq!(end.connection().sent_close(), Some(&close(1000)));
        }
    }
}

/// Where half close was agreed on, the answer waits for our writer however long that takes, and meanwhile
/// the peer is told that we live.
#[test]
fn an_agreed_answer_to_a_close_waits_for_our_writer() {
    for role in ROLES {
        for code in [0, 1000] {
            let mut lone = Lone::new(role, ConnectionConfig::new());
            lone.feed_close(code);
            assert_eq!(ready(lone.read(9)).unwrap(), b"");
            lone.drive();
            assert!(!lone.clock.advance_to_deadline());
            lone.clock.advance(secs(100_000));
            lone.feed(Opcode::Ping, b"still there?");
            lone.feed(Opcode::Binary, b"ignored");
            lone.drive();
            assert_eq!(lone.sent(), [(Opcode::Pong, b"still there?".to_vec())]);
            assert!(lone.write(b"late").is_ready());
            assert!(lone.shutdown().is_ready());
            assert_eq!(
                lone.sent(),
                [
                    (Opcode::Binary, b"late".to_vec()),
                    (Opcode::Close, close_payload(code))
                ]
            );
            assert_eq!(kind(lone.write(b"x")), ErrorKind::BrokenPipe);
        }
    }
}

/// What is no frame behind the peer's Close is ignored as everything else there.
#[test]
fn what_comes_behind_a_close_breaks_nothing() {
    for behind in [&b"\xff\xff"[..], b"\x89\x00", b"\x81\x80abcd"] {
        let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
        lone.feed_close(1000);
        lone.input.get().feed(behind);
        assert_eq!(ready(lone.read(9)).unwrap(), b"");
        lone.drive();
        lone.feed(Opcode::Ping, b"?");
        lone.drive();
        assert!(lone.write(b"reply").is_ready());
        assert_eq!(lone.sent().last().unwrap().1, b"reply");
        assert_eq!(lone.it.connection().ending(), Some(Ok(())));
    }
}

#[test]
fn without_half_close_the_answer_is_sent_at_once() {
    let mut lone = Lone::new(Role::Client, ConnectionConfig::new().half_close(false));
    lone.feed_close(1000);
    assert_eq!(ready(lone.read(9)).unwrap(), b"");
    assert_eq!(lone.sent(), [(Opcode::Close, close_payload(1000))]);
}

/// §7.1.1: the server ends the socket first, and the client waits for that.
#[test]
fn close_on_both_roles() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.output.get().block_shutdown = true;
        assert!(lone.close(1000).is_pending());
        assert_eq!(lone.sent(), [(Opcode::Close, close_payload(1000))]);
        // What still comes is discarded.
        lone.feed(Opcode::Binary, &octets(1_000_000));
        while lone.task.is_woken() {
            assert!(lone.close(1000).is_pending());
        }
        assert_eq!(lone.input.get().octets.len(), 0);
        lone.feed_close(1000);
        assert!(lone.task.is_woken());
        assert!(lone.close(1000).is_pending());
        lone.task.is_woken();
        match role {
            Role::Server => lone.output.get().unblock(1000),
            Role::Client => {
                assert!(!lone.output.get().is_shut_down);
                lone.output.get().unblock(1000);
                assert!(lone.close(1000).is_pending());
                lone.eof();
            }
        }
        assert!(lone.task.is_woken());
        assert!(ready(lone.close(1000)).is_ok());
        assert!(lone.output.get().is_shut_down);
        assert!(ready(lone.close(1000)).is_ok());
        assert_eq!(ready(lone.read(9)).unwrap(), b"");
    }
}

#[test]
fn close_tells_how_the_peer_ended() {
    let endings = [
        (1000, 1000, None),
        (1000, 0, None),
        (1001, 1000, None),
        // An echo, as of most peers.
        (1001, 1001, None),
        (4000, 4000, None),
        (1000, 1001, Some(ErrorKind::ConnectionAborted)),
        (4000, 1011, Some(ErrorKind::ConnectionAborted)),
    ];
    for role in ROLES {
        for (ours, theirs, error) in endings {
            let mut lone = Lone::new(role, ConnectionConfig::new());
            assert!(lone.close(ours).is_pending());
            lone.feed_close(theirs);
            lone.eof();
            for _ in 0..2 {
                let closed = ready(lone.close(ours)).map_err(|error| error.kind()).err();
                assert_eq!(closed, error, "{ours} {theirs}");
            }
        }
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.eof();
        assert_eq!(kind(lone.close(1000)), ErrorKind::UnexpectedEof);
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.input.get().feed(b"\xff");
        lone.eof();
        assert_eq!(kind(lone.close(1000)), ErrorKind::InvalidData);
        assert!(lone.output.get().is_shut_down);
    }
}

/// Who closes first does not care where what it discards was cut off; who reads on, does.
#[test]
fn a_close_inside_a_message_is_an_end_for_who_discards_it() {
    for role in ROLES {
        for first in [true, false] {
            let mut lone = Lone::new(role, ConnectionConfig::new());
            if first {
                assert!(lone.close(1000).is_pending());
            }
            // A fragment that is not the last.
            let mut begun = frame(other(role), Opcode::Binary, b"beg");
            begun[0] &= 0x7f;
            lone.input.get().feed(&begun);
            lone.feed_close(1000);
            lone.eof();
            if first {
                assert!(ready(lone.close(1000)).is_ok());
            } else {
                assert_eq!(ready(lone.read(9)).unwrap(), b"beg");
                assert_eq!(kind(lone.read(9)), ErrorKind::UnexpectedEof);
                assert_eq!(kind(lone.close(1000)), ErrorKind::UnexpectedEof);
            }
        }
    }
}

/// The peer was first: its code is echoed, unless there is something to complain of.
#[test]
fn close_answers_the_peers() {
    for (code, answer) in [(1000, 1000), (1011, 1011)] {
        let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
        lone.feed_close(1000);
        assert_eq!(ready(lone.read(9)).unwrap(), b"");
        assert!(ready(lone.close(code)).is_ok());
        assert_eq!(lone.sent(), [(Opcode::Close, close_payload(answer))]);
    }
}

#[test]
fn close_waits_for_a_slow_peer_as_long_as_it_moves() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.output.get().capacity = 1000;
        lone.fill();
        let mut polls = 0;
        // It takes a little now and then, for a long time, and has closed already for half of it.
        while lone.output.get().octets.len() == 1000 {
            assert!(lone.close(1000).is_pending(), "{polls}");
            lone.clock.advance(secs(9));
            lone.output.get().take_up_to(1000);
            polls += 1;
            if polls == 8 {
                lone.feed_close(1000);
            }
            assert!(polls < 1000);
            if lone.close(1000).is_ready() {
                break;
            }
        }
        assert!(polls > 10, "{polls}");
        lone.eof();
        assert!(ready(lone.close(1000)).is_ok());
    }
}

#[test]
fn close_times_out_when_nothing_moves() {
    for role in ROLES {
        // Nothing at all; and a peer that answers, but takes nothing.
        for answers in [false, true] {
            let mut lone = Lone::new(role, ConnectionConfig::new());
            lone.output.get().capacity = 100;
            lone.fill();
            if answers {
                lone.feed_close(1000);
            }
            let mut waited = 0;
            while lone.close(1000).is_pending() {
                lone.task.is_woken();
                assert!(lone.clock.advance_to_deadline());
                assert!(lone.task.is_woken());
                waited += 1;
                assert!(waited < 5);
            }
            assert_eq!(
                kind(lone.close(1000)),
                ErrorKind::TimedOut,
                "{role:?} {answers}"
            );
            assert_eq!(lone.clock.now().since_origin(), secs(60));
        }
        // A client whose peer has answered and does not end the socket.
        let mut lone = Lone::new(Role::Client, ConnectionConfig::new());
        lone.feed_close(1000);
        assert!(lone.close(1000).is_pending());
        lone.clock.advance(secs(10));
        assert!(ready(lone.close(1000)).is_ok());
    }
}

/// What a peer sends behind its Close buys it no time.
#[test]
fn close_does_not_wait_for_a_peer_that_sends_behind_its_close_without_end() {
    let mut lone = Lone::new(Role::Client, ConnectionConfig::new());
    lone.feed_close(1000);
    lone.input.get().chunk = 1000;
    for _ in 0..100 {
        lone.input.get().feed(&octets(100_000));
        if let Poll::Ready(closed) = lone.close(1000) {
            assert!(closed.is_ok());
            return;
        }
        assert!(lone.task.is_woken());
        lone.clock.advance(secs(1));
    }
    panic!("still waiting");
}

#[test]
fn close_tells_when_its_close_did_not_leave() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    let reset = WriteEnd::Error(ErrorKind::ConnectionReset);
    lone.output.get().write_end = Some((3, reset));
    lone.feed_close(1000);
    assert!(lone.write(b"data").is_ready());
    assert_eq!(kind(lone.close(1000)), ErrorKind::ConnectionReset);
}

/// A socket that keeps octets to itself, as TLS may, or does not end, is not waited for forever.
#[test]
fn close_is_bounded_though_the_socket_does_not_flush_or_end() {
    for role in ROLES {
        for flush in [true, false] {
            let mut lone = Lone::new(role, ConnectionConfig::new());
            lone.output.get().block_flush = flush;
            lone.output.get().block_shutdown = !flush;
            lone.feed_close(1000);
            let mut closed = lone.close(1000);
            for _ in 0..3 {
                if closed.is_ready() {
                    break;
                }
                lone.clock.advance(if flush { secs(60) } else { secs(10) });
                closed = lone.close(1000);
            }
            // What was not passed on may not have arrived; how the socket ends says nothing.
            match flush {
                true => assert_eq!(kind(closed), ErrorKind::TimedOut),
                false => assert!(ready(closed).is_ok()),
            }
        }
    }
}
