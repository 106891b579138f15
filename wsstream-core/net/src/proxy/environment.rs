//! Which proxy the environment names.

use std::sync::Once;

use super::exceptions::{Exceptions, is_loopback};
use super::{InvalidProxy, Proxy};

/// What the variables say of one host.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) proxy: Option<Proxy>,
    /// Whether `HTTP_PROXY` is set, and `http_proxy` is not.
    pub(super) ignores_http_proxy: bool,
    /// The entries of `no_proxy` that match no host.
    pub(super) wrong_entries: Vec<String>,
}

impl Found {
    /// What [`Proxy::from_env`] does with these variables.
    pub(super) fn by(
        tls: bool,
        host: &str,
        port: u16,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidProxy> {
        if is_loopback(host) {
            return Ok(Self::default());
        }
        let names: &[&'static str] = match tls {
            true => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
            false => &["http_proxy", "all_proxy", "ALL_PROXY"],
        };
        let value = |name: &'static str| {
            let value = variable(name).filter(|value| !value.trim().is_empty())?;
            Some((name, value))
        };
        let find = |names: &[&'static str]| names.iter().find_map(|name| value(name));
        let mut found = Self {
            ignores_http_proxy: !tls
                && value("http_proxy").is_none()
                && value("HTTP_PROXY").is_some(),
            ..Self::default()
        };
        let proxy = find(names);
        if let Some((_, text)) = find(&["no_proxy", "NO_PROXY"]) {
            let exceptions = Exceptions::parse(&text);
            let is_excepted = exceptions.cover(host, port);
            if proxy.is_some() {
                found.wrong_entries = exceptions.wrong;
            }
            if is_excepted {
                found.ignores_http_proxy = false;
                return Ok(found);
            }
        }
        let Some((name, text)) = proxy else {
            return Ok(found);
        };
        let proxy = Proxy::parse(text.trim()).map_err(|reason| InvalidProxy::Variable {
            name,
            reason: Box::new(reason),
        })?;
        found.proxy = Some(proxy);
        Ok(found)
    }

    /// Logs what was ignored, each once in the life of the process.
    pub(super) fn warn(&self) {
        static HTTP_PROXY: Once = Once::new();
        static ENTRIES: Once = Once::new();
        if self.ignores_http_proxy {
            HTTP_PROXY.call_once(|| warn("HTTP_PROXY is ignored, because a request to a CGI program can set it: write http_proxy"));
        }
        if !self.wrong_entries.is_empty() {
            ENTRIES.call_once(|| {
                let entries = self.wrong_entries.join(", ");
                warn(&format!("entries of no_proxy that match no host: {entries}; expected names, addresses, networks such as 10.0.0.0/8, or *"));
            });
        }
    }
}

fn warn(what: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "wsstream::proxy", "{what}");
    #[cfg(not(feature = "tracing"))]
    let _ = what;
}
