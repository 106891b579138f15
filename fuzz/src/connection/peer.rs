//! The well-behaved end that reads what a connection under test writes.

use wsstream_core::{ConnectionConfig, Connection, Decoder, Opcode, Role};

use super::Run;
use super::op::Setup;
use super::told::{Told, tell, without_pings};
use crate::input::{agreeing, patterns};

/// A peer that accepts everything, and notes it.
#[derive(Debug)]
pub(super) struct Peer {
    connection: Connection,
    told: Vec<Told>,
    /// Sees what the connection ignores: frames behind a Close.
    decoder: Decoder,
    closed: bool,
    fragment: usize,
}

impl Peer {
    /// For the end in this role, which is set up like this.
    pub(super) fn of(role: Role, setup: &Setup) -> Self {
        let role = match role {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        };
        Self {
            connection: agreeing(role, ConnectionConfig::new(), false, setup.deflate.as_ref()),
            told: Vec::new(),
            decoder: Decoder::new(),
            closed: false,
            fragment: setup.fragment,
        }
    }

    pub(super) fn accept(&mut self, wire: &[u8]) {
        self.watch(wire);
        let mut wire = wire.to_vec();
        let mut input = &mut wire[..];
        while let Some(event) = self.connection.recv(&mut input).unwrap() {
            tell(&mut self.told, Ok(event));
        }
        assert!(input.is_empty());
        self.connection.outbox().consume(usize::MAX);
    }

    fn watch(&mut self, wire: &[u8]) {
        let mut wire = wire.to_vec();
        let mut input = &mut wire[..];
        while let Some(chunk) = self.decoder.decode(&mut input).unwrap() {
            let header = chunk.header;
            if chunk.first {
                // §5.5.1: nothing but answers to pings follows a Close.
                let asks = matches!(header.opcode, Opcode::Ping | Opcode::Pong);
                assert!(!self.closed || asks, "{header:?}");
                self.closed |= header.opcode == Opcode::Close;
            }
            if !header.opcode.is_control() && self.fragment > 0 {
                assert!(header.len <= self.fragment as u64);
            }
        }
    }

    /// That everything the run has sent is here, if none was thrown away.
    pub(super) fn check(&self, run: &Run) {
        let (mut at, mut messages) = (0, Vec::new());
        for told in without_pings(&self.told) {
            match told {
                Told::Data { kind, octets, end } => {
                    assert_eq!(octets, patterns(at, octets.len()));
                    at += octets.len();
                    if end {
                        messages.push((kind, at));
                    }
                }
                Told::Close(close) => assert_eq!(Some(&close), run.connection.sent_close()),
                told => unreachable!("{told:?}"),
            }
        }
        if run.connection.output_lost() {
            assert!(at <= run.sent && run.messages.starts_with(&messages));
        } else {
            assert_eq!((at, &messages), (run.sent, &run.messages));
            assert_eq!(
                self.connection.received_close(),
                run.connection.sent_close()
            );
        }
    }
}

impl PartialEq for Peer {
    fn eq(&self, other: &Self) -> bool {
        self.told == other.told
    }
}
