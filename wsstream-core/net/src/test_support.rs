//! What tests of sockets, without a system, are told with.

#[cfg(unix)]
pub(crate) mod runtime;

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use wsstream_core::pump::Socket;

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A socket whose peer says one thing, and then nothing more or the end, and listens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scripted(Arc<Mutex<Script>>);

#[derive(Debug, Default)]
pub(crate) struct Script {
    /// What the peer has still to say.
    pub(crate) says: Vec<u8>,
    /// Whether it ends after that.
    pub(crate) ends: bool,
    /// What it was told.
    pub(crate) told: Vec<u8>,
    pub(crate) is_shut_down: bool,
}

impl Scripted {
    pub(crate) fn saying(says: &[u8], ends: bool) -> Self {
        let (says, scripted) = (says.to_vec(), Self::default());
        scripted.with(|script| (script.says, script.ends) = (says, ends));
        scripted
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Script) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

impl Socket for Scripted {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.with(|script| {
            if script.says.is_empty() && !script.ends {
                return Poll::Pending;
            }
            let count = script.says.len().min(buf.len());
            for (to, from) in buf.iter_mut().zip(script.says.drain(..count)) {
                *to = from;
            }
            Poll::Ready(Ok(count))
        })
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.with(|script| {
            script.told.extend(bufs.iter().flat_map(|buf| buf.iter()));
            Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|script| script.is_shut_down = true);
        Poll::Ready(Ok(()))
    }
}
