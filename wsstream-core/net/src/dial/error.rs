//! Why a host could not be connected to: each address, and what became of it.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use crate::context::{is_transient, short};
use crate::host_port::{HostPort, without_zone};

/// Why a host could not be connected to by TCP. As an [`io::Error`] it has the kind that [`kind`](Self::kind) tells.
///
/// The text has the host and the port, and each address once, those that failed for the most telling reason first. With
/// `{:#}` it leaves out the host and the port, for whoever has told them already.
///
/// ```text
/// localhost:9: connection refused (127.0.0.1); network unreachable (::1)
/// 127.0.0.1:9: connection refused
/// timed out connecting to example.org:443, tried 192.0.2.1 and 2001:db8::1
/// proxy proxy.example:3128: name look-up failed: Name or service not known
/// ```
///
/// ```
/// # use wsstream_net::{Cause, Error};
/// /// Which addresses have been tried in vain?
/// fn tried(error: &Error) -> Vec<std::net::SocketAddr> {
///     match error.cause() {
///         Cause::Dial(dial) => dial.attempts.iter().map(|(address, _)| *address).collect(),
///         _ => Vec::new(),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct DialError {
    /// The host that was dialled: a name, or an address without brackets. With a proxy, the host of the proxy.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether this is a proxy on the way.
    pub is_proxy: bool,
    /// Why there was no address to try: the look-up of the name, of the zone, or of the address to connect from failed.
    pub look_up: Option<io::Error>,
    /// The addresses that were tried, and what became of each. The most telling reason comes first.
    pub attempts: Vec<(SocketAddr, io::Error)>,
}

impl DialError {
    /// The kind of the most telling failure; `NotFound` if the name has no address.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        let first = self.attempts.first().map(|(_, error)| error);
        let error = self.look_up.as_ref().or(first);
        error.map_or(ErrorKind::NotFound, io::Error::kind)
    }

    /// What was dialled, as `HOST:PORT`.
    pub(crate) fn peer(&self) -> String {
        HostPort(&self.host, self.port).to_string()
    }

    /// Whether it may be possible to connect later.
    pub(crate) fn is_transient(&self) -> bool {
        let mut attempts = self.attempts.iter();
        match &self.look_up {
            Some(error) => error.kind() == ErrorKind::TimedOut || is_for_now(&error.to_string()),
            None => attempts.any(|(_, error)| is_transient(error.kind())),
        }
    }

    /// Sorts attempts by what their failures tell. Those that tell the same stay in order.
    pub(super) fn sorted(mut self) -> Self {
        self.attempts.sort_by_key(|(_, error)| rank(error.kind()));
        self
    }

    /// What failed, each with its addresses, up to [`MOST`] of them.
    fn reasons(&self) -> Vec<(String, Vec<String>)> {
        let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
        for (address, error) in self.attempts.iter().take(MOST) {
            let reason = reason(*address, error);
            match reasons.last_mut() {
                Some((last, addresses)) if *last == reason => addresses.push(shown(*address)),
                _ => reasons.push((reason, vec![shown(*address)])),
            }
        }
        reasons
    }

    /// How many addresses are not shown.
    fn more(&self) -> Option<usize> {
        let more = self.attempts.len().saturating_sub(MOST);
        (more > 0).then_some(more)
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (proxy, the_proxy) = match self.is_proxy {
            true => ("proxy ", "the proxy "),
            false => ("", ""),
        };
        let at = HostPort(&self.host, self.port);
        let (begin, looked_up, connecting) = match f.alternate() {
            true => (String::new(), "the name".to_owned(), String::new()),
            false => (
                format!("{proxy}{at}: "),
                format!("{the_proxy}{at}"),
                format!(" to {the_proxy}{at}"),
            ),
        };
        // An address would be told twice.
        let is_address = without_zone(&self.host).parse::<IpAddr>().is_ok();
        match &self.look_up {
            Some(error) if is_our_time_out(error) => {
                return write!(f, "timed out looking up {looked_up}");
            }
            Some(error) => return write!(f, "{begin}{error}"),
            None => {}
        }
        if self.attempts.is_empty() {
            return write!(f, "{begin}the name has no address");
        }
        let is_late = |(_, error): &(_, io::Error)| error.kind() == ErrorKind::TimedOut;
        if self.attempts.iter().all(is_late) {
            write!(f, "timed out connecting{connecting}")?;
            if is_address {
                return Ok(());
            }
            let mut tried = self.attempts.iter().take(MOST).map(|(to, _)| shown(*to));
            let last = match self.more() {
                Some(more) => Some(format!("{more} more")),
                None => tried.next_back(),
            };
            let tried: Vec<_> = tried.collect();
            let and = if tried.is_empty() { "" } else { " and " };
            let last = last.unwrap_or_default();
            return write!(f, ", tried {}{and}{last}", tried.join(", "));
        }
        f.write_str(&begin)?;
        let reasons = self.reasons().into_iter().map(|(reason, addresses)| {
            let addresses = addresses.join(", ");
            match is_address {
                true => reason,
                false => format!("{reason} ({addresses})"),
            }
        });
        f.write_str(&reasons.collect::<Vec<_>>().join("; "))?;
        match self.more() {
            Some(more) => write!(f, "; and {more} more"),
            None => Ok(()),
        }
    }
}

