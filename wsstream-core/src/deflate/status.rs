//! Why inflating stops.

/// What an inflater is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    NeedsInput,
    NeedsRoom,
    /// As much as is to be done at a time has been; the input has more.
    Spent,
    Broken,
}
