//! Who ends, when, and what the others see of it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_recv_buffer_size;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_tokio::{CloseCode, ConnectionConfig, Incoming, Message, WsStream, connect};

use crate::process::{
    Example, foreign_server, run, runtime, server, server_with, start_relay, start_tunnel,
    succeeded, text,
};
use crate::{Adapter, of_either};

of_either! {
    late_reply server_ends_while_input_is_open server_ends_a_direction closed_by_policy
    close_and_end_before_the_answer relay_hands_on_everything_first tunnel_hands_on_everything_first
}

/// Later than any limit for an answer to a Close: those are not about a reply.
fn late_reply(of: Adapter) {
    let runtime = runtime();
    let config = ConnectionConfig::new().close_timeout(LATE / 4);
    let agreed = server_with(&runtime, config, async |incoming: Incoming| {
        let mut stream = incoming.upgrade().await.unwrap().into_stream();
        let mut query = String::new();
        stream.read_to_string(&mut query).await.unwrap();
        tokio::time::sleep(LATE).await;
        stream.write_all(query.as_bytes()).await.unwrap();
        stream.finish().await.unwrap();
    });
    let (not_agreed, serving) = foreign_server(&runtime, async |mut socket| {
        let query = socket.recv().await.unwrap().unwrap();
        tokio::time::sleep(LATE).await;
        socket.send(query).await.unwrap();
        socket.close().await.unwrap();
    });
    for url in [agreed, not_agreed] {
        let output = run(of, "tunnel", &["-", &url], b"query");
        succeeded(&output);
        assert_eq!(text(&output.stdout), "query");
    }
    serving.join().unwrap();
}

/// Nobody has to type anything: who reads our output sees its end at once, and the program ends when the
/// server ends TCP.
fn server_ends_while_input_is_open(of: Adapter) {
    let runtime = runtime();
    let (go_on, may_end) = tokio::sync::oneshot::channel::<()>();
    let (url, serving) = foreign_server(&runtime, async |mut socket| {
        let bye = Message::Binary(b"bye\n"[..].into());
        socket.send(bye).await.unwrap();
        let mut tcp = socket.into_inner().0.into_inner();
        tcp.write_all(CLOSE_1000).await.unwrap();
        read_masked_close(&mut tcp).await;
        may_end.await.unwrap();
    });
    let mut tunnel = Example::start(of, "tunnel", &["-", &url]);
    let stdin = tunnel.0.stdin.take().unwrap();
    let begun = Instant::now();
    let mut output = String::new();
    let stdout = tunnel.0.stdout.as_mut().unwrap();
    stdout.read_to_string(&mut output).unwrap();
    assert_eq!(output, "bye\n");
    assert!(begun.elapsed() < CLOSE_TIMEOUT, "its limit has ended it");
    assert_eq!(tunnel.0.try_wait().unwrap(), None);
    go_on.send(()).unwrap();
    assert!(tunnel.0.wait().unwrap().success());
    serving.join().unwrap();
    drop(stdin);
}

/// Where half close was agreed on, ours goes on.
fn server_ends_a_direction(of: Adapter) {
    let runtime = runtime();
    let (heard, hears) = channel();
    let url = server(&runtime, move |incoming: Incoming| {
        let heard = heard.clone();
        async move {
            let mut stream = incoming.upgrade().await.unwrap().into_stream();
            stream.write_all(b"bye\n").await.unwrap();
            stream.shutdown().await.unwrap();
            let mut more = String::new();
            stream.read_to_string(&mut more).await.unwrap();
            heard.send(more).unwrap();
        }
    });
    let mut tunnel = Example::start(of, "tunnel", &["-", &url]);
    let mut stdin = tunnel.0.stdin.take().unwrap();
    let mut output = String::new();
    let stdout = tunnel.0.stdout.as_mut().unwrap();
    stdout.read_to_string(&mut output).unwrap();
    assert_eq!(output, "bye\n");
    stdin.write_all(b"more").unwrap();
    drop(stdin);
    assert_eq!(hears.recv().unwrap(), "more");
    assert!(tunnel.0.wait().unwrap().success());
}

fn closed_by_policy(of: Adapter) {
    let runtime = runtime();
    let (url, serving) = foreign_server(&runtime, async |mut socket| {
        let code = CloseCode::new(1008).unwrap();
        socket.close_with(code, "not you").await.unwrap();
    });
    let mut tunnel = Example::start(of, "tunnel", &["-", &url]);
    let stdin = tunnel.0.stdin.take();
    assert!(tunnel.error_line().contains("1008 (not you)"));
    assert_eq!(tunnel.0.wait().unwrap().code(), Some(1));
    serving.join().unwrap();
    drop(stdin);
}

