//! Starting the examples, what they print, and whom they talk to.

use std::env::consts::EXE_SUFFIX;
use std::env::current_exe;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{self, Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::{JoinHandle, spawn};

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use wsstream_core::handshake::Acceptor;
use wsstream_tokio::{
    ConnectionConfig, Incoming, Io, Listener, Negotiated, ServerConfig, Upgraded, WebSocket,
};

use crate::Adapter;

/// An example that is running; it is ended when the test is.
pub(crate) struct Example(pub(crate) Child);

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Example {
    pub(crate) fn start(of: Adapter, name: &str, args: &[&str]) -> Self {
        Self(command(of, name, args).spawn().unwrap())
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        line(self.0.stdout.as_mut().unwrap())
    }

    /// The next line of its errors.
    pub(crate) fn error_line(&mut self) -> String {
        line(self.0.stderr.as_mut().unwrap())
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }
}

/// Octet by octet, so that nothing is taken but this line.
pub(crate) fn line(from: &mut impl Read) -> String {
    let mut line = String::new();
    BufReader::with_capacity(1, from)
        .read_line(&mut line)
        .unwrap();
    assert!(line.ends_with('\n'), "it has ended: {line:?}");
    line
}

fn command(of: Adapter, name: &str, args: &[&str]) -> Command {
    let this = current_exe().unwrap();
    // target/PROFILE/deps/this, target/PROFILE/examples/NAME
    let folder = this.parent().unwrap().parent().unwrap().join("examples");
    let name = format!("{}{name}{EXE_SUFFIX}", of.prefix());
    let program = folder.join(&name);
    assert!(
        program.exists(),
        "the example {name} is not built: cargo build --workspace --examples does it"
    );
    let mut command = Command::new(program);
    command.args(args);
    for name in PROXIES {
        command.env_remove(name);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Whoever runs the tests may need a proxy.
const PROXIES: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// Runs an example to its end.
pub(crate) fn run(of: Adapter, name: &str, args: &[&str], input: &[u8]) -> Output {
    run_in(of, name, args, input, &[])
}

/// The same, with these variables in its environment.
pub(crate) fn run_in(
    of: Adapter,
    name: &str,
    args: &[&str],
    input: &[u8],
    environment: &[(&str, &str)],
) -> Output {
    let mut command = command(of, name, args);
    let mut child = command.envs(environment.iter().copied()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = spawn(move || {
        // It may end before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

pub(crate) fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

/// It has failed, and said why in one line.
pub(crate) fn failed(output: &Output, why: &str) {
    let errors = text(&output.stderr);
    assert!(!output.status.success(), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.starts_with("tunnel: "), "{errors}");
    assert!(errors.contains(why), "{errors}");
}

pub(crate) fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
}

/// An address where nobody listens, nor will but who is told to: one of its own, where loopback has many.
pub(crate) fn free() -> SocketAddr {
    static ADDRESSES: AtomicU8 = AtomicU8::new(1);
    let ip = if cfg!(target_os = "linux") {
        let [.., high, low] = process::id().to_be_bytes();
        Ipv4Addr::new(127, high, low, ADDRESSES.fetch_add(1, Ordering::Relaxed))
    } else {
        Ipv4Addr::LOCALHOST
    };
    let listener = TcpListener::bind((ip, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// A TCP service that reads to the end, and then sends everything back.
pub(crate) fn target() -> SocketAddr {
    service(|mut tcp| {
        let mut all = Vec::new();
        tcp.read_to_end(&mut all)?;
        tcp.write_all(&all)
    })
}

/// One that sends back at once.
pub(crate) fn echo() -> SocketAddr {
    service(|tcp| io::copy(&mut &tcp, &mut &tcp).map(drop))
}

fn service(serve: fn(TcpStream) -> io::Result<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    spawn(move || {
        for tcp in listener.incoming() {
            let tcp = tcp.unwrap();
            // It may be cut off, where that is what the test does.
            spawn(move || serve(tcp));
        }
    });
    address
}

/// A relay to a target, and its URL.
pub(crate) fn start_relay(of: Adapter, target: SocketAddr) -> (Example, String) {
    let url = format!("ws://{}/", free());
    let mut relay = Example::start(of, "relay", &[&url, &target.to_string()]);
    assert_eq!(relay.line(), format!("relaying {url} to {target}\n"));
    (relay, url)
}

/// A tunnel from a port to a URL, and the port's address.
pub(crate) fn start_tunnel(of: Adapter, url: &str) -> (Example, String) {
    let mut tunnel = Example::start(of, "tunnel", &["127.0.0.1:0", url]);
    let line = tunnel.error_line();
    let address = line.trim_end().strip_prefix("tunnel: listening on ");
    let address = address.unwrap().to_owned();
    (tunnel, address)
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// A server of one's own, and its URL.
pub(crate) fn server<F: Future<Output = ()> + Send + 'static>(
    runtime: &Runtime,
    serve: impl Fn(Incoming) -> F + Send + Sync + 'static,
) -> String {
    server_with(runtime, ConnectionConfig::new(), serve)
}

pub(crate) fn server_with<F: Future<Output = ()> + Send + 'static>(
    runtime: &Runtime,
    config: ConnectionConfig,
    serve: impl Fn(Incoming) -> F + Send + Sync + 'static,
) -> String {
    let listening = Listener::bind("127.0.0.1:0", ServerConfig::stream().config(config));
    let mut listener = runtime.block_on(listening).unwrap();
    let url = format!("ws://{}/", listener.local_addr().tcp().unwrap());
    runtime.spawn(async move {
        loop {
            tokio::spawn(serve(listener.accept().await.unwrap()));
        }
    });
    url
}

/// One that has not heard of our extension, for one connection, and its URL.
pub(crate) fn foreign_server<F: Future<Output = ()>>(
    runtime: &Runtime,
    serve: impl FnOnce(WebSocket<Io<tokio::net::TcpStream>>) -> F + Send + 'static,
) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let runtime = runtime.handle().clone();
    let serving = spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        tcp.set_nonblocking(true).unwrap();
        runtime.block_on(async {
            let tcp = tokio::net::TcpStream::from_std(tcp).unwrap();
            serve(foreign(tcp).await).await;
        });
    });
    (url, serving)
}

/// A server that has not heard of our extension.
pub(crate) async fn foreign(
    mut tcp: tokio::net::TcpStream,
) -> WebSocket<Io<tokio::net::TcpStream>> {
    let server = ServerConfig::stream();
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
    let negotiated = Negotiated::nothing(server.config, None);
    Upgraded::new(Io::new(tcp), negotiated, Vec::new()).into_websocket()
}
