//! What a program is told when it cannot connect, and when a stream ends, by one type of error: the text, the cause, the
//! kind, whether to try again, and no secret. Of every cause alone: `wsstream-net`'s own tests.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::error::Error as _;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::spawn;
use std::time::Duration;

use wsstream_core::handshake::{
    ClientConfig, HandshakeError, InvalidField, RetryAfter, ServerConfig,
};
use wsstream_core::{CloseCode, StreamError};
use wsstream_net::proxy::{Proxy, ProxyErrorKind};
use wsstream_net::{Cause, Error, RedirectErrorKind};
use wsstream_tests::net::{ClientEndpoint, Net, address, free_port, stream};
use wsstream_tests::{Read, Write};

wsstream_tests::on_all_runtimes! {
    who_is_not_let_in
    who_has_to_wait
    where_nobody_listens
    a_name_that_nobody_knows
    a_proxy_that_asks_for_a_password
    a_circle
    refused_behind_a_redirect
    who_is_silent
    a_stream_that_fails
    a_stream_that_is_reset
    after_the_end
    what_cannot_be_asked_for
}

/// A server that gives each request this answer, and closes then.
fn answering(answer: impl Fn() -> String + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    spawn(move || {
        while let Ok((mut tcp, _)) = listener.accept() {
            let mut head = String::new();
            let mut octet = [0];
            while !head.ends_with("\r\n\r\n") && tcp.read_exact(&mut octet).is_ok() {
                head.push(octet[0].into());
            }
            let answer = format!("HTTP/1.1 {}Content-Length: 0\r\n\r\n", answer());
            let _ = tcp.write_all(answer.as_bytes());
        }
    });
    at
}

/// A client that has secrets of all kinds.
fn client<N: Net>(authority: &str) -> ClientEndpoint<N> {
    let config = ClientConfig::stream().header("Cookie", "session=secret");
    let url = format!("ws://me:secret@{authority}/tunnel?token=secret");
    ClientEndpoint::<N>::url(&url, config.unwrap()).unwrap()
}

/// What connecting fails with. No form of it has a secret, and no text comes twice.
async fn fails<N: Net>(client: &ClientEndpoint<N>) -> Error {
    let error = client.connect().await.map(drop).unwrap_err();
    for text in [
        format!("{error}"),
        format!("{error:?}"),
        format!("{:?}", error.cause()),
    ] {
        assert!(!text.contains("secret"), "{text}");
    }
    assert!(error.source().is_none(), "{error}");
    error
}

/// The text, the kind, and whether it is transient.
#[track_caller]
fn assert_told(error: &Error, text: &str, kind: ErrorKind, is_transient: bool) {
    let told = (&*error.to_string(), error.kind(), error.is_transient());
    assert_eq!(told, (text, kind, is_transient));
}

async fn who_is_not_let_in<N: Net>() {
    let at = answering(|| "401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\n".into());
    let error = fails::<N>(&client::<N>(&at.to_string())).await;
    let says =
        format!("ws://{at}/tunnel: refused by the server: HTTP 401 Unauthorized, asks for Basic");
    assert_told(&error, &says, ErrorKind::PermissionDenied, false);
    let Cause::Handshake(HandshakeError::Refused(response)) = error.cause() else {
        panic!("{error}");
    };
    assert_eq!(response.authenticate(), ["Basic"]);
    assert_eq!(error.status(), Some(401));
    assert_eq!(error.place(), Some(&*format!("ws://{at}/tunnel")));
    assert!(!error.is_redirected());
}

async fn who_has_to_wait<N: Net>() {
    let at = answering(|| "503 Service Unavailable\r\nRetry-After: 7\r\n".into());
    let error = fails::<N>(&client::<N>(&at.to_string())).await;
    let says = format!(
        "ws://{at}/tunnel: refused by the server: HTTP 503 Service Unavailable, try again after 7 s"
    );
    assert_told(&error, &says, ErrorKind::Other, true);
    assert_eq!(error.retry_after(), Some(RetryAfter::Seconds(7)));
}

