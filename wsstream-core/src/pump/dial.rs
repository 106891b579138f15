//! Dialling: the addresses of a name in turn, and one limit for all of it.

use alloc::format;
use alloc::vec::Vec;
use core::future::Future;
use core::time::Duration;
use std::io;

use super::timer::{Timer, within};
use crate::url::Url;

/// Names and sockets, as a runtime offers them.
pub trait Dialler {
    /// An address of a host, with its port.
    type Address;

    /// A connection to one.
    type Connection;

    /// What the handshake goes over: the connection, or TLS on it.
    type Io;

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
    ) -> impl Future<Output = io::Result<Self::Io>>;
}

/// Dials a URL: tries the addresses of its host in turn. Each has its share of the time, so that one that
/// does not answer leaves some for the next.
///
/// `limit` is for everything, the opening handshake included: what comes back is what is connected, and
/// how much is left for the handshake.
///
/// # Errors
///
/// The dialler's: of the last address, if all have failed. `TimedOut` if the time is over, `NotFound` if
/// the host has no address.
pub async fn dial<D: Dialler>(
    dialler: &D,
    timer: &mut impl Timer,
    url: &Url,
    limit: Duration,
) -> io::Result<(D::Io, Duration)> {
    let ends = timer.now() + limit;
    let too_late = |what| {
        let reason = format!("{what} to {} in time", url.authority());
        io::Error::new(io::ErrorKind::TimedOut, reason)
    };
    let Some(addresses) = within(timer, ends, dialler.look_up(url)).await else {
        return Err(too_late("no address"));
    };
    let mut addresses = addresses?.into_iter();
    let mut connected = Err(io::Error::new(
        io::ErrorKind::NotFound,
        "the host has no address",
    ));
    while let Some(address) = addresses.next() {
        let now = timer.now();
        let share = (ends - now).div_f64((addresses.len() + 1) as f64);
        connected = within(timer, now + share, dialler.connect(address))
            .await
            .unwrap_or_else(|| Err(too_late("no connection")));
        if connected.is_ok() {
            break;
        }
    }
    let securing = dialler.secure(connected?, url);
    let Some(io) = within(timer, ends, securing).await else {
        return Err(too_late("no TLS connection"));
    };
    Ok((io?, ends - timer.now()))
}
