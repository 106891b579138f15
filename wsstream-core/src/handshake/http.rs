//! The opening handshake of requests and responses of the [`http`] crate, which hyper, axum and others have: RFC 6455 §4
//! on HTTP/1.1, RFC 8441 on HTTP/2 and RFC 9220 on HTTP/3.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri, Version};

use super::connecting::check_upgraded;
use super::key::{KEY_FIELD, accept_key};
use super::lookup::single;
use super::negotiation::check_version;
use super::request::check_no_body;
use super::syntax::excerpt;
use super::upgrade::{answer, check_method, check_upgrade};
use super::{ClientConfig, HandshakeError, Negotiated, Refusal, ResponseReader, ServerConfig};
use crate::{Seed, Url};

/// Handshakes of requests that an HTTP library has read.
impl ServerConfig {
    /// Decides on a request. Returns the response that accepts, and what was negotiated; or the response that refuses.
    ///
    /// It does what [`Request::accept`](super::Request::accept) does: it checks the path, the origin, the host and so
    /// on. Over HTTP/1.1 the response is a 101. Over HTTP/2 and HTTP/3 the request is an extended CONNECT, and the
    /// response a 200.
    ///
    /// ```
    /// # use wsstream_core::handshake::ServerConfig;
    /// let request = http::Request::get("/tunnel")
    ///     .header("Host", "localhost")
    ///     .header("Upgrade", "websocket")
    ///     .header("Connection", "Upgrade")
    ///     .header("Sec-WebSocket-Version", "13")
    ///     .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    ///     .body(())?;
    /// let (response, negotiated) = ServerConfig::stream().path("/tunnel").upgrade(&request).unwrap();
    /// assert_eq!(response.status(), 101);
    /// // Send the response, and open the connection that the HTTP library gives up: in the adapters, with
    /// // `Upgraded::new(Io::new(io), negotiated, Vec::new()).into_stream()`.
    /// # Ok::<_, http::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The response to send.
    #[expect(
        clippy::result_large_err,
        reason = "both are responses, and there is one for a connection"
    )]
    pub fn upgrade<B>(
        &self,
        request: &Request<B>,
    ) -> Result<(Response<()>, Negotiated), Response<String>> {
        self.decide(request)
            .map_err(|error| refusal(&error.refusal().unwrap_or_else(|| Refusal::new(400))))
    }

    fn decide<B>(
        &self,
        request: &Request<B>,
    ) -> Result<(Response<()>, Negotiated), HandshakeError> {
        if request.version() < Version::HTTP_11 {
            return Err(HandshakeError::Http10);
        }
        let (headers, uri) = (request.headers(), request.uri());
        let fields = fields(headers);
        let fields = fields.iter().copied();
        let key = if request.version() == Version::HTTP_11 {
            check_method(request.method().as_str())?;
            check_no_body(fields.clone())?;
            Some(check_upgrade(fields.clone())?)
        } else {
            // RFC 8441 §4: a CONNECT with a path is an extended one. Nobody but a WebSocket sends the field that is then
            // checked, whatever `:protocol` was.
            if request.method() != Method::CONNECT || uri.path_and_query().is_none() {
                return Err(HandshakeError::UpgradeNotRequested);
            }
            check_version(fields.clone())?;
            None
        };
        if !self.serves(uri.path()) {
            let path = excerpt(uri.path().as_bytes());
            return Err(HandshakeError::UnknownPath(path));
        }
        // RFC 9112 §3.2.2, RFC 9113 §8.3.1: the authority counts, if there is one.
        let host = match uri.authority() {
            Some(authority) => Some(authority.as_str().as_bytes()),
            None => single(fields.clone(), "Host")?,
        };
        let host = host.and_then(|host| core::str::from_utf8(host).ok());
        let negotiated = self.agree(fields, host)?;
        let (status, answer) = match key {
            Some(key) => (
                StatusCode::SWITCHING_PROTOCOLS,
                answer(key, negotiated.agreed()),
            ),
            None => (StatusCode::OK, negotiated.agreed().fields()),
        };
        let mut response = Response::new(());
        *response.status_mut() = status;
        for (name, value) in &answer {
            push(response.headers_mut(), name, value);
        }
        for (name, value) in self.fields.iter() {
            push(response.headers_mut(), name, value);
        }
        Ok((response, negotiated))
    }
}

