//! Accepting from many, and how it ends.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::pump::{self, Accept, Permit};
use wsstream_core::test_kit::{Clock, Pipe, Sleeper, Task};
use wsstream_core::{Opcode, Role, Seed, StreamError, Url};

use super::{Accepting, Ended, Policy};
use crate::listener::slots::{Source, Ticket};

mod eviction;
mod frames;
mod shutdown;

use frames::{close_payload, frame, frames};

type Incoming = pump::Handshake<Pipe, Sleeper>;
type Stream = pump::Stream<Pipe, Sleeper>;

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// What a poll that must not be pending gives.
#[track_caller]
fn ready<R>(poll: Poll<R>) -> R {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("pending"),
    }
}

/// A connection, and where it comes from.
type Connection = (Pipe, Source);

const NEIGHBOUR: Source = Source::Unix;

/// What the system has in its queue.
#[derive(Debug, Default)]
struct Queue {
    next: VecDeque<io::Result<Connection>>,
    waker: Option<Waker>,
    asked: usize,
    /// How many errors of the system were told of.
    failed: usize,
    stopped: bool,
}

type Handshake = Pin<Box<dyn Future<Output = io::Result<Incoming>>>>;

/// A listening socket, and tasks, that do as they are told.
struct Scripted {
    queue: Rc<RefCell<Queue>>,
    handshakes: Vec<(Ticket, Handshake)>,
    /// Those whose tasks do not know yet.
    evicted: Vec<Ticket>,
    /// Tasks go on while nobody asks what came of them.
    ended: VecDeque<(Ticket, Ended<Incoming>)>,
    /// Whether handshakes know of their permit only when they are complete.
    permits_late: bool,
    /// Nobody from here is let in.
    banned: Option<Source>,
    clock: Clock,
}

