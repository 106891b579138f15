//! The negotiation on header fields alone: RFC 6455 §4.1, §4.2.2, §4.4.
//!
//! It needs no request line, key or HTTP/1.1 text. A program that already speaks HTTP (hyper, axum,
//! HTTP/2 with RFC 8441) passes the fields of its request, sends [`Agreed::fields`] with its response,
//! and opens the connection that was [`Negotiated`].

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::agreed::{Agreed, Share};
use super::extensions::Wanted;
use super::lookup::single;
use super::syntax::excerpt;
use super::{
    ClientConfig, HandshakeError, Negotiated, ServerConfig, extension, extensions, subprotocols,
};
use crate::octets::Octets;
use crate::{ConnectionConfig, Seed};

/// Negotiation for programs that read the request themselves.
impl ServerConfig {
    /// Decides on the header fields of a request: version, origin, host, subprotocols, extensions, in this
    /// order.
    ///
    /// The policy [`same_host`](super::Origins::same_host) needs the field `Host`; with HTTP/2, pass
    /// `:authority` under this name. The caller checks the method, the path, and the fields of
    /// HTTP/1.1's upgrade.
    ///
    /// # Errors
    ///
    /// A [`HandshakeError`] whose [`refusal`](HandshakeError::refusal) is the response to send: 400
    /// (malformed), 403 (origin, host), 406 (no common subprotocol), 426 (version).
    ///
    /// ```
    /// # use wsstream_core::handshake::ServerConfig;
    /// let fields = [("host", "a"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "binary")];
    /// let fields = fields.map(|(name, value)| (name, value.as_bytes()));
    /// let negotiated = ServerConfig::stream().negotiate(fields)?;
    /// assert_eq!(negotiated.agreed().subprotocol(), Some("binary"));
    /// assert_eq!(negotiated.agreed().fields(), [("Sec-WebSocket-Protocol", "binary".to_string())]);
    /// # Ok::<_, wsstream_core::handshake::HandshakeError>(())
    /// ```
    pub fn negotiate<'a, F>(&self, fields: F) -> Result<Negotiated, HandshakeError>
    where
        F: IntoIterator<Item = (&'a str, &'a [u8])>,
    {
        let fields: Vec<_> = fields.into_iter().collect();
        let fields = fields.iter().copied();
        check_version(fields.clone())?;
        let host = single(fields.clone(), "Host")?;
        self.agree(
            fields,
            host.and_then(|host| core::str::from_utf8(host).ok()),
        )
    }

    /// The part of [`negotiate`](Self::negotiate) that follows the checks of the upgrade itself.
    pub(super) fn agree<'a, F>(
        &self,
        fields: F,
        host: Option<&str>,
    ) -> Result<Negotiated, HandshakeError>
    where
        F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        let over_tls = self.listening.as_ref().is_some_and(|at| at.tls);
        self.origins.check(fields.clone(), host, over_tls)?;
        if let Some(at) = &self.listening {
            self.hosts.check(fields.clone(), host, at, &self.known_as)?;
        }
        let subprotocol =
            subprotocols::select(fields.clone(), &self.subprotocols, self.must_agree)?;
        let wanted = wanted(&self.config, self.is_stream);
        let extensions = extensions::answer(fields, wanted, &self.budget)?;
        let agreed = Agreed {
            subprotocol: subprotocol.map(String::into_boxed_str),
            deflate: extensions.deflate,
            half_close: extensions.half_close,
            reserved: Share(extensions.reserved.map(Arc::new)),
        };
        Ok(Negotiated::new(agreed, self.config.clone(), None))
    }
}

/// Negotiation for programs that write the request themselves.
impl ClientConfig {
    /// The header fields of the client's request: `Sec-WebSocket-Version`, and `Sec-WebSocket-Protocol`
    /// and `Sec-WebSocket-Extensions` if the client offers any.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::from([(VERSION_FIELD, VERSION.to_string())]);
        if !self.subprotocols.is_empty() {
            // No blanks: websockify takes them as part of the name.
            fields.push((subprotocols::FIELD, self.subprotocols.join(",")));
        }
        let offers = extensions::offers(self.wanted());
        if !offers.is_empty() {
            fields.push((extension::FIELD, offers.join(", ")));
        }
        fields
    }

    /// Checks the header fields of a response that accepts against the client's offers. The masking keys come from
    /// `seed`, which may have given the nonce of the request, and must not be used for anything else.
    ///
    /// # Errors
    ///
    /// If the server accepts an extension or a subprotocol that was not offered, accepts an extension
    /// twice, or selects no subprotocol though the client requires one.
    pub fn confirm<'a, F>(&self, fields: F, seed: &Seed) -> Result<Negotiated, HandshakeError>
    where
        F: IntoIterator<Item = (&'a str, &'a [u8])>,
    {
        let fields: Vec<_> = fields.into_iter().collect();
        let fields = fields.iter().copied();
        // §4.1, in the order of its list.
        let extensions = extensions::check(fields.clone(), self.wanted())?;
        let subprotocol = subprotocols::check(fields, &self.subprotocols, self.must_agree)?;
        let agreed = Agreed {
            subprotocol: subprotocol.map(String::into_boxed_str),
            deflate: extensions.deflate,
            half_close: extensions.half_close,
            reserved: Share::default(),
        };
        Ok(Negotiated::new(
            agreed,
            self.config.clone(),
            Some(seed.clone()),
        ))
    }
}

impl ClientConfig {
    fn wanted(&self) -> Wanted<'_> {
        wanted(&self.config, self.is_stream)
    }
}

