//! What happens to a connection, from octets.

use core::time::Duration;

use arbitrary::Unstructured;
use wsstream_core::{
    Close, CloseCode, ConnectionConfig, DataKind, Keepalive, Opcode, PerMessageDeflate, Role,
};

use crate::input::{number, octet, octets};

pub(super) struct Setup {
    pub(super) flags: u8,
    pub(super) fragment: usize,
    pub(super) deflate: Option<PerMessageDeflate>,
}

impl Setup {
    pub(super) const fn role(&self) -> Role {
        if self.flags & 1 == 0 {
            Role::Client
        } else {
            Role::Server
        }
    }

    pub(super) fn config(&self) -> ConnectionConfig {
        let config = ConnectionConfig::new()
            .auto_fragment(self.fragment)
            .close_timeout(Duration::from_secs(10));
        match self.flags & 4 {
            0 => config,
            _ => {
                let [interval, timeout] = [5, 3].map(Duration::from_secs);
                let keepalive = Keepalive::new(interval, timeout).unwrap();
                config.keepalive(keepalive.unanswered(timeout).unwrap())
            }
        }
    }

    /// Whether that was agreed on.
    pub(super) const fn half_close(&self) -> bool {
        self.flags & 2 == 0
    }
}

#[derive(Debug)]
pub(super) enum Op<'a> {
    /// Any octets arrive.
    Octets(&'a [u8]),
    /// A frame arrives that is what the role demands.
    Frame {
        fin: bool,
        /// Whether it has RSV1, where compression was agreed on.
        deflated: bool,
        opcode: Opcode,
        payload: &'a [u8],
    },
    /// So many octets of what has arrived are received, in pieces of `max` octets.
    Recv {
        octets: usize,
        max: usize,
    },
    /// So many octets are received in place, if the connection lets them.
    InPlace(usize),
    LookAhead,
    Send {
        kind: DataKind,
        len: usize,
        end: bool,
    },
    /// The transport takes `room` octets of outbox, header and payload.
    Direct {
        kind: DataKind,
        len: usize,
        room: usize,
    },
    /// The transport takes so many octets.
    Write(usize),
    Close(Close),
    Fail,
    /// So many milliseconds pass.
    Time(u64),
    Eof,
}

impl<'a> Op<'a> {
    pub(super) fn take(input: &mut Unstructured<'a>) -> Self {
        let op = octet(input);
        let high = op >> 4;
        let kind = if high & 1 == 0 {
            DataKind::Binary
        } else {
            DataKind::Text
        };
        match op & 15 {
            0 => Self::Octets(octets(input)),
            op @ 1..=3 => Self::Frame {
                fin: high & 8 == 0,
                deflated: op == 3,
                opcode: match high & 7 {
                    0 => Opcode::Binary,
                    1 => Opcode::Text,
                    2 => Opcode::Close,
                    3 => Opcode::Ping,
                    4 => Opcode::Pong,
                    _ => Opcode::Continuation,
                },
                payload: octets(input),
            },
            4 => Self::Recv {
                octets: usize::MAX,
                max: usize::MAX,
            },
            5 => Self::Recv {
                octets: number(input),
                max: usize::from(octet(input)),
            },
            6 => Self::InPlace(usize::from(octet(input))),
            7 => Self::LookAhead,
            8 | 9 => Self::Send {
                kind,
                len: number(input),
                end: high & 2 == 0,
            },
            10 => Self::Direct {
                kind,
                len: number(input),
                room: number(input) << 1,
            },
            11 => Self::Write(usize::MAX),
            12 => Self::Write(number(input)),
            13 => {
                let code = u16::from_be_bytes([octet(input), octet(input)]);
                let reason = String::from_utf8_lossy(octets(input));
                Self::Close(
                    CloseCode::new(code)
                        .map_or_else(Close::default, |code| Close::new(code, &reason)),
                )
            }
            14 => Self::Time(number(input) as u64),
            _ if high == 0 => Self::Eof,
            _ if high == 1 => Self::Fail,
            _ => Self::Time(4000),
        }
    }
}
