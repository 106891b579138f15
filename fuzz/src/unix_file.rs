//! The files of two servers with Unix sockets, and of a stranger, in one directory.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::process;

use arbitrary::Unstructured;
use tokio::runtime::{Builder, Runtime};
use wsstream_core::handshake::ServerConfig;
use wsstream_net::descriptor::quote_argument;
use wsstream_tokio::{Error, Listener, ServerEndpoint};

use crate::directory::Directory;
use crate::input::octet;

/// Whatever two servers and a stranger do in a directory one after the other: a server that begins replaces nothing
/// but a stale socket and a stale lock, a server that ends removes the files that it made and no others, and nobody's
/// mode is changed.
///
/// Input: an octet for each step: what is done (its last 3 bits), and with what. Of both servers and both names (the
/// socket's and its lock's), bit 3 says which.
pub(crate) fn unix_file(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut world = World::new();
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        world.step(octet(&mut input));
    }
}

struct World {
    runtime: Runtime,
    directory: Directory,
    servers: [Option<Server>; 2],
    /// Those of the stranger.
    listening: Vec<UnixListener>,
    /// Of all their sockets.
    inodes: Vec<u64>,
}

/// A server, and the numbers of its files.
struct Server {
    _listener: Listener,
    socket: u64,
    lock: Option<u64>,
}

impl World {
    fn new() -> Self {
        let directory = Directory::new();
        let private = directory.path("private");
        fs::write(&private, "mine").unwrap();
        fs::set_permissions(&private, Permissions::from_mode(0o600)).unwrap();
        Self {
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            directory,
            servers: [None, None],
            listening: Vec::new(),
            inodes: Vec::new(),
        }
    }

    fn step(&mut self, step: u8) {
        let has = |bit: u8| step & 1 << bit != 0;
        let (which, name) = match has(3) {
            false => (0, SOCKET),
            true => (1, LOCK),
        };
        let (path, aside) = (self.directory.path(name), self.directory.path("aside"));
        match step % 8 {
            0 => {
                self.end(which);
                self.begin(which, Asked::of(step));
            }
            1 => self.end(which),
            2 => self.place(&path, |path| fs::write(path, "theirs").unwrap()),
            3 => {
                let target = match (has(4), has(5)) {
                    (false, false) => "private".to_owned(),
                    (true, false) => process::id().to_string(),
                    (false, true) => parent_id().to_string(),
                    (true, true) => NOBODY.to_owned(),
                };
                self.place(&path, |path| symlink(target, path).unwrap());
            }
            4 => {
                let mut bound = None;
                self.place(&path, |path| bound = UnixListener::bind(path).ok());
                if has(4) {
                    self.inodes.push(fs::symlink_metadata(&path).unwrap().ino());
                    self.listening.extend(bound);
                }
            }
            // Where nothing is, nothing is moved.
            5 => drop(fs::rename(&path, &aside)),
            6 => drop(fs::rename(&aside, &path)),
            _ => drop(fs::remove_file(&path)),
        }
    }

    /// The stranger makes a file, whatever was there.
    fn place(&self, path: &Path, make: impl FnOnce(&PathBuf)) {
        let _ = fs::remove_file(path);
        make(&path.to_owned());
    }

