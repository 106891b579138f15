//! What an answer in JSON says went wrong: RFC 9457, and the customs of services. No parser of JSON.

use alloc::string::String;
use alloc::vec::Vec;

use super::line::Line;

/// The texts of an answer in JSON which say what went wrong, the most telling first. `None` if it has no such members.
///
/// It looks at each octet a fixed number of times, whatever the text contains.
pub(super) fn messages(json: &str) -> Option<Vec<Line>> {
    let mut found: Vec<(usize, Line)> = Vec::new();
    let mut rest = json;
    while let Some((_, text)) = rest.split_once('"') {
        let (name, behind) = string(text);
        rest = behind;
        // A name has a colon behind it. Only values that are strings count. Others may have members in them.
        let Some(value) = behind.trim_ascii_start().strip_prefix(':') else {
            continue;
        };
        rest = value;
        let Some(text) = value.trim_ascii_start().strip_prefix('"') else {
            continue;
        };
        let (value, behind) = string(text);
        rest = behind;
        let rank = MEMBERS.iter().position(|member| *member == name);
        if let Some(rank) = rank.filter(|rank| found.iter().all(|(other, _)| other != rank)) {
            found.push((rank, unescaped(value)));
        }
    }
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|(rank, _)| *rank);
    Some(found.into_iter().map(|(_, line)| line).collect())
}

/// A string up to its closing quote, still escaped, and what is behind it.
fn string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    let is_end = |one: char| {
        let is_end = one == '"' && !escaped;
        escaped = one == '\\' && !escaped;
        is_end
    };
    text.split_once(is_end).unwrap_or((text, ""))
}

/// RFC 8259 §7.
fn unescaped(text: &str) -> Line {
    let mut line = Line::default();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        line.push_str(before);
        let mut escape = behind.chars();
        match escape.next() {
            Some('b' | 'f' | 'n' | 'r' | 't') => line.push(' '),
            Some('u') => {
                let (units, after) = code_units(behind);
                String::from_utf16_lossy(&units)
                    .chars()
                    .for_each(|one| line.push(one));
                rest = after;
                continue;
            }
            Some(one) => line.push(one),
            None => {}
        }
        rest = escape.as_str();
    }
    line.push_str(rest);
    line
}

/// Takes `uXXXX`, and as many `\uXXXX` as follow, so that two surrogates come together.
fn code_units(text: &str) -> (Vec<u16>, &str) {
    let mut units = Vec::new();
    let mut rest = text;
    let mut next = text.strip_prefix('u');
    while let Some(digits) = next {
        let Some((Ok(unit), after)) = digits
            .split_at_checked(4)
            .map(|(digits, after)| (u16::from_str_radix(digits, 16), after))
        else {
            // No escape after all. It must not be found again.
            let rest = if units.is_empty() { digits } else { rest };
            return (units, rest);
        };
        units.push(unit);
        rest = after;
        next = after.strip_prefix("\\u");
    }
    (units, rest)
}

/// What says most, first. RFC 9457 §3.1 has `detail` and `title`, RFC 6749 §5.2 `error_description` and `error`.
const MEMBERS: &[&str] = &[
    "detail",
    "error_description",
    "message",
    "msg",
    "error",
    "reason",
    "description",
    "title",
];
