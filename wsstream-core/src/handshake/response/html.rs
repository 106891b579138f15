//! The text of a page, as far as an error needs it. No parser of HTML: it finds a title, or the first text.

use super::line::Line;

/// The title of a page, and its first text. Both may be empty.
///
/// It looks at each octet a fixed number of times, whatever the page contains.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) title: Line,
    pub(super) text: Line,
}

impl Page {
    /// Reads a page, or the part of it that arrived. XML will do.
    pub(super) fn read(page: &str) -> Self {
        let mut read = Self::default();
        let mut rest = page;
        while let Some((text, tag)) = rest.split_once('<') {
            push_text(&mut read.text, text);
            if tag.starts_with(|one: char| !matches!(one, 'a'..='z' | 'A'..='Z' | '/' | '!' | '?'))
            {
                read.text.push('<');
                rest = tag;
                continue;
            }
            if let Some(comment) = tag.strip_prefix("!--") {
                rest = comment.split_once("-->").unwrap_or_default().1;
                continue;
            }
            let (name, behind) = name(tag);
            rest = behind.split_once('>').unwrap_or_default().1;
            let is = |known: &&&str| known.eq_ignore_ascii_case(name);
            if let Some(unseen) = UNSEEN.iter().find(is) {
                let (content, behind) = until_end(rest, unseen);
                if *unseen == TITLE && read.title.is_empty() {
                    push_text(&mut read.title, content);
                }
                rest = behind;
            } else if !read.text.is_empty() && !INLINE.iter().any(|inline| is(&inline)) {
                return read;
            }
        }
        push_text(&mut read.text, rest);
        read
    }
}

/// The name of a tag, with the slash of an end tag, and what is behind it.
fn name(tag: &str) -> (&str, &str) {
    let end = tag.find(|one: char| !one.is_ascii_alphanumeric() && one != '/');
    tag.split_at(end.unwrap_or(tag.len()))
}

/// The content of an element, and what is behind it: from its end tag on.
fn until_end<'a>(content: &'a str, name: &str) -> (&'a str, &'a str) {
    let is_end = |at: &usize| {
        let tag = content.get(at + "</".len()..).unwrap_or_default();
        let same = tag.get(..name.len());
        same.is_some_and(|same| same.eq_ignore_ascii_case(name))
    };
    let end = content.match_indices("</").map(|(at, _)| at).find(is_end);
    content.split_at(end.unwrap_or(content.len()))
}

/// Adds text, with the usual entities decoded.
fn push_text(line: &mut Line, text: &str) {
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        line.push_str(before);
        match entity(behind) {
            Some((one, after)) => {
                line.push(one);
                rest = after;
            }
            None => {
                line.push('&');
                rest = behind;
            }
        }
    }
    line.push_str(rest);
}

/// The character that an entity stands for, and the text behind it.
fn entity(text: &str) -> Option<(char, &str)> {
    let end = text
        .bytes()
        .take(LONGEST_ENTITY)
        .position(|octet| octet == b';')?;
    let (name, rest) = text.split_at_checked(end)?;
    let one = match name.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']);
            let code = hex.map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16));
            code.ok().and_then(char::from_u32)
        }
        None => ENTITIES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, one)| *one),
    };
    Some((one?, rest.strip_prefix(';')?))
}

const LONGEST_ENTITY: usize = 10;

const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("apos", '\''),
    ("gt", '>'),
    ("hellip", '\u{2026}'),
    ("ldquo", '\u{201c}'),
    ("lsquo", '\u{2018}'),
    ("lt", '<'),
    ("mdash", '\u{2014}'),
    ("nbsp", ' '),
    ("ndash", '\u{2013}'),
    ("quot", '"'),
    ("rdquo", '\u{201d}'),
    ("rsquo", '\u{2019}'),
];

const TITLE: &str = "title";

/// Elements whose content is not shown on the page.
const UNSEEN: &[&str] = &[TITLE, "script", "style", "template"];

/// Tags that do not end a text.
const INLINE: &[&str] = &[
    "a", "/a", "b", "/b", "code", "/code", "em", "/em", "font", "/font", "i", "/i", "span",
    "/span", "strong", "/strong", "tt", "/tt", "u", "/u",
];
