//! TLS over real sockets, with certificates made here and now: who is refused and why, and that what
//! is behind TLS is the same as without.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod certificates;
mod endpoints;

use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use wsstream_tests::Pattern;
use wsstream_tokio::rustls::crypto::ring;
use wsstream_tokio::rustls::{self, CertificateError, ClientConfig, RootCertStore, ServerConfig};
use wsstream_tokio::{
    Client, ClientTls, Listener, NetStream, Server, ServerTls, WsStream, accept, connect_on,
    connect_with, connect_with_tls,
};

use certificates::{Authority, Identity, names, self_signed};

/// Echoes to all who are let in.
async fn echo(tls: ServerTls) -> SocketAddr {
    echo_within(tls, LIMIT).await
}

async fn echo_within(tls: ServerTls, limit: Duration) -> SocketAddr {
    let server = Server::stream().handshake_timeout(limit);
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let mut listener = Listener::new(tcp, server).tls(tls);
    tokio::spawn(async move {
        loop {
            let incoming = listener.accept().await?;
            tokio::spawn(async move {
                assert!(incoming.get_ref().is_tls());
                let mut stream = incoming.accept().await?.into_stream();
                let (mut read, mut write) = tokio::io::split(&mut stream);
                tokio::io::copy(&mut read, &mut write).await?;
                stream.close().await
            });
        }
        #[expect(unreachable_code, reason = "it says of what type the end would be")]
        Ok::<(), io::Error>(())
    });
    address
}

async fn open(address: SocketAddr, host: &str, tls: &ClientTls) -> io::Result<WsStream<NetStream>> {
    let url = format!("wss://{host}:{}/", address.port());
    let client = Client::stream().handshake_timeout(LIMIT);
    let opened = connect_with_tls(&url, &client, tls).await?;
    Ok(opened.into_stream())
}

async fn hello(mut stream: WsStream<NetStream>) -> io::Result<()> {
    stream.write_all(b"hello").await?;
    let mut reply = [0; 5];
    stream.read_exact(&mut reply).await?;
    assert_eq!(&reply, b"hello");
    stream.close().await
}

/// What rustls has said, which is the source of the error.
fn verdict(error: &io::Error) -> &rustls::Error {
    error.source().unwrap().downcast_ref().unwrap()
}

#[tokio::test]
async fn octets_go_through_as_they_are() {
    let authority = Authority::new();
    let address = echo(authority.localhost().server()).await;
    let stream = open(address, "localhost", &authority.client())
        .await
        .unwrap();
    assert!(stream.get_ref().is_tls());
    let tls = stream.get_ref().tls().unwrap();
    assert_eq!(tls.alpn_protocol(), Some(&b"http/1.1"[..]));
    let (mut read, mut write) = tokio::io::split(stream);
    let writing = tokio::spawn(async move {
        let mut pattern = Pattern::new(1);
        for len in (0..).map(|n| n * n % 40_000) {
            write.write_all(&pattern.take(len)).await.unwrap();
            if pattern.total() > TOTAL {
                break;
            }
        }
        write.shutdown().await.unwrap();
        pattern.total()
    });
    let mut pattern = Pattern::new(1);
    let mut buf = vec![0; 50_000];
    loop {
        match read.read(&mut buf).await.unwrap() {
            0 => break,
            count => pattern.check(&buf[..count]),
        }
    }
    assert_eq!(pattern.total(), writing.await.unwrap());
}

#[tokio::test]
async fn names_and_addresses() {
    let authority = Authority::new();
    let address = echo(authority.localhost().server()).await;
    for host in ["localhost", "127.0.0.1"] {
        let stream = open(address, host, &authority.client()).await.unwrap();
        hello(stream).await.unwrap();
    }
}

/// The same with `ws://`: what is given for TLS is not used, and nothing goes wrong.
#[tokio::test]
async fn no_tls_where_the_url_has_none() {
    let mut listener = Listener::bind("127.0.0.1:0", Server::stream())
        .await
        .unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let tls = Authority::new().client();
    let (client, server) = (Client::stream(), listener.accept());
    let (opened, _) = tokio::join!(connect_with_tls(&url, &client, &tls), async {
        server.await.unwrap().accept().await.unwrap()
    });
    let io = opened.unwrap().into_stream().into_inner().0;
    assert!(!io.is_tls() && io.tls().is_none());
    assert!(io.into_tcp().is_ok());
}

