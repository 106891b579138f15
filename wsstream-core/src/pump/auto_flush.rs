//! A socket that flushes by itself, over one that does not, such as TLS.

use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};

use super::wakers::Task;
use super::wire::Wire;
use super::{Clock, Permit, Socket, Taken};
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
}

impl<S: Socket> AutoFlush<S> {
    /// Wraps a socket.
    pub fn new(socket: S) -> Self {
        let wire = Wire::new(socket, Timeless);
        Self { wire }
    }

    /// Keeps a listener's permit until the socket is dropped. Once the listener cuts its connections off, reads and
    /// writes fail with [`StreamError::ShutDown`](crate::StreamError::ShutDown) inside, and the drop
    /// [aborts](Socket::abort) a socket that was not shut down.
    pub fn set_permit(&mut self, permit: Permit) {
        self.wire.set_permit(permit);
    }

    /// Returns the socket. What it buffers stays in it. A permit is dropped.
    pub fn into_socket(mut self) -> S {
        self.wire.take_socket()
    }

    /// The socket.
    pub const fn socket(&self) -> &S {
        self.wire.socket()
    }

    /// The socket, to change its settings. Do not read from it or write to it.
    pub const fn socket_mut(&mut self) -> &mut S {
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

    fn abort(&mut self) {
        self.wire.socket_mut().abort();
    }

    /// Sends what the socket still buffers.
    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        self.send_rest(cx, Task::Driver);
    }
}

/// A cut is no end: the peer has to see the difference if the listener has cut the socket off while it was written.
impl<S: Socket> Drop for AutoFlush<S> {
    fn drop(&mut self) {
        if self.wire.has_socket() && !self.wire.is_shut_down() && self.wire.check_permit().is_err()
        {
            self.wire.socket_mut().abort();
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
    use super::*;
    use crate::pump::{Permits, Phase};
    use crate::test_kit::{Pipe, Task};

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
        drop(stream.into_socket());
        assert_eq!(permits.taken(), 0);
    }
}
