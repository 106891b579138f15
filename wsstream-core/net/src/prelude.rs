//! What an adapter re-exports, whatever its runtime: configurations, requests, errors, descriptors and TLS settings.

pub use wsstream_core::handshake::{
    Agreed, ClientConfig, HandshakeError, Headers, Hosts, InvalidField, Negotiated, Origins,
    Refusal, Request, Response, RetryAfter, ServerConfig, WrongOctet, accept_key,
};
pub use wsstream_core::pump::{Carried, Ended, Info, Relayed};
pub use wsstream_core::{
    Close, CloseCode, ClosedBy, CompressionBudget, ConnectionConfig, Counters, Deflate,
    InvalidKeepalive, InvalidUrl, Keepalive, Message, NotText, PerMessageDeflate, PingError,
    ProtocolError, Role, Seed, StreamError, Timeout, Url,
};

pub use crate::descriptor::{
    EndpointAddress, EndpointError, EndpointErrorKind, UnsupportedEndpoint, quote_argument,
    quote_value,
};
pub use crate::dial::DialError;
pub use crate::error::{Cause, Error};
pub use crate::listener::StdListener;
pub use crate::proxy::{InvalidProxy, Proxy, ProxyError, ProxyErrorKind};
pub use crate::redirect_error::{RedirectError, RedirectErrorKind};
pub use crate::seed::seed;
pub use crate::split::{Half, ReuniteError};
pub use crate::tls::{ClientTls, ServerTls, TlsError};
