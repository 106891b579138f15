//! Where a client connects.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;
use std::time::Duration;

use super::arguments::{Arguments, Descriptor, Type};
use super::autobahn::{AutobahnOptions, CLIENT_KEYS, DESCRIPTION, checked, url, url_of};
use super::error::{EndpointError, EndpointErrorKind};
use super::quote::{Seconds, Writer};
use super::syntax::Text;
use super::{Exec, PemFiles, check_depth, check_length};
use crate::host_port::{host_and_zone, without_zone};
use wsstream_core::Url;
use wsstream_core::handshake::{ClientConfig, InvalidField};

/// Where a client connects: see the [module](super) for the grammar.
///
/// ```
/// use wsstream_net::descriptor::ClientDescriptor;
///
/// let endpoint: ClientDescriptor = r"autobahn:unix\:/run/s:url=ws\://localhost/".parse()?;
/// let ClientDescriptor::Autobahn(autobahn) = &endpoint else { unreachable!() };
/// assert!(matches!(&*autobahn.endpoint, ClientDescriptor::Unix(unix) if unix.path == "/run/s"));
/// assert_eq!(endpoint.to_string(), r"autobahn:unix\:/run/s:url=ws\://localhost/");
/// # Ok::<_, wsstream_net::descriptor::EndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "a program has few, and the largest is the usual one"
)]
pub enum ClientDescriptor {
    /// `autobahn`, or a URL: WebSocket over another endpoint.
    Autobahn(AutobahnClient),
    /// `exec`: a program's standard input and output.
    Exec(Exec),
    /// `stdio`: our own standard input and output.
    Stdio,
    /// `tcp`.
    Tcp(TcpClient),
    /// `tls` or `ssl`: TLS over another endpoint.
    Tls(TlsClient),
    /// `unix`: a Unix socket.
    Unix(UnixClient),
}

/// A WebSocket client over another endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AutobahnClient {
    /// The endpoint below. If the URL is `wss`, it is TLS, by default verified for the URL's host.
    pub endpoint: Box<ClientDescriptor>,
    /// The URL to request. Only `endpoint` decides where to connect.
    pub url: Url,
    /// The options that both roles have.
    pub options: AutobahnOptions,
    /// The web page on whose behalf the client acts.
    pub origin: Option<String>,
    /// Whether the server may select no subprotocol; `None` for the default of
    /// [`ClientConfig::stream`].
    pub accept_no_subprotocol: Option<bool>,
    /// How many redirects to follow; 0, the default, for none.
    pub redirects: u8,
}

/// Where to connect by TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcpClient {
    /// A name, or an address without brackets, with its zone if it has one (`fe80::1%eth0`); never empty.
    pub host: String,
    /// The port; never 0.
    pub port: u16,
    /// How long connecting may take in total; 30 s by default.
    pub timeout: Duration,
    /// The address to connect from, if any.
    pub bind_address: Option<String>,
}

/// TLS over another endpoint. The server is always verified, with `ssl` too.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsClient {
    /// The endpoint below.
    pub endpoint: Box<ClientDescriptor>,
    /// The name or address that the server's certificate must be valid for.
    pub server_name: String,
    /// A directory of `.pem` files with the trusted authorities; `None` to trust those of the platform.
    pub trust_roots: Option<String>,
    /// The certificate to show to the server.
    pub identity: Option<PemFiles>,
}

/// Where to connect by Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnixClient {
    /// The path of the socket; never empty.
    pub path: String,
    /// How long connecting may take; 30 s by default.
    pub timeout: Duration,
    /// Whether to connect only if the server holds its lock: a symbolic link at the socket's path plus
    /// `.lock`. Off by default.
    pub lockfile: bool,
}

impl ClientDescriptor {
    /// Reads a descriptor, or a `ws` or `wss` URL.
    ///
    /// # Errors
    ///
    /// The position and the reason, if the text is not a descriptor.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        check_length(text)?;
        Self::read(&Text::given(text), 0)
    }

    /// Reads a descriptor at this nesting depth.
    pub(super) fn read(text: &Text, depth: usize) -> Result<Self, EndpointError> {
        check_depth(text, depth)?;
        if let Some(url) = url_of(text)? {
            return Ok(Self::from_url(url));
        }
        let descriptor = Descriptor::read(text, TYPES, &["haproxy", "systemd", "tcp6"])?;
        let name = descriptor.name();
        let mut arguments = descriptor.arguments()?;
        if name == "exec" {
            return Ok(Self::Exec(Exec::read(arguments)?));
        }
        arguments = arguments.no_surplus()?;
        Ok(match name {
            "autobahn" => Self::Autobahn(AutobahnClient::read(arguments, depth)?),
            "ssl" | "tls" => Self::Tls(TlsClient::read(arguments, depth)?),
            "tcp" => Self::Tcp(TcpClient::read(&mut arguments)?),
            "unix" => Self::Unix(UnixClient::read(arguments)?),
            _ => Self::Stdio,
        })
    }

    /// TCP to the URL's host and port, with TLS if it is `wss`.
    pub(super) fn from_url(url: Url) -> Self {
        let tcp = Self::Tcp(TcpClient {
            host: host_and_zone(&url),
            port: url.port(),
            timeout: TIMEOUT,
            bind_address: None,
        });
        Self::Autobahn(AutobahnClient::new(tcp, url))
    }

    /// Adds TLS if the URL is `wss` and the endpoint is not TLS.
    pub(super) fn secured_for(self, url: &Url) -> Self {
        match self {
            plain if url.is_secure() && !matches!(plain, Self::Tls(_)) => {
                Self::Tls(TlsClient::plain(plain, url.host().to_owned()))
            }
            secured => secured,
        }
    }

    /// The endpoint to write so that [`secured_for`](Self::secured_for) gives this one.
    pub(super) fn unsecured_for(&self, url: &Url) -> &Self {
        if let Self::Tls(tls) = self {
            let plain = &*tls.endpoint;
            let implied = tls.server_name == url.host()
                && tls.trust_roots.is_none()
                && tls.identity.is_none();
            if url.is_secure() && implied && !matches!(plain, Self::Tls(_)) {
                return plain;
            }
        }
        self
    }
}

