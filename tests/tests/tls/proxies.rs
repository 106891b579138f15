//! Through a proxy over TLS, and TLS or none in its tunnel.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::pump::Socket;
use wsstream_net::proxy::Proxy;
use wsstream_net::relay;
use wsstream_net::tls::ServerTls;
use wsstream_tests::net::By::{self, Descriptor, Url};
use wsstream_tests::net::{
    ClientEndpoint, Directory, Listener, Net, NetSocket, NetStream, address, let_in_any, listen,
    over, talk_with,
};
use wsstream_tests::proxy::{Asked, proxy};
use wsstream_tests::{Read as _, TestRuntime, Write as _};

use crate::certificates::{Authority, Identity};
use crate::verdict;

wsstream_tests::on_all_runtimes! {
    over_tls_by_url
    over_tls_by_descriptor
    bare_octets
    a_proxy_that_is_not_trusted
    tls_where_there_is_none_and_none_where_there_is
    a_cut_goes_through_both_layers
}

/// A proxy over TLS, whose user is `me` with the password `secret`; and the targets that it is asked for.
async fn secure_proxy<N: Net>(identity: &Identity) -> (SocketAddr, Receiver<String>) {
    let files = Directory::new();
    let Identity { chain, key } = identity;
    fs::write(files.path("server.pem"), format!("{chain}{key}")).unwrap();
    let key = files.quoted("server.pem");
    let ssl = format!("ssl:0:privateKey={key}:interface=127.0.0.1");
    let mut listener = listen::<N>(&ssl).await.unwrap();
    let at = address::<N>(&listener);
    let (tell, targets) = channel();
    drop(N::spawn(async move {
        while let Ok(near) = let_in_any::<N>(&mut listener).await {
            drop(N::spawn(serve::<N>(near, tell.clone())));
        }
    }));
    (at, targets)
}

async fn serve<N: Net>(mut near: NetStream<N>, tell: std::sync::mpsc::Sender<String>) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let Ok(octet) = near.read_exact(1).await else {
            return;
        };
        head.push(octet[0].into());
    }
    assert!(head.contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
    let target = head.split(' ').nth(1).unwrap();
    tell.send(target.to_owned()).unwrap();
    let far = ClientEndpoint::<N>::tcp(target).unwrap().connect().await;
    let mut far = far.map(N::stream).unwrap();
    let opened = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    near.write_all(opened).await.unwrap();
    near.flush().await.unwrap();
    relay::<N::Net>(&mut *near, &mut *far).await;
}

fn through(at: SocketAddr, authority: &Authority) -> Proxy {
    let url = format!("https://me:secret@localhost:{}", at.port());
    Proxy::parse(&url).unwrap().tls(authority.client())
}

/// The layers of a socket, from the outermost one down to TCP, with a `-` for what is TLS with the proxy.
fn layers<R: TestRuntime>(socket: &NetSocket<R>) -> String {
    let mut layers = Vec::new();
    let mut below = Some(socket);
    while let Some(socket) = below {
        below = socket.below();
        layers.push(match socket.websocket() {
            Some(_) => "WebSocket",
            None if socket.is_tls() => "TLS",
            None if below.is_some() => "-",
            None => "TCP",
        });
    }
    layers.join(" ")
}

/// The proxy is trusted for another authority than the server: neither is good for the other.
async fn over_tls<N: Net>(by: By, is_secure: bool) {
    let (of_proxy, of_server) = (Authority::new(), Authority::new());
    let listener = N::bind(ServerConfig::stream()).await;
    let (listener, scheme, tls) = match is_secure {
        true => (listener.tls(server(&of_server)), "wss", "tls"),
        false => (listener, "ws", "tcp"),
    };
    let port = address::<N>(&listener).port();
    let client: ClientEndpoint<N> = match by {
        Url => {
            let url = format!("{scheme}://localhost:{port}/here");
            ClientEndpoint::<N>::url(&url, ClientConfig::stream()).unwrap()
        }
        Descriptor => {
            let url = format!("{scheme}://localhost/here");
            let descriptor = over(&format!("{tls}:localhost:{port}"), &url, "");
            descriptor.parse().unwrap()
        }
    };
    let (at, targets) = secure_proxy::<N>(&of_proxy.localhost()).await;
    let client = client.tls(of_server.client()).proxy(through(at, &of_proxy));
    let shown = client.plan().to_string();
    let expected = format!(", through https://localhost:{}", at.port());
    assert!(shown.contains(&expected), "{shown}");
    let talked = talk_with::<N, N>(listener, &client, 1_000_000).await;
    assert_eq!(targets.recv().unwrap(), format!("localhost:{port}"));
    assert_eq!(talked.path.as_deref(), Some("/here"));
    let expected = match is_secure {
        true => "WebSocket TLS - TCP",
        false => "WebSocket - TCP",
    };
    assert_eq!(layers::<N>(&talked.client), expected);
}

