//! Plans: the steps to connect or to listen, as data.
//!
//! A plan is made from a URL or an [endpoint descriptor](crate::descriptor), and checked then. A
//! [`ClientEndpoint`](crate::ClientEndpoint) or [`ServerEndpoint`](crate::ServerEndpoint) carries it
//! out. A plan prints one line for each layer, from the socket up, without secrets:
//!
//! ```
//! use wsstream_net::plan::ClientPlan;
//!
//! let plan = ClientPlan::parse(r"autobahn:tcp\:example.org\:9000:url=wss\://example.org/x:handshakeTimeout=5")?;
//! assert_eq!(
//!     plan.to_string(),
//!     "tcp example.org:9000, within 30 s\n\
//!      tls with example.org, trusting the platform's authorities\n\
//!      websocket wss://example.org/x, within 5 s; 35 s in all"
//! );
//! # Ok::<_, wsstream_net::descriptor::EndpointError>(())
//! ```

mod client;
mod server;

use std::fmt;
use std::time::Duration;

pub use self::client::{
    BindAddress, ClientLayer, ClientPlan, ClientSocket, ClientTlsLayer, ClientTlsSource, TcpClient,
    UnixClient, WebSocketClient,
};
pub use self::server::{ServerLayer, ServerPlan, ServerSocket, ServerTlsLayer, ServerTlsSource};
pub use crate::descriptor::{TcpServer, UnixServer};

use crate::descriptor::{EndpointError, EndpointErrorKind, Seconds};

/// An error of a plan concerns the whole text, so its position is 0.
fn no_plan(kind: EndpointErrorKind) -> EndpointError {
    EndpointError::new(0, kind)
}

/// A time limit.
struct Within(Duration);

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "within {} s", Seconds(self.0))
    }
}

#[cfg(test)]
mod tests;
