//! What peers understand of permessage-deflate: RFC 7692 §7.2.2, by a codec that is not ours.

use std::fmt;

use wsstream_core::Header;
use zlib_rs::{Inflate, InflateFlush, Status};

/// Inflates the messages of one direction.
pub(crate) struct Inflater {
    inflate: Inflate,
    /// Whether the message that comes is compressed.
    compressed: bool,
}

impl Inflater {
    pub(crate) fn new(window_bits: u8) -> Self {
        Self {
            inflate: Inflate::new(false, window_bits),
            compressed: false,
        }
    }

    /// What a data frame's payload means, which may be of a compressed message or of a plain one.
    pub(crate) fn payload(&mut self, header: &Header, mut payload: Vec<u8>) -> Vec<u8> {
        self.compressed |= header.rsv1;
        if !self.compressed {
            return payload;
        }
        if header.fin {
            payload.extend(b"\0\0\xff\xff");
            self.compressed = false;
        }
        self.inflated(&payload)
    }

    fn inflated(&mut self, mut deflated: &[u8]) -> Vec<u8> {
        let (mut inflated, mut room) = (Vec::new(), vec![0; 64 << 10]);
        loop {
            let before = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(deflated, &mut room, InflateFlush::SyncFlush);
            let status = status.expect("deflate data");
            assert_ne!(status, Status::StreamEnd, "nobody has to end a stream");
            let taken = usize::try_from(self.inflate.total_in() - before.0).unwrap();
            let made = usize::try_from(self.inflate.total_out() - before.1).unwrap();
            inflated.extend_from_slice(&room[..made]);
            deflated = &deflated[taken..];
            if made < room.len() {
                assert!(deflated.is_empty());
                return inflated;
            }
        }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").finish_non_exhaustive()
    }
}
