//! A socket that flushes by itself, over one that does not, such as TLS.

use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};

use super::engine::READS_PER_POLL;
use super::hold::{Held, Hold, PROGRESS};
use super::wakers::Task;
use super::wire::Wire;
use super::{Clock, Permit, Socket, Taken, pool};
use crate::time::Timestamp;

/// A socket whose writes leave without a flush, as those of TCP do.
///
/// TLS may accept more octets than the socket below it, and send the rest only with the next write or flush. An
/// application that writes, and then waits for an answer without flushing, could wait forever. `AutoFlush` sends the
/// rest whenever it is polled, for reading or for writing, even from different tasks. A [`Stream`](super::Stream) does
/// so itself and needs no `AutoFlush`.
#[derive(Debug)]
pub struct AutoFlush<S: Socket> {
    wire: Wire<S, Timeless>,
    /// Starts a task for what it had accepted when it was dropped.
    spawn: Option<fn(Self)>,
    /// See [`Socket::abort_on_drop`].
    aborts: bool,
}

impl<S: Socket> AutoFlush<S> {
    /// Wraps a socket.
    pub fn new(socket: S) -> Self {
        let wire = Wire::new(socket, Timeless);
        let (spawn, aborts) = (None, false);
        Self {
            wire,
            spawn,
            aborts,
        }
    }

    /// Delivers what the socket had accepted when it is dropped: `spawn` starts a task for
    /// [`deliver`](Self::deliver). Without this, what the socket holds back is lost, and what is in transit may be.
    #[must_use]
    pub const fn deliver_by(mut self, spawn: fn(Self)) -> Self {
        self.spawn = Some(spawn);
        self
    }

    /// Sends what the socket holds back, discards what arrives, and is ready once the peer's system has acknowledged
    /// everything, as far as the socket can tell. It gives up when nothing is acknowledged for 60 seconds.
    pub async fn deliver(mut self, mut clock: impl Clock) {
        let mut hold = Hold::default();
        poll_fn(|cx| self.poll_delivered(&mut hold, &mut clock, cx)).await;
    }

    fn poll_delivered(
        &mut self,
        hold: &mut Hold,
        clock: &mut impl Clock,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        self.wire.register(Task::Driver, cx);
        let mut discarded = pool::take();
        let mut is_drained = false;
        for _ in 0..READS_PER_POLL {
            match self.wire.poll_read(&mut discarded) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(0)) | Poll::Pending => {
                    is_drained = true;
                    break;
                }
            }
        }
        pool::give(discarded);
        let flushed = self.wire.poll_flush();
        if matches!(flushed, Poll::Ready(Err(_))) {
            return Poll::Ready(());
        }
        let Taken { octets, all } = self.wire.taken().unwrap_or(Taken {
            octets: 0,
            all: true,
        });
        let all = all && flushed.is_ready();
        match hold.ask(Taken { octets, all }, clock.now(), PROGRESS) {
            Held::Taken | Held::GivenUp => return Poll::Ready(()),
            Held::AskAt(_) if !is_drained => {}
            Held::AskAt(at) => ready!(clock.poll_sleep(cx, at)),
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Keeps a listener's permit until the socket is dropped. Once the listener cuts its connections off, reads and
    /// writes fail with [`StreamError::ShutDown`](crate::StreamError::ShutDown) inside, and the drop
    /// [aborts](Socket::abort_on_drop) a socket that was not shut down.
    pub fn set_permit(&mut self, permit: Permit) {
        self.wire.set_permit(permit);
    }

    /// Returns the socket. What it buffers stays in it. A permit is dropped.
    pub fn into_inner(mut self) -> S {
        self.wire.take_socket()
    }

    /// The socket.
    pub const fn get_ref(&self) -> &S {
        self.wire.socket()
    }

    /// The socket, to change its settings. Do not read from it or write to it.
    pub const fn get_mut(&mut self) -> &mut S {
        self.wire.socket_mut()
    }

    fn send_rest(&mut self, cx: &Context<'_>, task: Task) {
        self.wire.register(task, cx);
        // The next write reports a failure.
        let _ = self.wire.poll_flush();
    }
}

