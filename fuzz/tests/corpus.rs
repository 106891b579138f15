//! Every property over its corpus, over spoilt corpus, and over pseudo-random octets: what `cargo fuzz`
//! has found stays found, on stable.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::fs;
use std::path::Path;

use wsstream_fuzz::TARGETS;

/// Pseudo-random inputs for each target, half of them spoilt corpus.
const INPUTS: u64 = 400;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{name} has no corpus: {error}"));
    let mut inputs: Vec<_> = files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "{name} has no corpus");
    inputs
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    fn octet(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// Octets of all values, or of a few that recur.
    fn octets(&mut self) -> Vec<u8> {
        let len = self.below(600);
        let few: Vec<u8> = (0..=self.below(20)).map(|_| self.octet()).collect();
        let any = self.below(2) == 0;
        (0..len)
            .map(|_| {
                if any {
                    self.octet()
                } else {
                    few[self.below(few.len())]
                }
            })
            .collect()
    }

    /// The front of one input with the back of another, and a few octets changed.
    fn spoilt(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let [front, back] = [(); 2].map(|()| &corpus[self.below(corpus.len())]);
        let (to, from) = (self.below(front.len() + 1), self.below(back.len() + 1));
        let mut input = [&front[..to], &back[from..]].concat();
        for _ in 0..self.below(4) {
            let at = self.below(input.len());
            if let Some(octet) = input.get_mut(at) {
                *octet ^= 1 << self.below(8);
            }
        }
        input
    }
}

#[test]
fn every_property_holds() {
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        let mut random = Random(1);
        let made = (0..INPUTS).map(|number| match number % 2 {
            0 => random.octets(),
            _ => random.spoilt(&corpus),
        });
        for input in corpus.iter().cloned().chain([Vec::new()]).chain(made) {
            let run = std::panic::catch_unwind(|| target(&input));
            assert!(run.is_ok(), "{name} fails on b\"{}\"", input.escape_ascii());
        }
    }
}

#[test]
fn every_target_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_owned())
        .collect();
    files.sort();
    let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(files, names, "fuzz_targets/ against TARGETS");
}
