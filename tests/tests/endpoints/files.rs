//! The files of a Unix socket: a server removes its own, and nobody else's.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process;

use wsstream_core::handshake::ServerConfig;
use wsstream_tests::TestRuntime;
use wsstream_tests::net::{Directory, Listener, connect, listen};

/// Listens on the socket `s` of a directory, by descriptor or by path.
async fn listen_in<S: TestRuntime>(directory: &Directory, by_descriptor: bool) -> Listener<S> {
    if by_descriptor {
        listen::<S>(&format!("unix:{}", directory.quoted("s")))
            .await
            .unwrap()
    } else {
        let bound = Listener::<S>::bind_unix(directory.path("s"), ServerConfig::stream());
        bound.await.unwrap()
    }
}

/// Connects to it, if it has its lock.
async fn connect_in<C: TestRuntime>(directory: &Directory) {
    let client = format!("unix:{}:lockfile=1", directory.quoted("s"));
    connect::<C>(&client).await.unwrap();
}

/// Which file has this name, and what it says.
fn file(path: &Path) -> (u64, Option<Vec<u8>>) {
    let inode = fs::symlink_metadata(path).unwrap().ino();
    (inode, fs::read(path).ok())
}

fn names(directory: &Directory) -> Vec<String> {
    let entries = fs::read_dir(directory.path("")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Whatever it is, and although the file system may give it the number of the file before.
pub(crate) async fn what_took_their_place_stays<C: TestRuntime, S: TestRuntime>() {
    let regular: fn(&Path) = |path| fs::write(path, "mine").unwrap();
    let link: fn(&Path) = |path| symlink("elsewhere", path).unwrap();
    let own_lock: fn(&Path) = |path| symlink(process::id().to_string(), path).unwrap();
    let socket: fn(&Path) = |path| drop(UnixListener::bind(path).unwrap());
    let folder: fn(&Path) = |path| fs::create_dir(path).unwrap();
    for by_descriptor in [false, true] {
        for stranger in [regular, link, own_lock, socket, folder] {
            for (taken, untouched) in [("s", "s.lock"), ("s.lock", "s")] {
                let directory = Directory::new();
                let listener = listen_in::<S>(&directory, by_descriptor).await;
                connect_in::<C>(&directory).await;
                fs::remove_file(directory.path(taken)).unwrap();
                stranger(&directory.path(taken));
                let before = file(&directory.path(taken));
                drop(listener);
                assert_eq!(names(&directory), [taken], "and no {untouched}");
                assert_eq!(file(&directory.path(taken)), before);
            }
        }
    }
}

/// Whether the old server's files were removed or are elsewhere now.
pub(crate) async fn the_next_servers_files_stay<C: TestRuntime, S: TestRuntime>() {
    for by_descriptor in [false, true] {
        for moved in [false, true] {
            let directory = Directory::new();
            let [socket, lock] = ["s", "s.lock"].map(|name| directory.path(name));
            let old = listen_in::<S>(&directory, by_descriptor).await;
            for (number, path) in [&socket, &lock].into_iter().enumerate() {
                if moved {
                    fs::rename(path, directory.path(&number.to_string())).unwrap();
                } else {
                    fs::remove_file(path).unwrap();
                }
            }
            let new = listen_in::<S>(&directory, by_descriptor).await;
            let before = [file(&socket), file(&lock)];
            drop(old);
            assert_eq!([file(&socket), file(&lock)], before);
            connect_in::<C>(&directory).await;
            drop(new);
            let left: &[&str] = if moved { &["0", "1"] } else { &[] };
            assert_eq!(names(&directory), left);
        }
    }
}

/// It is moved away and comes back.
pub(crate) async fn what_comes_back_is_still_removed<C: TestRuntime, S: TestRuntime>() {
    for by_descriptor in [false, true] {
        let directory = Directory::new();
        let listener = listen_in::<S>(&directory, by_descriptor).await;
        for name in ["s", "s.lock"] {
            fs::rename(directory.path(name), directory.path("aside")).unwrap();
            fs::write(directory.path(name), "").unwrap();
            fs::rename(directory.path("aside"), directory.path(name)).unwrap();
        }
        connect_in::<C>(&directory).await;
        drop(listener);
        assert_eq!(names(&directory), [""; 0]);
    }
}
