//! Endpoint descriptors with TLS: alone, and below WebSocket.

use std::net::TcpListener;
use std::{env, fs, process};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_tokio::endpoint::{
    client_from_string, quote_argument, quote_value, server_from_string,
};

use crate::certificates::{Authority, names};

#[tokio::test]
async fn descriptors_with_tls() {
    let directory = env::temp_dir().join(format!("wsstream-tls-{}", process::id()));
    let [roots, served] = ["roots", "served"].map(|name| directory.join(name));
    let authority = Authority::new();
    for folder in [&roots, &served] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(roots.join("a.pem"), authority.pem()).unwrap();
    let localhost = authority.localhost();
    let both = format!("{}{}", localhost.chain, localhost.key);
    fs::write(served.join("DEFAULT.pem"), &both).unwrap();
    let other = authority.certify(&names(&["other.example"]));
    let other = format!("{}{}", other.chain, other.key);
    fs::write(served.join("other.example.pem"), other).unwrap();
    fs::write(directory.join("server.pem"), &both).unwrap();

    let quoted = |name: &str| quote_value(directory.join(name).to_str().unwrap());
    let (roots, served, key) = (quoted("roots"), quoted("served"), quoted("server.pem"));
    let websocket = |endpoint: &str, url: &str| {
        format!(
            "autobahn:{}:url={}",
            quote_argument(endpoint),
            quote_value(url)
        )
    };
    // The last two are refused.
    for case in 0..6 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let tls = format!("tls:{served}:{port}:interface=127.0.0.1");
        let ssl = format!("ssl:{port}:privateKey={key}");
        let client = format!("tls:127.0.0.1:{port}:trustRoots={roots}");
        let named = |name: &str| format!("ssl:127.0.0.1:{port}:hostname={name}:caCertsDir={roots}");
        let url = "wss://localhost/";
        let (server, client, good) = match case {
            0 => (tls, client, true),
            1 => (ssl, client, true),
            2 => (tls, named("other.example"), true),
            3 => (websocket(&ssl, url), websocket(&client, url), true),
            4 => (tls, named("another.example"), false),
            // The platform does not trust it, and is asked where nothing else is said.
            _ => (
                websocket(&ssl, url),
                websocket(&format!("tcp:localhost:{port}"), url),
                false,
            ),
        };
        let endpoint = server_from_string(&server).unwrap();
        let mut listener = endpoint.listen().await.unwrap();
        let serving = tokio::spawn(async move {
            let mut stream = listener.accept().await.unwrap();
            let mut hello = [0; 5];
            stream.read_exact(&mut hello).await.unwrap();
            stream.write_all(&hello).await.unwrap();
            stream.close().await.unwrap();
        });
        let connected = client_from_string(&client).unwrap().connect().await;
        assert_eq!(connected.is_ok(), good, "{client}: {connected:?}");
        let Ok(mut stream) = connected else {
            serving.abort();
            continue;
        };
        stream.write_all(b"hello").await.unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await.unwrap();
        assert_eq!(&hello, b"hello");
        stream.close().await.unwrap();
        serving.await.unwrap();
    }
    fs::remove_dir_all(&directory).unwrap();
}
