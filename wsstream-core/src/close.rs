//! Close codes and reasons: RFC 6455 §5.5.1 and §7.4.

use alloc::string::String;
use core::fmt;

use crate::error::ProtocolError;
use crate::frame::MAX_CONTROL_PAYLOAD;

/// A close code that may be sent, §7.4: 1000 to 1003, 1007 to 1014, 3000 to 4999.
///
/// 1005 and 1006 are no codes on the wire: the first is a [`Close`] without a code, the second no
/// Close at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: a server goes down, or a browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer violated the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: data of a kind that cannot be accepted.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1007: data that is not what its kind promises, such as text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// 1008: a policy was violated.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message is too large.
    pub const TOO_LARGE: Self = Self(1009);
    /// 1011: the server met with something unexpected.
    pub const INTERNAL: Self = Self(1011);

    /// The code, or `None` if it must not be sent (§7.4.2: unassigned, or reserved for local use).
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a Close frame says: nothing, or a code with a reason.
///
/// ```
/// use wsstream_core::{Close, CloseCode};
///
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
    /// A Close with a code and a reason, which may be empty. A reason of more than 123 octets does
    /// not fit a control frame and is cut, at a character's border.
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

    /// Whether this is how a stream ends well: 1000, or no code.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        self.code.is_none_or(|code| code == CloseCode::NORMAL)
    }

    /// The Close that answers this one: its code, §5.5.1.
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
    /// [`InvalidCloseLength`](ProtocolError::InvalidCloseLength) for one octet,
    /// [`InvalidCloseCode`](ProtocolError::InvalidCloseCode) for a code that must not be sent,
    /// [`InvalidUtf8`](ProtocolError::InvalidUtf8) for the reason.
    pub fn parse(payload: &[u8]) -> Result<Self, ProtocolError> {
        let Some((&code, reason)) = payload.split_first_chunk::<2>() else {
            // §5.5.1: if there is a body, its first two octets are the code.
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

    /// The payload of a Close frame: its octets and how many of them count.
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
    use alloc::vec::Vec;

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
    fn s7_4_codes_that_may_be_sent() {
        let may: Vec<u16> = (0..=u16::MAX)
            .filter(|&code| CloseCode::new(code).is_some())
            .collect();
        let expected: Vec<u16> = (1000..=1003)
            .chain(1007..=1014)
            .chain(3000..=4999)
            .collect();
        assert_eq!(may, expected);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let long = "é".repeat(100);
        let close = Close::new(CloseCode::NORMAL, &long);
        assert_eq!(close.reason().len(), 122);
        assert_eq!(close.payload().1, 124);
    }
}
