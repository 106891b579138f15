//! The content of a Close frame: RFC 6455 §5.5.1.

use alloc::string::String;
use core::fmt;

pub(crate) use crate::close_code::CloseCode;
use crate::frame::MAX_CONTROL_PAYLOAD;
use crate::protocol_error::ProtocolError;

/// The content of a Close frame: nothing, or a code with a reason.
///
/// ```
/// # use wsstream_core::{Close, CloseCode};
/// let close = Close::new(CloseCode::GOING_AWAY, "maintenance");
/// assert_eq!(close.to_string(), "1001 (maintenance)");
/// assert!(!close.is_normal());
/// assert_eq!(Close::default().to_string(), "no code");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Close {
    code: Option<CloseCode>,
    reason: String,
}

impl Close {
    /// A Close with a code and a reason, which may be empty. A reason of more than 123 octets does not
    /// fit a control frame and is cut at a character boundary.
    #[must_use]
    pub fn new(code: CloseCode, reason: &str) -> Self {
        let mut fits = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(fits) {
            fits -= 1;
        }
        Self {
            code: Some(code),
            reason: String::from(&reason[..fits]),
        }
    }

    /// The code; `None` if the Close came without one.
    #[must_use]
    pub const fn code(&self) -> Option<CloseCode> {
        self.code
    }

    /// The reason, often empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether the stream ended normally: with 1000, or without a code.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        self.code.is_none_or(|code| code == CloseCode::NORMAL)
    }

    /// The Close that answers this one: the same code without a reason, §5.5.1.
    pub(crate) const fn answer(&self) -> Self {
        Self {
            code: self.code,
            reason: String::new(),
        }
    }

    /// Reads the payload of a Close frame.
    ///
    /// # Errors
    ///
    /// [`InvalidCloseLength`](ProtocolError::InvalidCloseLength) if the payload is one octet,
    /// [`InvalidCloseCode`](ProtocolError::InvalidCloseCode) if the code must not be sent,
    /// [`InvalidUtf8`](ProtocolError::InvalidUtf8) if the reason is not UTF-8.
    pub fn parse(payload: &[u8]) -> Result<Self, ProtocolError> {
        let Some((&code, reason)) = payload.split_first_chunk::<2>() else {
            // §5.5.1: a body starts with the code, of two octets.
            return if payload.is_empty() {
                Ok(Self::default())
            } else {
                Err(ProtocolError::InvalidCloseLength)
            };
        };
        let number = u16::from_be_bytes(code);
        let code = CloseCode::new(number).ok_or(ProtocolError::InvalidCloseCode(number))?;
        let reason = core::str::from_utf8(reason).map_err(|_| ProtocolError::InvalidUtf8)?;
        Ok(Self {
            code: Some(code),
            reason: String::from(reason),
        })
    }

    /// The payload of a Close frame: a buffer, and the length of the payload in it.
    pub(crate) fn payload(&self) -> ([u8; MAX_CONTROL_PAYLOAD], usize) {
        let mut payload = [0; MAX_CONTROL_PAYLOAD];
        let Some(code) = self.code else {
            return (payload, 0);
        };
        let len = 2 + self.reason.len();
        payload[..2].copy_from_slice(&code.get().to_be_bytes());
        payload[2..len].copy_from_slice(self.reason.as_bytes());
        (payload, len)
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.reason.as_str()) {
            (None, _) => f.write_str("no code"),
            (Some(code), "") => write!(f, "{code}"),
            (Some(code), reason) => write!(f, "{code} ({})", reason.escape_debug()),
        }
    }
}

const MAX_REASON: usize = MAX_CONTROL_PAYLOAD - 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn close(code: u16, reason: &str) -> Close {
        Close::new(CloseCode::new(code).unwrap(), reason)
    }

    #[test]
    fn s5_5_1_payloads() {
        let table: &[(&[u8], Result<Close, ProtocolError>)] = &[
            (b"", Ok(Close::default())),
            (b"\x03\xe8", Ok(close(1000, ""))),
            (b"\x03\xe9bye", Ok(close(1001, "bye"))),
            (b"\x0b\xb8", Ok(close(3000, ""))),
            (b"\x13\x87", Ok(close(4999, ""))),
            (b"\x03", Err(ProtocolError::InvalidCloseLength)),
            (b"\x03\xe8\xff", Err(ProtocolError::InvalidUtf8)),
            (b"\x03\xe8\xce", Err(ProtocolError::InvalidUtf8)),
        ];
        for (payload, expected) in table {
            assert_eq!(&Close::parse(payload), expected, "{payload:?}");
            if let Ok(close) = expected {
                let (written, len) = close.payload();
                assert_eq!(&written[..len], *payload);
            }
        }
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let long = "é".repeat(100);
        let close = Close::new(CloseCode::NORMAL, &long);
        assert_eq!(close.reason().len(), 122);
        assert_eq!(close.payload().1, 124);
    }
}
