//! A byte stream over a socket.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};

use super::delivering::{Delivering, Spawn, leave};
use super::engine::Pump;
use super::outgoing::Outgoing;
use super::wakers::Task;
use super::{Clock, Info, RelayEnd, Socket, Taken};
use crate::byte_stream::{ByteStream, Encoding};
use crate::close::{Close, CloseCode};
use crate::connection::ClosedBy;
#[cfg(test)]
use crate::connection::Connection;
use crate::error::{Closed, StreamError, Timeout};
use crate::handshake::Agreed;

/// A byte stream over a WebSocket, made by [`Upgraded::into_stream`](super::Upgraded::into_stream).
///
/// It ends as TCP does, but tells a clean end from a truncated stream:
///
/// - A Close frame from the peer with code 1000 or without a code is the end of the stream.
/// - A Close with another code is `ConnectionAborted` with a [`StreamError`] inside.
/// - The end of the socket without a Close, or a Close inside a message, is `UnexpectedEof`.
///
/// Call [`finish`](Self::finish) to end it. If you drop it instead, it sends what is queued and a Close with code 1001, or
/// 1000 with [`ConnectionConfig::close_on_drop`](crate::ConnectionConfig::close_on_drop). A task delivers what the socket
/// does not take at once: see [`Upgraded::deliver_by`](super::Upgraded::deliver_by). Without such a task, the peer then
/// sees a truncated stream.
///
/// Its state is boxed, so that futures which hold a stream stay small.
#[derive(Debug)]
pub struct Stream<S: Socket, C: Clock> {
    pub(super) inner: Box<Inner<S, C>>,
}

#[derive(Debug)]
pub(super) struct Inner<S: Socket, C: Clock> {
    pub(super) pump: Pump<S, C>,
    pub(super) bytes: ByteStream,
    agreed: Agreed,
    pub(super) spawn: Option<Spawn<S, C>>,
}

impl<S: Socket, C: Clock> Drop for Inner<S, C> {
    fn drop(&mut self) {
        leave(&mut self.pump, Outgoing::default(), self.spawn);
    }
}

impl<S: Socket, C: Clock> Stream<S, C> {
    pub(super) fn resume(
        pump: Pump<S, C>,
        encoding: Encoding,
        agreed: Agreed,
        spawn: Option<Spawn<S, C>>,
    ) -> Self {
        let inner = Inner {
            spawn,
            pump,
            bytes: ByteStream::new(encoding),
            agreed,
        };
        Self {
            inner: Box::new(inner),
        }
    }

    /// As [`Upgraded::deliver_by`](super::Upgraded::deliver_by), in place of what was said there.
    #[must_use]
    pub fn deliver_by(mut self, spawn: fn(Delivering<S, C>)) -> Self {
        self.inner.spawn = Some(spawn);
        self
    }

    /// What was agreed, counters, the round-trip time, and how the connection was closed.
    #[must_use]
    pub fn info(&self) -> Info {
        Info::new(&self.inner.agreed, &self.inner.pump.connection)
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.inner.pump.connection
    }

