//! A socket in memory that does as it is told, and a clock.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Timestamp;
use crate::octets::Octets;
use crate::pump::{self, Socket, Taken};

/// What writers are told once enough octets were written.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a test is to say which")]
pub enum WriteEnd {
    /// An error.
    Error(ErrorKind),
    /// That nothing was taken.
    Zero,
}

/// One direction of a pipe: octets that were written but not read, and how it behaves towards both ends. You can change
/// the fields at any time; [`unblock`](Self::unblock) wakes the tasks that wait.
pub struct Line {
    /// Octets that were written but not read.
    pub octets: VecDeque<u8>,
    /// The number of octets at which writers have to wait.
    pub capacity: usize,
    /// The most octets that move in one call.
    pub chunk: usize,
    /// One call in so many is pending, at irregular distances: otherwise a caller that makes as many calls a turn could
    /// meet it with the same call forever. 0 for none.
    pub pend_every: usize,
    /// What readers get when everything was read.
    pub end: Option<io::Result<()>>,
    /// What writers get, and after how many octets in all.
    pub write_end: Option<(u64, WriteEnd)>,
    /// Whether each flush and each shutdown only starts, and is done at the next call, as if another thread did it. A
    /// call after that starts a new one.
    pub flush_begins: bool,
    /// Whether flushes have to wait.
    pub block_flush: bool,
    /// Whether shutdowns have to wait.
    pub block_shutdown: bool,
    /// The error of shutdowns.
    pub shutdown_error: Option<ErrorKind>,
    /// Whether its writer has shut it down.
    pub is_shut_down: bool,
    /// Whether its writer has aborted it: it reads a reset once the writer is dropped.
    pub is_aborted: bool,
    /// Whether its reader can find out that the writer has gone.
    pub has_hung_up: bool,
    /// How many reads moved octets, or were told of an end.
    pub reads: usize,
    /// How many writes moved octets, or were told of an end.
    pub writes: usize,
    /// How many flushes were done.
    pub flushes: usize,
    /// How many octets were written in all.
    pub written: u64,
    /// Whether writers can find out what was read, as with TCP.
    pub tells_taken: bool,
    calls: usize,
    has_begun: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Line {
    fn new() -> Self {
        Self {
            octets: VecDeque::new(),
            capacity: 1 << 30,
            chunk: usize::MAX,
            pend_every: 0,
            end: None,
            write_end: None,
            flush_begins: false,
            block_flush: false,
            block_shutdown: false,
            shutdown_error: None,
            is_shut_down: false,
            is_aborted: false,
            has_hung_up: false,
            reads: 0,
            writes: 0,
            flushes: 0,
            written: 0,
            tells_taken: false,
            calls: 0,
            has_begun: false,
            reader: None,
            writer: None,
        }
    }

    fn pends(&mut self, cx: &Context<'_>) -> bool {
        self.calls += 1;
        let shuffled = (self.calls as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let pends = self.pend_every > 0 && shuffled.is_multiple_of(self.pend_every as u64);
        if pends {
            cx.waker().wake_by_ref();
        }
        pends
    }

    fn poll_read(&mut self, cx: &Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        assert!(
            !buf.is_empty(),
            "a read without room would look like an end"
        );
        if self.pends(cx) {
            return Poll::Pending;
        }
        if self.octets.is_empty() {
            let Some(end) = &self.end else {
                self.reader = Some(cx.waker().clone());
                return Poll::Pending;
            };
            self.reads += 1;
            return Poll::Ready(match end {
                Ok(()) => Ok(0),
                Err(error) => Err(error.kind().into()),
            });
        }
        self.reads += 1;
        let count = self.octets.len().min(buf.len()).min(self.chunk);
        let (front, back) = self.octets.as_slices();
        let (front_len, back_len) = (front.len().min(count), count.saturating_sub(front.len()));
        buf[..front_len].copy_from_slice(&front[..front_len]);
        buf[front_len..count].copy_from_slice(&back[..back_len]);
        self.octets.drain(..count);
        wake(&mut self.writer);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        assert!(!self.is_shut_down, "written after shutdown");
        if self.pends(cx) {
            return Poll::Pending;
        }
        let mut room = self.capacity.saturating_sub(self.octets.len());
        if let Some((limit, end)) = self.write_end {
            let left = limit - self.written;
            if left == 0 {
                self.writes += 1;
                return Poll::Ready(match end {
                    WriteEnd::Error(kind) => Err(kind.into()),
                    WriteEnd::Zero => Ok(0),
                });
            }
            room = room.min(usize::try_from(left).unwrap_or(usize::MAX));
        }
        if room == 0 {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.writes += 1;
        let (max, mut count) = (room.min(self.chunk), 0);
        for buf in bufs {
            let taken = buf.len().min(max - count);
            self.octets.extend(&buf[..taken]);
            count += taken;
        }
        self.written += count as u64;
        wake(&mut self.reader);
        Poll::Ready(Ok(count))
    }

    fn begins(&mut self, cx: &Context<'_>) -> bool {
        self.has_begun = self.flush_begins && !self.has_begun;
        if self.has_begun {
            cx.waker().wake_by_ref();
        }
        self.has_begun
    }

    fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if self.block_flush {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if self.begins(cx) {
            return Poll::Pending;
        }
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if self.block_shutdown {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if self.begins(cx) {
            return Poll::Pending;
        }
        if let Some(kind) = self.shutdown_error {
            return Poll::Ready(Err(kind.into()));
        }
        self.is_shut_down = true;
        self.finish(Ok(()));
        Poll::Ready(Ok(()))
    }

    /// Readers are told this once they have read everything.
    pub fn finish(&mut self, end: io::Result<()>) {
        self.end.get_or_insert(end);
        wake(&mut self.reader);
    }

    /// Puts octets on it, as a writer would.
    pub fn feed(&mut self, octets: &[u8]) {
        self.octets.extend(octets);
        wake(&mut self.reader);
    }

    /// Takes everything off, as a reader would.
    pub fn take(&mut self) -> Vec<u8> {
        self.take_up_to(usize::MAX)
    }

    /// Takes up to `count` octets off.
    pub fn take_up_to(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.octets.len());
        wake(&mut self.writer);
        self.octets.drain(..count).collect()
    }

    /// Lets flushes and shutdowns go on, and writes up to a new capacity.
    pub fn unblock(&mut self, capacity: usize) {
        (self.block_flush, self.block_shutdown) = (false, false);
        self.capacity = capacity;
        wake(&mut self.writer);
    }
}

/// Without the octets.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("octets", &Octets(self.octets.len()))
            .field("capacity", &self.capacity)
            .field("chunk", &self.chunk)
            .field("end", &self.end)
            .field("is_shut_down", &self.is_shut_down)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// A [`Line`], shared by its users and the test.
#[derive(Clone, Debug)]
pub struct SharedLine(Arc<Mutex<Line>>);

impl SharedLine {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Line::new())))
    }

    /// The line. Let it go before anything is polled, which would wait for it for ever.
    pub fn get(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Time that passes when it is told to. Clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Rc<ClockState>);

