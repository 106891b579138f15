//! Says a text over `wss://`, and prints what comes back: `tls_client URL ROOTS.pem [CHAIN.pem KEY.pem]`, with a certificate
//! of the client or without.

use std::{env, fs};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_tokio::{ClientConfig, ClientEndpoint, ClientTls};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [url, roots, identity @ ..] = &args[..] else {
        return Err("usage: tls_client URL ROOTS.pem [CHAIN.pem KEY.pem]".into());
    };
    let mut tls = ClientTls::with_roots(&fs::read(roots)?)?;
    if let [chain, key] = identity {
        tls = tls.identity(&fs::read(chain)?, &fs::read(key)?)?;
    }
    let endpoint = ClientEndpoint::url(url, ClientConfig::stream())?.tls(tls);
    let mut stream = endpoint.connect().await?;
    stream.write_all(b"hello over TLS").await?;
    let mut reply = [0; 14];
    stream.read_exact(&mut reply).await?;
    println!("{}", String::from_utf8_lossy(&reply));
    stream.finish().await?;
    Ok(())
}
