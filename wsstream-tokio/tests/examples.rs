//! The examples, as processes: what they print, and how they end.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::env::current_exe;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use wsstream_core::handshake::Acceptor;
use wsstream_tokio::{
    Agreed, Client, CloseCode, Config, Incoming, Listener, Message, Opened, Server, Upgraded,
    WebSocket, connect, connect_with,
};

/// An example that is running; it is ended when the test is.
struct Example(Child);

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Example {
    fn start(name: &str, args: &[&str]) -> Self {
        Self(command(name, args).spawn().unwrap())
    }

    /// The next line that it prints.
    fn line(&mut self) -> String {
        line(self.0.stdout.as_mut().unwrap())
    }

    /// The next line of its errors.
    fn error_line(&mut self) -> String {
        line(self.0.stderr.as_mut().unwrap())
    }
}

/// Octet by octet, so that nothing is taken but this line.
fn line(from: &mut impl Read) -> String {
    let mut line = String::new();
    BufReader::with_capacity(1, from)
        .read_line(&mut line)
        .unwrap();
    assert!(line.ends_with('\n'), "it has ended: {line:?}");
    line
}

fn command(name: &str, args: &[&str]) -> Command {
    let this = current_exe().unwrap();
    // target/PROFILE/deps/this, target/PROFILE/examples/NAME
    let folder = this.parent().unwrap().parent().unwrap().join("examples");
    let mut command = Command::new(folder.join(name));
    command.args(args);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs an example to its end.
fn run(name: &str, args: &[&str], input: &[u8]) -> Output {
    let mut child = command(name, args).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = std::thread::spawn(move || {
        // It may end before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

/// It has failed, and said why in one line.
fn failed(output: &Output, why: &str) {
    let errors = text(&output.stderr);
    assert!(!output.status.success(), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.starts_with("tunnel: "), "{errors}");
    assert!(errors.contains(why), "{errors}");
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
}

/// An address where nobody listens.
fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A TCP service that reads to the end, and then sends everything back.
fn target() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for tcp in listener.incoming() {
            let mut tcp = tcp.unwrap();
            std::thread::spawn(move || {
                let mut all = Vec::new();
                tcp.read_to_end(&mut all).unwrap();
                tcp.write_all(&all).unwrap();
            });
        }
    });
    address
}

/// A relay to a target, and its URL.
fn relay(target: SocketAddr) -> (Example, String) {
    let url = format!("ws://{}/", free());
    let mut relay = Example::start("relay", &[&url, &target.to_string()]);
    assert_eq!(relay.line(), format!("relaying {url} to {target}\n"));
    (relay, url)
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// A server of one's own, and its URL.
fn server<F: Future<Output = ()> + Send + 'static>(
    runtime: &Runtime,
    serve: impl Fn(Incoming<wsstream_tokio::NetStream>) -> F + Send + Sync + 'static,
) -> String {
    let listening = Listener::bind("127.0.0.1:0", Server::stream());
    let mut listener = runtime.block_on(listening).unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    runtime.spawn(async move {
        loop {
            tokio::spawn(serve(listener.accept().await.unwrap()));
        }
    });
    url
}

#[test]
fn hello() {
    let address = free();
    let url = format!("ws://{address}");
    let mut server = Example::start("hello_server", &[&url]);
    assert_eq!(server.line(), format!("listening on {address}\n"));
    for _ in 0..2 {
        let client = run("hello_client", &[&url], b"");
        succeeded(&client);
        assert_eq!(text(&client.stdout), "how are you?\n");
        assert_eq!(server.line(), "hello\n");
    }
}

#[test]
fn hello_to_nobody() {
    let client = run("hello_client", &[&format!("ws://{}", free())], b"");
    assert!(!client.status.success());
    assert_eq!(text(&client.stdout), "");
}

#[test]
fn relay_try() {
    let url = format!("ws://{}/", free());
    let output = run("relay", &[&url, "--try", "hello over WebSocket"], b"");
    succeeded(&output);
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with(&format!("relaying {url} to ")),
        "{}",
        lines[0]
    );
    assert_eq!(lines[1], "came back: hello over WebSocket");
}

#[test]
fn relay_to_a_target() {
    let (_relay, url) = relay(target());
    runtime().block_on(async {
        let mut stream = connect(&url).await.unwrap();
        let sent = vec![7; 1_000_000];
        stream.write_all(&sent).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.unwrap();
        assert!(reply == sent);
        stream.close().await.unwrap();
    });
}

#[test]
fn relay_to_nobody() {
    let target = free();
    let (mut relay, url) = relay(target);
    let error = runtime().block_on(connect(&url)).map(drop).unwrap_err();
    assert!(error.to_string().contains("502"), "{error}");
    let line = relay.error_line();
    assert!(line.starts_with(&target.to_string()), "{line}");
}

