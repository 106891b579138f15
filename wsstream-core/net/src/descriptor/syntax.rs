//! Twisted's grammar: fields, keys and escapes, and the position of each octet.

use std::ops::Range;

use super::error::{EndpointError, EndpointErrorKind};

/// A text that knows the positions of its octets in the original string, however often it was unquoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    text: String,
    /// For each octet, its position in the original string.
    at: Vec<usize>,
    /// The position at which the text ended.
    end: usize,
}

impl Text {
    /// The original string.
    pub(super) fn given(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            at: (0..text.len()).collect(),
            end: text.len(),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The original position of this octet, or the end of the text.
    pub(super) fn position(&self, index: usize) -> usize {
        self.at.get(index).copied().unwrap_or(self.end)
    }

    pub(super) fn start(&self) -> usize {
        self.position(0)
    }

    pub(super) const fn end(&self) -> usize {
        self.end
    }

    /// A part of the text; empty if the range splits a character.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        Self {
            end: self.position(range.end),
            text: self.text.get(range.clone()).unwrap_or_default().to_owned(),
            at: self.at.get(range).unwrap_or_default().to_owned(),
        }
    }

    /// The text without surrounding blanks.
    pub(super) fn trimmed(&self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        self.slice(start..start + self.text.trim().len())
    }

    /// The elements of a comma-separated list, trimmed. An empty text has one empty element.
    pub(super) fn elements(&self) -> impl Iterator<Item = Self> {
        let mut start = 0;
        self.text.split(',').map(move |element| {
            let from = start;
            start += element.len() + 1;
            self.slice(from..from + element.len()).trimmed()
        })
    }

    /// Appends another text.
    pub(super) fn then(mut self, other: &Self) -> Self {
        self.text.push_str(&other.text);
        self.at.extend_from_slice(&other.at);
        self.end = other.end;
        self
    }

    pub(super) fn error(&self, kind: EndpointErrorKind) -> EndpointError {
        EndpointError::new(self.start(), kind)
    }
}

/// A field: `value` or `key=value`, unescaped.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: Option<Text>,
    pub(super) value: Text,
    /// The start of the next field.
    pub(super) next: usize,
}

/// Splits a descriptor exactly as Twisted does. `:` ends a field, the first `=` in a field ends its
/// key, and `\` escapes the next character. Blanks are kept. There is always at least one field.
pub(super) fn fields(text: &Text) -> Result<Vec<Field>, EndpointError> {
    let (mut fields, mut key) = (Vec::new(), None);
    let mut piece = Text::given("");
    let finish = |piece: &mut Text, index| {
        let end = text.position(index);
        let empty = Text::given("");
        Text {
            end,
            ..core::mem::replace(piece, empty)
        }
    };
    let mut characters = text.text.char_indices();
    while let Some((index, character)) = characters.next() {
        let (index, character) = match character {
            ':' => {
                fields.push(Field {
                    key: key.take(),
                    value: finish(&mut piece, index),
                    next: index + 1,
                });
                continue;
            }
            '=' if key.is_none() => {
                key = Some(finish(&mut piece, index));
                continue;
            }
            '\\' => characters.next().ok_or_else(|| {
                EndpointError::new(text.position(index), EndpointErrorKind::DanglingEscape)
            })?,
            _ => (index, character),
        };
        piece.text.push(character);
        let octets = index..index + character.len_utf8();
        piece.at.extend(octets.map(|octet| text.position(octet)));
    }
    fields.push(Field {
        key,
        value: finish(&mut piece, text.text.len()),
        next: text.text.len(),
    });
    Ok(fields)
}
