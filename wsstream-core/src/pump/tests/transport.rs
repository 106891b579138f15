//! A transport in memory that does as it is told.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell, RefMut};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{self, ErrorKind, IoSlice};

use crate::Timestamp;
use crate::pump::{Timer, Transport};

/// What the writer is told once enough octets were written.
#[derive(Clone, Copy, Debug)]
pub(super) enum WriteEnd {
    Error(ErrorKind),
    Zero,
}

/// One direction: what was written and not read, and how both ends of it behave.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) octets: VecDeque<u8>,
    /// How much may lie here before writers have to wait.
    pub(super) capacity: usize,
    /// The most octets that move in one call.
    pub(super) chunk: usize,
    /// One call in so many is told to come again, at no regular distance: else a caller that makes as many
    /// calls a turn could meet it with the same one forever. 0 for none.
    pub(super) pend_every: usize,
    /// What readers are told when everything was read.
    pub(super) end: Option<io::Result<()>>,
    pub(super) write_end: Option<(u64, WriteEnd)>,
    pub(super) block_flush: bool,
    pub(super) block_shutdown: bool,
    pub(super) shutdown_error: Option<ErrorKind>,
    pub(super) is_shut_down: bool,
    /// How many calls were made that moved octets, or were told of an end; and flushes.
    pub(super) reads: usize,
    pub(super) writes: usize,
    pub(super) flushes: usize,
    pub(super) written: u64,
    calls: usize,
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
            block_flush: false,
            block_shutdown: false,
            shutdown_error: None,
            is_shut_down: false,
            reads: 0,
            writes: 0,
            flushes: 0,
            written: 0,
            calls: 0,
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
            room = room.min(usize::try_from(left).unwrap());
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

    fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if self.block_flush {
            self.writer = Some(cx.waker().clone());
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
        if let Some(kind) = self.shutdown_error {
            return Poll::Ready(Err(kind.into()));
        }
        self.is_shut_down = true;
        self.finish(Ok(()));
        Poll::Ready(Ok(()))
    }

    /// Readers are told this once they have read everything.
    pub(super) fn finish(&mut self, end: io::Result<()>) {
        self.end.get_or_insert(end);
        wake(&mut self.reader);
    }

    pub(super) fn feed(&mut self, octets: &[u8]) {
        self.octets.extend(octets);
        wake(&mut self.reader);
    }

    /// Takes everything off.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.take_up_to(usize::MAX)
    }

    pub(super) fn take_up_to(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.octets.len());
        wake(&mut self.writer);
        self.octets.drain(..count).collect()
    }

    /// Lets flushes and shutdowns go on, and writes up to a new capacity.
    pub(super) fn unblock(&mut self, capacity: usize) {
        (self.block_flush, self.block_shutdown) = (false, false);
        self.capacity = capacity;
        wake(&mut self.writer);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// A line, for both who use it and the test.
#[derive(Clone, Debug)]
pub(super) struct SharedLine(Rc<RefCell<Line>>);

impl SharedLine {
    fn new() -> Self {
        Self(Rc::new(RefCell::new(Line::new())))
    }

    pub(super) fn get(&self) -> RefMut<'_, Line> {
        self.0.borrow_mut()
    }
}

/// Time that passes when it is told to.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Rc<ClockState>);

#[derive(Debug, Default)]
struct ClockState {
    now: Cell<Duration>,
    /// The runtime does not come to look at its timers.
    late: Cell<bool>,
    /// One for each transport.
    sleepers: RefCell<Vec<Option<(Timestamp, Waker)>>>,
}

impl Clock {
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_origin(self.0.now.get())
    }

    /// Lets time pass without the runtime noticing.
    pub(super) fn advance_unnoticed(&self, by: Duration) {
        self.0.now.set(self.0.now.get() + by);
        self.0.late.set(true);
    }

    /// Lets time pass, and wakes whose time has come.
    pub(super) fn advance(&self, by: Duration) {
        self.0.now.set(self.0.now.get() + by);
        self.0.late.set(false);
        for sleeper in &mut *self.0.sleepers.borrow_mut() {
            if let Some((_, waker)) = sleeper.take_if(|(deadline, _)| *deadline <= self.now()) {
                waker.wake();
            }
        }
    }

    /// Lets time pass up to the first deadline; `false` if there is none.
    pub(super) fn advance_to_deadline(&self) -> bool {
        let sleepers = self.0.sleepers.borrow();
        let next = sleepers.iter().flatten().map(|(at, _)| *at).min();
        drop(sleepers);
        if let Some(at) = next {
            self.advance(at - self.now());
        }
        next.is_some()
    }
}

/// One who waits for the time, and has no transport.
#[derive(Debug)]
pub(super) struct Sleeper {
    clock: Clock,
    at: usize,
}

impl Clock {
    pub(super) fn sleeper(&self) -> Sleeper {
        let mut sleepers = self.0.sleepers.borrow_mut();
        sleepers.push(None);
        Sleeper {
            clock: self.clone(),
            at: sleepers.len() - 1,
        }
    }
}

impl Timer for Sleeper {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        let mut sleepers = self.clock.0.sleepers.borrow_mut();
        sleepers[self.at] = None;
        if deadline <= self.clock.now() {
            return Poll::Ready(());
        }
        sleepers[self.at] = Some((deadline, cx.waker().clone()));
        Poll::Pending
    }
}

/// A transport: it reads from one line and writes to another.
#[derive(Debug)]
pub(super) struct Mock {
    pub(super) input: SharedLine,
    pub(super) output: SharedLine,
    vectored: bool,
    clock: Clock,
    sleeper: usize,
}

impl Mock {
    /// Both ends of a byte pipe.
    pub(super) fn pair(clock: &Clock, vectored: bool) -> (Self, Self) {
        let (there, back) = (SharedLine::new(), SharedLine::new());
        let new = |input: &SharedLine, output: &SharedLine| {
            let mut sleepers = clock.0.sleepers.borrow_mut();
            sleepers.push(None);
            Self {
                input: input.clone(),
                output: output.clone(),
                vectored,
                clock: clock.clone(),
                sleeper: sleepers.len() - 1,
            }
        };
        (new(&back, &there), new(&there, &back))
    }
}

/// As TCP: who goes away is seen to.
impl Drop for Mock {
    fn drop(&mut self) {
        self.output.get().finish(Ok(()));
        let mut input = self.input.get();
        let written = input.written;
        let broken = WriteEnd::Error(ErrorKind::BrokenPipe);
        input.write_end.get_or_insert((written, broken));
        wake(&mut input.writer);
    }
}

impl Transport for Mock {
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

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.output.get().poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.output.get().poll_shutdown(cx)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        let mut sleepers = self.clock.0.sleepers.borrow_mut();
        if deadline <= self.clock.now() && !self.clock.0.late.get() {
            sleepers[self.sleeper] = None;
            return Poll::Ready(());
        }
        sleepers[self.sleeper] = Some((deadline, cx.waker().clone()));
        Poll::Pending
    }

    fn forget_sleep(&mut self) {
        self.clock.0.sleepers.borrow_mut()[self.sleeper] = None;
    }
}
