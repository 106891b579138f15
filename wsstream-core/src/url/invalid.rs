//! Why a text is not a WebSocket URL.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use core::fmt;

use super::fault::{self, authority};
use crate::octets::Octets;

/// Why a text is not a WebSocket URL.
///
/// `Display` says what to write instead. It repeats no user, password or query, but for a single character that no URL may
/// hold, and no more than 128 characters of anything else. With `{:#}` it leaves the position out, for whoever tells a position of their own.
///
/// ```
/// # use wsstream_core::Url;
/// let error = Url::parse("ws://localhost/a b").unwrap_err();
/// assert_eq!(error.index(), Some(16));
/// assert_eq!(error.to_string(), "octet 16 is ' ', which a URL cannot hold: write %20");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// A character that a URL cannot hold there.
    Character {
        /// The position of its first octet, from 0.
        index: usize,
        /// The character.
        character: char,
        /// What to write in its place (RFC 3986 §2.1), where that helps: in the path and the query, unless it is a control
        /// character.
        escaped: Option<String>,
    },
    /// The URL has a fragment (§3).
    Fragment,
    /// The host is neither a name of at most 255 octets (RFC 3986 §3.2.2) nor an IPv4 or IPv6 address; the host.
    Host(String),
    /// The URL has no host (§3).
    NoHost,
    /// The host is not ASCII (RFC 3986 §3.2.2). DNS knows such a name in its punycode form, `xn--...` (RFC 5891 §4.4).
    NotAscii {
        /// The position of the first octet that is not ASCII, from 0.
        index: usize,
        /// The host.
        host: String,
    },
    /// The port is not in 1..=65535; the port.
    Port(String),
    /// The scheme is neither `ws` nor `wss` (§3); the scheme.
    Scheme(String),
    /// The text is not a URI (RFC 3986); the position of the first wrong octet, from 0.
    Syntax(usize),
    /// The user contains a colon, or the user or password contains a control character (RFC 7617 §2).
    Userinfo,
    /// The user or the password contains a character that has to be escaped (RFC 3986 §3.2.1); the position of its first
    /// octet, from 0.
    UserinfoCharacter(usize),
    /// A redirect names a user or a password, which [`Url::join`](super::Url::join) refuses (RFC 9110 §4.2.4).
    UserinfoInLocation,
    /// What follows the IPv6 address is not a zone (RFC 6874).
    Zone {
        /// The position of its `%`, from 0.
        index: usize,
        /// The zone, with its `%`.
        zone: String,
    },
    /// A redirect names a zone, which [`Url::join`](super::Url::join) refuses: it is for nobody else to say which of our
    /// networks to take (RFC 6874 §4).
    ZoneInLocation,
}

impl InvalidUrl {
    /// The position of the first wrong octet in the text, from 0, if the error is about one.
    #[must_use]
    pub const fn index(&self) -> Option<usize> {
        match self {
            Self::Character { index, .. }
            | Self::NotAscii { index, .. }
            | Self::Syntax(index)
            | Self::UserinfoCharacter(index)
            | Self::Zone { index, .. } => Some(*index),
            _ => None,
        }
    }

    /// The same at another position.
    pub(super) fn moved(mut self, to: impl FnOnce(usize) -> usize) -> Self {
        match &mut self {
            Self::Character { index, .. }
            | Self::NotAscii { index, .. }
            | Self::Syntax(index)
            | Self::UserinfoCharacter(index)
            | Self::Zone { index, .. } => *index = to(*index),
            _ => {}
        }
        self
    }

    /// Looks at what the text has where it is no URI.
    pub(super) fn of_uri(text: &str) -> Self {
        Self::at(fault::in_uri(text), text)
    }

    /// Looks at what the text has where it is no reference to a URI.
    pub(super) fn of_reference(text: &str) -> Self {
        Self::at(fault::in_reference(text), text)
    }

