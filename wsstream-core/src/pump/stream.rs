//! A byte stream over a socket.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};

use super::engine::Pump;
use super::recv_buffer::RecvBuffer;
use super::wakers::Task;
use super::wire::Wire;
use super::{Clock, RelayEnd, Socket, Taken};
use crate::byte_stream::{ByteStream, Encoding};
use crate::close::{Close, CloseCode};
use crate::connection::{ClosedBy, Connection};
use crate::error::{Closed, StreamError, Timeout};
use crate::handshake::Agreed;

/// A byte stream over WebSocket over a socket.
///
/// It ends like TCP, but safer. The peer's Close 1000, or without a code, is the end of what is read;
/// any other Close is `ConnectionAborted` with a [`StreamError`] inside, an end of
/// the socket without a Close, and a Close inside a message, are `UnexpectedEof`. Dropping it is no good
/// end: it sends what is queued and Close 1001, if that can be done at once, and else lets the peer see a
/// truncation. [`ConnectionConfig::close_on_drop`](crate::ConnectionConfig::close_on_drop) has it say 1000.
///
/// [`Upgraded::into_stream`](super::Upgraded::into_stream) makes one. It takes one word; what it holds is in a box, so
/// that futures which hold a stream stay small.
#[derive(Debug)]
pub struct Stream<S: Socket, C: Clock> {
    pub(super) inner: Box<Inner<S, C>>,
}

#[derive(Debug)]
pub(super) struct Inner<S: Socket, C: Clock> {
    pub(super) pump: Pump<S, C>,
    pub(super) bytes: ByteStream,
    agreed: Agreed,
}

impl<S: Socket, C: Clock> Stream<S, C> {
    pub(super) fn resume(
        wire: Wire<S, C>,
        connection: Connection,
        encoding: Encoding,
        agreed: Agreed,
        received: RecvBuffer,
    ) -> Self {
        let inner = Inner {
            pump: Pump::new(wire, connection, received),
            bytes: ByteStream::new(encoding),
            agreed,
        };
        Self {
            inner: Box::new(inner),
        }
    }

    /// What both ends agreed on.
    #[must_use]
    pub fn agreed(&self) -> &Agreed {
        &self.inner.agreed
    }

    /// The connection, for what it can tell: who closed and how, counters, the round-trip time.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.inner.pump.connection
    }

    /// How the stream's octets are carried.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.inner.bytes.encoding()
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &S {
        self.inner.pump.socket()
    }

    /// The socket, to change its settings: reading from it or writing to it breaks the stream.
    pub fn socket_mut(&mut self) -> &mut S {
        self.inner.pump.socket_mut()
    }

    /// Gives up the stream without a word to the peer: the socket, and what was received from it and not read, as it
    /// came: in frames, the first of which may be cut. What is known of a compressed message that has begun is lost.
    #[must_use]
    pub fn into_inner(self) -> (S, Vec<u8>) {
        self.inner.pump.into_parts()
    }

    /// About how many octets can be read without waiting, as far as is known: what was received of
    /// compressed messages is more once it is inflated.
    #[must_use]
    pub fn readable(&self) -> usize {
        self.inner.pump.unread()
    }

    /// Reads into `out`; 0 octets mean the end. Cancel-safe, as all of these functions.
    ///
    /// # Errors
    ///
    /// Any ending but the peer's Close 1000 or without a code.
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

    /// Writes from the front of `data`, in messages of at most 64 KiB, which leave at once if the socket
    /// has room.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after our Close, or once the connection is over; the socket's.
    pub fn poll_write(&mut self, cx: &Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(data)])
    }

    /// Writes from the front of several slices. One slice is one message; they leave together.
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
            // The peer has ended the connection just now.
            written = self.try_write(bufs);
        }
        self.inner.pump.poll_time();
        written
    }

    /// Writes past the runtime's readiness: see [`Socket::poll_retry_write`].
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

    /// What the peer has taken, as far as the socket can tell: not all while something waits here.
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
        // Room for less than a group of Base64 is none: it would look like a full disk.
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

    /// Waits until everything written has left. While the socket has room a write leaves by itself; what it
    /// had no room for leaves when anything is polled next. So this is for those who then wait for something
    /// else.
    ///
    /// # Errors
    ///
    /// The socket's; `TimedOut` if the peer was given up.
    pub fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.inner.pump.register(Task::Writer, cx);
        self.look_ahead();
        self.inner.pump.poll_flush()
    }

    /// Ends our direction: sends what is queued, then Close 1000, and waits until it has left. Reading
    /// goes on until the peer's Close. If that has come before, it waits until the peer has taken everything,
    /// as far as the socket can tell: then the stream can be dropped.
    ///
    /// A peer that did not agree to half close ends both directions when it receives a Close. It may cut its
    /// reply off for it: the end of reading behind our own first Close does not prove the reply whole.
    ///
    /// # Errors
    ///
    /// As [`poll_flush`](Self::poll_flush); `TimedOut` if the peer has stopped taking what is left;
    /// `BrokenPipe` if the connection was over before, or the peer had failed.
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
            // Before our end was said.
            Some(Err(StreamError::Closed(_))) => connection.closed_by() == Some(ClosedBy::Peer),
            _ => false,
        };
        if is_lost || has_failed || connection.sent_close().is_none() {
            return Poll::Ready(Err(self.inner.pump.broken_pipe(Closed)));
        }
        self.inner.pump.check_taken()?;
        Poll::Ready(Ok(()))
    }

    /// Ends both directions: as [`poll_shutdown`](Self::poll_shutdown) with a Close of one's own, then
    /// discards what comes until the peer's Close and, on a client, the socket's end. Only this
    /// tells that everything arrived.
    ///
    /// # Errors
    ///
    /// Any ending but the peer's Close 1000, without a code, or with the code of `close`.
    pub fn poll_close(&mut self, cx: &Context<'_>, close: &Close) -> Poll<io::Result<()>> {
        self.inner.pump.poll_close(cx, close)
    }

    /// Ends both directions: sends what is queued and Close 1000, discards what comes until the peer's Close, and on a
    /// client waits for the end of the socket. When it succeeds, all that was written has arrived.
    ///
    /// # Errors
    ///
    /// Any ending of the stream but the peer's Close 1000 or without a code.
    pub async fn close(&mut self) -> io::Result<()> {
        self.close_with(CloseCode::NORMAL, "").await
    }

    /// The same, with a code and a reason of up to 123 octets. The peer's echo of the code is as good as 1000.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub async fn close_with(&mut self, code: CloseCode, reason: &str) -> io::Result<()> {
        let close = Close::new(code, reason);
        poll_fn(|cx| self.poll_close(cx, &close)).await
    }

    /// Switches compression of what is written off and on again: see [`Connection::compress`].
    pub fn compress(&mut self, compress: bool) {
        self.inner.pump.connection.compress(compress);
    }

    /// Does what is due without taking data: writes what is queued, answers pings, acts on timers. For
    /// those who have nothing to read or write just now but want the connection to live.
    pub fn poll_drive(&mut self, cx: &Context<'_>) {
        self.inner.pump.register(Task::Driver, cx);
        self.look_ahead();
        self.inner.pump.drive();
    }

    /// Answers what the peer asks, while nobody reads.
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

    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        Self::poll_drive(self, cx);
    }

    fn relay_end(&mut self) -> Option<&mut dyn RelayEnd> {
        Some(self)
    }
}

/// A shorter buffer is better filled from a longer one.
const WORTH_A_READ: usize = 4 << 10;