    /// How messages carry the octets of the stream.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.inner.bytes.encoding()
    }

    /// The socket below.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        self.inner.pump.socket()
    }

    /// The socket below, to change its settings. Reading from it or writing to it breaks the stream.
    pub fn get_mut(&mut self) -> &mut S {
        self.inner.pump.socket_mut()
    }

    /// Takes the stream apart without telling the peer. Returns the socket, and the octets that were received from it
    /// and not read. These are still in frames, the first of which may be incomplete. The state of a compressed message
    /// that has begun is lost.
    #[must_use]
    pub fn into_inner(mut self) -> (S, Vec<u8>) {
        self.inner.pump.take_parts()
    }

    /// An estimate of how many octets can be read without waiting. Received octets of a compressed message count as
    /// they are, before they are inflated.
    #[must_use]
    pub fn readable(&self) -> usize {
        self.inner.pump.unread()
    }

    /// Reads into `out`, and returns the number of octets. 0 means the end. Like all functions here, it is cancel-safe.
    ///
    /// # Errors
    ///
    /// Any ending but a Close from the peer with code 1000 or without a code.
    pub fn poll_read(&mut self, cx: &Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        let Inner { pump, bytes, .. } = &mut *self.inner;
        if out.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if pump.is_drained()
            && out.len() >= WORTH_A_READ
            && bytes.in_place(&pump.connection) >= out.len()
            && let Some(count) = pump.poll_recv_in_place(cx, out)
        {
            return Poll::Ready(Ok(count));
        }
        let read = pump.poll_recv(cx, |connection, input| {
            Some(bytes.read(connection, input, out)).filter(|&count| count > 0)
        });
        read.map_ok(|count| count.unwrap_or(0))
    }

    /// Writes from the front of `data`, in messages of at most 64 KiB, and returns the number of octets written. They
    /// are sent at once if the socket has room.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after the write direction has ended, or once the connection is over. The socket's.
    pub fn poll_write(&mut self, cx: &Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(data)])
    }

    /// Writes from the front of several slices. Each slice becomes a message of its own; they are sent together.
    ///
    /// # Errors
    ///
    /// As [`poll_write`](Self::poll_write).
    pub fn poll_write_vectored(
        &mut self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner.pump.register(Task::Writer, cx);
        let mut written = self.try_write(bufs);
        self.look_ahead();
        if written.is_pending() && !self.inner.pump.connection.can_send() {
            // The peer has just ended the connection. Report that.
            written = self.try_write(bufs);
        }
        self.inner.pump.poll_time();
        written
    }

    /// Tries to write even if the runtime believes that there is no room: see [`Socket::poll_retry_write`].
    ///
    /// # Errors
    ///
    /// As [`poll_write`](Self::poll_write).
    pub fn poll_retry_write(
        &mut self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner.pump.register(Task::Writer, cx);
        self.inner.pump.retry_write();
        self.try_write(bufs)
    }

    /// What the peer's system has acknowledged, and whether that is everything, what is queued here included. `None` if
    /// the socket cannot tell.
    #[must_use]
    pub fn taken(&self) -> Option<Taken> {
        let Taken { octets, all } = self.inner.pump.socket().taken()?;
        let all = all && !self.inner.pump.connection.is_waiting();
        Some(Taken { octets, all })
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let Inner { pump, bytes, .. } = &mut *self.inner;
        let mut filled = bufs.iter().filter(|buf| !buf.is_empty());
        if let (Some(data), None) = (filled.next(), filled.next())
            && let Some(count) =
                pump.send_direct(data, |connection, data| bytes.direct(connection, data))?
        {
            return Poll::Ready(Ok(count));
        }
        let total = bufs.iter().map(|buf| buf.len()).sum();
        // Without room for a whole group of Base64 this waits: 0 octets written would look like a full disk.
        pump.poll_send(bytes.encoded_len(total), |connection| {
            let mut count = 0;
            for data in bufs {
                let taken = bytes.write(connection, data)?;
                count += taken;
                if taken < data.len() {
                    break;
                }
            }
            Ok::<_, Closed>(count)
        })
    }

    /// Waits until everything written is sent. You rarely need it: a write is sent at once if the socket has room, and
    /// the rest whenever the stream is polled. Call it before you stop polling the stream for a while.
    ///
    /// # Errors
    ///
    /// The socket's. `TimedOut` if the peer was given up.
    pub fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.inner.pump.register(Task::Writer, cx);
        self.look_ahead();
        self.inner.pump.poll_flush()
    }

    /// Ends the write direction: sends what is queued and a Close with code 1000, and waits until they are sent.
    /// Reading goes on until the peer's Close. If the peer has closed before, it waits until the peer's system has
    /// acknowledged everything, as far as the socket can tell, so that you can drop the stream.
    ///
    /// A peer that did not agree to half-close ends both directions when it receives a Close, and may cut off its
    /// reply. The end of the stream then does not prove that the reply is complete.
    ///
    /// # Errors
    ///
    /// As [`poll_flush`](Self::poll_flush). `TimedOut` if the peer stops taking what is left, or if a limit of ours has
    /// ended the connection. `BrokenPipe` if the connection was over before, or the peer had failed.
    pub fn poll_shutdown(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.inner
            .pump
            .connection
            .close(&Close::new(CloseCode::NORMAL, ""));
        ready!(self.poll_flush(cx))?;
        if self.inner.pump.connection.received_close().is_some() {
            ready!(self.inner.pump.poll_hold(cx))?;
        }
        let connection = &self.inner.pump.connection;
        let is_lost = matches!(connection.given_up(), Some(Timeout::Keepalive(_)));
        let has_failed = match connection.ending() {
            Some(Err(StreamError::Protocol(_))) => true,
            // The peer closed with an error code before our Close.
            Some(Err(StreamError::Closed(_))) => connection.closed_by() == Some(ClosedBy::Peer),
            _ => false,
        };
        if is_lost || has_failed || connection.sent_close().is_none() {
            return Poll::Ready(Err(self.inner.pump.broken_pipe(Closed)));
        }
        self.inner.pump.check_taken()?;
        Poll::Ready(self.inner.pump.check_limits())
    }

    /// Ends both directions: sends what is queued and `close`, and discards what arrives until the peer's Close and, on
    /// a client, the end of the socket. Only success here confirms that the peer has received everything.
    ///
    /// # Errors
    ///
    /// Any ending but a Close from the peer with code 1000, without a code, or with the code of `close`.
    pub fn poll_close_with(&mut self, cx: &Context<'_>, close: &Close) -> Poll<io::Result<()>> {
        self.inner.pump.poll_close(cx, close)
    }

    /// Ends both directions: sends what is queued and a Close with code 1000, discards what arrives until the peer's
    /// Close, and on a client waits for the end of the socket. Only success here confirms that the peer has received
    /// everything. The wait for the peer is limited by
    /// [`close_timeout`](crate::ConnectionConfig::close_timeout).
    ///
    /// # Errors
    ///
    /// Any ending but a Close from the peer with code 1000 or without a code.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.close_with(CloseCode::NORMAL, "").await
    }

    /// As [`finish`](Self::finish), with a close code and a reason of up to 123 octets. A peer that echoes the code
    /// counts as a success.
    ///
    /// # Errors
    ///
    /// As [`finish`](Self::finish).
    pub async fn close_with(&mut self, code: CloseCode, reason: &str) -> io::Result<()> {
        let close = Close::new(code, reason);
        poll_fn(|cx| self.poll_close_with(cx, &close)).await
    }

    /// Switches the compression of what you write off, and on again: see [`Connection::compress`].
    pub fn compress(&mut self, compress: bool) {
        self.inner.pump.connection.compress(compress);
    }

    /// Does what is due without reading or writing data: sends what is queued, answers pings, acts on timers. Poll it
    /// to keep the connection alive while you neither read nor write.
    pub fn poll_drive(&mut self, cx: &Context<'_>) {
        self.inner.pump.register(Task::Driver, cx);
        self.look_ahead();
        self.inner.pump.drive();
    }

    /// Handles the control frames in what arrives while nothing is read.
    fn look_ahead(&mut self) {
        let Inner { pump, bytes, .. } = &mut *self.inner;
        pump.look_ahead(|connection, input| {
            bytes.read(connection, input, &mut []);
        });
    }
}

impl<S: Socket, C: Clock> Socket for Stream<S, C> {
    #[inline]
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Self::poll_read(self, cx, buf)
    }

    #[inline]
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_flush(self, cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_shutdown(self, cx)
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Self::poll_retry_write(self, cx, bufs)
    }

    fn taken(&self) -> Option<Taken> {
        Self::taken(self)
    }

    fn readable(&self) -> usize {
        Self::readable(self)
    }

    fn has_hung_up(&self) -> bool {
        self.get_ref().has_hung_up()
    }

    fn cut_off(&self) -> Option<io::Error> {
        self.inner.pump.cut_off()
    }

    fn abort_on_drop(&mut self, abort: bool) {
        self.inner.pump.aborted = abort;
    }

    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        Self::poll_drive(self, cx);
    }

    fn relay_end(&mut self) -> Option<&mut dyn RelayEnd> {
        Some(self)
    }
}

/// The least length for a read straight into the caller's buffer. For shorter ones, one long read into our own buffer
/// serves several calls.
const WORTH_A_READ: usize = 4 << 10;