    fn at(index: usize, text: &str) -> Self {
        let Some(character) = text.get(index..).and_then(|rest| rest.chars().next()) else {
            return Self::Syntax(index);
        };
        let range = authority(text).unwrap_or(text.len()..text.len());
        let written = text.get(range.clone()).unwrap_or_default();
        let host = written.rsplit('@').next().unwrap_or(written);
        if range.contains(&index) && index < range.end - host.len() {
            return Self::UserinfoCharacter(index);
        }
        let name = host.split(':').next().unwrap_or_default();
        if range.contains(&index) && !character.is_ascii() && !name.is_ascii() {
            let host = name.to_owned();
            return Self::NotAscii { index, host };
        }
        // Path, query and fragment.
        let is_behind = range.end <= index && !range.is_empty();
        let is_misplaced = is_behind && matches!(character, '[' | ']' | '#' | '%');
        match is_foreign(character) || is_misplaced {
            true => Self::character(index, character, is_behind),
            // It only stands at the wrong place.
            false => Self::Syntax(index),
        }
    }

    fn character(index: usize, character: char, can_be_escaped: bool) -> Self {
        let escaped = (can_be_escaped && !character.is_control()).then(|| {
            let mut octets = [0; 4];
            let octets = character.encode_utf8(&mut octets).bytes();
            octets.map(|octet| format!("%{octet:02X}")).collect()
        });
        Self::Character {
            index,
            character,
            escaped,
        }
    }
}

/// Whether RFC 3986 has no place at all for this character.
const fn is_foreign(character: char) -> bool {
    !character.is_ascii()
        || character.is_ascii_control()
        || matches!(
            character,
            ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}'
        )
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(index), false) = (self.index(), f.alternate()) {
            match self {
                Self::Character { .. } => write!(f, "octet {index} is ")?,
                _ => write!(f, "at octet {index}: ")?,
            }
        }
        match self {
            Self::Character {
                character, escaped, ..
            } => {
                match character {
                    '%' => f.write_str("'%' without two hexadecimal digits behind it")?,
                    _ => write!(f, "{character:?}, which a URL cannot hold")?,
                }
                match escaped {
                    Some(escaped) => write!(f, ": write {escaped}"),
                    None => f.write_str(" there"),
                }
            }
            Self::Fragment => f.write_str("a WebSocket URL has no fragment: write '#' as %23"),
            Self::Host(host) if host.len() > MAX_HOST => {
                write!(
                    f,
                    "host of {}, expected at most {MAX_HOST}",
                    Octets::of(host)
                )
            }
            Self::Host(host) => {
                write!(f, "host {:?}, expected a name or an address", start(host))
            }
            Self::NoHost => f.write_str("no host, expected ws://host/ or wss://host/"),
            Self::NotAscii { host, .. } => {
                write!(
                    f,
                    "host {:?} is not ASCII: write its punycode form, with xn--",
                    start(host)
                )
            }
            Self::Port(port) => write!(f, "port {:?}, expected 1 to 65535", start(port)),
            Self::Scheme(scheme) => {
                write!(f, "scheme {:?}, expected ", start(scheme))?;
                match &*scheme.to_ascii_lowercase() {
                    "http" => f.write_str("ws: write ws:// for http://"),
                    "https" => f.write_str("wss: write wss:// for https://"),
                    _ => f.write_str("ws or wss, as in ws://host:9000"),
                }
            }
            Self::Syntax(_) => f.write_str("not a URL such as ws://host:9000"),
            Self::Userinfo => {
                f.write_str("colon in the user, or control character in the user or password")
            }
            Self::UserinfoCharacter(_) => {
                f.write_str("character in the user or password that has to be escaped, as %XX")
            }
            Self::UserinfoInLocation => {
                f.write_str("a redirect names a user or a password, expected none")
            }
            Self::Zone { zone, .. } => {
                write!(
                    f,
                    "zone {:?}, expected %25 and a network interface, as in [fe80::1%25eth0]",
                    start(zone)
                )
            }
            Self::ZoneInLocation => {
                f.write_str("a redirect names a zone of an IPv6 address, expected none")
            }
        }
    }
}

/// As much of a text as an error shows. It may come from a peer.
fn start(text: &str) -> &str {
    let end = text.char_indices().nth(SHOWN).map(|(end, _)| end);
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

/// The most octets of a host.
pub(super) const MAX_HOST: usize = 255;

const SHOWN: usize = 128;

impl core::error::Error for InvalidUrl {}

#[cfg(feature = "std")]
impl From<InvalidUrl> for std::io::Error {
    fn from(error: InvalidUrl) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}
