//! The language the stories are told in.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt::Debug;
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::io;

use crate::handshake::Agreed;
use crate::pump::codec_pool::ThreadPool;
use crate::pump::engine::Pump;
use crate::pump::recv_buffer::RecvBuffer;
use crate::pump::wire::Wire;
use crate::pump::{Stream, WebSocket};
use crate::test_kit::{Clock, Pipe, SharedLine, Sleeper};
pub(super) use crate::test_kit::{Job, ROLES, Task, connection, other, run_all};
use crate::{
    Close, CloseCode, Connection, ConnectionConfig, Decoder, Encoding, Header, Opcode,
    PerMessageDeflate, Role,
};

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) fn stream(
    pipe: Pipe,
    clock: Sleeper,
    role: Role,
    encoding: Encoding,
    config: ConnectionConfig,
) -> Stream<Pipe, Sleeper> {
    let connection = connection(role, config);
    let received = RecvBuffer::default();
    let wire = Wire::new(pipe, clock);
    let pump = Pump::new(wire, connection, received);
    Stream::resume(pump, encoding, Agreed::default(), None)
}

/// The same with compression, with everything the protocol has by default.
pub(super) fn compressed_stream(
    pipe: Pipe,
    clock: Sleeper,
    role: Role,
    encoding: Encoding,
    config: ConnectionConfig,
) -> Stream<Pipe, Sleeper> {
    let mut stream = stream(pipe, clock, role, encoding, config.clone());
    stream.inner.pump.connection =
        compressed_connection(role, config, &PerMessageDeflate::default());
    stream
}

pub(super) fn compressed_connection(
    role: Role,
    config: ConnectionConfig,
    agreed: &PerMessageDeflate,
) -> Connection {
    let mut connection = connection(role, config).with_deflate(agreed);
    connection.set_codec_pool(&ThreadPool);
    connection.work().renew();
    connection
}

/// A stream, and what its peer has in hand: both lines.
pub(super) struct Lone<S> {
    pub(super) it: S,
    pub(super) role: Role,
    pub(super) input: SharedLine,
    pub(super) output: SharedLine,
    pub(super) clock: Clock,
    pub(super) task: Task,
    _far: Pipe,
}

impl Lone<Stream<Pipe, Sleeper>> {
    pub(super) fn new(role: Role, config: ConnectionConfig) -> Self {
        Self::with(role, true, |near, sleeper| {
            stream(near, sleeper, role, Encoding::Binary, config)
        })
    }

    pub(super) fn base64(role: Role, config: ConnectionConfig) -> Self {
        Self::with(role, true, |near, sleeper| {
            stream(near, sleeper, role, Encoding::Base64, config)
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
        self.it.poll_close_with(&self.task.cx(), &close(code))
    }

    pub(super) fn drive(&mut self) {
        self.it.poll_drive(&self.task.cx());
    }

    /// Writes until the socket and everything before it is full.
    pub(super) fn fill(&mut self) -> usize {
        let mut total = 0;
        while let Poll::Ready(count) = self.write(&[7; 1 << 14]) {
            total += count.unwrap();
        }
        total
    }
}

impl Lone<WebSocket<Pipe, Sleeper>> {
    pub(super) fn websocket(role: Role, config: ConnectionConfig) -> Self {
        Self::with(role, true, |near, sleeper| {
            websocket(near, sleeper, role, config)
        })
    }
}

pub(super) fn websocket(
    pipe: Pipe,
    clock: Sleeper,
    role: Role,
    config: ConnectionConfig,
) -> WebSocket<Pipe, Sleeper> {
    resumed(pipe, clock, connection(role, config.half_close(false)))
}

pub(super) fn compressed_websocket(
    pipe: Pipe,
    clock: Sleeper,
    role: Role,
    config: ConnectionConfig,
) -> WebSocket<Pipe, Sleeper> {
    let agreed = PerMessageDeflate::default();
    let connection = compressed_connection(role, config.half_close(false), &agreed);
    resumed(pipe, clock, connection)
}

fn resumed(pipe: Pipe, clock: Sleeper, connection: Connection) -> WebSocket<Pipe, Sleeper> {
    let received = RecvBuffer::default();
    let wire = Wire::new(pipe, clock);
    let pump = Pump::new(wire, connection, received);
    WebSocket::resume(pump, Agreed::default(), None)
}

impl<S> Lone<S> {
    pub(super) fn with(role: Role, vectored: bool, make: impl FnOnce(Pipe, Sleeper) -> S) -> Self {
        let clock = Clock::default();
        let (near, far) = Pipe::pair(vectored);
        let (input, output) = (near.input.clone(), near.output.clone());
        Self {
            it: make(near, clock.sleeper()),
            role,
            input,
            output,
            clock,
            task: Task::new(),
            _far: far,
        }
    }

    /// Puts something else in the stream's place.
    pub(super) fn map<T>(self, make: impl FnOnce(S) -> T) -> Lone<T> {
        Lone {
            it: make(self.it),
            role: self.role,
            input: self.input,
            output: self.output,
            clock: self.clock,
            task: self.task,
            _far: self._far,
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

pub(super) type Shared<S> = Rc<RefCell<S>>;

/// Writes all of it, in pieces, and shuts down.
pub(super) fn send_all<'a>(
    stream: &Shared<Stream<Pipe, Sleeper>>,
    data: &'a [u8],
    piece: usize,
) -> Job<'a> {
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
    stream: &Shared<Stream<Pipe, Sleeper>>,
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
