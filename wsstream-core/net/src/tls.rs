//! TLS with rustls: trusted authorities, certificates, and errors.
//!
//! You can create [`ClientTls`] and [`ServerTls`] only with the feature `rustls`. The cryptography is that of the
//! provider which the process has installed ([`CryptoProvider::install_default`]), or else of the one that the feature
//! `aws-lc-rs` or `ring` has brought in; with both features, of aws-lc-rs. Nothing is ever installed here. The
//! [runtime](crate::Runtime::tls_connect) does the handshakes, because it knows the sockets; this crate
//! sets their time limits.
//!
//! [`CryptoProvider::install_default`]: https://docs.rs/rustls/latest/rustls/crypto/struct.CryptoProvider.html#method.install_default

mod accept;
#[cfg(feature = "rustls")]
mod config;
mod failure;
#[cfg(feature = "rustls")]
mod files;
#[cfg(feature = "rustls")]
mod past_readiness;
#[cfg(not(feature = "rustls"))]
mod without;

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::marker::PhantomData;
#[cfg(feature = "rustls")]
use std::sync::Arc;
use std::task::{Context, Poll};

use wsstream_core::pump::Socket;

#[cfg(feature = "rustls")]
pub use self::past_readiness::{poll_retry_write, taken};

pub(crate) use self::accept::accept_within;
#[cfg(feature = "rustls")]
pub use self::config::server_name;
pub use self::failure::TlsError;
#[cfg(feature = "rustls")]
pub(crate) use self::failure::late_tls_error;
pub(crate) use self::failure::tls_error;
#[cfg(not(feature = "rustls"))]
pub(crate) use self::without::late_tls_error;
use crate::descriptor::UnsupportedEndpoint;

/// A client's TLS configuration: the authorities that it trusts, and the certificate that it shows.
///
/// The server's certificate is always verified for the URL's host. Creating this needs the feature
/// `rustls`.
///
#[cfg_attr(
    feature = "rustls",
    doc = r#"```no_run
# use wsstream_net::tls::ClientTls;
let tls = ClientTls::with_roots(&std::fs::read("roots.pem")?)?
    .identity(&std::fs::read("me.pem")?, &std::fs::read("me.key")?)?;
# let _ = tls;
# Ok::<(), std::io::Error>(())
```"#
)]
///
/// Pass it to [`ClientEndpoint::tls`](crate::ClientEndpoint::tls).
#[derive(Clone, Debug)]
pub struct ClientTls(
    #[cfg(feature = "rustls")] Arc<rustls::ClientConfig>,
    #[cfg(not(feature = "rustls"))] Infallible,
);

/// A server's TLS configuration: the certificate that it shows, and the client certificates that it
/// requires.
///
/// Creating this needs the feature `rustls`.
///
#[cfg_attr(
    feature = "rustls",
    doc = r#"```no_run
# use wsstream_net::tls::ServerTls;
let tls = ServerTls::from_pem(&std::fs::read("chain.pem")?, &std::fs::read("key.pem")?)?;
# let _ = tls;
# Ok::<(), std::io::Error>(())
```"#
)]
///
/// Pass it to [`Listener::tls`](crate::Listener::tls).
#[derive(Clone, Debug)]
pub struct ServerTls(
    #[cfg(feature = "rustls")] Arc<rustls::ServerConfig>,
    #[cfg(not(feature = "rustls"))] Infallible,
);

/// The TLS socket of a runtime without TLS. It can never exist.
#[derive(Debug)]
pub struct NoTls<S>(Infallible, PhantomData<fn() -> S>);

impl<S> NoTls<S> {
    /// The socket below.
    pub const fn below(&self) -> &S {
        match self.0 {}
    }

    /// The socket below, mutable.
    pub const fn below_mut(&mut self) -> &mut S {
        match self.0 {}
    }
}

impl<S> Socket for NoTls<S> {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.0 {}
    }

    fn poll_write(&mut self, _: &mut Context<'_>, _: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.0 {}
    }

    fn is_write_vectored(&self) -> bool {
        match self.0 {}
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0 {}
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0 {}
    }
}

pub(crate) fn not_supported() -> io::Error {
    UnsupportedEndpoint::Tls.into()
}
