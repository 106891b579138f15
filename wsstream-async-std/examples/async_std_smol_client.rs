//! A client on smol: `async_std_smol_client [URL]`, by default to `ws://localhost:9000`. Says hello, as
//! `async_std_hello_client` does.
//!
//! smol makes the TCP connection, and `connect_on` asks for a WebSocket over it. async-std's runtime is not started.

use std::env;
use std::error::Error;

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpStream;
use wsstream_async_std::{ClientConfig, Url, connect_on};

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1);
    let url = url.as_deref().unwrap_or("ws://localhost:9000");
    smol::block_on(async {
        let tcp = TcpStream::connect(Url::parse(url)?.host_and_port()).await?;
        let upgraded = connect_on(tcp, url, &ClientConfig::stream()).await?;
        let mut stream = upgraded.into_stream();
        stream.write_all(b"hello").await?;
        let mut greeting = [0; "how are you?".len()];
        stream.read_exact(&mut greeting).await?;
        println!("{}", greeting.escape_ascii());
        Ok(stream.finish().await?)
    })
}
