//! WebSocket in a server of hyper's, without axum: `hyper_upgrade_server [HOST:PORT]`.
//!
//! It echoes byte streams over HTTP/1.1 (RFC 6455 §4.2) and over HTTP/2 (RFC 8441).

use std::{env, io};

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{copy, split};
use tokio::net::TcpListener;
use wsstream_tokio::{Io, ServerConfig, Upgraded};

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("localhost:8080")).await?;
    println!("listening on {}", listener.local_addr()?);
    let config = ServerConfig::stream();
    let mut http = Builder::new(TokioExecutor::new());
    http.http2().enable_connect_protocol();
    loop {
        let tcp = TokioIo::new(listener.accept().await?.0);
        let (http, config) = (http.clone(), config.clone());
        let service = service_fn(move |request| answer(request, config.clone()));
        tokio::spawn(async move { http.serve_connection_with_upgrades(tcp, service).await });
    }
}

type Answer = hyper::Result<Response<String>>;

async fn answer(mut request: Request<Incoming>, config: ServerConfig) -> Answer {
    let (response, negotiated) = match config.upgrade(&request) {
        Ok(accepted) => accepted,
        Err(refused) => return Ok(refused),
    };
    tokio::spawn(async move {
        if let Ok(io) = hyper::upgrade::on(&mut request).await {
            let upgraded = Upgraded::new(Io::new(TokioIo::new(io)), negotiated, Vec::new());
            let (mut read, mut write) = split(upgraded.into_stream());
            let _ = copy(&mut read, &mut write).await;
            let _ = read.unsplit(write).finish().await;
        }
    });
    Ok(response.map(|()| String::new()))
}
