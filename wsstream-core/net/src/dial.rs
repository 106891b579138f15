//! Dialling: the addresses of a name in turn, and one limit for all of it.

use alloc::format;
use alloc::vec::Vec;
use core::future::Future;
use core::time::Duration;
use std::io;

use super::timer::{Timer, within};
use super::{Connect, Opened, Transport};
use crate::handshake::ClientConfig;
use crate::seed::Seed;
use crate::url::Url;

/// Names and sockets, as a runtime offers them.
pub trait Dialler {
    /// An address of a host, with its port.
    type Address;

    /// A connection to one.
    type Connection;

    /// What the opening handshake goes over: the connection, or TLS on it.
    type Transport;

    /// Whether it can do TLS.
    fn has_tls(&self) -> bool;

    /// The addresses of the URL's host, the best one first.
    fn look_up(&self, url: &Url) -> impl Future<Output = io::Result<Vec<Self::Address>>>;

    /// Connects to one of them. Dropping the future gives the attempt up.
    fn connect(&self, address: Self::Address)
    -> impl Future<Output = io::Result<Self::Connection>>;

    /// Does with the connection what the URL asks for: TLS, or nothing.
    fn secure(
        &self,
        connection: Self::Connection,
        url: &Url,
    ) -> impl Future<Output = io::Result<Self::Transport>>;
}

/// Opens a URL: tries the addresses of its host in turn, does TLS for `wss`, and asks for a WebSocket as
/// `client` says. Each address has its share of the time, so that one that does not answer leaves some for
/// the next. The client's handshake timeout is for all of it. The seed must be used for nothing else.
///
/// # Errors
///
/// The dialler's: of the last address, if all have failed. `Unsupported` for `wss` without TLS, `TimedOut` if
/// the time is over, `NotFound` if the host has no address. Those of [`Connect`].
pub async fn open<D>(
    dialler: &D,
    mut timer: impl Timer,
    url: &Url,
    client: &ClientConfig,
    seed: Seed,
) -> io::Result<Opened<D::Transport>>
where
    D: Dialler,
    D::Transport: Transport + Unpin,
{
    if url.is_secure() && !dialler.has_tls() {
        let reason =
            "wss needs the feature `rustls`, or a TLS stream to connect on: see connect_on";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
    }
    let (transport, left) = dial(dialler, &mut timer, url, client.timeout()).await?;
    let client = client.clone().handshake_timeout(left);
    let opened = Connect::new(transport, url, &client, seed).await;
    let opened = opened.map(Opened::made_by_adapter);
    #[cfg(feature = "rustls")]
    let opened = opened.map_err(|error| crate::tls::explain_late(url.authority(), error));
    opened
}

/// What is connected, and how much of the limit is left.
pub(super) async fn dial<D: Dialler>(
    dialler: &D,
    timer: &mut impl Timer,
    url: &Url,
    limit: Duration,
) -> io::Result<(D::Transport, Duration)> {
    let ends = timer.now() + limit;
    let connected = dial_host(
        timer,
        url.authority(),
        limit,
        dialler.look_up(url),
        |address| dialler.connect(address),
    );
    let connected = connected.await?;
    let securing = dialler.secure(connected, url);
    let Some(io) = within(timer, ends, securing).await else {
        return Err(too_late("no TLS connection", url.authority()));
    };
    Ok((io?, ends - timer.now()))
}

/// Connects to a host: tries the addresses that `look_up` gives in turn, as [`open`] does. `host` is for
/// what errors say.
pub(super) async fn dial_host<A, C, F>(
    timer: &mut impl Timer,
    host: &str,
    limit: Duration,
    look_up: impl Future<Output = io::Result<Vec<A>>>,
    connect: impl Fn(A) -> F,
) -> io::Result<C>
where
    F: Future<Output = io::Result<C>>,
{
    let ends = timer.now() + limit;
    let Some(addresses) = within(timer, ends, look_up).await else {
        return Err(too_late("no address", host));
    };
    let mut addresses = addresses?.into_iter();
    let mut connected = Err(io::Error::new(
        io::ErrorKind::NotFound,
        "the host has no address",
    ));
    while let Some(address) = addresses.next() {
        let now = timer.now();
        let to_try = u32::try_from(addresses.len() + 1).unwrap_or(u32::MAX);
        let share = (ends - now) / to_try;
        connected = within(timer, now + share, connect(address))
            .await
            .unwrap_or_else(|| Err(too_late("no connection", host)));
        if connected.is_ok() {
            break;
        }
    }
    connected
}

pub(super) fn too_late(what: &str, whom: &str) -> io::Error {
    let reason = format!("{what} to {whom} in time");
    io::Error::new(io::ErrorKind::TimedOut, reason)
}
