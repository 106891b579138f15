//! Which of a host's addresses is connected to: RFC 8305.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use wsstream_core::pump::{Clock, within};

/// Connects to a host, for `limit` at most: looks its addresses up, and races them.
///
/// An attempt begins when the one before it has failed, or has taken 250 ms. The first one that succeeds ends the
/// others. Each address has its share of the time that is left when its turn comes, so that one that does not answer
/// leaves some for the next. `host` is for what errors say.
///
/// # Errors
///
/// That of the last address, if all have failed; `NotFound` if there is none; `TimedOut`.
pub(crate) async fn dial<T, C: Clock, F>(
    host: &str,
    limit: Duration,
    clock: impl Fn() -> C,
    look_up: impl Future<Output = io::Result<Vec<SocketAddr>>>,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut timer = clock();
    let ends = timer.now() + limit;
    let Some(addresses) = within(&mut timer, ends, look_up).await else {
        return Err(too_late("no address", host));
    };
    let mut waiting = interleaved(addresses?).into_iter().enumerate();
    let mut attempts = FuturesUnordered::new();
    let mut failed: Option<(usize, io::Error)> = None;
    loop {
        let mut next_is_due = None;
        let left = waiting.len();
        if let Some((turn, address)) = waiting.next() {
            let now = timer.now();
            let share = (ends - now) / u32::try_from(left).unwrap_or(u32::MAX);
            let (mut clock, connecting) = (clock(), connect(address));
            // By its own clock, which begins now.
            let ends = clock.now() + share;
            attempts.push(async move {
                let connected = within(&mut clock, ends, connecting).await;
                let connected = connected.unwrap_or_else(|| Err(too_late("no connection", host)));
                connected.map_err(|error| (turn, error))
            });
            next_is_due = (left > 1).then(|| now + share.min(DELAY));
        }
        let ended = match next_is_due {
            Some(due) => within(&mut timer, due, attempts.next()).await,
            None => Some(attempts.next().await),
        };
        match ended {
            // The next one's turn has come.
            None => {}
            Some(Some(Ok(connected))) => return Ok(connected),
            Some(Some(Err(error))) => {
                let is_later = |failed: &(usize, _)| failed.0 < error.0;
                if failed.as_ref().is_none_or(is_later) {
                    failed = Some(error);
                }
            }
            Some(None) => break,
        }
    }
    let no_address = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    Err(failed.map_or_else(no_address, |(_, error)| error))
}

/// §4: the families in turn, beginning with that of the first address.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let begins = addresses.first().map(SocketAddr::is_ipv4);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| Some(address.is_ipv4()) == begins);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::new();
    loop {
        match (first.next(), second.next()) {
            (None, None) => return all,
            (one, other) => all.extend(one.into_iter().chain(other)),
        }
    }
}

pub(crate) fn too_late(what: &str, whom: impl std::fmt::Display) -> io::Error {
    let reason = format!("{what} to {whom} in time");
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

/// §8: the recommended "Connection Attempt Delay".
const DELAY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
