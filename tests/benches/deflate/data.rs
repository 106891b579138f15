//! What is sent: a few mebibytes that look like what streams carry.

/// A generator of numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        // Knuth's MMIX; the high bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize
    }

    fn octet(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// Small numbers more often than large ones, as words in a language.
    fn skewed(&mut self, below: usize) -> usize {
        (self.next() % below) * (self.next() % below) / below
    }
}

/// A kind of data: its name, and what makes at least so many octets of it.
pub(crate) type Kind = (&'static str, fn(usize) -> Vec<u8>);

/// All of them.
pub(crate) const KINDS: [Kind; 4] = [
    ("text", text),
    ("JSON lines", json_lines),
    ("framebuffer", framebuffer),
    ("random", random),
];

fn text(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(1);
    let words: Vec<Vec<u8>> = (0..2000)
        .map(|_| {
            let len = 2 + numbers.skewed(9);
            (0..len)
                .map(|_| b"etaoinshrdlucmfw"[numbers.skewed(16)])
                .collect()
        })
        .collect();
    let mut text = Vec::new();
    while text.len() < len {
        text.extend_from_slice(&words[numbers.skewed(words.len())]);
        text.push(if numbers.next().is_multiple_of(12) {
            b'\n'
        } else {
            b' '
        });
    }
    text
}

fn json_lines(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(2);
    let mut lines = String::new();
    for id in 0.. {
        let user = numbers.skewed(500);
        let status = ["ok", "ok", "ok", "retry", "failed"][numbers.skewed(5)];
        let line = format!(
            "{{\"id\":{id},\"time\":\"2026-11-24T21:{:02}:{:02}Z\",\"user\":\"user-{user}\",\"status\":\"{status}\",\"bytes\":{}}}\n",
            id / 60 % 60,
            id % 60,
            numbers.next() % 100_000,
        );
        lines.push_str(&line);
        if lines.len() >= len {
            break;
        }
    }
    lines.into_bytes()
}

/// Rows of pixels: areas of one colour, gradients, and some that are noisy.
fn framebuffer(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(3);
    let mut pixels = Vec::new();
    while pixels.len() < len {
        let run = 8 + numbers.skewed(200);
        let colour = numbers.skewed(40).to_le_bytes()[0];
        let kind = numbers.next() % 8;
        for x in 0..run.to_le_bytes()[0] {
            let shade = match kind {
                0 => colour.wrapping_add(x / 4),
                1 => numbers.octet(),
                _ => colour,
            };
            pixels.extend_from_slice(&[shade, shade / 2, 255 - colour, 0]);
        }
    }
    pixels
}

fn random(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(4);
    (0..len).map(|_| numbers.octet()).collect()
}
