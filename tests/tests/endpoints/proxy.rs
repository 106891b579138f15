//! HTTP proxies that tunnel.

use std::env;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread::{JoinHandle, spawn};

use wsstream_net::Cause;
use wsstream_net::proxy::{Proxy, ProxyErrorKind};
use wsstream_tests::net::{ClientEndpoint, free_port, is_kept_alive, let_in_any, listen, over};
use wsstream_tests::{AsyncStd, Log, Read as _, Smol, TestRuntime, Tokio, Write as _};

/// A proxy that answers so, and then is the server itself, which speaks first; and what it was asked.
fn proxy(status: u16) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        let request = head(&tcp);
        let answer = format!("HTTP/1.1 {status} X\r\n\r\nSSH-2.0");
        tcp.write_all(answer.as_bytes()).unwrap();
        request
    });
    (address, serving)
}

/// Octet by octet, so that nothing behind it is taken.
fn head(mut tcp: &TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        tcp.read_exact(&mut octet).unwrap();
        head.push(octet[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Says whom to connect to, which no name service knows.
const ASKED: &str = "CONNECT nowhere.invalid:22 HTTP/1.1\r\nHost: nowhere.invalid:22\r\n";

#[expect(clippy::extra_unused_type_parameters, reason = "stories have both")]
pub(crate) async fn given<C: TestRuntime, S: TestRuntime>() {
    for (user, status, error) in [
        ("", 200, None),
        ("user:secret@", 200, None),
        ("", 407, Some("it asks for a user and a password (Basic)")),
        (
            "user:secret@",
            407,
            Some("it refused the user and password"),
        ),
    ] {
        let (address, serving) = proxy(status);
        let through = Proxy::parse(&format!("http://{user}{address}")).unwrap();
        let endpoint = endpoint::<C>("tcp:nowhere.invalid:22").proxy(through);
        let connected = endpoint.connect().await.map(C::stream);
        let request = serving.join().unwrap();
        assert!(request.starts_with(ASKED), "{request}");
        let authorization = "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n";
        assert_eq!(
            request.contains(authorization),
            !user.is_empty(),
            "{request}"
        );
        match (connected, error) {
            (Ok(mut stream), None) => {
                assert_eq!(stream.read_to_end().await.0, b"SSH-2.0");
                assert!(is_kept_alive::<C>(&C::into_socket(stream)));
            }
            (Err(failed), Some(error)) => {
                assert_eq!(failed.kind(), ErrorKind::PermissionDenied);
                let text = failed.to_string();
                let expected = format!("nowhere.invalid:22: proxy {address}: {error}: HTTP 407 X");
                assert!(text.starts_with(&expected), "{text}");
                let Cause::Proxy(inner) = failed.cause() else {
                    unreachable!("{failed}");
                };
                let ProxyErrorKind::Refused { response, .. } = inner.kind() else {
                    unreachable!("{inner:?}");
                };
                assert_eq!((response.status(), response.body()), (407, &b"SSH-2.0"[..]));
            }
            (connected, _) => unreachable!("{:?}", connected.map(drop)),
        }
    }
    // Who refuses is the proxy, and not whom it would have connected to.
    let authority = format!("127.0.0.1:{}", free_port());
    let through = Proxy::parse(&authority).unwrap();
    let endpoint = endpoint::<C>("tcp:nowhere.invalid:22").proxy(through);
    let error = endpoint.connect().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let named = error
        .to_string()
        .starts_with(&format!("nowhere.invalid:22: proxy {authority}: "));
    assert!(named, "{error}");
}

/// WebSocket, through a proxy that does what it is asked.
pub(crate) async fn to_a_server<C: TestRuntime, S: TestRuntime>() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let through = Proxy::parse(&proxy.local_addr().unwrap().to_string()).unwrap();
    spawn(move || {
        let (near, _) = proxy.accept().unwrap();
        let request = head(&near);
        let target = request.split(' ').nth(1).unwrap();
        let far = TcpStream::connect(target).unwrap();
        (&near).write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let copy = |mut from: TcpStream, mut to: TcpStream| {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        };
        let [up, down] = [&near, &far].map(|tcp| tcp.try_clone().unwrap());
        spawn(move || copy(up, far));
        copy(down, near);
    });
    let port = free_port();
    let mut listener = listen::<S>(&over(&format!("tcp:{port}"), "ws://localhost", ""))
        .await
        .unwrap();
    let endpoint = over(&format!("tcp:127.0.0.1:{port}"), "ws://localhost", "");
    let endpoint = crate::proxy::endpoint::<C>(&endpoint).proxy(through);
    let asking = C::spawn(async move {
        let mut stream = endpoint.connect().await.map(C::stream).unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream.finish().await.unwrap();
    });
    let mut stream = let_in_any::<S>(&mut listener).await.unwrap();
    let (octets, ended) = stream.read_to_end().await;
    assert_eq!(octets, b"hello");
    ended.unwrap();
    stream.finish().await.unwrap();
    asking.await;
}

/// The environment belongs to the whole process: this is one of its own, and what it is to do.
const CHILD: &str = "WSSTREAM_TEST_RUNTIME";

fn endpoint<C: TestRuntime>(descriptor: &str) -> ClientEndpoint<C> {
    descriptor.parse().unwrap()
}

/// What cannot be followed is told, once.
fn as_is_told(work: impl FnOnce()) {
    let log = Log::default();
    let logging = log.listen();
    for tls in [false, true] {
        let proxy = Proxy::from_env(tls, "nowhere.invalid", 22);
        assert!(proxy.unwrap().is_some());
    }
    drop(logging);
    let told = log.lines();
    assert_eq!(told.matches("WARN").count(), 1, "{told}");
    assert!(told.contains(r#""10.0.0.0/33""#), "{told}");
    work();
}

async fn as_the_environment_says<R: TestRuntime>() {
    let connect = async |descriptor: &str| {
        let endpoint = endpoint::<R>(descriptor).proxy_from_env().unwrap();
        endpoint.connect().await.map(R::stream)
    };
    let mut stream = connect("tcp:nowhere.invalid:22").await.unwrap();
    assert_eq!(stream.read_to_end().await.0, b"SSH-2.0");
    // Where TLS is used it is another one, and what this one leads to does not speak TLS.
    let connected = connect("wss://nowhere.invalid:22/").await;
    connected.map(drop).unwrap_err();
    // These do not go through it, and there is nobody: this machine, and what is excepted.
    for address in ["127.0.0.1:9", "0.0.0.0:9"] {
        let error = connect(&format!("tcp:{address}")).await.map(drop);
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.to_string().starts_with(address), "{error}");
    }
}

#[test]
fn of_the_environment() {
    match env::var(CHILD).as_deref() {
        Ok("tokio") => {
            return as_is_told(|| Tokio::run(as_the_environment_says::<Tokio>()));
        }
        Ok("smol") => return as_is_told(|| Smol::run(as_the_environment_says::<Smol>())),
        Ok(_) => return as_is_told(|| AsyncStd::run(as_the_environment_says::<AsyncStd>())),
        Err(_) => {}
    }
    for runtime in ["tokio", "async-std", "smol"] {
        let (plain, serving) = proxy(200);
        let (secure, serving_secure) = proxy(200);
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "proxy::of_the_environment"])
            .env(CHILD, runtime)
            .env("http_proxy", format!("http://{plain}"))
            .env("https_proxy", format!("http://{secure}"))
            .env("no_proxy", ".example.org 0.0.0.0/8, 10.0.0.0/33")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && said.contains("1 passed"),
            "{said}"
        );
        assert!(serving.join().unwrap().starts_with(ASKED));
        // Without TLS nobody is dialled for it.
        if cfg!(feature = "rustls") {
            assert!(serving_secure.join().unwrap().starts_with(ASKED));
        }
    }
}