async fn where_nobody_listens<N: Net>() {
    let port = free_port();
    let error = fails::<N>(&client::<N>(&format!("127.0.0.1:{port}"))).await;
    let says = format!("ws://127.0.0.1:{port}/tunnel: connection refused");
    assert_told(&error, &says, ErrorKind::ConnectionRefused, true);
    let Cause::Dial(dial) = error.cause() else {
        panic!("{error}");
    };
    // The system's number.
    assert!(dial.attempts[0].1.raw_os_error().is_some());
    assert_eq!(error.status(), None);
    // Without a URL.
    let tcp = ClientEndpoint::<N>::tcp(&format!("127.0.0.1:{port}")).unwrap();
    let error = fails::<N>(&tcp).await;
    let says = format!("127.0.0.1:{port}: connection refused");
    assert_told(&error, &says, ErrorKind::ConnectionRefused, true);
}

/// RFC 6761 §6.4: none ends with `.invalid`. Where there is no resolver, that may be said to be so for now.
async fn a_name_that_nobody_knows<N: Net>() {
    let error = fails::<N>(&client::<N>("nowhere.invalid")).await;
    let (says, begins) = (
        error.to_string(),
        "ws://nowhere.invalid/tunnel: nowhere.invalid:80: name look-up failed: ",
    );
    assert!(says.starts_with(begins), "{says}");
    let is_for_now = says.ends_with("Temporary failure in name resolution");
    assert_eq!(error.is_transient(), is_for_now, "{says}");
    assert!(matches!(error.cause(), Cause::Dial(_)), "{says}");
}

async fn a_proxy_that_asks_for_a_password<N: Net>() {
    let at = answering(|| {
        "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n".into()
    });
    let proxy = Proxy::parse(&format!("http://me:secret@{at}")).unwrap();
    let error = fails::<N>(&client::<N>("example.org").proxy(proxy)).await;
    let says = format!(
        "ws://example.org/tunnel: proxy {at}: it refused the user and password: \
         HTTP 407 Proxy Authentication Required"
    );
    assert_told(&error, &says, ErrorKind::PermissionDenied, false);
    let Cause::Proxy(proxy) = error.cause() else {
        panic!("{error}");
    };
    assert!(matches!(proxy.kind(), ProxyErrorKind::Refused { .. }));
    assert_eq!(error.status(), Some(407));
}

async fn a_circle<N: Net>() {
    let at = answering(|| "302 Found\r\nLocation: /b?secret\r\n".into());
    let error = fails::<N>(&client::<N>(&at.to_string()).redirects(5)).await;
    let says =
        format!("redirected in a circle, HTTP 302: ws://{at}/tunnel -> ws://{at}/b -> ws://{at}/b");
    assert_told(&error, &says, ErrorKind::Other, false);
    let Cause::Redirect(redirect) = error.cause() else {
        panic!("{error}");
    };
    assert_eq!(redirect.kind, RedirectErrorKind::Loop);
    assert!(error.is_redirected());
}

async fn refused_behind_a_redirect<N: Net>() {
    let to = answering(|| "403 Forbidden\r\n".into());
    let from = answering(move || format!("307 Elsewhere\r\nLocation: ws://{to}/there?secret\r\n"));
    let error = fails::<N>(&client::<N>(&from.to_string()).redirects(1)).await;
    let says = format!(
        "ws://{to}/there, redirected from ws://{from}/tunnel: refused by the server: HTTP 403 Forbidden"
    );
    assert_told(&error, &says, ErrorKind::PermissionDenied, false);
    assert!(error.is_redirected());
    // Nobody there either.
    let port = free_port();
    let from = answering(move || format!("307 Elsewhere\r\nLocation: //127.0.0.1:{port}/\r\n"));
    let error = fails::<N>(&client::<N>(&from.to_string()).redirects(1)).await;
    let says =
        format!("ws://127.0.0.1:{port}/, redirected from ws://{from}/tunnel: connection refused");
    assert_told(&error, &says, ErrorKind::ConnectionRefused, true);
}

