//! A process that has no more files: a test program of its own, as the limit is the process's.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::fs::File;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use smol::net::TcpStream;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_tests::net::{Net, address};
use wsstream_tests::{AsyncStd, Peer, Smol, Tokio, within};

#[test]
fn tokio_without_files() {
    alone::<Tokio>();
}

#[test]
fn async_std_without_files() {
    alone::<AsyncStd>();
}

#[test]
fn smol_without_files() {
    alone::<Smol>();
}

/// One after the other: each takes all files there are, and counts the process's time.
fn alone<N: Net>() {
    static ONE_AT_ONCE: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_ONCE.lock().unwrap_or_else(PoisonError::into_inner);
    N::run(no_more_files::<N>());
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap()
}

/// It neither ends nor spins, and goes on once there are files again.
async fn no_more_files<N: Net>() {
    let limit = getrlimit(Resource::Nofile);
    let current = Some(64);
    setrlimit(Resource::Nofile, Rlimit { current, ..limit }).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let mut listener = N::bind(ServerConfig::stream())
        .await
        .on_accept_error(move |error| tell.send(error.to_string()).unwrap());
    let tcp = TcpStream::connect(address::<N>(&listener)).await.unwrap();
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    let connecting = N::spawn(async move { Peer::connect(tcp, &ClientConfig::stream()).await });
    let before = cpu_time();
    let accepted = within::<N, _>(Duration::from_secs(1), listener.accept()).await;
    assert!(accepted.is_none());
    let used = cpu_time() - before;
    assert!(used < Duration::from_millis(500), "{used:?}");
    // At once, and less and less often: after 10 ms, 20 ms, 40 ms.
    let told: Vec<_> = told.try_iter().collect();
    assert!((1..10).contains(&told.len()), "{told:?}");
    assert!(told[0].starts_with("Too many open files"), "{told:?}");
    drop(files);
    let incoming = listener.accept().await.unwrap();
    incoming.accept().await.unwrap();
    connecting.await;
}
