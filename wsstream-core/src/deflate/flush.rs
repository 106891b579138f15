//! How much of the compressed data is written out.

/// How a piece ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flush {
    /// Writes nothing out.
    None,
    /// Writes everything out, so that the receiver can inflate it.
    Sync,
    /// Like `Sync`, and nothing later refers to earlier octets.
    Full,
}
