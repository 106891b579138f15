//! What is done to connect or to listen, as data.
//!
//! A plan is made of a URL or of an [endpoint descriptor](crate::descriptor), checked then, and followed by a
//! [`ClientEndpoint`](crate::ClientEndpoint) or a [`ServerEndpoint`](crate::ServerEndpoint). It prints itself, a line
//! for each layer from the socket up, without secrets:
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

/// What cannot be planned has no place in the text: it is all of it.
fn no_plan(kind: EndpointErrorKind) -> EndpointError {
    EndpointError::new(0, kind)
}

/// A limit of time.
struct Within(Duration);

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "within {} s", Seconds(self.0))
    }
}

#[cfg(test)]
mod tests;
