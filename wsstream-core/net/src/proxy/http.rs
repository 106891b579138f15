//! HTTP CONNECT: RFC 9110 §9.3.6.

use std::fmt;

use super::ProxyError;
use crate::octets::Octets;

/// Asks a proxy for a tunnel. What is received behind its answer is the other end's.
pub(super) struct ProxyConnect {
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl ProxyConnect {
    /// The most octets that it [wants](Self::wants) at once.
    pub(super) const MOST: usize = END.len();

    /// A tunnel to a host, a name or an address without brackets, and a port.
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

    /// What is to be sent.
    pub(super) fn request(&self) -> &[u8] {
        &self.request
    }

    /// How many octets may be read for the answer, 1 to [`MOST`](Self::MOST): more may not be part of it.
    pub(super) fn wants(&self) -> usize {
        let missing = |len: &usize| self.answer.ends_with(&END[..*len]);
        END.len() - (1..END.len()).rev().find(missing).unwrap_or(0)
    }

    /// Takes what was read, as many octets as it [wants](Self::wants) at most; whether the tunnel is there.
    ///
    /// # Errors
    ///
    /// If the proxy refuses, or what it says is no answer. No octets are the end, which is an error too.
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

/// Without request and answer: the password is in the one, and may be in the other.
impl fmt::Debug for ProxyConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyConnect")
            .field("request", &Octets::of(&self.request))
            .field("answer", &Octets::of(&self.answer))
            .finish()
    }
}

const END: &[u8] = b"\r\n\r\n";
const MAX_ANSWER: usize = 16 << 10;
const MAX_FIELDS: usize = 100;
