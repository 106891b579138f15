//! WebSocket in front of a TCP server.

use std::io::{ErrorKind, Read, Write};
#[cfg(target_os = "linux")]
use std::net::SocketAddr;
use std::net::{TcpListener, TcpStream};
use std::thread::{sleep, spawn};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
#[cfg(target_os = "linux")]
use wsstream_tokio::{Cause, HandshakeError};
use wsstream_tokio::{ClientConfig, ClientEndpoint, ConnectionConfig, connect};

use crate::process::{free, line, run, runtime, start_relay, succeeded, target, text};
use crate::{Adapter, of_either};

of_either! { tries_itself to_a_target to_nobody to_what_is_no_address password query refuses_before_it_dials slow_target }

#[cfg(target_os = "linux")]
mod silent {
    use socket2::{Domain, Socket, Type};

    use super::*;

    of_either! { to_a_silent_target clients_that_leave }

    /// A target whose system drops what asks for a connection, because its queue is full.
    fn silent() -> (Socket, TcpStream) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(&any.into()).unwrap();
        socket.listen(0).unwrap();
        let queued = TcpStream::connect(address(&socket)).unwrap();
        (socket, queued)
    }

    fn address(target: &Socket) -> SocketAddr {
        target.local_addr().unwrap().as_socket().unwrap()
    }

    /// Its client is told before it gives up itself, and nothing of what the relay's system says.
    fn to_a_silent_target(of: Adapter) {
        let (target, _queued) = silent();
        let (mut relay, url) = start_relay(of, address(&target));
        let error = runtime().block_on(connect(&url)).map(drop).unwrap_err();
        let Cause::Handshake(HandshakeError::Refused(response)) = error.cause() else {
            unreachable!("{error:?}");
        };
        assert_eq!(response.status(), 504);
        assert_eq!(response.body(), b"the target does not answer\n");
        let line = relay.error_line();
        assert!(line.contains("timed out connecting to"), "{line}");
    }

    /// The dial ends with them, and the relay says so.
    fn clients_that_leave(of: Adapter) {
        let (target, _queued) = silent();
        let (mut relay, url) = start_relay(of, address(&target));
        let to = url.trim_start_matches("ws://").trim_end_matches('/');
        let mut clients: Vec<_> = (0..50).map(|_| TcpStream::connect(to).unwrap()).collect();
        for client in &mut clients {
            client.write_all(REQUEST).unwrap();
        }
        drop(clients);
        for _ in 0..50 {
            let line = relay.error_line();
            assert!(line.contains("ended in the opening handshake"), "{line}");
        }
    }

    const REQUEST: &[u8] =
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

fn tries_itself(of: Adapter) {
    let url = format!("ws://{}/", free());
    let output = run(of, "relay", &[&url, "--try", "hello over WebSocket"], b"");
    succeeded(&output);
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with(&format!("relaying {url} to ")),
        "{}",
        lines[0]
    );
    let address = url.trim_start_matches("ws://").trim_end_matches('/');
    assert_eq!(lines[1], format!("listening on {address}"));
    assert_eq!(lines[2], "came back: hello over WebSocket");
}

fn to_a_target(of: Adapter) {
    let (_relay, url) = start_relay(of, target());
    runtime().block_on(async {
        let mut stream = connect(&url).await.unwrap();
        let sent = vec![7; 1_000_000];
        stream.write_all(&sent).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.unwrap();
        assert!(reply == sent);
        stream.finish().await.unwrap();
    });
}

fn to_nobody(of: Adapter) {
    let target = free();
    let (mut relay, url) = start_relay(of, target);
    let error = runtime().block_on(connect(&url)).map(drop).unwrap_err();
    assert!(error.to_string().contains("502"), "{error}");
    // A stranger is told no more than that: the system's error, and who the target is, are for the log.
    let address = url.trim_start_matches("ws://").trim_end_matches('/');
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.write_all(&request("")).unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head: Vec<_> = head.lines().collect();
    let status = "HTTP/1.1 502 Bad Gateway";
    assert_eq!(head, [status, "Content-Length: 29", "Connection: close"]);
    assert_eq!(body, "the target cannot be reached\n");
    let line = relay.error_line();
    assert!(line.contains("connection refused"), "{line}");
    assert!(line.starts_with("relay: 127.0.0.1:"), "{line}");
    assert!(line.contains(&format!(" {target}: ")), "{line}");
}

/// That is said at once, and not to every client.
fn to_what_is_no_address(of: Adapter) {
    for target in ["8080", "localhost", "localhost:", "localhost:http", ":8080"] {
        let output = run(of, "relay", &["ws://localhost:9000", target], b"");
        assert!(!output.status.success(), "{target}");
        let errors = text(&output.stderr);
        assert!(errors.contains("expected HOST:PORT"), "{errors}");
    }
}

/// Nobody would be asked for it.
fn password(of: Adapter) {
    let output = run(
        of,
        "relay",
        &["ws://user:pw@localhost:9000", "localhost:1"],
        b"",
    );
    assert!(!output.status.success());
    let errors = text(&output.stderr);
    assert_eq!(errors, "relay: a server asks for no user and password\n");
}

/// It would be ignored.
fn query(of: Adapter) {
    let output = run(of, "relay", &["ws://localhost:9000/?x", "localhost:1"], b"");
    assert!(!output.status.success());
    let errors = text(&output.stderr);
    assert_eq!(
        errors,
        "relay: a server takes every query: give a URL without one\n"
    );
}

/// A request, with more fields.
fn request(more: &str) -> Vec<u8> {
    let head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    [head, more, "\r\n"].concat().into_bytes()
}

/// Who is not let in does not get as far as the target.
fn refuses_before_it_dials(of: Adapter) {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    target.set_nonblocking(true).unwrap();
    let (_relay, url) = start_relay(of, target.local_addr().unwrap());
    let address = url.trim_start_matches("ws://").trim_end_matches('/');
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.write_all(&request("Origin: http://b\r\n")).unwrap();
    assert!(line(&mut tcp).starts_with("HTTP/1.1 403 "));
    let accepted = target.accept();
    assert_eq!(accepted.unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// A client that cannot half close has gone when the target has read a part, and that says so now and then: were its
/// connection dropped meanwhile, it would be reset.
fn slow_target(of: Adapter) {
    const MUCH: usize = 3 << 20;
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let (_relay, url) = start_relay(of, target.local_addr().unwrap());
    let reading = spawn(move || {
        let (mut tcp, _) = target.accept().unwrap();
        let (mut buf, mut total, mut told) = (vec![0; 64 << 10], 0, 0);
        loop {
            match tcp.read(&mut buf).unwrap() {
                0 => return total,
                count => total += count,
            }
            if total >= told + (256 << 10) {
                told = total;
                tcp.write_all(b".").unwrap();
            }
            sleep(Duration::from_millis(20));
        }
    });
    runtime().block_on(async {
        let config = ConnectionConfig::new().half_close(false).compression(false);
        let client = ClientConfig::stream().config(config);
        let endpoint = ClientEndpoint::url(&url, client).unwrap();
        let mut stream = endpoint.open().await.unwrap().into_stream();
        stream.write_all(&vec![7; MUCH]).await.unwrap();
        stream.finish().await.unwrap();
    });
    assert_eq!(reading.join().unwrap(), MUCH);
}