#[derive(Debug, Default)]
struct ClockState {
    now: Cell<Duration>,
    /// The runtime does not come to look at its timers.
    late: Cell<bool>,
    /// The deadline and the waker of each sleeper.
    sleepers: RefCell<Vec<Option<(Timestamp, Waker)>>>,
}

impl Clock {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_origin(self.0.now.get())
    }

    /// Lets time pass, and has nobody woken before it is next [advanced](Self::advance): a runtime that
    /// does not come to look at its timers.
    pub fn advance_unnoticed(&self, by: Duration) {
        self.0.now.set(self.0.now.get() + by);
        self.0.late.set(true);
    }

    /// Lets time pass, and wakes whose time has come.
    pub fn advance(&self, by: Duration) {
        self.0.now.set(self.0.now.get() + by);
        self.0.late.set(false);
        for sleeper in &mut *self.0.sleepers.borrow_mut() {
            if let Some((_, waker)) = sleeper.take_if(|(deadline, _)| *deadline <= self.now()) {
                waker.wake();
            }
        }
    }

    /// Lets time pass up to the first deadline; `false` if there is none.
    pub fn advance_to_deadline(&self) -> bool {
        let sleepers = self.0.sleepers.borrow();
        let next = sleepers.iter().flatten().map(|(at, _)| *at).min();
        drop(sleepers);
        if let Some(at) = next {
            self.advance(at - self.now());
        }
        next.is_some()
    }
}

/// A [`pump::Clock`] that shows the time of a [`Clock`], and waits by it.
#[derive(Debug)]
pub struct Sleeper {
    clock: Clock,
    at: usize,
}

