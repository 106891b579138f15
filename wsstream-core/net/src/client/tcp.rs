//! Connects by TCP: looks names and zones up, and dials from the address that is asked for.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, ToSocketAddrs};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket as SystemSocket, Type};
use wsstream_core::pump::{Clock as _, within};

use crate::context::{timed_out, with_context};
use crate::dial::{DialError, Target, dial, look_up_failed};
use crate::host_port::split_zone;
use crate::net_socket::NetSocket;
use crate::plan::{BindAddress, TcpClient};
use crate::runtime::Runtime;

/// Connects to a host, or to a proxy on the way to it, within `limit`.
pub(super) async fn dial_tcp<R: Runtime>(
    tcp: &TcpClient,
    to: Target<'_>,
    limit: Duration,
) -> io::Result<NetSocket<R>> {
    let clock = R::clock();
    let ends = clock.now() + limit;
    let bound = sources::<R>(tcp, limit).await;
    let bound = bound.map_err(|error| to.not_found(error))?;
    let connect = |to| {
        let bound = bound.as_deref();
        async move {
            let from = bound.map(|bound| source(bound, to)).transpose()?;
            let socket = NetSocket::from_tcp(connect_to::<R>(to, from).await?);
            socket.set_up(tcp.nodelay)?;
            Ok(socket)
        }
    };
    let look_up = look_up::<R>(to.host, to.port);
    let dialled = dial(to, ends - clock.now(), R::clock, look_up, connect).await;
    dialled.map_err(DialError::into)
}

/// The addresses to connect from, if it matters, found within `limit`.
async fn sources<R: Runtime>(
    tcp: &TcpClient,
    limit: Duration,
) -> io::Result<Option<Vec<SocketAddr>>> {
    let name = match &tcp.bind_address {
        None => return Ok(None),
        Some(BindAddress::Address(address)) => return Ok(Some(vec![*address])),
        Some(BindAddress::Name(name)) => name,
    };
    let mut clock = R::clock();
    let ends = clock.now() + limit;
    match within(&mut clock, ends, look_up::<R>(name, 0)).await {
        Some(Ok(found)) => Ok(Some(found)),
        Some(Err(error)) => Err(with_context(format_args!("source address {name:?}"), error)),
        None => Err(timed_out(format_args!(
            "looking up the source address {name:?}"
        ))),
    }
}

async fn connect_to<R: Runtime>(to: SocketAddr, from: Option<SocketAddr>) -> io::Result<R::Tcp> {
    let domain = Domain::for_address(to);
    let socket = SystemSocket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if let Some(from) = from {
        socket
            .bind(&from.into())
            .map_err(|error| match from.port() {
                // The system chooses that.
                0 => with_context(format_args!("source address {}", from.ip()), error),
                _ => with_context(format_args!("source address {from}"), error),
            })?;
    }
    R::connect_tcp(socket, to).await
}

/// Looks up the addresses of a host. The system puts the best one first.
async fn look_up<R: Runtime>(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if let Some((address, zone)) = split_zone(host) {
        let zone = scope_id::<R>(zone).await?;
        return Ok(vec![SocketAddrV6::new(address, port, 0, zone).into()]);
    }
    let addresses = resolved::<R>(host.to_owned(), port).await;
    addresses.map_err(|error| look_up_failed(&error))
}

/// RFC 4007 §11.2: the number of a zone. The system knows that of an interface by the interface's name, but for no other
/// addresses than link-local ones.
async fn scope_id<R: Runtime>(zone: &str) -> io::Result<u32> {
    let number = match zone.parse() {
        Ok(number) => number,
        Err(_) => match resolved::<R>(format!("fe80::1%{zone}"), 0).await.as_deref() {
            Ok([SocketAddr::V6(address), ..]) => address.scope_id(),
            _ => 0,
        },
    };
    if number == 0 {
        let reason = format!("zone {zone:?}: there is no such network interface");
        return Err(io::Error::new(io::ErrorKind::NotFound, reason));
    }
    Ok(number)
}

async fn resolved<R: Runtime>(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let asking = R::blocking(move || (&*host, port).to_socket_addrs()).await;
    asking
        .and_then(|addresses| addresses)
        .map(Iterator::collect)
}

/// The first local address of the same family as the remote one.
fn source(bound: &[SocketAddr], to: SocketAddr) -> io::Result<SocketAddr> {
    let mut same = bound.iter().filter(|from| from.is_ipv4() == to.is_ipv4());
    same.next().copied().ok_or_else(|| {
        let family = if to.is_ipv4() { "IPv4" } else { "IPv6" };
        let reason = format!("no source address of {family}");
        io::Error::new(io::ErrorKind::AddrNotAvailable, reason)
    })
}
