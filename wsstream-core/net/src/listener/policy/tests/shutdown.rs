//! How a listener ends.

use wsstream_core::{Close, CloseCode};

use super::*;

/// A listener that shuts down, within 20 seconds: after 15 it tells its connections to close, after 19 it cuts them
/// off. The first connection is the first to be told.
struct Ending<F> {
    future: Pin<Box<F>>,
    task: Task,
    clock: Clock,
}

fn end(house: House) -> Ending<impl Future<Output = usize>> {
    end_within(house, secs(20))
}

fn end_within(house: House, grace: Duration) -> Ending<impl Future<Output = usize>> {
    let House {
        listener,
        queue,
        clock,
        ..
    } = house;
    let listener = Box::leak(Box::new(listener));
    let future = Box::pin(listener.shut_down(grace, secs(5)));
    assert!(queue.borrow().stopped);
    let task = Task::new();
    Ending {
        future,
        task,
        clock,
    }
}

impl<F: Future<Output = usize>> Ending<F> {
    fn poll(&mut self) -> Poll<usize> {
        let mut polls = 0;
        while self.task.is_woken() {
            polls += 1;
            assert!(polls < 10_000, "spinning");
            if let Poll::Ready(left) = self.future.as_mut().poll(&mut self.task.cx()) {
                return Poll::Ready(left);
            }
        }
        Poll::Pending
    }

    fn after(&mut self, seconds: u64) -> Poll<usize> {
        self.clock.advance(secs(seconds));
        self.poll()
    }
}

#[test]
fn nobody_is_there_to_wait_for() {
    assert_eq!(ready(end(House::new()).poll()), 0);
}

#[test]
fn a_busy_connection_finishes_within_the_grace() {
    let mut house = House::new();
    let (mut stream, far) = house.serves();
    let (mut ending, task) = (end(house), Task::new());
    assert!(ending.poll().is_pending());
    assert!(ending.after(14).is_pending());
    says(&far, Opcode::Binary, b"more");
    assert_eq!(ready(stream.poll_read(&task.cx(), &mut [0; 9])).unwrap(), 4);
    assert_eq!(ready(stream.poll_write(&task.cx(), b"reply")).unwrap(), 5);
    says(&far, Opcode::Close, &close_payload(1000));
    ready(stream.poll_close_with(&task.cx(), &Close::new(CloseCode::NORMAL, ""))).unwrap();
    assert_eq!(found(&far).last().unwrap().1, close_payload(1000));
    assert!(ending.poll().is_pending());
    drop(stream);
    assert_eq!(ready(ending.poll()), 0);
}

#[test]
fn an_idle_connection_is_closed_with_1001() {
    // Whatever the peer answers, it may have had more to say: no clean end is told.
    for answer in [1001, 1000] {
        let mut house = House::new();
        let (mut stream, far) = house.serves();
        let (mut ending, task) = (end(house), Task::new());
        assert!(stream.poll_read(&task.cx(), &mut [0; 9]).is_pending());
        assert!(ending.poll().is_pending());
        task.is_woken();
        assert!(ending.after(18).is_pending());
        assert!(task.is_woken());
        assert!(stream.poll_read(&task.cx(), &mut [0; 9]).is_pending());
        assert_eq!(found(&far), going_away());
        assert_eq!(
            ready(stream.poll_write(&task.cx(), b"x"))
                .unwrap_err()
                .kind(),
            ErrorKind::BrokenPipe
        );
        says(&far, Opcode::Binary, b"last");
        says(&far, Opcode::Close, &close_payload(answer));
        // What came before is delivered.
        assert_eq!(ready(stream.poll_read(&task.cx(), &mut [0; 9])).unwrap(), 4);
        shut_down(stream.poll_read(&task.cx(), &mut [0; 9]));
        drop(stream);
        assert_eq!(ready(ending.poll()), 0);
    }
}

/// The peer has ended its direction, and that is a clean end for who reads; our reply is cut short.
#[test]
fn a_peer_that_has_closed_first() {
    let mut house = House::new();
    let (mut stream, far) = house.serves();
    let (mut ending, task) = (end(house), Task::new());
    says(&far, Opcode::Close, &close_payload(1000));
    assert_eq!(ready(stream.poll_read(&task.cx(), &mut [0; 9])).unwrap(), 0);
    assert!(ending.poll().is_pending());
    assert!(ending.after(18).is_pending());
    assert_eq!(ready(stream.poll_read(&task.cx(), &mut [0; 9])).unwrap(), 0);
    assert_eq!(found(&far), going_away());
}

