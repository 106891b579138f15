//! Twisted's grammar: fields, keys and escapes, and where each octet came from.

use std::ops::Range;

use super::error::{EndpointError, EndpointErrorKind};

/// A text that knows where its octets were in the string that was given, however often it has been
/// unquoted since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    text: String,
    /// For each octet of the text, where it was.
    at: Vec<usize>,
    /// Where the text ended.
    end: usize,
}

impl Text {
    /// What was given.
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

    /// Where this octet was, or the end of the text.
    pub(super) fn position(&self, index: usize) -> usize {
        self.at.get(index).copied().unwrap_or(self.end)
    }

    pub(super) fn start(&self) -> usize {
        self.position(0)
    }

    pub(super) const fn end(&self) -> usize {
        self.end
    }

    /// A part; nothing if the range does not lie on characters.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        Self {
            end: self.position(range.end),
            text: self.text.get(range.clone()).unwrap_or_default().to_owned(),
            at: self.at.get(range).unwrap_or_default().to_owned(),
        }
    }

    /// Without the blanks around it.
    pub(super) fn trimmed(&self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        self.slice(start..start + self.text.trim().len())
    }

    /// The elements of a comma-separated list, trimmed. An empty text has one, which is empty.
    pub(super) fn elements(&self) -> impl Iterator<Item = Self> {
        let mut start = 0;
        self.text.split(',').map(move |element| {
            let from = start;
            start += element.len() + 1;
            self.slice(from..from + element.len()).trimmed()
        })
    }

    /// This text, and then another.
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

/// `value`, or `key=value`, unescaped.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: Option<Text>,
    pub(super) value: Text,
    /// Where the next field begins in the text that was taken apart.
    pub(super) next: usize,
}

/// Takes a descriptor apart, just as Twisted does: `:` ends a field, the first `=` in a field ends its
/// key, `\` takes away the meaning of whatever follows. Blanks are kept, and there is always a field.
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
