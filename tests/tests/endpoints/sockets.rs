//! What the keys of `tcp` and `unix` do to sockets and their files.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::parent_id;
use std::process;

use wsstream_net::descriptor::EndpointAddress;
use wsstream_tests::TestRuntime;
use wsstream_tests::net::{Directory, connect, free_port, listen, over, talk, tcp};

/// Linux's loopback has many addresses.
pub(crate) async fn connect_from<C: TestRuntime, S: TestRuntime>() {
    for text in ["127.0.0.2", "localhost"] {
        let port = free_port();
        let client = format!("tcp:127.0.0.1:{port}:bindAddress={text}");
        let talked = talk::<C, S>(&format!("tcp:{port}"), &client, 1).await;
        let expected = text.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(tcp(&talked.let_in).ip(), expected);
    }
    let port = free_port();
    for (to, from, kind) in [
        // Nobody there; not ours; of the other family.
        ("127.0.0.1", "127.0.0.2", ErrorKind::ConnectionRefused),
        ("127.0.0.1", "192.0.2.1", ErrorKind::AddrNotAvailable),
        ("127.0.0.1", r"\:\:1", ErrorKind::AddrNotAvailable),
    ] {
        let client = format!("tcp:{to}:{port}:bindAddress={from}");
        let error = connect::<C>(&client).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), kind, "{client}: {error}");
    }
}

