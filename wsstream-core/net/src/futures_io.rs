//! Sockets as futures-io's streams, and the other way round, for every runtime that has futures-io's traits (feature
//! `futures-io`). `wsstream-async-std` re-exports them.

mod io;
mod stream;

pub use io::Io;
pub use stream::{AsyncStream, ReadHalf, WriteHalf};
