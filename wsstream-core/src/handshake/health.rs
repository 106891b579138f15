//! Health checks of load balancers: RFC 9110 §9.3.1, §9.3.2 and §9.3.7.

use super::{Request, ServerConfig};

/// Requests that ask whether the server is up.
impl Request {
    /// Whether a load balancer asks how the server is: see [`ServerConfig::health_path`].
    ///
    /// [`accept`](Self::accept) then fails with [`HandshakeError::HealthCheck`](super::HandshakeError::HealthCheck),
    /// whose response has status 200. Answer 503 while you shut down.
    ///
    /// ```
    /// # use wsstream_core::handshake::{Acceptor, ServerConfig};
    /// let server = ServerConfig::stream().health_path("/health");
    /// let mut input = &b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"[..];
    /// let request = Acceptor::new(&server).receive(&mut input)?.unwrap();
    /// assert!(request.is_health_check(&server));
    /// let error = request.accept(&server).unwrap_err();
    /// assert!(error.response().starts_with(b"HTTP/1.1 200 OK\r\n"));
    /// # Ok::<_, wsstream_core::handshake::HandshakeError>(())
    /// ```
    #[must_use]
    pub fn is_health_check(&self, server: &ServerConfig) -> bool {
        let Some(path) = server.health() else {
            return false;
        };
        let asks = match (self.method(), self.target()) {
            ("GET" | "HEAD", _) => self.path() == path,
            // HAProxy's `option httpchk` asks for `/` or `*` if it is told nothing else.
            ("OPTIONS", "/" | "*") => true,
            ("OPTIONS", _) => self.path() == path,
            _ => false,
        };
        // What is meant to be a WebSocket is answered as one, also if a proxy has spoilt it.
        asks && self.is_plain()
    }
}

#[cfg(test)]
mod tests;
