//! Runtimes with each other, each on a thread of its own: what one sends, the other understands.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::sync::mpsc::channel;
use std::thread::spawn;

use wsstream_core::handshake::ServerConfig;
use wsstream_tests::net::{Listener, Net, NetWsStream, address, let_in};
use wsstream_tests::{AsyncStd, Pattern, Read, Smol, TestRuntime, Tokio, Write};

const LEN: usize = 3_000_000;

/// Sends everything back once it has all of it.
async fn serve<S: Net>(mut listener: Listener<S>) {
    let mut stream = let_in::<S>(&mut listener).await.unwrap();
    let (all, ended) = stream.read_to_end().await;
    ended.unwrap();
    stream.write_all(&all).await.unwrap();
    stream.finish().await.unwrap();
}

/// Sends, ends that direction, and wants all of it back.
async fn ask<C: TestRuntime>(mut stream: NetWsStream<C>) {
    let sent = Pattern::new(1).take(LEN);
    stream.write_all(&sent).await.unwrap();
    stream.shutdown().await.unwrap();
    let (back, ended) = stream.read_to_end().await;
    ended.unwrap();
    assert!(back == sent);
    stream.finish().await.unwrap();
}

fn across<C: Net, S: Net>() {
    let (bound, port) = channel();
    let server = spawn(move || {
        S::run(async {
            let listener = S::bind(ServerConfig::stream()).await;
            bound.send(address::<S>(&listener).port()).unwrap();
            serve::<S>(listener).await;
        });
    });
    let url = format!("ws://127.0.0.1:{}/", port.recv().unwrap());
    C::run(async { ask::<C>(C::dial(&url).await.unwrap()).await });
    server.join().unwrap();
}

#[test]
fn a_tokio_client_and_an_async_std_server() {
    across::<Tokio, AsyncStd>();
}

#[test]
fn an_async_std_client_and_a_tokio_server() {
    across::<AsyncStd, Tokio>();
}

#[test]
fn a_smol_client_and_a_tokio_server() {
    across::<Smol, Tokio>();
}

#[test]
fn an_async_std_client_and_a_smol_server() {
    across::<AsyncStd, Smol>();
}

/// TLS, both ways round; and a name that the certificate does not have.
#[cfg(feature = "rustls")]
mod tls {
    use wsstream_core::handshake::ClientConfig;
    use wsstream_net::tls::{ClientTls, ServerTls};
    use wsstream_tests::net::stream;

    use super::*;

    fn across<C: Net, S: Net>() {
        let certified = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
        let pem = certified.cert.pem();
        let key = certified.signing_key.serialize_pem();
        let client_tls = ClientTls::with_roots(pem.as_bytes()).unwrap();
        let server_tls = ServerTls::from_pem(pem.as_bytes(), key.as_bytes()).unwrap();
        let (bound, port) = channel();
        let server = spawn(move || {
            S::run(async {
                let listener = S::bind(ServerConfig::stream()).await.tls(server_tls);
                bound.send(address::<S>(&listener).port()).unwrap();
                serve::<S>(listener).await;
            });
        });
        let port = port.recv().unwrap();
        C::run(async {
            let client = ClientConfig::stream();
            let wrong = format!("wss://127.0.0.1:{port}/");
            let refused = C::dial_with_tls(&wrong, &client, &client_tls).await;
            let error = refused.map(drop).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
            let url = format!("wss://localhost:{port}/");
            let upgraded = C::dial_with_tls(&url, &client, &client_tls).await;
            ask::<C>(stream::<C>(upgraded.unwrap())).await;
        });
        server.join().unwrap();
    }

    #[test]
    fn a_tokio_client_and_an_async_std_server() {
        across::<Tokio, AsyncStd>();
    }

    #[test]
    fn an_async_std_client_and_a_tokio_server() {
        across::<AsyncStd, Tokio>();
    }
}
