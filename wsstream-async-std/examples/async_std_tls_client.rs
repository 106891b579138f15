//! Says a text over `wss://`, and prints what comes back: `async_std_tls_client URL ROOTS.pem [CHAIN.pem KEY.pem]`, with a certificate
//! of the client or without.

use std::{env, fs};

use async_std::io::{ReadExt, WriteExt};
use wsstream_async_std::{ClientConfig, ClientEndpoint, ClientTls};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    async_std::task::block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [url, roots, identity @ ..] = &args[..] else {
        return Err("usage: async_std_tls_client URL ROOTS.pem [CHAIN.pem KEY.pem]".into());
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