impl<S: Socket> Socket for AutoFlush<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.send_rest(cx, Task::Reader);
        // A layer above knows whether that is worth a call, and may ask before the runtime tells.
        self.wire.retry_read();
        self.wire.poll_read(buf)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        self.wire.register(Task::Writer, cx);
        let written = ready!(self.wire.poll_write(bufs))?;
        // The octets are accepted. The next call reports a failure to send them.
        let _ = self.wire.poll_flush();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.register(Task::Writer, cx);
        self.wire.poll_flush()
    }

    /// Succeeds if the direction has ended already, but not if the listener has cut the socket off.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(cx))?;
        self.wire.check_permit()?;
        self.wire.poll_shutdown().map(Ok)
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wire.register(Task::Writer, cx);
        self.wire.poll_retry_write(bufs)
    }

    fn taken(&self) -> Option<Taken> {
        self.wire.taken()
    }

    fn has_hung_up(&self) -> bool {
        self.wire.socket().has_hung_up()
    }

    fn cut_off(&self) -> Option<io::Error> {
        self.wire.check_permit().err()
    }

    /// Then nothing is delivered after the drop.
    fn abort_on_drop(&mut self, abort: bool) {
        self.aborts = abort;
        self.wire.socket_mut().abort_on_drop(abort);
    }

    /// Sends what the socket still buffers.
    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        self.send_rest(cx, Task::Driver);
    }
}

/// A cut is no end: the peer has to see the difference if the listener has cut the socket off while it was written.
impl<S: Socket> Drop for AutoFlush<S> {
    fn drop(&mut self) {
        if !self.wire.has_socket() {
            return;
        }
        if self.wire.check_permit().is_err() {
            if !self.wire.is_shut_down() {
                self.wire.socket_mut().abort_on_drop(true);
            }
            return;
        }
        let Some(spawn) = self.spawn.take().filter(|_| !self.aborts) else {
            return;
        };
        let is_left = match self.wire.poll_flush() {
            Poll::Pending => true,
            Poll::Ready(flushed) => {
                flushed.is_ok() && self.wire.taken().is_some_and(|taken| !taken.all)
            }
        };
        if is_left {
            spawn(Self {
                wire: self.wire.take(),
                spawn: None,
                aborts: false,
            });
        }
    }
}

/// The clock for flushing, which has no timers.
#[derive(Debug)]
struct Timeless;

impl Clock for Timeless {
    fn now(&self) -> Timestamp {
        Timestamp::ORIGIN
    }

    fn poll_sleep(&mut self, _: &mut Context<'_>, _: Timestamp) -> Poll<()> {
        Poll::Pending
    }

    fn forget_sleep(&mut self) {}
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::cell::RefCell;
    use core::future::Future as _;
    use core::pin::pin;
    use core::time::Duration;

    use super::*;
    use crate::pump::{Permits, Phase};
    use crate::test_kit::{self, Pipe, Task};

    /// The reader and the writer may be different tasks, and neither is polled by itself.
    #[test]
    fn what_is_held_back_leaves_when_it_can_whoever_is_polled() {
        for drives in [false, true] {
            let (near, _far) = Pipe::pair(true);
            let output = near.output.clone();
            let mut stream = AutoFlush::new(near);
            let (reader, writer) = (Task::new(), Task::new());
            assert!(reader.is_woken() && writer.is_woken());
            let poll = |stream: &mut AutoFlush<Pipe>| match drives {
                true => stream.poll_drive(&mut reader.cx()),
                false => assert!(stream.poll_read(&mut reader.cx(), &mut [0; 9]).is_pending()),
            };
            output.get().block_flush = true;
            poll(&mut stream);
            let written = stream.poll_write(&mut writer.cx(), &[IoSlice::new(b"hello")]);
            assert!(matches!(written, Poll::Ready(Ok(5))));
            assert!(stream.poll_flush(&mut writer.cx()).is_pending());
            assert!(!reader.is_woken());
            output.get().unblock(100);
            assert!(reader.is_woken() && writer.is_woken());
            assert_eq!(output.get().flushes, 0);
            poll(&mut stream);
            assert_eq!(output.get().flushes, 1);
            assert!(stream.poll_flush(&mut writer.cx()).is_ready());
            assert_eq!(output.get().flushes, 1);
        }
    }

    std::thread_local! {
        static SPAWNED: RefCell<Vec<AutoFlush<Pipe>>> = const { RefCell::new(Vec::new()) };
    }

