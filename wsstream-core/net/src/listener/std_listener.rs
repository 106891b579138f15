//! Sockets that listen already.

use std::io;
#[cfg(unix)]
use std::os::unix::net::UnixListener;

use socket2::SockRef;

use crate::descriptor::EndpointAddress;
#[cfg(unix)]
use crate::unix_file::UnixFile;

/// Listening sockets of the standard library, for [`Listener::from_std`](crate::Listener::from_std). Convert a
/// [`TcpListener`](std::net::TcpListener), several in a `Vec` or, on Unix, a `UnixListener` into it.
///
/// ```
/// # use wsstream_core::handshake::ServerConfig;
/// # use wsstream_net::{Listener, Runtime, StdListener};
/// # fn listen<R: Runtime>() -> Result<(), Box<dyn std::error::Error>> {
/// let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let listener = Listener::<R>::from_std(socket, ServerConfig::stream())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct StdListener(pub(super) StdSockets);

#[derive(Debug)]
pub(super) enum StdSockets {
    Tcp(Vec<std::net::TcpListener>),
    /// With the socket's file, if this crate created it.
    #[cfg(unix)]
    Unix(Option<UnixFile>, UnixListener),
}

impl From<std::net::TcpListener> for StdListener {
    fn from(tcp: std::net::TcpListener) -> Self {
        vec![tcp].into()
    }
}

/// One listener accepts from all of them. The first one's address is its
/// [`local_addr`](crate::Listener::local_addr).
impl From<Vec<std::net::TcpListener>> for StdListener {
    fn from(tcp: Vec<std::net::TcpListener>) -> Self {
        Self(StdSockets::Tcp(tcp))
    }
}

/// The listener does not remove the socket's file.
#[cfg(unix)]
impl From<UnixListener> for StdListener {
    fn from(unix: UnixListener) -> Self {
        Self(StdSockets::Unix(None, unix))
    }
}

impl StdListener {
    pub(super) fn local_addrs(&self) -> io::Result<Vec<EndpointAddress>> {
        let address = |socket: SockRef<'_>| socket.local_addr().map(EndpointAddress::from_system);
        match &self.0 {
            StdSockets::Tcp(tcp) => tcp.iter().map(|tcp| address(tcp.into())).collect(),
            #[cfg(unix)]
            StdSockets::Unix(_, unix) => Ok(vec![address(unix.into())?]),
        }
    }
}
