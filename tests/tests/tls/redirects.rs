//! Servers that redirect to TLS, from TLS to plain, and to other servers with TLS: `tests/redirects.rs` has the rest.

use std::fs;
use std::io;
use std::net::TcpListener;

use rcgen::ExtendedKeyUsagePurpose;
use rustls::CertificateError;
use wsstream_core::handshake::{ClientConfig, Refusal, ServerConfig};
use wsstream_net::tls::{ClientTls, ServerTls};
use wsstream_net::{Cause, RedirectErrorKind};
use wsstream_tests::net::By::{Descriptor, Url};
use wsstream_tests::net::{By, ClientEndpoint, Directory, Net, address, over};
use wsstream_tests::{TestRuntime, Write as _};

use crate::certificates::{Authority, Identity, names};
use crate::rustls;

wsstream_tests::on_all_runtimes! {
    never_from_tls_to_plain
    from_plain_to_tls
    the_name_is_that_of_the_new_url
    a_clients_certificate_stays
}

/// Redirects requests for `/a` to `/b`, and those for `/c` to another place. Opens all others, and says whether the
/// client has shown a certificate. Returns the port.
async fn server<N: Net>(tls: Option<ServerTls>, elsewhere: String) -> u16 {
    let mut listener = N::bind(ServerConfig::stream()).await;
    if let Some(tls) = tls {
        listener = listener.tls(tls);
    }
    let port = address::<N>(&listener).port();
    drop(N::spawn(async move {
        while let Some(incoming) = listener.accept().await {
            let to = match incoming.request().unwrap().path() {
                "/a" => "/b",
                "/c" => &elsewhere,
                _ => {
                    let tls = incoming.get_ref().tls();
                    let shown = tls.and_then(rustls::CommonState::peer_certificates);
                    let says: &[u8] = if shown.is_some() { b"known" } else { b"who" };
                    if let Ok(mut stream) = incoming.accept().await.map(N::stream) {
                        let _ = stream.write_all(says).await;
                        let _ = stream.finish().await;
                    }
                    continue;
                }
            };
            let refusal = Refusal::new(308).header("Location", to).unwrap();
            // Refused certificates come to this, too.
            let _ = incoming.refuse(&refusal).await;
        }
    }));
    port
}

async fn says<N: Net>(client: &ClientEndpoint<N>) -> io::Result<String> {
    use wsstream_tests::Read as _;

    let mut stream = client.connect().await.map(N::stream)?;
    let (octets, ended) = stream.read_to_end().await;
    ended?;
    stream.finish().await?;
    Ok(String::from_utf8(octets).unwrap())
}

/// The way to a URL of `localhost`, where redirects are followed. The descriptor reads its TLS from files.
fn client<R: TestRuntime>(by: By, url: &str, files: &Files) -> ClientEndpoint<R> {
    match by {
        Url => {
            let endpoint = ClientEndpoint::<R>::url(url, ClientConfig::stream()).unwrap();
            endpoint.redirects(5).tls(files.tls.clone())
        }
        Descriptor => {
            let authority = url.split('/').nth(2).unwrap();
            let [roots, identity] = ["roots", "me.pem"].map(|name| files.directory.quoted(name));
            let below = match url.starts_with("wss") {
                true => format!("tls:{authority}:trustRoots={roots}:certificate={identity}"),
                false => format!("tcp:{authority}"),
            };
            over(&below, url, ":redirects=5").parse().unwrap()
        }
    }
}

/// What a client trusts and shows, as a setting and as files.
struct Files {
    authority: Authority,
    directory: Directory,
    tls: ClientTls,
}

