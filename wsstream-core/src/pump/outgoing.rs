//! A message that is being sent.

use core::task::{Poll, ready};
use std::io;

use super::engine::Pump;
use super::{Clock, Socket};
use crate::message::Message;

/// The message that is being sent, and how much of it is queued.
#[derive(Debug, Default)]
pub(super) struct Outgoing(Option<(Message, usize)>);

impl Outgoing {
    pub(super) const fn new(message: Message) -> Self {
        Self(Some((message, 0)))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Queues the rest of it. What cannot be sent stays, so that whoever sent it learns of that, too.
    pub(super) fn poll<S: Socket, C: Clock>(
        &mut self,
        pump: &mut Pump<S, C>,
    ) -> Poll<io::Result<()>> {
        while let Some((message, sent)) = &mut self.0 {
            let rest = &message.as_bytes()[*sent..];
            let kind = message.kind();
            let queued = pump.poll_send(rest.len(), |connection| connection.send(kind, rest, true));
            match ready!(queued)? {
                queued if queued < rest.len() => *sent += queued,
                _ => self.0 = None,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Queues the rest of it, and discards what arrives meanwhile: the peer may only read once we do. Ready, too, if it
    /// cannot be completed.
    pub(super) fn poll_discarding<S: Socket, C: Clock>(
        &mut self,
        pump: &mut Pump<S, C>,
        cx: &core::task::Context<'_>,
    ) -> Poll<()> {
        if self.poll(pump).is_pending() {
            let _ = pump.poll_recv(cx, |connection, input| {
                connection.discard(input);
                None::<()>
            });
            // The connection may have ended.
            return self.poll(pump).map(drop);
        }
        Poll::Ready(())
    }
}