impl FromStr for ClientDescriptor {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

/// Writes a descriptor that reads back as the same endpoint. It contains the URL's user and password
/// and the header fields. Use `Debug` for logs, which omits them.
impl fmt::Display for ClientDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Autobahn(autobahn) => {
                if *self == Self::from_url(autobahn.url.clone()) {
                    return f.write_str(&autobahn.url.with_userinfo());
                }
                autobahn.write(f)
            }
            Self::Exec(exec) => exec.write(f),
            Self::Stdio => f.write_str("stdio"),
            Self::Tcp(tcp) => tcp.write(&mut Writer::new(f, "tcp")?),
            Self::Tls(tls) => tls.write(f),
            Self::Unix(unix) => {
                let mut writer = Writer::new(f, "unix")?;
                writer.argument(&unix.path)?;
                writer.unless(Seconds(TIMEOUT), "timeout", Seconds(unix.timeout))?;
                writer.unless(0, "lockfile", u8::from(unix.lockfile))
            }
        }
    }
}

impl AutobahnClient {
    pub(super) fn new(endpoint: ClientDescriptor, url: Url) -> Self {
        Self {
            endpoint: Box::new(endpoint.secured_for(&url)),
            url,
            options: AutobahnOptions::default(),
            origin: None,
            accept_no_subprotocol: None,
            redirects: 0,
        }
    }

    fn read(mut arguments: Arguments, depth: usize) -> Result<Self, EndpointError> {
        let wrapped = arguments.text(DESCRIPTION);
        let wrapped = wrapped.ok_or_else(|| arguments.missing(DESCRIPTION))?;
        let (url, _) = url(&mut arguments)?;
        let options = AutobahnOptions::read(&mut arguments)?;
        let origin = match arguments.text("origin") {
            None => None,
            Some(text) => {
                let origin = text.as_str().trim();
                checked(&text, ClientConfig::stream().origin(origin))?;
                Some(origin.to_owned())
            }
        };
        Ok(Self {
            options,
            origin,
            accept_no_subprotocol: arguments.flag("acceptNoSubprotocol")?,
            redirects: arguments.number("redirects", "0 to 255")?.unwrap_or(0),
            ..Self::new(ClientDescriptor::read(&wrapped, depth + 1)?, url)
        })
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new(f, "autobahn")?;
        writer.argument(self.endpoint.unsecured_for(&self.url).to_string())?;
        writer.value("url", self.url.with_userinfo())?;
        self.options.write(&mut writer)?;
        writer.some("origin", self.origin.as_ref())?;
        writer.some("acceptNoSubprotocol", self.accept_no_subprotocol)?;
        writer.unless(0, "redirects", self.redirects)
    }

    /// The configuration for byte streams that the descriptor describes.
    ///
    /// # Errors
    ///
    /// Only if you changed a field to a value that cannot be sent.
    pub fn client_config(&self) -> Result<ClientConfig, InvalidField> {
        let options = &self.options;
        let mut client = ClientConfig::stream().config(options.connection_config());
        let ours = |name: &String| matches!(&**name, "binary" | "base64");
        if options.subprotocols.iter().any(ours) {
            client = client.subprotocols([""; 0])?;
        }
        for name in &options.subprotocols {
            client = client.subprotocol(name)?;
        }
        for (name, value) in &options.headers {
            client = client.header(name, value)?;
        }
        if let Some(origin) = &self.origin {
            client = client.origin(origin)?;
        }
        if let Some(accept) = self.accept_no_subprotocol {
            client = client.accept_no_subprotocol(accept);
        }
        if let Some(octets) = options.max_head {
            client = client.max_head(octets);
        }
        if let Some(timeout) = options.handshake_timeout {
            client = client.handshake_timeout(timeout);
        }
        Ok(client)
    }
}

