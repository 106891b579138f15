//! Says a word over `wss://` to itself, with whatever provider of cryptography there is, and prints which that was.

use std::error::Error;

use rustls::crypto::CryptoProvider;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_tokio::{ClientConfig, ClientEndpoint, ClientTls, Listener, ServerConfig, ServerTls};

/// Of this machine with itself; the key is no secret.
const PEM: &[u8] = include_bytes!("../../../tests/localhost/localhost.pem");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // What a program does that uses rustls for something else. With two providers compiled in, this panics.
    #[cfg(feature = "theirs")]
    {
        let own =
            rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty());
        println!(
            "own configuration: {} suites",
            own.with_no_client_auth()
                .crypto_provider()
                .cipher_suites
                .len()
        );
    }
    #[cfg(feature = "foreign")]
    {
        let mut foreign = rustls::crypto::ring::default_provider();
        foreign
            .cipher_suites
            .retain(|suite| format!("{suite:?}").contains("CHACHA20"));
        foreign
            .install_default()
            .map_err(|_| "there is one already")?;
    }

    let tls = match ClientTls::with_roots(PEM) {
        Ok(tls) => tls,
        Err(error) => {
            println!("no provider: {error}");
            return Ok(());
        }
    };
    let server = ServerTls::from_pem(PEM, PEM)?;
    let mut listener = Listener::bind("127.0.0.1:0", ServerConfig::stream())
        .await?
        .tls(server);
    let port = listener.local_addr().tcp().ok_or("no TCP")?.port();
    let endpoint =
        ClientEndpoint::url(&format!("wss://localhost:{port}/"), ClientConfig::stream())?;
    let endpoint = endpoint.tls(tls.clone());
    let serving = async {
        let mut stream = listener.accept().await.ok_or("shut down")?.accept().await?;
        stream.write_all(b"hello").await?;
        stream.finish().await?;
        Ok::<_, Box<dyn Error>>(())
    };
    let asking = async {
        let mut stream = endpoint.connect().await?;
        let mut reply = [0; 5];
        stream.read_exact(&mut reply).await?;
        stream.finish().await?;
        Ok::<_, Box<dyn Error>>(reply)
    };
    let (served, asked) = tokio::join!(serving, asking);
    served?;
    let reply = asked?;
    let suites = tls.config().crypto_provider().cipher_suites.len();
    let installed = if CryptoProvider::get_default().is_some() {
        "installed"
    } else {
        "compiled in"
    };
    println!(
        "{}: {suites} suites, {installed}",
        String::from_utf8_lossy(&reply)
    );
    // The platform's authorities, and one more.
    ClientTls::platform_and_roots(PEM)?;
    Ok(())
}
