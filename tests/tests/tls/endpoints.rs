//! Endpoint descriptors with TLS: alone, below WebSocket and over it.

use std::fs;
use std::io::ErrorKind;

use rcgen::ExtendedKeyUsagePurpose;
use wsstream_core::handshake::ServerConfig;
use wsstream_net::tls::ServerTls;
use wsstream_tests::net::{
    ClientEndpoint, Directory, Net, ServerEndpoint, address, connect, free_port, let_in,
    let_in_any, listen, over, talk, talk_with,
};
use wsstream_tests::{AsyncStd, Pattern, Read as _, Smol, TestRuntime, Tokio, Write as _};

use crate::certificates::{Authority, Identity, names};

/// A client's runtime and a server's.
macro_rules! suite {
    ($name:ident, $runner:ty, $client:ty, $server:ty) => {
        mod $name {
            use super::*;

            #[test]
            fn the_same_program() {
                <$runner as TestRuntime>::run(super::the_same_program::<$client, $server>());
            }

            #[test]
            fn writes_need_no_flush() {
                <$runner as TestRuntime>::run(super::writes_need_no_flush::<$client, $server>());
            }

            #[test]
            fn what_was_accepted_arrives() {
                <$runner as TestRuntime>::run(
                    super::what_was_accepted_arrives::<$client, $server>(),
                );
            }

            #[test]
            fn whom_a_client_trusts() {
                <$runner as TestRuntime>::run(super::whom_a_client_trusts::<$client, $server>());
            }

            #[test]
            fn client_certificates() {
                <$runner as TestRuntime>::run(super::client_certificates::<$client, $server>());
            }

            #[test]
            fn settings_of_the_program() {
                <$runner as TestRuntime>::run(super::settings_of_the_program::<$client, $server>());
            }

            #[test]
            fn files() {
                <$runner as TestRuntime>::run(super::files::<$client, $server>());
            }
        }
    };
}

suite!(tokio, Tokio, Tokio, Tokio);
suite!(async_std, AsyncStd, AsyncStd, AsyncStd);
suite!(smol, Smol, Smol, Smol);
suite!(tokio_to_async_std, Tokio, Tokio, AsyncStd);
suite!(async_std_to_tokio, Tokio, AsyncStd, Tokio);

/// Certificates as files: `roots/a.pem`, of one authority; `served/NAME.pem`, which it has certified, the key
/// beside the chain; `server.pem`, the same as the default of these, and its parts.
struct Files {
    directory: Directory,
    authority: Authority,
}

impl Files {
    fn new() -> Self {
        let (directory, authority) = (Directory::new(), Authority::new());
        let write = |name: &str, pem: &str| fs::write(directory.path(name), pem).unwrap();
        for folder in ["roots", "served", "empty", "keys"] {
            fs::create_dir(directory.path(folder)).unwrap();
        }
        write("roots/a.pem", &authority.pem());
        let Identity { chain, key } = authority.localhost();
        let both = format!("{chain}{key}");
        write("served/DEFAULT.pem", &both);
        write("server.pem", &both);
        write("chain.pem", &chain);
        write("key.pem", &key);
        write("keys/a.pem", &key);
        let Identity { chain, key } = authority.certify(&names(&["other.example"]));
        write("served/other.example.pem", &format!("{chain}{key}"));
        Self {
            directory,
            authority,
        }
    }

    fn quoted(&self, name: &str) -> String {
        self.directory.quoted(name)
    }
}