/// It has no source: the text tells everything but the system's numbers, which the attempts have.
impl Error for DialError {}

impl From<DialError> for io::Error {
    fn from(error: DialError) -> Self {
        Self::new(error.kind(), error)
    }
}

/// What a failure tells: the less, the later.
///
/// A refusal and a reset come from the host itself: it is there, and its program is not. A missing permission, and what is
/// wrong with the source address or the number of open files, can be mended here. Silence may be a firewall, anywhere. That
/// there is no way is what a machine without IPv6 says of every IPv6 address, whatever the host is like.
const fn rank(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::ConnectionRefused => 0,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => 1,
        ErrorKind::PermissionDenied => 2,
        ErrorKind::TimedOut => 4,
        ErrorKind::HostUnreachable => 5,
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => 6,
        ErrorKind::AddrNotAvailable => 7,
        _ => 3,
    }
}

/// Why an address could not be connected to.
fn reason(address: SocketAddr, error: &io::Error) -> String {
    let reason = short(error);
    match address {
        // RFC 4007 §6: such an address says nothing without its zone.
        SocketAddr::V6(v6) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
            format!("{reason}, the address needs a zone as in fe80::1%eth0")
        }
        _ => reason,
    }
}

/// The error of a name's look-up, in the same words everywhere.
pub(crate) fn look_up_failed(error: &io::Error) -> io::Error {
    let text = error.to_string();
    let reason = text.strip_prefix(OF_LOOK_UPS).unwrap_or(&text);
    io::Error::new(error.kind(), format!("name look-up failed: {reason}"))
}

/// The address alone: all have the same port.
fn shown(address: SocketAddr) -> String {
    match address {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
        _ => address.ip().to_string(),
    }
}

/// Whether nobody but us has lost patience.
fn is_our_time_out(error: &io::Error) -> bool {
    let has_text = error.get_ref().is_some() || error.raw_os_error().is_some();
    error.kind() == ErrorKind::TimedOut && !has_text
}

/// Whether the resolver says that it cannot tell now (`EAI_AGAIN`), and not that nobody knows the name. The standard
/// library passes the text on, and no number.
fn is_for_now(text: &str) -> bool {
    FOR_NOW.iter().any(|text_of| text.ends_with(text_of))
}

/// What `gai_strerror` says of `EAI_AGAIN` on glibc, macOS and Android, on FreeBSD, and on musl; and Windows of
/// `WSATRY_AGAIN`.
const FOR_NOW: &[&str] = &[
    "Temporary failure in name resolution",
    "Name could not be resolved at this time",
    "Try again",
    "(os error 11002)",
];

/// How the standard library begins errors of `getaddrinfo`.
const OF_LOOK_UPS: &str = "failed to lookup address information: ";

/// How many addresses an error shows.
const MOST: usize = 6;

#[cfg(test)]
mod tests;
