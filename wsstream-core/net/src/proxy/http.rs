//! HTTP CONNECT: RFC 9110 §9.3.6.

use std::fmt;

use super::ProxyError;

/// Requests a tunnel from a proxy. Octets behind the proxy's response belong to the tunnel.
pub(super) struct ProxyConnect {
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl ProxyConnect {
    /// The most octets that it [wants](Self::wants) at once.
    pub(super) const MOST: usize = END.len();

    /// A tunnel to a port of a host, which is a name or an address without brackets.
    pub(super) fn new(authorization: Option<&str>, host: &str, port: u16) -> Self {
        let authority = if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(authorization) = authorization {
            request += &format!("Proxy-Authorization: {authorization}\r\n");
        }
        request += "\r\n";
        Self {
            request: request.into_bytes(),
            answer: Vec::new(),
        }
    }

    /// The request to send.
    pub(super) fn request(&self) -> &[u8] {
        &self.request
    }

    /// How many octets of the response to read next, 1 to [`MOST`](Self::MOST). More might not be part
    /// of it.
    pub(super) fn wants(&self) -> usize {
        let missing = |len: &usize| self.answer.ends_with(&END[..*len]);
        END.len() - (1..END.len()).rev().find(missing).unwrap_or(0)
    }

    /// Takes octets of the response, at most as many as it [wants](Self::wants). Returns whether the
    /// tunnel is open.
    ///
    /// # Errors
    ///
    /// If the proxy refuses, or its response is malformed. An empty slice means the end of the socket,
    /// which is also an error.
    pub(super) fn receive(&mut self, octets: &[u8]) -> Result<bool, ProxyError> {
        self.answer.extend_from_slice(octets);
        if octets.is_empty() || self.answer.len() > MAX_ANSWER {
            return Err(ProxyError::Malformed);
        }
        if !self.answer.ends_with(END) {
            return Ok(false);
        }
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let parsed = response.parse(&self.answer);
        match (parsed, response.code) {
            (Ok(httparse::Status::Complete(_)), Some(200..=299)) => Ok(true),
            (Ok(httparse::Status::Complete(_)), Some(status)) => Err(ProxyError::Refused(status)),
            _ => Err(ProxyError::Malformed),
        }
    }
}

/// Omits the request, which contains the password, and the response, which may contain it.
impl fmt::Debug for ProxyConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyConnect").finish_non_exhaustive()
    }
}

const END: &[u8] = b"\r\n\r\n";
const MAX_ANSWER: usize = 16 << 10;
const MAX_FIELDS: usize = 100;
