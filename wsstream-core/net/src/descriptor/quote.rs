//! Writes and quotes descriptors.

use std::fmt::{self, Write};
use std::time::Duration;

/// Quotes an argument without a key, such as a wrapped endpoint, a host, or a path.
///
/// Puts `\` before `\`, `:` and `=`. Twisted's own `quoteStringArgument` does not quote `=`, which
/// turns the argument into a key and a value.
///
/// ```
/// # use wsstream_net::descriptor::quote_argument;
/// let wrapped = quote_argument("tcp:9000:interface=0.0.0.0");
/// assert_eq!(wrapped, r"tcp\:9000\:interface\=0.0.0.0");
/// ```
#[must_use]
pub fn quote_argument(argument: &str) -> String {
    quote(argument, &['\\', ':', '='])
}

/// Quotes the value of a key: puts `\` before `\` and `:`. `=` needs no quoting here.
///
/// ```
/// # use wsstream_net::descriptor::quote_value;
/// let url = quote_value("ws://localhost:9000/?a=b");
/// assert_eq!(url, r"ws\://localhost\:9000/?a=b");
/// ```
#[must_use]
pub fn quote_value(value: &str) -> String {
    quote(value, &['\\', ':'])
}

fn quote(text: &str, special: &[char]) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(&character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}

/// A descriptor that is being written.
pub(super) struct Writer<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl<'a, 'b> Writer<'a, 'b> {
    pub(super) fn new(f: &'a mut fmt::Formatter<'b>, name: &str) -> Result<Self, fmt::Error> {
        f.write_str(name)?;
        Ok(Self(f))
    }

    pub(super) fn argument(&mut self, argument: impl ToString) -> fmt::Result {
        write!(self.0, ":{}", quote_argument(&argument.to_string()))
    }

    pub(super) fn value(&mut self, key: &str, value: impl ToString) -> fmt::Result {
        write!(self.0, ":{key}={}", quote_value(&value.to_string()))
    }

    /// Writes a value if it differs from the default.
    pub(super) fn unless<T: ToString + PartialEq>(
        &mut self,
        default: T,
        key: &str,
        value: T,
    ) -> fmt::Result {
        if value == default {
            return Ok(());
        }
        self.value(key, value)
    }

    /// Writes a value if there is one.
    pub(super) fn some(&mut self, key: &str, value: Option<impl ToString>) -> fmt::Result {
        value.map_or(Ok(()), |value| self.value(key, value))
    }
}

/// Seconds, with a fraction if needed.
#[derive(PartialEq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write!(text, "{}.{:09}", self.0.as_secs(), self.0.subsec_nanos())?;
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}