    #[test]
    fn what_was_accepted_is_delivered_after_the_drop() {
        // Whether the socket holds something back, whether its peer has taken all, and whether it is aborted.
        for (holds, takes, aborts, is_left) in [
            (false, true, false, false),
            (false, false, false, true),
            (true, true, false, true),
            (true, false, false, true),
            (true, false, true, false),
        ] {
            let (near, mut far) = Pipe::pair(true);
            let (input, output) = (near.input.clone(), near.output.clone());
            output.get().tells_taken = true;
            output.get().block_flush = holds;
            let spawn = |dropped| SPAWNED.with_borrow_mut(|spawned| spawned.push(dropped));
            let mut stream = AutoFlush::new(near).deliver_by(spawn);
            let (clock, task) = (test_kit::Clock::default(), Task::new());
            let cx = &mut task.cx();
            assert!(stream.poll_write(cx, &[IoSlice::new(b"hello")]).is_ready());
            if takes {
                output.get().take();
            }
            if aborts {
                stream.abort_on_drop(true);
            }
            drop(stream);
            let Some(dropped) = SPAWNED.take().pop() else {
                assert!(!is_left);
                continue;
            };
            assert!(is_left);
            let mut delivering = pin!(dropped.deliver(clock.sleeper()));
            for _ in 0..10 {
                // Unread octets would make the system reset the connection.
                assert!(far.poll_write(cx, &[IoSlice::new(&[7; 1000])]).is_ready());
                assert!(delivering.as_mut().poll(cx).is_pending());
                clock.advance(Duration::from_secs(5));
            }
            output.get().unblock(100);
            output.get().take();
            clock.advance(Duration::from_secs(1));
            assert!(delivering.as_mut().poll(cx).is_ready());
            assert!(input.get().octets.is_empty());
            assert_eq!(output.get().flushes, 1);
        }
    }

    #[test]
    fn a_peer_that_takes_nothing_is_given_up() {
        let (near, _far) = Pipe::pair(true);
        near.output.get().tells_taken = true;
        let mut stream = AutoFlush::new(near);
        let (clock, task) = (test_kit::Clock::default(), Task::new());
        let cx = &mut task.cx();
        assert!(stream.poll_write(cx, &[IoSlice::new(b"hello")]).is_ready());
        let mut delivering = pin!(stream.deliver(clock.sleeper()));
        for _ in 0..60 {
            assert!(delivering.as_mut().poll(cx).is_pending());
            clock.advance(Duration::from_secs(1));
        }
        assert!(delivering.as_mut().poll(cx).is_ready());
    }

    #[test]
    fn a_write_of_nothing_and_an_end_after_all_that_was_written() {
        let (near, _far) = Pipe::pair(true);
        let output = near.output.clone();
        let (mut stream, task) = (AutoFlush::new(near), Task::new());
        let nothing = stream.poll_write(&mut task.cx(), &[IoSlice::new(b"")]);
        assert!(matches!(nothing, Poll::Ready(Ok(0))));
        assert_eq!(output.get().writes, 0);
        output.get().block_flush = true;
        let written = stream.poll_write(&mut task.cx(), &[IoSlice::new(b"hello")]);
        assert!(written.is_ready());
        assert!(stream.poll_shutdown(&mut task.cx()).is_pending());
        assert!(!output.get().is_shut_down);
        output.get().unblock(100);
        assert!(matches!(
            stream.poll_shutdown(&mut task.cx()),
            Poll::Ready(Ok(()))
        ));
        assert!(output.get().is_shut_down);
    }

    #[test]
    fn what_the_listener_has_cut_off_fails_whatever_is_asked() {
        let permits = Permits::new();
        let (near, far) = Pipe::pair(true);
        let (mut stream, task) = (AutoFlush::new(near), Task::new());
        stream.set_permit(permits.issue());
        let cx = &mut task.cx();
        assert!(stream.poll_read(cx, &mut [0; 9]).is_pending());
        far.output.get().feed(b"more");
        permits.enter(Phase::Finishing);
        permits.close_part(1, 1);
        assert!(matches!(
            stream.poll_read(cx, &mut [0; 9]),
            Poll::Ready(Ok(4))
        ));
        assert!(matches!(
            stream.poll_write(cx, &[IoSlice::new(b"x")]),
            Poll::Ready(Ok(1))
        ));
        assert!(stream.poll_read(cx, &mut [0; 9]).is_pending());
        task.is_woken();
        permits.enter(Phase::Over);
        assert!(task.is_woken());
        far.output.get().feed(b"too late");
        assert!(matches!(
            stream.poll_read(cx, &mut [0; 9]),
            Poll::Ready(Err(_))
        ));
        assert!(matches!(
            stream.poll_write(cx, &[IoSlice::new(b"x")]),
            Poll::Ready(Err(_))
        ));
        assert!(matches!(stream.poll_shutdown(cx), Poll::Ready(Err(_))));
        assert_eq!(permits.taken(), 1);
        drop(stream.into_inner());
        assert_eq!(permits.taken(), 0);
    }
}
