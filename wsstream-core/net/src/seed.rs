//! Random numbers.

use std::io;

use wsstream_core::Seed;

/// An unpredictable seed for one connection, from the system.
pub(crate) fn seed() -> io::Result<Seed> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(Seed::new(seed))
}
