//! Two ends of a byte stream.

use arbitrary::Unstructured;
use wsstream_core::{ByteStream, Close, ConnectionConfig, Connection, Encoding, Role};

use crate::input::{Unread, agreed, agreeing, budget, number, octet, patterns};
use crate::work::call;

/// Whatever two ends write, read and deliver to each other, each reads a prefix of what the other has
/// written, and all of it once both have closed, which is a clean end.
///
/// Input: flags (1: Base64, 2 and 4: half close of either end, 8: compression), what was agreed on if there is
/// compression, two octets of fragment lengths, and operations: an octet whose lowest bit tells the end, the others what it does; then a number.
pub(crate) fn byte_stream(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let encoding = if flags & 1 == 0 {
        Encoding::Binary
    } else {
        Encoding::Base64
    };
    let deflate = (flags & 8 != 0).then(|| agreed(&mut input));
    let mut end = |role, half_close| {
        let fragment = usize::from(octet(&mut input));
        let config = ConnectionConfig::new().auto_fragment(fragment);
        let connection = agreeing(role, config, half_close, deflate.as_ref());
        End::new(connection, encoding, budget(fragment))
    };
    let mut ends = [
        end(Role::Client, flags & 2 == 0),
        end(Role::Server, flags & 2 == 0),
    ];
    while !input.is_empty() {
        let (op, count) = (octet(&mut input), number(&mut input));
        let [client, server] = &mut ends;
        let (end, other) = if op & 1 == 0 {
            (client, server)
        } else {
            (server, client)
        };
        match op >> 1 & 7 {
            0 => end.write(count % 1000),
            1 => end.write(count),
            2 => end.write_direct(count, number(&mut input), other),
            3 => end.deliver(count, other),
            4 => end.deliver(usize::MAX, other),
            5 => end.read(count % 300 + 1),
            6 => end.read_in_place(count),
            _ => end.connection.close(&Close::default()),
        }
        for end in &mut ends {
            assert!(end.connection.outbox().len() <= Connection::OUTBOX_LEN);
        }
    }
    settle(ends);
}

fn settle(mut ends: [End; 2]) {
    for end in &mut ends {
        end.connection.close(&Close::default());
        assert!(!end.connection.can_send());
    }
    let [client, server] = &mut ends;
    for _ in 0..2 {
        client.deliver(usize::MAX, server);
        server.deliver(usize::MAX, client);
        client.read_all();
        server.read_all();
    }
    assert_eq!(client.read, server.written);
    assert_eq!(server.read, client.written);
    // §7.1.1: the server ends the transport, and the client waits for that.
    assert!(server.connection.is_over() && server.connection.wants_shutdown());
    assert!(!client.connection.is_over() && !client.connection.wants_shutdown());
    client.connection.recv_eof();
    assert!(client.connection.is_over());
    for end in &mut ends {
        assert_eq!(end.connection.ending(), Some(Ok(())));
        assert!(end.unread.len() == 0 && end.connection.outbox().is_empty());
    }
}

struct End {
    connection: Connection,
    stream: ByteStream,
    /// Octets of the wire that have arrived.
    unread: Unread,
    /// How many octets the stream may take, has taken, and has given.
    budget: usize,
    written: usize,
    read: usize,
}

impl End {
    fn new(connection: Connection, encoding: Encoding, budget: usize) -> Self {
        Self {
            connection,
            stream: ByteStream::new(encoding),
            unread: Unread::default(),
            budget,
            written: 0,
            read: 0,
        }
    }

    fn write(&mut self, len: usize) {
        let data = patterns(self.written, len.min(self.budget - self.written));
        call();
        match self.stream.write(&mut self.connection, data) {
            Ok(count) => self.written += count,
            Err(_) => assert!(!self.connection.can_send()),
        }
    }

    /// Outbox, header and data in one write, of which the transport takes `room` octets.
    fn write_direct(&mut self, len: usize, room: usize, other: &mut Self) {
        let data = patterns(self.written, len.min(self.budget - self.written));
        let Some((header, len)) = self.stream.direct(&self.connection, data) else {
            return;
        };
        let data = &data[..len];
        let mut wire = [self.connection.outbox().octets(), &header, data].concat();
        wire.truncate(room);
        other.unread.arrived().extend_from_slice(&wire);
        if self.connection.sent_direct(&header, data, wire.len()) {
            self.written += len;
        }
    }

    fn deliver(&mut self, count: usize, other: &mut Self) {
        let outbox = self.connection.outbox();
        let count = count.min(outbox.len());
        other
            .unread
            .arrived()
            .extend_from_slice(&outbox.octets()[..count]);
        outbox.consume(count);
    }

    fn read(&mut self, room: usize) {
        let mut out = [0; 4096];
        let out = &mut out[..room];
        let mut input = self.unread.rest();
        let available = input.len();
        call();
        let count = self.stream.read(&mut self.connection, &mut input, out);
        let taken = available - input.len();
        self.unread.consume(taken);
        self.check(&out[..count]);
    }

    fn read_in_place(&mut self, room: usize) {
        let certain = self.stream.in_place(&self.connection);
        let len = certain.min(room).min(self.unread.len());
        let mut out = self.unread.rest()[..len].to_vec();
        self.unread.consume(len);
        self.connection.recv_in_place(&mut out);
        self.check(&out);
    }

    fn read_all(&mut self) {
        loop {
            let before = (self.read, self.unread.len());
            self.read(4096);
            if before == (self.read, self.unread.len()) {
                return;
            }
        }
    }

    fn check(&mut self, octets: &[u8]) {
        assert_eq!(octets, patterns(self.read, octets.len()));
        self.read += octets.len();
    }
}