#[test]
fn a_stubborn_connection_is_cut_off() {
    // A peer that does not answer, one that never stops sending, and one that takes nothing.
    for peer in ["silent", "sends", "blocks"] {
        let mut house = House::new();
        let (mut stream, far) = house.serves();
        let (mut ending, task) = (end(house), Task::new());
        let mut out = [0; 1 << 13];
        if peer == "blocks" {
            far.input.get().capacity = 10;
            while stream.poll_write(&task.cx(), &out).is_ready() {}
        }
        if peer == "sends" {
            says(&far, Opcode::Binary, &[7; 1 << 20]);
        }
        assert!(ending.poll().is_pending());
        assert!(ending.after(18).is_pending());
        let _ = stream.poll_read(&task.cx(), &mut out);
        task.is_woken();
        assert!(ending.after(1).is_pending());
        assert!(task.is_woken() || peer == "sends", "{peer}");
        shut_down(loop {
            match stream.poll_read(&task.cx(), &mut out) {
                // What had been received.
                Poll::Ready(Ok(count)) => assert_ne!(count, 0),
                end => break end,
            }
        });
        assert!(ready(stream.poll_write(&task.cx(), b"x")).is_err());
        // What was not written is told of.
        let flushed = ready(stream.poll_flush(&task.cx()));
        assert_eq!(flushed.is_err(), peer == "blocks");
        drop(stream);
        assert_eq!(ready(ending.poll()), 0);
    }
}

/// Nothing can be done about a stream that nobody looks at, and it is not waited for.
#[test]
fn a_stream_that_is_held_is_not_waited_for() {
    let mut house = House::new();
    let (_stream, _far) = house.serves();
    let mut ending = end(house);
    assert!(ending.poll().is_pending());
    for seconds in [18, 1] {
        assert!(ending.after(seconds).is_pending());
    }
    assert_eq!(ready(ending.after(1)), 1);
}

#[test]
fn without_grace_all_is_cut_off_at_once() {
    let mut house = House::new();
    let (mut stream, far) = house.serves();
    let silent = house.connects();
    assert!(house.accept().is_pending());
    let task = Task::new();
    assert!(stream.poll_read(&task.cx(), &mut [0; 9]).is_pending());
    task.is_woken();
    assert_eq!(ready(end_within(house, Duration::ZERO).poll()), 1);
    assert!(task.is_woken());
    shut_down(stream.poll_read(&task.cx(), &mut [0; 9]));
    assert!(silent.input.get().end.is_some());
    drop(stream);
    assert_eq!(found(&far), []);
}

/// They are told one after the other, in the first half of the time for it, and of each the task alone is woken.
#[test]
fn not_all_are_told_at_once() {
    let mut house = House::new();
    let mut open: Vec<_> = (0..100)
        .map(|_| {
            let (stream, far) = house.serves();
            (stream, far, Task::new())
        })
        .collect();
    let mut ending = end(house);
    let mut read = |ending: &mut Ending<_>| {
        assert!(ending.poll().is_pending());
        for (stream, _, task) in &mut open {
            while task.is_woken() {
                assert!(stream.poll_read(&task.cx(), &mut [0; 9]).is_pending());
            }
        }
        let told = open
            .iter()
            .filter(|(_, far, _)| !far.input.get().octets.is_empty());
        told.count()
    };
    let mut told = Vec::new();
    for millis in [14_990, 20, 625, 625, 625, 625, 1400] {
        ending.clock.advance(Duration::from_millis(millis));
        told.push(read(&mut ending));
    }
    // At 14.99 s nobody; from 15 s to 17.5 s; and not more than is due.
    assert_eq!(told, [0, 2, 27, 52, 77, 100, 100]);
}

/// What is under way and has no permit yet, as in a TLS handshake, ends with the others.
#[test]
fn handshakes_are_cut_off_in_time() {
    let mut house = House::new();
    house.permits_late();
    let silent: Vec<_> = (0..5).map(|_| house.connects()).collect();
    assert!(house.accept().is_pending());
    let mut ending = end_within(house, secs(1));
    assert!(ending.poll().is_pending());
    ending.clock.advance(Duration::from_millis(870));
    assert!(ending.poll().is_pending());
    assert!(!silent.iter().any(is_gone));
    ending.clock.advance(Duration::from_millis(30));
    assert_eq!(ready(ending.poll()), 0);
    assert!(silent.iter().all(is_gone));
}

