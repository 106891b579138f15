//! Everything that one does with a `TcpStream`, with a stream over WebSocket: `tcp_stream URL`.
//!
//! The other end is any echo service behind `relay`. (`relay` alone, without a target, has one.)

use std::error::Error;
use std::io;
use std::time::Duration;

use futures_util::{SinkExt, TryStreamExt};
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream, copy, copy_bidirectional, duplex,
    split,
};
use tokio::time::timeout;
use tokio_util::codec::{Framed, LinesCodec};
use wsstream_tokio::{WsStream, connect};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: tcp_stream URL")?;
    addresses_and_options(connect(&url).await?).await?;
    buffered_lines(connect(&url).await?).await?;
    borrowed_halves(&mut connect(&url).await?).await?;
    owned_halves(connect(&url).await?).await?;
    half_close(connect(&url).await?).await?;
    time_limit(connect(&url).await?).await?;
    forwarding(connect(&url).await?).await?;
    codec(connect(&url).await?).await
}

async fn addresses_and_options(mut stream: WsStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let is_local = stream
        .peer_addr()?
        .tcp()
        .is_some_and(|peer| peer.ip().is_loopback());
    println!(
        "addresses: {is_local}, {}",
        stream.local_addr()?.tcp().is_some()
    );
    // The TCP connection has what else there is.
    let tcp = stream.get_ref().tcp().ok_or(io::ErrorKind::Unsupported)?;
    tcp.get_ref().set_ttl(64)?;
    println!(
        "options: {}, {}",
        tcp.get_ref().nodelay()?,
        tcp.get_ref().ttl()?
    );
    stream.finish().await
}

async fn buffered_lines(stream: WsStream) -> io::Result<()> {
    let mut stream = BufStream::new(stream);
    stream.write_all(b"one\ntwo\n").await?;
    stream.flush().await?;
    let mut lines = (&mut stream).lines();
    println!(
        "lines: {:?}, {:?}",
        lines.next_line().await?,
        lines.next_line().await?
    );
    stream.into_inner().finish().await
}

async fn borrowed_halves(stream: &mut WsStream) -> io::Result<()> {
    let (mut read, mut write) = split(&mut *stream);
    let mut echo = [0; 4];
    let (written, received) = tokio::join!(write.write_all(b"echo"), read.read_exact(&mut echo));
    written?;
    println!("borrowed halves: {} octets", received?);
    stream.finish().await
}

async fn owned_halves(stream: WsStream) -> Result<(), Box<dyn Error>> {
    let (mut read, mut write) = stream.into_split();
    let writing = tokio::spawn(async move {
        write.write_all(&[7; 1_000_000]).await?;
        write.shutdown().await?;
        io::Result::Ok(write)
    });
    let mut echo = Vec::new();
    read.read_to_end(&mut echo).await?;
    println!("owned halves: {} octets", echo.len());
    let mut stream = read.reunite(writing.await??)?;
    Ok(stream.finish().await?)
}

async fn half_close(mut stream: WsStream) -> io::Result<()> {
    stream.write_all(b"a question").await?;
    stream.shutdown().await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    println!("half close: {reply}");
    stream.finish().await
}

async fn time_limit(mut stream: WsStream) -> io::Result<()> {
    let late = timeout(Duration::from_millis(50), stream.read_u32()).await;
    // Nothing is lost with a future that is dropped.
    stream.write_u32(42).await?;
    println!(
        "time limit: {}, then {}",
        late.is_err(),
        stream.read_u32().await?
    );
    stream.finish().await
}

async fn forwarding(mut stream: WsStream) -> io::Result<()> {
    let (mut inner, outer) = duplex(1024);
    let forwarding = tokio::spawn(async move {
        let carried = copy_bidirectional(&mut inner, &mut stream).await?;
        stream.finish().await?;
        io::Result::Ok(carried)
    });
    let (mut read, mut write) = split(outer);
    write.write_all(b"there and back").await?;
    write.shutdown().await?;
    let received = copy(&mut read, &mut tokio::io::sink()).await?;
    println!("forwarding: {received} of {:?} octets", forwarding.await??);
    Ok(())
}

async fn codec(stream: WsStream) -> Result<(), Box<dyn Error>> {
    let mut framed = Framed::new(stream, LinesCodec::new());
    framed.send("a frame").await?;
    println!("codec: {:?}", framed.try_next().await?);
    Ok(framed.into_inner().finish().await?)
}
