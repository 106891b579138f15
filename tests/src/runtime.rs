//! The stories' demands on a runtime, besides those of the network stack.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use wsstream_core::ConnectionConfig;
use wsstream_core::handshake::{ClientConfig, Negotiated, ServerConfig};
use wsstream_core::pump::{self, Clock as _, Relayed, Socket};
use wsstream_net::{
    Error, Handshake, NetSocket, ReadHalf, ReuniteError, Runtime, Upgraded, WriteHalf, accept_with,
    connect_over, relay,
};

use crate::io::{Read, Write};
use crate::raw::Raw;

/// A runtime that is under test. It runs stories, and reads and writes streams by its own traits.
pub trait TestRuntime: Sized + Send + Sync + 'static {
    /// The runtime itself.
    type Net: Runtime;

    /// [`Runtime::Stream`]: this is where stories learn that it is read and written.
    type Stream<S: SendSocket>: Read + Write + DerefMut<Target = S>;

    /// One half of it.
    type ReadHalf<S: SendSocket>: Read;

    /// The other one.
    type WriteHalf<S: SendSocket>: Write;

    /// The half that is read, of those that the adapter has for different tasks.
    type OwnReadHalf<S: SendSocket>: Read + fmt::Debug + Deref<Target = ReadHalf<S>>;

    /// The half that is written.
    type OwnWriteHalf<S: SendSocket>: Write + fmt::Debug + Deref<Target = WriteHalf<S>>;

    /// A thread that polls.
    type Thread: Thread;

    /// Whether streams are to offer and accept permessage-deflate, whatever a story has set.
    const COMPRESSION: Option<bool> = None;

    /// The same stream.
    fn stream<S: SendSocket>(stream: <Self::Net as Runtime>::Stream<S>) -> Self::Stream<S>;

    /// The socket alone.
    fn into_socket<S: SendSocket>(stream: Self::Stream<S>) -> S;

    /// The runtime's own way to split a stream.
    fn split<S: SendSocket>(stream: Self::Stream<S>) -> (Self::ReadHalf<S>, Self::WriteHalf<S>);

    /// The adapter's way to split a stream.
    fn into_split<S: SendSocket>(
        stream: Self::Stream<S>,
    ) -> (Self::OwnReadHalf<S>, Self::OwnWriteHalf<S>);

    /// And to make it of its halves again.
    ///
    /// # Errors
    ///
    /// The adapter's own, with both halves.
    #[expect(clippy::type_complexity, reason = "two halves, in and out")]
    fn reunite<S: SendSocket>(
        read: Self::OwnReadHalf<S>,
        write: Self::OwnWriteHalf<S>,
    ) -> Result<Self::Stream<S>, ReuniteError<Self::OwnReadHalf<S>, Self::OwnWriteHalf<S>>>;

    /// The runtime's own copying loop, which knows nothing of WebSocket.
    fn plain_copy<S: SendSocket, T: SendSocket>(
        a: &mut Self::Stream<S>,
        b: &mut Self::Stream<T>,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Runs a story, and fails it if it hangs.
    fn run(story: impl Future<Output = ()>);

    /// Runs a story on a clock that jumps ahead while everybody waits.
    fn run_paused(story: impl Future<Output = ()>);

    /// The time since such a story began.
    fn now() -> Duration;

    /// Runs a story on the thread that asks, for a test that counts its CPU time, and gives its output.
    fn run_on_one_thread<T>(story: impl Future<Output = T>) -> T;

    /// A thread for counting what it allocates.
    fn thread() -> Self::Thread;

    /// Runs a task beside the story.
    fn spawn<T: Send + 'static>(
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send;

    /// Waits.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        async move {
            let mut clock = Self::Net::clock();
            let deadline = clock.now() + time;
            poll_fn(|cx| clock.poll_sleep(cx, deadline)).await;
        }
    }

    /// Both ends of a TCP connection.
    fn tcp() -> impl Future<Output = (Raw<Self>, Raw<Self>)> + Send {
        async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            let address = listener.local_addr().unwrap();
            let mut listener = Self::Net::tcp_listener(listener).unwrap();
            let (client, server) = tokio::join!(
                Self::tcp_to(address),
                poll_fn(|cx| Self::Net::poll_accept_tcp(&mut listener, cx)),
            );
            let server = server.unwrap();
            Self::Net::tcp_ref(&server).set_tcp_nodelay(true).unwrap();
            (client, Raw::Tcp(NetSocket::from_tcp(server)))
        }
    }

    /// A TCP connection to an address.
    fn tcp_to(address: SocketAddr) -> impl Future<Output = Raw<Self>> + Send {
        async move {
            let domain = socket2::Domain::for_address(address);
            let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            let client = Self::Net::connect_tcp(socket, address).await.unwrap();
            Self::Net::tcp_ref(&client).set_tcp_nodelay(true).unwrap();
            Raw::Tcp(NetSocket::from_tcp(client))
        }
    }

    /// Both ends of a pipe that holds `len` octets each way.
    #[must_use]
    fn pipe(len: usize) -> (Raw<Self>, Raw<Self>) {
        Raw::pipe(len)
    }

    /// Ends a TCP connection with a reset.
    fn reset(raw: Raw<Self>) {
        let Raw::Tcp(socket) = raw else {
            panic!("only TCP has a reset");
        };
        let system = Self::Net::tcp_ref(socket.tcp().unwrap());
        system.set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// A socket as the runtime's own stream.
    fn wrap<S: SendSocket>(socket: S) -> Self::Stream<S> {
        Self::stream(socket.into())
    }

    /// Asks for a WebSocket as a client.
    fn connect_on(
        raw: Raw<Self>,
        client: &ClientConfig,
    ) -> impl Future<Output = Result<Upgraded<Raw<Self>, Self::Net>, Error>> + Send {
        connect_over(raw, "ws://localhost/", client)
    }

    /// Waits for the request of a client.
    fn accept_with(
        raw: Raw<Self>,
        server: &ServerConfig,
    ) -> impl Future<Output = Result<Handshake<Raw<Self>, Self::Net>, Error>> + Send {
        accept_with(raw, server)
    }

    /// Opens a stream as a client.
    fn connect(
        raw: Raw<Self>,
        client: &ClientConfig,
    ) -> impl Future<Output = io::Result<WsStream<Self>>> + Send {
        let mut client = client.clone();
        if let Some(on) = Self::COMPRESSION {
            let config = ConnectionConfig::clone(&client.config);
            client = client.config(config.compression(on));
        }
        async move {
            let upgraded = Self::connect_on(raw, &client).await?;
            Ok(checked(upgraded))
        }
    }

    /// Opens a stream as a server.
    fn accept(
        raw: Raw<Self>,
        server: &ServerConfig,
    ) -> impl Future<Output = io::Result<WsStream<Self>>> + Send {
        let mut server = server.clone();
        if let Some(on) = Self::COMPRESSION {
            let config = ConnectionConfig::clone(&server.config);
            server = server.config(config.compression(on));
        }
        async move {
            let handshake = Self::accept_with(raw, &server).await?;
            Ok(checked(handshake.accept().await?))
        }
    }

    /// A stream over a connection that was opened elsewhere.
    fn opened(raw: Raw<Self>, negotiated: Negotiated, received: Vec<u8>) -> WsStream<Self> {
        let upgraded = Upgraded::<_, Self::Net>::new(raw, negotiated, received);
        Self::stream(upgraded.into_stream())
    }

    /// Joins a stream and a transport.
    fn relay(
        stream: &mut WsStream<Self>,
        other: &mut Raw<Self>,
    ) -> impl Future<Output = Relayed> + Send {
        relay::<Self::Net>(&mut **stream, other)
    }
}

