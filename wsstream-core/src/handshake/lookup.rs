//! Looks up the fields of a handshake, and reports their faults: RFC 6455 §4.1 and §4.2.1.

use super::error::HandshakeError;
use super::syntax::{excerpt, values};

/// The value of a field that may come at most once.
pub(super) fn single<'a, F>(
    fields: F,
    name: &'static str,
) -> Result<Option<&'a [u8]>, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut values = values(fields, name);
    let first = values.next();
    match values.next() {
        Some(_) => Err(HandshakeError::DuplicateField(name)),
        None => Ok(first),
    }
}

/// The value of a field that must come exactly once.
pub(super) fn required<'a, F>(fields: F, name: &'static str) -> Result<&'a [u8], HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    single(fields, name)?.ok_or(HandshakeError::MissingField(name))
}

/// The field does not have the required value.
pub(super) fn malformed(name: &'static str, value: &[u8]) -> HandshakeError {
    // Show the fields that intermediaries change. Other values may be secrets: `Host` may hold a
    // password, and a subprotocol a token.
    let shown = matches!(name, "Connection" | "Upgrade");
    HandshakeError::MalformedField {
        name,
        len: value.len(),
        value: shown.then(|| excerpt(value).into()),
    }
}
