//! HTTP over WebSocket: hyper's server, unmodified, on streams of ours. `hyper_server [HOST:PORT]`.
//!
//! `hyper_client` is the other end. For a server that has WebSocket at one of its routes, see
//! `axum_server`.

use std::io;

use clap::Parser;
use hyper::body::Incoming as Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use wsstream_tokio::{Incoming, Listener, ServerConfig};

/// Serves HTTP over WebSocket, and answers each request with its own body.
#[derive(Parser)]
struct Args {
    /// Where to listen.
    #[arg(default_value = "localhost:9000")]
    address: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut listener = Listener::bind(Args::parse().address, ServerConfig::stream()).await?;
    if let Some(address) = listener.local_addr().tcp() {
        println!("listening on {address}");
    }
    while let Some(incoming) = listener.accept().await {
        tokio::spawn(async move {
            if let Err(error) = serve(incoming).await {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// One stream, which is one connection of HTTP/1.1.
async fn serve(incoming: Incoming) -> io::Result<()> {
    let stream = incoming.accept().await?;
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await
        .map_err(io::Error::other)
}

async fn answer(request: Request<Body>) -> hyper::Result<Response<Body>> {
    println!("{} {}", request.method(), request.uri());
    Ok(Response::new(request.into_body()))
}