/// We offer and accept only what is switched on.
const fn wanted(config: &ConnectionConfig, is_stream: bool) -> Wanted<'_> {
    Wanted {
        deflate: if config.compression {
            Some(&config.deflate)
        } else {
            None
        },
        half_close: is_stream && config.half_close,
    }
}

/// §4.2.1 item 6, §4.4: the version is 13.
pub(super) fn check_version<'a, F>(fields: F) -> Result<(), HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    match single(fields, VERSION_FIELD)?.unwrap_or_default() {
        version if version == VERSION.as_bytes() => Ok(()),
        version => {
            // §4.4: a version is a number up to 255. Any other value may belong to another field, so it
            // is not kept.
            let is_number = version.len() <= 3 && version.iter().all(u8::is_ascii_digit);
            Err(HandshakeError::UnsupportedVersion(if is_number {
                excerpt(version)
            } else {
                format!("({})", Octets::of(version))
            }))
        }
    }
}

pub(super) const VERSION: &str = "13";
pub(super) const VERSION_FIELD: &str = "Sec-WebSocket-Version";

#[cfg(test)]
mod tests {
    use super::super::HALF_CLOSE;
    use super::*;
    use crate::ConnectionConfig;

    type Table<'a> = &'a [(&'a str, &'a str)];

    fn negotiate(server: &ServerConfig, fields: Table<'_>) -> Result<Negotiated, u16> {
        let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
        server
            .negotiate(fields)
            .map_err(|error| error.refusal().unwrap().status())
    }

    #[test]
    fn a_server_needs_no_http1_text() {
        let version = ("sec-websocket-version", "13");
        for (fields, expected) in [
            (&[version] as Table<'_>, Ok((None, false))),
            (
                &[version, ("sec-websocket-protocol", "base64")],
                Ok((Some("base64"), false)),
            ),
            (
                &[version, ("sec-websocket-extensions", HALF_CLOSE)],
                Ok((None, true)),
            ),
            (
                &[version, ("host", "a"), ("origin", "https://a")],
                Ok((None, false)),
            ),
            (&[version, ("host", "a"), ("origin", "https://b")], Err(403)),
            (&[version, ("origin", "https://b")], Err(403)),
            (
                &[
                    version,
                    ("host", "a"),
                    ("host", "b"),
                    ("origin", "https://b"),
                ],
                Err(400),
            ),
            (
                &[
                    version,
                    ("host", "a"),
                    ("origin", "http://a"),
                    ("origin", "http://a"),
                ],
                Err(400),
            ),
            (&[version, ("sec-websocket-protocol", "mqtt")], Err(406)),
            (&[version, ("sec-websocket-protocol", "a b")], Err(400)),
            (&[version, ("sec-websocket-extensions", "a b")], Err(400)),
            (&[version, version], Err(400)),
            (&[("sec-websocket-version", "8")], Err(426)),
            (&[], Err(426)),
        ] {
            let got = negotiate(&ServerConfig::stream(), fields);
            let got = got
                .as_ref()
                .map(Negotiated::agreed)
                .map(|agreed| (agreed.subprotocol(), agreed.half_close()));
            assert_eq!(got, expected.as_ref().copied(), "{fields:?}");
        }
    }

    #[test]
    fn what_a_client_asks_a_server_answers_and_the_client_confirms() {
        let servers = [
            ServerConfig::stream(),
            ServerConfig::stream().config(ConnectionConfig::new().half_close(false)),
            ServerConfig::messages(),
        ];
        let clients = [
            ClientConfig::stream(),
            ClientConfig::stream().accept_no_subprotocol(true),
            ClientConfig::stream().config(ConnectionConfig::new().half_close(false)),
            ClientConfig::messages(),
        ];
        for server in &servers {
            for client in &clients {
                let ask = client.fields();
                let asked = ask.iter().map(|(name, value)| (*name, value.as_bytes()));
                let negotiated = server.negotiate(asked).unwrap();
                let agreed = negotiated.agreed();
                let answer = agreed.fields();
                let answer = answer.iter().map(|(name, value)| (*name, value.as_bytes()));
                match client.confirm(answer, &Seed::new([7; 32])) {
                    Ok(confirmed) => assert_eq!(confirmed.agreed(), agreed),
                    Err(error) => assert_eq!(
                        (error, client.must_agree, agreed.subprotocol()),
                        (HandshakeError::NoSubprotocol, true, None)
                    ),
                }
            }
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn who_only_looks_at_an_agreement_holds_no_memory() {
        let budget = crate::CompressionBudget::default();
        let server = ServerConfig::stream().compression_budget(&budget);
        let ask = ClientConfig::stream().fields();
        let asked = ask.iter().map(|(name, value)| (*name, value.as_bytes()));
        let negotiated = server.negotiate(asked).unwrap();
        assert!(budget.used() > 0);
        let seen = negotiated.agreed().without_reservation();
        assert_eq!(seen, *negotiated.agreed());
        drop(negotiated);
        assert_eq!(budget.used(), 0);
    }

    /// Nothing is agreed to that is not done, in whatever order it was set.
    #[test]
    fn messages_know_no_half_close() {
        let fields = [
            ("sec-websocket-version", &b"13"[..]),
            ("sec-websocket-extensions", HALF_CLOSE.as_bytes()),
        ];
        let server = ServerConfig::messages().config(ConnectionConfig::new().max_message(1 << 20));
        assert!(!server.negotiate(fields).unwrap().agreed().half_close());
        for client in [
            ClientConfig::messages(),
            ClientConfig::stream().config(ConnectionConfig::new().half_close(false)),
        ] {
            assert!(
                client
                    .fields()
                    .iter()
                    .all(|(_, value)| !value.contains(HALF_CLOSE))
            );
        }
    }
}