pub(crate) async fn interface<C: TestRuntime, S: TestRuntime>() {
    for (keys, expected) in [
        ("tcp:0", "0.0.0.0"),
        ("tcp:0:interface=127.0.0.1", "127.0.0.1"),
        (r"tcp:0:interface=\:\:1", "::1"),
        ("tcp6:0", "::"),
        ("ws://127.0.0.1:PORT/", "127.0.0.1"),
    ] {
        let port = free_port();
        let listener = listen::<S>(&keys.replace("PORT", &port.to_string()))
            .await
            .unwrap();
        let local = listener.local_addr();
        assert_eq!(
            tcp(local).ip(),
            expected.parse::<IpAddr>().unwrap(),
            "{keys}"
        );
        let port = tcp(local).port();
        let to = if tcp(local).ip().is_ipv4() {
            "127.0.0.1"
        } else {
            r"\:\:1"
        };
        connect::<C>(&format!("tcp:{to}:{port}")).await.unwrap();
    }
    let error = listen::<S>("tcp:0:interface=192.0.2.1")
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    // Who still has connections from before may listen again at once; who is listening may not be joined.
    let port = free_port();
    for _ in 0..2 {
        talk::<C, S>(&format!("tcp:{port}"), &format!("tcp:127.0.0.1:{port}"), 1).await;
    }
    let _listener = listen::<S>(&format!("tcp:{port}")).await.unwrap();
    let error = listen::<S>(&format!("tcp:{port}"))
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

/// Linux has one more wait than it is told; who comes then is not connected, or at least not soon.
pub(crate) async fn backlog<C: TestRuntime, S: TestRuntime>() {
    let directory = Directory::new();
    let (port, path) = (free_port(), directory.quoted("s"));
    for (server, client) in [
        (
            format!("tcp:{port}:backlog=2"),
            format!("tcp:127.0.0.1:{port}"),
        ),
        (format!("unix:{path}:backlog=2"), format!("unix:{path}")),
    ] {
        let _listener = listen::<S>(&server).await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..3 {
            waiting.push(connect::<C>(&client).await.unwrap());
        }
        let one_more = connect::<C>(&format!("{client}:timeout=0.3")).await;
        let error = one_more.map(drop).unwrap_err();
        // TCP does not answer; Unix sockets say at once that there is no room, each adapter in its way.
        let full = [
            ErrorKind::TimedOut,
            ErrorKind::WouldBlock,
            ErrorKind::NotConnected,
        ];
        assert!(full.contains(&error.kind()), "{error}");
    }
}

/// Somebody who listens and never answers.
pub(crate) async fn connecting_has_a_limit<C: TestRuntime, S: TestRuntime>() {
    let port = free_port();
    let _listener = listen::<S>(&format!("tcp:{port}")).await.unwrap();
    let tcp = format!("tcp:127.0.0.1:{port}:timeout=0.1");
    let client = over(&tcp, "ws://localhost", ":handshakeTimeout=0.1");
    let error = connect::<C>(&client).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

pub(crate) async fn mode<C: TestRuntime, S: TestRuntime>() {
    let directory = Directory::new();
    let path = directory.path("s");
    for (key, expected) in [("", 0o666), (":mode=600", 0o600), (":mode=777", 0o777)] {
        let descriptor = format!("unix:{}", directory.quoted("s"));
        let listener = listen::<S>(&format!("{descriptor}{key}")).await.unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, expected, "{key}");
        connect::<C>(&descriptor).await.unwrap();
        drop(listener);
    }
}

pub(crate) async fn files<C: TestRuntime, S: TestRuntime>() {
    let directory = Directory::new();
    let (path, lock) = (directory.path("s"), directory.path("s.lock"));
    let descriptor = format!("unix:{}", directory.quoted("s"));
    let listener = listen::<S>(&descriptor).await.unwrap();
    let local = EndpointAddress::Unix(Some(path.to_str().unwrap().into()));
    assert_eq!(listener.local_addr(), &local);
    let holder = fs::read_link(&lock).unwrap();
    assert_eq!(holder.to_str().unwrap(), process::id().to_string());
    let locked = format!("{descriptor}:lockfile=1");
    connect::<C>(&locked).await.unwrap();
    // Nothing is left, and who wants a lock does not connect.
    drop(listener);
    assert_eq!(fs::read_dir(directory.path("")).unwrap().count(), 0);
    let error = connect::<C>(&locked).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    // Without a lock.
    let unlocked = format!("{descriptor}:lockfile=0");
    let listener = listen::<S>(&unlocked).await.unwrap();
    assert!(fs::symlink_metadata(&lock).is_err());
    connect::<C>(&descriptor).await.unwrap();
    drop(listener);
    // What is no socket is nobody's to remove, and neither is what has no lock.
    fs::write(&path, "mine").unwrap();
    let error = listen::<S>(&descriptor).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert!(fs::symlink_metadata(&lock).is_err());
    fs::remove_file(&path).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    let error = listen::<S>(&unlocked).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

/// Where no socket can be the reason is said, and not that somebody listens there.
pub(crate) async fn where_none_can_be<C: TestRuntime, S: TestRuntime>() {
    let directory = Directory::new();
    fs::write(directory.path("file"), "").unwrap();
    for (name, kind) in [
        ("nowhere/s", ErrorKind::NotFound),
        ("file/s", ErrorKind::NotADirectory),
        (&*"s".repeat(200), ErrorKind::InvalidInput),
    ] {
        for keys in ["", ":lockfile=0"] {
            let descriptor = format!("unix:{}{keys}", directory.quoted(name));
            let error = listen::<S>(&descriptor).await.map(drop).unwrap_err();
            assert_eq!(error.kind(), kind, "{descriptor}: {error}");
            assert!(error.to_string().contains(name), "{error}");
        }
        let client = format!("unix:{}", directory.quoted(name));
        connect::<C>(&client).await.map(drop).unwrap_err();
    }
    assert_eq!(fs::read_dir(directory.path("")).unwrap().count(), 1);
}

/// What has ended in both directions may be ended once more.
pub(crate) async fn ended_already<C: TestRuntime, S: TestRuntime>() {
    let (directory, port) = (Directory::new(), free_port());
    let unix = format!("unix:{}", directory.quoted("s"));
    for (server, client) in [
        (format!("tcp:{port}"), format!("tcp:127.0.0.1:{port}")),
        (unix.clone(), unix),
    ] {
        let mut talked = talk::<C, S>(&server, &client, 1).await;
        talked.client.finish().await.unwrap();
        talked.server.finish().await.unwrap();
    }
}

/// Who holds the lock, whether somebody listens, how old the lock is in seconds, and whether it can be had.
pub(crate) async fn locks<C: TestRuntime, S: TestRuntime>() {
    let nobody = "4194305";
    let (parent, ourselves) = (parent_id().to_string(), process::id().to_string());
    for (holder, listens, free) in [
        (nobody, false, true),
        (nobody, true, false),
        // In a container every server may be process 1.
        (&*ourselves, false, true),
        (&*ourselves, true, false),
        // It lives, and the lock was made just now.
        (&*parent, false, false),
        (&*parent, true, false),
    ] {
        let directory = Directory::new();
        let (path, lock) = (directory.path("s"), directory.path("s.lock"));
        let descriptor = format!("unix:{}", directory.quoted("s"));
        let other = UnixListener::bind(&path).unwrap();
        let other = listens.then_some(other);
        symlink(holder, &lock).unwrap();
        let listening = listen::<S>(&descriptor).await;
        assert_eq!(listening.is_ok(), free, "{holder}, {listens}");
        match listening {
            Ok(_listener) => {
                connect::<C>(&descriptor).await.unwrap();
                let holder = fs::read_link(&lock).unwrap();
                assert_eq!(holder.to_str().unwrap(), ourselves);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::AddrInUse);
                assert_eq!(fs::read_link(&lock).unwrap().to_str().unwrap(), holder);
                assert!(fs::symlink_metadata(&path).is_ok());
            }
        }
        drop(other);
    }
}
