//! A runtime whose streams are compressed, or not.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::time::Duration;

use wsstream_core::ConnectionConfig;
use wsstream_core::handshake::{Agreed, ClientConfig, ServerConfig};
use wsstream_core::pump::{Relayed, Upgraded};

use crate::runtime::{PausedClock, Runtime, Stream};

/// Another runtime, whose streams offer and accept permessage-deflate if `ON`, whatever a story has set.
#[derive(Debug)]
pub struct Compression<R, const ON: bool>(PhantomData<fn() -> R>);

fn config(config: &ConnectionConfig, on: bool) -> ConnectionConfig {
    config.clone().compression(on)
}

/// A stream, after its handshake: all peers know the extension, and leave it to us.
fn checked<S: Stream>(stream: S, on: bool) -> S {
    assert_eq!(stream.agreed().deflate().is_some(), on);
    stream
}

impl<R: Runtime, const ON: bool> Runtime for Compression<R, ON> {
    type Raw = R::Raw;
    type Stream = R::Stream;

    fn run(story: impl Future<Output = ()>) {
        R::run(story);
    }

    fn spawn<T: Send + 'static>(
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        R::spawn(task)
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        R::sleep(time)
    }

    fn tcp() -> impl Future<Output = (R::Raw, R::Raw)> + Send {
        R::tcp()
    }

    fn pipe(len: usize) -> (R::Raw, R::Raw) {
        R::pipe(len)
    }

    fn reset(raw: R::Raw) {
        R::reset(raw);
    }

    async fn connect(raw: R::Raw, client: &ClientConfig) -> io::Result<R::Stream> {
        let config = config(client.connection_config(), ON);
        let stream = R::connect(raw, &client.clone().config(config)).await?;
        Ok(checked(stream, ON))
    }

    async fn accept(raw: R::Raw, server: &ServerConfig) -> io::Result<R::Stream> {
        let config = config(server.connection_config(), ON);
        let stream = R::accept(raw, &server.clone().config(config)).await?;
        Ok(checked(stream, ON))
    }

    fn upgraded(
        raw: R::Raw,
        role: Upgraded,
        agreed: Agreed,
        config: ConnectionConfig,
        received: Vec<u8>,
    ) -> R::Stream {
        R::upgraded(raw, role, agreed, config, received)
    }

    fn relay(stream: &mut R::Stream, other: &mut R::Raw) -> impl Future<Output = Relayed> + Send {
        R::relay(stream, other)
    }

    fn plain_copy(
        stream: &mut R::Stream,
        other: &mut R::Raw,
    ) -> impl Future<Output = io::Result<()>> + Send {
        R::plain_copy(stream, other)
    }
}

impl<R: PausedClock, const ON: bool> PausedClock for Compression<R, ON> {
    fn run_paused(story: impl Future<Output = ()>) {
        R::run_paused(story);
    }

    fn now() -> Duration {
        R::now()
    }
}
