//! What an adapter re-exports, whatever its runtime: configurations, requests, errors, descriptors and TLS settings.

pub use wsstream_core::handshake::{
    Agreed, ClientConfig, HandshakeError, Headers, Hosts, InvalidField, Origins, Refusal, Request,
    Response, RetryAfter, ServerConfig, WrongOctet, accept_key,
};
pub use wsstream_core::pump::{Carried, Ended, Relayed};
pub use wsstream_core::{
    Close, CloseCode, ClosedBy, CompressionBudget, Connection, ConnectionConfig, Counters,
    DataKind, Deflate, InvalidKeepalive, InvalidUrl, Keepalive, Message, PerMessageDeflate,
    ProtocolError, Role, StreamError, Timeout, Url,
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
pub use crate::tls::{ClientTls, ServerTls, TlsError};
