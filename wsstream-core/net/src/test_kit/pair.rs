//! Both ends of a connection.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::pump::{Socket, Stream};
use wsstream_core::test_kit::{Faulty, Pipe};

use crate::client::connect_over;
use crate::error::Error;
use crate::handshake::accept_with;
use crate::runtime::Runtime;
use crate::upgraded::Upgraded;

/// A byte stream over WebSocket in memory, as the runtime's own stream.
type InMemory<R> = <R as Runtime>::Stream<Stream<Faulty<Pipe>, <R as Runtime>::Clock>>;

/// Both ends of a byte stream in memory, the client's first, as [`ClientConfig::stream`] and [`ServerConfig::stream`] make
/// them.
///
/// It is a connection like any other: there was an opening handshake, keepalive is on, and each direction holds 64 KiB
/// until the other end reads. It goes over a [`Faulty`] at each end, which does nothing until it is told.
///
/// # Errors
///
/// `Unsupported` if [`Runtime::check`] fails.
pub async fn pair<R: Runtime>() -> Result<(InMemory<R>, InMemory<R>), Error> {
    pair_with::<R>(&ClientConfig::stream(), &ServerConfig::stream()).await
}

/// As [`pair`], with settings of yours. The URL is `ws://localhost/`.
///
/// # Errors
///
/// If the two do not agree, as [`connect_over`] and [`Handshake::accept`](crate::Handshake::accept). `Unsupported` if
/// [`Runtime::check`] fails.
pub async fn pair_with<R: Runtime>(
    client: &ClientConfig,
    server: &ServerConfig,
) -> Result<(InMemory<R>, InMemory<R>), Error> {
    let (near, far) = Pipe::pair(true);
    for line in [&near.input, &near.output] {
        line.get().capacity = CAPACITY;
    }
    let ends = (Faulty::new(near), Faulty::new(far));
    let (client, server) = pair_over::<R, _>(ends, client, server).await?;
    Ok((client.into_stream(), server.into_stream()))
}

/// As [`pair_with`], over two connected sockets, the client's first. Each [`Upgraded`] becomes a byte stream,
/// or whole messages.
///
/// # Errors
///
/// As [`pair_with`], and the sockets'.
pub async fn pair_over<R: Runtime, S: Socket + Send + 'static>(
    (near, far): (S, S),
    client: &ClientConfig,
    server: &ServerConfig,
) -> Result<(Upgraded<S, R>, Upgraded<S, R>), Error> {
    let connecting = connect_over::<_, R>(near, "ws://localhost/", client);
    let accepting = async {
        let handshake = accept_with::<_, R>(far, server).await?;
        handshake.accept().await
    };
    let (client, server) = both(connecting, accepting).await?;
    Ok((client.ping_by_default(), server.ping_by_default()))
}

/// Waits for both, or for the first that fails.
async fn both<A, B>(
    a: impl Future<Output = Result<A, Error>>,
    b: impl Future<Output = Result<B, Error>>,
) -> Result<(A, B), Error> {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut a_is, mut b_is) = (None, None);
    poll_fn(|cx| {
        if a_is.is_none()
            && let Poll::Ready(ready) = a.as_mut().poll(cx)
        {
            a_is = Some(ready?);
        }
        if b_is.is_none()
            && let Poll::Ready(ready) = b.as_mut().poll(cx)
        {
            b_is = Some(ready?);
        }
        match (a_is.take(), b_is.take()) {
            (Some(a), Some(b)) => Poll::Ready(Ok((a, b))),
            (a, b) => {
                (a_is, b_is) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// About what a system holds of a TCP connection.
const CAPACITY: usize = 64 << 10;
