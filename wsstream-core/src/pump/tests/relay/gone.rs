//! Who has gone stops who sends.

use super::*;

/// Polls until the relay ends, and returns after how many seconds. One of them passes before the peers take what they
/// were told.
fn seconds_to_the_end(
    peers: &Peers,
    settle: &mut dyn FnMut() -> Option<Relayed>,
    mut each: impl FnMut(),
) -> (u32, Relayed) {
    for seconds in 0..1000 {
        each();
        if let Some(relayed) = settle() {
            return (seconds, relayed);
        }
        peers.clock.advance(secs(1));
    }
    panic!("hangs");
}

fn broken(line: &SharedLine, kind: ErrorKind) {
    let mut line = line.get();
    line.write_end = Some((line.written, WriteEnd::Error(kind)));
}

/// A target that is gone, whatever the system tells of it, and a client that uploads for ever.
#[test]
fn an_upload_to_a_target_that_has_gone() {
    // What a write gives, what a read gives, the Close of the client, what of the reply, and when.
    for (write, read, code, reply, seconds) in [
        // A reset is told once. The reply may be cut short.
        (
            ErrorKind::ConnectionReset,
            Some(Ok(())),
            1011,
            ReadFailed,
            3,
        ),
        (
            ErrorKind::ConnectionReset,
            Some(Err(ErrorKind::ConnectionReset)),
            1011,
            ReadFailed,
            3,
        ),
        // It had ended before, and everything of it has come.
        (ErrorKind::BrokenPipe, Some(Ok(())), 1011, Complete, 3),
        // It takes no more, and may have something to say.
        (ErrorKind::BrokenPipe, None, 1011, Interrupted, 13),
    ] {
        Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
            peers.to_client.get().tells_taken = true;
            peers.client_sends(Opcode::Binary, b"question");
            peers.target.get().feed(b"reply");
            assert!(settle().is_none());
            broken(&peers.to_target, write);
            peers.client_sends(Opcode::Binary, b"more");
            if let Some(end) = read {
                peers.target.get().finish(end.map_err(io::Error::from));
            }
            let mut heard = Vec::new();
            let (took, relayed) = seconds_to_the_end(peers, settle, || {
                heard.extend(peers.client_finds());
                peers.client_sends(Opcode::Binary, &octets(50_000));
            });
            let row = (write, read);
            assert_eq!(took, seconds, "{row:?}");
            assert_eq!(heard[0], data(b"reply"), "{row:?}");
            assert_eq!(heard[1].1[..2], u16::to_be_bytes(code), "{row:?}");
            assert_eq!(heard.len(), 2, "{row:?}");
            assert_eq!(carried(&relayed), [(8, WriteFailed), (5, reply)], "{row:?}");
            assert_eq!(relayed.b_failed.unwrap().kind(), write, "{row:?}");
        });
    }
}

/// What a client sends is discarded, and it goes as well: nobody is there any more for the target's reply.
#[test]
fn a_client_that_fails_while_it_is_discarded_ends_the_relay() {
    for is_websocket in [false, true] {
        let clock = Clock::default();
        let ((near, client), (far, target)) = (Pipe::pair(true), Pipe::pair(true));
        let config = ConnectionConfig::new();
        let (sleeper, encoding) = (clock.sleeper(), Encoding::Binary);
        let mut a: Box<dyn RelayEnd> = match is_websocket {
            true => Box::new(stream(near, sleeper, Role::Server, encoding, config)),
            false => Box::new(SocketEnd::new(near, sleeper)),
        };
        let mut b = SocketEnd::new(far, clock.sleeper());
        broken(&target.input, ErrorKind::BrokenPipe);
        let said = frame(Role::Client, Opcode::Binary, b"question");
        client.output.get().feed(&said);
        let reset = Err(ErrorKind::ConnectionReset.into());
        client.output.get().finish(reset);
        let mut relay = Relay::new(&mut *a, &mut b, clock.sleeper());
        let task = Task::new();
        let mut relayed = None;
        for _ in 0..4 {
            while relayed.is_none() && task.is_woken() {
                if let Poll::Ready(ended) = Pin::new(&mut relay).poll(&mut task.cx()) {
                    relayed = Some(ended);
                }
            }
            clock.advance(secs(1));
        }
        let relayed = relayed.expect("hangs");
        assert_eq!(carried(&relayed), [(0, WriteFailed), (0, Interrupted)]);
        assert!(relayed.a_failed.is_some() && relayed.b_failed.is_some());
    }
}

