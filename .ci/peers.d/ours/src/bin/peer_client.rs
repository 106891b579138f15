//! Our client at a foreign echo server: writes blocks, by turns of text and of random octets, while it
//! reads them back, then closes, and prints what happened as one line of JSON.

use std::io;

use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsstream_peers::{Hash, Octets, compression, config};
use wsstream_tokio::{ClientConfig, ClientEndpoint, CloseCode};

/// Sends to an echo server.
#[derive(Parser)]
struct Args {
    url: String,
    seed: u64,
    /// Octets of each write, with commas between.
    #[arg(value_delimiter = ',')]
    sizes: Vec<usize>,
    /// Offer just this; `none` offers nothing, the default is `binary,base64`.
    #[arg(long)]
    subprotocol: Option<String>,
    /// Cut messages into frames of so many octets.
    #[arg(long, default_value_t = 0)]
    autofrag: usize,
    /// `on`, `off`, or the bits of both windows, then without context takeover.
    #[arg(long, default_value = "on")]
    compression: String,
    /// Close with this code.
    #[arg(long, default_value_t = 1000)]
    close: u16,
    /// Read on until the server closes.
    #[arg(long)]
    until_closed: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let config = config(&args.compression)?.auto_fragment(args.autofrag);
    let mut client = ClientConfig::stream().config(config);
    match args.subprotocol.as_deref() {
        None => {}
        Some("none") => {
            let nothing: [&str; 0] = [];
            client = client
                .subprotocols(nothing)
                .map_err(io::Error::other)?
                .accept_no_subprotocol(true);
        }
        Some(name) => client = client.subprotocols([name]).map_err(io::Error::other)?,
    }
    let endpoint = ClientEndpoint::url(&args.url, client).map_err(io::Error::other)?;
    let stream = endpoint.open().await?.into_stream();
    let (mut read, mut write) = tokio::io::split(stream);
    let total: usize = args.sizes.iter().sum();
    let sending = async {
        let (mut octets, mut hash) = (Octets::new(args.seed), Hash::default());
        for (number, &size) in args.sizes.iter().enumerate() {
            let block = match number % 2 {
                0 => octets.text(size),
                _ => octets.take(size),
            };
            hash.update(&block);
            write.write_all(&block).await?;
        }
        write.flush().await?;
        io::Result::Ok(hash.hex())
    };
    let receiving = async {
        let (mut buf, mut hash, mut left) = (vec![0; 64 << 10], Hash::default(), total);
        while left > 0 {
            let room = left.min(buf.len());
            let count = read.read(&mut buf[..room]).await?;
            if count == 0 {
                break;
            }
            hash.update(&buf[..count]);
            left -= count;
        }
        io::Result::Ok((hash.hex(), total - left))
    };
    let (sent, (received, octets)) = tokio::try_join!(sending, receiving)?;
    let mut stream = read.unsplit(write);
    let ended = if args.until_closed {
        stream.read(&mut [0]).await.map(drop)
    } else {
        let code = CloseCode::new(args.close).ok_or_else(|| io::Error::other("no close code"))?;
        stream.close_with(code, "bye").await
    };
    let info = stream.info();
    let (code, reason) = match &info.received_close {
        Some(close) => (close.code().map(CloseCode::get), close.reason()),
        None => (None, "no Close came"),
    };
    println!(
        "{{\"sent\": {sent:?}, \"received\": {received:?}, \"octets\": {octets}, \"code\": {}, \
         \"reason\": {reason:?}, \"subprotocol\": {:?}, \"frames\": {}, \"error\": {:?}, {}}}",
        code.unwrap_or(1005),
        info.agreed.subprotocol().unwrap_or("none"),
        info.counters.frames_received,
        ended
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default(),
        compression(&info),
    );
    Ok(())
}
