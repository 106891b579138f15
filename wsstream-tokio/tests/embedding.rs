//! The examples that put wsstream into, and under, other libraries: as processes.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::env::current_exe;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper::ext::Protocol;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use wsstream_core::pump::Socket;
use wsstream_tokio::{
    ClientConfig, ClientEndpoint, HandshakeError, Io, Upgraded, Url, WsStream, seed,
};

/// An example that listens; it is ended when the test is.
struct Listening {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    address: SocketAddr,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Listening {
    fn start(name: &str) -> Self {
        let mut child = Command::new(example(name))
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap();
        let address = address.parse().unwrap();
        Self {
            child,
            stdout,
            address,
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// The answer to a request that is written by hand, to its end.
    fn ask(&self, head: &str) -> String {
        let mut tcp = TcpStream::connect(self.address).unwrap();
        let request = format!("{head}Host: {}\r\n\r\n", self.address);
        tcp.write_all(request.as_bytes()).unwrap();
        let mut tcp = BufReader::new(tcp);
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") && tcp.read_line(&mut answer).unwrap() > 0 {}
        // Not before: hyper drops a connection whose peer has ended it while it answers.
        tcp.get_ref().shutdown(Shutdown::Write).unwrap();
        tcp.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn example(name: &str) -> PathBuf {
    let this = current_exe().unwrap();
    // target/PROFILE/deps/this, target/PROFILE/examples/NAME
    let folder = this.parent().unwrap().parent().unwrap();
    folder.join("examples").join(name)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn octets(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// Writes and reads at once, and ends as one should.
async fn echoes<S: Socket>(stream: WsStream<S>) {
    let sent = octets(1_000_000);
    let (mut read, mut write) = tokio::io::split(stream);
    let writing = async {
        write.write_all(&sent).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let mut echo = Vec::new();
    let (read_to_end, ()) = tokio::join!(read.read_to_end(&mut echo), writing);
    read_to_end.unwrap();
    assert!(echo == sent);
    read.unsplit(write).finish().await.unwrap();
}

#[test]
fn axum_server_upgrades_http_1() {
    let server = Listening::start("axum_server");
    let url = format!("ws://{}/tunnel", server.address);
    runtime().block_on(async {
        for subprotocol in ["binary", "base64"] {
            let client = ClientConfig::stream().subprotocols([subprotocol]).unwrap();
            let endpoint = ClientEndpoint::url(&url, client).unwrap();
            let upgraded = endpoint.open().await.unwrap();
            assert_eq!(upgraded.agreed().subprotocol(), Some(subprotocol));
            echoes(upgraded.into_stream()).await;
        }
    });
}

/// What is no WebSocket is answered as HTTP, and the next connection is none the worse.
#[test]
fn axum_server_has_other_routes_and_refuses() {
    const UPGRADE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
    const CLOSE: &str = "Connection: close\r\n";
    let server = Listening::start("axum_server");
    for (line, fields, answer, content) in [
        ("GET /", &[CLOSE][..], "200", "the tunnel is at /tunnel\n"),
        ("GET /nowhere", &[CLOSE], "404", ""),
        (
            "GET /tunnel",
            &[CLOSE],
            "426",
            "sec-websocket-version: 13\r\n",
        ),
        ("POST /tunnel", &[CLOSE], "405", "allow: GET\r\n"),
        (
            "GET /tunnel",
            &[UPGRADE, KEY, "Sec-WebSocket-Version: 8\r\n"],
            "426",
            "sec-websocket-version: 13\r\n",
        ),
        (
            "GET /tunnel",
            &[UPGRADE, VERSION],
            "400",
            "Sec-WebSocket-Key",
        ),
        (
            "GET /tunnel",
            &[UPGRADE, KEY, VERSION, "Origin: http://elsewhere\r\n"],
            "403",
            "http://elsewhere",
        ),
        (
            "GET /tunnel",
            &[UPGRADE, KEY, VERSION, "Sec-WebSocket-Protocol: mqtt\r\n"],
            "406",
            "mqtt",
        ),
        // The example of RFC 6455 §1.3.
        (
            "GET /tunnel",
            &[UPGRADE, KEY, VERSION],
            "101",
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
        ),
    ] {
        let got = server.ask(&format!("{line} HTTP/1.1\r\n{}", fields.concat()));
        let status = got.split(' ').nth(1).unwrap_or_default();
        assert_eq!(status, answer, "{line} {fields:?}: {got}");
        assert!(got.contains(content), "{line} {fields:?}: {got}");
    }
}

/// Extended CONNECT of HTTP/2, from hyper's client: two streams on one connection, and one refused.
#[test]
fn servers_take_rfc_8441() {
    for name in ["axum_server", "hyper_upgrade_server"] {
        let server = Listening::start(name);
        runtime().block_on(extended_connect(&server));
    }
}

async fn extended_connect(server: &Listening) {
    let tcp = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let io = TokioIo::new(tcp);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    // CONNECT with `:protocol` may be sent once the server's settings have said so.
    let page = Request::get(format!("http://{}/", server.address));
    let page = page.body(Empty::<Bytes>::new()).unwrap();
    sender.send_request(page).await.unwrap();

    let url: Url = format!("ws://{}/tunnel", server.address).parse().unwrap();
    // The same host, so `:authority` is taken for `Host`.
    let here = format!("http://{}", server.address);
    for (origin, status) in [("http://elsewhere", 403), (&here, 200), (&here, 200)] {
        let (client, seed) = (
            ClientConfig::stream().origin(origin).unwrap(),
            seed().unwrap(),
        );
        let mut request = client.request(&url, Version::HTTP_2, &seed);
        let extensions = request.extensions_mut();
        extensions.insert(Protocol::from_static("websocket"));
        let response = sender
            .send_request(request.map(|()| Empty::new()))
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{origin}");
        match client.confirm_response(&response, &seed) {
            Ok(negotiated) => {
                assert_eq!(negotiated.agreed().subprotocol(), Some("binary"));
                let io = Io::new(TokioIo::new(hyper::upgrade::on(response).await.unwrap()));
                echoes(Upgraded::new(io, negotiated, Vec::new()).into_stream()).await;
            }
            Err(HandshakeError::Refused(told)) => assert_eq!(told.status(), status),
            Err(error) => panic!("{error}"),
        }
    }
}

/// hyper on both sides, over HTTP/1.1.
#[test]
fn hyper_upgrades_its_own_client() {
    for name in ["axum_server", "hyper_upgrade_server"] {
        let server = Listening::start(name);
        let client = Command::new(example("hyper_upgrade_client"))
            .args([&format!("ws://{}/tunnel", server.address), "hello, hyper"])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&client.stdout), "hello, hyper\n");
        assert!(client.status.success(), "{client:?}");
    }
}

/// Ctrl-C: who is connected may finish, who comes later is refused, and then the server ends.
#[cfg(unix)]
#[test]
fn axum_server_waits_for_open_streams() {
    let mut server = Listening::start("axum_server");
    let url = format!("ws://{}/tunnel", server.address);
    runtime().block_on(async {
        let mut stream = wsstream_tokio::connect(&url).await.unwrap();
        stream.write_all(b"before").await.unwrap();
        stream.read_exact(&mut [0; 6]).await.unwrap();
        let interrupted = Command::new("kill")
            .args(["-INT", &server.child.id().to_string()])
            .status();
        assert!(interrupted.unwrap().success());
        // Until it is noticed, others are let in.
        while let Ok(mut late) = wsstream_tokio::connect(&url).await {
            late.finish().await.unwrap();
        }
        let page =
            server.ask("GET /tunnel HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
        assert!(page.starts_with("HTTP/1.1 503"), "{page}");
        stream.write_all(b"after").await.unwrap();
        let mut reply = [0; 5];
        stream.read_exact(&mut reply).await.unwrap();
        assert_eq!(&reply, b"after");
        stream.finish().await.unwrap();
    });
    assert!(server.child.wait().unwrap().success());
}

/// Two requests on one connection, with a body longer than any buffer, and an end without an error.
#[test]
fn hyper_over_websocket() {
    let mut server = Listening::start("hyper_server");
    for len in [0, 5, 3_000_000] {
        let mut client = Command::new(example("hyper_client"))
            .arg(format!("ws://{}", server.address))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It reads all of it before it writes.
        let mut stdin = client.stdin.take().unwrap();
        stdin.write_all(&octets(len)).unwrap();
        drop(stdin);
        let output = client.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{errors}");
        assert_eq!(errors, "");
        assert!(output.stdout == octets(len), "{len} octets");
        assert_eq!(server.line(), "POST /first\n");
        assert_eq!(server.line(), "POST /second\n");
    }
}
