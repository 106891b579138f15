//! Examples that are told to end.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use wsstream_tokio::{Incoming, connect};

use crate::process::{Example, echo, runtime, server, start_relay, start_tunnel, target};
use crate::{Adapter, of_either};

of_either! { relay relay_cuts_off tunnel_of_standard_input tunnel_to_who_does_not_close tunnel_of_a_port }

/// What is under way when the relay is told to end is carried to its end.
fn relay(of: Adapter) {
    let (mut relay, url) = start_relay(of, target());
    let runtime = runtime();
    let mut stream = runtime.block_on(connect(&url)).unwrap();
    let told = Instant::now();
    relay.signal(Signal::TERM);
    assert_eq!(
        relay.error_line(),
        "relay: 1 to finish in 10s, or until another signal\n"
    );
    runtime.block_on(async {
        stream.write_all(b"under way").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert_eq!(reply, "under way");
        stream.finish().await.unwrap();
    });
    assert!(relay.0.wait().unwrap().success());
    assert!(told.elapsed() < GRACE);
    // Those that do not finish are not waited for when it is told again.
    let (mut relay, url) = start_relay(of, target());
    let mut stream = runtime.block_on(connect(&url)).unwrap();
    let told = Instant::now();
    relay.signal(Signal::TERM);
    relay.error_line();
    relay.signal(Signal::INT);
    assert!(relay.0.wait().unwrap().success());
    assert!(told.elapsed() < GRACE);
    let read = runtime.block_on(stream.read(&mut [0; 1]));
    read.unwrap_err();
}

/// Nor do they pass for whole.
fn relay_cuts_off(of: Adapter) {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut relay, url) = start_relay(of, target.local_addr().unwrap());
    let runtime = runtime();
    let mut stream = runtime.block_on(connect(&url)).unwrap();
    runtime.block_on(stream.write_all(b"hello")).unwrap();
    let (mut tcp, _) = target.accept().unwrap();
    tcp.read_exact(&mut [0; 5]).unwrap();
    relay.signal(Signal::TERM);
    relay.error_line();
    relay.signal(Signal::TERM);
    assert!(relay.0.wait().unwrap().success());
    let cut = tcp.read(&mut [0; 1]).unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::ConnectionReset);
    let read = runtime.block_on(stream.read(&mut [0; 1]));
    read.unwrap_err();
}

/// Told to end, it waits for no reply. What it has sent passes for all of the input only if that had ended.
fn tunnel_of_standard_input(of: Adapter) {
    for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
        for ends in [false, true] {
            let runtime = runtime();
            let (mut tunnel, hears) = tunnel_to_listener(of, &runtime, true);
            let mut stdin = tunnel.0.stdin.take().unwrap();
            stdin.write_all(b"hello").unwrap();
            assert_eq!(hears.recv().unwrap(), Ok(5));
            if ends {
                drop(stdin);
                assert_eq!(hears.recv().unwrap(), Ok(0));
                tunnel.signal(signal);
                assert!(tunnel.0.wait().unwrap().success(), "{signal:?}");
                continue;
            }
            tunnel.signal(signal);
            let aborted = Err(ErrorKind::ConnectionAborted);
            assert_eq!(hears.recv().unwrap(), aborted, "{signal:?}");
            // OpenSSH ends its ProxyCommand with SIGHUP.
            let is_hangup = signal == Signal::HUP;
            if !is_hangup {
                assert_eq!(tunnel.error_line(), "tunnel: ended before the input\n");
            }
            assert_eq!(tunnel.0.wait().unwrap().success(), is_hangup);
        }
    }
}

/// It waits for the other end's Close, but not when it is told again.
fn tunnel_to_who_does_not_close(of: Adapter) {
    let runtime = runtime();
    let (mut tunnel, hears) = tunnel_to_listener(of, &runtime, false);
    let mut stdin = tunnel.0.stdin.take().unwrap();
    stdin.write_all(b"hello").unwrap();
    assert_eq!(hears.recv().unwrap(), Ok(5));
    drop(stdin);
    assert_eq!(hears.recv().unwrap(), Ok(0));
    let told = Instant::now();
    tunnel.signal(Signal::INT);
    sleep(SOON);
    tunnel.signal(Signal::INT);
    assert_eq!(tunnel.error_line(), "tunnel: ended without the other end\n");
    assert!(!tunnel.0.wait().unwrap().success());
    assert!(told.elapsed() < GRACE);
}

/// A tunnel of standard input, and what each read gives where it leads to, until one fails or there is no more.
/// Then it is closed there a little later, or never.
fn tunnel_to_listener(
    of: Adapter,
    runtime: &Runtime,
    closes: bool,
) -> (Example, Receiver<Result<usize, ErrorKind>>) {
    let (heard, hears) = channel();
    let url = server(runtime, move |incoming: Incoming| {
        let heard = heard.clone();
        async move {
            let mut stream = incoming.upgrade().await.unwrap().into_stream();
            loop {
                let read = stream.read(&mut [0; 5]).await;
                let read = read.map_err(|error| error.kind());
                heard.send(read).unwrap();
                if !matches!(read, Ok(1..)) {
                    break;
                }
            }
            if !closes {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(SOON).await;
            let _ = stream.finish().await;
        }
    });
    (Example::start(of, "tunnel", &["-", &url]), hears)
}

/// What is open is cut off, and it says so.
fn tunnel_of_a_port(of: Adapter) {
    let (_relay, url) = start_relay(of, echo());
    let (mut tunnel, _) = start_tunnel(of, &url);
    tunnel.signal(Signal::INT);
    assert!(tunnel.0.wait().unwrap().success());

    let (mut tunnel, address) = start_tunnel(of, &url);
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.write_all(b"hello").unwrap();
    tcp.read_exact(&mut [0; 5]).unwrap();
    tunnel.signal(Signal::TERM);
    assert_eq!(tunnel.error_line(), "tunnel: 1 connections cut off\n");
    assert!(!tunnel.0.wait().unwrap().success());
    let cut = tcp.read(&mut [0; 1]).unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::ConnectionReset);
}

/// How long the relay waits for what is under way.
const GRACE: Duration = Duration::from_secs(10);

/// How long a signal may take to be noticed.
const SOON: Duration = Duration::from_millis(500);
