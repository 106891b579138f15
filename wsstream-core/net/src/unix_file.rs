//! The file of a listening Unix socket, and its lock.
//!
//! The lock is Twisted's: a symbolic link beside the socket that names a process. The lock is stale if
//! no process listens on the socket. The named process proves nothing by itself, because its number may
//! have been reused. Only a young lock whose process is alive may belong to a server that does not
//! listen yet.

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
    /// Frees the path, binds a socket to it, and sets its permissions. Nobody can connect before the
    /// socket listens. `probed` is the result of a connection attempt to the path just before.
    ///
    /// With a lock, a stale socket is removed together with its lock.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another process listens on the path or holds the lock; `PermissionDenied` if this
    /// is unknown; errors of `bind` and of the file system.
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
                // Nobody can listen on such a path, and the error of `bind` tells why.
                Err(
                    ErrorKind::InvalidFilename | ErrorKind::InvalidInput | ErrorKind::NotADirectory,
                ) => {}
                Err(kind @ ErrorKind::PermissionDenied) => {
                    return Err(with_context(&server.path, kind.into()));
                }
                _ => {
                    return Err(in_use(format!(
                        "another process listens on {}",
                        server.path
                    )));
                }
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

/// Creates the lock, and replaces a stale one. If several servers find the same stale lock, one of them
/// gets it.
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
        // It is the new lock of another server, which was faster.
        fs::rename(&aside, &lock)?;
        return Err(locked());
    }
    fs::remove_file(&aside)?;
    match make()? {
        true => Ok(lock),
        false => Err(locked()),
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
    lives && holder != Path::new(&process::id().to_string()) && is_young()
}

/// Removes a stale socket. Any other file stays.
fn remove_socket(path: &str) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if metadata.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(in_use(format!("{path} is not a socket"))),
    }
}

fn in_use(reason: String) -> io::Error {
    io::Error::new(ErrorKind::AddrInUse, reason)
}

impl Drop for UnixFile {
    fn drop(&mut self) {
        // Ignore errors: nobody can be told.
        if self.bound {
            let _ = fs::remove_file(&self.path);
        }
        if let Some(lock) = &self.lock {
            let _ = fs::remove_file(lock);
        }
    }
}

impl UnixClient {
    /// Checks that the server holds its lock, if this is required.
    ///
    /// # Errors
    ///
    /// `ConnectionRefused` if the server does not hold the lock.
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

/// The suffix of the lock's name.
const LOCK: &str = ".lock";

/// A server takes less time than this from its lock to listening.
const STARTING: Duration = Duration::from_secs(10);
