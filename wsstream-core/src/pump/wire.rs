//! The socket, its clock, and what is known about their readiness.

use alloc::sync::Arc;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};

use super::permit::{Permit, Phase};
use super::wakers::{Direction, Task, Tasks};
use super::{Clock, Socket, Taken};
use crate::error::StreamError;
use crate::time::Timestamp;

#[derive(Debug)]
pub(super) struct Wire<S, C> {
    /// `None` once they are taken away.
    below: Option<Below<S, C>>,
    tasks: Arc<Tasks>,
    reading: Direction,
    writing: Direction,
    /// Whether anything was written since the last flush.
    needs_flush: bool,
    is_shut_down: bool,
    /// The permit of the listener that accepted the socket.
    permit: Option<Permit>,
}

#[derive(Debug)]
struct Below<S, C> {
    socket: S,
    clock: C,
}

impl<S: Socket, C: Clock> Wire<S, C> {
    pub(super) fn new(socket: S, clock: C) -> Self {
        let tasks = Arc::new(Tasks::default());
        Self {
            below: Some(Below { socket, clock }),
            reading: Direction::new(&tasks),
            writing: Direction::new(&tasks),
            tasks,
            needs_flush: false,
            is_shut_down: false,
            permit: None,
        }
    }

    /// Moves everything to a new wire, with the tasks that wait. This one must not be used any more.
    pub(super) fn take(&mut self) -> Self {
        Self {
            below: self.below.take(),
            reading: self.reading.clone(),
            writing: self.writing.clone(),
            tasks: Arc::clone(&self.tasks),
            needs_flush: self.needs_flush,
            is_shut_down: self.is_shut_down,
            permit: self.permit.take(),
        }
    }

    /// Keeps a listener's permit, and obeys its shutdown.
    pub(super) fn set_permit(&mut self, permit: Permit) {
        permit.attach(&self.tasks);
        self.permit = Some(permit);
    }

    /// Whether a listener accepted the socket.
    pub(super) const fn is_from_listener(&self) -> bool {
        self.permit.is_some()
    }

    /// How far the shutdown of the listener has come.
    pub(super) fn phase(&self) -> Phase {
        self.permit.as_ref().map_or(Phase::Serving, Permit::phase)
    }

    /// Fails if the listener has cut the connection off.
    pub(super) fn check_permit(&self) -> io::Result<()> {
        check_permit(&self.permit)
    }

    /// Whether the socket is still here.
    pub(super) const fn has_socket(&self) -> bool {
        self.below.is_some()
    }

    pub(super) const fn socket(&self) -> &S {
        &self.below().socket
    }

    pub(super) const fn socket_mut(&mut self) -> &mut S {
        &mut self.below_mut().socket
    }

    /// Takes the socket. The caller must not use the wire any more.
    #[expect(clippy::expect_used, reason = "what takes it leaves no wire in use")]
    pub(super) fn take_socket(&mut self) -> S {
        self.below.take().expect(GONE).socket
    }

    #[expect(clippy::expect_used, reason = "what takes it leaves no wire in use")]
    const fn below(&self) -> &Below<S, C> {
        self.below.as_ref().expect(GONE)
    }

    #[expect(clippy::expect_used, reason = "what takes it leaves no wire in use")]
    const fn below_mut(&mut self) -> &mut Below<S, C> {
        self.below.as_mut().expect(GONE)
    }

    /// Registers the task, to be woken when the socket may be ready to read or to write.
    pub(super) fn register(&self, task: Task, cx: &Context<'_>) {
        self.tasks.register(task, cx.waker());
    }

    /// Wakes all registered tasks.
    pub(super) fn wake(&self) {
        self.tasks.wake();
    }

    /// Whether the socket may have something to read.
    pub(super) fn may_read(&self) -> bool {
        self.reading.is_promising()
    }

    /// Makes the next read ask the socket, although it has not reported octets.
    pub(super) const fn retry_read(&mut self) {
        self.reading.set_blocked(false);
    }

    /// Whether the socket may have room to write.
    pub(super) fn may_write(&self) -> bool {
        self.writing.is_promising()
    }