/// Its reply is progress, and so is what of it waits for the client.
#[test]
fn a_target_that_takes_no_more_may_still_say_something() {
    Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        broken(&peers.to_target, ErrorKind::BrokenPipe);
        peers.client_sends(Opcode::Binary, b"question");
        for _ in 0..5 {
            peers.target.get().feed(b"reply");
            assert!(settle().is_none());
            assert_eq!(peers.client_finds(), [data(b"reply")]);
            peers.clock.advance(secs(9));
        }
        peers.to_client.get().capacity = 0;
        peers.target.get().feed(&octets(100_000));
        for _ in 0..5 {
            assert!(settle().is_none());
            peers.clock.advance(secs(9));
        }
        peers.to_client.get().unblock(usize::MAX);
        peers.target.get().finish(Ok(()));
        assert!(settle().is_none());
        peers.client_closes(1000);
        let relayed = settle().expect("hangs");
        assert_eq!(carried(&relayed)[1], (100_025, Complete));
    });
}

/// What it said before waits for a client that takes none of it, and sends for ever.
#[test]
fn a_reply_is_given_up_if_neither_end_takes_anything() {
    Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        {
            let mut line = peers.to_client.get();
            (line.tells_taken, line.capacity) = (true, 10_000);
        }
        peers.target.get().feed(&octets(150_000));
        assert!(settle().is_none());
        broken(&peers.to_target, ErrorKind::BrokenPipe);
        peers.target.get().finish(Ok(()));
        let (took, relayed) = seconds_to_the_end(peers, settle, || {
            peers.client_sends(Opcode::Binary, &octets(50_000));
        });
        assert!((60..=65).contains(&took), "{took}");
        assert_eq!(relayed.a_to_b.ended, WriteFailed);
        assert_eq!(relayed.b_to_a.ended, WriteFailed);
        assert_eq!(relayed.a_failed.unwrap().kind(), ErrorKind::TimedOut);
        assert_eq!(relayed.b_failed.unwrap().kind(), ErrorKind::BrokenPipe);
    });
}

/// The reader of a download has ended its own direction, and is gone. The server sends for ever, or says nothing.
#[test]
fn a_download_whose_reader_has_gone() {
    for is_silent in [false, true] {
        for half_close in [false, true] {
            let config = ConnectionConfig::new().half_close(half_close);
            Joined::new(config).tell(|peers, settle| {
                peers.to_client.get().tells_taken = true;
                peers.target.get().feed(b"question");
                peers.target.get().finish(Ok(()));
                assert!(settle().is_none());
                if is_silent {
                    peers.target.get().has_hung_up = true;
                } else {
                    broken(&peers.to_target, ErrorKind::BrokenPipe);
                }
                let mut heard = Vec::new();
                let (took, relayed) = seconds_to_the_end(peers, settle, || {
                    heard.extend(peers.client_finds());
                    if !is_silent {
                        peers.client_sends(Opcode::Binary, &octets(50_000));
                    }
                });
                let row = (is_silent, half_close);
                assert!((2..=4).contains(&took), "{row:?}: {took}");
                assert_eq!(heard[0], data(b"question"), "{row:?}");
                let code = u16::from_be_bytes([heard[1].1[0], heard[1].1[1]]);
                // Agreed half close had told the end before.
                let expected = if is_silent || half_close { 1000 } else { 1011 };
                assert_eq!(code, expected, "{row:?}");
                let ended = if is_silent {
                    DestinationClosed
                } else {
                    WriteFailed
                };
                assert_eq!(carried(&relayed), [(0, ended), (8, Complete)], "{row:?}");
            });
        }
    }
}

/// It is not asked for nothing: as long as both directions are read, a read tells.
#[test]
fn a_target_that_is_read_is_not_asked() {
    Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        peers.target.get().has_hung_up = true;
        assert!(settle().is_none());
        assert!(!peers.clock.advance_to_deadline());
        peers.target.get().feed(b"still here");
        assert!(settle().is_none());
        assert_eq!(peers.client_finds(), [data(b"still here")]);
    });
}

