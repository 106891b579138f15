//! A WebSocket as a `Stream` and a `Sink` of the crate `futures`.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use futures_core::Stream;
use futures_sink::Sink;

use super::WebSocket;
use crate::close::{Close, CloseCode};
use crate::message::Message;
use crate::pump::{Clock, Socket};

/// Ends after the peer's Close with code 1000 or without a code, and after one error.
impl<S: Socket, C: Clock> Stream for WebSocket<S, C> {
    type Item = io::Result<Message>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Message>>> {
        if self.inner.pump.has_told_end() {
            return Poll::Ready(None);
        }
        self.poll_recv(cx).map(Result::transpose)
    }
}

/// `poll_close` does what [`WebSocket::close`] does.
impl<S: Socket, C: Clock> Sink<Message> for WebSocket<S, C> {
    type Error = io::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_ready(self.get_mut(), cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> io::Result<()> {
        Self::start_send(self.get_mut(), message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_flush(self.get_mut(), cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let close = Close::new(CloseCode::NORMAL, "");
        self.get_mut().poll_close_with(cx, &close)
    }
}
