//! What `no_proxy` says: which hosts are connected to without a proxy.
//!
//! No document defines it. This reads what people write for curl, Go, Python and wget alike.

use std::net::IpAddr;

/// The hosts that no proxy is for.
#[derive(Debug, Default)]
pub(super) struct Exceptions {
    entries: Vec<Entry>,
    /// The entries that match no host, as they may be shown.
    pub(super) wrong: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    hosts: Hosts,
    /// Any, if there is none.
    port: Option<u16>,
}

#[derive(Debug)]
enum Hosts {
    All,
    /// The addresses that begin with so many bits of this one.
    Network(IpAddr, u8),
    /// A name, and those that end with a dot and it.
    Domain(String),
}

impl Exceptions {
    /// Reads the value of the variable.
    pub(super) fn parse(text: &str) -> Self {
        let is_separator = |char: char| char == ',' || char.is_whitespace();
        let mut exceptions = Self::default();
        for text in text.split(is_separator).filter(|text| !text.is_empty()) {
            match Entry::parse(text) {
                Some(entry) => exceptions.entries.push(entry),
                None => exceptions.wrong.push(shown(text)),
            }
        }
        exceptions
    }

    /// Whether a port of a host is among them. The host is a name, or an address.
    pub(super) fn cover(&self, host: &str, port: u16) -> bool {
        let (name, address) = (name(host), address(host));
        let covers = |entry: &Entry| {
            entry.port.is_none_or(|of| of == port)
                && match (&entry.hosts, address) {
                    (Hosts::All, _) => true,
                    (Hosts::Network(network, bits), Some(address)) => {
                        is_in(*network, *bits, address)
                    }
                    (Hosts::Domain(domain), None) => {
                        let front = name.strip_suffix(&**domain);
                        front.is_some_and(|front| front.is_empty() || front.ends_with('.'))
                    }
                    _ => false,
                }
        };
        self.entries.iter().any(covers)
    }
}

impl Entry {
    /// `None` if it matches no host.
    fn parse(text: &str) -> Option<Self> {
        if let Some(hosts) = network(text) {
            return Some(Self { hosts, port: None });
        }
        let (hosts, port) = match text.rsplit_once(':') {
            Some((hosts, port)) => (hosts, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let hosts = match hosts {
            "*" => Hosts::All,
            _ => network(hosts).or_else(|| domain(hosts))?,
        };
        Some(Self { hosts, port })
    }
}

/// An address, or the first address of a network and the number of its bits: RFC 4632 §3.1.
fn network(text: &str) -> Option<Hosts> {
    let Some((first, bits)) = text.split_once('/') else {
        let address = address(text)?;
        return Some(Hosts::Network(address, width(address)));
    };
    let is_ipv6 = first.contains(':');
    let (first, bits) = (address(first)?, bits.parse::<u8>().ok()?);
    // RFC 4291 §2.5.5.2: 96 bits map IPv4 to IPv6.
    let bits = match is_ipv6 && first.is_ipv4() {
        true => bits.checked_sub(96)?,
        false => bits,
    };
    (bits <= width(first)).then_some(Hosts::Network(first, bits))
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// A name, behind `.` or `*.` if it is so written.
fn domain(text: &str) -> Option<Hosts> {
    let text = text.strip_prefix('*').map_or(Some(text), |rest| {
        // Elsewhere it has no meaning.
        rest.starts_with('.').then_some(rest)
    })?;
    let domain = name(text.strip_prefix('.').unwrap_or(text));
    let is_label = |label: &str| {
        let is_good = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
        !label.is_empty() && label.bytes().all(is_good)
    };
    // The last label of a name is not a number: this is a part of an address.
    let is_number = |label: &str| label.bytes().all(|octet| octet.is_ascii_digit());
    let is_name =
        domain.split('.').all(is_label) && !domain.rsplit('.').next().is_some_and(is_number);
    is_name.then_some(Hosts::Domain(domain))
}

/// Whether an address begins with so many bits of another one.
fn is_in(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let differ = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            u128::from(network.to_bits() ^ address.to_bits()) << 96
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => network.to_bits() ^ address.to_bits(),
        _ => return false,
    };
    differ.leading_zeros() >= u32::from(bits)
}

/// A name in lower case, without the dot that may end it.
fn name(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// An address with or without brackets, a zone (RFC 6874) and what maps IPv4 to IPv6.
fn address(host: &str) -> Option<IpAddr> {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let address = inner.unwrap_or(host);
    let address = address
        .split_once('%')
        .map_or(address, |(address, _)| address);
    let address: IpAddr = address.parse().ok()?;
    (inner.is_none() || address.is_ipv6()).then(|| address.to_canonical())
}

/// Whether a host is this machine, by its name (RFC 6761 §6.3) or its address.
pub(super) fn is_loopback(host: &str) -> bool {
    match address(host) {
        // Whoever connects to no address in particular reaches this machine.
        Some(address) => address.is_loopback() || address.is_unspecified(),
        None => {
            let name = name(host);
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// A text for a log. What has a user may have a password.
fn shown(entry: &str) -> String {
    match entry.chars().count() {
        1..=64 if !entry.contains('@') => format!("{entry:?}"),
        _ => format!("one of {} octets", entry.len()),
    }
}
