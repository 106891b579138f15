//! TLS that a program has made itself, with its runtime's crate: a stream as any other.

use std::sync::Arc;

use wsstream_core::handshake::ClientConfig;
use wsstream_tests::{AsyncStd, Smol, TestRuntime, Tokio};

use crate::certificates::Authority;
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
                    let client = ClientConfig::stream();
                    let opened = $adapter::connect_on(tls, "wss://localhost", &client);
                    let mut stream = opened.await.unwrap().into_stream();
                    stream.write_all(b"hello").await.unwrap();
                    let mut reply = [0; 5];
                    stream.read_exact(&mut reply).await.unwrap();
                    assert_eq!(&reply, b"hello");
                    stream.close().await.unwrap();
                };
                let answering = async {
                    let (tcp, _) = listener.accept().await.unwrap();
                    let tls = acceptor.accept(tcp).await.unwrap();
                    let mut stream = $adapter::accept(tls).await.unwrap();
                    let mut octets = [0; 5];
                    stream.read_exact(&mut octets).await.unwrap();
                    stream.write_all(&octets).await.unwrap();
                    stream.close().await.unwrap();
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
