//! The language the stories are told in.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt::Debug;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io;

use super::transport::{Clock, Mock, SharedLine};
use crate::handshake::Agreed;
use crate::pump::recv_buffer::RecvBuffer;
use crate::pump::wire::Wire;
use crate::pump::{Socket, Stream};
use crate::{Close, CloseCode, Config, Connection, Decoder, Encoding, Header, Opcode, Role, Seed};

pub(super) const ROLES: [Role; 2] = [Role::Client, Role::Server];

pub(super) const fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) fn connection(role: Role, config: Config) -> Connection {
    match role {
        Role::Client => Connection::client(config, &Seed::new([7; 32])),
        Role::Server => Connection::server(config),
    }
}

pub(super) fn stream(
    transport: Mock,
    role: Role,
    encoding: Encoding,
    config: Config,
) -> Stream<Mock> {
    let connection = connection(role, config);
    let received = RecvBuffer::default();
    let wire = Wire::new(transport);
    Stream::resume(wire, connection, encoding, Agreed::default(), received)
}

/// A stream, and what its peer has in hand: both lines.
pub(super) struct Lone<S> {
    pub(super) it: S,
    pub(super) role: Role,
    pub(super) input: SharedLine,
    pub(super) output: SharedLine,
    pub(super) clock: Clock,
    pub(super) task: Task,
    _far: Mock,
}

impl Lone<Stream<Mock>> {
    pub(super) fn new(role: Role, config: Config) -> Self {
        Self::with(role, true, |near| {
            stream(near, role, Encoding::Binary, config)
        })
    }

    pub(super) fn base64(role: Role, config: Config) -> Self {
        Self::with(role, true, |near| {
            stream(near, role, Encoding::Base64, config)
        })
    }

    pub(super) fn read(&mut self, room: usize) -> Poll<io::Result<Vec<u8>>> {
        let mut out = vec![0; room];
        let read = self.it.poll_read(&self.task.cx(), &mut out);
        read.map_ok(|count| out[..count].to_vec())
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Poll<io::Result<usize>> {
        self.it.poll_write(&self.task.cx(), data)
    }

    pub(super) fn flush(&mut self) -> Poll<io::Result<()>> {
        self.it.poll_flush(&self.task.cx())
    }

    pub(super) fn shutdown(&mut self) -> Poll<io::Result<()>> {
        self.it.poll_shutdown(&self.task.cx())
    }

    pub(super) fn close(&mut self, code: u16) -> Poll<io::Result<()>> {
        self.it.poll_close(&self.task.cx(), &close(code))
    }

    pub(super) fn drive(&mut self) {
        self.it.poll_drive(&self.task.cx());
    }

    /// Writes until the transport and everything before it is full.
    pub(super) fn fill(&mut self) -> usize {
        let mut total = 0;
        while let Poll::Ready(count) = self.write(&[7; 1 << 14]) {
            total += count.unwrap();
        }
        total
    }
}

impl Lone<Socket<Mock>> {
    pub(super) fn socket(role: Role, config: Config) -> Self {
        Self::with(role, true, |near| socket(near, role, config))
    }
}

pub(super) fn socket(transport: Mock, role: Role, config: Config) -> Socket<Mock> {
    let connection = connection(role, config.half_close(false));
    let received = RecvBuffer::default();
    let wire = Wire::new(transport);
    Socket::resume(wire, connection, Agreed::default(), received)
}

impl<S> Lone<S> {
    pub(super) fn with(role: Role, vectored: bool, make: impl FnOnce(Mock) -> S) -> Self {
        let clock = Clock::default();
        let (near, far) = Mock::pair(&clock, vectored);
        let (input, output) = (near.input.clone(), near.output.clone());
        Self {
            it: make(near),
            role,
            input,
            output,
            clock,
            task: Task::new(),
            _far: far,
        }
    }

    /// The peer sends a frame.
    pub(super) fn feed(&self, opcode: Opcode, payload: &[u8]) {
        let frame = frame(other(self.role), opcode, payload);
        self.input.get().feed(&frame);
    }

    pub(super) fn feed_close(&self, code: u16) {
        self.feed(Opcode::Close, &close_payload(code));
    }

    /// The frames that the peer finds.
    pub(super) fn sent(&self) -> Vec<(Opcode, Vec<u8>)> {
        frames(&self.output.get().take())
    }

