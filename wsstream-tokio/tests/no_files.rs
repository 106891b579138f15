//! A process that has no more files: a test program of its own, as the limit is the process's.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::fs::File;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wsstream_tokio::{Client, Listener, Server, connect_on};

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap()
}

/// It neither ends nor spins, and goes on once there are files again.
#[tokio::test]
async fn no_more_files() {
    let limit = getrlimit(Resource::Nofile);
    let current = Some(64);
    setrlimit(Resource::Nofile, Rlimit { current, ..limit }).unwrap();
    let mut listener = Listener::bind("127.0.0.1:0", Server::stream())
        .await
        .unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    let connecting = tokio::spawn(async move {
        let url = "ws://localhost/";
        connect_on(tcp, url, &Client::stream()).await.unwrap()
    });
    let before = cpu_time();
    let accepted = timeout(Duration::from_millis(1500), listener.accept()).await;
    assert!(accepted.is_err());
    let used = cpu_time() - before;
    assert!(used < Duration::from_millis(500), "{used:?}");
    drop(files);
    let incoming = listener.accept().await.unwrap();
    incoming.accept().await.unwrap();
    connecting.await.unwrap();
}
