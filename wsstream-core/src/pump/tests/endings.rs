//! Contract 4: how a stream ends for who reads, for who writes, and for who is dropped.

use alloc::vec::Vec;
use core::panic::AssertUnwindSafe;
use core::task::Poll;
use std::io::{self, ErrorKind};
use std::panic::catch_unwind;

use super::support::*;
use crate::test_kit::WriteEnd;
use crate::{ClosedBy, ConnectionConfig, Opcode, ProtocolError, Role, StreamError};

/// The typed error in what a read gave.
#[track_caller]
fn inner(read: Poll<io::Result<Vec<u8>>>) -> (ErrorKind, StreamError) {
    let error = ready(read).unwrap_err();
    (error.kind(), StreamError::of(&error).unwrap().clone())
}

#[test]
fn close_1000_or_none_is_the_end() {
    for role in ROLES {
        for code in [0, 1000] {
            let mut lone = Lone::new(role, ConnectionConfig::new());
            lone.feed(Opcode::Binary, b"last");
            lone.feed_close(code);
            assert_eq!(ready(lone.read(9)).unwrap(), b"last");
            for _ in 0..3 {
                assert_eq!(ready(lone.read(9)).unwrap(), b"");
            }
            let connection = lone.it.connection();
            assert_eq!(connection.received_close(), Some(&close(code)));
            assert_eq!(connection.closed_by(), Some(ClosedBy::Peer));
            // Half close: our direction goes on.
            assert_eq!(ready(lone.write(b"reply")).unwrap(), 5);
            assert_eq!(lone.sent(), [(Opcode::Binary, b"reply".to_vec())]);
        }
    }
}

#[test]
fn any_other_close_is_an_error_with_code_and_reason_and_is_answered_at_once() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.feed(Opcode::Binary, b"last");
        lone.feed(Opcode::Close, b"\x03\xe9bye");
        assert_eq!(ready(lone.read(9)).unwrap(), b"last");
        for _ in 0..2 {
            let (kind, error) = inner(lone.read(9));
            assert_eq!(kind, ErrorKind::ConnectionAborted);
            assert_eq!(
                alloc::string::ToString::to_string(&error),
                "closed by the peer: 1001 (bye)"
            );
        }
        assert_eq!(lone.sent(), [(Opcode::Close, close_payload(1001))]);
        assert_eq!(kind(lone.write(b"x")), ErrorKind::BrokenPipe);
    }
}

#[test]
fn an_end_or_a_reset_without_a_close_is_unexpected_after_all_that_came() {
    for role in ROLES {
        for end in [
            Ok(()),
            Err(ErrorKind::ConnectionReset),
            Err(ErrorKind::BrokenPipe),
        ] {
            // A whole frame, and the start of one.
            for cut in [0, 3] {
                let mut lone = Lone::new(role, ConnectionConfig::new());
                let frame = frame(other(role), Opcode::Binary, b"hello");
                lone.input.get().feed(&frame[..frame.len() - cut]);
                lone.input.get().finish(end.map_err(io::Error::from));
                assert_eq!(ready(lone.read(99)).unwrap(), &b"hello"[..5 - cut]);
                for _ in 0..2 {
                    let (kind, error) = inner(lone.read(9));
                    assert_eq!(
                        (kind, error),
                        (ErrorKind::UnexpectedEof, StreamError::Truncated)
                    );
                }
            }
        }
    }
}

