//! Both adapters with each other: what one sends, the other understands.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::thread::spawn;

use async_std::task::block_on;
use futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Builder;
use wsstream_tests::Pattern;

const LEN: usize = 3_000_000;

fn on_tokio<T>(story: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(story)
}

/// Sends everything back once it has all of it.
macro_rules! serve {
    ($listener:ident) => {{
        let incoming = $listener.accept().await.unwrap();
        let mut stream = incoming.accept().await.unwrap().into_stream();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        stream.write_all(&all).await.unwrap();
        stream.close().await.unwrap();
    }};
}

/// Sends, ends that direction, and wants all of it back.
macro_rules! ask {
    ($stream:expr, $sent:ident) => {{
        let mut stream = $stream;
        stream.write_all(&$sent).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).await.unwrap();
        assert!(back == $sent);
        stream.close().await.unwrap();
    }};
}

#[test]
fn a_tokio_client_and_an_async_std_server() {
    use wsstream_async_std::{Listener, ServerConfig};
    let sent = Pattern::new(1).take(LEN);
    let binding = Listener::bind("127.0.0.1:0", ServerConfig::stream());
    let mut listener = block_on(binding).unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = spawn(move || block_on(async { serve!(listener) }));
    on_tokio(async { ask!(wsstream_tokio::connect(&url).await.unwrap(), sent) });
    server.join().unwrap();
}

#[test]
fn an_async_std_client_and_a_tokio_server() {
    use wsstream_tokio::{Listener, ServerConfig};
    let sent = Pattern::new(1).take(LEN);
    let (bound, address) = std::sync::mpsc::channel();
    let server = spawn(move || {
        on_tokio(async {
            let binding = Listener::bind("127.0.0.1:0", ServerConfig::stream());
            let mut listener = binding.await.unwrap();
            bound.send(listener.local_addr().unwrap()).unwrap();
            serve!(listener);
        });
    });
    let url = format!("ws://{}/", address.recv().unwrap());
    block_on(async { ask!(wsstream_async_std::connect(&url).await.unwrap(), sent) });
    server.join().unwrap();
}

/// TLS, both ways round; and a name that the certificate does not have.
#[cfg(feature = "rustls")]
mod tls {
    use super::*;
    use wsstream_tokio::{ClientTls, ServerTls};

    fn certified() -> (ClientTls, ServerTls) {
        let certified = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
        let pem = certified.cert.pem();
        let key = certified.signing_key.serialize_pem();
        (
            ClientTls::with_roots(pem.as_bytes()).unwrap(),
            ServerTls::from_pem(pem.as_bytes(), key.as_bytes()).unwrap(),
        )
    }

    #[test]
    fn a_tokio_client_and_an_async_std_server() {
        use wsstream_async_std::{Listener, ServerConfig};
        let (client_tls, server_tls) = certified();
        let sent = Pattern::new(1).take(LEN);
        let binding = Listener::bind("127.0.0.1:0", ServerConfig::stream());
        let mut listener = block_on(binding).unwrap().tls(server_tls);
        let port = listener.local_addr().unwrap().port();
        let server = spawn(move || block_on(async { serve!(listener) }));
        on_tokio(async {
            let client = wsstream_tokio::ClientConfig::stream();
            let wrong = format!("wss://127.0.0.1:{port}/");
            let refused = wsstream_tokio::connect_with_tls(&wrong, &client, &client_tls).await;
            assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
            let url = format!("wss://localhost:{port}/");
            let opened = wsstream_tokio::connect_with_tls(&url, &client, &client_tls).await;
            ask!(opened.unwrap().into_stream(), sent);
        });
        server.join().unwrap();
    }

    #[test]
    fn an_async_std_client_and_a_tokio_server() {
        use wsstream_tokio::{Listener, ServerConfig};
        let (client_tls, server_tls) = certified();
        let sent = Pattern::new(1).take(LEN);
        let (bound, address) = std::sync::mpsc::channel();
        let server = spawn(move || {
            on_tokio(async {
                let binding = Listener::bind("127.0.0.1:0", ServerConfig::stream());
                let mut listener = binding.await.unwrap().tls(server_tls);
                bound.send(listener.local_addr().unwrap()).unwrap();
                serve!(listener);
            });
        });
        let port = address.recv().unwrap().port();
        block_on(async {
            let client = wsstream_async_std::ClientConfig::stream();
            let wrong = format!("wss://127.0.0.1:{port}/");
            let refused = wsstream_async_std::connect_with_tls(&wrong, &client, &client_tls).await;
            assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
            let url = format!("wss://localhost:{port}/");
            let opened = wsstream_async_std::connect_with_tls(&url, &client, &client_tls).await;
            ask!(opened.unwrap().into_stream(), sent);
        });
        server.join().unwrap();
    }
}
