//! How much of what was compressed comes out.

/// How a piece ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flush {
    /// Not yet.
    None,
    /// So that all of it can be inflated.
    Sync,
    /// The same, and nothing refers back across it.
    Full,
}
