//! Joining a stream to something else.

use futures_io::{AsyncRead, AsyncWrite};
use wsstream_core::pump::{Plain, Relay, Relayed};

use crate::WsStream;
use crate::timer::Timer;
use crate::transport::Transport;

/// Carries octets between a WebSocket stream, the first end, and anything else that is read and
/// written, until both have ended or one fails. Both ends are driven all the time, the end of one
/// direction is passed on as such, and a failure is told to the other end: see
/// [`Relay`]. Dropping it while octets are under way loses them, and closes
/// the end that was to have them as after a failure.
///
/// An end is passed on by closing the writer. Closing async-std's `TcpStream` does nothing, so that it has
/// to be made a [`NetStream`](crate::NetStream).
///
/// ```no_run
/// use async_std::net::TcpStream;
/// use wsstream_async_std::{Incoming, NetStream};
///
/// # async fn serve(incoming: Incoming<NetStream>) -> std::io::Result<()> {
/// let mut target = NetStream::from(TcpStream::connect("localhost:5432").await?);
/// let mut stream = incoming.accept().await?.into_stream();
/// let relayed = wsstream_async_std::relay(&mut stream, &mut target).await;
/// println!("{} octets up, {} down", relayed.a_to_b, relayed.b_to_a);
/// # Ok(())
/// # }
/// ```
pub async fn relay<S, P>(stream: &mut WsStream<S>, other: &mut P) -> Relayed
where
    S: AsyncRead + AsyncWrite + Unpin,
    P: AsyncRead + AsyncWrite + Unpin,
{
    Relay::new(
        &mut *stream.inner,
        &mut Plain::new(Transport::new(other)),
        Timer::new(),
    )
    .await
}