    pub(super) fn eof(&self) {
        self.input.get().finish(Ok(()));
    }
}

/// A Close with a code, or 0 for none.
pub(super) fn close(code: u16) -> Close {
    CloseCode::new(code).map_or_else(Close::default, |code| Close::new(code, ""))
}

pub(super) fn close_payload(code: u16) -> Vec<u8> {
    match code {
        0 => Vec::new(),
        code => code.to_be_bytes().to_vec(),
    }
}

/// A frame from this role.
pub(super) fn frame(from: Role, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut header = Header::new(opcode, payload.len() as u64);
    let mut payload = payload.to_vec();
    if from == Role::Client {
        header.mask = Some(key);
        payload
            .iter_mut()
            .zip(key.iter().cycle())
            .for_each(|(octet, key)| *octet ^= key);
    }
    [&header.encode(), &payload[..]].concat()
}

/// The frames in what was sent.
pub(super) fn frames(octets: &[u8]) -> Vec<(Opcode, Vec<u8>)> {
    let mut octets = octets.to_vec();
    let mut input = &mut octets[..];
    let mut decoder = Decoder::new();
    let mut frames: Vec<(Opcode, Vec<u8>)> = Vec::new();
    while let Some(chunk) = decoder.decode(&mut input).unwrap() {
        if chunk.first {
            frames.push((chunk.header.opcode, Vec::new()));
        }
        frames
            .last_mut()
            .unwrap()
            .1
            .extend_from_slice(chunk.payload.unmask());
    }
    assert!(input.is_empty() && !decoder.is_inside_header());
    frames
}

pub(super) fn octets(len: usize) -> Vec<u8> {
    (0..251).cycle().take(len).collect()
}

/// What a poll that must not be pending gives.
#[track_caller]
pub(super) fn ready<R>(poll: Poll<R>) -> R {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("pending"),
    }
}

#[track_caller]
pub(super) fn kind<R: Debug>(poll: Poll<io::Result<R>>) -> io::ErrorKind {
    ready(poll).unwrap_err().kind()
}

/// A task that is polled by hand, or by [`run`].
#[derive(Clone, Debug)]
pub(super) struct Task {
    flag: Arc<Flag>,
    waker: Waker,
}

#[derive(Debug)]
struct Flag {
    woken: AtomicBool,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
    }
}

impl Task {
    pub(super) fn new() -> Self {
        let flag = Arc::new(Flag {
            woken: AtomicBool::new(true),
        });
        let waker = Waker::from(Arc::clone(&flag));
        Self { flag, waker }
    }

    pub(super) fn cx(&self) -> Context<'_> {
        // The waker lives in here, so the context cannot outlive it.
        Context::from_waker(&self.waker)
    }

    /// Whether it was woken since the last time this was asked.
    pub(super) fn is_woken(&self) -> bool {
        self.flag.woken.swap(false, Ordering::SeqCst)
    }
}

pub(super) type Job<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Runs jobs, each in a task of its own that is polled only when it was woken. Tells which are not done
/// when nothing is woken any more.
pub(super) fn run(jobs: Vec<Job<'_>>) -> Vec<usize> {
    let mut jobs: Vec<_> = jobs
        .into_iter()
        .map(|job| Some((Task::new(), job)))
        .collect();
    let mut polls = 0_u32;
    loop {
        let mut idle = true;
        for slot in &mut jobs {
            let Some((task, job)) = slot else { continue };
            if !task.is_woken() {
                continue;
            }
            (idle, polls) = (false, polls + 1);
            assert!(polls < 1_000_000, "spinning");
            let done = job.as_mut().poll(&mut task.clone().cx()).is_ready();
            if done {
                *slot = None;
            }
        }
        if idle {
            let left = |(at, job): (usize, &Option<_>)| job.as_ref().map(|_| at);
            return jobs.iter().enumerate().filter_map(left).collect();
        }
    }
}

/// Runs jobs to their end.
#[track_caller]
pub(super) fn run_all(jobs: Vec<Job<'_>>) {
    assert_eq!(run(jobs), [0; 0], "these jobs hang");
}

pub(super) type Shared<S> = Rc<RefCell<S>>;

/// Writes all of it, in pieces, and shuts down.
pub(super) fn send_all<'a>(stream: &Shared<Stream<Mock>>, data: &'a [u8], piece: usize) -> Job<'a> {
    let stream = Rc::clone(stream);
    Box::pin(async move {
        let mut rest = data;
        while !rest.is_empty() {
            let now = &rest[..piece.min(rest.len())];
            let written = poll_fn(|cx| stream.borrow_mut().poll_write(cx, now)).await;
            rest = &rest[written.unwrap()..];
        }
        poll_fn(|cx| stream.borrow_mut().poll_shutdown(cx))
            .await
            .unwrap();
    })
}

/// Reads to the end.
pub(super) fn recv_all<'a>(
    stream: &Shared<Stream<Mock>>,
    into: &'a RefCell<Vec<u8>>,
    room: usize,
) -> Job<'a> {
    let stream = Rc::clone(stream);
    Box::pin(async move {
        let mut out = vec![0; room];
        loop {
            let read = poll_fn(|cx| stream.borrow_mut().poll_read(cx, &mut out)).await;
            match read.unwrap() {
                0 => return,
                count => into.borrow_mut().extend_from_slice(&out[..count]),
            }
        }
    })
}
