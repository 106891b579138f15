//! A transport that holds nothing back, made of one that does, such as TLS.

use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};

use super::Transport;
use super::wakers::Task;
use super::wire::Wire;

/// A transport whose writes leave without a flush, as those of TCP do.
///
/// TLS takes more than the socket does, and sends the rest with the next write or flush: who has written
/// and waits for an answer would wait for ever. Here it leaves when either half is polled, and both may be
/// in tasks of their own. A [`Stream`](super::Stream) does the same for itself.
#[derive(Debug)]
pub struct Prompt<T> {
    wire: Wire<T>,
}

impl<T: Transport> Prompt<T> {
    /// Over this transport.
    pub fn new(transport: T) -> Self {
        let wire = Wire::new(transport);
        Self { wire }
    }

    /// The transport.
    pub const fn transport(&self) -> &T {
        self.wire.transport()
    }

    /// The transport, to be polled by nobody else.
    pub const fn transport_mut(&mut self) -> &mut T {
        self.wire.transport_mut()
    }

    /// Reads; 0 octets are the end.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub fn poll_read(&mut self, cx: &Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.drive(cx, Task::Reader);
        self.wire.poll_read(buf)
    }

    /// Sends what is held back, without taking data.
    pub fn poll_drive(&mut self, cx: &Context<'_>) {
        self.drive(cx, Task::Driver);
    }

    fn drive(&mut self, cx: &Context<'_>, task: Task) {
        self.wire.register(task, cx);
        // How that fails is told to who writes.
        let _ = self.wire.poll_flush();
    }

    /// Writes from the front of `bufs`.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub fn poll_write(
        &mut self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        self.wire.register(Task::Writer, cx);
        let written = ready!(self.wire.poll_write(bufs))?;
        // It is taken. What keeps it from leaving is known to the next call.
        let _ = self.wire.poll_flush();
        Poll::Ready(Ok(written))
    }

    /// Writes past the runtime's readiness: see [`Transport::poll_retry_write`].
    ///
    /// # Errors
    ///
    /// The transport's.
    pub fn poll_retry_write(
        &mut self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wire.register(Task::Writer, cx);
        self.wire.poll_retry_write(bufs)
    }

    /// Whether several slices are written in one call.
    pub fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    /// Waits until what was written has left.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.wire.register(Task::Writer, cx);
        self.wire.poll_flush()
    }

    /// Ends the direction that is written, after all that was. Where that has ended already it is as good.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub fn poll_shutdown(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(cx))?;
        self.wire.poll_shutdown().map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_kit::{Clock, Pipe, Task};

    /// Who reads may not be who wrote, and is not polled by itself.
    #[test]
    fn what_is_held_back_leaves_when_it_can_whoever_is_polled() {
        for drives in [false, true] {
            let (near, _far) = Pipe::pair(&Clock::default(), true);
            let output = near.output.clone();
            let mut prompt = Prompt::new(near);
            let (reader, writer) = (Task::new(), Task::new());
            assert!(reader.is_woken() && writer.is_woken());
            let poll = |prompt: &mut Prompt<Pipe>| match drives {
                true => prompt.poll_drive(&reader.cx()),
                false => assert!(prompt.poll_read(&reader.cx(), &mut [0; 9]).is_pending()),
            };
            output.get().block_flush = true;
            poll(&mut prompt);
            let written = prompt.poll_write(&writer.cx(), &[IoSlice::new(b"hello")]);
            assert!(matches!(written, Poll::Ready(Ok(5))));
            assert!(prompt.poll_flush(&writer.cx()).is_pending());
            assert!(!reader.is_woken());
            output.get().unblock(100);
            assert!(reader.is_woken() && writer.is_woken());
            assert_eq!(output.get().flushes, 0);
            poll(&mut prompt);
            assert_eq!(output.get().flushes, 1);
            assert!(prompt.poll_flush(&writer.cx()).is_ready());
            assert_eq!(output.get().flushes, 1);
        }
    }

    #[test]
    fn a_write_of_nothing_and_an_end_after_all_that_was_written() {
        let (near, _far) = Pipe::pair(&Clock::default(), true);
        let output = near.output.clone();
        let (mut prompt, task) = (Prompt::new(near), Task::new());
        let nothing = prompt.poll_write(&task.cx(), &[IoSlice::new(b"")]);
        assert!(matches!(nothing, Poll::Ready(Ok(0))));
        assert_eq!(output.get().writes, 0);
        output.get().block_flush = true;
        let written = prompt.poll_write(&task.cx(), &[IoSlice::new(b"hello")]);
        assert!(written.is_ready());
        assert!(prompt.poll_shutdown(&task.cx()).is_pending());
        assert!(!output.get().is_shut_down);
        output.get().unblock(100);
        assert!(matches!(
            prompt.poll_shutdown(&task.cx()),
            Poll::Ready(Ok(()))
        ));
        assert!(output.get().is_shut_down);
    }
}