impl Files {
    fn new() -> Self {
        let (authority, directory) = (Authority::new(), Directory::new());
        let mut params = names(&[]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let Identity { chain, key } = authority.certify(&params);
        fs::create_dir(directory.path("roots")).unwrap();
        fs::write(directory.path("roots/a.pem"), authority.pem()).unwrap();
        fs::write(directory.path("me.pem"), format!("{chain}{key}")).unwrap();
        let tls = authority
            .client()
            .identity(chain.as_bytes(), key.as_bytes());
        Self {
            authority,
            directory,
            tls: tls.unwrap(),
        }
    }

    fn server(&self) -> ServerTls {
        self.authority.localhost().server()
    }

    /// A server that wants a certificate of its clients.
    fn strict_server(&self) -> ServerTls {
        let Identity { chain, key } = self.authority.localhost();
        let roots = self.authority.pem();
        ServerTls::require_client_certs(roots.as_bytes(), chain.as_bytes(), key.as_bytes()).unwrap()
    }
}

/// The plain server is never dialled.
async fn never_from_tls_to_plain<N: Net>() {
    let files = Files::new();
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    plain.set_nonblocking(true).unwrap();
    let at = plain.local_addr().unwrap().port();
    for by in [Url, Descriptor] {
        for scheme in ["ws", "http"] {
            let to = format!("{scheme}://localhost:{at}/");
            let port = server::<N>(Some(files.server()), to).await;
            let client = client::<N>(by, &format!("wss://localhost:{port}/c"), &files);
            let error = says::<N>(&client).await.unwrap_err();
            let Cause::Redirect(inner) = Cause::of(&error) else {
                unreachable!("{error}");
            };
            assert_eq!(inner.kind, RedirectErrorKind::ToPlain, "{by:?}");
            let chain = format!(": wss://localhost:{port}/c -> ws://localhost:{at}/");
            assert!(error.to_string().ends_with(&chain), "{error}");
            let dialled = plain.accept().map(drop).map_err(|error| error.kind());
            assert_eq!(dialled, Err(io::ErrorKind::WouldBlock), "{by:?}");
        }
    }
}

/// With the authorities that the client was given, and without a certificate of its own.
async fn from_plain_to_tls<N: Net>() {
    let files = Files::new();
    let secure = server::<N>(Some(files.server()), String::new()).await;
    for scheme in ["wss", "https"] {
        let to = format!("{scheme}://localhost:{secure}/a");
        let port = server::<N>(None, to).await;
        for by in [Url, Descriptor] {
            let client = client::<N>(by, &format!("ws://localhost:{port}/c"), &files);
            let client = client.tls(files.tls.clone());
            assert_eq!(says::<N>(&client).await.unwrap(), "who", "{by:?}");
        }
        // The platform does not trust the authority.
        let client = client::<N>(Descriptor, &format!("ws://localhost:{port}/c"), &files);
        let error = says::<N>(&client).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    }
}

async fn the_name_is_that_of_the_new_url<N: Net>() {
    let files = Files::new();
    let only = files.authority.certify(&names(&["localhost"])).server();
    let second = server::<N>(Some(only), String::new()).await;
    for by in [Url, Descriptor] {
        let to = format!("wss://127.0.0.1:{second}/");
        let first = server::<N>(Some(files.server()), to).await;
        let client = client::<N>(by, &format!("wss://localhost:{first}/c"), &files);
        let error = says::<N>(&client).await.unwrap_err();
        let verdict = crate::verdict(&error);
        let is_name = matches!(
            verdict,
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            )
        );
        assert!(is_name, "{verdict:?}");
    }
}

/// A certificate is shown again to the server that was asked first, and to no other, though it be on the same host.
async fn a_clients_certificate_stays<N: Net>() {
    let files = Files::new();
    let optional = server::<N>(Some(files.server()), String::new()).await;
    let strict = server::<N>(Some(files.strict_server()), String::new()).await;
    for by in [Url, Descriptor] {
        let to = format!("wss://localhost:{strict}/");
        let first = server::<N>(Some(files.strict_server()), to).await;
        let known = client::<N>(by, &format!("wss://localhost:{first}/a"), &files);
        assert_eq!(says::<N>(&known).await.unwrap(), "known", "{by:?}");
        let refused = client::<N>(by, &format!("wss://localhost:{first}/c"), &files);
        let error = says::<N>(&refused).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{by:?} {error}");

        let to = format!("wss://localhost:{optional}/");
        let first = server::<N>(Some(files.strict_server()), to).await;
        let unknown = client::<N>(by, &format!("wss://localhost:{first}/c"), &files);
        assert_eq!(says::<N>(&unknown).await.unwrap(), "who", "{by:?}");
    }
}
