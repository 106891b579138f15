//! The file of a Unix socket that is listened on, and its lock.
//!
//! The lock is Twisted's: a symbolic link beside the socket, which names a process. It was left behind if nobody
//! listens on the socket: the process says nothing, as its number may have been used again. A server that has its
//! lock and does not listen yet has a process that lives, and a lock that is young.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::process;
use std::time::Duration;

use crate::descriptor::with_context;
use crate::plan::{UnixClient, UnixServer};

/// The file of a Unix socket and its lock. Dropping it removes both.
#[derive(Debug)]
pub(crate) struct UnixFile {
    path: String,
    lock: Option<String>,
    bound: bool,
}

impl UnixFile {
    /// Frees the path, has a socket bound to it, and sets its permissions: nobody can connect before it listens.
    /// `probed` tells what connecting to the path just now has given.
    ///
    /// With a lock, a socket on which nobody listens is removed with its lock: it was left behind.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody listens there, or holds the lock; `PermissionDenied` if that cannot be known;
    /// those of `bind`; the file system's.
    pub(crate) fn bind<T>(
        server: &UnixServer,
        probed: Result<(), ErrorKind>,
        bind: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<(T, Self)> {
        let mut file = Self {
            path: server.path.clone(),
            lock: None,
            bound: false,
        };
        if server.lockfile {
            match probed {
                Err(ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {}
                // Nobody can listen at such a path, and neither can we: what follows says why.
                Err(
                    ErrorKind::InvalidFilename | ErrorKind::InvalidInput | ErrorKind::NotADirectory,
                ) => {}
                Err(kind @ ErrorKind::PermissionDenied) => {
                    return Err(with_context(&server.path, kind.into()));
                }
                _ => return Err(in_use(format!("somebody listens on {}", server.path))),
            }
            file.lock = Some(take_lock(lock_of(&server.path))?);
            remove_socket(&server.path)?;
        }
        let socket = bind().map_err(|error| with_context(&server.path, error))?;
        file.bound = true;
        fs::set_permissions(&file.path, Permissions::from_mode(server.mode))?;
        Ok((socket, file))
    }
}

/// Makes the lock. One that was left behind goes first; of several servers that find one, one gets it.
fn take_lock(lock: String) -> io::Result<String> {
    let locked = || in_use(format!("{lock} is locked"));
    let make = || match symlink(process::id().to_string(), &lock) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        made => made
            .map(|()| true)
            .map_err(|error| with_context(&lock, error)),
    };
    if make()? {
        return Ok(lock);
    }
    let holder = fs::read_link(&lock)?;
    if is_starting(&lock, &holder) {
        return Err(locked());
    }
    let aside = format!("{lock}.{}", process::id());
    fs::rename(&lock, &aside).map_err(|_| locked())?;
    if fs::read_link(&aside)? != holder {
        // It belongs to another server, which was quicker.
        fs::rename(&aside, &lock)?;
        return Err(locked());
    }
    fs::remove_file(&aside)?;
    match make()? {
        true => Ok(lock),
        false => Err(locked()),
    }
}

/// Whether the holder of the lock may be about to listen. In a container every server may be process 1: a lock with our
/// own number was left behind.
fn is_starting(lock: &str, holder: &Path) -> bool {
    let is_young = || {
        let made = fs::symlink_metadata(lock).and_then(|metadata| metadata.modified());
        made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age < STARTING))
    };
    let lives = Path::new("/proc").join(holder).exists();
    lives && holder != Path::new(&process::id().to_string()) && is_young()
}

/// Removes a socket on which nobody listens. Any other file stays.
fn remove_socket(path: &str) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if metadata.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(in_use(format!("{path} is no socket"))),
    }
}

fn in_use(reason: String) -> io::Error {
    io::Error::new(ErrorKind::AddrInUse, reason)
}

impl Drop for UnixFile {
    fn drop(&mut self) {
        // Whatever is the matter, there is nobody to tell.
        if self.bound {
            let _ = fs::remove_file(&self.path);
        }
        if let Some(lock) = &self.lock {
            let _ = fs::remove_file(lock);
        }
    }
}

impl UnixClient {
    /// Whether the server holds its lock, if that is asked for.
    ///
    /// # Errors
    ///
    /// `ConnectionRefused` if it does not.
    pub(crate) fn check_lock(&self) -> io::Result<()> {
        let mut lock = self.path.clone().into_os_string();
        lock.push(LOCK);
        if self.lockfile && fs::symlink_metadata(lock).is_err() {
            let reason = format!("{} is not locked by a server", self.path.display());
            return Err(io::Error::new(ErrorKind::ConnectionRefused, reason));
        }
        Ok(())
    }
}

fn lock_of(path: &str) -> String {
    path.to_owned() + LOCK
}

/// What the lock's name has after the socket's.
const LOCK: &str = ".lock";

/// No server takes so long from its lock to listening.
const STARTING: Duration = Duration::from_secs(10);
