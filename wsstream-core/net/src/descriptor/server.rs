//! Where a server listens.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use super::arguments::{Arguments, Descriptor, Type, wrong};
use super::autobahn::{
    AutobahnOptions, DESCRIPTION, SERVER_KEYS, checked, for_a_server, url, url_of,
};
use super::error::{EndpointError, EndpointErrorKind};
use super::quote::Writer;
use super::syntax::Text;
use super::systemd::Systemd;
use super::{Exec, PemFiles, check_depth, check_length};
use crate::host_port::host_and_zone;
use wsstream_core::Url;
use wsstream_core::handshake::{Hosts, InvalidField, Origins, ServerConfig};

/// Where a server listens: see the [module](super) for the grammar.
///
/// ```
/// use wsstream_net::descriptor::ServerDescriptor;
///
/// let endpoint: ServerDescriptor = "tcp:9000:interface=127.0.0.1".parse()?;
/// let ServerDescriptor::Tcp(tcp) = &endpoint else { unreachable!() };
/// assert_eq!((&*tcp.interface, tcp.port, tcp.backlog), ("127.0.0.1", 9000, 4096));
/// assert_eq!(endpoint.to_string(), "tcp:9000:interface=127.0.0.1");
/// # Ok::<_, wsstream_net::descriptor::EndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "a program has few, and the largest is the usual one"
)]
pub enum ServerDescriptor {
    /// `autobahn`, or a URL: WebSocket over another endpoint.
    Autobahn(AutobahnServer),
    /// `exec`: a program's standard input and output, as a single connection.
    Exec(Exec),
    /// `haproxy`: another endpoint, whose connections begin with a PROXY header of version 1 or 2.
    Haproxy(Box<Self>),
    /// `stdio`: our own standard input and output, as a single connection.
    Stdio,
    /// `systemd`: an inherited socket.
    Systemd(Systemd),
    /// `tcp` and `tcp6`.
    Tcp(TcpServer),
    /// `tls` and `ssl`: TLS over TCP.
    Tls(TlsServer),
    /// `unix`: a Unix socket.
    Unix(UnixServer),
}

/// A WebSocket server over another endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AutobahnServer {
    /// The endpoint below.
    pub endpoint: Box<ServerDescriptor>,
    /// The URL whose path is served; `/` means any path. Only `endpoint` decides where to listen.
    pub url: Url,
    /// The options that both roles have.
    pub options: AutobahnOptions,
    /// Which web pages may use the server.
    pub origins: Origins,
    /// Which names the server answers to. The default has the host of `url`.
    pub hosts: Hosts,
    /// Where load balancers may ask whether the server is up.
    pub health_path: Option<String>,
}

/// Where to listen by TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcpServer {
    /// The address or name to listen on; never empty. A name means all its addresses. `0.0.0.0` means all of this
    /// machine's IPv4 addresses, and `::` those of IPv6, on most systems those of IPv4 too.
    pub interface: String,
    /// The port; with 0, the system chooses one, the same for all addresses of a name.
    pub port: u16,
    /// The length of the accept queue; 4096 by default. The system may lower it.
    pub backlog: u32,
}

/// TLS over TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsServer {
    /// The TCP endpoint below.
    pub tcp: TcpServer,
    /// The certificates to show to clients.
    pub certificates: Certificates,
}

/// Where a server's certificates are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificates {
    /// `tls`: a directory of `.pem` files, each with a key and a chain. The client's requested name
    /// selects one.
    Directory(String),
    /// `ssl`: one certificate.
    Files {
        /// The certificate and its key.
        identity: PemFiles,
        /// The certificates between this one and an authority, if they are not in its file.
        extra_chain: Option<String>,
    },
}

/// Where to listen by Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnixServer {
    /// The path of the socket; never empty.
    pub path: String,
    /// The socket's permissions; 0o666 by default.
    pub mode: u32,
    /// The length of the accept queue; 4096 by default. The system may lower it.
    pub backlog: u32,
    /// Whether to hold a lock, a symbolic link at the socket's path plus `.lock`. It shows whether an
    /// existing socket is stale and can be replaced. On by default.
    pub lockfile: bool,
}

