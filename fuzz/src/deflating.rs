//! What we compress, read by another codec: zlib.

use arbitrary::Unstructured;
use flate2::{Decompress, FlushDecompress};
use wsstream_core::{ConnectionConfig, Connection, DataKind, Decoder, Deflate, Role};

use crate::input::{agreed, agreeing, budget, number, octet, patterns};
use crate::work::call;

/// zlib, with the window that was agreed on and no more, inflates what a connection compresses, whatever
/// the pieces; where the context is not kept, each message by itself.
///
/// Input: the role (odd: server) and the level, what was agreed on, the fragments' length, and pieces: an
/// octet (1: the message ends) and the length in two.
pub(crate) fn deflating(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let agreed = agreed(&mut input);
    let (role, forgets, bits) = if flags & 1 == 0 {
        (
            Role::Client,
            agreed.client_no_context_takeover(),
            agreed.client_max_window_bits(),
        )
    } else {
        (
            Role::Server,
            agreed.server_no_context_takeover(),
            agreed.server_max_window_bits(),
        )
    };
    let fragment = usize::from(octet(&mut input));
    let most = budget(fragment).min(MOST);
    let config = ConnectionConfig::new()
        .deflate(Deflate::new().level(1 + (flags >> 1) % 9))
        .auto_fragment(fragment);
    let mut connection = agreeing(role, config, false, Some(&agreed));
    let mut reader = Reader {
        decoder: Decoder::new(),
        zlib: Decompress::new_with_window_bits(false, bits.max(9)),
        forgets,
        deflated: false,
        out: Vec::new(),
    };
    let (mut sent, mut ended) = (0, true);
    while !input.is_empty() {
        let (how, len) = (octet(&mut input), number(&mut input));
        let len = len.min(most - sent);
        let end = how & 1 != 0;
        send(&mut connection, &mut reader, sent, len, end);
        (sent, ended) = (sent + len, end);
    }
    if !ended {
        send(&mut connection, &mut reader, sent, 0, true);
    }
    assert!(reader.out == patterns(0, sent), "zlib reads something else");
}

fn send(connection: &mut Connection, reader: &mut Reader, mut at: usize, len: usize, end: bool) {
    let to = at + len;
    loop {
        call();
        let count = connection.send(DataKind::Binary, patterns(at, to - at), end);
        at += count.unwrap();
        let mut wire = connection.outbox().octets().to_vec();
        connection.outbox().consume(wire.len());
        reader.read(&mut wire);
        if at == to {
            return;
        }
    }
}

/// Frames, inflated by zlib.
struct Reader {
    decoder: Decoder,
    zlib: Decompress,
    forgets: bool,
    /// Whether the message is compressed.
    deflated: bool,
    out: Vec<u8>,
}

impl Reader {
    fn read(&mut self, wire: &mut [u8]) {
        let mut input = wire;
        while let Some(chunk) = self.decoder.decode(&mut input).unwrap() {
            call();
            let (header, last) = (chunk.header, chunk.last);
            if chunk.first && header.opcode != wsstream_core::Opcode::Continuation {
                self.deflated = header.rsv1;
            }
            let payload = chunk.payload.unmask();
            if !self.deflated {
                self.out.extend_from_slice(payload);
                continue;
            }
            self.inflate(payload);
            if last && header.fin {
                self.inflate(&[0, 0, 0xff, 0xff]);
                if self.forgets {
                    self.zlib.reset(false);
                }
            }
        }
    }

    fn inflate(&mut self, mut data: &[u8]) {
        let mut room = [0; 4096];
        loop {
            let (taken, made) = (self.zlib.total_in(), self.zlib.total_out());
            let status = self.zlib.decompress(data, &mut room, FlushDecompress::None);
            let taken = usize::try_from(self.zlib.total_in() - taken).unwrap();
            let made = usize::try_from(self.zlib.total_out() - made).unwrap();
            self.out.extend_from_slice(&room[..made]);
            data = &data[taken..];
            if made < room.len() && data.is_empty() {
                return;
            }
            status.unwrap();
        }
    }
}

/// The most that is sent.
const MOST: usize = 50_000;
