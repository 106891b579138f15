//! The upgrade of HTTP/1.1, on header fields: RFC 6455 §4.2.1 items 1 and 3 to 6, and §4.2.2 item 5.

use alloc::string::String;
use alloc::vec::Vec;

use super::key::{KEY_FIELD, accept_key, is_key};
use super::lookup::{malformed, single};
use super::negotiation::{VERSION_FIELD, check_version};
use super::syntax::{contains, excerpt, values};
use super::{Agreed, HandshakeError, Negotiated, ServerConfig};

/// Field names and values.
type Fields = Vec<(&'static str, String)>;

impl ServerConfig {
    /// Decides on an HTTP/1.1 request that another library has read, such as an HTTP server with its
    /// own routes. Checks the method, `Upgrade`, `Connection` and the key, then does what
    /// [`negotiate`](Self::negotiate) does. The caller checks the path and the body.
    ///
    /// Returns what was negotiated, and all fields of the response, whose status is 101.
    ///
    /// # Errors
    ///
    /// Those of [`negotiate`](Self::negotiate), 405 (method), 426 (no upgrade), and 400 or 426 (a field is lost).
    ///
    /// ```
    /// # use wsstream_core::handshake::ServerConfig;
    /// let fields = [
    ///     ("connection", "keep-alive, Upgrade"),
    ///     ("upgrade", "websocket"),
    ///     ("sec-websocket-version", "13"),
    ///     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    /// ];
    /// let fields = fields.map(|(name, value)| (name, value.as_bytes()));
    /// let (_, answer) = ServerConfig::stream().negotiate_upgrade("GET", fields)?;
    /// let accept = ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_string());
    /// assert!(answer.contains(&accept));
    /// # Ok::<_, wsstream_core::handshake::HandshakeError>(())
    /// ```
    pub fn negotiate_upgrade<'a, F>(
        &self,
        method: &str,
        fields: F,
    ) -> Result<(Negotiated, Fields), HandshakeError>
    where
        F: IntoIterator<Item = (&'a str, &'a [u8])>,
    {
        let fields: Vec<_> = fields.into_iter().collect();
        let fields = fields.iter().copied();
        check_method(method)?;
        let key = check_upgrade(fields.clone())?;
        let host = single(fields.clone(), "Host")?;
        let host = host.and_then(|host| core::str::from_utf8(host).ok());
        let negotiated = self.agree(fields, host)?;
        let answer = answer(key, negotiated.agreed());
        Ok((negotiated, answer))
    }
}

/// §4.2.1 item 1.
pub(super) fn check_method(method: &str) -> Result<(), HandshakeError> {
    match method {
        "GET" => Ok(()),
        _ => Err(HandshakeError::MethodNotGet(excerpt(method.as_bytes()))),
    }
}

/// §4.2.1 items 3 to 6. Returns the key.
///
/// Proxies remove `Upgrade` and `Connection` unless they are told to pass them on (RFC 9110 §7.6.1), and pass on the
/// rest. So who gets a part of an opening handshake is told which field is lost.
pub(super) fn check_upgrade<'a, F>(fields: F) -> Result<&'a [u8], HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    if !is_of_websocket(fields.clone()) {
        return Err(HandshakeError::UpgradeNotRequested);
    }
    let lost = |name| {
        let value = values(fields.clone(), name).next();
        let value = value.map(|value| excerpt(value).into());
        HandshakeError::LostField { name, value }
    };
    if !contains(values(fields.clone(), "Upgrade"), "websocket") {
        return Err(lost("Upgrade"));
    }
    if single(fields.clone(), VERSION_FIELD)?.is_none() {
        return Err(lost(VERSION_FIELD));
    }
    check_version(fields.clone())?;
    if !contains(values(fields.clone(), "Connection"), "Upgrade") {
        return Err(lost("Connection"));
    }
    let key = single(fields.clone(), KEY_FIELD)?.ok_or_else(|| lost(KEY_FIELD))?;
    if is_key(key) {
        Ok(key)
    } else {
        Err(malformed(KEY_FIELD, key))
    }
}

/// Whether a request has anything that only an opening handshake has.
pub(super) fn is_of_websocket<'a, F>(fields: F) -> bool
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let has = |name| values(fields.clone(), name).next().is_some();
    has(KEY_FIELD) || has(VERSION_FIELD) || contains(values(fields.clone(), "Upgrade"), "websocket")
}

/// §4.2.2 item 5.
pub(super) fn answer(key: &[u8], agreed: &Agreed) -> Fields {
    let mut fields = Vec::from([
        ("Upgrade", "websocket".into()),
        ("Connection", "Upgrade".into()),
        ("Sec-WebSocket-Accept", accept_key(key)),
    ]);
    fields.extend(agreed.fields());
    fields
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// What it says of a request that came to another library is what it says of one of its own.
    #[test]
    fn the_fields_decide_as_the_text_does() {
        let good = [
            ("Host", "a"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Protocol", "binary"),
        ];
        let without = |name: &str| {
            let mut fields = Vec::from(good);
            fields.retain(|(other, _)| *other != name);
            fields
        };
        let with = |name: &'static str, value: &'static str| {
            let mut fields = without(name);
            fields.push((name, value));
            fields
        };
        let server = ServerConfig::stream();
        for (method, fields, status) in [
            ("GET", Vec::from(good), 101),
            ("POST", Vec::from(good), 405),
            ("GET", without("Upgrade"), 426),
            ("GET", with("Upgrade", "h2c"), 426),
            ("GET", without("Connection"), 400),
            ("GET", with("Connection", "close"), 400),
            ("GET", with("Sec-WebSocket-Version", "8"), 426),
            ("GET", without("Sec-WebSocket-Key"), 400),
            ("GET", with("Sec-WebSocket-Key", "short"), 400),
            ("GET", with("Origin", "http://b"), 403),
            ("GET", with("Sec-WebSocket-Protocol", "mqtt"), 406),
        ] {
            let pairs = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
            let by_fields = server.negotiate_upgrade(method, pairs);
            let lines = fields
                .iter()
                .map(|(name, value)| [name, ": ", value, "\r\n"].concat());
            let head = [
                method,
                " / HTTP/1.1\r\n",
                &lines.collect::<String>(),
                "\r\n",
            ]
            .concat();
            let request = super::super::Acceptor::new(&server).receive(&mut head.as_bytes());
            let by_text = request.unwrap().unwrap().accept(&server);
            match (by_fields, by_text) {
                (Ok((negotiated, answer)), Ok(accepted)) => {
                    assert_eq!(negotiated.agreed(), accepted.negotiated.agreed());
                    assert_eq!(status, 101);
                    let lines = answer
                        .iter()
                        .map(|(name, value)| [name, ": ", value, "\r\n"].concat());
                    let lines = lines.collect::<String>();
                    let text = String::from_utf8(accepted.response).unwrap();
                    assert!(text.ends_with(&[&lines, "\r\n"].concat()), "{text}");
                }
                (Err(one), Err(other)) => {
                    assert_eq!(one.to_string(), other.to_string());
                    assert_eq!(one.refusal().unwrap().status(), status);
                }
                (one, other) => panic!("{one:?} {other:?}"),
            }
        }
    }
}