#[test]
fn tunnel_of_standard_input() {
    let (_relay, url) = relay(target());
    for len in [0, 5, 3_000_000] {
        let input: Vec<u8> = (0..=250).cycle().take(len).collect();
        let output = run("tunnel", &["-", &url], &input);
        succeeded(&output);
        assert!(output.stdout == input, "{len} octets");
    }
}

#[test]
fn tunnel_of_a_port() {
    let (_relay, url) = relay(target());
    let mut tunnel = Example::start("tunnel", &["127.0.0.1:0", &url]);
    let line = tunnel.error_line();
    let address = line
        .trim_end()
        .strip_prefix("tunnel: listening on ")
        .unwrap();
    for len in [0, 5, 1_000_000] {
        let sent = vec![7; len];
        let mut tcp = TcpStream::connect(address).unwrap();
        tcp.write_all(&sent).unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        let mut reply = Vec::new();
        tcp.read_to_end(&mut reply).unwrap();
        assert!(reply == sent, "{len} octets");
    }
}

#[test]
fn tunnel_of_a_port_to_nobody() {
    let mut tunnel = Example::start("tunnel", &["127.0.0.1:0", &format!("ws://{}", free())]);
    let line = tunnel.error_line();
    let address = line
        .trim_end()
        .strip_prefix("tunnel: listening on ")
        .unwrap();
    let mut tcp = TcpStream::connect(address).unwrap();
    // A reset, and no end.
    tcp.read(&mut [0; 1]).unwrap_err();
    assert!(tunnel.error_line().starts_with("tunnel: 127.0.0.1:"));
}

#[test]
fn tunnel_to_nobody() {
    let output = run("tunnel", &["-", &format!("ws://{}", free())], b"");
    failed(&output, "refused");
}

#[test]
fn tunnel_that_is_refused() {
    let runtime = runtime();
    let url = server(&runtime, async |incoming: Incoming<_>| {
        let refusal = wsstream_tokio::Refusal::new(403).body("not you\n");
        incoming.refuse(&refusal).await.unwrap();
    });
    failed(&run("tunnel", &["-", &url], b""), "403");
}

/// How the other end may fail: what came before it is printed all the same.
#[test]
fn tunnel_that_ends_unclean() {
    let runtime = runtime();
    let url = server(&runtime, async |incoming: Incoming<_>| {
        let path = incoming.request().path().to_owned();
        let mut stream = incoming.accept().await.unwrap().into_stream();
        // Nothing is left unread, as TCP would make a reset of that.
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        stream.write_all(b"so far so good").await.unwrap();
        if path == "/abort" {
            stream.abort();
        } else {
            let closing = stream.close_with(CloseCode::INTERNAL, "out of order");
            let _ = closing.await;
        }
    });
    let output = run("tunnel", &["-", &format!("{url}abort")], b"");
    assert_eq!(
        text(&output.stdout),
        "so far so good",
        "{}",
        text(&output.stderr)
    );
    failed(&output, "without a Close");
    let output = run("tunnel", &["-", &format!("{url}close")], b"");
    assert_eq!(
        text(&output.stdout),
        "so far so good",
        "{}",
        text(&output.stderr)
    );
    failed(&output, "1011 (out of order)");
}

#[test]
fn tunnel_with_a_subprotocol() {
    let runtime = runtime();
    // Tells what was agreed.
    let url = server(&runtime, async |incoming: Incoming<_>| {
        let Ok(opened) = incoming.accept().await else {
            return;
        };
        let agreed = opened.agreed().subprotocol().unwrap_or("none").to_owned();
        let mut stream = opened.into_stream();
        stream.write_all(agreed.as_bytes()).await.unwrap();
        stream.close().await.unwrap();
    });
    for (args, agreed) in [
        (&["-", &url][..], "binary"),
        (&["--subprotocol", "base64", "-", &url], "base64"),
        (&["--subprotocol", "binary", "-", &url], "binary"),
    ] {
        let output = run("tunnel", args, b"");
        succeeded(&output);
        assert_eq!(text(&output.stdout), agreed);
    }
    let output = run("tunnel", &["--subprotocol", "mqtt", "-", &url], b"");
    failed(&output, "406");
}

#[test]
fn echo_server() {
    let mut server = Example::start("echo_server", &["127.0.0.1:0"]);
    let line = server.line();
    let address = line.trim_end().strip_prefix("listening on ").unwrap();
    let url = format!("ws://{address}/");
    runtime().block_on(async {
        for subprotocol in [Some("binary"), Some("base64"), None] {
            let client = Client::stream().subprotocols(subprotocol).unwrap();
            let client = client.accept_no_subprotocol(true);
            let opened = connect_with(&url, &client).await.unwrap();
            assert_eq!(opened.agreed().subprotocol(), subprotocol);
            let mut stream = opened.into_stream();
            for len in [1, 1000, 65_536] {
                let sent = vec![7; len];
                stream.write_all(&sent).await.unwrap();
                let mut echo = vec![0; len];
                stream.read_exact(&mut echo).await.unwrap();
                assert!(echo == sent, "{subprotocol:?}, {len} octets");
            }
            stream.close().await.unwrap();
        }
    });
}

