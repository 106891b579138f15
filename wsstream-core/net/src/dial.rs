//! RFC 8305, Happy Eyeballs: which of a host's addresses to connect to.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use wsstream_core::pump::{Clock, within};

/// Looks up the addresses of a host, and races connections to them, for `limit` at most.
///
/// An attempt starts when the one before it has failed, or has taken 250 ms. The first success cancels the others. Each
/// address gets an equal share of the time left when its turn comes, so that one that does not answer leaves time for
/// the next. `host` is only for error messages.
///
/// # Errors
///
/// If all attempts have failed, that of the last address. `NotFound` if there is no address; `TimedOut`.
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
        return Err(timed_out("looking up", host));
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
                let connected = connected.unwrap_or_else(|| Err(timed_out("connecting to", host)));
                connected.map_err(|error| (turn, error))
            });
            next_is_due = (left > 1).then(|| now + share.min(DELAY));
        }
        let ended = match next_is_due {
            Some(due) => within(&mut timer, due, attempts.next()).await,
            None => Some(attempts.next().await),
        };
        match ended {
            // The next attempt is due.
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

/// §4: alternates between the address families, starting with that of the first address.
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

/// The error of a step that took too long: "timed out connecting to HOST".
pub(crate) fn timed_out(step: &str, with: impl std::fmt::Display) -> io::Error {
    let reason = format!("timed out {step} {with}");
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

/// §8: the recommended "Connection Attempt Delay".
const DELAY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