async fn the_same_program<C: TestRuntime, S: TestRuntime>() {
    let files = Files::new();
    let [roots, served, both] = ["roots", "served", "server.pem"].map(|name| files.quoted(name));
    let [chain, key, unix] = ["chain.pem", "key.pem", "s"].map(|name| files.quoted(name));
    let url = "wss://localhost/a";
    for way in 0..9 {
        let port = free_port();
        let tls = format!("tls:{served}:{port}:interface=127.0.0.1");
        let ssl = format!("ssl:{port}:privateKey={both}");
        let parts = format!("ssl:{port}:privateKey={key}:certKey={chain}");
        let client = format!("tls:127.0.0.1:{port}:trustRoots={roots}");
        let named = format!("ssl:127.0.0.1:{port}:hostname=other.example:caCertsDir={roots}");
        let websocket = |endpoint: &str| over(endpoint, url, "");
        let unix = format!("unix:{unix}");
        let (server, client, by_websocket) = match way {
            0 => (tls, client, false),
            1 => (ssl, client, false),
            2 => (parts, client, false),
            3 => (tls, named, false),
            4 => (websocket(&ssl), websocket(&client), true),
            5 => (websocket(&tls), websocket(&named), true),
            // WebSocket over WebSocket over TLS.
            6 => (
                websocket(&websocket(&ssl)),
                over(&websocket(&client), "ws://localhost/a", ""),
                true,
            ),
            // A `ws` URL over TLS, and the URL's host has no say.
            7 => (
                over(&ssl, "ws://elsewhere/a", ""),
                over(&client, "ws://elsewhere/a", ""),
                true,
            ),
            // Without TLS, for comparison.
            _ => (
                over(&unix, "ws://localhost/a", ""),
                over(&unix, "ws://localhost/a", ""),
                true,
            ),
        };
        for len in [1, 100_000] {
            let talked = talk::<C, S>(&server, &client, len).await;
            let path = talked.path.as_deref();
            assert_eq!(path, by_websocket.then_some("/a"), "{server}");
            assert_eq!(
                talked.client.websocket().is_some(),
                by_websocket,
                "{server}"
            );
        }
    }
}

/// As over TCP: who has written reads the answer, and does not flush first.
async fn writes_need_no_flush<C: TestRuntime, S: TestRuntime>() {
    let files = Files::new();
    let [roots, both] = ["roots", "server.pem"].map(|name| files.quoted(name));
    let (port, websocket) = (free_port(), free_port());
    let ssl = |port| format!("ssl:{port}:privateKey={both}");
    let tls = |port| format!("tls:127.0.0.1:{port}:trustRoots={roots}");
    for (server, client) in [
        (ssl(port), tls(port)),
        (
            over(&ssl(websocket), "wss://localhost", ":compress=false"),
            over(&tls(websocket), "wss://localhost", ":compress=false"),
        ),
    ] {
        let (tell, told) = ::tokio::sync::oneshot::channel();
        let mut listener = listen::<S>(&server).await.unwrap();
        let answering = S::spawn(async move {
            let mut stream = let_in_any::<S>(&mut listener).await.unwrap();
            let len = told.await.unwrap();
            stream.read_exact(len).await.unwrap();
            stream.write_all(b"answer").await.unwrap();
            stream.finish().await.unwrap();
        });
        let mut stream = connect::<C>(&client).await.unwrap();
        // More than there is room for on the way.
        let question = vec![0; 64 << 20];
        let len = stream.write_until_pending(&question).await.unwrap();
        assert!(len < question.len());
        tell.send(len).unwrap();
        assert_eq!(stream.read_exact(6).await.unwrap(), b"answer");
        stream.finish().await.unwrap();
        answering.await;
    }
}

/// What a write has accepted arrives although the stream is dropped, with octets that nobody has read. The end is none.
async fn what_was_accepted_arrives<C: TestRuntime, S: TestRuntime>() {
    let files = Files::new();
    let [roots, both] = ["roots", "server.pem"].map(|name| files.quoted(name));
    let (port, websocket) = (free_port(), free_port());
    let ssl = |port| format!("ssl:{port}:privateKey={both}");
    let tls = |port| format!("tls:127.0.0.1:{port}:trustRoots={roots}");
    for (server, client) in [
        (ssl(port), tls(port)),
        (
            over(&ssl(websocket), "wss://localhost", ":compress=false"),
            over(&tls(websocket), "wss://localhost", ":compress=false"),
        ),
    ] {
        let mut listener = listen::<S>(&server).await.unwrap();
        let letting_in = S::spawn(async move { let_in_any::<S>(&mut listener).await.unwrap() });
        let mut stream = connect::<C>(&client).await.unwrap();
        let mut served = letting_in.await;
        served.write_all(&[7; 1000]).await.unwrap();
        let sent = Pattern::new(1).take(64 << 20);
        let len = stream.write_until_pending(&sent).await.unwrap();
        assert!(len < sent.len());
        drop(stream);
        let (received, ended) = served.read_to_end().await;
        assert!(received == sent[..len], "{} of {len}", received.len());
        let kind = ended.unwrap_err().kind();
        assert!(matches!(
            kind,
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionAborted
        ));
    }
}

