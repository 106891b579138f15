//! RFC 8305, Happy Eyeballs: which of a host's addresses to connect to.

mod error;

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use wsstream_core::pump::{Clock, within};

pub use self::error::DialError;
pub(crate) use self::error::look_up_failed;

/// What is dialled, for errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) is_proxy: bool,
}

impl Target<'_> {
    /// The error of a look-up.
    pub(crate) fn not_found(self, error: io::Error) -> DialError {
        let look_up = Some(error);
        DialError {
            look_up,
            ..self.failed(Vec::new())
        }
    }

    fn failed(self, attempts: Vec<(SocketAddr, io::Error)>) -> DialError {
        let error = DialError {
            host: self.host.to_owned(),
            port: self.port,
            is_proxy: self.is_proxy,
            look_up: None,
            attempts,
        };
        error.sorted()
    }
}

/// Looks up the addresses of a host, and races connections to them, for `limit` at most.
///
/// An attempt starts when the one before it has failed, or has taken 250 ms. The first success cancels the others. Each
/// address gets an equal share of the time left when its turn comes, so that one that does not answer leaves time for
/// the next.
///
/// # Errors
///
/// If the look-up or all attempts have failed.
pub(crate) async fn dial<T, C: Clock, F>(
    target: Target<'_>,
    limit: Duration,
    clock: impl Fn() -> C,
    look_up: impl Future<Output = io::Result<Vec<SocketAddr>>>,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<T, DialError>
where
    F: Future<Output = io::Result<T>>,
{
    let mut timer = clock();
    let ends = timer.now() + limit;
    let looked_up = within(&mut timer, ends, look_up).await;
    let addresses = looked_up.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()));
    let addresses = addresses.map_err(|error| target.not_found(error))?;
    let mut waiting = interleaved(addresses).into_iter().enumerate();
    let mut attempts = Vec::new();
    let mut failed = Vec::new();
    loop {
        let mut next_is_due = None;
        let left = waiting.len();
        if let Some((turn, address)) = waiting.next() {
            let now = timer.now();
            let share = (ends - now) / u32::try_from(left).unwrap_or(u32::MAX);
            let (mut clock, connecting) = (clock(), connect(address));
            // By its own clock, which begins now.
            let ends = clock.now() + share;
            attempts.push(Box::pin(async move {
                let connected = within(&mut clock, ends, connecting).await;
                let connected = connected.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()));
                connected.map_err(|error| (turn, (address, error)))
            }));
            next_is_due = (left > 1).then(|| now + share.min(DELAY));
        }
        let next = poll_fn(|cx| poll_first(&mut attempts, cx));
        let ended = match next_is_due {
            Some(due) => within(&mut timer, due, next).await,
            None => Some(next.await),
        };
        match ended {
            // The next attempt is due.
            None => {}
            Some(Some(Ok(connected))) => return Ok(connected),
            Some(Some(Err(error))) => failed.push(error),
            Some(None) => {
                failed.sort_by_key(|(turn, _)| *turn);
                let attempts = failed.into_iter().map(|(_, attempt)| attempt);
                return Err(target.failed(attempts.collect()));
            }
        }
    }
}

/// Waits until one of the attempts has ended, and takes it out. `None` without any. There are few at a time.
fn poll_first<F: Future>(
    attempts: &mut Vec<Pin<Box<F>>>,
    cx: &mut Context<'_>,
) -> Poll<Option<F::Output>> {
    for (index, attempt) in attempts.iter_mut().enumerate() {
        if let Poll::Ready(ended) = attempt.as_mut().poll(cx) {
            drop(attempts.swap_remove(index));
            return Poll::Ready(Some(ended));
        }
    }
    match attempts.is_empty() {
        true => Poll::Ready(None),
        false => Poll::Pending,
    }
}

/// §4: alternates between the address families, starting with that of the first address. An address that the system gives
/// twice, as for two lines in `/etc/hosts`, is tried once.
fn interleaved(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut known = BTreeSet::new();
    addresses.retain(|address| known.insert(*address));
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

/// §8: the recommended "Connection Attempt Delay".
const DELAY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