#[tokio::test]
async fn a_wrong_name_is_refused() {
    let authority = Authority::new();
    let other = authority.certify(&names(&["elsewhere.example"]));
    let address = echo(other.server()).await;
    for host in ["localhost", "127.0.0.1"] {
        let error = open(address, host, &authority.client()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(
            matches!(
                verdict(&error),
                rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
            ),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(
            text.contains(&format!("{host}:{}", address.port())),
            "{text}"
        );
        assert!(text.contains("not valid for name"), "{text}");
        assert!(text.contains("elsewhere.example"), "{text}");
    }
}

#[tokio::test]
async fn what_is_expired_or_not_yet_valid_is_refused() {
    let authority = Authority::new();
    for (from, to, expected) in [(2001, 2002, "expired"), (4001, 4002, "not valid yet")] {
        let mut params = names(&["localhost"]);
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let address = echo(authority.certify(&params).server()).await;
        let error = open(address, "localhost", &authority.client())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn the_self_signed_and_those_of_unknown_authorities_are_refused() {
    let (authority, unknown) = (Authority::new(), Authority::new());
    for identity in [self_signed(), unknown.localhost()] {
        let address = echo(identity.server()).await;
        let own_roots = open(address, "localhost", &authority.client()).await;
        // Neither does the platform trust them, which is what there is without roots of one's own.
        let url = format!("wss://localhost:{}/", address.port());
        let platform = connect_with(&url, &Client::stream()).await.map(drop);
        for error in [own_roots.map(drop).unwrap_err(), platform.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
            assert_eq!(
                *verdict(&error),
                rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
            );
            let text = error.to_string();
            assert!(text.contains("self-signed or of an authority that is not trusted"));
        }
    }
}

#[tokio::test]
async fn a_self_signed_certificate_may_be_trusted() {
    let identity = self_signed();
    let address = echo(identity.server()).await;
    let tls = ClientTls::with_roots(identity.chain.as_bytes()).unwrap();
    hello(open(address, "localhost", &tls).await.unwrap())
        .await
        .unwrap();
}

#[tokio::test]
async fn client_certificates() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = authority.localhost();
    let tls = ServerTls::from_pem_for_clients_of(
        clients.pem().as_bytes(),
        server.chain.as_bytes(),
        server.key.as_bytes(),
    );
    let address = echo(tls.unwrap()).await;
    let mut params = names(&[]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = |of: &Authority| {
        let me = of.certify(&params);
        let tls = authority.client();
        tls.identity(me.chain.as_bytes(), me.key.as_bytes())
            .unwrap()
    };
    let error = open(address, "localhost", &authority.client())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
    // One of a wrong authority.
    let error = open(address, "localhost", &client(&authority))
        .await
        .unwrap_err();
    assert!(
        matches!(verdict(&error), rustls::Error::AlertReceived(_)),
        "{error}"
    );
    let stream = open(address, "localhost", &client(&clients)).await.unwrap();
    hello(stream).await.unwrap();
}

/// Nothing, garbage, HTTP, a `ClientHello` that never ends: all of it ends, and others are served.
#[tokio::test]
async fn what_is_no_tls_ends_in_time() {
    let authority = Authority::new();
    let limit = Duration::from_millis(300);
    let address = echo_within(authority.localhost().server(), limit).await;
    let http = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n";
    for (about, octets) in [
        ("nothing", &b""[..]),
        ("garbage", &[0x5a; 5000]),
        ("HTTP", http),
        (
            "a beginning",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ),
    ] {
        let began = Instant::now();
        let mut tcp = TcpStream::connect(address).await.unwrap();
        // Who comes in between is served.
        hello(
            open(address, "localhost", &authority.client())
                .await
                .unwrap(),
        )
        .await
        .unwrap();
        let _ = tcp.write_all(octets).await;
        // An alert at most.
        let mut answer = Vec::new();
        let reading = tokio::time::timeout(10 * limit, tcp.read_to_end(&mut answer));
        let read = reading.await;
        assert!(read.is_ok(), "{about}: no end after {:?}", began.elapsed());
        assert!(
            answer.is_empty() || answer[0] == 0x15,
            "{about}: {answer:x?}"
        );
    }
    // The limit is for both handshakes: TLS, and then nothing.
    let began = Instant::now();
    let mut tls = raw_connect(address, &authority).await;
    let mut answer = Vec::new();
    tls.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{answer:?}");
    assert!(began.elapsed() >= limit / 2 && began.elapsed() < 10 * limit);
}

/// The other way round: a client's `wss://` to a server that has no TLS, or says nothing.
#[tokio::test]
async fn a_client_is_told_of_servers_without_tls() {
    let mut listener = Listener::bind("127.0.0.1:0", Server::stream())
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { listener.accept().await.map(drop) });
    let tls = Authority::new().client();
    let error = open(address, "127.0.0.1", &tls).await.unwrap_err();
    assert!(error.to_string().contains("not to speak TLS"), "{error}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}/", silent.local_addr().unwrap());
    let client = Client::stream().handshake_timeout(Duration::from_millis(100));
    let opened = connect_with_tls(&url, &client, &tls).await;
    assert_eq!(opened.map(drop).unwrap_err().kind(), ErrorKind::TimedOut);
}

/// A reader of rustls gives an error for an end without close_notify: here it gives none.
#[tokio::test]
async fn close_notify_ends_it() {
    let authority = Authority::new();
    // Our server, a raw client.
    let address = echo(authority.localhost().server()).await;
    let tls = raw_connect(address, &authority).await;
    let url = format!("wss://localhost:{}/", address.port());
    let opened = connect_on(tls, &url, &Client::stream()).await.unwrap();
    let mut stream = opened.into_stream();
    stream.write_all(b"hello").await.unwrap();
    // Close, and the answer to it, by hand: then there is a raw stream to look at.
    stream.shutdown().await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    let (mut tls, received) = stream.into_inner();
    assert_eq!(received, b"");
    assert_eq!(tls.read(&mut [0; 10]).await.unwrap(), 0);

    // Our client, a raw server.
    let identity = authority.localhost();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let tls = raw_acceptor(&identity)
            .accept(tcp.accept().await?.0)
            .await?;
        let mut stream = accept(tls).await?;
        stream.read_to_end(&mut Vec::new()).await?;
        stream.shutdown().await?;
        let (mut tls, _) = stream.into_inner();
        tls.shutdown().await?;
        tls.read(&mut [0; 10]).await
    });
    let mut stream = open(address, "localhost", &authority.client())
        .await
        .unwrap();
    stream.close().await.unwrap();
    drop(stream);
    assert_eq!(serving.await.unwrap().unwrap(), 0);
}

/// An end without Close and without close_notify is a truncation.
#[tokio::test]
async fn a_cut_is_seen() {
    let authority = Authority::new();
    let identity = authority.localhost();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    tokio::spawn(async move {
        let tls = raw_acceptor(&identity)
            .accept(tcp.accept().await?.0)
            .await?;
        let mut stream = accept(tls).await?;
        stream.write_all(b"hello").await?;
        stream.abort();
        Ok::<_, io::Error>(())
    });
    let mut stream = open(address, "localhost", &authority.client())
        .await
        .unwrap();
    let mut reply = Vec::new();
    let error = stream.read_to_end(&mut reply).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(reply, b"hello");
}

/// What the platform trusts, where that can be said in the environment: a process of its own.
#[cfg(target_os = "linux")]
#[test]
fn the_platform_is_asked() {
    const ADDRESS: &str = "WSSTREAM_TEST_ADDRESS";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Ok(address) = std::env::var(ADDRESS) {
        runtime.block_on(async {
            let url = format!("wss://localhost:{address}/");
            let stream = wsstream_tokio::connect(&url).await.unwrap();
            hello(stream).await.unwrap();
        });
        return;
    }
    let authority = Authority::new();
    let address = runtime.block_on(echo(authority.localhost().server()));
    let roots = std::env::temp_dir().join(format!("wsstream-{}.pem", std::process::id()));
    std::fs::write(&roots, authority.pem()).unwrap();
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_platform_is_asked"])
        .env("SSL_CERT_FILE", &roots)
        .env(ADDRESS, address.port().to_string())
        .output();
    std::fs::remove_file(&roots).unwrap();
    let again = again.unwrap();
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stdout)
    );
}