async fn who_is_silent<N: Net>() {
    // The system takes the connection.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap();
    let limited = client::<N>(&at.to_string()).timeout(Duration::from_millis(50));
    let error = fails::<N>(&limited).await;
    let says = format!("ws://{at}/tunnel: opening handshake not complete in time");
    assert_told(&error, &says, ErrorKind::TimedOut, true);
    // So does a proxy.
    let proxy = Proxy::parse(&format!("http://me:secret@{at}")).unwrap();
    let limited = client::<N>("example.org").proxy(proxy);
    let limited = limited.connect_timeout(Duration::from_millis(50));
    let error = fails::<N>(&limited).await;
    let says = format!(
        "ws://example.org/tunnel: timed out connecting to example.org:80 through http://{at}"
    );
    assert_told(&error, &says, ErrorKind::TimedOut, true);
    assert!(matches!(error.cause(), Cause::TimedOut));
}

/// A program whose errors all have one type.
async fn program<N: Net>(url: &str) -> Result<Vec<u8>, Error> {
    let config = ClientConfig::stream().header("X-Program", "1")?;
    let endpoint = ClientEndpoint::<N>::url(url, config)?;
    let mut stream = stream::<N>(endpoint.open().await?);
    stream.write_all(b"question").await?;
    let reply = stream.read_exact(6).await?;
    stream.read_exact(1).await?;
    stream.finish().await?;
    Ok(reply)
}

async fn a_stream_that_fails<N: Net>() {
    let mut listener = N::bind(ServerConfig::stream()).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let serving = async {
        let incoming = listener.accept().await.unwrap();
        let mut stream = stream::<N>(incoming.upgrade().await.unwrap());
        stream.write_all(b"answer").await.unwrap();
        let failed = stream.close_with(CloseCode::INTERNAL, "disk full");
        let _ = failed.await;
    };
    let (ended, ()) = tokio::join!(program::<N>(&url), serving);
    let error = ended.unwrap_err();
    assert_told(
        &error,
        "closed by the peer: 1011 (disk full)",
        ErrorKind::ConnectionAborted,
        true,
    );
    let Cause::Stream(StreamError::Closed(close)) = error.cause() else {
        panic!("{error}");
    };
    assert_eq!(close.code(), Some(CloseCode::INTERNAL));
    assert!(error.source().is_none());
}

/// It is cut, and what the system has said is the source.
async fn a_stream_that_is_reset<N: Net>() {
    let mut listener = N::bind(ServerConfig::stream()).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let serving = async {
        let incoming = listener.accept().await.unwrap();
        let mut stream = stream::<N>(incoming.upgrade().await.unwrap());
        assert_eq!(stream.read_exact(8).await.unwrap(), b"question");
        stream.write_all(b"answer").await.unwrap();
        let mut socket = N::into_socket(stream).into_inner().0;
        socket.abort_on_drop(true);
        drop(socket);
    };
    let (ended, ()) = tokio::join!(program::<N>(&url), serving);
    let error = ended.unwrap_err();
    let says = "connection ended without a Close";
    assert_told(&error, says, ErrorKind::UnexpectedEof, true);
    let cause = error.cause();
    assert!(matches!(cause, Cause::Stream(StreamError::Truncated)));
    let system: &std::io::Error = error.source().unwrap().downcast_ref().unwrap();
    assert_eq!(system.kind(), ErrorKind::ConnectionReset);
    assert!(system.raw_os_error().is_some());
}

/// It makes no sense to write that again.
async fn after_the_end<N: Net>() {
    let mut listener = N::bind(ServerConfig::stream()).await;
    let url = format!("ws://{}/", address::<N>(&listener));
    let serving = async {
        let incoming = listener.accept().await.unwrap();
        let mut stream = stream::<N>(incoming.upgrade().await.unwrap());
        stream.finish().await.unwrap();
    };
    let closing = async {
        let mut stream = N::dial(&url).await.unwrap();
        stream.finish().await.unwrap();
        stream.write_all(b"more").await.unwrap_err()
    };
    let (error, ()) = tokio::join!(closing, serving);
    let says = "the connection is closed for sending";
    assert_told(&error.into(), says, ErrorKind::BrokenPipe, false);
}

