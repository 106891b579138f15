//! From fields to parameters: matches values with keys, and reads the values.

use std::str::FromStr;
use std::time::Duration;

use super::error::{EndpointError, EndpointErrorKind};
use super::syntax::{Field, Text, fields};

/// A type of endpoint.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: &'static str,
    /// Its parameters. Those that can be given without a key come first.
    pub(super) keys: &'static [&'static str],
    /// How many can be given without a key.
    pub(super) arguments: usize,
    /// Parameters that Twisted has and this crate refuses, and why.
    pub(super) refused: &'static [(&'static str, &'static str)],
}

impl Type {
    pub(super) const fn new(
        name: &'static str,
        arguments: usize,
        keys: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            keys,
            arguments,
            refused: &[],
        }
    }
}

/// The only key that can be repeated.
pub(super) const HEADER: &str = "header";

/// A parsed descriptor, and the type that it names.
#[derive(Debug)]
pub(super) struct Descriptor {
    of: &'static Type,
    fields: Vec<Field>,
    /// The position of the type among the fields.
    at: usize,
    end: usize,
}

impl Descriptor {
    pub(super) fn read(
        text: &Text,
        types: &'static [Type],
        server_only: &[&'static str],
    ) -> Result<Self, EndpointError> {
        let fields = fields(text)?;
        // Keys may come before the type, as in Twisted.
        let at = fields.iter().position(|field| field.key.is_none());
        let name = at.map_or_else(|| text.slice(0..0), |at| fields[at].value.clone());
        let is = |known: &&str| name.as_str().eq_ignore_ascii_case(known);
        let of = types.iter().find(|of| is(&of.name));
        let (Some(at), Some(of)) = (at, of) else {
            let kind = match server_only.iter().find(|known| is(known)) {
                Some(known) => EndpointErrorKind::ServerOnly(known),
                None => {
                    let nearest = nearest(name.as_str(), types.iter().map(|of| of.name));
                    let name = nearest.map(|_| name.as_str().to_owned());
                    EndpointErrorKind::UnknownType { name, nearest }
                }
            };
            return Err(name.error(kind));
        };
        Ok(Self {
            of,
            fields,
            at,
            end: text.end(),
        })
    }

    pub(super) const fn name(&self) -> &'static str {
        self.of.name
    }

    /// The start of the text after the type, if there is some and the type comes first.
    pub(super) fn rest(&self) -> Option<usize> {
        let first = self.fields.first()?;
        (self.at == 0 && self.fields.len() > 1).then_some(first.next)
    }

    /// Assigns the values to parameters.
    pub(super) fn arguments(self) -> Result<Arguments, EndpointError> {
        let of = self.of;
        let has_host = |field: &Field| field.key.as_ref().is_some_and(|key| key.as_str() == "host");
        let without_key = self.fields.iter().filter(|field| field.key.is_none());
        // As in Twisted: `tcp:9000:host=localhost`.
        let mut next = match (of.keys, without_key.count()) {
            (["host", ..], 2) if self.fields.iter().any(has_host) => 1,
            _ => 0,
        };
        let mut arguments = Arguments {
            of,
            values: Vec::new(),
            surplus: Vec::new(),
            end: self.end,
        };
        for (index, field) in self.fields.into_iter().enumerate() {
            match field.key {
                Some(key) => arguments.add(known(of, key.as_str(), &key)?, &key, field.value)?,
                None if index == self.at => {}
                None if next < of.arguments => {
                    let (key, at) = (of.keys[next], field.value.clone());
                    arguments.add(known(of, key, &at)?, &at, field.value)?;
                    next += 1;
                }
                None => arguments.surplus.push(field.value),
            }
        }
        Ok(arguments)
    }
}

/// The given parameters of an endpoint.
#[derive(Debug)]
pub(super) struct Arguments {
    of: &'static Type,
    values: Vec<(&'static str, Text)>,
    /// Arguments without a key, beyond those that the type accepts.
    surplus: Vec<Text>,
    /// The end of the descriptor.
    end: usize,
}

impl Arguments {
    fn add(&mut self, key: &'static str, at: &Text, value: Text) -> Result<(), EndpointError> {
        if key != HEADER && self.values.iter().any(|(other, _)| *other == key) {
            let of = self.of.name;
            return Err(at.error(EndpointErrorKind::DuplicateKey { key, of }));
        }
        self.values.push((key, value));
        Ok(())
    }

    /// Refuses surplus arguments, except the empty one of `stdio:`, which people often write.
    pub(super) fn no_surplus(self) -> Result<Self, EndpointError> {
        let is_surplus = |text: &&Text| self.of.name != "stdio" || !text.as_str().is_empty();
        let Some(surplus) = self.surplus.iter().find(is_surplus) else {
            return Ok(self);
        };
        Err(surplus.error(EndpointErrorKind::SurplusArgument {
            len: surplus.as_str().len(),
            of: self.of.name,
            most: self.of.arguments,
        }))
    }