async fn whom_a_client_trusts<C: TestRuntime, S: TestRuntime>() {
    let files = Files::new();
    let stranger = Files::new();
    let [roots, strange] = [&files, &stranger].map(|files| files.quoted("roots"));
    let server = files.quoted("server.pem");
    let port = free_port();
    let mut listener = listen::<S>(&format!("ssl:{port}:privateKey={server}"))
        .await
        .unwrap();
    drop(S::spawn(async move { listener.accept().await.map(drop) }));
    let tcp = format!("tcp:localhost:{port}");
    for (client, says) in [
        (
            format!("tls:localhost:{port}:trustRoots={strange}"),
            "authority that is not trusted",
        ),
        // Without roots the platform is asked, which knows none of ours.
        (format!("tls:localhost:{port}"), "not trusted"),
        (over(&tcp, "wss://localhost/", ""), "not trusted"),
        (
            format!("ssl:localhost:{port}:hostname=b.example:caCertsDir={roots}"),
            "b.example",
        ),
        (
            format!("tls:b.example:443:trustRoots={roots}:endpoint=tcp\\:localhost\\:{port}"),
            "b.example",
        ),
    ] {
        let error = connect::<C>(&client).await.map(drop).unwrap_err();
        assert!(error.to_string().contains(says), "{client}: {error}");
    }
}

