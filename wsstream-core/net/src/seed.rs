//! Randomness.

use std::io;

use wsstream_core::Seed;

/// What nobody can guess, for one connection.
pub(crate) fn seed() -> io::Result<Seed> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(Seed::new(seed))
}
