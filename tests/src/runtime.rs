//! What a runtime, and its adapter, have to offer for the stories to run on them.

use std::future::Future;
use std::io;
use std::task::Context;
use std::time::Duration;

use wsstream_core::handshake::{Agreed, ClientConfig, ServerConfig};
use wsstream_core::pump::{Relayed, Upgraded};
use wsstream_core::{Close, CloseCode, ClosedBy, ConnectionConfig, Counters};

use crate::io::{Read, Write};

/// A runtime and its adapter.
pub trait Runtime: Sized + Send + Sync + 'static {
    /// A transport: a TCP connection, or an end of a pipe in memory.
    type Raw: Read + Write;

    /// The adapter's byte stream over a transport.
    type Stream: Stream<Raw = Self::Raw>;

    /// Runs a story, and fails it if it hangs.
    fn run(story: impl Future<Output = ()>);

    /// Runs a task beside the story.
    fn spawn<T: Send + 'static>(
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send;

    /// Waits.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;

    /// Both ends of a TCP connection.
    fn tcp() -> impl Future<Output = (Self::Raw, Self::Raw)> + Send;

    /// Both ends of a pipe that holds `len` octets each way.
    fn pipe(len: usize) -> (Self::Raw, Self::Raw);

    /// Ends a TCP connection with a reset.
    fn reset(raw: Self::Raw);

    /// Opens a stream as a client.
    fn connect(
        raw: Self::Raw,
        client: &ClientConfig,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Opens a stream as a server.
    fn accept(
        raw: Self::Raw,
        server: &ServerConfig,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Makes a stream of a connection that was opened elsewhere.
    fn upgraded(
        raw: Self::Raw,
        role: Upgraded,
        agreed: Agreed,
        config: ConnectionConfig,
        received: Vec<u8>,
    ) -> Self::Stream;

    /// The adapter's relay.
    fn relay(
        stream: &mut Self::Stream,
        other: &mut Self::Raw,
    ) -> impl Future<Output = Relayed> + Send;

    /// The runtime's own copying loop, which knows nothing of WebSocket.
    fn plain_copy(
        stream: &mut Self::Stream,
        other: &mut Self::Raw,
    ) -> impl Future<Output = io::Result<()>> + Send;
}

/// A runtime that can run on a clock which jumps ahead while everybody waits.
pub trait PausedClock: Runtime {
    /// Runs a story on such a clock.
    fn run_paused(story: impl Future<Output = ()>);

    /// The time since the story began.
    fn now() -> Duration;
}

/// A runtime that can run a story on the thread that asks, for those who count its CPU time.
pub trait OneThread: Runtime {
    /// Runs a story, and gives what it comes to.
    fn run_on_one_thread<T>(story: impl Future<Output = T>) -> T;
}

/// A thread on which a runtime is asked again and again: it has all that its connections allocate.
pub trait Thread {
    /// Runs a future on the thread that asks.
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T;
}

/// An adapter's byte stream.
pub trait Stream: Read + Write + Sized {
    /// What it runs over.
    type Raw;

    /// One half.
    type ReadHalf: Read;

    /// The other one.
    type WriteHalf: Write;

    /// The runtime's own way to split a stream.
    fn split(self) -> (Self::ReadHalf, Self::WriteHalf);

    /// The adapter's.
    fn close(&mut self) -> impl Future<Output = io::Result<()>> + Send;

    /// The adapter's.
    fn close_with(
        &mut self,
        code: CloseCode,
        reason: &str,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// The adapter's.
    fn abort(self);

    /// The adapter's.
    fn poll_drive(&mut self, cx: &Context<'_>);

    /// The adapter's.
    fn agreed(&self) -> &Agreed;

    /// The adapter's.
    fn received_close(&self) -> Option<&Close>;

    /// The adapter's.
    fn sent_close(&self) -> Option<&Close>;

    /// The adapter's.
    fn closed_by(&self) -> Option<ClosedBy>;

    /// The adapter's.
    fn counters(&self) -> Counters;

    /// The adapter's.
    fn rtt(&self) -> Option<Duration>;

    /// The adapter's.
    fn get_ref(&self) -> &Self::Raw;

    /// The adapter's.
    fn into_inner(self) -> (Self::Raw, Vec<u8>);
}

/// Waits for a future, and for no longer than this.
pub async fn within<R: Runtime, T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    ::tokio::select! {
        output = future => Some(output),
        () = R::sleep(time) => None,
    }
}

/// Opens a stream between two ends of a transport: its client and its server.
pub async fn open<R: Runtime>(ends: (R::Raw, R::Raw)) -> (R::Stream, R::Stream) {
    open_with::<R>(ends, &ClientConfig::stream(), &ServerConfig::stream()).await
}

/// The same, with options.
///
/// # Panics
///
/// If they do not agree.
pub async fn open_with<R: Runtime>(
    (client_end, server_end): (R::Raw, R::Raw),
    client: &ClientConfig,
    server: &ServerConfig,
) -> (R::Stream, R::Stream) {
    let (client, server) = ::tokio::join!(
        R::connect(client_end, client),
        R::accept(server_end, server)
    );
    (client.unwrap(), server.unwrap())
}
