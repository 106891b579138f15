//! WebSocket at a route of an axum server (feature `axum`).
//!
//! ```no_run
//! use axum::Router;
//! use axum::response::Response;
//! use axum::routing::any;
//! use tokio::io::{copy, split};
//! use wsstream_tokio::axum::WsStreamUpgrade;
//!
//! # async fn serve(tcp: tokio::net::TcpListener) -> std::io::Result<()> {
//! async fn echo(upgrade: WsStreamUpgrade) -> Response {
//!     upgrade.on_upgrade(|mut stream| async move {
//!         let (mut read, mut write) = split(&mut stream);
//!         if copy(&mut read, &mut write).await.is_ok() {
//!             let _ = stream.finish().await;
//!         }
//!     })
//! }
//!
//! // With `any`, over HTTP/2 too, where a WebSocket is asked for by CONNECT.
//! let router = Router::new().route("/echo", any(echo));
//! axum::serve(tcp, router).await
//! # }
//! ```
//!
//! A [`Tracker`] makes a graceful shutdown of it.

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use wsstream_core::http::Request;
use wsstream_core::http::request::Parts;

use crate::{Io, Refusal, ServerConfig, Tracker, Upgraded, WsStream};

/// What carries the WebSocket: a connection that hyper has upgraded, or a stream of HTTP/2.
///
/// ```
/// use tokio::io::AsyncWriteExt;
/// use wsstream_tokio::WsStream;
/// use wsstream_tokio::axum::HttpIo;
///
/// async fn greet(mut stream: WsStream<HttpIo>) -> std::io::Result<()> {
///     stream.write_all(b"hello").await?;
///     stream.finish().await
/// }
/// ```
pub type HttpIo = Io<TokioIo<hyper::upgrade::Upgraded>>;

/// A request for a WebSocket, as an extractor. Decide, and return what [`on_upgrade`](Self::on_upgrade) gives as the
/// response.
///
/// It is rejected, with status 405 or 426, if the request asks for no WebSocket.
///
/// ```
/// use axum::response::Response;
/// use tokio::io::AsyncWriteExt;
/// use wsstream_tokio::ServerConfig;
/// use wsstream_tokio::axum::WsStreamUpgrade;
///
/// async fn mqtt(upgrade: WsStreamUpgrade) -> Response {
///     let config = ServerConfig::stream().subprotocols(["mqtt"]).unwrap_or_default();
///     upgrade.config(config).on_upgrade(|mut stream| async move {
///         let _ = stream.write_all(b"hello").await;
///     })
/// }
/// ```
#[derive(Debug)]
pub struct WsStreamUpgrade {
    request: Request<()>,
    connection: OnUpgrade,
    config: ServerConfig,
    tracker: Option<Tracker>,
}

impl WsStreamUpgrade {
    /// Which subprotocols, origins and so on are accepted, and how the connection behaves. By default those of
    /// [`ServerConfig::stream`]. Clones of one configuration share a budget of memory for compression, so keep one in the
    /// state of the application.
    #[must_use]
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// Counts the connection with a tracker, which ends it gracefully. Once the tracker shuts down, requests are refused
    /// with status 503.
    #[must_use]
    pub fn tracker(mut self, tracker: &Tracker) -> Self {
        self.tracker = Some(tracker.clone());
        self
    }

    /// Accepts the request as the configuration says, and returns the response; or the response that refuses it. `serve` runs
    /// in a task of its own once the response has left, unless the client goes before.
    pub fn on_upgrade<F, Served>(self, serve: F) -> Response
    where
        F: FnOnce(WsStream<HttpIo>) -> Served + Send + 'static,
        Served: Future<Output = ()> + Send + 'static,
    {
        self.upgraded(|upgraded| serve(upgraded.into_stream()))
    }

    /// As [`on_upgrade`](Self::on_upgrade), for [whole messages](Upgraded::into_websocket) too, and to look at what was
    /// agreed on.
    pub fn upgraded<F, Served>(self, serve: F) -> Response
    where
        F: FnOnce(Upgraded<HttpIo>) -> Served + Send + 'static,
        Served: Future<Output = ()> + Send + 'static,
    {
        let Self {
            request,
            connection,
            config,
            tracker,
        } = self;
        if let Some(refusal) = tracker
            .as_ref()
            .and_then(|tracker| tracker.check().err()?.refusal())
        {
            return refusal.to_http().map(Body::from);
        }
        match config.upgrade(&request) {
            Ok((response, negotiated)) => {
                tokio::spawn(async move {
                    let Ok(io) = connection.await else {
                        // The client has gone.
                        return;
                    };
                    let io = Io::new(TokioIo::new(io));
                    let mut upgraded = Upgraded::new(io, negotiated, Vec::new());
                    if let Some(tracker) = &tracker {
                        upgraded = upgraded.tracked(tracker);
                    }
                    serve(upgraded).await;
                });
                response.map(|()| Body::empty())
            }
            Err(refused) => refused.map(Body::from),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for WsStreamUpgrade {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let mut request = Request::new(());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = parts.uri.clone();
        *request.version_mut() = parts.version;
        *request.headers_mut() = parts.headers.clone();
        let config = ServerConfig::stream();
        let Some(connection) = parts.extensions.remove::<OnUpgrade>() else {
            // Nobody has asked for an upgrade, or the server was not told to allow it.
            let refused = config.upgrade(&request).err();
            let refused = refused.unwrap_or_else(|| Refusal::new(426).to_http());
            return Err(refused.map(Body::from));
        };
        Ok(Self {
            request,
            connection,
            config,
            tracker: None,
        })
    }
}
