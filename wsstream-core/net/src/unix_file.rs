//! The file of a listening Unix socket, and its lock: made without harm to other files, and only removed while they
//! are still the server's own.
//!
//! The lock is Twisted's: a symbolic link beside the socket that names a process. The lock is stale if
//! no process listens on the socket. The named process proves nothing by itself, because its number may
//! have been reused. Only a young lock whose process is alive may belong to a server that does not
//! listen yet.
//!
//! Others may rename, remove and make files in the directory between any two system calls here. So each file is
//! remembered by its [`Inode`], and asked for it before anything is done to it. Two gaps remain, and need somebody who
//! may write in the directory:
//!
//! - No system call removes a file only if it is a certain one. A file that takes a name between the last look and the
//!   removal, microseconds later, is removed.
//! - Outside of Linux, a file that takes the socket's name between `bind` and the change of mode may get the socket's
//!   mode: any file but a symbolic link's target, and only if it belongs to the server's user.

mod inode;
mod lock;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, ErrorKind};

use socket2::{Domain, SockAddr, Socket, Type};

use self::inode::Inode;
use self::lock::{LOCK, Lock};
use crate::context::with_context;
use crate::plan::{UnixClient, UnixServer};

/// The file of a Unix socket and its lock. Dropping it removes both, unless other files have their names by then.
///
/// Drop it before the socket: outside of Linux only the socket keeps the number of its inode from being reused.
#[derive(Debug)]
pub(crate) struct UnixFile {
    path: String,
    inode: Inode,
    _lock: Option<Lock>,
}

impl UnixFile {
    /// Frees the path, binds a socket to it, and sets its permissions. Nobody can connect before the
    /// socket listens.
    ///
    /// With a lock, a stale socket is removed together with its lock.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another process listens on the path, holds the lock, or puts another file there meanwhile;
    /// `PermissionDenied` if this is unknown; `Unsupported` if the mode cannot be set; errors of `bind` and of the file
    /// system.
    pub(crate) fn bind(server: &UnixServer) -> io::Result<(Socket, Self)> {
        Self::bind_by(server, Socket::bind)
    }

    /// The same, with what others do at that moment.
    fn bind_by(
        server: &UnixServer,
        bind: impl FnOnce(&Socket, &SockAddr) -> io::Result<()>,
    ) -> io::Result<(Socket, Self)> {
        let UnixServer { path, mode, .. } = server;
        let context = |error| with_context(path, error);
        let address = SockAddr::unix(path).map_err(context)?;
        let lock = match server.lockfile {
            true => Some(free(path, &address)?),
            false => None,
        };
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        let most = inode::prepare(&socket, *mode).map_err(context)?;
        bind(&socket, &address).map_err(context)?;
        let inode = Inode::at(path).map_err(context)?;
        if !inode.is_socket() || inode.mode() & !most != 0 {
            return Err(in_use(format!("another file has replaced {path}")));
        }
        let file = Self {
            path: path.clone(),
            inode,
            _lock: lock,
        };
        if file.inode.mode() != *mode {
            file.inode.set_mode(path, *mode).map_err(context)?;
        }
        Ok((socket, file))
    }
}

impl Drop for UnixFile {
    fn drop(&mut self) {
        // Ignore errors: nobody can be told.
        let _ = self.inode.remove(&self.path);
    }
}

/// Locks the path, and removes a stale socket. Any other file stays.
fn free(path: &str, address: &SockAddr) -> io::Result<Lock> {
    // Before the connection attempt, so that what is removed afterwards is what did not answer. The attempt tells why
    // there is nothing to look at.
    let found = Inode::at(path).ok();
    match probe(address) {
        Err(ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {}
        // Nobody can listen on such a path, and the error of `bind` tells why.
        Err(ErrorKind::InvalidFilename | ErrorKind::InvalidInput | ErrorKind::NotADirectory) => {}
        Err(kind @ ErrorKind::PermissionDenied) => return Err(with_context(path, kind.into())),
        _ => return Err(in_use(format!("another process listens on {path}"))),
    }
    let lock = Lock::take(path.to_owned() + LOCK)?;
    match found {
        Some(found) if found.is_socket() => found.remove(path)?,
        Some(_) => return Err(in_use(format!("{path} is not a socket"))),
        None => {}
    }
    Ok(lock)
}

/// Connects to a Unix socket, to find out whether another server listens there. Non-blocking: the server's accept queue
/// may be full.
fn probe(address: &SockAddr) -> Result<(), ErrorKind> {
    let connect = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(address)
    };
    connect().map_err(|error: io::Error| error.kind())
}

fn in_use(reason: String) -> io::Error {
    io::Error::new(ErrorKind::AddrInUse, reason)
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
