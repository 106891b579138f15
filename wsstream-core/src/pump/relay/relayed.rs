//! The result of a relay.

use std::io;

/// What a relay carried, how each direction ended, and which end failed.
///
/// An end's error is told once, whichever direction met it. [`Carried::ended`] tells what that meant for the octets of
/// a direction.
///
/// ```
/// # use wsstream_core::pump::{Ended, Relayed};
/// fn log(relayed: &Relayed) {
///     for (direction, carried) in [("up", relayed.a_to_b), ("down", relayed.b_to_a)] {
///         let whole = if carried.ended == Ended::Complete { "" } else { ", something may be missing" };
///         println!("{} octets {direction}{whole}", carried.octets);
///     }
///     for error in relayed.a_failed.iter().chain(&relayed.b_failed) {
///         println!("{error}");
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Relayed {
    /// The direction from the first end to the second.
    pub a_to_b: Carried,
    /// The direction from the second end to the first.
    pub b_to_a: Carried,
    /// The error of the first end, if it failed.
    pub a_failed: Option<io::Error>,
    /// The error of the second end, if it failed.
    pub b_failed: Option<io::Error>,
}

/// What became of one direction of a relay.
///
/// ```
/// # use wsstream_core::pump::{Carried, Ended};
/// fn is_whole(carried: &Carried) -> bool {
///     carried.ended == Ended::Complete
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Carried {
    /// How many octets the destination took.
    pub octets: u64,
    /// How the direction ended.
    pub ended: Ended,
}

/// How one direction of a relay ended.
///
/// ```
/// # use wsstream_core::pump::Ended;
/// fn exit_status(upload: Ended) -> u8 {
///     match upload {
///         Ended::Complete => 0,
///         Ended::ReadFailed => 1,
///         // The destination wanted no more, or does not have everything.
///         _ => 2,
///     }
/// }
/// # assert_eq!(exit_status(Ended::Complete), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The source ended, and everything that it had sent was written to the destination. The destination was told so,
    /// unless what it had sent itself was lost. This is the only way in which nothing can be missing.
    Complete,
    /// The destination had closed both directions before the source ended. It had everything that had come until then;
    /// what the source sent later was discarded.
    DestinationClosed,
    /// Reading from the source failed. Everything that had been read was written, and then the destination was told
    /// that something may be missing.
    ReadFailed,
    /// Writing to the destination failed, or it did not confirm what came last, or it took nothing for 60 seconds after
    /// the source had hung up. What was read and not written is lost, and what the source sent later was discarded.
    WriteFailed,
    /// The direction was a reply that nothing more had come of for as long as the [patience](super::Relay::patience)
    /// lasts. Its source was closed, and may have cut the reply short. The destination was told so.
    PatienceOver,
    /// The relay ended before the direction did, because the other direction failed, or because a listener that shuts
    /// down cut an end off. What was read and not written is lost.
    Interrupted,
}

impl Relayed {
    /// The octets carried from the first end to the second and back, if neither end failed. They may be incomplete all
    /// the same: [`Carried::ended`] tells.
    ///
    /// # Errors
    ///
    /// The error of the first end, or else of the second.
    pub fn into_result(self) -> io::Result<(u64, u64)> {
        match self.a_failed.or(self.b_failed) {
            Some(error) => Err(error),
            None => Ok((self.a_to_b.octets, self.b_to_a.octets)),
        }
    }
}

impl Carried {
    /// Records that the destination failed after the end of the direction.
    pub(super) fn closing_failed(&mut self) {
        if matches!(self.ended, Ended::Complete | Ended::DestinationClosed) {
            self.ended = Ended::WriteFailed;
        }
    }
}
