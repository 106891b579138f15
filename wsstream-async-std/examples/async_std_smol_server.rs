//! A server on smol: `async_std_smol_server [HOST:PORT]`. Answers whoever says hello, as `async_std_hello_server` does.
//!
//! smol listens and runs the tasks, and `accept_with` takes each TCP connection. async-std's runtime is not started.

use std::{env, io};

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};
use wsstream_async_std::{ServerConfig, accept_with};

fn main() -> io::Result<()> {
    let address = env::args().nth(1);
    let config = ServerConfig::stream();
    smol::block_on(async {
        let listener = TcpListener::bind(address.as_deref().unwrap_or("localhost:9000")).await?;
        println!("listening on {}", listener.local_addr()?);
        loop {
            let (tcp, _) = listener.accept().await?;
            let config = config.clone();
            smol::spawn(async move {
                if let Err(error) = hello(tcp, &config).await {
                    eprintln!("{error}");
                }
            })
            .detach();
        }
    })
}

async fn hello(tcp: TcpStream, config: &ServerConfig) -> io::Result<()> {
    let handshake = accept_with(tcp, config).await?;
    let mut stream = handshake.accept().await?.into_stream();
    stream.write_all(b"how are you?").await?;
    let mut buf = [0; 1024];
    loop {
        match stream.read(&mut buf).await? {
            0 => return stream.finish().await,
            count => println!("{}", buf[..count].escape_ascii()),
        }
    }
}
