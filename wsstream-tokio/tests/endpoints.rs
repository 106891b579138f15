//! Endpoint descriptors over real sockets.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::io::{self, ErrorKind};
use std::net::TcpListener as StdListener;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use wsstream_tokio::endpoint::{
    EndpointAddress, EndpointListener, Proxy, ProxyError, UnsupportedEndpoint, client_from_string,
    quote_argument, quote_value, server_from_string,
};

/// A port where nobody listens.
fn free() -> u16 {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.write_all(b"hello").await?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"how are you?");
    Ok(())
}

async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    let mut question = [0; 5];
    stream.read_exact(&mut question).await?;
    assert_eq!(&question, b"hello");
    stream.write_all(b"how are you?").await
}

async fn listen(descriptor: &str) -> EndpointListener {
    let endpoint = server_from_string(descriptor).unwrap();
    endpoint.listen().await.unwrap()
}

/// The same program, whatever the descriptors say; whether it was by WebSocket.
async fn talk(server: &str, client: &str) -> bool {
    let mut listener = listen(server).await;
    let serving = tokio::spawn(async move {
        let mut stream = listener.accept().await?;
        answer(&mut stream).await?;
        let path = stream.request().map(|request| request.path().to_owned());
        stream.peer_addr()?;
        stream.close().await?;
        Ok::<_, io::Error>(path)
    });
    let endpoint = client_from_string(client).unwrap();
    let mut stream = endpoint.connect().await.unwrap();
    ask(&mut stream).await.unwrap();
    stream.close().await.unwrap();
    let path = serving.await.unwrap().unwrap();
    assert_eq!(stream.websocket().is_some(), path.is_some());
    path.is_some()
}

/// The specification's, but for the port.
#[tokio::test]
async fn the_examples_of_the_specification() {
    let clients = [
        r"autobahn:tcp\:localhost\:9000:url=ws\:// localhost\:9000",
        r"autobahn:tcp\:localhost\:9000:url=ws\:// localhost\:9000:compress=false",
        r"autobahn:tcp\:localhost\:9000:url=ws\:// localhost\:9000:autofrag=4096:debug=true",
    ];
    let servers = [
        r"autobahn:tcp\:9000:url=ws\://localhost\:9000",
        r"autobahn:tcp\:9000:url=ws\://localhost\:9000:autofrag=4096:debug=true",
        r"autobahn:tcp\:9000\:interface\=0.0.0.0:url=ws\://localhost\:9000:compress=true",
    ];
    for server in servers {
        for client in clients {
            let port = free().to_string();
            let [server, client] = [server, client].map(|text| text.replace("9000", &port));
            assert!(talk(&server, &client).await, "{server} {client}");
        }
    }
}

#[tokio::test]
async fn the_same_program_over_everything() {
    let directory = std::env::temp_dir().join(format!("wsstream-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = quote_argument(directory.join("a").to_str().unwrap());
    let (port, nested) = (free(), free());
    let websocket = |endpoint: &str| {
        let url = quote_value("ws://localhost/a");
        format!("autobahn:{}:url={url}", quote_argument(endpoint))
    };
    let (unix, tcp) = (format!("unix:{path}"), format!("tcp:127.0.0.1:{nested}"));
    let server = format!("tcp:{nested}");
    for (server, client, by_websocket) in [
        (
            format!("tcp:{port}"),
            format!("tcp:localhost:{port}"),
            false,
        ),
        (format!("tcp6:{port}"), format!("tcp:\\:\\:1:{port}"), false),
        (unix.clone(), unix.clone(), false),
        (websocket(&unix), websocket(&unix), true),
        (
            websocket(&websocket(&server)),
            websocket(&websocket(&tcp)),
            true,
        ),
        (
            format!("ws://127.0.0.1:{port}"),
            format!("ws://127.0.0.1:{port}"),
            true,
        ),
    ] {
        assert_eq!(talk(&server, &client).await, by_websocket, "{server}");
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn files_of_unix_sockets() {
    use std::os::unix::fs::PermissionsExt;

    let directory = std::env::temp_dir().join(format!("wsstream-unix-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("s");
    let descriptor = format!("unix:{}", quote_argument(path.to_str().unwrap()));
    // One that was left behind, with its lock.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let lock = directory.join("s.lock");
    std::os::unix::fs::symlink("1", &lock).unwrap();
    let listener = listen(&descriptor).await;
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
    assert_eq!(
        listener.local_addr(),
        &EndpointAddress::Unix(Some(path.to_str().unwrap().into()))
    );
    // One that is in use.
    let second = server_from_string(&descriptor).unwrap().listen().await;
    assert_eq!(second.map(drop).unwrap_err().kind(), ErrorKind::AddrInUse);
    let locked = client_from_string(&format!("{descriptor}:lockfile=1")).unwrap();
    locked.connect().await.unwrap();
    drop(listener);
    assert!(!path.exists() && std::fs::symlink_metadata(&lock).is_err());
    let error = locked.connect().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    // What is no socket is nobody's to remove.
    std::fs::write(&path, "mine").unwrap();
    let file = server_from_string(&descriptor).unwrap().listen().await;
    assert_eq!(file.map(drop).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn what_belongs_to_the_forwarder() {
    for descriptor in ["stdio", "systemd:INET:index=0", "haproxy:tcp:0", "exec:cat"] {
        let endpoint = server_from_string(descriptor).unwrap();
        let error = endpoint.listen().await.map(drop).unwrap_err();
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        let forwarder = matches!(inner, Some(UnsupportedEndpoint::Forwarder { .. }));
        assert!(forwarder, "{descriptor}: {error}");
    }
    for descriptor in ["stdio", "exec:cat"] {
        let endpoint = client_from_string(descriptor).unwrap();
        let error = endpoint.connect().await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{descriptor}");
    }
}

/// The proxy reads the request and then is the server itself, which speaks first.
#[tokio::test]
async fn through_a_proxy() {
    for (status, error) in [(200, None), (407, Some(ProxyError::Refused(407)))] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        let serving = tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let expected =
                "CONNECT nowhere.invalid:22 HTTP/1.1\r\nHost: nowhere.invalid:22\r\n\r\n";
            let mut request = vec![0; expected.len()];
            tcp.read_exact(&mut request).await.unwrap();
            assert_eq!(request, expected.as_bytes());
            let answer = format!("HTTP/1.1 {status} X\r\n\r\nSSH-2.0");
            tcp.write_all(answer.as_bytes()).await.unwrap();
        });
        let endpoint = client_from_string("tcp:nowhere.invalid:22").unwrap();
        let connected = endpoint.proxy(proxy).connect().await;
        serving.await.unwrap();
        match (connected, error) {
            (Ok(mut stream), None) => {
                let mut all = String::new();
                stream.read_to_string(&mut all).await.unwrap();
                assert_eq!(all, "SSH-2.0");
            }
            (Err(failed), Some(error)) => {
                let inner = failed.get_ref().and_then(|inner| inner.downcast_ref());
                assert_eq!(inner, Some(&error));
            }
            (connected, _) => unreachable!("{connected:?}"),
        }
    }
}

/// Somebody who listens and never answers.
#[tokio::test]
async fn connecting_has_a_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = format!(
        r"autobahn:tcp\:127.0.0.1\:{port}\:timeout\=0.1:url=ws\://localhost:handshakeTimeout=0.1"
    );
    let endpoint = client_from_string(&text).unwrap();
    let error = endpoint.connect().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}