/// Who closes politely after that is not reset, and is not waited for longer.
#[test]
fn a_sender_that_ends_by_itself_is_not_waited_for() {
    Joined::new(ConnectionConfig::new().half_close(false)).tell(|peers, settle| {
        peers.client_sends(Opcode::Binary, b"quit");
        peers.client_closes(1000);
        assert!(settle().is_none());
        peers.clock.advance(secs(1));
        peers.target.get().feed(b"bye");
        peers.target.get().finish(Ok(()));
        let relayed = settle().expect("hangs");
        assert!(!peers.to_target.get().is_aborted);
        assert_eq!(carried(&relayed), [(4, Complete), (0, DestinationClosed)]);
    });
}

/// A sender that has gone, and a reader that takes nothing for a while, or ever.
#[test]
fn a_reader_is_given_up_if_its_sender_has_gone() {
    for (hangs_up, takes) in [(false, false), (true, true), (true, false)] {
        Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
            {
                let mut line = peers.to_target.get();
                (line.tells_taken, line.capacity) = (true, 10_000);
            }
            peers.client_sends(Opcode::Binary, &octets(150_000));
            peers.client.get().has_hung_up = hangs_up;
            for _ in 0..20 {
                assert!(settle().is_none());
                peers.clock.advance(secs(50));
                if takes {
                    peers.to_target.get().take_up_to(1000);
                } else if hangs_up {
                    break;
                }
            }
            assert!(settle().is_none());
            assert!(!peers.to_target.get().is_aborted);
            if !hangs_up {
                return;
            }
            let reset = Err(ErrorKind::ConnectionReset.into());
            peers.client.get().finish(reset);
            let (took, relayed) = seconds_to_the_end(peers, settle, || {});
            assert!(took <= 70, "{took}");
            assert!(peers.to_target.get().is_aborted);
            assert_eq!(relayed.a_to_b.ended, WriteFailed);
            assert_eq!(relayed.b_failed.unwrap().kind(), ErrorKind::TimedOut);
        });
    }
}

/// An end that has failed is not waited for longer than that, though there is something left for it.
#[test]
fn a_client_at_fault_does_not_keep_the_target_waiting() {
    Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        {
            let mut line = peers.to_client.get();
            (line.tells_taken, line.capacity) = (true, 10);
        }
        peers.target.get().feed(&octets(200_000));
        assert!(settle().is_none());
        // A reserved bit.
        peers.client.get().feed(&[0xf2, 0x80, 0, 0, 0, 0]);
        let (took, relayed) = seconds_to_the_end(peers, settle, || {});
        assert!(took <= 2, "{took}");
        assert!(relayed.a_failed.is_some());
        assert!(peers.to_target.get().is_aborted);
    });
}

/// An end that is closed has no more to wait for, and the relay does not look at it again and again.
#[test]
fn a_slow_target_of_a_client_that_has_failed_costs_no_turns() {
    Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
        {
            let mut line = peers.to_target.get();
            line.tells_taken = true;
        }
        peers.client_sends(Opcode::Binary, &octets(10_000));
        // A reserved bit. The client ends a moment later.
        peers.client.get().feed(&[0xf2, 0x80, 0, 0, 0, 0]);
        assert!(settle().is_none());
        peers.clock.advance(Duration::from_millis(50));
        peers.client.get().finish(Ok(()));
        for _ in 0..100 {
            assert!(settle().is_none());
            peers.clock.advance(secs(1));
            peers.to_target.get().take_up_to(10);
        }
        peers.to_target.get().take();
        peers.clock.advance(secs(3));
        assert!(settle().is_some());
    });
}

/// A layer holds something back, and its socket cannot tell what the peer takes.
#[test]
fn an_end_that_cannot_tell_and_takes_nothing_is_given_up() {
    for ended in [false, true] {
        Joined::new(ConnectionConfig::new()).tell(|peers, settle| {
            peers.to_target.get().block_flush = true;
            peers.client_sends(Opcode::Binary, b"last");
            if ended {
                peers.target.get().finish(Ok(()));
            }
            assert!(settle().is_none());
            let reset = Err(ErrorKind::ConnectionReset.into());
            peers.client.get().finish(reset);
            let (took, relayed) = seconds_to_the_end(peers, settle, || {});
            assert!(took <= 62, "{took}");
            assert_eq!(relayed.b_failed.unwrap().kind(), ErrorKind::TimedOut);
        });
    }
}
