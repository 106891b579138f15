//! Who is trusted with what, what bounds a stranger, and what is not promised.
//!
//! This page is for programs that use `wsstream-net`, `wsstream-tokio` or `wsstream-async-std`. How to report a
//! vulnerability, and which versions get fixes, is in `SECURITY.md` of the repository.
//!
//! # Who is trusted with what
//!
//! | who | is trusted with | is not trusted with |
//! |---|---|---|
//! | the peer, before and after its opening handshake | what it sends on its own stream: you have to check that | memory, processor time, sockets and time of your program beyond the limits below; other connections; what your logs and errors say |
//! | a web page in a browser | nothing | using a server that did not choose that page: see below |
//! | a proxy of a client | the name and port of the target, how much is sent and when; without TLS, everything | with `wss` URLs: the content, or the identity of the server. Its own password crosses the network in the clear, unless its URL is `https` |
//! | a proxy in front of a server | everything: it ends TLS, and says what `Host` and `Origin` are | limits: it is a peer as others are |
//! | the network | delivery, lengths and times; without TLS, everything | with TLS: content and identity |
//! | a local user | connecting to a Unix socket of mode 666, the default; whatever the permissions of its directory give | files that are not the server's: see below |
//! | your program: descriptors, URLs, plans, the environment, PEM files | everything | |
//!
//! A descriptor names files to read and sockets to make. Do not take one from a stranger. The same holds for the
//! environment variables that [`Proxy::from_env`](crate::proxy::Proxy::from_env) reads.
//!
//! Nothing here authenticates clients. Look at the [request](crate::Incoming::request) before you accept it, ask for
//! client certificates ([`ServerTls`](crate::tls::ServerTls)), or use a protocol that authenticates inside the stream.
//!
//! # Web pages
//!
//! A browser lets any page open a WebSocket to any server that it can reach, those on the user's own machine and network
//! too. It sends the server's cookies along, and it states the page's `Origin`.
//!
//! - [`ServerConfig::origins`](wsstream_core::handshake::ServerConfig::origins) says which pages may use a server. By
//!   default those from the host and port that the request was for. A request without an origin comes from no page, and
//!   passes.
//! - [`ServerConfig::hosts`](wsstream_core::handshake::ServerConfig::hosts) says which names a server answers to. A
//!   hostile page can let its own name point to another address (DNS rebinding), so that its requests look as those of a
//!   page of the server. A server that listens on loopback addresses alone answers, by default, to `localhost`, literal
//!   addresses and the name that it was given. If one of its addresses is another one, it answers to every name by
//!   default: name yours there, if pages reach the server without a proxy.
//!   [`Hosts`](wsstream_core::handshake::Hosts) says which requests are checked.
//!
//! Health checks ([`ServerConfig::health_path`](wsstream_core::handshake::ServerConfig::health_path)) are answered whoever
//! asks, pages too. The answer tells that the server is up, and nothing else.
//!
//! Programs other than browsers say what they want in `Host` and `Origin`. Both are for the protection of users of
//! browsers, and are no authentication.
//!
//! # What is bounded, by which setting
//!
//! Of one connection:
//!
//! | what | setting | default |
//! |---|---|---|
//! | the time until a server has a request, TLS included | [`ServerConfig::handshake_timeout`](wsstream_core::handshake::ServerConfig::handshake_timeout) | 10 s in total; its answer has that time again to be sent |
//! | a client's attempt to connect, and its wait for an answer | [`ClientEndpoint::connect_timeout`](crate::ClientEndpoint::connect_timeout), [`ClientEndpoint::timeout`](crate::ClientEndpoint::timeout) | of URLs 10 s, and 30 s in all; of descriptors 30 s, and 60 s in all |
//! | the redirects that a client follows, one after the other | [`ClientEndpoint::redirects`](crate::ClientEndpoint::redirects) | none; all connections together have the time of one |
//! | the head of a request or a response | [`ServerConfig::max_head`](wsstream_core::handshake::ServerConfig::max_head), [`ClientConfig::max_head`](wsstream_core::handshake::ClientConfig::max_head), [`MAX_FIELDS`](wsstream_core::handshake::MAX_FIELDS) | 16 KiB of a request, 64 KiB of a response, at most 1 MiB; 100 fields, fixed |
//! | a message that is received whole | [`max_message`](wsstream_core::ConnectionConfig::max_message), [`message_timeout`](wsstream_core::ConnectionConfig::message_timeout) | 1 MiB after inflating, 60 s |
//! | a byte stream's messages | none is held | of any length |
//! | octets that wait to be sent | [`Connection::OUTBOX_LEN`](wsstream_core::Connection::OUTBOX_LEN) | some 64 KiB, then writing waits; fixed |
//! | octets that wait to be read | | some 64 KiB, then the peer waits; fixed |
//! | work in one poll | | a fixed amount, then other tasks have their turn |
//! | a peer that has gone without a word | [`keepalive`](wsstream_core::ConnectionConfig::keepalive) | a ping after 30 s of silence; given up after 60 s, or 5 minutes if it takes the ping |
//! | the same below and without WebSocket | | TCP keepalive: asked after 60 s of silence, given up 60 s later; fixed |
//! | a peer that takes nothing while the connection closes | [`progress_timeout`](wsstream_core::ConnectionConfig::progress_timeout) | 60 s |
//! | the peer's answer to our Close | [`close_timeout`](wsstream_core::ConnectionConfig::close_timeout) | 10 s |
//! | an end of a [relay](crate::relay()) whose other end has gone | | 60 s while it takes nothing of what is left for it; what it sends is discarded for 2 s after that, or 10 s while the other end still replies; fixed |
//! | a relay's wait for a reply that a Close would cut off | [`relay_with`](crate::relay_with) | 60 s without an octet of it |
//! | what a dropped stream has still to deliver | [`progress_timeout`](wsstream_core::ConnectionConfig::progress_timeout) | 60 s without progress; a shutdown ends it |
//! | a connection that carries nothing, or lasts | [`ConnectionConfig::idle_timeout`](wsstream_core::ConnectionConfig::idle_timeout), [`ConnectionConfig::max_lifetime`](wsstream_core::ConnectionConfig::max_lifetime) | no limit |
//!
//! Of all connections of a server:
//!
//! | what | setting | default |
//! |---|---|---|
//! | handshakes at a time | [`Listener::max_handshakes`](crate::Listener::max_handshakes) | 4096; when they are taken, one that is not complete after 1 s goes, of the address that holds most |
//! | connections at a time | [`Listener::max_connections`](crate::Listener::max_connections) | no limit: set one below the system's for open files |
//! | clients that wait to be accepted | [`ServerEndpoint::backlog`](crate::ServerEndpoint::backlog), key `backlog` | 4096 for each address; the system may allow less |
//! | who may connect at all, by address | [`Listener::admit`](crate::Listener::admit) | everybody |
//! | memory for compressed messages | [`ServerConfig::compression_budget`](wsstream_core::handshake::ServerConfig::compression_budget) | 64 MiB; beyond it, handshakes agree to smaller windows or to none |
//! | the end of everything | [`Listener::shutdown`](crate::Listener::shutdown) | within the grace time that you say |
//!
//! After its handshake, nothing that a peer sends costs more than 20 times the processor time of honest compressed JSON,
//! for each octet on the wire or of payload. Limits of rate, and of traffic in all, are the program's or the firewall's.
//!
//! # Words
//!
//! No error, log or `Debug` of these crates contains a password, a cookie, a query or payload: they say lengths. Of what a
//! peer sent wrongly they quote the start, escaped, where it can be no secret: a path, an origin, a version. A peer is
//! told fixed words, and not the errors of your system.
//!
//! A `wss` URL gets TLS with a verified certificate, and no option switches that off.
//! [`connect_over`](crate::connect_over) and the adapters' `connect_on` add no TLS. They refuse a `wss` URL, unless you say
//! that your stream is secure ([`ClientConfig::assume_secure`](wsstream_core::handshake::ClientConfig::assume_secure)).
//!
//! # Redirects
//!
//! A client that follows [redirects](crate::ClientEndpoint::redirects) lets the server say where it connects next. This
//! may be a host of your own network that the server cannot reach itself, and what you then write into the stream goes
//! there. So following is off by default. Where it is on, nothing leads from TLS to a URL without, an endpoint that you
//! gave apart from the URL stays, and another origin gets neither the password of the URL, nor the certificate of the
//! client, nor any field of yours but `Accept-Language`, `Origin` and `User-Agent`. It does get the names of the
//! subprotocols: put no token in one.
//!
//! # Unix sockets
//!
//! A server removes the files that it has made: its socket and its lock, and a stale socket and a stale lock before it
//! begins. Its own are known by their inodes. A file that has taken their name stays, and is not changed: the mode is
//! set without following links.
//!
//! Whoever may write in the socket's directory can still take the name away and listen there, so that clients reach
//! another server. Make the socket in a directory where only trusted users may write. The lock tells honest servers of
//! each other, and protects from nobody. Outside of Linux, short gaps remain between a look at a file and what is done to
//! it.
//!
//! # What is not promised
//!
//! - **Timing.** When and how fast something is answered may depend on what was compared, on other connections and on
//!   compression. Compare secrets in your program in constant time.
//! - **Lengths.** A message that is compressed with secrets beside text that an attacker chooses tells of them by its
//!   length (CRIME, BREACH). Switch compression off for such a stream
//!   ([`compression`](wsstream_core::ConnectionConfig::compression)), or for such a part of it. What is encrypted within
//!   the stream is safe.
//! - **Traffic analysis.** Lengths and times of messages follow those of your writes.
//! - **Masking.** Clients mask what they send with unpredictable keys, so that proxies do not take it for something else.
//!   This hides nothing.
//! - **Floods.** A program cannot hold off a flood of the network or of the system's queues. While there are more silent
//!   strangers than slots for handshakes, an honest handshake may wait a second or longer.
//! - **Memory.** Keys and passwords are not wiped from memory when they are dropped.
