//! The log: which connection a line is about.

use std::fmt;
use std::io;

use wsstream_core::LogSpan;

#[cfg(feature = "tracing")]
use crate::descriptor::EndpointAddress;
use crate::net_socket::NetSocket;
use crate::runtime::Runtime;

/// The span of a new connection with this peer. Connections are numbered in the order in which they begin, so that the
/// lines of two from the same address can be told apart.
#[cfg(feature = "tracing")]
pub(crate) fn span(peer: impl fmt::Display) -> LogSpan {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    tracing::info_span!(target: "wsstream", "connection", number, %peer).into()
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn span(_: impl fmt::Display) -> LogSpan {
    LogSpan::default()
}

/// The span of a connection that has been accepted on this socket. The system is asked for the peer only if somebody
/// listens.
pub(crate) fn span_of<R: Runtime>(socket: &NetSocket<R>) -> LogSpan {
    #[cfg(feature = "tracing")]
    if tracing::enabled!(target: "wsstream", tracing::Level::INFO) {
        return match socket.peer_addr() {
            Ok(EndpointAddress::Tcp(peer)) => span(peer),
            Ok(EndpointAddress::Unix(_)) => span("unix"),
            Err(_) => span("unknown"),
        };
    }
    #[cfg(not(feature = "tracing"))]
    let _ = socket;
    LogSpan::default()
}

/// Logs why a connection failed before the application saw it. The core has logged what it has answered.
#[cfg(feature = "tracing")]
pub(crate) fn failed(span: &LogSpan, error: &io::Error) {
    use wsstream_core::handshake::HandshakeError;
    let inner = error.get_ref();
    if !inner.is_some_and(|inner| inner.is::<HandshakeError>()) {
        span.log(|| tracing::info!(target: "wsstream", %error, "connection refused"));
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn failed(_: &LogSpan, _: &io::Error) {}
