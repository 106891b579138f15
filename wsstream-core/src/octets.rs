//! A placeholder for secrets, which are never printed.

use core::fmt;

/// Replaces octets that may be a secret, such as payload, keys, and values of header fields. `Debug`
/// and `Display` show only their number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Octets(pub(crate) usize);

impl Octets {
    pub(crate) fn of(octets: impl AsRef<[u8]>) -> Self {
        Self(octets.as_ref().len())
    }
}

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} octet{plural}", self.0)
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
