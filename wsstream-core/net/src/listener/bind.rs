//! Binding the sockets of a plan: at every address of a name.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
#[cfg(unix)]
use std::os::fd::OwnedFd;

use socket2::{Domain, Socket, Type};

use super::std_listener::StdListener;
#[cfg(unix)]
use super::std_listener::StdSockets;
use crate::context::{short, with_context};
use crate::descriptor::TcpServer;
use crate::dial::look_up_failed;
use crate::host_port::HostPort;
use crate::plan::ServerSocket;
#[cfg(unix)]
use crate::unix_file::UnixFile;

/// Listens on the socket of a plan. Blocks while it looks up a name.
pub(super) fn listen(socket: &ServerSocket) -> io::Result<StdListener> {
    match socket {
        ServerSocket::Tcp(tcp) => listen_tcp(tcp),
        #[cfg(unix)]
        ServerSocket::Unix(unix) => {
            let (socket, file) = UnixFile::bind(unix)?;
            socket.listen(system_backlog(unix.backlog))?;
            let socket = OwnedFd::from(socket).into();
            Ok(StdListener(StdSockets::Unix(Some(file), socket)))
        }
        #[cfg(not(unix))]
        ServerSocket::Unix(_) => Err(crate::descriptor::UnsupportedEndpoint::Unix.into()),
    }
}

fn listen_tcp(tcp: &TcpServer) -> io::Result<StdListener> {
    let TcpServer {
        interface, port, ..
    } = tcp;
    let at = HostPort(interface, *port);
    let addresses = (&**interface, *port).to_socket_addrs();
    let addresses = addresses.map_err(|error| with_context(&at, look_up_failed(&error)))?;
    let addresses = distinct(addresses);
    if addresses.is_empty() {
        let error = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        return Err(with_context(at, error));
    }
    listen_on_all(&addresses, tcp.backlog).map(StdListener::from)
}

/// Each address once, in the order of the resolver. An IPv4 address that is written as one of IPv6 is the same.
fn distinct(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let zone = |address: &SocketAddr| match address {
        SocketAddr::V4(_) => 0,
        SocketAddr::V6(address) => address.scope_id(),
    };
    let key = |address: &SocketAddr| (address.ip().to_canonical(), zone(address), address.port());
    let mut distinct: Vec<SocketAddr> = Vec::new();
    for address in addresses {
        if !distinct.iter().any(|known| key(known) == key(&address)) {
            distinct.push(address);
        }
    }
    distinct
}

/// Listens on all these addresses of a name, or on none. With port 0, the system chooses one for all of them.
fn listen_on_all(addresses: &[SocketAddr], backlog: u32) -> io::Result<Vec<std::net::TcpListener>> {
    let is_chosen = addresses.iter().any(|address| address.port() == 0);
    // The system chooses a port that is free at the first address; at another one it may be in use. The socket is held
    // until the end, so that the system chooses another one each time.
    let mut held = Vec::new();
    loop {
        let mut bound = Vec::new();
        match try_all(addresses, backlog, &mut bound) {
            Err(error) if is_chosen && is_in_use(&error) && held.len() < TRIES => {
                held.push(bound);
            }
            Err(error) => return Err(error),
            Ok(()) => return Ok(bound.into_iter().map(|(_, socket)| socket.into()).collect()),
        }
    }
}

fn try_all(
    addresses: &[SocketAddr],
    backlog: u32,
    bound: &mut Vec<(SocketAddr, Socket)>,
) -> io::Result<()> {
    let has_ipv4 = addresses.iter().any(SocketAddr::is_ipv4);
    let mut chosen = None;
    let mut missing = Vec::new();
    for &(mut address) in addresses {
        if let Some(port) = chosen {
            address.set_port(port);
        }
        // Where it would take the IPv4 addresses too, which have a socket of their own.
        let only_v6 = has_ipv4 && address.is_ipv6() && address.ip().is_unspecified();
        match bind(address, only_v6) {
            Ok(socket) => {
                if address.port() == 0 {
                    chosen = socket.local_addr()?.as_socket().map(|local| local.port());
                }
                bound.push((address, socket));
            }
            Err(error) if is_missing(&error) => missing.push((address, error)),
            Err(error) => return Err(with_context(address, error)),
        }
    }
    if bound.is_empty() {
        return Err(none_of(missing));
    }
    // All are bound before the first one listens: nobody is served by half of a name.
    for (address, socket) in bound {
        let listening = socket.listen(system_backlog(backlog));
        listening.map_err(|error| with_context(address, error))?;
    }
    for (address, error) in &missing {
        log_missing(*address, error);
    }
    Ok(())
}

fn bind(address: SocketAddr, only_v6: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows this option would let other programs take over the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if only_v6 {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Whether this machine does not have the address, or its family.
fn is_missing(error: &io::Error) -> bool {
    #[cfg(unix)]
    const NO_SUCH_FAMILY: i32 = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    // WSAEAFNOSUPPORT.
    #[cfg(not(unix))]
    const NO_SUCH_FAMILY: i32 = 10047;
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(NO_SUCH_FAMILY)
}

/// Windows says of a port that another program has for itself that it is forbidden.
fn is_in_use(error: &io::Error) -> bool {
    let is_forbidden = cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied;
    is_forbidden || error.kind() == io::ErrorKind::AddrInUse
}

/// The error where this machine has none of the addresses.
fn none_of(missing: Vec<(SocketAddr, io::Error)>) -> io::Error {
    let kind = missing.first().map(|(_, error)| error.kind());
    let said = missing
        .iter()
        .map(|(address, error)| format!("{address}: {}", short(error)));
    let said: Vec<_> = said.collect();
    io::Error::new(kind.unwrap_or(io::ErrorKind::NotFound), said.join("; "))
}

fn log_missing(address: SocketAddr, error: &io::Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "wsstream", %address, %error, "not listening there: this machine does not have the address");
    #[cfg(not(feature = "tracing"))]
    let _ = (address, error);
}

fn system_backlog(backlog: u32) -> i32 {
    i32::try_from(backlog).unwrap_or(i32::MAX)
}

/// How many ports may turn out to be in use at another address.
const TRIES: usize = 32;

#[cfg(test)]
mod tests;
