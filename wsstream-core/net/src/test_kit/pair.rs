//! Both ends of a connection.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::pump::{Socket, Stream};
use wsstream_core::test_kit::{Faulty, Pipe};

use crate::client::connect_over;
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
pub async fn pair<R: Runtime>() -> io::Result<(InMemory<R>, InMemory<R>)> {
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
) -> io::Result<(InMemory<R>, InMemory<R>)> {
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
) -> io::Result<(Upgraded<S, R>, Upgraded<S, R>)> {
    let mut connecting = pin!(connect_over::<_, R>(near, "ws://localhost/", client));
    let mut accepting = pin!(async {
        let handshake = accept_with::<_, R>(far, server).await?;
        handshake.accept().await
    });
    let (mut connected, mut accepted) = (None, None);
    poll_fn(|cx| {
        if connected.is_none()
            && let Poll::Ready(result) = connecting.as_mut().poll(cx)
        {
            connected = Some(result?.ping_by_default());
        }
        if accepted.is_none()
            && let Poll::Ready(result) = accepting.as_mut().poll(cx)
        {
            accepted = Some(result?.ping_by_default());
        }
        match (connected.take(), accepted.take()) {
            (Some(client), Some(server)) => Poll::Ready(Ok((client, server))),
            begun => {
                (connected, accepted) = begun;
                Poll::Pending
            }
        }
    })
    .await
}

/// About what a system holds of a TCP connection.
const CAPACITY: usize = 64 << 10;
