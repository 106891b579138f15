//! A server for foreign clients, which prints how each connection has ended as one line of JSON.
//!
//! `/echo/ID` sends back what it receives; `/SEED/OCTETS/CODE` is answered with so many octets of text and
//! a Close with this code.

use std::io;

use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_peers::{Octets, compression, config};
use wsstream_tokio::{
    Close, CloseCode, Incoming, Listener, Origins, Refusal, Request, ServerConfig, WsStream,
};

/// Echoes, or closes.
#[derive(Parser)]
struct Args {
    /// `on`, `off`, or the bits of both windows, then without context takeover.
    #[arg(long, default_value = "on")]
    compression: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let config = config(&Args::parse().compression)?;
    let server = ServerConfig::stream()
        .origins(Origins::any())
        .config(config);
    let mut listener = Listener::bind("127.0.0.1:0", server).await?;
    let address = listener.local_addr().tcp();
    let address = address.ok_or_else(|| io::Error::other("it does not listen on TCP"))?;
    println!("listening on {address}");
    while let Some(incoming) = listener.accept().await {
        tokio::spawn(async move {
            let path = incoming.request().map_or("", Request::path).to_owned();
            if let Err(error) = serve(incoming, &path).await {
                println!(
                    "{{\"path\": {path:?}, \"failed\": {:?}}}",
                    error.to_string()
                );
            }
        });
    }
    Ok(())
}

async fn serve(incoming: Incoming, path: &str) -> io::Result<()> {
    let words: Vec<&str> = path.split('/').skip(1).collect();
    let stream = match words[..] {
        ["echo", _] => echo(incoming.upgrade().await?.into_stream()).await?,
        [seed, len, code] => {
            let len = len.parse().map_err(io::Error::other)?;
            let code = code.parse().ok().and_then(CloseCode::new);
            let seed = seed.parse().map_err(io::Error::other)?;
            let mut stream = incoming.upgrade().await?.into_stream();
            stream.write_all(&Octets::new(seed).text(len)).await?;
            stream
                .close_with(code.unwrap_or(CloseCode::NORMAL), "done")
                .await?;
            stream
        }
        _ => return Ok(incoming.refuse(&Refusal::new(404)).await?),
    };
    let info = stream.info();
    let code = info.received_close.as_ref().and_then(Close::code);
    println!(
        "{{\"path\": {path:?}, \"ended\": {}, {}}}",
        code.map_or(1005, CloseCode::get),
        compression(&info)
    );
    Ok(())
}

async fn echo(mut stream: WsStream) -> io::Result<WsStream> {
    let mut buf = vec![0; 64 << 10];
    loop {
        match stream.read(&mut buf).await {
            Ok(0) => break,
            Ok(count) => stream.write_all(&buf[..count]).await?,
            // A Close with a code is an error; it is what some of them end with.
            Err(_) if stream.info().received_close.is_some() => break,
            Err(error) => return Err(error),
        }
    }
    stream.finish().await.or_else(|error| {
        let closed = stream.info().received_close.is_some();
        if closed { Ok(()) } else { Err(error) }
    })?;
    Ok(stream)
}
