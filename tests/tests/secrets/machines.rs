//! Frames, connections, messages.

use wsstream_core::test_kit::negotiated;
use wsstream_core::{
    Assembler, ByteStream, Close, Connection, ConnectionConfig, DataKind, Decoder, Encoding,
    Header, LookAhead, Mask, Message, Opcode, PerMessageDeflate, Role, Seed,
};

use crate::{MARK, Printed};

#[test]
fn frames() {
    let mut printed = Printed::default();
    let key = MARK.as_bytes().first_chunk().copied().unwrap();
    let mut header = Header::new(Opcode::Binary, 16);
    header.mask = Some(key);
    printed.debug("header", &header);
    printed.debug("encoded header", &header.encode());
    printed.debug("mask", &Mask::new(key));
    printed.debug("seed", &Seed::new(*b"Zq7xKw9vJ3pQ4mT8Zq7xKw9vJ3pQ4mT8"));

    // At every cut: what is kept of a header, and of a frame.
    let wire = [&header.encode()[..], MARK.as_bytes()].concat();
    for cut in 0..wire.len() {
        let mut wire = wire.clone();
        let mut input = &mut wire[..cut];
        let mut decoder = Decoder::new();
        while let Some(chunk) = decoder.decode(&mut input).unwrap() {
            printed.debug("chunk", &chunk);
        }
        printed.debug("decoder", &decoder);
    }
    // Payload as it is on the wire.
    let mut plain = frame(Opcode::Text, MARK.as_bytes());
    let mut input = &mut plain[..];
    let chunk = Decoder::new().decode(&mut input).unwrap().unwrap();
    printed.debug("chunk", &chunk);
    printed.debug("payload", &chunk.payload);
    printed.check(100);
}

fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    [
        &Header::new(opcode, payload.len() as u64).encode()[..],
        payload,
    ]
    .concat()
}

fn client() -> Connection {
    Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([7; 32])))
}

#[test]
fn connections() {
    let mut printed = Printed::default();
    for opcode in [Opcode::Ping, Opcode::Pong, Opcode::Binary, Opcode::Text] {
        let wire = frame(opcode, MARK.as_bytes());
        for cut in 0..=wire.len() {
            let mut connection = client();
            let mut wire = wire.clone();
            let mut input = &mut wire[..cut];
            while let Some(event) = connection.recv(&mut input).unwrap() {
                printed.debug("event", &event);
            }
            printed.debug("connection", &connection);
            let mut ahead = LookAhead::new();
            ahead.answer_pings(&mut connection, &mut frame(opcode, MARK.as_bytes()));
            printed.debug("ahead", &ahead);
        }
    }
    // What waits to be sent: data, a ping that cannot be answered.
    let mut server = Connection::without_extensions(ConnectionConfig::new(), None);
    server.send(DataKind::Text, MARK.as_bytes(), false).unwrap();
    printed.debug("outbox", server.outbox());
    while server
        .send(DataKind::Text, &[b'x'; 999], false)
        .is_ok_and(|count| count > 0)
    {}
    printed.debug("ping", &server.ping(MARK.as_bytes()));
    let mut client = client();
    client.ping(MARK.as_bytes()).unwrap();
    printed.debug("pinged", &client);
    let mut ping = masked(Opcode::Ping, MARK.as_bytes());
    let mut input = &mut ping[..];
    while server.recv(&mut input).unwrap().is_some() {}
    printed.debug("connection", &server);
    let counters = server.counters();
    printed.debug("counters", &counters);
    printed.check(200);
}

fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut header = Header::new(opcode, payload.len() as u64);
    header.mask = Some([0; 4]);
    [&header.encode()[..], payload].concat()
}

#[test]
fn compressed() {
    let mut printed = Printed::default();
    let agreed = PerMessageDeflate::default();
    let end = |role| negotiated(role, ConnectionConfig::new(), false, Some(&agreed));
    let (mut client, mut server) = (end(Role::Client), end(Role::Server));
    let text = MARK.repeat(200);
    for _ in 0..3 {
        client.send(DataKind::Text, text.as_bytes(), true).unwrap();
        let mut wire = client.outbox().octets().to_vec();
        printed.debug("client", &client);
        client.outbox().consume(wire.len());
        let mut input = &mut wire[..];
        while let Some(event) = server.recv_up_to(100, &mut input).unwrap() {
            printed.debug("event", &event);
        }
        printed.debug("server", &server);
    }
    printed.check(20);
}

#[test]
fn messages_and_streams() {
    let mut printed = Printed::default();
    printed.debug("text", &Message::Text(MARK.into()));
    printed.debug("binary", &Message::Binary(MARK.into()));
    // In an assembler, whole and cut inside a character.
    for payload in [MARK.as_bytes(), &[MARK.as_bytes(), b"\xf0\x9f"].concat()] {
        for opcode in [Opcode::Text, Opcode::Binary] {
            let mut connection = client();
            let mut assembler = Assembler::new();
            let mut wire = frame(opcode, payload);
            wire[0] &= 0x7f;
            assert!(
                assembler
                    .recv(&mut connection, &mut &mut wire[..])
                    .is_none()
            );
            printed.debug("assembler", &assembler);
        }
    }
    for encoding in [Encoding::Binary, Encoding::Base64] {
        for room in 1..9 {
            let mut connection = client();
            let mut stream = ByteStream::new(encoding);
            let mut wire = frame(Opcode::Text, b"WnE3eEt3OXZKM3BRNG1UOA==");
            if encoding == Encoding::Binary {
                wire = frame(Opcode::Binary, MARK.as_bytes());
            }
            let mut out = [0; 8];
            stream.read(&mut connection, &mut &mut wire[..], &mut out[..room]);
            printed.debug("byte stream", &stream);
            printed.debug("connection", &connection);
            stream.write(&mut connection, MARK.as_bytes()).unwrap();
            printed.debug("connection", &connection);
        }
    }
    printed.check(100);
}

/// What a peer does wrong is told without what it said.
#[test]
fn errors() {
    let mut printed = Printed::default();
    let text = [MARK.as_bytes(), b"\xff"].concat();
    for wire in [
        frame(Opcode::Close, &[b"\x03\xe8", &text[..]].concat()),
        frame(Opcode::Close, b"\x00\x01"),
        frame(Opcode::Ping, &[b'Z'; 126]),
        [&[0x83, 16], MARK.as_bytes()].concat(),
        [&[0x80, 16], MARK.as_bytes()].concat(),
        [&[0xf1, 16], MARK.as_bytes()].concat(),
        masked(Opcode::Text, MARK.as_bytes()),
        frame(Opcode::Text, &text),
    ] {
        let mut wire = wire;
        let mut connection = client();
        let mut assembler = Assembler::new();
        assert!(
            assembler
                .recv(&mut connection, &mut &mut wire[..])
                .is_none()
        );
        if let Some(Err(error)) = connection.ending() {
            printed.error("stream error", &error);
            printed.error("as io", &std::io::Error::from(error));
        }
        printed.debug("connection", &connection);
    }
    // The reason of a Close is said to be read.
    let reason = Close::new(wsstream_core::CloseCode::POLICY, "too slow").to_string();
    assert_eq!(reason, "1008 (too slow)");
    printed.check(50);
}
