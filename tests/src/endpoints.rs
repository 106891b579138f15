//! What adapters make of endpoint descriptors, and a program that knows nothing else.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wsstream_core::CloseCode;
use wsstream_core::endpoint::{
    ClientEndpoint, EndpointAddress, ServerEndpoint, quote_argument, quote_value,
};
use wsstream_core::handshake::{Agreed, Request};
use wsstream_core::proxy::ProxyChoice;

use crate::io::{Read, Write};
use crate::pattern::Pattern;
use crate::runtime::Runtime;

/// An adapter that has endpoints.
pub trait Endpoints: Runtime {
    /// What listens.
    type Listener: EndpointListener<Stream = Self::EndpointStream>;

    /// What comes of either role.
    type EndpointStream: EndpointStream;

    /// Connects.
    fn connect_endpoint(
        endpoint: ClientEndpoint,
        proxy: ProxyChoice,
    ) -> impl Future<Output = io::Result<Self::EndpointStream>> + Send;

    /// Listens.
    fn listen_endpoint(
        endpoint: ServerEndpoint,
    ) -> impl Future<Output = io::Result<Self::Listener>> + Send;
}

/// An adapter's listener.
pub trait EndpointListener: Send + 'static {
    /// What it accepts.
    type Stream;

    /// The adapter's.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// The adapter's.
    fn local_addr(&self) -> &EndpointAddress;

    /// The adapter's.
    #[must_use]
    fn max_connections(self, connections: usize) -> Self;

    /// The adapter's.
    fn connections(&self) -> usize;

    /// The adapter's.
    fn shutdown(self, grace: Duration) -> impl Future<Output = usize> + Send;
}

/// An adapter's stream.
pub trait EndpointStream: Read + Write {
    /// The adapter's.
    fn close(&mut self) -> impl Future<Output = io::Result<()>> + Send;

    /// The adapter's.
    fn peer_addr(&self) -> io::Result<EndpointAddress>;

    /// The adapter's.
    fn request(&self) -> Option<&Request>;

    /// What was agreed on, if it is a WebSocket.
    fn agreed(&self) -> Option<&Agreed>;

    /// Closes with a code, if it is a WebSocket; whether it is.
    fn close_with(
        &mut self,
        code: CloseCode,
        reason: &str,
    ) -> impl Future<Output = io::Result<bool>> + Send;
}

/// The adapters' functions have the same names.
macro_rules! endpoints {
    ($runtime:ident, $adapter:ident) => {
        impl Endpoints for crate::$runtime {
            type Listener = $adapter::endpoint::EndpointListener;
            type EndpointStream = $adapter::endpoint::EndpointStream;

            async fn connect_endpoint(
                endpoint: ClientEndpoint,
                proxy: ProxyChoice,
            ) -> io::Result<Self::EndpointStream> {
                let endpoint = $adapter::endpoint::ClientEndpoint::from(endpoint);
                let endpoint = match proxy {
                    ProxyChoice::Given(proxy) => endpoint.proxy(proxy),
                    ProxyChoice::Environment => endpoint.proxy_of_environment(),
                    _ => endpoint,
                };
                endpoint.connect().await
            }

            async fn listen_endpoint(endpoint: ServerEndpoint) -> io::Result<Self::Listener> {
                let endpoint = $adapter::endpoint::ServerEndpoint::from(endpoint);
                endpoint.listen().await
            }
        }

        impl EndpointListener for $adapter::endpoint::EndpointListener {
            type Stream = $adapter::endpoint::EndpointStream;

            async fn accept(&mut self) -> io::Result<Self::Stream> {
                Self::accept(self).await
            }

            fn local_addr(&self) -> &EndpointAddress {
                Self::local_addr(self)
            }

            fn max_connections(self, connections: usize) -> Self {
                Self::max_connections(self, connections)
            }

            fn connections(&self) -> usize {
                Self::connections(self)
            }

            async fn shutdown(self, grace: Duration) -> usize {
                Self::shutdown(self, grace).await
            }
        }

        impl EndpointStream for $adapter::endpoint::EndpointStream {
            async fn close(&mut self) -> io::Result<()> {
                Self::close(self).await
            }

            fn peer_addr(&self) -> io::Result<EndpointAddress> {
                Self::peer_addr(self)
            }

            fn request(&self) -> Option<&Request> {
                Self::request(self)
            }

            fn agreed(&self) -> Option<&Agreed> {
                Some(self.websocket()?.agreed())
            }

            async fn close_with(&mut self, code: CloseCode, reason: &str) -> io::Result<bool> {
                match self.websocket_mut() {
                    Some(websocket) => websocket.close_with(code, reason).await.map(|()| true),
                    None => Ok(false),
                }
            }
        }
    };
}

