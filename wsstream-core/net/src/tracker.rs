//! The graceful shutdown of connections that no listener of ours has accepted.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::time::Duration;

use wsstream_core::handshake::{HandshakeError, ServerConfig};
use wsstream_core::pump::{Clock as _, Permit, Permits, Phase};

use crate::runtime::Runtime;
use crate::shutdown::Shutdown;

/// Counts connections, and ends them gracefully: those of [`accept_with`](crate::accept_with), and those that an HTTP
/// server has upgraded. A [`Listener`](crate::Listener) does it for its own. Clones are one tracker.
///
/// ```
/// # use std::time::Duration;
/// # use wsstream_core::handshake::Negotiated;
/// # use wsstream_core::pump::Socket;
/// # use wsstream_net::{Runtime, Tracker, Upgraded};
/// # async fn serve<S: Socket + Send + 'static, R: Runtime>(socket: S, negotiated: Negotiated) {
/// let tracker = Tracker::<R>::new();
/// let upgraded = Upgraded::new(socket, negotiated, Vec::new()).tracked(&tracker);
/// // Serve the client, in a task. When the server is to end:
/// let left = tracker.shutdown(Duration::from_secs(20)).await;
/// # }
/// ```
#[derive(Debug)]
pub struct Tracker<R> {
    permits: Permits,
    runtime: PhantomData<fn() -> R>,
}

impl<R: Runtime> Tracker<R> {
    /// Tracks nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            permits: Permits::new(),
            runtime: PhantomData,
        }
    }

    /// The number of connections that are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.permits.taken()
    }

    /// Ask this before you accept a request.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::ShuttingDown`] once the shutdown has begun: refuse the request with its
    /// [`refusal`](HandshakeError::refusal), which has the status 503.
    pub fn check(&self) -> Result<(), HandshakeError> {
        match self.permits.phase() {
            Phase::Serving => Ok(()),
            _ => Err(HandshakeError::ShuttingDown),
        }
    }

    /// Ends gracefully, all within `grace`, as [`Listener::shutdown`](crate::Listener::shutdown) does: open connections
    /// may finish, and those that are still open in the last part of `grace` are ended with close code 1001, one after
    /// the other. At the end they are cut off.
    ///
    /// Returns the number of streams that are still held then. If you drop the future, all connections are cut off at
    /// once. Call it once: of several calls only the last is sure to return.
    pub async fn shutdown(&self, grace: Duration) -> usize {
        let mut clock = R::clock();
        let close_timeout = ServerConfig::stream().config.close_timeout;
        let mut shutdown = Shutdown::begin(&self.permits, clock.now(), grace, close_timeout);
        poll_fn(|cx| shutdown.poll(&mut clock, cx, || {})).await
    }

    pub(crate) fn issue(&self) -> Permit {
        self.permits.issue()
    }
}

impl<R> Clone for Tracker<R> {
    fn clone(&self) -> Self {
        Self {
            permits: self.permits.clone(),
            runtime: PhantomData,
        }
    }
}

impl<R: Runtime> Default for Tracker<R> {
    fn default() -> Self {
        Self::new()
    }
}
