//! Tests without a network and without waiting (feature `test-kit`).
//!
//! ```toml
//! [dev-dependencies]
//! tokio = { version = "1", features = ["macros", "rt", "test-util"] }
//! wsstream-tokio = { version = "0.1", features = ["test-kit"] }
//! ```
//!
//! [`pair`] gives both ends of a connection in memory: what you give your protocol in place of a connection of a
//! network.
//!
//! ```
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use wsstream_tokio::test_kit::pair;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> std::io::Result<()> {
//! let (mut client, mut server) = pair().await?;
//! client.write_all(b"hello").await?;
//! let mut request = [0; 5];
//! server.read_exact(&mut request).await?;
//! assert_eq!(&request, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # Faults
//!
//! Below each end is a [`Faulty`], which cuts off, stalls, fails or splits either direction after as many octets as you
//! say: octets on the wire, with the headers of frames, from then on. Here the connection breaks inside the reply:
//!
//! ```
//! use std::io::ErrorKind;
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use wsstream_tokio::test_kit::pair;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> std::io::Result<()> {
//! let (mut client, mut server) = pair().await?;
//! // 2 octets of a header, and half of the reply.
//! client.get_ref().input.cut_after(2 + 6);
//! server.write_all(b"how are you?").await?;
//!
//! let mut reply = Vec::new();
//! let error = client.read_to_end(&mut reply).await.unwrap_err();
//! assert_eq!((error.kind(), &reply[..]), (ErrorKind::UnexpectedEof, &b"how ar"[..]));
//! # Ok(())
//! # }
//! ```
//!
//! A protocol must not depend on the pieces in which its octets arrive:
//!
//! ```
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use wsstream_tokio::test_kit::pair;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> std::io::Result<()> {
//! for most in 1..8 {
//!     let (mut client, mut server) = pair().await?;
//!     client.get_ref().output.split(most);
//!     client.write_all(b"how are you?").await?;
//!     client.shutdown().await?;
//!     let mut received = String::new();
//!     server.read_to_string(&mut received).await?;
//!     assert_eq!(received, "how are you?");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`pair_with`] takes settings of yours. [`pair_over`] goes over any two sockets, and gives whole messages, too. A clone of
//! [`Faulty::input`] or [`Faulty::output`] can be told from anywhere. To test the opening handshake itself, use
//! [`connect_on`](crate::connect_on) and [`accept_with`](crate::accept_with()) over an
//! [`AsyncStream`](crate::AsyncStream) of a [`Faulty`] or a [`Pipe`].
//!
//! # Time
//!
//! All timers are tokio's, so a paused clock (`start_paused`, or `tokio::time::pause`, of tokio's feature `test-util`) jumps
//! over what they wait for: close timeouts, keepalive, limits of an opening handshake. Here the server's host hangs while
//! it takes a request. A minute passes at once:
//!
//! ```
//! use std::io::ErrorKind;
//! use std::time::Duration;
//! use tokio::io::AsyncWriteExt;
//! use tokio::time::Instant;
//! use wsstream_tokio::test_kit::pair;
//!
//! #[tokio::main(flavor = "current_thread", start_paused = true)] // tokio::test has that too.
//! async fn main() -> std::io::Result<()> {
//!     let (mut client, _server) = pair().await?;
//!     client.get_ref().output.stall_after(10);
//!     let begun = Instant::now();
//!     client.write_all(b"a request of more than 10 octets").await?;
//!     let error = client.shutdown().await.unwrap_err();
//!     assert_eq!(error.kind(), ErrorKind::TimedOut);
//!     // ConnectionConfig::progress_timeout
//!     assert_eq!(begun.elapsed().as_secs(), 60);
//!     Ok(())
//! }
//! ```

use wsstream_core::pump::Socket;
#[doc(no_inline)]
pub use wsstream_net::test_kit::Pipe;
#[doc(inline)]
pub use wsstream_net::test_kit::{Faults, Faulty};

use crate::{ClientConfig, Error, ServerConfig, Tokio, Upgraded, WsStream};

/// Both ends of a byte stream in memory, the client's first, as [`ClientConfig::stream`] and [`ServerConfig::stream`] make
/// them.
///
/// It is a connection like any other: there was an opening handshake, keepalive is on, and each direction holds 64 KiB
/// until the other end reads.
///
/// ```
/// use wsstream_tokio::test_kit::pair;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (client, server) = pair().await?;
/// assert_eq!(client.info().agreed, server.info().agreed);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// `Unsupported` on a runtime without timers (`enable_time`).
pub async fn pair() -> Result<(WsStream<Faulty<Pipe>>, WsStream<Faulty<Pipe>>), Error> {
    wsstream_net::test_kit::pair::<Tokio>().await
}

/// As [`pair`], with settings of yours. The URL is `ws://localhost/`.
///
/// ```
/// use wsstream_tokio::test_kit::pair_with;
/// use wsstream_tokio::{ClientConfig, ServerConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = ClientConfig::stream().subprotocols(["mqtt"])?;
/// let refused = pair_with(&client, &ServerConfig::stream()).await;
/// assert!(refused.is_err());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If the two do not agree, as [`connect_on`](crate::connect_on) and [`Handshake::accept`](crate::Handshake::accept).
/// `Unsupported` on a runtime without timers (`enable_time`).
pub async fn pair_with(
    client: &ClientConfig,
    server: &ServerConfig,
) -> Result<(WsStream<Faulty<Pipe>>, WsStream<Faulty<Pipe>>), Error> {
    wsstream_net::test_kit::pair_with::<Tokio>(client, server).await
}

/// As [`pair_with`], over two connected sockets, the client's first. Each [`Upgraded`] becomes a byte stream,
/// or whole messages.
///
/// ```
/// use wsstream_tokio::test_kit::{Pipe, pair_over};
/// use wsstream_tokio::{ClientConfig, ServerConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (client, server) = (ClientConfig::messages(), ServerConfig::messages());
/// let (client, server) = pair_over(Pipe::pair(true), &client, &server).await?;
/// let (mut client, mut server) = (client.into_websocket(), server.into_websocket());
/// client.send("hello").await?;
/// assert_eq!(server.recv().await?, Some("hello".into()));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`pair_with`], and the sockets'.
pub async fn pair_over<S: Socket + Send + 'static>(
    sockets: (S, S),
    client: &ClientConfig,
    server: &ServerConfig,
) -> Result<(Upgraded<S>, Upgraded<S>), Error> {
    wsstream_net::test_kit::pair_over(sockets, client, server).await
}
