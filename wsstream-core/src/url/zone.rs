//! Zones of IPv6 addresses in URLs: RFC 6874. RFC 3986 does not know them, so the zone is cut out before
//! the rest is read.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use core::ops::Range;

use super::fault::{authority, is_unreserved};
use super::invalid::InvalidUrl;

/// A zone, without its escapes: the name or the number of a network interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Zone(String);

impl Zone {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// RFC 6874 §2: `%25`, and whatever is not unreserved is escaped.
    pub(super) fn escaped(&self) -> String {
        let mut text = String::from("%25");
        for octet in self.0.bytes() {
            match octet {
                octet if is_unreserved(octet) => text.push(char::from(octet)),
                _ => text.push_str(&format!("%{octet:02X}")),
            }
        }
        text
    }

    /// RFC 6874 §2: `%25` and the zone. As the same section suggests, a bare `%` is understood, too.
    fn read(text: &str) -> Option<Self> {
        let zone = match text.strip_prefix("%25") {
            Some("") | None => {
                let zone = text.strip_prefix('%')?;
                zone.bytes().all(is_unreserved).then(|| zone.to_owned())
            }
            Some(escaped) => unescaped(escaped),
        };
        zone.filter(|zone| !zone.is_empty()).map(Self)
    }
}

/// A URL whose zone is cut out.
pub(super) struct Cut {
    pub(super) text: String,
    pub(super) zone: Zone,
    /// Where the zone was, and how long it was with its escapes.
    at: usize,
    len: usize,
}

impl Cut {
    /// The error of what is left, with its position in the whole.
    pub(super) fn uncut(&self, error: InvalidUrl) -> InvalidUrl {
        error.moved(|index| match index < self.at {
            true => index,
            false => index + self.len,
        })
    }
}

/// Cuts the zone out of the address in brackets, if there is one: `//[ADDRESS%ZONE]`, or
/// `//USER@[ADDRESS%ZONE]`.
pub(super) fn cut(text: &str) -> Result<Option<Cut>, InvalidUrl> {
    let Some(range) = zone_of(text) else {
        return Ok(None);
    };
    let (at, len) = (range.start, range.len());
    let written = text.get(range).unwrap_or_default();
    let zone = Zone::read(written).ok_or_else(|| InvalidUrl::Zone {
        index: at,
        zone: written.to_owned(),
    })?;
    let (front, rest) = text.split_at_checked(at).unwrap_or_default();
    let text = format!("{front}{}", rest.get(len..).unwrap_or_default());
    Ok(Some(Cut {
        text,
        zone,
        at,
        len,
    }))
}

/// Where the zone is, from its `%` on.
fn zone_of(text: &str) -> Option<Range<usize>> {
    let range = authority(text)?;
    let written = text.get(range.clone())?;
    let user = written.rfind('@').map_or(0, |at| at + 1);
    let inner = written.get(user..)?.strip_prefix('[')?;
    let inner = inner.get(..inner.find(']')?)?;
    let start = range.start + user + 1;
    Some(start + inner.find('%')?..start + inner.len())
}

/// A zone of printable ASCII: no interface has another name, and one may come into an error or a log.
fn unescaped(text: &str) -> Option<String> {
    let (mut zone, mut octets) = (String::new(), text.bytes());
    while let Some(octet) = octets.next() {
        let octet = match octet {
            b'%' => {
                let mut digit = || char::from(octets.next()?).to_digit(16);
                let value = digit()? * 16 + digit()?;
                u8::try_from(value).ok().filter(u8::is_ascii_graphic)?
            }
            octet => Some(octet).filter(|octet| is_unreserved(*octet))?,
        };
        zone.push(char::from(octet));
    }
    Some(zone)
}
