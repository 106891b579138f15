//! A server that closes: `/SEED/OCTETS/CODE` is answered with so many random octets and a Close with
//! this code. Prints the seed, and how the connection has ended.

use std::io;

use tokio::io::AsyncWriteExt;
use wsstream_peers::Octets;
use wsstream_tokio::{CloseCode, Incoming, Listener, NetStream, Origins, Refusal, Server};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let server = Server::stream().origins(Origins::any());
    let mut listener = Listener::bind("127.0.0.1:0", server).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let incoming = listener.accept().await?;
        tokio::spawn(async move {
            let path = incoming.request().path().to_owned();
            let seed = path.split('/').nth(1).unwrap_or_default();
            match serve(incoming, &path).await {
                Ok(code) => println!("{seed}: ended {code}"),
                Err(error) => println!("{seed}: failed: {error}"),
            }
        });
    }
}

async fn serve(incoming: Incoming<NetStream>, path: &str) -> io::Result<u16> {
    let numbers: Vec<u64> = path
        .split('/')
        .filter_map(|number| number.parse().ok())
        .collect();
    let &[seed, len, code] = &numbers[..] else {
        incoming.refuse(&Refusal::new(404)).await?;
        return Err(io::Error::other("no such path"));
    };
    let len = usize::try_from(len).map_err(io::Error::other)?;
    let code = u16::try_from(code).ok().and_then(CloseCode::new);
    let mut stream = incoming.accept().await?.into_stream();
    stream.write_all(&Octets::new(seed).take(len)).await?;
    stream
        .close_with(code.unwrap_or(CloseCode::NORMAL), "done")
        .await?;
    let code = stream
        .connection()
        .received_close()
        .and_then(|close| close.code());
    Ok(code.map_or(1005, CloseCode::get))
}
