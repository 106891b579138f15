//! What others do with the directory between two system calls. Stories that need no such moment are in `tests`, for
//! every runtime.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

use socket2::Socket;

use super::UnixFile;
use super::inode::Inode;
use crate::plan::UnixServer;

/// A directory that is removed when it is dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("wsstream-net-{}-{number}", process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).into_os_string().into_string().unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// What somebody does who may write in the directory: with the socket's path, and with a file whose mode is 600.
type Prank = fn(&str, &str);

#[test]
fn what_replaces_a_socket_as_it_is_bound_stays_as_it_is() {
    let by_link: Prank = |path, private| symlink(private, path).unwrap();
    let by_name: Prank = |path, private| fs::hard_link(private, path).unwrap();
    let moved: Prank = |path, private| fs::rename(private, path).unwrap();
    let nothing: Prank = |_, _| {};
    // Elsewhere a socket of this user that is moved here at that moment cannot be told from the new one.
    let kinds: &[bool] = if cfg!(target_os = "linux") {
        &[false, true]
    } else {
        &[false]
    };
    for &is_socket in kinds {
        for (prank, expected) in [
            (by_link, ErrorKind::AddrInUse),
            (by_name, ErrorKind::AddrInUse),
            (moved, ErrorKind::AddrInUse),
            (nothing, ErrorKind::NotFound),
        ] {
            let directory = Directory::new();
            let [path, private] = ["s", "private"].map(|name| directory.path(name));
            if is_socket {
                drop(UnixListener::bind(&private).unwrap());
            } else {
                fs::write(&private, "mine").unwrap();
            }
            fs::set_permissions(&private, Permissions::from_mode(0o600)).unwrap();
            let inode = fs::metadata(&private).unwrap().ino();
            let bound = UnixFile::bind_by(&UnixServer::new(&path), |socket, address| {
                socket.bind(address)?;
                fs::remove_file(&path)?;
                prank(&path, &private);
                Ok(())
            });
            assert_eq!(bound.map(drop).unwrap_err().kind(), expected);
            let left = [&path, &private].into_iter().find(|path| {
                fs::symlink_metadata(path).is_ok_and(|metadata| metadata.ino() == inode)
            });
            assert_eq!(mode(left.unwrap()), 0o600);
            assert!(!directory.names().contains(&"s.lock".to_owned()));
        }
    }
}

/// After the last look at the name, too.
#[test]
fn a_mode_is_set_without_following_links() {
    let directory = Directory::new();
    let [path, private, aside] = ["s", "private", "aside"].map(|name| directory.path(name));
    fs::write(&private, "mine").unwrap();
    fs::set_permissions(&private, Permissions::from_mode(0o600)).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    let socket = Inode::at(&path).unwrap();
    fs::rename(&path, &aside).unwrap();
    symlink(&private, &path).unwrap();
    let set = socket.set_mode(&path, 0o666);
    assert_eq!(mode(&private), 0o600);
    if cfg!(target_os = "linux") {
        set.unwrap();
        assert_eq!(mode(&aside), 0o666);
    }
}

#[test]
fn a_socket_that_is_moved_as_it_is_bound_is_left() {
    let directory = Directory::new();
    let path = directory.path("s");
    let bound = UnixFile::bind_by(&UnixServer::new(&path), |socket, address| {
        socket.bind(address)?;
        fs::rename(&path, directory.path("aside"))
    });
    bound.map(drop).unwrap_err();
    assert_eq!(directory.names(), ["aside"]);
}

/// The file is never more open than it shall be.
#[test]
fn modes() {
    for asked in [0, 0o600, 0o666, 0o777, 0o1777] {
        let directory = Directory::new();
        let path = directory.path("s");
        let mut server = UnixServer::new(&path);
        server.mode = asked;
        let mut first = None;
        let bind = |socket: &Socket, address: &_| {
            socket.bind(address)?;
            first = Some(mode(&path));
            Ok(())
        };
        let bound = UnixFile::bind_by(&server, bind).unwrap();
        assert_eq!(mode(&path), asked, "{asked:o}");
        if cfg!(target_os = "linux") {
            assert_eq!(first, Some(0o200), "{asked:o}");
        }
        drop(bound);
        assert_eq!(directory.names(), [""; 0]);
    }
}

/// It is moved aside first, to a name that is nobody else's.
#[test]
fn a_stale_lock_is_removed_with_no_other_file() {
    let directory = Directory::new();
    let [path, lock] = ["s", "s.lock"].map(|name| directory.path(name));
    symlink("4194305", &lock).unwrap();
    // What an earlier program left.
    fs::write(format!("{lock}.{}", process::id()), "mine").unwrap();
    let bound = UnixFile::bind(&UnixServer::new(&path)).unwrap();
    assert_eq!(
        fs::read_link(&lock).unwrap(),
        Path::new(&process::id().to_string())
    );
    drop(bound);
    assert_eq!(directory.names(), [format!("s.lock.{}", process::id())]);
}