/// Descriptors of servers cannot ask for them; other servers do.
async fn client_certificates<C: TestRuntime, S: TestRuntime>() {
    let files = Files::new();
    let clients = Authority::new();
    let mut params = names(&[]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    for (name, authority) in [("me", &clients), ("stranger", &files.authority)] {
        let Identity { chain, key } = authority.certify(&params);
        let path = |ending| files.directory.path(&format!("{name}.{ending}"));
        fs::write(path("chain"), &chain).unwrap();
        fs::write(path("key"), &key).unwrap();
        fs::write(path("both"), format!("{chain}{key}")).unwrap();
    }
    let server = files.authority.localhost();
    let tls = ServerTls::require_client_certs(
        clients.pem().as_bytes(),
        server.chain.as_bytes(),
        server.key.as_bytes(),
    );
    let mut listener = S::bind(ServerConfig::stream()).await.tls(tls.unwrap());
    let port = address::<S>(&listener).port();
    drop(S::spawn(async move {
        loop {
            let mut stream = let_in::<S>(&mut listener).await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            stream.finish().await.unwrap();
        }
    }));
    let roots = files.quoted("roots");
    let [both, chain, key] = ["me.both", "me.chain", "me.key"].map(|name| files.quoted(name));
    let stranger = files.quoted("stranger.both");
    for (keys, good) in [
        (
            format!("tls:localhost:{port}:trustRoots={roots}:certificate={both}"),
            true,
        ),
        (
            format!("tls:localhost:{port}:trustRoots={roots}:certificate={chain}:privateKey={key}"),
            true,
        ),
        (
            format!("ssl:localhost:{port}:caCertsDir={roots}:certKey={both}"),
            true,
        ),
        (
            format!("ssl:localhost:{port}:caCertsDir={roots}:certKey={chain}:privateKey={key}"),
            true,
        ),
        (format!("tls:localhost:{port}:trustRoots={roots}"), false),
        (
            format!("tls:localhost:{port}:trustRoots={roots}:certificate={stranger}"),
            false,
        ),
    ] {
        let client = over(&keys, "wss://localhost/", "");
        match connect::<C>(&client).await {
            Ok(mut stream) => {
                assert!(good, "{keys}");
                let (octets, ended) = stream.read_to_end().await;
                assert_eq!(octets, b"hello");
                ended.unwrap();
                stream.finish().await.unwrap();
            }
            Err(error) => {
                assert!(!good, "{keys}: {error}");
                // In TLS 1.3 that comes after the client's handshake, and says with whom all the same.
                assert!(
                    error.to_string().starts_with("wss://localhost/: TLS: "),
                    "{error}"
                );
            }
        }
    }
}

/// They take the place of a descriptor's, whose files need not be there.
async fn settings_of_the_program<C: TestRuntime, S: TestRuntime>() {
    let authority = Authority::new();
    for by_websocket in [false, true] {
        let port = free_port();
        let (server, client) = (
            format!("ssl:{port}:privateKey=/nowhere.pem"),
            format!("tls:localhost:{port}:trustRoots=/nowhere"),
        );
        let maybe = |endpoint: String| match by_websocket {
            true => over(&endpoint, "wss://localhost", ""),
            false => endpoint,
        };
        let server: ServerEndpoint<S> = maybe(server).parse().unwrap();
        let server = server.tls(authority.localhost().server());
        let server = server.nodelay(false).backlog(7);
        let plan = server.plan().to_string();
        let expected = format!("tcp 0.0.0.0:{port}, backlog 7, delayed\ntls, as given");
        assert!(plan.starts_with(&expected), "{plan}");
        let listener = server.listen().await.unwrap();
        let client: ClientEndpoint<C> = maybe(client).parse().unwrap();
        talk_with::<C, S>(listener, &client.tls(authority.client()), 1000).await;
    }
}

/// What is wrong with the files is said, and before anything is listened on.
async fn files<C: TestRuntime, S: TestRuntime>() {
    let files = Files::new();
    let [empty, keys, roots] = ["empty", "keys", "roots"].map(|name| files.quoted(name));
    let [chain, key] = ["chain.pem", "key.pem"].map(|name| files.quoted(name));
    let port = free_port();
    for (server, says) in [
        (
            format!("ssl:{port}:privateKey=/nowhere.pem"),
            "/nowhere.pem",
        ),
        (
            format!("ssl:{port}:privateKey={key}"),
            "key.pem: no certificate",
        ),
        (
            format!("ssl:{port}:privateKey={key}:certKey={chain}:extraCertChain={key}"),
            "key.pem: no certificate",
        ),
        (
            format!("ssl:{port}:privateKey={chain}"),
            "chain.pem: private key",
        ),
        (format!("tls:{empty}:{port}"), "no .pem file"),
        (format!("tls:{roots}:{port}"), "roots/a.pem: private key"),
    ] {
        let error = listen::<S>(&server).await.map(drop).unwrap_err();
        assert!(error.to_string().contains(says), "{server}: {error}");
        // Nobody listens, then.
        connect::<C>(&format!("tcp:127.0.0.1:{port}"))
            .await
            .map(drop)
            .unwrap_err();
    }
    let _listener = listen::<S>(&format!("tcp:{port}")).await.unwrap();
    for (keys, says) in [
        (format!("trustRoots={empty}"), "no .pem file"),
        (format!("trustRoots={keys}"), "keys: no certificate"),
        (
            format!("trustRoots={roots}:certificate=/nowhere.pem"),
            "/nowhere.pem",
        ),
        (
            format!("trustRoots={roots}:certificate={key}"),
            "key.pem: no certificate",
        ),
    ] {
        let client = format!("tls:127.0.0.1:{port}:{keys}");
        let error = connect::<C>(&client).await.map(drop).unwrap_err();
        assert!(error.to_string().contains(says), "{client}: {error}");
    }
}
