//! The codec that compresses: raw deflate, RFC 1951.

#[cfg(not(feature = "zlib-rs"))]
pub(super) use super::miniz::{BOUNDS_WINDOW, COMPRESSOR_LEN, RawDeflate, WORTH_FROM};
#[cfg(feature = "zlib-rs")]
pub(super) use super::zlib::{BOUNDS_WINDOW, COMPRESSOR_LEN, RawDeflate, WORTH_FROM};
