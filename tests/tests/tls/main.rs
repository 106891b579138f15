//! TLS over real sockets, with certificates made here and now: who is refused and why, and that what
//! is behind TLS is the same as without.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod bad_ends;
mod certificates;
mod delivery;
mod endpoints;
mod own;
#[cfg(target_os = "linux")]
mod platform;
mod programs;
mod proxies;
mod redirects;
mod silent;
mod twice;
mod waiting;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_rustls::rustls::crypto::ring;
use futures_rustls::rustls::pki_types::pem::PemObject as _;
use futures_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use futures_rustls::rustls::{self, CertificateError, RootCertStore};
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use smol::net::{TcpListener, TcpStream};
use wsstream_core::Opcode::Binary;
use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_net::Cause;
use wsstream_net::tls::{ClientTls, ServerTls};
use wsstream_tests::net::{Net, NetWsStream, address, let_in, stream};
use wsstream_tests::{Pattern, Peer, Read, Write, within};

use certificates::{Authority, Identity, names, self_signed, self_signed_authority};

wsstream_tests::on_all_runtimes! {
    octets_go_through_as_they_are
    names_and_addresses
    no_tls_where_the_url_has_none
    a_wrong_name_is_refused
    what_is_expired_or_not_yet_valid_is_refused
    the_self_signed_and_those_of_unknown_authorities_are_refused
    that_of_an_authority_is_none_of_a_server
    a_self_signed_certificate_may_be_trusted
    client_certificates
    what_is_no_tls_ends_in_time
    who_is_refused_reads_why_and_an_end
    a_client_is_told_of_servers_without_tls
    close_notify_ends_it
    a_cut_is_seen
}

/// Echoes to all who are let in.
async fn echo<N: Net>(tls: ServerTls) -> SocketAddr {
    echo_within::<N>(tls, LIMIT).await
}

async fn echo_within<N: Net>(tls: ServerTls, limit: Duration) -> SocketAddr {
    let server = ServerConfig::stream().handshake_timeout(limit);
    let mut listener = N::bind(server).await.tls(tls);
    let address = address::<N>(&listener);
    drop(N::spawn(async move {
        loop {
            let incoming = listener.accept().await.unwrap();
            drop(N::spawn(async move {
                assert!(incoming.get_ref().is_tls());
                let mut stream = stream::<N>(incoming.upgrade().await?);
                let mut buf = vec![0; 10_000];
                loop {
                    match stream.read(&mut buf).await? {
                        0 => return stream.finish().await,
                        count => stream.write_all(&buf[..count]).await?,
                    }
                }
            }));
        }
    }));
    address
}

async fn open<N: Net>(
    address: SocketAddr,
    host: &str,
    tls: &ClientTls,
) -> io::Result<NetWsStream<N>> {
    let url = format!("wss://{host}:{}/", address.port());
    let client = ClientConfig::stream().handshake_timeout(LIMIT);
    let opened = N::dial_with_tls(&url, &client, tls).await?;
    Ok(stream::<N>(opened))
}

async fn refused<N: Net>(address: SocketAddr, host: &str, tls: &ClientTls) -> io::Error {
    open::<N>(address, host, tls).await.map(drop).unwrap_err()
}

async fn hello<N: Net>(mut stream: NetWsStream<N>) -> io::Result<()> {
    stream.write_all(b"hello").await?;
    assert_eq!(stream.read_exact(5).await?, b"hello");
    stream.finish().await
}

/// What rustls has said.
fn verdict(error: &io::Error) -> &rustls::Error {
    match Cause::of(error) {
        Cause::Tls(tls) => tls.rustls().unwrap(),
        _ => unreachable!("{error}"),
    }
}

