//! Echo over `wss://`, for clients that show a certificate: `async_std_tls_server HOST:PORT CHAIN.pem KEY.pem CLIENT-ROOTS.pem`.

use std::{env, fs};

use wsstream_async_std::{Error, Incoming, Listener, ServerConfig, ServerTls};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    async_std::task::block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [address, chain, key, client_roots] = &args[..] else {
        return Err(
            "usage: async_std_tls_server HOST:PORT CHAIN.pem KEY.pem CLIENT-ROOTS.pem".into(),
        );
    };
    let (chain, key) = (fs::read(chain)?, fs::read(key)?);
    let tls = ServerTls::require_client_certs(&fs::read(client_roots)?, &chain, &key)?;
    let listener = Listener::bind(address, ServerConfig::stream()).await?;
    println!("listening on {}", listener.local_addr());
    let mut listener = listener.tls(tls);
    while let Some(incoming) = listener.accept().await {
        async_std::task::spawn(async move {
            if let Err(error) = echo(incoming).await {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

async fn echo(incoming: Incoming) -> Result<(), Error> {
    let stream = incoming.accept().await?;
    let session = stream.below().and_then(|below| below.tls());
    let certificates = session.and_then(|session| session.peer_certificates());
    println!(
        "a client with {} certificates",
        certificates.map_or(0, <[_]>::len)
    );
    let (mut read, mut write) = stream.into_split();
    async_std::io::copy(&mut read, &mut write).await?;
    write.shutdown().await?;
    Ok(())
}
