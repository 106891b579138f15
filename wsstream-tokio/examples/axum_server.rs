//! WebSocket at one route of an axum server, beside its others: `axum_server [HOST:PORT]`.
//!
//! `/` is an ordinary page, `/tunnel` echoes a byte stream. It can be reached with HTTP/1.1 (RFC 6455
//! §4.2) and with HTTP/2 (RFC 8441). With hyper and without axum, `tunnel` is the same.

use std::io;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, response};
use axum::response::Response;
use axum::routing::{any, get};
use clap::Parser;
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{copy, split};
use tokio::net::TcpListener;
use wsstream_tokio::{HandshakeError, Io, Negotiated, ServerConfig, Upgraded};

/// Serves a page, and a byte stream over WebSocket.
#[derive(Parser)]
struct Args {
    /// Where to listen.
    #[arg(default_value = "localhost:8080")]
    address: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind(Args::parse().address).await?;
    println!("listening on {}", listener.local_addr()?);
    let router = Router::new()
        .route("/", get(async || "the tunnel is at /tunnel\n"))
        .route("/tunnel", any(tunnel));
    axum::serve(listener, router).await
}

/// Decides at once, and takes the connection when the answer has left.
async fn tunnel(mut request: Request) -> Response {
    let config = ServerConfig::stream();
    let (negotiated, answer) = match negotiate(&config, &request) {
        Ok(accepted) => accepted,
        Err(error) => return refuse(&error),
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Err(error) = echo(upgrade, negotiated).await {
            eprintln!("{error}");
        }
    });
    respond(answer, Body::empty())
}

/// What is agreed on, and the answer that says so.
fn negotiate(
    server: &ServerConfig,
    request: &Request,
) -> Result<(Negotiated, response::Builder), HandshakeError> {
    let headers = request.headers().iter();
    let mut fields: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let (status, negotiated, answer) = if let Some(protocol) =
        request.extensions().get::<Protocol>()
    {
        // RFC 8441 §4, §5: CONNECT with `:protocol`, no key, and an answer like any other.
        if protocol.as_str() != "websocket" {
            return Err(HandshakeError::UpgradeNotRequested);
        }
        if let Some(authority) = request.uri().authority() {
            fields.push(("host", authority.as_str().as_bytes()));
        }
        let negotiated = server.negotiate(fields)?;
        let answer = negotiated.agreed().fields();
        (StatusCode::OK, negotiated, answer)
    } else {
        let (negotiated, answer) = server.negotiate_upgrade(request.method().as_str(), fields)?;
        (StatusCode::SWITCHING_PROTOCOLS, negotiated, answer)
    };
    let mut response = Response::builder().status(status);
    for (name, value) in answer {
        response = response.header(name, value);
    }
    Ok((negotiated, response))
}

fn refuse(error: &HandshakeError) -> Response {
    let Some(refusal) = error.refusal() else {
        return respond(Response::builder().status(400), Body::empty());
    };
    let mut answer = Response::builder().status(refusal.status());
    for (name, value) in refusal.fields() {
        answer = answer.header(name, value);
    }
    respond(answer, Body::from(refusal.content().to_vec()))
}

fn respond(answer: response::Builder, body: Body) -> Response {
    answer.body(body).unwrap_or_else(|error| {
        eprintln!("{error}");
        let mut answer = Response::default();
        *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        answer
    })
}

/// What the connection is for. hyper has what came behind the handshake, and gives it first.
async fn echo(upgrade: OnUpgrade, negotiated: Negotiated) -> io::Result<()> {
    let io = Io::new(TokioIo::new(upgrade.await.map_err(io::Error::other)?));
    let mut stream = Upgraded::new(io, negotiated, Vec::new()).into_stream();
    let (mut read, mut write) = split(&mut stream);
    copy(&mut read, &mut write).await?;
    stream.finish().await
}