/// The server has ended TCP as well: it gets our Close all the same.
fn close_and_end_before_the_answer(of: Adapter) {
    let runtime = runtime();
    let (url, serving) = foreign_server(&runtime, async |socket| {
        let mut tcp = socket.into_inner().0.into_inner();
        tcp.write_all(CLOSE_1000).await.unwrap();
        tcp.shutdown().await.unwrap();
        read_masked_close(&mut tcp).await;
        assert_eq!(tcp.read(&mut [0; 1]).await.unwrap(), 0);
    });
    let mut tunnel = Example::start(of, "tunnel", &["-", &url]);
    let stdin = tunnel.0.stdin.take();
    assert!(tunnel.0.wait().unwrap().success());
    serving.join().unwrap();
    drop(stdin);
}

/// What came before a failure is handed on to a slow target, which then sees a reset and no end.
fn relay_hands_on_everything_first(of: Adapter) {
    let runtime = runtime();
    for failure in FAILURES {
        let (target, found) = slow_target();
        let (mut relay, url) = start_relay(of, target);
        runtime.block_on(async {
            let mut stream = connect(&url).await.unwrap();
            stream.write_all(&[7; ALL]).await.unwrap();
            fail(stream, failure).await;
        });
        assert_eq!(found.recv().unwrap(), (ALL, ErrorKind::ConnectionReset));
        let line = relay.error_line();
        assert!(line.contains(&named(failure)), "{line}");
    }
}

/// The same for what comes to a tunnel's port.
fn tunnel_hands_on_everything_first(of: Adapter) {
    let runtime = runtime();
    for failure in FAILURES {
        let url = server(&runtime, move |incoming: Incoming| async move {
            let mut stream = incoming.upgrade().await.unwrap().into_stream();
            stream.write_all(&[7; ALL]).await.unwrap();
            fail(stream, failure).await;
        });
        let (mut tunnel, address) = start_tunnel(of, &url);
        let tcp = TcpStream::connect(address).unwrap();
        assert_eq!(read_slowly(tcp), (ALL, ErrorKind::ConnectionReset));
        let line = tunnel.error_line();
        assert!(line.contains(&named(failure)), "{line}");
    }
}

/// With this Close, or with none.
async fn fail(mut stream: WsStream, failure: Option<u16>) {
    match failure {
        Some(code) => {
            // That the other end does not answer with 1000 is no failure of this one's.
            let _ = stream.close_with(CloseCode::new(code).unwrap(), "").await;
        }
        None => stream.abort(),
    }
}

fn named(failure: Option<u16>) -> String {
    failure.map_or_else(|| "without a Close".into(), |code| code.to_string())
}

/// A TCP server for one connection, and what it has read when that has ended.
fn slow_target() -> (SocketAddr, Receiver<(usize, ErrorKind)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Else all of it may be there before anything is read.
    set_socket_recv_buffer_size(&listener, 16 << 10).unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, found) = channel();
    spawn(move || tell.send(read_slowly(listener.accept().unwrap().0)));
    (address, found)
}

/// How many octets came, and with what they ended.
fn read_slowly(mut tcp: TcpStream) -> (usize, ErrorKind) {
    let (mut count, mut octets) = (0, vec![0; 4096]);
    sleep(Duration::from_millis(300));
    loop {
        match tcp.read(&mut octets) {
            Ok(0) => return (count, ErrorKind::UnexpectedEof),
            Ok(more) => count += more,
            Err(error) => return (count, error.kind()),
        }
        sleep(Duration::from_millis(2));
    }
}

/// A client's Close 1000.
async fn read_masked_close(tcp: &mut tokio::net::TcpStream) {
    let mut frame = [0; 8];
    tcp.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[..2], [0x88, 0x82]);
    let code = u16::from_be_bytes([frame[6] ^ frame[2], frame[7] ^ frame[3]]);
    assert_eq!(code, 1000);
}

const CLOSE_1000: &[u8] = b"\x88\x02\x03\xe8";

/// Closes, or the end of TCP without one.
const FAILURES: [Option<u16>; 4] = [Some(1001), Some(1012), Some(4001), None];

/// How long the tunnel waits for the end of TCP.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

const ALL: usize = 300_000;

const LATE: Duration = Duration::from_secs(1);