impl ServerDescriptor {
    /// Reads a descriptor, or a `ws` URL.
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
            for_a_server(text, &url)?;
            if url.is_secure() {
                return Err(text.error(EndpointErrorKind::NoCertificate));
            }
            return Ok(Self::from_url(url));
        }
        let descriptor = Descriptor::read(text, TYPES, &[])?;
        let name = descriptor.name();
        if let ("haproxy", Some(rest)) = (name, descriptor.rest()) {
            // The wrapped descriptor is not quoted.
            let wrapped = text.slice(rest..text.as_str().len());
            return Ok(Self::Haproxy(Box::new(Self::read(&wrapped, depth + 1)?)));
        }
        let mut arguments = descriptor.arguments()?;
        if name == "exec" {
            return Ok(Self::Exec(Exec::read(arguments)?));
        }
        arguments = arguments.no_surplus()?;
        Ok(match name {
            "autobahn" => Self::Autobahn(AutobahnServer::read(arguments, depth)?),
            "haproxy" => return Err(arguments.missing("endpoint")),
            "ssl" => Self::Tls(TlsServer::read_ssl(arguments)?),
            "systemd" => Self::Systemd(Systemd::read(arguments)?),
            "tcp" => Self::Tcp(TcpServer::read(&mut arguments, ALL_IPV4, None)?),
            "tcp6" => Self::Tcp(TcpServer::read_tcp6(arguments)?),
            "tls" => Self::Tls(TlsServer::read_tls(arguments)?),
            "unix" => Self::Unix(UnixServer::read(arguments)?),
            _ => Self::Stdio,
        })
    }

    /// TCP on the URL's host and port.
    fn from_url(url: Url) -> Self {
        let tcp = Self::Tcp(TcpServer::new(&host_and_zone(&url), url.port()));
        Self::Autobahn(AutobahnServer::new(tcp, url))
    }
}

impl FromStr for ServerDescriptor {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

/// Writes a descriptor that reads back as the same endpoint. It contains the values of header fields.
/// Use `Debug` for logs, which omits them.
impl fmt::Display for ServerDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Autobahn(autobahn) => {
                if !autobahn.url.is_secure() && *self == Self::from_url(autobahn.url.clone()) {
                    return autobahn.url.fmt(f);
                }
                autobahn.write(f)
            }
            Self::Exec(exec) => exec.write(f),
            Self::Haproxy(endpoint) => write!(f, "haproxy:{endpoint}"),
            Self::Stdio => f.write_str("stdio"),
            Self::Systemd(systemd) => systemd.write(f),
            Self::Tcp(tcp) if tcp.interface == ALL => {
                tcp.write(&mut Writer::new(f, "tcp6")?, Some(ALL))
            }
            Self::Tcp(tcp) => tcp.write(&mut Writer::new(f, "tcp")?, Some(ALL_IPV4)),
            Self::Tls(tls) => tls.write(f),
            Self::Unix(unix) => {
                let mut writer = Writer::new(f, "unix")?;
                writer.argument(&unix.path)?;
                if unix.mode != MODE {
                    writer.value("mode", format!("{:o}", unix.mode))?;
                }
                writer.unless(BACKLOG, "backlog", unix.backlog)?;
                writer.unless(1, "lockfile", u8::from(unix.lockfile))
            }
        }
    }
}

impl AutobahnServer {
    fn new(endpoint: ServerDescriptor, url: Url) -> Self {
        Self {
            endpoint: Box::new(endpoint),
            url,
            options: AutobahnOptions::default(),
            origins: Origins::default(),
            hosts: Hosts::default(),
            health_path: None,
        }
    }