/// Handshakes of requests that an HTTP library sends.
impl ClientConfig {
    /// The request for a URL. The nonce and later the masking keys come from `seed`, which must not be used for anything
    /// else.
    ///
    /// With `HTTP_11` its target is the path, and the host is in its fields. Otherwise it is an extended CONNECT (RFC
    /// 8441) to a URL of `http` or `https`; the library has to add `:protocol`, which hyper has an extension for:
    /// `hyper::ext::Protocol::from_static("websocket")`.
    ///
    /// ```
    /// # use wsstream_core::handshake::ClientConfig;
    /// # use wsstream_core::{Seed, Url};
    /// let (url, seed) = (Url::parse("ws://localhost/tunnel?a=b")?, Seed::new([7; 32]));
    /// let request = ClientConfig::stream().request(&url, http::Version::HTTP_11, &seed);
    /// assert_eq!((request.uri().path(), &request.headers()["Upgrade"]), ("/tunnel", &"websocket".parse().unwrap()));
    /// # Ok::<_, wsstream_core::InvalidUrl>(())
    /// ```
    #[must_use]
    pub fn request(&self, url: &Url, version: Version, seed: &Seed) -> Request<()> {
        let mut request = Request::new(());
        *request.version_mut() = version;
        let host = self.host.as_deref().unwrap_or_else(|| url.authority());
        let uri = if version == Version::HTTP_11 {
            url.resource().parse()
        } else {
            *request.method_mut() = Method::CONNECT;
            let scheme = if url.is_secure() { "https" } else { "http" };
            let builder = Uri::builder().scheme(scheme).authority(host);
            let uri = builder.path_and_query(url.resource()).build();
            uri.map_err(|_| ()).or_else(|()| url.resource().parse())
        };
        // A URL has been checked more strictly than these are.
        *request.uri_mut() = uri.unwrap_or_default();
        let headers = request.headers_mut();
        if version == Version::HTTP_11 {
            push(headers, "Host", host);
            push(headers, "Upgrade", "websocket");
            push(headers, "Connection", "Upgrade");
            push(headers, KEY_FIELD, &STANDARD.encode(seed.nonce()));
        }
        for (name, value) in self.all_fields(url) {
            push(headers, name, &value);
        }
        request
    }

    /// Checks the response to a [`request`](Self::request) of the same seed.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Refused`] if the status is not 101, or over HTTP/2 not 2xx. Otherwise those of
    /// [`Connecting::receive`](super::Connecting::receive).
    pub fn confirm_response<B>(
        &self,
        response: &Response<B>,
        seed: &Seed,
    ) -> Result<Negotiated, HandshakeError> {
        let is_http1 = response.version() <= Version::HTTP_11;
        let accepts = match is_http1 {
            true => response.status() == StatusCode::SWITCHING_PROTOCOLS,
            false => response.status().is_success(),
        };
        let fields = fields(response.headers());
        if !accepts {
            return Err(refused(response.status(), &fields));
        }
        if response.version() < Version::HTTP_11 {
            return Err(HandshakeError::UnsupportedHttpVersion("HTTP/1.0".into()));
        }
        if is_http1 {
            let key = STANDARD.encode(seed.nonce());
            check_upgraded(fields.iter().copied(), &accept_key(key.as_bytes()))?;
        }
        self.confirm(fields, seed)
    }
}

impl Refusal {
    /// The response for an HTTP library.
    #[must_use]
    pub fn to_http(&self) -> Response<String> {
        refusal(self)
    }
}

fn refusal(refusal: &Refusal) -> Response<String> {
    let body = String::from_utf8_lossy(refusal.content()).into_owned();
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    for (name, value) in refusal.fields() {
        push(response.headers_mut(), name, value);
    }
    if refusal.status() == 426 {
        // RFC 9110 §15.5.22. The library adds `Connection` itself where it is needed.
        push(response.headers_mut(), "Upgrade", "websocket");
    }
    response
}

fn fields(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    let fields = headers.iter();
    fields
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}

/// Names and values have been checked when they were set.
fn push(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (
        HeaderName::from_bytes(name.as_bytes()),
        HeaderValue::from_bytes(value.as_bytes()),
    ) {
        headers.append(name, value);
    }
}

/// The response that refuses, as one that this crate has read. Its body stays with the library.
fn refused(status: StatusCode, fields: &[(&str, &[u8])]) -> HandshakeError {
    let mut head = Vec::from(*b"HTTP/1.1 ");
    head.extend_from_slice(status.as_str().as_bytes());
    head.extend_from_slice(b" \r\n");
    for (name, value) in fields {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    let mut reader = ResponseReader::upgrade(super::MAX_HEAD);
    let read = reader.receive(&mut &*head);
    match read.and_then(|response| response.map_or_else(|| reader.end(), |whole| Ok(Some(whole)))) {
        Ok(Some(response)) => HandshakeError::Refused(Box::new(response)),
        Ok(None) => HandshakeError::UnexpectedEof,
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests;