endpoints!(Tokio, wsstream_tokio);
endpoints!(AsyncStd, wsstream_async_std);

/// Connects where a descriptor says.
///
/// # Errors
///
/// The adapter's.
///
/// # Panics
///
/// If it is none.
pub async fn connect<R: Endpoints>(descriptor: &str) -> io::Result<R::EndpointStream> {
    R::connect_endpoint(descriptor.parse().unwrap(), ProxyChoice::Direct).await
}

/// Listens where a descriptor says.
///
/// # Errors
///
/// The adapter's.
///
/// # Panics
///
/// If it is none.
pub async fn listen<R: Endpoints>(descriptor: &str) -> io::Result<R::Listener> {
    R::listen_endpoint(descriptor.parse().unwrap()).await
}

/// What a program has learned of its streams.
#[derive(Debug)]
#[non_exhaustive]
pub struct Talked<C, S> {
    /// The client's stream.
    pub client: C,
    /// The server's.
    pub server: S,
    /// Whom the client has reached.
    pub reached: EndpointAddress,
    /// Whom the server has let in.
    pub let_in: EndpointAddress,
}

/// The program: a question of so many octets, an answer as long, and an end, wherever descriptors lead.
///
/// # Panics
///
/// If anything fails.
pub async fn talk<C: Endpoints, S: Endpoints>(
    server: &str,
    client: &str,
    len: usize,
) -> Talked<C::EndpointStream, S::EndpointStream> {
    let mut listener = listen::<S>(server).await.unwrap();
    let (question, answer) = (Pattern::new(1).take(len), Pattern::new(2).take(len));
    let (expected, reply) = (question.clone(), answer.clone());
    let serving = S::spawn(async move {
        let mut stream = listener.accept().await.unwrap();
        let peer = stream.peer_addr().unwrap();
        assert!(stream.read_exact(len).await.unwrap() == expected);
        stream.write_all(&reply).await.unwrap();
        stream.flush().await.unwrap();
        stream.close().await.unwrap();
        (stream, peer)
    });
    let mut stream = connect::<C>(client).await.unwrap();
    let reached = stream.peer_addr().unwrap();
    stream.write_all(&question).await.unwrap();
    stream.flush().await.unwrap();
    assert!(stream.read_exact(len).await.unwrap() == answer);
    stream.close().await.unwrap();
    let (server, let_in) = serving.await;
    Talked {
        client: stream,
        server,
        reached,
        let_in,
    }
}

/// A port where nobody listens, another one each time: none of those that the system gives to whoever
/// does not care, which would be taken by the next test that does not.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let first = std::process::id() as usize * 251;
    let mut ports = (0..PORTS.len()).map(|_| {
        let number = first + NEXT.fetch_add(1, Ordering::Relaxed);
        PORTS.start + u16::try_from(number % PORTS.len()).unwrap()
    });
    let free = |port: &u16| TcpListener::bind(("0.0.0.0", *port)).is_ok();
    ports.find(free).unwrap()
}

/// Below those of Linux, and of everybody else.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// WebSocket over another endpoint, with more keys.
#[must_use]
pub fn over(endpoint: &str, url: &str, keys: &str) -> String {
    let (endpoint, url) = (quote_argument(endpoint), quote_value(url));
    format!("autobahn:{endpoint}:url={url}{keys}")
}

/// A directory that is removed when it is dropped.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// A new one.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("wsstream-{process}-{number}"));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A path in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The same, for a descriptor.
    #[must_use]
    pub fn quoted(&self, name: &str) -> String {
        let path: &Path = &self.path(name);
        quote_argument(path.to_str().unwrap())
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
