//! The reasons why inflating stops.

/// What the inflater needs to continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    NeedsInput,
    NeedsRoom,
    /// The work of this turn is spent, and input is left.
    Spent,
    Broken,
}
