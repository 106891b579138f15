//! The model of SOCKS5, word by word from the RFCs.

use std::net::IpAddr;

use wsstream_net::proxy::ProxyError;

use super::{PORT, Tunnelled};

/// What comes of this answer, what is said to it, and how much of it is taken.
pub(super) fn check(answer: &[u8], host: &str, user: Option<Vec<u8>>, tunnelled: &Tunnelled) {
    let mut model = Model {
        rest: answer,
        told: Vec::new(),
    };
    let expected = model.run(host, user);
    let got = match &tunnelled.result {
        Ok(()) => Ok(()),
        Err(ProxyError::Malformed) => Err(Fault::Malformed),
        Err(ProxyError::Socks(reason)) if !reason.is_empty() => Err(Fault::Refused),
        Err(error) => unreachable!("{error:?}"),
    };
    assert_eq!(got, expected);
    assert_eq!(tunnelled.taken, answer.len() - model.rest.len());
    assert_eq!(tunnelled.told, model.told.concat());
    assert_eq!(tunnelled.flushes, model.told.len());
}

#[derive(Debug, PartialEq)]
enum Fault {
    Malformed,
    Refused,
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
            return Err(Fault::Malformed);
        }
        Ok(taken)
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
            ([5, 2 | 0xff], _) => return Err(Fault::Refused),
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
            [1, _] => Err(Fault::Refused),
            _ => Err(Fault::Malformed),
        }
    }
}

/// Behind its length.
fn counted(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text].concat()
}