    fn read(mut arguments: Arguments, depth: usize) -> Result<Self, EndpointError> {
        let wrapped = arguments.text(DESCRIPTION);
        let wrapped = wrapped.ok_or_else(|| arguments.missing(DESCRIPTION))?;
        let (url, text) = url(&mut arguments)?;
        for_a_server(&text, &url)?;
        let options = AutobahnOptions::read(&mut arguments)?;
        let origins = match arguments.text("origins") {
            None => Origins::default(),
            Some(text) => read_list(&text, Origins::any(), Origins::list)?,
        };
        let hosts = match arguments.text("hosts") {
            None => Hosts::default(),
            Some(text) => read_list(&text, Hosts::any(), Hosts::list)?,
        };
        let health_path = arguments.read("healthPath", "a path without a query", |path| {
            // What no request could ask for.
            let is_path = |octet: u8| octet.is_ascii_graphic() && !b"?#".contains(&octet);
            (!path.is_empty() && path.bytes().all(is_path)).then(|| path.to_owned())
        })?;
        Ok(Self {
            options,
            origins,
            hosts,
            health_path,
            ..Self::new(ServerDescriptor::read(&wrapped, depth + 1)?, url)
        })
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new(f, "autobahn")?;
        writer.argument(self.endpoint.to_string())?;
        writer.value("url", self.url.with_userinfo())?;
        self.options.write(&mut writer)?;
        writer.some("origins", self.origins.described())?;
        writer.some("hosts", self.hosts.described())?;
        writer.some("healthPath", self.health_path.as_ref())
    }

    /// The configuration for byte streams that the descriptor describes.
    ///
    /// # Errors
    ///
    /// Only if you changed a field to a value that cannot be sent.
    pub fn server_config(&self) -> Result<ServerConfig, InvalidField> {
        let options = &self.options;
        let mut server = ServerConfig::stream()
            .config(options.connection_config())
            .origins(self.origins.clone())
            .hosts(self.hosts.clone())
            .known_as(self.url.host())
            .path(self.url.path());
        for name in &options.subprotocols {
            server = server.subprotocol(name)?;
        }
        for (name, value) in &options.headers {
            server = server.header(name, value)?;
        }
        if let Some(octets) = options.max_head {
            server = server.max_head(octets);
        }
        if let Some(timeout) = options.handshake_timeout {
            server = server.handshake_timeout(timeout);
        }
        if let Some(path) = &self.health_path {
            server = server.health_path(path);
        }
        Ok(server)
    }
}

impl TcpServer {
    /// The server at this address or name.
    pub(crate) fn new(interface: &str, port: u16) -> Self {
        Self {
            interface: interface.to_owned(),
            port,
            backlog: BACKLOG,
        }
    }

    /// Reads the parameters, with these defaults of the type.
    fn read(
        arguments: &mut Arguments,
        interface: &str,
        port: Option<u16>,
    ) -> Result<Self, EndpointError> {
        let given = arguments.number("port", "0 to 65535")?;
        Ok(Self {
            port: given.or(port).ok_or_else(|| arguments.missing("port"))?,
            interface: arguments
                .maybe_empty("interface")
                .unwrap_or_else(|| interface.to_owned()),
            backlog: arguments
                .number("backlog", "0 to 4294967295")?
                .unwrap_or(BACKLOG),
        })
    }

    fn read_tcp6(mut arguments: Arguments) -> Result<Self, EndpointError> {
        if let Some(text) = arguments.peek("interface") {
            // RFC 6874 §1: an address may include its zone.
            let address = text.as_str().split('%').next().unwrap_or_default();
            if !text.as_str().is_empty() && address.parse::<Ipv6Addr>().is_err() {
                return Err(wrong("interface", text, "an IPv6 address"));
            }
        }
        Self::read(&mut arguments, ALL, None)
    }

    fn write(&self, writer: &mut Writer<'_, '_>, interface: Option<&str>) -> fmt::Result {
        writer.argument(self.port)?;
        if interface != Some(&self.interface) {
            writer.value("interface", &self.interface)?;
        }
        writer.unless(BACKLOG, "backlog", self.backlog)
    }
}

impl TlsServer {
    fn read_tls(mut arguments: Arguments) -> Result<Self, EndpointError> {
        Ok(Self {
            certificates: Certificates::Directory(arguments.required("path")?),
            tcp: TcpServer::read(&mut arguments, ALL, Some(443))?,
        })
    }

