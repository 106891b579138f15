//! A client's side of the opening handshake, asking and checking the answer: RFC 6455 §4.1.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::body::Body;
use super::client::ClientConfig;
use super::error::HandshakeError;
use super::head::{Deadline, Head, Kind};
use super::key::{KEY_FIELD, accept_key};
use super::lookup::{malformed, required};
use super::negotiation::Agreed;
use super::origin;
use super::refusal::push_field;
use super::response::Response;
use super::syntax::{contains, excerpt, values};
use crate::{Seed, Timestamp, Url};

/// A handshake of a client: send [`request`](Self::request), hand in what comes back.
pub struct Connecting {
    client: ClientConfig,
    request: Vec<u8>,
    accept: String,
    deadline: Deadline,
    interim: usize,
    state: State,
}

enum State {
    Head(Head),
    /// The server refused, and says more.
    Body(Response, Body),
    Done,
}

/// The server accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connected {
    /// The 101.
    pub response: Response,
    /// What was agreed.
    pub agreed: Agreed,
}

impl ClientConfig {
    /// Begins a handshake. The nonce comes from `seed`.
    #[must_use]
    pub fn connect(&self, url: &Url, seed: &Seed) -> Connecting {
        Connecting::new(self.clone(), url, seed.nonce())
    }
}

impl Connecting {
    fn new(client: ClientConfig, url: &Url, nonce: [u8; 16]) -> Self {
        let key = STANDARD.encode(nonce);
        Self {
            request: request(&client, url, &key),
            accept: accept_key(key.as_bytes()),
            deadline: Deadline::new(client.handshake_timeout),
            client,
            interim: 0,
            state: State::Head(Head::new(Kind::Response)),
        }
    }

    /// The octets to send. Nothing else may be sent before the server has accepted.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Takes what belongs to the response off the front of `input`, and leaves what follows it: after
    /// a 101, frames.
    ///
    /// `None` as long as the response is not complete. After the result or an error, nothing more is
    /// taken and nothing more comes. Interim responses other than 101 are skipped.
    ///
    /// # Errors
    ///
    /// If the octets are no response, if it does not accept as §4.1 says, or if it refuses:
    /// [`HandshakeError::Refused`], with the start of its body.
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Connected>, HandshakeError> {
        loop {
            match core::mem::replace(&mut self.state, State::Done) {
                State::Head(mut head) => {
                    if !head.receive(input)? {
                        self.state = State::Head(head);
                        return Ok(None);
                    }
                    let response = Response::new(head.into_response()?);
                    match response.status() {
                        101 => {
                            let agreed = self.check(&response)?;
                            return Ok(Some(Connected { response, agreed }));
                        }
                        // RFC 9110 §15.2: interim responses come before the final one.
                        100..=199 => {
                            self.interim += 1;
                            if self.interim > MAX_INTERIM {
                                return Err(HandshakeError::TooManyInterimResponses);
                            }
                            self.state = State::Head(Head::new(Kind::Response));
                        }
                        _ => {
                            let body = Body::of(&response);
                            self.state = State::Body(response, body);
                        }
                    }
                }
                State::Body(response, mut body) => {
                    if body.receive(input) {
                        return Err(refused(response, body));
                    }
                    self.state = State::Body(response, body);
                    return Ok(None);
                }
                State::Done => return Ok(None),
            }
        }
    }

    /// The transport has ended: the server's refusal, as far as it came, or
    /// [`HandshakeError::UnexpectedEof`].
    pub fn recv_eof(&mut self) -> HandshakeError {
        self.end(HandshakeError::UnexpectedEof)
    }

    /// Tells the time; says when to tell it again. The first call starts the clock.
    ///
    /// # Errors
    ///
    /// When the response is not complete in time: the server's refusal, as far as it came, or
    /// [`HandshakeError::TimedOut`].
    pub fn poll_time(&mut self, now: Timestamp) -> Result<Timestamp, HandshakeError> {
        match self.deadline.poll(now) {
            Some(at) => Ok(at),
            None => Err(self.end(HandshakeError::TimedOut)),
        }
    }

    fn end(&mut self, error: HandshakeError) -> HandshakeError {
        match core::mem::replace(&mut self.state, State::Done) {
            State::Body(response, body) => refused(response, body),
            State::Head(_) | State::Done => error,
        }
    }

    /// What §4.1 asks of a 101. Its `Content-Length` and `Transfer-Encoding` mean nothing (RFC 9110
    /// §8.6, RFC 9112 §6.1), and some servers send them: they are ignored.
    fn check(&self, response: &Response) -> Result<Agreed, HandshakeError> {
        if !response.is_http_1_1() {
            return Err(HandshakeError::UnsupportedHttpVersion("HTTP/1.0".into()));
        }
        let fields = || response.headers().iter();
        // Item 2: the value is websocket, and nothing else.
        let upgrade = required(fields(), "Upgrade")?;
        if !upgrade.eq_ignore_ascii_case(b"websocket") {
            return Err(malformed("Upgrade", upgrade));
        }
        // Item 3: Connection contains upgrade.
        if !contains(values(fields(), "Connection"), "Upgrade") {
            return Err(match response.headers().get("Connection") {
                Some(value) => malformed("Connection", value),
                None => HandshakeError::MissingField("Connection"),
            });
        }
        // Item 4: the server has read our key.
        let accept = required(fields(), "Sec-WebSocket-Accept")?;
        if accept != self.accept.as_bytes() {
            return Err(HandshakeError::WrongAccept(excerpt(accept)));
        }
        // Items 5 and 6.
        self.client.confirm(fields())
    }
}

/// Without the request, which may have credentials in it.
impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Head(_) => "Head",
            State::Body(..) => "Body",
            State::Done => "Done",
        };
        f.debug_struct("Connecting")
            .field("client", &self.client)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

/// §4.1, the requirements on the request. Every value has been checked when it was set.
fn request(client: &ClientConfig, url: &Url, key: &str) -> Vec<u8> {
    let mut head = Vec::with_capacity(256);
    for part in ["GET ", url.resource(), " HTTP/1.1\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
    push_field(
        &mut head,
        "Host",
        client.host.as_deref().unwrap_or_else(|| url.authority()),
    );
    push_field(&mut head, "Upgrade", "websocket");
    push_field(&mut head, "Connection", "Upgrade");
    push_field(&mut head, KEY_FIELD, key);
    for (name, value) in client.fields() {
        push_field(&mut head, name, &value);
    }
    if let Some(origin) = &client.origin {
        push_field(&mut head, origin::FIELD, origin);
    }
    match url.authorization() {
        Some(value) if !client.fields.contains("Authorization") => {
            push_field(&mut head, "Authorization", value);
        }
        _ => {}
    }
    for (name, value) in client.fields.iter() {
        push_field(&mut head, name, value);
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn refused(mut response: Response, body: Body) -> HandshakeError {
    response.set_body(body.into_octets());
    HandshakeError::Refused(Box::new(response))
}

/// Nobody needs one; 100, 102 and 103 together are three.
const MAX_INTERIM: usize = 8;

#[cfg(test)]
mod tests;
