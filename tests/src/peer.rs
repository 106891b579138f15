//! A peer made by hand: a transport, and frames that nothing checks.

use std::io;

use wsstream_core::handshake::{Acceptor, ClientConfig, ServerConfig};
use wsstream_core::{Header, Mask, Opcode, Seed, Url};

use crate::inflater::Inflater;
use crate::io::{Read, Write};

/// A peer made by hand, after its opening handshake.
#[derive(Debug)]
pub struct Peer<T> {
    /// What it is connected by.
    pub raw: T,
    masks: bool,
    received: Vec<u8>,
    inflater: Inflater,
}

/// A frame that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// Its header.
    pub header: Header,
    /// Its payload, unmasked, and inflated.
    pub payload: Vec<u8>,
}

impl<T: Read + Write> Peer<T> {
    fn new(raw: T, masks: bool, received: Vec<u8>) -> Self {
        Self {
            raw,
            masks,
            received,
            inflater: Inflater::new(15),
        }
    }

    /// A client on a transport where nothing needs to be said first.
    pub fn bare_client(raw: T) -> Self {
        Self::new(raw, true, Vec::new())
    }

    /// A client, as which it asks for `client`.
    ///
    /// # Panics
    ///
    /// If it is refused.
    pub async fn connect(mut raw: T, client: &ClientConfig) -> Self {
        let url = Url::parse("ws://localhost/").unwrap();
        let mut connecting = client.connect(&url, &Seed::new([1; 32]));
        raw.write_all(connecting.request()).await.unwrap();
        let mut buf = vec![0; 64 << 10];
        loop {
            let count = raw.read(&mut buf).await.unwrap();
            assert_ne!(count, 0, "no answer");
            let mut input = &buf[..count];
            if connecting.receive(&mut input).unwrap().is_some() {
                let received = input.to_vec();
                return Self::new(raw, true, received);
            }
        }
    }

    /// A server that agrees to everything.
    ///
    /// # Panics
    ///
    /// If nobody asks.
    pub async fn accept(mut raw: T) -> Self {
        let server = ServerConfig::stream();
        let mut acceptor = Acceptor::new(&server);
        let mut buf = vec![0; 64 << 10];
        loop {
            let count = raw.read(&mut buf).await.unwrap();
            assert_ne!(count, 0, "no request");
            let mut input = &buf[..count];
            if let Some(request) = acceptor.receive(&mut input).unwrap() {
                let received = input.to_vec();
                let accepted = request.accept(&server).unwrap();
                raw.write_all(&accepted.response).await.unwrap();
                return Self::new(raw, false, received);
            }
        }
    }

    /// The octets of a frame as this peer has to send them.
    #[must_use]
    pub fn frame(&self, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        if self.masks {
            masked(opcode, payload)
        } else {
            frame(opcode, payload)
        }
    }

    /// The octets of the header of a frame of any length.
    #[must_use]
    pub fn header(&self, opcode: Opcode, len: u64) -> Vec<u8> {
        let mask = self.masks.then_some([0; 4]);
        let header = Header::new(opcode, len);
        Header { mask, ..header }.encode().to_vec()
    }

    /// Sends a frame.
    ///
    /// # Panics
    ///
    /// If it cannot be sent.
    pub async fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        self.try_send(opcode, payload).await.unwrap();
    }

    /// Sends a frame.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    pub async fn try_send(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let octets = self.frame(opcode, payload);
        self.raw.write_all(&octets).await
    }

    /// Sends a Close.
    ///
    /// # Panics
    ///
    /// If it cannot be sent.
    pub async fn send_close(&mut self, code: u16, reason: &str) {
        let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
        self.send(Opcode::Close, &payload).await;
    }

    /// The next frame; `None` at the end of the transport, if that lies between frames.
    ///
    /// # Errors
    ///
    /// The transport's; `UnexpectedEof` for half a frame.
    pub async fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        let mut buf = vec![0; 64 << 10];
        loop {
            if let Some((header, len)) = Header::parse(&self.received).unwrap() {
                assert_eq!(
                    header.mask.is_none(),
                    self.masks,
                    "servers do not mask, clients do"
                );
                let end = len + usize::try_from(header.len).unwrap();
                if self.received.len() >= end {
                    let mut payload: Vec<u8> = self.received.drain(..end).skip(len).collect();
                    Mask::new(header.mask.unwrap_or_default()).apply(&mut payload);
                    if !header.opcode.is_control() {
                        payload = self.inflater.payload(&header, payload);
                    }
                    return Ok(Some(Frame { header, payload }));
                }
            }
            match self.raw.read(&mut buf).await? {
                0 if self.received.is_empty() => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.received.extend_from_slice(&buf[..count]),
            }
        }
    }

    /// The next frame.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub async fn recv(&mut self) -> Frame {
        let frame = self.try_recv().await.unwrap();
        frame.expect("a frame, and not the end")
    }

    /// The next frame, which has to be of this kind, and is whole; its payload.
    ///
    /// # Panics
    ///
    /// If another one comes.
    pub async fn expect(&mut self, opcode: Opcode) -> Vec<u8> {
        let Frame { header, payload } = self.recv().await;
        assert_eq!(header.opcode, opcode, "{}", payload.escape_ascii());
        payload
    }

    /// The next octets of binary messages, in whatever frames, and nothing in between.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_data(&mut self, len: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(len);
        while octets.len() < len {
            let Frame { header, payload } = self.recv().await;
            let opcodes = [Opcode::Binary, Opcode::Continuation];
            assert!(opcodes.contains(&header.opcode), "{header:?}");
            octets.extend(payload);
        }
        octets
    }

    /// The next frame, which has to be a Close: its code, or 1005 if it has none, and its reason.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub async fn expect_close(&mut self) -> (u16, String) {
        close_of(&self.expect(Opcode::Close).await)
    }

    /// Discards frames up to a Close.
    ///
    /// # Panics
    ///
    /// If the transport ends without one.
    pub async fn skip_to_close(&mut self) -> (u16, String) {
        loop {
            let Frame { header, payload } = self.recv().await;
            if header.opcode == Opcode::Close {
                return close_of(&payload);
            }
        }
    }

    /// The end of the transport, without a reset, and nothing before it.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_end(&mut self) {
        let frame = self.try_recv().await.expect("an end, and no reset");
        assert_eq!(frame, None);
    }
}

fn close_of(payload: &[u8]) -> (u16, String) {
    match payload.split_first_chunk() {
        None => (1005, String::new()),
        Some((code, reason)) => (
            u16::from_be_bytes(*code),
            String::from_utf8(reason.to_vec()).unwrap(),
        ),
    }
}

/// The octets of a frame of a server's.
#[must_use]
pub fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let header = Header::new(opcode, payload.len() as u64);
    [&*header.encode(), payload].concat()
}

/// The octets of a frame of a client's.
#[must_use]
pub fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    fragment(opcode, true, payload)
}

/// The octets of a client's frame that is perhaps not the last of its message.
#[must_use]
pub fn fragment(opcode: Opcode, fin: bool, payload: &[u8]) -> Vec<u8> {
    let key = [0x12, 0x34, 0x56, 0x78];
    let header = Header {
        fin,
        mask: Some(key),
        ..Header::new(opcode, payload.len() as u64)
    };
    let mut payload = payload.to_vec();
    Mask::new(key).apply(&mut payload);
    [&*header.encode(), &payload].concat()
}
