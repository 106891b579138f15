//! Deflate blocks, bit by bit: RFC 1951.

/// A stream of blocks.
#[derive(Default)]
pub(crate) struct Bits {
    octets: Vec<u8>,
    partial: u8,
    count: u8,
}

impl Bits {
    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(crate) fn octets(self) -> Vec<u8> {
        self.octets
    }

    /// §3.2.4.
    pub(crate) fn stored(&mut self, last: bool, data: &[u8]) {
        self.header(last, 0);
        self.align();
        let len = u16::try_from(data.len()).unwrap();
        self.octets.extend(len.to_le_bytes());
        self.octets.extend((!len).to_le_bytes());
        self.octets.extend(data);
    }

    /// §3.2.6, of literals below 144.
    pub(crate) fn fixed(&mut self, last: bool, data: &[u8]) {
        self.header(last, 1);
        for octet in data {
            self.code(0x30 + u16::from(*octet), 8);
        }
        self.code(0, 7);
        if last {
            self.align();
        }
    }

    /// §3.2.7, the shortest there is, with `count` octets 0xff in it.
    pub(crate) fn dynamic(&mut self, last: bool, count: usize) {
        self.header(last, 2);
        self.bits(0, 5);
        self.bits(0, 5);
        // Lengths of the lengths' codes: one bit for 18 and for 1, the last but one in order.
        self.bits(14, 4);
        for place in 0..18 {
            self.bits(u16::from(place == 2 || place == 17), 3);
        }
        // 255 literals that there are not, 0xff, the end of the block, and a distance.
        self.bits(1, 1);
        self.bits(127, 7);
        self.bits(1, 1);
        self.bits(106, 7);
        for _ in 0..3 {
            self.bits(0, 1);
        }
        for _ in 0..count {
            self.bits(0, 1);
        }
        self.bits(1, 1);
        if last {
            self.align();
        }
    }

    fn header(&mut self, last: bool, kind: u16) {
        self.bits(last.into(), 1);
        self.bits(kind, 2);
    }

    /// §3.1.1: codes begin with their highest bit.
    fn code(&mut self, code: u16, len: u8) {
        (0..len)
            .rev()
            .for_each(|place| self.bits(code >> place & 1, 1));
    }

    fn bits(&mut self, bits: u16, count: u8) {
        for place in 0..count {
            self.partial |= u8::from(bits >> place & 1 == 1) << self.count;
            self.count += 1;
            if self.count == 8 {
                self.octets.push(self.partial);
                (self.partial, self.count) = (0, 0);
            }
        }
    }

    fn align(&mut self) {
        while self.count > 0 {
            self.bits(0, 1);
        }
    }
}
