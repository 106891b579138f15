//! The log: which connection a line is about.

use std::fmt;
use std::io;

use wsstream_core::LogSpan;
use wsstream_core::handshake::HandshakeError;

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

/// The span of a connection that has been accepted on this socket.
pub(crate) fn span_of<R: Runtime>(socket: &NetSocket<R>) -> LogSpan {
    match socket.peer_addr() {
        Ok(EndpointAddress::Tcp(peer)) => span(peer),
        Ok(EndpointAddress::Unix(_)) => span("unix"),
        Err(_) => span("unknown"),
    }
}

/// Logs why a connection failed before the application saw it.
#[cfg_attr(
    not(feature = "tracing"),
    expect(unused_variables, reason = "without the feature nothing is logged")
)]
pub(crate) fn failed(span: &LogSpan, error: &io::Error) {
    // The core has logged what it has answered.
    if error
        .get_ref()
        .is_some_and(|inner| inner.is::<HandshakeError>())
    {
        return;
    }
    #[cfg(feature = "tracing")]
    span.log(|| tracing::info!(target: "wsstream", %error, "connection refused"));
}
