//! Receiving the final response to a request: RFC 9110 §15, RFC 9112 §4 and §6.

use core::fmt;
use core::time::Duration;

use super::body::Body;
use super::error::HandshakeError;
use super::head::{Deadline, Head, Kind};
use super::response::Response;
use crate::Timestamp;

/// Receives the final response to a request: skips interim responses, collects the head and, of a response that
/// refuses, the start of its body.
///
/// [`Connecting`](super::Connecting) has one. Use it alone for a request to a proxy.
///
/// ```
/// use wsstream_core::handshake::ResponseReader;
///
/// let mut reader = ResponseReader::tunnel(16 << 10);
/// let mut input = &b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n"[..];
/// let response = reader.receive(&mut input)?.unwrap();
/// assert_eq!(response.status(), 200);
/// assert_eq!(input, b"SSH-2.0-x\r\n");
/// # Ok::<_, wsstream_core::handshake::HandshakeError>(())
/// ```
pub struct ResponseReader {
    opens: fn(u16) -> bool,
    max_head: usize,
    interim: usize,
    /// The time of what may be without an end: the body of a refusal, and an answer that is not HTTP.
    deadline: Deadline,
    state: State,
}

enum State {
    Head(Head),
    /// The response refuses, and its body is coming in.
    Body(Response, Body),
    Done,
}

impl ResponseReader {
    /// For a request to upgrade. A 101 opens the connection: what follows its head is not of HTTP.
    #[must_use]
    pub const fn upgrade(max_head: usize) -> Self {
        Self::new(|status| status == 101, max_head)
    }

    /// For a CONNECT request. Any 2xx opens the tunnel, and what follows its head has passed the tunnel (RFC 9110
    /// §9.3.6).
    #[must_use]
    pub const fn tunnel(max_head: usize) -> Self {
        Self::new(|status| matches!(status, 200..=299), max_head)
    }

    const fn new(opens: fn(u16) -> bool, max_head: usize) -> Self {
        Self {
            opens,
            max_head,
            interim: 0,
            deadline: Deadline::new(BODY_TIME),
            state: State::Head(Head::new(Kind::Response, max_head)),
        }
    }

    /// How many octets you can read at most without reading behind the head of a response that opens. At least 1.
    #[must_use]
    pub const fn wants(&self) -> usize {
        match &self.state {
            State::Head(head) => head.least_missing(),
            State::Body(..) | State::Done => usize::MAX,
        }
    }

    /// Takes the response off the front of `input`, and leaves the octets after it.
    ///
    /// Returns `None` until the response is complete. After the result or an error, it takes nothing
    /// more and returns `None`.
    ///
    /// # Errors
    ///
    /// If the octets are not a response, or the head is too large.
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Response>, HandshakeError> {
        loop {
            match core::mem::replace(&mut self.state, State::Done) {
                State::Head(mut head) => {
                    if !head.receive(input)? {
                        self.state = State::Head(head);
                        return Ok(None);
                    }
                    let response = Response::new(head.into_response()?);
                    match response.status() {
                        status if (self.opens)(status) => return Ok(Some(response)),
                        // RFC 9110 §15.2: interim responses come before the final one.
                        100..=199 => {
                            self.interim += 1;
                            if self.interim > MAX_INTERIM {
                                return Err(HandshakeError::TooManyInterimResponses);
                            }
                            self.state = State::Head(Head::new(Kind::Response, self.max_head));
                        }
                        _ => {
                            let body = Body::of(&response);
                            self.state = State::Body(response, body);
                        }
                    }
                }
                State::Body(mut response, mut body) => {
                    if body.receive(input) {
                        response.set_body(body.into_octets());
                        return Ok(Some(response));
                    }
                    self.state = State::Body(response, body);
                    return Ok(None);
                }
                State::Done => return Ok(None),
            }
        }
    }

    /// When to [`end`](Self::end) it: 200 ms after the first call that follows the head of a response that refuses, or
    /// first octets that cannot begin a response. The status matters more than the body, which may have no end.
    /// `None` before.
    pub fn body_deadline(&mut self, now: Timestamp) -> Option<Timestamp> {
        let is_due = match &self.state {
            State::Body(..) => true,
            State::Head(head) => head.is_foreign(),
            State::Done => false,
        };
        is_due.then(|| self.deadline.poll(now).unwrap_or(now))
    }

    /// Ends it: the transport has ended, or its time. Returns the response that refuses, as far as it arrived, if its
    /// head did.
    ///
    /// # Errors
    ///
    /// If what has arrived cannot be the beginning of a response.
    pub fn end(&mut self) -> Result<Option<Response>, HandshakeError> {
        match core::mem::replace(&mut self.state, State::Done) {
            State::Body(mut response, body) => {
                response.set_body(body.into_octets());
                Ok(Some(response))
            }
            State::Head(head) => head.foreign().map_or(Ok(None), Err),
            State::Done => Ok(None),
        }
    }
}

/// Omits what was received.
impl fmt::Debug for ResponseReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Head(_) => "Head",
            State::Body(..) => "Body",
            State::Done => "Done",
        };
        f.debug_struct("ResponseReader")
            .field("max_head", &self.max_head)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

/// A server needs at most three: 100, 102 and 103.
const MAX_INTERIM: usize = 8;

/// How long the body of a refusal may take, or the name of another protocol.
const BODY_TIME: Duration = Duration::from_millis(200);
