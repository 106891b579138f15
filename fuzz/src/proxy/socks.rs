//! The models of SOCKS5, word by word from the RFCs, and of SOCKS4a.

use std::net::IpAddr;

use wsstream_net::proxy::ProxyErrorKind;

use super::{PORT, Tunnelled};

/// What comes of this answer, what is said to it, and how much of it is taken.
pub(super) fn check(answer: &[u8], host: &str, user: Option<Vec<u8>>, tunnelled: &Tunnelled) {
    let mut model = Model {
        rest: answer,
        told: Vec::new(),
    };
    let expected = model.run(host, user);
    model.check(expected, answer, tunnelled);
}

/// The same for version 4.
pub(super) fn check_version_4(
    answer: &[u8],
    host: &str,
    user: Option<Vec<u8>>,
    tunnelled: &Tunnelled,
) {
    let mut model = Model {
        rest: answer,
        told: Vec::new(),
    };
    if matches!(host.parse(), Ok(IpAddr::V6(_))) {
        assert_eq!(tunnelled.result, Err(ProxyErrorKind::Ipv6));
        assert_eq!((tunnelled.told.len(), tunnelled.taken), (0, 0));
        return;
    }
    let expected = model.run_version_4(host, user);
    model.check(expected, answer, tunnelled);
}

#[derive(Debug, PartialEq)]
enum Fault {
    Ended,
    Malformed,
    Refused,
    User,
}

struct Model<'a> {
    rest: &'a [u8],
    told: Vec<Vec<u8>>,
}

impl<'a> Model<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        if taken.len() < len {
            return Err(Fault::Ended);
        }
        Ok(taken)
    }

    fn check(&self, expected: Result<(), Fault>, answer: &[u8], tunnelled: &Tunnelled) {
        let got = match &tunnelled.result {
            Ok(()) => Ok(()),
            Err(ProxyErrorKind::Ended) => Err(Fault::Ended),
            Err(ProxyErrorKind::NotSocks) => Err(Fault::Malformed),
            Err(ProxyErrorKind::Socks(reason)) if !reason.is_empty() => Err(Fault::Refused),
            Err(ProxyErrorKind::SocksUser { .. }) => Err(Fault::User),
            Err(error) => unreachable!("{error:?}"),
        };
        assert_eq!(got, expected);
        assert_eq!(tunnelled.taken, answer.len() - self.rest.len());
        assert_eq!(tunnelled.told, self.told.concat());
        assert_eq!(tunnelled.flushes, self.told.len());
    }

    fn run_version_4(&mut self, host: &str, user: Option<Vec<u8>>) -> Result<(), Fault> {
        // The user of the URL has a colon behind it.
        let user = user.map(|user| user[..user.len() - 1].to_vec());
        let (address, name) = match host.parse() {
            Ok(IpAddr::V4(ip)) => (ip.octets(), Vec::new()),
            _ => ([0, 0, 0, 1], [host.as_bytes(), b"\0"].concat()),
        };
        let mut told = [&[4, 1], &PORT.to_be_bytes()[..], &address].concat();
        told.extend(user.unwrap_or_default());
        told.push(0);
        told.extend(name);
        self.told.push(told);
        match self.take(8)? {
            [0, 90, ..] => Ok(()),
            [0, 91, ..] => Err(Fault::Refused),
            [0, 92 | 93, ..] => Err(Fault::User),
            _ => Err(Fault::Malformed),
        }
    }

    fn run(&mut self, host: &str, user: Option<Vec<u8>>) -> Result<(), Fault> {
        // RFC 1928 §3: no authentication, user and password.
        let methods: &[u8] = if user.is_some() { &[0, 2] } else { &[0] };
        let count = u8::try_from(methods.len()).unwrap();
        self.told.push([&[5, count], methods].concat());
        match (self.take(2)?, user) {
            ([5, 0], _) => {}
            ([5, 2], Some(user)) => self.authenticate(&user)?,
            // It wants what was not offered, or nothing that was.
            ([5, 0xff], Some(_)) => return Err(Fault::Refused),
            ([5, 2 | 0xff], None) => return Err(Fault::User),
            _ => return Err(Fault::Malformed),
        }
        // §4.
        let address = match host.parse() {
            Ok(IpAddr::V4(ip)) => [&[1], &ip.octets()[..]].concat(),
            Ok(IpAddr::V6(ip)) => [&[4], &ip.octets()[..]].concat(),
            Err(_) => [&[3], &*counted(host.as_bytes())].concat(),
        };
        self.told.push([&[5, 1, 0], &*address, &PORT.to_be_bytes()].concat());
        // §6.
        let kind = match *self.take(4)? {
            [5, 0, 0, kind] => kind,
            [5, 1..=8, 0, _] => return Err(Fault::Refused),
            _ => return Err(Fault::Malformed),
        };
        match kind {
            1 => self.take(4 + 2).map(drop),
            4 => self.take(16 + 2).map(drop),
            3 => {
                let len = usize::from(self.take(1)?[0]);
                let name = &self.take(len + 2)?[..len];
                str::from_utf8(name).map(drop).map_err(|_| Fault::Malformed)
            }
            _ => Err(Fault::Malformed),
        }
    }

    /// RFC 1929 §2.
    fn authenticate(&mut self, user: &[u8]) -> Result<(), Fault> {
        let colon = user.iter().position(|&octet| octet == b':').unwrap();
        let (name, password) = (counted(&user[..colon]), counted(&user[colon + 1..]));
        self.told.push([&[1], &*name, &password].concat());
        match self.take(2)? {
            [1, 0] => Ok(()),
            [1, _] => Err(Fault::User),
            _ => Err(Fault::Malformed),
        }
    }
}

/// Behind its length.
fn counted(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text].concat()
}
