//! The file of a Unix socket that is listened on, and its lock.
//!
//! The lock is Twisted's: a symbolic link beside the socket, which names a process. Who is to have it is
//! decided by whether somebody listens on the socket, as numbers of processes are used again.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process;

use super::{UnixClient, UnixServer};

/// The file of a Unix socket and its lock. Dropping it removes both.
#[derive(Debug)]
pub struct UnixFile {
    path: String,
    lock: Option<String>,
    bound: bool,
}

impl UnixFile {
    /// Makes the path free to bind to. `probed` is what came of connecting to it just now.
    ///
    /// With a lock, a socket where nobody listens was left behind, and is removed, as is its lock.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody listens there, or holds the lock; the file system's.
    pub fn prepare(server: &UnixServer, probed: Result<(), io::ErrorKind>) -> io::Result<Self> {
        let mut file = Self {
            path: server.path.clone(),
            lock: None,
            bound: false,
        };
        if !server.lockfile {
            return Ok(file);
        }
        let lock = lock_of(&server.path);
        match probed {
            Err(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
                if probed == Err(io::ErrorKind::ConnectionRefused) {
                    // So it is with a file that is no socket at all.
                    if !fs::symlink_metadata(&server.path)?.file_type().is_socket() {
                        let reason = format!("{} is no socket", server.path);
                        return Err(io::Error::new(io::ErrorKind::AddrInUse, reason));
                    }
                    fs::remove_file(&server.path)?;
                }
                if let Err(error) = fs::remove_file(&lock)
                    && error.kind() != io::ErrorKind::NotFound
                {
                    return Err(error);
                }
            }
            _ => {
                let reason = format!("somebody listens on {}", server.path);
                return Err(io::Error::new(io::ErrorKind::AddrInUse, reason));
            }
        }
        symlink(process::id().to_string(), &lock).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                io::Error::new(io::ErrorKind::AddrInUse, format!("{lock} is locked"))
            }
            _ => error,
        })?;
        file.lock = Some(lock);
        Ok(file)
    }

    /// The socket is bound now: gives it its permissions.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn bound(&mut self, server: &UnixServer) -> io::Result<()> {
        self.bound = true;
        fs::set_permissions(&self.path, Permissions::from_mode(server.mode))
    }
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
    pub fn check_lock(&self) -> io::Result<()> {
        if self.lockfile && fs::symlink_metadata(lock_of(&self.path)).is_err() {
            let reason = format!("{} is not locked by a server", self.path);
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, reason));
        }
        Ok(())
    }
}

fn lock_of(path: &str) -> String {
    path.to_owned() + ".lock"
}
