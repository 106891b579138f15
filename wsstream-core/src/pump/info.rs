//! What can be told of a connection.

use core::time::Duration;

use crate::close::Close;
use crate::connection::{ClosedBy, Connection, Counters};
use crate::handshake::Agreed;
use crate::role::Role;

/// What is known of a WebSocket at one moment: what was agreed, what was counted, and how it was closed.
/// [`Stream::info`](super::Stream::info) and [`WebSocket::info`](super::WebSocket::info) make one.
///
/// It is a copy. It stays as it is, also after the connection has gone.
///
/// ```
/// # use wsstream_core::CloseCode;
/// # use wsstream_core::pump::Info;
/// fn log(info: &Info) {
///     let subprotocol = info.agreed.subprotocol().unwrap_or("none");
///     println!("{subprotocol}: {} octets received, {} sent", info.counters.received, info.counters.sent);
///     if let Some(close) = &info.received_close {
///         println!("closed by the peer with {}", close.code().map_or(1005, CloseCode::get));
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Which end this is.
    pub role: Role,
    /// The negotiated subprotocol and extensions.
    pub agreed: Agreed,
    /// The totals so far.
    pub counters: Counters,
    /// The time from the newest answered keepalive ping to its pong. `None` before the first pong.
    pub rtt: Option<Duration>,
    /// Our Close, if it has been queued.
    pub sent_close: Option<Close>,
    /// The peer's Close, if it has been received.
    pub received_close: Option<Close>,
    /// Which end closed first. `None` while neither has.
    pub closed_by: Option<ClosedBy>,
}

impl Info {
    pub(super) fn new(agreed: &Agreed, connection: &Connection) -> Self {
        Self {
            role: connection.role(),
            agreed: agreed.without_reservation(),
            counters: connection.counters(),
            rtt: connection.rtt(),
            sent_close: connection.sent_close().cloned(),
            received_close: connection.received_close().cloned(),
            closed_by: connection.closed_by(),
        }
    }
}
