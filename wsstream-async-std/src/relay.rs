//! Joining a stream to something else.

use std::any::Any;
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use wsstream_core::pump::{Plain, Relay, Relayed};

use crate::timer::Timer;
use crate::transport::Transport;
use crate::{NetStream, WsStream};

/// Carries octets between a WebSocket stream, the first end, and anything else that is read and
/// written, until both have ended or one fails. Both ends are driven all the time, the end of one
/// direction is passed on as such, and a failure is told to the other end: see
/// [`Relay`].
///
/// The end of `other` is held back from a peer that did not agree to half close until its reply has ended,
/// or nothing more of that has come for 60 seconds. Where the stream fails, everything that came before is
/// handed on to `other` first: a [`NetStream`] can then be reset, so that its peer sees a failure too.
///
/// Dropping it while octets are under way loses them, and closes
/// the end that was to have them as after a failure.
///
/// An end is passed on by closing the writer. Closing async-std's `TcpStream` does nothing, so that it has
/// to be made a [`NetStream`].
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
    P: AsyncRead + AsyncWrite + Unpin + 'static,
{
    relay_with(stream, other, PATIENCE).await
}

/// The same, with more or less patience for the reply of a peer that did not agree to half close: see
/// [`Relay::patience`].
pub async fn relay_with<S, P>(
    stream: &mut WsStream<S>,
    other: &mut P,
    patience: Duration,
) -> Relayed
where
    S: AsyncRead + AsyncWrite + Unpin,
    P: AsyncRead + AsyncWrite + Unpin + 'static,
{
    // A socket can tell what its peer has taken, before it is reset for a failure.
    let any: &mut dyn Any = other;
    if any.is::<NetStream>()
        && let Some(net) = any.downcast_mut::<NetStream>()
    {
        return join(stream, Transport::over_socket(net), patience).await;
    }
    join(stream, Transport::new(other), patience).await
}

async fn join<S, P>(stream: &mut WsStream<S>, other: Transport<P>, patience: Duration) -> Relayed
where
    S: AsyncRead + AsyncWrite + Unpin,
    P: AsyncRead + AsyncWrite + Unpin,
{
    let mut plain = Plain::new(other);
    let relay = Relay::new(&mut *stream.inner, &mut plain, Timer::new());
    relay.patience(patience).await
}

/// How long a peer may say nothing before its reply is given up.
const PATIENCE: Duration = Duration::from_secs(60);