impl Clock {
    /// A clock for one connection. Each connection needs its own, as each waits for a deadline of its own.
    #[must_use]
    pub fn sleeper(&self) -> Sleeper {
        let mut sleepers = self.0.sleepers.borrow_mut();
        sleepers.push(None);
        Sleeper {
            clock: self.clone(),
            at: sleepers.len() - 1,
        }
    }
}

impl pump::Clock for Sleeper {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        let mut sleepers = self.clock.0.sleepers.borrow_mut();
        if deadline <= self.clock.now() && !self.clock.0.late.get() {
            sleepers[self.at] = None;
            return Poll::Ready(());
        }
        sleepers[self.at] = Some((deadline, cx.waker().clone()));
        Poll::Pending
    }

    fn forget_sleep(&mut self) {
        self.clock.0.sleepers.borrow_mut()[self.at] = None;
    }
}

/// One end of a byte pipe: a [`Socket`] that reads from one line and writes to another.
///
/// Dropping it is seen to, as with TCP: the other end reads an end, and cannot write.
///
/// ```
/// use core::future::poll_fn;
/// use wsstream_core::handshake::Negotiated;
/// use wsstream_core::pump::Upgraded;
/// use wsstream_core::test_kit::{Clock, Pipe, run_all};
/// use wsstream_core::{ConnectionConfig, Seed};
///
/// // A pipe that holds 7 octets, moves 3 in a call, and has every second call come again.
/// let clock = Clock::default();
/// let (near, far) = Pipe::pair(true);
/// let line = near.output.clone();
/// (line.get().capacity, line.get().chunk, line.get().pend_every) = (7, 3, 2);
///
/// let client = Negotiated::nothing(ConnectionConfig::new(), Some(Seed::new([7; 32])));
/// let client = Upgraded::new(near, clock.sleeper(), client, Vec::new());
/// let server = Negotiated::nothing(ConnectionConfig::new(), None);
/// let server = Upgraded::new(far, clock.sleeper(), server, Vec::new());
/// let (mut client, mut server) = (client.into_stream(), server.into_stream());
/// run_all(vec![
///     Box::pin(async move {
///         assert_eq!(poll_fn(|cx| client.poll_write(cx, b"hello")).await.unwrap(), 5);
///         poll_fn(|cx| client.poll_shutdown(cx)).await.unwrap();
///     }),
///     Box::pin(async move {
///         let (mut received, mut out) = (Vec::new(), [0; 16]);
///         while let count @ 1.. = poll_fn(|cx| server.poll_read(cx, &mut out)).await.unwrap() {
///             received.extend_from_slice(&out[..count]);
///         }
///         assert_eq!(received, b"hello");
///     }),
/// ]);
/// assert!(line.get().writes > 1);
/// ```
#[derive(Debug)]
pub struct Pipe {
    /// What it reads from.
    pub input: SharedLine,
    /// What it writes to.
    pub output: SharedLine,
    vectored: bool,
}

impl Pipe {
    /// Both ends of a pipe, which behaves well until it is told otherwise. `vectored` says whether it
    /// writes several slices in one call.
    #[must_use]
    pub fn pair(vectored: bool) -> (Self, Self) {
        let (there, back) = (SharedLine::new(), SharedLine::new());
        let new = |input: &SharedLine, output: &SharedLine| Self {
            input: input.clone(),
            output: output.clone(),
            vectored,
        };
        (new(&back, &there), new(&there, &back))
    }
}

/// As with TCP, the other end sees an end, or a reset.
impl Drop for Pipe {
    fn drop(&mut self) {
        let mut output = self.output.get();
        let is_aborted = output.is_aborted;
        output.finish(match is_aborted {
            true => Err(ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        });
        drop(output);
        let mut input = self.input.get();
        let written = input.written;
        let broken = WriteEnd::Error(ErrorKind::BrokenPipe);
        input.write_end.get_or_insert((written, broken));
        wake(&mut input.writer);
    }
}

impl Socket for Pipe {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.input.get().poll_read(cx, buf)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        assert!(self.vectored || bufs.len() == 1);
        self.output.get().poll_write(cx, bufs)
    }

    fn taken(&self) -> Option<Taken> {
        let line = self.output.get();
        let taken = Taken {
            octets: line.written - line.octets.len() as u64,
            all: line.octets.is_empty(),
        };
        line.tells_taken.then_some(taken)
    }

    fn has_hung_up(&self) -> bool {
        self.input.get().has_hung_up
    }

    fn abort_on_drop(&mut self, abort: bool) {
        self.output.get().is_aborted = abort;
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.output.get().poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.output.get().poll_shutdown(cx)
    }
}
