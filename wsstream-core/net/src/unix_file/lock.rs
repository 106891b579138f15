//! The lock of a Unix socket.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process;
use std::time::Duration;

use super::in_use;
use super::inode::Inode;
use crate::context::with_context;

/// A lock that this server holds. Dropping it removes it, unless it is another server's by then.
#[derive(Debug)]
pub(super) struct Lock {
    path: String,
    inode: Inode,
}

impl Lock {
    /// Creates the lock, and replaces a stale one. If several servers find the same stale lock, one of them
    /// gets it.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another server holds it; errors of the file system.
    pub(super) fn take(path: String) -> io::Result<Self> {
        let locked = || in_use(format!("{path} is locked"));
        if let Some(lock) = Self::make(&path)? {
            return Ok(lock);
        }
        let found = Inode::at(&path).map_err(|error| with_context(&path, error))?;
        let holder = fs::read_link(&path).map_err(|error| with_context(&path, error))?;
        if is_starting(&path, &holder) {
            return Err(locked());
        }
        // No system call removes a file only if it is a certain one. So it gets a name that nobody else knows first.
        let aside = format!("{path}.{:016x}", getrandom::u64()?);
        fs::rename(&path, &aside).map_err(|_| locked())?;
        if !found.is_at(&aside) {
            // It is the new lock of another server, which was faster. A third one may have taken the name meanwhile.
            if is_free(&path) {
                fs::rename(&aside, &path)?;
            }
            return Err(locked());
        }
        fs::remove_file(&aside)?;
        Self::make(&path)?.ok_or_else(locked)
    }

    /// Creates the lock if there is none.
    fn make(path: &str) -> io::Result<Option<Self>> {
        match symlink(process::id().to_string(), path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(with_context(path, error)),
        }
        let lock = Self {
            path: path.to_owned(),
            inode: Inode::at(path).map_err(|error| with_context(path, error))?,
        };
        Ok(lock.names_us().then_some(lock))
    }

    fn names_us(&self) -> bool {
        fs::read_link(&self.path).is_ok_and(|holder| is_ours(&holder))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Ignore errors: nobody can be told.
        if self.names_us() {
            let _ = self.inode.remove(&self.path);
        }
    }
}

/// Whether the holder of the lock may be about to listen. In a container every server may be process 1,
/// so a lock with our own number is stale.
fn is_starting(lock: &str, holder: &Path) -> bool {
    let is_young = || {
        let made = fs::symlink_metadata(lock).and_then(|metadata| metadata.modified());
        made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age < STARTING))
    };
    let lives = Path::new("/proc").join(holder).exists();
    lives && !is_ours(holder) && is_young()
}

fn is_ours(holder: &Path) -> bool {
    holder == Path::new(&process::id().to_string())
}

fn is_free(path: &str) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// The suffix of the lock's name.
pub(super) const LOCK: &str = ".lock";

/// A server takes less time than this from its lock to listening.
const STARTING: Duration = Duration::from_secs(10);