async fn what_cannot_be_asked_for<N: Net>() {
    let error = program::<N>("http://localhost/secret").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(matches!(error.cause(), Cause::Url(_)), "{error}");
    // A token that was read from a file, with its line end.
    let config = ClientConfig::stream().header("Authorization", "Bearer secret\n");
    let error = Error::from(config.unwrap_err());
    let says = "field Authorization: control octet 0x0a at 13";
    assert_told(&error, says, ErrorKind::InvalidInput, false);
    let Cause::Field(InvalidField::Value { name, .. }) = error.cause() else {
        panic!("{error}");
    };
    assert_eq!(name, "Authorization");
}

#[cfg(feature = "rustls")]
mod tls {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rcgen::{CertificateParams, DnType, KeyPair};
    use wsstream_net::reexports::rustls;
    use wsstream_net::tls::{ClientTls, ServerTls};

    use super::*;

    wsstream_tests::on_all_runtimes! {
        who_is_not_trusted
        who_ends_in_the_handshake
        who_speaks_no_tls
    }

    /// A certificate for `localhost`, and its key.
    fn identity() -> (String, String) {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        // One with the name of another would be refused for its signature.
        let name = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    /// Trusts nobody that is there.
    fn secure<N: Net>(port: u16) -> ClientEndpoint<N> {
        let url = format!("wss://me:secret@localhost:{port}/tunnel?token=secret");
        let endpoint = ClientEndpoint::<N>::url(&url, ClientConfig::stream()).unwrap();
        endpoint.tls(ClientTls::with_roots(identity().0.as_bytes()).unwrap())
    }

    async fn who_is_not_trusted<N: Net>() {
        let (chain, key) = identity();
        let tls = ServerTls::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        let mut listener = N::bind(ServerConfig::stream()).await.tls(tls);
        let port = address::<N>(&listener).port();
        drop(N::spawn(async move { listener.accept().await.is_none() }));
        let error = fails::<N>(&secure::<N>(port)).await;
        let says = format!(
            "wss://localhost:{port}/tunnel: TLS: invalid peer certificate: UnknownIssuer, \
             it is self-signed or of an authority that is not trusted"
        );
        assert_told(&error, &says, ErrorKind::InvalidData, false);
        let Cause::Tls(tls) = error.cause() else {
            panic!("{error}");
        };
        let verdict = tls.rustls();
        let is_untrusted = matches!(verdict, Some(rustls::Error::InvalidCertificate(_)));
        assert!(is_untrusted, "{verdict:?}");
    }

    async fn who_ends_in_the_handshake<N: Net>() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        spawn(move || {
            while let Ok((mut tcp, _)) = listener.accept() {
                // All of the hello, so that it is an end and no reset.
                let _ = tcp.read(&mut [0; 16 << 10]);
            }
        });
        let error = fails::<N>(&secure::<N>(port)).await;
        let says = error.to_string();
        let begins = format!("wss://localhost:{port}/tunnel: TLS: ");
        assert!(says.starts_with(&begins), "{says}");
        let told = (error.kind(), error.is_transient());
        assert_eq!(told, (ErrorKind::UnexpectedEof, true), "{says}");
        assert!(matches!(error.cause(), Cause::Tls(tls) if tls.rustls().is_none()));
    }

    async fn who_speaks_no_tls<N: Net>() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        spawn(move || {
            while let Ok((mut tcp, _)) = listener.accept() {
                let _ = tcp.read(&mut [0; 16 << 10]);
                let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            }
        });
        let error = fails::<N>(&secure::<N>(port)).await;
        let says = error.to_string();
        assert!(
            says.ends_with(", the peer seems not to speak TLS"),
            "{says}"
        );
        assert!(!error.is_transient(), "{says}");
    }
}