/// What the URL says of who asks is asked with.
#[test]
fn tunnel_with_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://user:secret@{}", listener.local_addr().unwrap());
    let asking = std::thread::spawn(move || run("tunnel", &["-", &url], b""));
    let (mut tcp, _) = listener.accept().unwrap();
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        request += &line(&mut tcp);
    }
    assert!(request.contains("\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
    tcp.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    failed(&asking.join().unwrap(), "401");
}

/// What is under way when the relay is told to end is carried to its end.
#[cfg(unix)]
#[test]
fn relay_that_is_told_to_end() {
    use rustix::process::{Pid, Signal, kill_process};

    let (mut relay, url) = relay(target());
    let runtime = runtime();
    let mut stream = runtime.block_on(connect(&url)).unwrap();
    let pid = Pid::from_child(&relay.0);
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(relay.error_line(), "relay: 1 to finish\n");
    runtime.block_on(async {
        stream.write_all(b"under way").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert_eq!(reply, "under way");
        stream.close().await.unwrap();
    });
    assert!(relay.0.wait().unwrap().success());
    // Those that do not finish are not waited for when it is told again.
    let (mut relay, url) = self::relay(target());
    let mut stream = runtime.block_on(connect(&url)).unwrap();
    let pid = Pid::from_child(&relay.0);
    kill_process(pid, Signal::TERM).unwrap();
    relay.error_line();
    kill_process(pid, Signal::INT).unwrap();
    assert!(relay.0.wait().unwrap().success());
    let read = runtime.block_on(stream.read(&mut [0; 1]));
    read.unwrap_err();
}

/// Who is not let in does not get as far as the target.
#[test]
fn relay_refuses_before_it_dials() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    target.set_nonblocking(true).unwrap();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (url, to) = (
        format!("ws://{free}"),
        target.local_addr().unwrap().to_string(),
    );
    let mut relay = Example::start("relay", &[&url, &to]);
    relay.line();
    let mut tcp = TcpStream::connect(free).unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://b\r\n\r\n")
        .unwrap();
    assert!(line(&mut tcp).starts_with("HTTP/1.1 403 "));
    assert_eq!(
        target.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
}

/// A server that knows no half close, and answers a Close at once: the reply to what came before the end
/// of input arrives all the same. One that never ends is not waited for without end.
#[test]
fn tunnel_to_who_knows_no_half_close() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    for ends in [true, false] {
        let (path, wait) = (url.clone(), if ends { "60" } else { "1" });
        let asking =
            std::thread::spawn(move || run("tunnel", &["--wait", wait, "-", &path], b"question"));
        let (tcp, _) = listener.accept().unwrap();
        tcp.set_nonblocking(true).unwrap();
        runtime().block_on(async {
            let tcp = tokio::net::TcpStream::from_std(tcp).unwrap();
            let mut socket = foreign(tcp).await;
            let question = socket.recv().await.unwrap().unwrap();
            assert_eq!(question.as_bytes(), b"question");
            for piece in ["so ", "far", " so good"] {
                // Slower than its client sees the end of its input.
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                let piece = Message::Binary(piece.as_bytes().into());
                socket.send(piece).await.unwrap();
            }
            if ends {
                socket.close().await.unwrap();
            } else {
                assert_eq!(socket.recv().await.unwrap(), None);
            }
        });
        let output = asking.join().unwrap();
        succeeded(&output);
        assert_eq!(text(&output.stdout), "so far so good");
    }
}

/// A server that has not heard of our extension.
async fn foreign(mut tcp: tokio::net::TcpStream) -> WebSocket<tokio::net::TcpStream> {
    let server = Server::stream();
    let mut acceptor = Acceptor::new(&server);
    let request = loop {
        let octet = tcp.read_u8().await.unwrap();
        if let Some(request) = acceptor.receive(&mut &[octet][..]).unwrap() {
            break request;
        }
    };
    let accepted = request.accept(&server).unwrap();
    let response = String::from_utf8(accepted.response).unwrap();
    let response: String = response
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("Sec-WebSocket-Extensions"))
        .collect();
    tcp.write_all(response.as_bytes()).await.unwrap();
    let (agreed, config) = (Agreed::default(), Config::new());
    Opened::from_upgraded(tcp, Upgraded::Server, agreed, config, Vec::new()).into_socket()
}