impl TcpClient {
    fn read(arguments: &mut Arguments) -> Result<Self, EndpointError> {
        Ok(Self {
            host: arguments.required("host")?,
            port: port(arguments)?.ok_or_else(|| arguments.missing("port"))?,
            timeout: arguments.seconds("timeout")?.unwrap_or(TIMEOUT),
            bind_address: arguments.maybe_empty("bindAddress"),
        })
    }

    fn write(&self, writer: &mut Writer<'_, '_>) -> fmt::Result {
        writer.argument(&self.host)?;
        writer.argument(self.port)?;
        writer.unless(Seconds(TIMEOUT), "timeout", Seconds(self.timeout))?;
        writer.some("bindAddress", self.bind_address.as_ref())
    }
}

impl TlsClient {
    /// TLS that trusts the platform's authorities.
    fn plain(endpoint: ClientDescriptor, server_name: String) -> Self {
        Self {
            endpoint: Box::new(endpoint),
            server_name,
            trust_roots: None,
            identity: None,
        }
    }

    /// Reads `tls` or `ssl`. The arguments have only keys of their own type.
    fn read(mut arguments: Arguments, depth: usize) -> Result<Self, EndpointError> {
        let mut tls = if let Some(wrapped) = arguments.text("endpoint") {
            // Here the host is only the name to verify. Twisted requires a port, but does not use it.
            let name = arguments.required("host")?;
            port(&mut arguments)?;
            for key in ["timeout", "bindAddress"] {
                if let Some(value) = arguments.text(key) {
                    let other = "endpoint";
                    return Err(value.error(EndpointErrorKind::Contradiction { key, other }));
                }
            }
            Self::plain(ClientDescriptor::read(&wrapped, depth + 1)?, name)
        } else {
            let tcp = TcpClient::read(&mut arguments)?;
            let name = arguments.not_empty("hostname")?;
            let name = name.unwrap_or_else(|| without_zone(&tcp.host).to_owned());
            Self::plain(ClientDescriptor::Tcp(tcp), name)
        };
        for [roots, certificate] in [["trustRoots", "certificate"], ["caCertsDir", "certKey"]] {
            tls.trust_roots = arguments.not_empty(roots)?.or(tls.trust_roots);
            if let Some(certificate) = arguments.not_empty(certificate)? {
                let key = arguments.not_empty("privateKey")?;
                tls.identity = Some(PemFiles {
                    private_key: key.unwrap_or_else(|| certificate.clone()),
                    certificate,
                });
            }
        }
        match arguments.text("privateKey") {
            Some(_) => Err(arguments.missing_one_of(["certificate", "certKey"])),
            None => Ok(tls),
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only `ssl` can have a name other than the host, and only `tls` another endpoint.
        let (mut writer, [roots, certificate]) = match &*self.endpoint {
            ClientDescriptor::Tcp(tcp) if without_zone(&tcp.host) != self.server_name => {
                let mut writer = Writer::new(f, "ssl")?;
                tcp.write(&mut writer)?;
                writer.value("hostname", &self.server_name)?;
                (writer, ["caCertsDir", "certKey"])
            }
            endpoint => {
                let mut writer = Writer::new(f, "tls")?;
                if let ClientDescriptor::Tcp(tcp) = endpoint {
                    tcp.write(&mut writer)?;
                } else {
                    writer.argument(&self.server_name)?;
                    writer.argument(443)?;
                    writer.value("endpoint", endpoint)?;
                }
                (writer, ["trustRoots", "certificate"])
            }
        };
        writer.some(roots, self.trust_roots.as_ref())?;
        if let Some(identity) = &self.identity {
            writer.value(certificate, &identity.certificate)?;
            writer.unless(&identity.certificate, "privateKey", &identity.private_key)?;
        }
        Ok(())
    }
}

impl UnixClient {
    fn read(mut arguments: Arguments) -> Result<Self, EndpointError> {
        Ok(Self {
            path: arguments.required("path")?,
            timeout: arguments.seconds("timeout")?.unwrap_or(TIMEOUT),
            lockfile: arguments.flag("lockfile")?.unwrap_or(false),
        })
    }
}

fn port(arguments: &mut Arguments) -> Result<Option<u16>, EndpointError> {
    let port = arguments.number("port", "1 to 65535")?;
    Ok(port.map(NonZeroU16::get))
}

/// As in Twisted.
const TIMEOUT: Duration = Duration::from_secs(30);

#[rustfmt::skip]
const TYPES: &[Type] = &[
    Type::new("autobahn", 1, CLIENT_KEYS),
    Type::new("exec", 0, &[]),
    Type::new("ssl", 2, &["host", "port", "timeout", "bindAddress", "hostname", "caCertsDir", "certKey", "privateKey"]),
    Type::new("stdio", 0, &[]),
    Type::new("tcp", 2, &["host", "port", "timeout", "bindAddress"]),
    Type::new("tls", 8, &["host", "port", "timeout", "bindAddress", "certificate", "privateKey", "trustRoots", "endpoint"]),
    Type::new("unix", 1, &["path", "timeout", "lockfile"]),
];