#[test]
fn a_shutdown_that_is_dropped_cuts_off() {
    let mut house = House::new();
    let (mut stream, _far) = house.serves();
    let (ending, task) = (end(house), Task::new());
    assert!(stream.poll_read(&task.cx(), &mut [0; 9]).is_pending());
    task.is_woken();
    drop(ending);
    assert!(task.is_woken());
    shut_down(stream.poll_read(&task.cx(), &mut [0; 9]));
}

/// By a runtime that ends, say, before its task is polled again: more was to come, perhaps.
#[test]
fn a_stream_that_is_dropped_when_it_is_to_end_says_so() {
    for (after, code) in [(14, Some(1001)), (18, Some(1001)), (19, None)] {
        let mut house = House::new();
        let (mut stream, far) = house.serves();
        let (mut ending, task) = (end(house), Task::new());
        assert!(stream.poll_read(&task.cx(), &mut [0; 9]).is_pending());
        assert!(ending.poll().is_pending());
        for _ in 0..after {
            assert!(ending.after(1).is_pending());
        }
        drop(stream);
        let said = code.map(|code| (Opcode::Close, close_payload(code)));
        assert_eq!(found(&far), Vec::from_iter(said));
    }
}

#[test]
fn a_listener_that_is_dropped_leaves_its_connections_alone() {
    let mut house = House::new();
    let (mut stream, far) = house.serves();
    drop(house);
    let task = Task::new();
    says(&far, Opcode::Binary, b"more");
    assert_eq!(ready(stream.poll_read(&task.cx(), &mut [0; 9])).unwrap(), 4);
}

/// Whether the request has not come, was read, or was handed over: the answer is the same.
#[test]
fn requests_that_come_too_late_are_refused() {
    let mut house = House::new();
    let clients: Vec<_> = (0..3).map(|_| house.connects()).collect();
    assert!(house.accept().is_pending());
    // Two ask, and one of them is handed over.
    for far in &clients[..2] {
        far.output.get().feed(&request());
    }
    let incoming = ready(house.accept());
    let mut ending = end(house);
    assert!(ending.poll().is_pending());
    let refused = |far: &&Pipe| text(far).starts_with("HTTP/1.1 503 ");
    assert_eq!(clients.iter().filter(refused).count(), 2);
    assert!(incoming.check().is_err());
    let task = Task::new();
    let mut answer = Box::pin(incoming.accept());
    assert!(answer.as_mut().poll(&mut task.cx()).is_pending());
    assert_eq!(clients.iter().filter(refused).count(), 1);
    drop(clients);
    assert!(ready(answer.as_mut().poll(&mut task.cx())).is_err());
    drop(answer);
    assert_eq!(ready(ending.poll()), 0);
}

/// The relay takes part: both ends end, even if the target takes nothing.
#[test]
fn a_relay_ends_with_its_stream() {
    for target_blocks in [false, true] {
        let mut house = House::new();
        let (mut stream, far) = house.serves();
        let (near, target) = Pipe::pair(true);
        if target_blocks {
            target.input.get().capacity = 0;
            target.input.get().block_flush = true;
            says(&far, Opcode::Binary, b"never taken");
        }
        let mut plain = pump::SocketEnd::new(near, house.clock.sleeper());
        let task = Task::new();
        let mut relay = Box::pin(pump::Relay::new(
            &mut stream,
            &mut plain,
            house.clock.sleeper(),
        ));
        let mut ending = end(house);
        assert!(relay.as_mut().poll(&mut task.cx()).is_pending());
        assert!(ending.poll().is_pending());
        task.is_woken();
        assert!(ending.after(18).is_pending());
        assert!(task.is_woken());
        assert!(relay.as_mut().poll(&mut task.cx()).is_pending());
        assert_eq!(found(&far), going_away());
        task.is_woken();
        assert!(ending.after(1).is_pending());
        assert!(task.is_woken());
        let relayed = ready(relay.as_mut().poll(&mut task.cx()));
        drop(relay);
        shut_down(Poll::Ready(relayed.into_result()));
        drop(stream);
        assert_eq!(ready(ending.poll()), 0);
    }
}