impl Accepting for Scripted {
    type Connection = Connection;
    type Incoming = Incoming;
    type Handshake = Ticket;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Connection>> {
        let mut queue = self.queue.borrow_mut();
        queue.asked += 1;
        if let Some(next) = queue.next.pop_front() {
            return Poll::Ready(next);
        }
        queue.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn failed(&mut self, _: &io::Error) {
        self.queue.borrow_mut().failed += 1;
    }

    fn admit(&mut self, (_, source): &Connection) -> io::Result<Option<Source>> {
        Ok(Some(*source).filter(|source| Some(*source) != self.banned))
    }

    fn begin(&mut self, (mock, _): Connection, permit: Permit, ticket: Ticket) -> Ticket {
        let server = Arc::new(ServerConfig::stream());
        let sleeper = self.clock.sleeper();
        let handshake: Handshake = if self.permits_late {
            Box::pin(async {
                let _permit = permit;
                Accept::new(mock, sleeper, server).await
            })
        } else {
            Box::pin(Accept::with_permit(mock, sleeper, server, permit))
        };
        self.handshakes.push((ticket, handshake));
        ticket
    }

    fn evict(&mut self, handshake: Ticket) {
        self.evicted.push(handshake);
    }

    fn refuse(&mut self, incoming: Incoming, ticket: Ticket) {
        let refusing = Box::pin(async {
            incoming.accept().await?;
            Err(ErrorKind::NotConnected.into())
        });
        self.handshakes.push((ticket, refusing));
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<(Ticket, Ended<Incoming>)> {
        for at in (0..self.handshakes.len()).rev() {
            let (ticket, handshake) = &mut self.handshakes[at];
            let ended = if self.evicted.contains(ticket) {
                Poll::Ready(None)
            } else {
                handshake.as_mut().poll(cx).map(Some)
            };
            if let Poll::Ready(ended) = ended {
                let (ticket, _) = self.handshakes.swap_remove(at);
                self.evicted.retain(|evicted| *evicted != ticket);
                self.ended.push_back((ticket, ended));
            }
        }
        match self.ended.pop_front() {
            Some(ended) => Poll::Ready(ended),
            None => Poll::Pending,
        }
    }

    fn stop(&mut self) {
        self.queue.borrow_mut().stopped = true;
    }

    fn cut_off(&mut self) {
        self.handshakes.clear();
        self.ended.clear();
    }
}

/// A listener, what it listens on, and its task.
struct House {
    listener: Policy<Scripted, Sleeper>,
    queue: Rc<RefCell<Queue>>,
    clock: Clock,
    task: Task,
}

impl House {
    fn new() -> Self {
        let clock = Clock::default();
        let queue = Rc::<RefCell<Queue>>::default();
        let port = Scripted {
            queue: Rc::clone(&queue),
            handshakes: Vec::new(),
            evicted: Vec::new(),
            permits_late: false,
            banned: None,
            ended: VecDeque::new(),
            clock: clock.clone(),
        };
        Self {
            listener: Policy::new(port, clock.sleeper()),
            queue,
            clock,
            task: Task::new(),
        }
    }

    fn permits_late(&mut self) {
        self.listener.accepting_mut().permits_late = true;
    }

    fn comes(&self, next: io::Result<Connection>) {
        let mut queue = self.queue.borrow_mut();
        queue.next.push_back(next);
        if let Some(waker) = queue.waker.take() {
            waker.wake();
        }
    }

    /// Somebody connects.
    fn connects(&self) -> Pipe {
        self.connects_from(NEIGHBOUR)
    }

    fn connects_from(&self, source: Source) -> Pipe {
        let (near, far) = Pipe::pair(true);
        self.comes(Ok((near, source)));
        far
    }

    /// Somebody connects, and asks at once.
    fn asks(&self) -> Pipe {
        let far = self.connects();
        far.output.get().feed(&request());
        far
    }

    /// Polls as often as it is woken.
    fn accept(&mut self) -> Poll<Incoming> {
        let mut polls = 0;
        // The last one that came in may not have been the last one there was.
        loop {
            if let Poll::Ready(incoming) = self.listener.poll_accept(&mut self.task.cx()) {
                return Poll::Ready(incoming.unwrap());
            }
            polls += 1;
            assert!(polls < 10_000, "spinning");
            if !self.task.is_woken() {
                return Poll::Pending;
            }
        }
    }

    /// Lets somebody in, to whom the answer was sent.
    fn serves(&mut self) -> (Stream, Pipe) {
        let far = self.asks();
        let stream = open(ready(self.accept()));
        assert!(text(&far).starts_with("HTTP/1.1 101 "));
        (stream, far)
    }
}

fn request() -> Vec<u8> {
    let url = Url::parse("ws://localhost/").unwrap();
    let connecting = ClientConfig::stream().connect(&url, &Seed::new([7; 32]));
    connecting.request().to_vec()
}

fn open(incoming: Incoming) -> Stream {
    let task = Task::new();
    let opened = Box::pin(incoming.accept()).as_mut().poll(&mut task.cx());
    ready(opened).unwrap().into_stream()
}

/// What the peer finds, which is HTTP.
fn text(far: &Pipe) -> String {
    String::from_utf8(far.input.get().take()).unwrap()
}

/// What the peer finds, in frames.
fn found(far: &Pipe) -> Vec<(Opcode, Vec<u8>)> {
    frames(&far.input.get().take())
}

/// Whether the connection was dropped without a word.
fn is_gone(far: &Pipe) -> bool {
    let input = far.input.get();
    input.octets.is_empty() && input.end.is_some()
}

fn going_away() -> Vec<(Opcode, Vec<u8>)> {
    [(Opcode::Close, close_payload(1001))].into()
}

fn says(far: &Pipe, opcode: Opcode, payload: &[u8]) {
    far.output.get().feed(&frame(Role::Client, opcode, payload));
}

#[track_caller]
fn shut_down<R: Debug>(poll: Poll<io::Result<R>>) {
    let error = ready(poll).unwrap_err().into_inner().unwrap();
    assert_eq!(
        *error.downcast::<StreamError>().unwrap(),
        StreamError::ShutDown
    );
}

#[test]
fn who_comes_next_waits_in_the_queue_until_one_leaves() {
    let mut house = House::new();
    house.listener.set_max_connections(2);
    let (first, _far) = house.serves();
    // Who has not asked yet counts, too.
    let silent = house.connects();
    assert!(house.accept().is_pending());
    let third = house.asks();
    assert!(house.accept().is_pending());
    assert_eq!(house.queue.borrow().next.len(), 1);
    assert_eq!(house.listener.connections(), 2);
    house.task.is_woken();
    drop(first);
    assert!(house.task.is_woken());
    let third_stream = open(ready(house.accept()));
    assert!(text(&third).starts_with("HTTP/1.1 101 "));
    // One that fails in its handshake leaves, too.
    let _fourth = house.asks();
    assert!(house.accept().is_pending());
    drop(silent);
    let fourth_stream = open(ready(house.accept()));
    // Taken apart: the transport is its owner's business.
    drop(third_stream.into_inner());
    assert_eq!(house.listener.connections(), 1);
    drop(fourth_stream);
    assert_eq!(house.listener.connections(), 0);
}

#[test]
fn handshakes_are_limited() {
    let mut house = House::new();
    house.listener.set_max_handshakes(3);
    let silent: Vec<_> = (0..3).map(|_| house.connects()).collect();
    let _good = house.asks();
    assert!(house.accept().is_pending());
    assert_eq!(house.queue.borrow().next.len(), 1);
    drop(silent);
    ready(house.accept());
}

/// No more sockets: it asks again, less and less often, and goes on as soon as there are some.
#[test]
fn errors_of_the_system_are_waited_out() {
    for number in [12, 23, 24, 105] {
        let mut house = House::new();
        let mut asked_at = Vec::new();
        for _ in 0..10 {
            house.comes(Err(io::Error::from_raw_os_error(number)));
        }
        let _good = house.asks();
        while house.accept().is_pending() {
            asked_at.push(house.clock.now().since_origin().as_millis());
            assert_eq!(house.queue.borrow().asked, asked_at.len());
            assert!(house.clock.advance_to_deadline());
        }
        let expected = [0, 10, 30, 70, 150, 310, 630, 1270, 2270, 3270];
        assert_eq!(asked_at, expected);
        assert_eq!(house.queue.borrow().failed, asked_at.len());
        // That is forgotten now.
        house.comes(Err(io::Error::from_raw_os_error(number)));
        assert!(house.accept().is_pending());
        let _good = house.asks();
        house.clock.advance(Duration::from_millis(10));
        ready(house.accept());
    }
}

#[test]
fn errors_of_a_connection_are_passed_over_at_once() {
    let mut house = House::new();
    for kind in [
        ErrorKind::ConnectionAborted,
        ErrorKind::ConnectionReset,
        ErrorKind::HostUnreachable,
        ErrorKind::PermissionDenied,
    ] {
        for _ in 0..100 {
            house.comes(Err(kind.into()));
        }
    }
    let _good = house.asks();
    ready(house.accept());
}

/// One octet a second from each of many: a good one gets in, and all others are refused in time.
#[test]
fn who_is_slow_to_ask_holds_nobody_up() {
    let mut house = House::new();
    let slow: Vec<_> = (0..1000).map(|_| house.connects()).collect();
    assert!(house.accept().is_pending());
    let mut streams = Vec::new();
    for second in 0..10 {
        for far in &slow {
            assert!(far.input.get().octets.is_empty(), "{second}");
            far.output.get().feed(b"G");
        }
        assert!(house.accept().is_pending());
        streams.push(house.serves());
        house.clock.advance(secs(1));
    }
    assert!(house.accept().is_pending());
    for far in &slow {
        assert!(text(far).starts_with("HTTP/1.1 408 "));
    }
    // They have two seconds to read that.
    house.clock.advance(secs(2));
    assert!(house.accept().is_pending());
    assert_eq!(house.listener.connections(), streams.len());
}