    pub(super) fn poll_read(&mut self, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        try_io(
            &mut self.below,
            &self.permit,
            &mut self.reading,
            |socket, cx| socket.poll_read(cx, buf),
        )
    }

    /// See [`Socket::is_write_vectored`].
    pub(super) fn is_write_vectored(&self) -> bool {
        self.socket().is_write_vectored()
    }

    /// Writes at least one octet, or fails.
    pub(super) fn poll_write(&mut self, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = ready!(try_io(
            &mut self.below,
            &self.permit,
            &mut self.writing,
            |socket, cx| { socket.poll_write(cx, bufs) }
        ))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.needs_flush = true;
        Poll::Ready(Ok(written))
    }

    /// Tries to write although the socket has not reported room: see [`Socket::poll_retry_write`].
    pub(super) fn poll_retry_write(&mut self, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.writing.set_blocked(false);
        let written = ready!(try_io(
            &mut self.below,
            &self.permit,
            &mut self.writing,
            |socket, cx| { socket.poll_retry_write(cx, bufs) }
        ))?;
        self.needs_flush |= written > 0;
        Poll::Ready(Ok(written))
    }

    /// See [`Socket::taken`].
    pub(super) fn taken(&self) -> Option<Taken> {
        self.socket().taken()
    }

    /// See [`Clock::poll_proceed`].
    pub(super) fn poll_proceed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.below_mut().clock.poll_proceed(cx)
    }

    /// Flushes if anything was written: a TLS layer may buffer it.
    pub(super) fn poll_flush(&mut self) -> Poll<io::Result<()>> {
        if self.needs_flush {
            ready!(try_io(
                &mut self.below,
                &self.permit,
                &mut self.writing,
                |socket, cx| { socket.poll_flush(cx) }
            ))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether the write direction has ended.
    pub(super) const fn is_shut_down(&self) -> bool {
        self.is_shut_down
    }

    /// Ends the write direction, once. A failure means that the socket has ended already, and is ignored: everything
    /// was flushed before.
    pub(super) fn poll_shutdown(&mut self) -> Poll<()> {
        if !self.is_shut_down {
            let _ = ready!(try_io(
                &mut self.below,
                &self.permit,
                &mut self.writing,
                |socket, cx| { socket.poll_shutdown(cx) }
            ));
            self.is_shut_down = true;
        }
        Poll::Ready(())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.below().clock.now()
    }

    /// Waits until the deadline, which wakes all registered tasks.
    pub(super) fn poll_sleep(&mut self, deadline: Timestamp) -> Poll<()> {
        let Some(below) = &mut self.below else {
            return Poll::Pending;
        };
        let mut cx = Context::from_waker(self.writing.waker());
        below.clock.poll_sleep(&mut cx, deadline)
    }

    /// Cancels the timer.
    pub(super) fn forget_sleep(&mut self) {
        self.below_mut().clock.forget_sleep();
    }
}

/// Polls the socket, unless it is known to be blocked. Fails if the listener has cut the connection off.
fn try_io<S, C, R>(
    below: &mut Option<Below<S, C>>,
    permit: &Option<Permit>,
    direction: &mut Direction,
    io: impl FnOnce(&mut S, &mut Context<'_>) -> Poll<io::Result<R>>,
) -> Poll<io::Result<R>> {
    let Some(Below { socket, .. }) = below else {
        return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
    };
    check_permit(permit)?;
    if !direction.is_promising() {
        return Poll::Pending;
    }
    direction.begin();
    let result = io(socket, &mut Context::from_waker(direction.waker()));
    direction.set_blocked(result.is_pending());
    result
}

fn check_permit(permit: &Option<Permit>) -> io::Result<()> {
    match permit.as_ref().map(Permit::phase) {
        Some(Phase::Over) => Err(StreamError::ShutDown.into()),
        _ => Ok(()),
    }
}

/// The socket is in an `Option` because a type with a `Drop` cannot be taken apart.
const GONE: &str = "a wire has its socket until it is taken";