/// What the socket said is the source, also if only a write was told of it, and no text comes twice.
#[test]
fn a_truncation_tells_what_the_socket_said() {
    const RESET: Option<ErrorKind> = Some(ErrorKind::ConnectionReset);
    for (read, write, expected) in [
        (Ok(()), None, None),
        (Err(ErrorKind::ConnectionReset), None, RESET),
        (
            Err(ErrorKind::ConnectionAborted),
            None,
            Some(ErrorKind::ConnectionAborted),
        ),
        (Err(ErrorKind::UnexpectedEof), None, None),
        // The system tells a reset once.
        (Ok(()), RESET, RESET),
        (Ok(()), Some(ErrorKind::BrokenPipe), None),
    ] {
        let mut lone = Lone::new(Role::Client, ConnectionConfig::new());
        lone.output.get().write_end = write.map(|kind| (0, WriteEnd::Error(kind)));
        if let Some(kind) = write {
            let _ = lone.write(b"x");
            assert_eq!(self::kind(lone.write(b"x")), kind);
        }
        lone.input.get().finish(read.map_err(io::Error::from));
        let error = ready(lone.read(9)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(StreamError::of(&error), Some(&StreamError::Truncated));
        assert_eq!(
            alloc::string::ToString::to_string(&error),
            "connection ended without a Close"
        );
        let source = core::error::Error::source(&error);
        let source = source.map(|source| source.downcast_ref::<io::Error>().unwrap().kind());
        assert_eq!(source, expected, "{read:?} {write:?}");
    }
}

#[test]
fn another_error_of_the_socket_is_passed_through_after_all_that_came() {
    let mut lone = Lone::new(Role::Client, ConnectionConfig::new());
    lone.feed(Opcode::Binary, b"hello");
    let error = io::Error::from(ErrorKind::PermissionDenied);
    lone.input.get().finish(Err(error));
    assert_eq!(ready(lone.read(99)).unwrap(), b"hello");
    assert_eq!(kind(lone.read(9)), ErrorKind::PermissionDenied);
    assert_eq!(kind(lone.read(9)), ErrorKind::UnexpectedEof);
}

#[test]
fn after_both_closes_a_reset_is_clean() {
    for role in ROLES {
        let reset = io::Error::from(ErrorKind::ConnectionReset);
        let mut lone = Lone::new(role, ConnectionConfig::new());
        assert!(ready(lone.shutdown()).is_ok());
        lone.feed_close(1000);
        lone.input.get().finish(Err(reset));
        lone.output.get().shutdown_error = Some(ErrorKind::NotConnected);
        assert_eq!(ready(lone.read(9)).unwrap(), b"");
        assert!(ready(lone.shutdown()).is_ok());
        assert!(ready(lone.flush()).is_ok());
        assert!(ready(lone.close(1000)).is_ok());
    }
}

/// A pong that the peer, who has ended everything, did not take, is no loss.
#[test]
fn after_both_closes_what_is_left_behind_ours_is_for_nobody() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        assert!(ready(lone.shutdown()).is_ok());
        lone.sent();
        let close_len = frame(role, Opcode::Close, &close_payload(1000)).len() as u64;
        lone.output.get().write_end = Some((close_len, WriteEnd::Error(ErrorKind::BrokenPipe)));
        lone.feed(Opcode::Binary, b"last");
        lone.feed(Opcode::Ping, b"alive?");
        assert_eq!(ready(lone.read(9)).unwrap(), b"last");
        assert!(lone.read(9).is_pending());
        lone.feed_close(1000);
        lone.eof();
        assert_eq!(ready(lone.read(9)).unwrap(), b"");
        assert!(ready(lone.close(1000)).is_ok());
    }
}

#[test]
fn a_fault_is_an_error_and_the_close_that_says_so_was_written_before() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.feed(Opcode::Binary, b"good");
        lone.input.get().feed(b"\xff\xff");
        assert_eq!(ready(lone.read(9)).unwrap(), b"good");
        let (kind, error) = inner(lone.read(9));
        assert_eq!(kind, ErrorKind::InvalidData);
        assert_eq!(error, StreamError::Protocol(ProtocolError::ReservedBits(7)));
        let sent = lone.sent();
        assert_eq!(sent[0].0, Opcode::Close);
        assert_eq!(sent[0].1[..2], 1002_u16.to_be_bytes());
        assert_eq!(sent.len(), 1);
        assert_eq!(
            super::support::kind(lone.write(b"x")),
            ErrorKind::BrokenPipe
        );
    }
}

/// A text message on a binary stream, found while only writing.
#[test]
fn a_fault_that_a_writer_meets_is_told_to_both() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    lone.feed(Opcode::Text, b"what");
    let _ = lone.write(b"x");
    assert_eq!(kind(lone.write(b"x")), ErrorKind::BrokenPipe);
    assert_eq!(kind(lone.read(9)), ErrorKind::InvalidData);
    assert_eq!(lone.sent().last().unwrap().1[..2], 1003_u16.to_be_bytes());
}

