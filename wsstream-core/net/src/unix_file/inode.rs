//! A file itself, whatever becomes of its name.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use socket2::Socket;

#[cfg(any(target_os = "android", target_os = "linux"))]
use self::linux as system;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
use self::other as system;

/// A file that had a certain name: its device, and its number there. On Linux the file is held, so that no other file
/// gets its number. Elsewhere the number of a removed file may be given to another one, which then passes for it.
#[derive(Debug)]
pub(super) struct Inode {
    id: Id,
    is_socket: bool,
    mode: u32,
    held: system::Held,
}

/// A file's device, and its number there.
type Id = (u64, u64);

impl Inode {
    /// The file that has this name. A symbolic link is not followed.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn at(path: &str) -> io::Result<Self> {
        let (held, metadata) = system::hold(path)?;
        Ok(Self {
            id: id(&metadata),
            is_socket: metadata.file_type().is_socket(),
            mode: metadata.mode() & ALL,
            held,
        })
    }

    pub(super) fn is_socket(&self) -> bool {
        self.is_socket
    }

    /// Its permissions at first.
    pub(super) fn mode(&self) -> u32 {
        self.mode
    }

    /// Whether it has this name.
    pub(super) fn is_at(&self, path: &str) -> bool {
        fs::symlink_metadata(path).is_ok_and(|metadata| id(&metadata) == self.id)
    }

    /// Removes it, if it still has this name.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn remove(&self, path: &str) -> io::Result<()> {
        match self.is_at(path) {
            true => fs::remove_file(path),
            false => Ok(()),
        }
    }

    /// Sets the permissions of a socket that had this path at first.
    ///
    /// # Errors
    ///
    /// `Unsupported` where only a name's permissions can be set; the system's.
    pub(super) fn set_mode(&self, path: &str, mode: u32) -> io::Result<()> {
        system::set_mode(&self.held, path, mode)
    }
}

/// Prepares a socket, so that its file can be told from others and is not more open than this mode. Returns the most
/// permissions that the file may begin with.
///
/// # Errors
///
/// The system's.
pub(super) fn prepare(socket: &Socket, mode: u32) -> io::Result<u32> {
    system::prepare(socket, mode)
}

fn id(metadata: &Metadata) -> Id {
    (metadata.dev(), metadata.ino())
}

/// The permissions, without the kind of file.
const ALL: u32 = 0o7777;

#[cfg(any(target_os = "android", target_os = "linux"))]
mod linux {
    use std::fs::{File, Metadata, Permissions};
    use std::io;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use rustix::fs::{Mode, OFlags, fchmod, open};
    use socket2::Socket;

    pub(super) type Held = File;

    pub(super) fn hold(path: &str) -> io::Result<(Held, Metadata)> {
        // Nothing but the file itself: neither what is in it, nor what it leads to.
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let held = File::from(open(path, flags, Mode::empty())?);
        let metadata = held.metadata()?;
        Ok((held, metadata))
    }

    /// The file begins with the permissions of its socket, less the umask.
    pub(super) fn prepare(socket: &Socket, mode: u32) -> io::Result<u32> {
        let most = match Path::new(FILES).exists() {
            true => FRESH,
            false => mode,
        };
        fchmod(socket, Mode::from_raw_mode(most))?;
        Ok(most)
    }

    pub(super) fn set_mode(held: &Held, _path: &str, mode: u32) -> io::Result<()> {
        if !Path::new(FILES).exists() {
            let reason = format!(
                "mode {mode:o} needs {FILES}, which is not there, or a umask that leaves it as it is"
            );
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
        // fchmod refuses a file that is open as a name only, and chmod follows what may be there by now.
        let name = format!("{FILES}/{}", held.as_raw_fd());
        std::fs::set_permissions(name, Permissions::from_mode(mode))
    }

    /// The open files of this thread. `/proc/self` has those of the first thread, which may be others.
    const FILES: &str = "/proc/thread-self/fd";

    /// No other file has these permissions. The owner can connect, so that other servers of theirs can find out whether
    /// it is stale, even if the process is killed now.
    const FRESH: u32 = 0o200;
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
mod other {
    use std::fs::{self, Metadata};
    use std::io;

    use rustix::fs::{AtFlags, CWD, Mode, RawMode, chmodat};
    use socket2::Socket;

    pub(super) type Held = ();

    pub(super) fn hold(path: &str) -> io::Result<(Held, Metadata)> {
        Ok(((), fs::symlink_metadata(path)?))
    }

    /// The file begins with all permissions, less the umask.
    pub(super) fn prepare(_socket: &Socket, _mode: u32) -> io::Result<u32> {
        Ok(0o777)
    }

    pub(super) fn set_mode((): &Held, path: &str, mode: u32) -> io::Result<()> {
        let mode = RawMode::try_from(mode).map_err(io::Error::other)?;
        chmodat(
            CWD,
            path,
            Mode::from_raw_mode(mode),
            AtFlags::SYMLINK_NOFOLLOW,
        )?;
        Ok(())
    }
}