/// A socket that generic code may hand to another task.
pub trait SendSocket: Socket + fmt::Debug + Send + 'static {}

impl<S: Socket + fmt::Debug + Send + 'static> SendSocket for S {}

/// The clock of a runtime's connections.
pub type Clock<R> = <<R as TestRuntime>::Net as Runtime>::Clock;

/// A byte stream over WebSocket, as the runtime's own stream.
pub type WsStream<R, S = Raw<R>> = <R as TestRuntime>::Stream<pump::Stream<S, Clock<R>>>;

/// A thread on which a runtime is asked again and again: it has all that its connections allocate.
pub trait Thread {
    /// Runs a future on the thread that asks.
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T;
}

/// The stream after a handshake. Every peer knows the extension, and leaves the choice to us.
fn checked<R: TestRuntime>(upgraded: Upgraded<Raw<R>, R::Net>) -> WsStream<R> {
    if let Some(on) = R::COMPRESSION {
        assert_eq!(upgraded.agreed().deflate().is_some(), on);
    }
    R::stream(upgraded.into_stream())
}

/// Waits for a future, and for no longer than this.
pub async fn within<R: TestRuntime, T>(
    time: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        output = future => Some(output),
        () = R::sleep(time) => None,
    }
}

/// Opens a stream between two ends of a transport: its client and its server.
pub async fn open<R: TestRuntime>(ends: (Raw<R>, Raw<R>)) -> (WsStream<R>, WsStream<R>) {
    open_with::<R>(ends, &ClientConfig::stream(), &ServerConfig::stream()).await
}

/// The same, with options.
///
/// # Panics
///
/// If they do not agree.
pub async fn open_with<R: TestRuntime>(
    (client_end, server_end): (Raw<R>, Raw<R>),
    client: &ClientConfig,
    server: &ServerConfig,
) -> (WsStream<R>, WsStream<R>) {
    let (client, server) = tokio::join!(
        R::connect(client_end, client),
        R::accept(server_end, server)
    );
    (client.unwrap(), server.unwrap())
}