#[test]
fn what_is_no_pem_is_said() {
    let identity = self_signed();
    let (chain, key) = (identity.chain.as_bytes(), identity.key.as_bytes());
    let other = self_signed();
    for (about, result) in [
        ("no certificate", ServerTls::from_pem(b"", key).map(drop)),
        ("no certificate", ServerTls::from_pem(key, key).map(drop)),
        ("private key", ServerTls::from_pem(chain, chain).map(drop)),
        (
            "key",
            ServerTls::from_pem(chain, other.key.as_bytes()).map(drop),
        ),
        (
            "no certificate",
            ClientTls::with_roots(b"trust me").map(drop),
        ),
        (
            "no certificate",
            ServerTls::from_pem_for_clients_of(b"", chain, key).map(drop),
        ),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().contains(about), "{about}: {error}");
    }
}

/// rustls without wsstream.
async fn raw_connect(
    address: SocketAddr,
    authority: &Authority,
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let pem = authority.pem();
    let root = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, tcp).await.unwrap()
}

fn raw_acceptor(identity: &Identity) -> TlsAcceptor {
    let chain = CertificateDer::from_pem_slice(identity.chain.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Of a handshake, where nothing else is said.
const LIMIT: Duration = Duration::from_secs(5);

/// How much is echoed, at least.
const TOTAL: usize = 3_000_000;