async fn octets_go_through_as_they_are<N: Net>() {
    let authority = Authority::new();
    let address = echo::<N>(authority.localhost().server()).await;
    let stream = open::<N>(address, "localhost", &authority.client())
        .await
        .unwrap();
    assert!(stream.get_ref().is_tls());
    let tls = stream.get_ref().tls().unwrap();
    assert_eq!(tls.alpn_protocol(), Some(&b"http/1.1"[..]));
    let (mut read, mut write) = N::split(stream);
    let writing = N::spawn(async move {
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
    assert_eq!(pattern.total(), writing.await);
}

async fn names_and_addresses<N: Net>() {
    let authority = Authority::new();
    let address = echo::<N>(authority.localhost().server()).await;
    for host in ["localhost", "127.0.0.1"] {
        let stream = open::<N>(address, host, &authority.client()).await.unwrap();
        hello::<N>(stream).await.unwrap();
    }
}

/// The same with `ws://`: what is given for TLS is not used, and nothing goes wrong.
async fn no_tls_where_the_url_has_none<N: Net>() {
    let mut listener = N::bind(ServerConfig::stream()).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let tls = Authority::new().client();
    let client = ClientConfig::stream();
    let (opened, _server) = tokio::join!(
        N::dial_with_tls(&url, &client, &tls),
        let_in::<N>(&mut listener)
    );
    let client = stream::<N>(opened.unwrap());
    let socket = N::into_socket(client).into_inner().0;
    assert!(!socket.is_tls() && socket.tls().is_none());
    assert!(socket.into_tcp().is_ok());
}

async fn a_wrong_name_is_refused<N: Net>() {
    let authority = Authority::new();
    let other = authority.certify(&names(&["elsewhere.example"]));
    let address = echo::<N>(other.server()).await;
    for host in ["localhost", "127.0.0.1"] {
        let error = refused::<N>(address, host, &authority.client()).await;
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(
            matches!(
                verdict(&error),
                rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
            ),
            "{error:?}"
        );
        let text = error.to_string();
        let begins = format!("wss://{host}:{}/: TLS: ", address.port());
        assert!(text.starts_with(&begins), "{text}");
        assert!(text.contains("not valid for name"), "{text}");
        assert!(text.contains("elsewhere.example"), "{text}");
    }
}

async fn what_is_expired_or_not_yet_valid_is_refused<N: Net>() {
    let authority = Authority::new();
    for (from, to, expected) in [(2001, 2002, "expired"), (4001, 4002, "not valid yet")] {
        let mut params = names(&["localhost"]);
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let address = echo::<N>(authority.certify(&params).server()).await;
        let error = refused::<N>(address, "localhost", &authority.client()).await;
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

async fn the_self_signed_and_those_of_unknown_authorities_are_refused<N: Net>() {
    let (authority, unknown) = (Authority::new(), Authority::new());
    for identity in [self_signed(), unknown.localhost()] {
        let address = echo::<N>(identity.server()).await;
        let own_roots = open::<N>(address, "localhost", &authority.client()).await;
        // Neither does the platform trust them, which is what there is without roots of one's own.
        let url = format!("wss://localhost:{}/", address.port());
        let platform = N::dial_with(&url, &ClientConfig::stream()).await.map(drop);
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

async fn that_of_an_authority_is_none_of_a_server<N: Net>() {
    let identity = self_signed_authority();
    let address = echo::<N>(identity.server()).await;
    let tls = ClientTls::with_roots(identity.chain.as_bytes()).unwrap();
    let error = refused::<N>(address, "localhost", &tls).await;
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let says =
        "it is the certificate of an authority, such as a self-signed one, and not of a server";
    assert!(error.to_string().ends_with(says), "{error}");
}

async fn a_self_signed_certificate_may_be_trusted<N: Net>() {
    let identity = self_signed();
    let address = echo::<N>(identity.server()).await;
    let tls = ClientTls::with_roots(identity.chain.as_bytes()).unwrap();
    hello::<N>(open::<N>(address, "localhost", &tls).await.unwrap())
        .await
        .unwrap();
}

async fn client_certificates<N: Net>() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = authority.localhost();
    let tls = ServerTls::require_client_certs(
        clients.pem().as_bytes(),
        server.chain.as_bytes(),
        server.key.as_bytes(),
    );
    let address = echo::<N>(tls.unwrap()).await;
    let mut params = names(&[]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = |of: &Authority| {
        let me = of.certify(&params);
        let tls = authority.client();
        tls.identity(me.chain.as_bytes(), me.key.as_bytes())
            .unwrap()
    };
    let error = refused::<N>(address, "localhost", &authority.client()).await;
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
    // One of a wrong authority.
    let error = refused::<N>(address, "localhost", &client(&authority)).await;
    assert!(
        matches!(verdict(&error), rustls::Error::AlertReceived(_)),
        "{error}"
    );
    let stream = open::<N>(address, "localhost", &client(&clients))
        .await
        .unwrap();
    hello::<N>(stream).await.unwrap();
}

/// Nothing, garbage, HTTP, a `ClientHello` that never ends: all of it ends, and others are served.
async fn what_is_no_tls_ends_in_time<N: Net>() {
    let authority = Authority::new();
    let limit = Duration::from_millis(300);
    let address = echo_within::<N>(authority.localhost().server(), limit).await;
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
        hello::<N>(
            open::<N>(address, "localhost", &authority.client())
                .await
                .unwrap(),
        )
        .await
        .unwrap();
        let _ = tcp.write_all(octets).await;
        // An alert at most.
        let read = within::<N, _>(10 * limit, tcp.read_to_end()).await;
        assert!(
            read.is_some(),
            "{about}: no end after {:?}",
            began.elapsed()
        );
        let (answer, _) = read.unwrap();
        assert!(
            answer.is_empty() || answer[0] == 0x15,
            "{about}: {answer:x?}"
        );
    }
    // The limit is for both handshakes: TLS, and then nothing.
    let began = Instant::now();
    let mut tls = raw_connect(address, &authority).await;
    let (answer, ended) = tls.read_to_end().await;
    ended.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{answer:?}");
    assert!(began.elapsed() >= limit / 2 && began.elapsed() < 10 * limit);
}

/// The other way round: a client's `wss://` to a server that has no TLS, or says nothing.
async fn a_client_is_told_of_servers_without_tls<N: Net>() {
    let mut listener = N::bind(ServerConfig::stream()).await;
    let address = address::<N>(&listener);
    drop(N::spawn(async move { listener.accept().await.map(drop) }));
    let tls = Authority::new().client();
    let error = refused::<N>(address, "127.0.0.1", &tls).await;
    assert!(error.to_string().contains("not to speak TLS"), "{error}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}/", silent.local_addr().unwrap());
    let client = ClientConfig::stream().handshake_timeout(Duration::from_millis(100));
    let opened = N::dial_with_tls(&url, &client, &tls).await;
    assert_eq!(opened.map(drop).unwrap_err().kind(), ErrorKind::TimedOut);
}

/// A reader of rustls gives an error for an end without close_notify: here it gives none.
async fn close_notify_ends_it<N: Net>() {
    let authority = Authority::new();
    // Our server, a peer as a client.
    let address = echo::<N>(authority.localhost().server()).await;
    let tls = raw_connect(address, &authority).await;
    let mut peer = Peer::connect(tls, &ClientConfig::stream()).await;
    peer.send(Binary, b"hello").await;
    assert_eq!(peer.expect_data(5).await, b"hello");
    peer.send_close(1000, "").await;
    assert_eq!(peer.expect_close().await.0, 1000);
    peer.expect_end().await;

    // Our client, a peer as a server.
    let identity = authority.localhost();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let serving = N::spawn(async move {
        let mut peer = Peer::accept(raw_accept(&tcp, &identity).await).await;
        assert_eq!(peer.expect_close().await.0, 1000);
        peer.send_close(1000, "").await;
        peer.raw.shutdown().await.unwrap();
        peer.expect_end().await;
    });
    let mut stream = open::<N>(address, "localhost", &authority.client())
        .await
        .unwrap();
    stream.finish().await.unwrap();
    drop(stream);
    serving.await;
}

/// An end without Close and without close_notify is a truncation.
async fn a_cut_is_seen<N: Net>() {
    let authority = Authority::new();
    let identity = authority.localhost();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    drop(N::spawn(async move {
        let mut peer = Peer::accept(raw_accept(&tcp, &identity).await).await;
        peer.send(Binary, b"hello").await;
    }));
    let mut stream = open::<N>(address, "localhost", &authority.client())
        .await
        .unwrap();
    let (reply, ended) = stream.read_to_end().await;
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(reply, b"hello");
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
            ServerTls::require_client_certs(b"", chain, key).map(drop),
        ),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().contains(about), "{about}: {error}");
    }
}

fn client_config(authority: &Authority) -> rustls::ClientConfig {
    let mut roots = RootCertStore::empty();
    let pem = authority.pem();
    let root = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    roots.add(root).unwrap();
    rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn server_config(identity: &Identity) -> rustls::ServerConfig {
    let chain = CertificateDer::from_pem_slice(identity.chain.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap()
}

fn server_name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// rustls without wsstream.
async fn raw_connect(address: SocketAddr, authority: &Authority) -> TlsStream<TcpStream> {
    let tcp = TcpStream::connect(address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(client_config(authority)));
    let connected = connector.connect(server_name(), tcp).await;
    connected.unwrap().into()
}

async fn raw_accept(tcp: &TcpListener, identity: &Identity) -> TlsStream<TcpStream> {
    let (tcp, _) = tcp.accept().await.unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server_config(identity)));
    acceptor.accept(tcp).await.unwrap().into()
}

/// Of a handshake, where nothing else is said.
const LIMIT: Duration = Duration::from_secs(5);

/// How much is echoed, at least.
const TOTAL: usize = 3_000_000;

/// The end comes at once, and does not wait for the peer's.
async fn who_is_refused_reads_why_and_an_end<N: Net>() {
    let server = ServerConfig::stream().handshake_timeout(LIMIT);
    let listener = N::bind(server).await;
    let mut listener = listener.tls(Authority::new().localhost().server());
    let mut tcp = TcpStream::connect(address::<N>(&listener)).await.unwrap();
    let reading = async {
        tcp.write_all(&[0x5a; 5000]).await.unwrap();
        tcp.read_to_end().await
    };
    let (answer, ended) = tokio::select! {
        read = reading => read,
        _ = listener.accept() => unreachable!("nobody has asked"),
    };
    ended.unwrap();
    assert_eq!(answer[0], 0x15, "no alert: {answer:x?}");
    assert_eq!(listener.connections(), 1, "it was not waited for");
}