#[test]
fn an_error_of_writing_waits_for_the_end_of_reading() {
    for end in [WriteEnd::Error(ErrorKind::ConnectionReset), WriteEnd::Zero] {
        for at in [0, 3] {
            let expected = match end {
                WriteEnd::Error(kind) => kind,
                WriteEnd::Zero => ErrorKind::WriteZero,
            };
            let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
            lone.output.get().write_end = Some((at, end));
            if at == 0 {
                assert_eq!(kind(lone.write(b"hello")), expected);
            } else {
                // A part of it left, and nobody has noticed yet.
                assert_eq!(ready(lone.write(b"hello")).unwrap(), 5);
            }
            assert_eq!(kind(lone.write(b"hello")), expected);
            assert_eq!(kind(lone.flush()), expected);
            assert!(lone.read(9).is_pending());
            lone.feed(Opcode::Binary, b"data");
            assert_eq!(ready(lone.read(9)).unwrap(), b"data");
            lone.feed_close(1000);
            assert_eq!(ready(lone.read(9)).unwrap(), b"");
            // But who asks whether everything arrived is told.
            assert_eq!(kind(lone.close(1000)), expected);
        }
    }
}

/// It has read all that a buffer holds, so it is not woken for what comes behind that.
#[test]
fn a_writer_that_waits_is_told_when_a_reader_meets_the_end() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.output.get().capacity = 5;
        lone.feed(Opcode::Binary, &octets(100_000));
        lone.feed_close(1001);
        lone.fill();
        let writer = core::mem::take(&mut lone.task);
        writer.is_woken();
        let mut read = 0;
        while read < 100_000 {
            read += ready(lone.read(30_000)).unwrap().len();
        }
        assert_eq!(kind(lone.read(9)), ErrorKind::ConnectionAborted);
        assert!(writer.is_woken(), "the writer waits forever");
        assert_eq!(kind(lone.write(b"x")), ErrorKind::BrokenPipe);
    }
}

#[test]
fn dropping_sends_a_close_if_that_can_be_done_at_once() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        assert!(lone.write(b"data").is_ready());
        let Lone { it, output, .. } = lone;
        drop(it);
        let sent = frames(&output.get().take());
        let expected = [
            (Opcode::Binary, b"data".to_vec()),
            (Opcode::Close, close_payload(1001)),
        ];
        assert_eq!(sent, expected);
    }
}

/// Only `shutdown` and `finish` say that all is well, unless it was set so: before the peer's Close, and while
/// our answer to it is due.
#[test]
fn dropping_says_that_more_may_have_been_to_come() {
    for is_end in [false, true] {
        for code in [None, Some(0), Some(1000)] {
            let config = ConnectionConfig::new().close_on_drop(is_end);
            let mut lone = Lone::new(Role::Client, config);
            if let Some(code) = code {
                lone.feed_close(code);
                assert_eq!(ready(lone.read(9)).unwrap(), b"");
            }
            let Lone { it, output, .. } = lone;
            drop(it);
            let said = if is_end { code.unwrap_or(1000) } else { 1001 };
            let expected = [(Opcode::Close, close_payload(said))];
            assert_eq!(frames(&output.get().take()), expected);
        }
    }
}

#[test]
fn dropping_in_a_panic_sends_1011() {
    let lone = Lone::new(Role::Server, ConnectionConfig::new());
    let Lone { it, output, .. } = lone;
    let hook = std::panic::take_hook();
    std::panic::set_hook(alloc::boxed::Box::new(|_| {}));
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _it = it;
        panic!("as it should");
    }));
    std::panic::set_hook(hook);
    assert!(panicked.is_err());
    assert_eq!(
        frames(&output.get().take()),
        [(Opcode::Close, close_payload(1011))]
    );
}

#[test]
fn dropping_with_anything_that_cannot_leave_sends_no_close() {
    for capacity in [4, 1000] {
        let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
        lone.output.get().capacity = 3;
        assert!(lone.write(b"data").is_ready());
        let Lone { it, output, .. } = lone;
        output.get().unblock(capacity);
        drop(it);
        let expected = if capacity == 4 { 4 } else { 6 + 4 };
        assert_eq!(output.get().take().len(), expected);
    }
}

#[test]
fn dropping_after_a_close_or_into_inner_sends_nothing() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    assert!(lone.shutdown().is_ready());
    lone.sent();
    drop(lone.it);
    assert_eq!(lone.output.get().take(), []);

    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    let left = frame(Role::Client, Opcode::Binary, b"left");
    lone.input.get().feed(&left);
    lone.drive();
    let (_, unread) = lone.it.into_inner();
    // The header was taken; what follows it is as it came.
    assert_eq!(unread.len(), 4);
    assert_eq!(lone.output.get().take(), []);
}
