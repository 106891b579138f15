//! WebSocket at one route of an axum server, beside its others: `axum_server [HOST:PORT]`.
//!
//! `/` is an ordinary page, `/tunnel` echoes a byte stream. It can be reached with HTTP/1.1 (RFC 6455 §4.2) and with
//! HTTP/2 (RFC 8441). Ctrl-C ends it: streams that are open have 10 seconds, and others are refused.

use std::time::Duration;
use std::{env, io};

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, get};
use tokio::io::{copy, split};
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use wsstream_tokio::axum::WsStreamUpgrade;
use wsstream_tokio::{ServerConfig, Tracker};

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let address = env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("localhost:8080")).await?;
    println!("listening on {}", listener.local_addr()?);
    let tracker = Tracker::new();
    let router = Router::new()
        .route("/", get(async || "the tunnel is at /tunnel\n"))
        .route("/tunnel", any(tunnel))
        .with_state((ServerConfig::stream(), tracker.clone()));
    let ended = async move {
        let _ = ctrl_c().await;
        tracker.shutdown(Duration::from_secs(10)).await;
    };
    axum::serve(listener, router)
        .with_graceful_shutdown(ended)
        .await
}

type Shared = State<(ServerConfig, Tracker)>;

async fn tunnel(State((config, tracker)): Shared, upgrade: WsStreamUpgrade) -> Response {
    let upgrade = upgrade.config(config).tracker(&tracker);
    upgrade.on_upgrade(|mut stream| async move {
        let (mut read, mut write) = split(&mut stream);
        let echoed = copy(&mut read, &mut write).await;
        tracing::info!(?echoed);
        let _ = stream.finish().await;
    })
}