    fn begin(&mut self, which: usize, asked: Asked) {
        let before = self.look();
        let listening = self.runtime.block_on(asked.listen(&self.directory));
        let mut after = self.look();
        let others = |files: &Files| -> Files {
            let mut files = files.clone();
            files.retain(|name, _| name != SOCKET && !(asked.lockfile && name == LOCK));
            files
        };
        assert_eq!(others(&before), others(&after), "of others, as {asked:?} began");
        let (socket, lock) = (before.get(SOCKET), before.get(LOCK));
        let stale = |lock: &File| lock.says.as_deref().is_some_and(is_stale);
        let Ok(listener) = listening else {
            assert_eq!(socket, after.get(SOCKET), "of the socket, as {asked:?} failed");
            // A stale lock may be gone.
            if after.get(LOCK) != lock {
                assert!(lock.is_some_and(stale) && !after.contains_key(LOCK), "{lock:?}");
            }
            return;
        };
        if let Some(file) = socket {
            assert!(asked.lockfile && file.is_socket, "replaced {file:?}");
            assert!(!self.listens(file.inode), "replaced one that listens: {file:?}");
        }
        let made = after.remove(SOCKET).unwrap();
        assert!(made.is_socket && made.mode == asked.mode, "{made:?} for {asked:?}");
        let made_lock = asked.lockfile.then(|| after.remove(LOCK).unwrap());
        if let Some(made) = &made_lock {
            assert!(lock.is_none_or(stale), "replaced {lock:?}");
            assert_eq!(made.says, Some(process::id().to_string()));
        }
        self.servers[which] = Some(Server {
            _listener: listener,
            socket: made.inode,
            lock: made_lock.map(|lock| lock.inode),
        });
    }

    fn end(&mut self, which: usize) {
        let Some(server) = self.servers[which].take() else { return };
        let (socket, lock) = (server.socket, server.lock);
        let mut expected = self.look();
        drop(server);
        expected.retain(|name, file| match name.as_str() {
            SOCKET => file.inode != socket,
            LOCK => Some(file.inode) != lock,
            _ => true,
        });
        assert_eq!(self.look(), expected, "at the end of a server");
    }

    fn listens(&self, inode: u64) -> bool {
        let servers = self.servers.iter().flatten();
        self.inodes.contains(&inode) || servers.map(|server| server.socket).any(|own| own == inode)
    }

    fn look(&self) -> Files {
        let entries = fs::read_dir(self.directory.path("")).unwrap();
        let files = entries.map(|entry| {
            let entry = entry.unwrap();
            let metadata = fs::symlink_metadata(entry.path()).unwrap();
            let link = fs::read_link(entry.path());
            let file = File {
                inode: metadata.ino(),
                is_socket: metadata.file_type().is_socket(),
                mode: metadata.mode() & 0o7777,
                says: link.ok().map(|to| to.into_os_string().into_string().unwrap()),
            };
            (entry.file_name().into_string().unwrap(), file)
        });
        files.collect()
    }
}

/// What there is in the directory, by name.
type Files = BTreeMap<String, File>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    inode: u64,
    is_socket: bool,
    mode: u32,
    /// Where a link leads.
    says: Option<String>,
}

/// What a server is told.
#[derive(Clone, Copy, Debug)]
struct Asked {
    by_path: bool,
    lockfile: bool,
    mode: u32,
}

impl Asked {
    /// Bit 4: by path; 5: without a lock; 6: for us alone.
    fn of(step: u8) -> Self {
        let by_path = step & 16 != 0;
        Self {
            by_path,
            lockfile: by_path || step & 32 == 0,
            mode: if by_path || step & 64 == 0 { 0o666 } else { 0o600 },
        }
    }

    async fn listen(self, directory: &Directory) -> Result<Listener, Error> {
        let path = directory.path(SOCKET);
        if self.by_path {
            return Listener::bind_unix(path, ServerConfig::stream()).await;
        }
        let path = quote_argument(path.to_str().unwrap());
        let (mode, lockfile) = (self.mode, u8::from(self.lockfile));
        let endpoint = format!("unix:{path}:mode={mode:o}:lockfile={lockfile}");
        endpoint.parse::<ServerEndpoint>()?.listen().await
    }
}

/// A lock that says this may be replaced: it is young, so its process must have gone, or have our number.
fn is_stale(holder: &str) -> bool {
    holder == process::id().to_string() || !Path::new("/proc").join(holder).exists()
}

const SOCKET: &str = "s";
const LOCK: &str = "s.lock";

/// No process has this number.
const NOBODY: &str = "4194305";

/// Each looks at the whole directory.
const STEPS: usize = 24;