    pub(super) fn into_surplus(self) -> Vec<Text> {
        self.surplus
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<Text> {
        let index = self.values.iter().position(|(other, _)| *other == key)?;
        Some(self.values.remove(index).1)
    }

    pub(super) fn peek(&self, key: &'static str) -> Option<&Text> {
        let found = self.values.iter().find(|(other, _)| *other == key)?;
        Some(&found.1)
    }

    /// The start of this key's value, if it is given.
    pub(super) fn start(&self, key: &'static str) -> usize {
        self.peek(key).map_or(self.end, Text::start)
    }

    /// A parameter that has no default and must not be empty.
    pub(super) fn required(&mut self, key: &'static str) -> Result<String, EndpointError> {
        self.not_empty(key)?.ok_or_else(|| self.missing(key))
    }

    pub(super) fn missing(&self, key: &'static str) -> EndpointError {
        let of = self.of.name;
        EndpointError::new(self.end, EndpointErrorKind::MissingKey { key, of })
    }

    /// Reports that one of these keys is missing, by the name that the type uses.
    pub(super) fn missing_one_of(&self, keys: [&'static str; 2]) -> EndpointError {
        let [one, other] = keys;
        self.missing(if self.of.keys.contains(&one) {
            one
        } else {
            other
        })
    }

    pub(super) fn not_empty(&mut self, key: &'static str) -> Result<Option<String>, EndpointError> {
        match self.text(key) {
            Some(text) if text.as_str().is_empty() => Err(wrong(key, &text, "some text")),
            text => Ok(text.map(|text| text.as_str().to_owned())),
        }
    }

    /// A parameter that counts as absent if it is empty.
    pub(super) fn maybe_empty(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        (!text.as_str().is_empty()).then(|| text.as_str().to_owned())
    }

    /// Reads a value, ignoring blanks around it.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, EndpointError> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        match read(text.as_str().trim()) {
            Some(value) => Ok(Some(value)),
            None => Err(wrong(key, &text, expected)),
        }
    }

    pub(super) fn number<T: FromStr>(
        &mut self,
        key: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, EndpointError> {
        self.read(key, expected, |text| text.parse().ok())
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Result<Option<bool>, EndpointError> {
        self.read(key, "true or false", |text| match text {
            "1" => Some(true),
            "0" => Some(false),
            _ if text.eq_ignore_ascii_case("true") => Some(true),
            _ if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }

    pub(super) fn seconds(&mut self, key: &'static str) -> Result<Option<Duration>, EndpointError> {
        self.read(key, "seconds, more than 0", seconds)
    }

    /// Seconds; `Some(None)` for `false`.
    pub(super) fn seconds_or_off(
        &mut self,
        key: &'static str,
    ) -> Result<Option<Option<Duration>>, EndpointError> {
        self.read(key, "seconds, more than 0, or false", |text| {
            if text.eq_ignore_ascii_case("false") {
                return Some(None);
            }
            seconds(text).map(Some)
        })
    }
}

pub(super) fn wrong(key: &'static str, text: &Text, expected: &'static str) -> EndpointError {
    text.error(EndpointErrorKind::Value {
        key,
        len: text.as_str().len(),
        expected,
    })
}

/// The key as the type spells it, if it has this key.
fn known(of: &'static Type, key: &str, at: &Text) -> Result<&'static str, EndpointError> {
    if let Some(&(key, reason)) = of.refused.iter().find(|(refused, _)| *refused == key) {
        let of = of.name;
        return Err(at.error(EndpointErrorKind::Unsupported { key, of, reason }));
    }
    let known = of.keys.iter().find(|known| **known == key);
    known.copied().ok_or_else(|| {
        let nearest = nearest(key, of.keys.iter().copied());
        at.error(EndpointErrorKind::UnknownKey {
            key: nearest.map(|_| key.to_owned()),
            of: of.name,
            nearest,
            expected: of.keys,
        })
    })
}

/// Reads up to nine digits of a fraction, so that every `Duration` can be written.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let mut nanos: u32 = fraction.parse().ok()?;
    for _ in fraction.len()..9 {
        nanos *= 10;
    }
    Some(Duration::new(whole.parse().ok()?, nanos)).filter(|seconds| !seconds.is_zero())
}

/// The name that was probably meant: the closest one by edits, or one that begins with the text. `None`
/// if no name is close.
fn nearest(name: &str, known: impl Iterator<Item = &'static str> + Clone) -> Option<&'static str> {
    // Nobody mistypes a name this long, and the limit bounds the work.
    const LONG: usize = 40;
    if name.is_empty() || name.len() > LONG {
        return None;
    }
    let mut begins = known.clone().filter(|known| {
        known.len() > name.len()
            && known
                .get(..name.len())
                .is_some_and(|front| front.eq_ignore_ascii_case(name))
    });
    let near = known
        .map(|known| (distance(name.as_bytes(), known.as_bytes()), known))
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .min_by_key(|(distance, _)| *distance);
    near.map(|(_, known)| known).or_else(|| begins.next())
}

/// The number of edits between two texts, ignoring case: octets changed, added, removed, or swapped
/// with the next one.
fn distance(from: &[u8], to: &[u8]) -> usize {
    let same = |i: usize, j: usize| from[i].eq_ignore_ascii_case(&to[j]);
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut row = Vec::with_capacity(last.len());
        row.push(i + 1);
        for j in 0..to.len() {
            let changed = last[j] + usize::from(!same(i, j));
            let mut least = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && same(i, j - 1) && same(i - 1, j) {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = core::mem::replace(&mut last, row);
    }
    last[to.len()]
}
