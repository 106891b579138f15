//! TLS that a program has made itself, with its runtime's crate: a stream as any other.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_rustls::rustls;
use futures_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use futures_rustls::rustls::sign::CertifiedKey;
use wsstream_core::handshake::{ClientConfig, HandshakeError, ServerConfig};
use wsstream_net::Cause;
use wsstream_net::tls::ServerTls;
use wsstream_tests::net::{Directory, Net, address, let_in, listen, over};
use wsstream_tests::{AsyncStd, Smol, TestRuntime, Tokio};

use crate::certificates::{Authority, Identity};
use crate::{client_config, server_config, server_name};

macro_rules! own_tls {
    ($name:ident, $runtime:ty, $net:ident, $tls:ident, $adapter:ident, $($ext:tt)*) => {
        #[test]
        fn $name() {
            use $($ext)*;
            <$runtime>::run(async {
                let authority = Authority::new();
                let connector = $tls::TlsConnector::from(Arc::new(client_config(&authority)));
                let acceptor = $tls::TlsAcceptor::from(Arc::new(server_config(&authority.localhost())));
                let listener = $net::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let asking = async {
                    let tcp = $net::net::TcpStream::connect(address).await.unwrap();
                    let tls = connector.connect(server_name(), tcp).await.unwrap();
                    let client = ClientConfig::stream().assume_secure(true);
                    let opened = $adapter::connect_on(tls, "wss://localhost", &client);
                    let mut stream = opened.await.unwrap().into_stream();
                    stream.write_all(b"hello").await.unwrap();
                    let mut reply = [0; 5];
                    stream.read_exact(&mut reply).await.unwrap();
                    assert_eq!(&reply, b"hello");
                    stream.finish().await.unwrap();
                };
                let answering = async {
                    let (tcp, _) = listener.accept().await.unwrap();
                    let tls = acceptor.accept(tcp).await.unwrap();
                    let mut stream = $adapter::accept(tls).await.unwrap();
                    let mut octets = [0; 5];
                    stream.read_exact(&mut octets).await.unwrap();
                    stream.write_all(&octets).await.unwrap();
                    stream.finish().await.unwrap();
                };
                ::tokio::join!(asking, answering);
            });
        }
    };
}

own_tls!(
    tokio_tls,
    Tokio,
    tokio,
    tokio_rustls,
    wsstream_tokio,
    tokio::io::{AsyncReadExt as _, AsyncWriteExt as _}
);
own_tls!(
    async_std_tls,
    AsyncStd,
    async_std,
    futures_rustls,
    wsstream_async_std,
    futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _}
);
// smol's streams are futures-io's too, and so have the same adapter.
own_tls!(
    smol_tls,
    Smol,
    smol,
    futures_rustls,
    wsstream_async_std,
    futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _}
);

wsstream_tests::on_all_runtimes! {
    a_panic_in_a_handshake_ends_no_other
    pages_have_to_be_of_https
}

/// Panics when it is first asked.
#[derive(Debug)]
struct Panics(AtomicBool, Arc<dyn ResolvesServerCert>);

impl ResolvesServerCert for Panics {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        assert!(self.0.swap(true, Ordering::Relaxed), "a bug of the program");
        self.1.resolve(hello)
    }
}

async fn a_panic_in_a_handshake_ends_no_other<N: Net>() {
    let authority = Authority::new();
    let mut config: rustls::ServerConfig = server_config(&authority.localhost());
    config.cert_resolver = Arc::new(Panics(AtomicBool::new(false), config.cert_resolver));
    let tls = ServerTls::from(Arc::new(config));
    let mut listener = N::bind(ServerConfig::stream()).await.tls(tls);
    let url = format!("wss://localhost:{}/", address::<N>(&listener).port());
    let client = authority.client();
    let asking = N::spawn(async move {
        let config = ClientConfig::stream();
        let dial = || N::dial_with_tls(&url, &config, &client);
        dial().await.unwrap_err();
        dial().await.map(drop)
    });
    let_in::<N>(&mut listener).await.unwrap();
    asking.await.unwrap();
}

/// Nobody but the listener does TLS, so a page of `http` is not one of its own, on whatever port. By URL and by
/// descriptor.
async fn pages_have_to_be_of_https<N: Net>() {
    let (authority, files) = (Authority::new(), Directory::new());
    let Identity { chain, key } = authority.localhost();
    fs::write(files.path("server.pem"), format!("{chain}{key}")).unwrap();
    let key = files.quoted("server.pem");
    let ssl = format!("ssl:0:privateKey={key}:interface=127.0.0.1");
    let by_url = N::bind(ServerConfig::stream()).await;
    let by_descriptor = listen::<N>(&over(&ssl, "wss://localhost", "")).await;
    for mut listener in [
        by_url.tls(authority.localhost().server()),
        by_descriptor.unwrap(),
    ] {
        let port = address::<N>(&listener).port();
        let url = format!("wss://localhost:{port}/");
        for (page, is_let_in) in [("https://localhost", true), ("http://localhost", false)] {
            let config = ClientConfig::stream().origin(&format!("{page}:{port}"));
            let config = config.unwrap();
            let tls = authority.client();
            let (asked, answered) = tokio::join!(
                N::dial_with_tls(&url, &config, &tls),
                let_in::<N>(&mut listener)
            );
            assert_eq!((asked.is_ok(), answered.is_ok()), (is_let_in, is_let_in));
            if let Err(error) = answered {
                let cause = Cause::of(&error);
                assert!(matches!(
                    cause,
                    Cause::Handshake(HandshakeError::OriginRefused(_))
                ));
            }
        }
    }
}
