//! The core alone, in full reads.

use std::time::Duration;

use wsstream_core::handshake::{Acceptor, ClientConfig, ServerConfig};
use wsstream_core::{Assembler, ByteStream, Connection, Encoding, Seed, Url};

use crate::kinds::Kind;
use crate::ratios::cpu_time;
use crate::{Measured, READ};

/// Both ends of a connection, after their handshake.
pub(crate) fn pair(client: &ClientConfig, server: &ServerConfig) -> (Connection, Connection) {
    let seed = Seed::new([7; 32]);
    let url = Url::parse("ws://localhost/").unwrap();
    let mut connecting = client.connect(&url, &seed);
    let request = Acceptor::new(server).receive(&mut connecting.request());
    let accepted = request.unwrap().unwrap().accept(server).unwrap();
    let connected = connecting.receive(&mut &accepted.response[..]).unwrap();
    let negotiated = connected.unwrap().negotiated;
    assert!(negotiated.agreed().deflate().is_some());
    (negotiated.connection(), accepted.negotiated.connection())
}

/// Reads a stream, or messages, which may be sent back.
pub(crate) fn measure(kind: &Kind, messages: bool) -> Measured {
    let (_, mut connection) = pair(&kind.client, &ServerConfig::stream());
    let mut stream = ByteStream::new(Encoding::Binary);
    let mut assembler = Assembler::new();
    let mut wire = kind.wire.clone();
    let mut out = vec![0; READ];
    let (mut taken, mut payload, mut time) = (0, 0, Duration::ZERO);
    for piece in wire.chunks_mut(READ) {
        let start = cpu_time();
        let (len, mut input) = (piece.len(), piece);
        loop {
            let count = if messages {
                let Some(message) = assembler.recv(&mut connection, &mut input) else {
                    break;
                };
                if kind.echo {
                    let mut rest = message.as_bytes();
                    while !rest.is_empty() {
                        rest = &rest[connection.send(message.kind(), rest, true).unwrap()..];
                        connection.outbox().consume(usize::MAX);
                    }
                }
                message.as_bytes().len()
            } else {
                match stream.read(&mut connection, &mut input, &mut out) {
                    0 => break,
                    count => count,
                }
            };
            payload += count;
            connection.outbox().consume(usize::MAX);
        }
        connection.outbox().consume(usize::MAX);
        time += cpu_time() - start;
        if matches!(
            connection.ending(),
            Some(Err(wsstream_core::StreamError::Protocol(_)))
        ) {
            return Measured::Refused;
        }
        taken += len;
    }
    Measured::Cost {
        time,
        wire: taken,
        payload,
    }
}