fn server(authority: &Authority) -> ServerTls {
    authority.localhost().server()
}

async fn over_tls_by_url<N: Net>() {
    for is_secure in [false, true] {
        over_tls::<N>(Url, is_secure).await;
    }
}

async fn over_tls_by_descriptor<N: Net>() {
    for is_secure in [false, true] {
        over_tls::<N>(Descriptor, is_secure).await;
    }
}

/// What is the outermost layer then is not TLS with the peer.
async fn bare_octets<N: Net>() {
    let authority = Authority::new();
    let listener = listen::<N>("tcp:0:interface=127.0.0.1").await.unwrap();
    let port = address::<N>(&listener).port();
    let (at, _targets) = secure_proxy::<N>(&authority.localhost()).await;
    let client = ClientEndpoint::<N>::tcp(&format!("127.0.0.1:{port}")).unwrap();
    let client = client.proxy(through(at, &authority));
    let talked = talk_with::<N, N>(listener, &client, 1_000_000).await;
    assert_eq!(layers::<N>(&talked.client), "- TCP");
    assert!(talked.client.tls().is_none());
}

/// Nothing is said to it, and it is named.
async fn a_proxy_that_is_not_trusted<N: Net>() {
    let (authority, other) = (Authority::new(), Authority::new());
    let wrong_name = authority.certify(&crate::certificates::names(&["elsewhere.example"]));
    for identity in [other.localhost(), wrong_name] {
        let (at, targets) = secure_proxy::<N>(&identity).await;
        let client = ClientEndpoint::<N>::url("ws://localhost:1/", ClientConfig::stream());
        let client = client.unwrap().proxy(through(at, &authority));
        let error = client.connect().await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let text = error.to_string();
        let expected = format!("ws://localhost:1/: proxy localhost:{}: TLS: ", at.port());
        assert!(text.starts_with(&expected), "{text}");
        let error = io::Error::from(error);
        let verdict = verdict(&error);
        let is_refused = matches!(
            verdict,
            futures_rustls::rustls::Error::InvalidCertificate(_)
        );
        assert!(is_refused, "{verdict}");
        assert!(targets.try_recv().is_err());
        // The platform does not trust it either.
        let url = format!("https://me:secret@localhost:{}", at.port());
        let client = client.proxy(Proxy::parse(&url).unwrap());
        let error = client.connect().await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}

/// The wrong scheme in the proxy's URL.
async fn tls_where_there_is_none_and_none_where_there_is<N: Net>() {
    let authority = Authority::new();
    let client = ClientEndpoint::<N>::url("ws://localhost:1/", ClientConfig::stream()).unwrap();
    let (plain, _targets) = proxy(Asked::Http);
    let connect = async |proxy: Proxy| {
        let client = client.clone().proxy(proxy);
        client.connect().await.map(drop).unwrap_err().to_string()
    };
    let text = connect(through(plain, &authority)).await;
    let expected = format!("ws://localhost:1/: proxy localhost:{}: TLS: ", plain.port());
    assert!(text.starts_with(&expected), "{text}");
    let (secure, _targets) = secure_proxy::<N>(&authority.localhost()).await;
    let url = Proxy::parse(&format!("http://me:secret@{secure}")).unwrap();
    assert_eq!(
        connect(url).await,
        format!(
            "ws://localhost:1/: proxy {secure}: it speaks TLS, so its URL has to begin with https://"
        )
    );
}

/// What is asked of the socket reaches the connection, and a stream that is dropped does not pass for whole.
async fn a_cut_goes_through_both_layers<N: Net>() {
    let (of_proxy, of_server) = (Authority::new(), Authority::new());
    let mut listener: Listener<N> = N::bind(ServerConfig::stream())
        .await
        .tls(server(&of_server));
    let url = format!("wss://localhost:{}/", address::<N>(&listener).port());
    let (at, _targets) = secure_proxy::<N>(&of_proxy.localhost()).await;
    let client = ClientEndpoint::<N>::url(&url, ClientConfig::stream()).unwrap();
    let client = client.tls(of_server.client()).proxy(through(at, &of_proxy));
    let (opened, accepted) = tokio::join!(client.connect(), let_in_any::<N>(&mut listener));
    let (mut near, mut far) = (opened.map(N::stream).unwrap(), accepted.unwrap());
    near.write_all(b"hello").await.unwrap();
    near.flush().await.unwrap();
    assert_eq!(far.read_exact(5).await.unwrap(), b"hello");
    let has_gone = Socket::has_hung_up(&*near);
    assert!(!has_gone);
    #[cfg(target_os = "linux")]
    assert!(Socket::taken(&*near).is_some());
    near.abort_on_drop(true);
    drop(near);
    far.read_exact(1).await.unwrap_err();
}