    fn read_ssl(mut arguments: Arguments) -> Result<Self, EndpointError> {
        let tcp = TcpServer::read(&mut arguments, ALL_IPV4, None)?;
        let key = arguments.not_empty("privateKey")?;
        let private_key = key.unwrap_or_else(|| PRIVATE_KEY.to_owned());
        let certificate = arguments.not_empty("certKey")?;
        Ok(Self {
            tcp,
            certificates: Certificates::Files {
                identity: PemFiles {
                    certificate: certificate.unwrap_or_else(|| private_key.clone()),
                    private_key,
                },
                extra_chain: arguments.not_empty("extraCertChain")?,
            },
        })
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.certificates {
            Certificates::Directory(path) => {
                let mut writer = Writer::new(f, "tls")?;
                writer.argument(path)?;
                self.tcp.write(&mut writer, Some(ALL))
            }
            Certificates::Files {
                identity,
                extra_chain,
            } => {
                let mut writer = Writer::new(f, "ssl")?;
                self.tcp.write(&mut writer, Some(ALL_IPV4))?;
                writer.unless(PRIVATE_KEY, "privateKey", &identity.private_key)?;
                writer.unless(&identity.private_key, "certKey", &identity.certificate)?;
                writer.some("extraCertChain", extra_chain.as_ref())
            }
        }
    }
}

impl UnixServer {
    /// The server of a descriptor that has only a path.
    #[cfg(unix)]
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            mode: MODE,
            backlog: BACKLOG,
            lockfile: true,
        }
    }

    fn read(mut arguments: Arguments) -> Result<Self, EndpointError> {
        let mode = arguments.read("mode", "permissions in octal, up to 7777", |text| {
            let digits = text.strip_prefix("0o").unwrap_or(text);
            let mode = u32::from_str_radix(digits, 8).ok()?;
            (mode <= 0o7777).then_some(mode)
        });
        Ok(Self {
            mode: mode?.unwrap_or(MODE),
            path: arguments.required("address")?,
            backlog: arguments
                .number("backlog", "0 to 4294967295")?
                .unwrap_or(BACKLOG),
            lockfile: arguments.flag("lockfile")?.unwrap_or(true),
        })
    }
}

/// Reads `any`, or elements separated by commas.
fn read_list<T>(
    text: &Text,
    any: T,
    list: impl Fn(Vec<String>) -> Result<T, InvalidField>,
) -> Result<T, EndpointError> {
    let mut elements = Vec::new();
    match text.as_str().trim() {
        "any" => return Ok(any),
        "" => {}
        _ => {
            for element in text.elements() {
                let name = element.as_str().to_owned();
                checked(&element, list(vec![name.clone()]))?;
                elements.push(name);
            }
        }
    }
    checked(text, list(elements))
}

/// Also of listeners without a descriptor. The 50 of Twisted is filled by a few clients that say nothing: others then
/// wait until TCP tries again.
pub(crate) const BACKLOG: u32 = 4096;

// All of these are as in Twisted.
const MODE: u32 = 0o666;
const PRIVATE_KEY: &str = "server.pem";
const ALL: &str = "::";
const ALL_IPV4: &str = "0.0.0.0";

#[rustfmt::skip]
const TYPES: &[Type] = &[
    Type::new("autobahn", 1, SERVER_KEYS),
    Type::new("exec", 0, &[]),
    Type::new("haproxy", 0, &[]),
    Type {
        refused: &[
            ("sslmethod", "the version of TLS is agreed with each client"),
            ("dhParameters", "keys are exchanged on elliptic curves"),
        ],
        ..Type::new("ssl", 8, &["port", "privateKey", "certKey", "sslmethod", "interface", "backlog", "extraCertChain", "dhParameters"])
    },
    Type::new("stdio", 0, &[]),
    Type::new("systemd", 3, &["domain", "index", "name"]),
    Type::new("tcp", 3, &["port", "interface", "backlog"]),
    Type::new("tcp6", 3, &["port", "backlog", "interface"]),
    Type::new("tls", 4, &["path", "port", "backlog", "interface"]),
    Type::new("unix", 4, &["address", "mode", "backlog", "lockfile"]),
];
