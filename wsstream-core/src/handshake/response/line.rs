//! Foreign text as a part of one line: for errors, logs and terminals.

use alloc::string::String;

/// Collects foreign text into one short line. Any blanks become one space. What could move a cursor, hide or reorder
/// text is left out: control characters, terminal escapes (ECMA-48 §5.4, §5.6), invisible and bidirectional ones.
///
/// A query may hold a token, also in a server's text that repeats what was requested: `/x?token=a` becomes `/x?...`. So
/// may the user of a URL, which a redirect's text repeats: `ws://me:secret@h` becomes `ws://h`.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    /// Characters so far.
    len: usize,
    is_cut: bool,
    /// Blanks came since the last character.
    blank: bool,
    escape: Escape,
    query: Query,
    /// Inside of the authority of a URL, which may begin with a user and a password: where in the text.
    authority: Option<usize>,
}

/// Inside of a terminal escape.
#[derive(Debug, Default, Clone, Copy)]
enum Escape {
    #[default]
    None,
    /// Behind ESC.
    Begun,
    /// Until a final character.
    Sequence,
    /// Until BEL, or ESC and a backslash: titles of windows, links, what is to be put into the clipboard.
    Command,
}

/// Inside of the query of a URL, or behind a `?` that ends a sentence.
///
/// RFC 3986 §3.4: a query may hold punctuation, too. Only what comes behind that tells whether it was the end.
#[derive(Debug, Default, Clone, Copy)]
enum Query {
    #[default]
    None,
    /// Behind the `?` and perhaps this punctuation.
    Begun(Option<char>),
    /// Inside. This punctuation came last.
    Inside(Option<char>),
}

impl Line {
    /// One line from a text.
    pub(super) fn of(text: &str) -> Self {
        let mut line = Self::default();
        line.push_str(text);
        line
    }

    pub(super) fn push_str(&mut self, text: &str) {
        // A long text has no influence any more once the line is full.
        for one in text.chars() {
            if self.is_cut {
                break;
            }
            self.push(one);
        }
    }

    pub(super) fn push(&mut self, one: char) {
        match (self.escape, one) {
            (_, '\u{1b}') => self.escape = Escape::Begun,
            (_, '\u{9b}') | (Escape::Begun, '[') => self.escape = Escape::Sequence,
            (_, '\u{90}' | '\u{9d}'..='\u{9f}') | (Escape::Begun, ']' | 'P' | '_' | '^') => {
                self.escape = Escape::Command;
            }
            (Escape::Sequence, ' '..='?') => {}
            (Escape::Command, '\u{7}' | '\u{9c}' | '\n')
            | (Escape::Begun | Escape::Sequence, _) => {
                self.escape = Escape::None;
            }
            (Escape::Command, _) => {}
            (Escape::None, one) if one.is_whitespace() => {
                self.end_query();
                (self.blank, self.authority) = (true, None);
            }
            (Escape::None, one) if is_hidden(one) => {}
            (Escape::None, one) => self.push_visible(one),
        }
    }

    fn push_visible(&mut self, one: char) {
        match (self.query, one) {
            (Query::None, _) => {}
            // No query has these.
            (_, '"' | '<' | '>') => self.end_query(),
            (Query::Begun(last), '\'' | ')' | ',' | '!' | '?') => {
                self.query = Query::Begun(Some(one));
                return self.push_last(last);
            }
            (Query::Inside(_), '\'' | ')' | ',' | '!' | '?') => {
                self.query = Query::Inside(Some(one));
                return;
            }
            (Query::Begun(_), _) => {
                self.query = Query::Inside(None);
                return self.push_all("...");
            }
            (Query::Inside(_), _) => {
                self.query = Query::Inside(None);
                return;
            }
        }
        match (self.authority, one) {
            (Some(user), '@') => return self.cut_back(user),
            // RFC 3986 §3.2.
            (_, '/' | '?' | '#' | '"' | '<' | '>') => self.authority = None,
            _ => {}
        }
        if core::mem::take(&mut self.blank) && !self.text.is_empty() {
            self.push_all(" ");
        }
        if one == '?' {
            self.query = Query::Begun(None);
        }
        self.push_last(Some(one));
        if one == '/' && self.text.ends_with("://") {
            self.authority = Some(self.text.len());
        }
    }

    /// Takes back what is behind this place.
    fn cut_back(&mut self, to: usize) {
        let behind = self.text.get(to..).unwrap_or_default();
        self.len -= behind.chars().count();
        self.text.truncate(to);
    }

    /// Ends a query, if there is one: the punctuation behind it is of the text around it.
    fn end_query(&mut self) {
        if let Query::Begun(last) | Query::Inside(last) = core::mem::take(&mut self.query) {
            self.push_last(last);
        }
    }

    fn push_last(&mut self, last: Option<char>) {
        if let Some(one) = last {
            self.push_all(one.encode_utf8(&mut [0; 4]));
        }
    }

    /// Adds characters, if there is room for them all.
    fn push_all(&mut self, text: &str) {
        self.len += text.chars().count();
        if self.len <= MOST && !self.is_cut {
            self.text.push_str(text);
        } else {
            self.is_cut = true;
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The line, with "..." where it was cut.
    pub(super) fn into_string(mut self) -> String {
        self.end_query();
        if let (true, Some(user)) = (self.is_cut, self.authority) {
            // Its `@` may come later.
            self.cut_back(user);
        }
        let Self {
            mut text, is_cut, ..
        } = self;
        if is_cut {
            text.truncate(text.trim_end().len());
            text.push_str("...");
        }
        text
    }
}

/// Control characters, and those that are not seen, or turn the direction of the others (Unicode TR36 §2.10).
fn is_hidden(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The most characters of a line. Each of our own refusals fits.
const MOST: usize = 200;
