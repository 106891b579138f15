//! What the layers below [`Error`](crate::Error) say of the system's errors: short words, and what they are about.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

/// An error with a text that says what it is about.
#[derive(Debug)]
pub(crate) struct Context {
    text: String,
    pub(crate) cause: io::Error,
}

impl Context {
    /// Replaces the text of an error. Its kind stays, and so does what [`Cause`](crate::Cause) tells of it.
    pub(crate) fn told(text: String, cause: io::Error) -> io::Error {
        io::Error::new(cause.kind(), Self { text, cause })
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text has the cause; the cause of that may have more to tell.
impl Error for Context {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

/// Adds to a system error what it is about: "/run/s: not permitted".
pub(crate) fn with_context(what: impl fmt::Display, cause: io::Error) -> io::Error {
    Context::told(format!("{what}: {}", short(&cause)), cause)
}

/// A step that took too long.
#[derive(Debug)]
pub(crate) struct TimedOut(String);

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for TimedOut {}

/// The error of a step that took too long: "timed out connecting to HOST".
pub(crate) fn timed_out(step: impl fmt::Display) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, TimedOut(format!("timed out {step}")))
}

/// An error of the system in short words; others in their own.
pub(crate) fn short(error: &io::Error) -> String {
    let short = match error.kind() {
        _ if error.get_ref().is_some() => "",
        ErrorKind::AddrInUse => "address in use",
        ErrorKind::AddrNotAvailable => "address not available",
        ErrorKind::ConnectionAborted => "connection aborted",
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset => "connection reset",
        ErrorKind::HostUnreachable => "no route to the host",
        ErrorKind::NetworkDown => "network down",
        ErrorKind::NetworkUnreachable => "network unreachable",
        ErrorKind::PermissionDenied => "not permitted",
        ErrorKind::TimedOut => "timed out",
        _ => "",
    };
    if !short.is_empty() {
        return short.to_owned();
    }
    let text = error.to_string();
    // Its number is in the error itself.
    let number = text.rfind(" (os error ");
    text.get(..number.unwrap_or(text.len()))
        .map_or_else(String::new, str::to_owned)
}

/// Whether an error of the system or of a transport, told by its kind, may be gone after a while.
pub(crate) const fn is_transient(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BrokenPipe
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::Interrupted
            | ErrorKind::NetworkDown
            | ErrorKind::NetworkUnreachable
            | ErrorKind::TimedOut
            | ErrorKind::UnexpectedEof
            // The accept queue of a Unix socket is full.
            | ErrorKind::WouldBlock
    )
}
