//! The crates whose types are in the API of this one, in the versions that it needs. The adapters have them, too:
//! `wsstream_tokio::rustls` for example.

#[cfg(feature = "rustls")]
#[doc(no_inline)]
pub use rustls;
#[doc(no_inline)]
pub use socket2;
#[doc(no_inline)]
pub use wsstream_core::bytes;
#[cfg(feature = "http")]
#[doc(no_inline)]
pub use wsstream_core::http;
#[cfg(feature = "tracing")]
#[doc(no_inline)]
pub use wsstream_core::tracing;
