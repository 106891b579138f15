//! What the body of a refusal tells people, in a few words.

use alloc::borrow::Cow;
use alloc::string::String;
use core::str;

use super::Response;
use super::html::Page;
use super::json;
use super::line::Line;

/// The body as one short line, if it is a text, and says more than the status does: the title of a page or else its
/// first text, the message of JSON, the first line of other texts. Of squid's pages, which all have one title, it is the
/// name of the error.
pub(super) fn summary(response: &Response) -> Option<String> {
    let reason = Line::of(response.reason()).into_string();
    let tells = |line: Line| {
        Some(line.into_string()).filter(|line| says_more(line, response.status(), &reason))
    };
    if let Some(error) = squid_error(response).and_then(tells) {
        return Some(error);
    }
    let text = text(response)?;
    let text = text.trim_start_matches(|one: char| one.is_whitespace() || one == '\u{feff}');
    match kind(response, text) {
        Kind::Markup => {
            let Page { title, text } = Page::read(text);
            tells(title).or_else(|| tells(text))
        }
        Kind::Json => match json::messages(text) {
            Some(messages) => messages.into_iter().find_map(tells),
            None => tells(Line::of(text)),
        },
        Kind::Plain => tells(Line::of(text.lines().next()?)),
    }
}

/// The name of a page of squid's, such as `ERR_ACCESS_DENIED`, or `ERR_DNS_FAIL`.
fn squid_error(response: &Response) -> Option<Line> {
    let value = str::from_utf8(response.headers().get("X-Squid-Error")?).ok()?;
    value.split(' ').next().map(Line::of)
}

enum Kind {
    Json,
    Markup,
    Plain,
}

/// By its type, or without one that helps, by its first character.
fn kind(response: &Response, text: &str) -> Kind {
    let is = |known: &str| has(media_type(response), known);
    if is("json") {
        Kind::Json
    } else if is("html") || is("xml") {
        Kind::Markup
    } else if is("text/plain") {
        Kind::Plain
    } else {
        match text.bytes().next() {
            Some(b'<') => Kind::Markup,
            Some(b'{') => Kind::Json,
            _ => Kind::Plain,
        }
    }
}

/// The body as text. `None` if it is compressed or binary.
fn text(response: &Response) -> Option<Cow<'_, str>> {
    let headers = response.headers();
    let is_coded = |name: &str, plain: [&str; 2]| {
        let mut codings = headers.list(name);
        codings.any(|coding| {
            !plain
                .iter()
                .any(|plain| coding.eq_ignore_ascii_case(plain.as_bytes()))
        })
    };
    // RFC 9110 §8.4, RFC 9112 §7.
    if is_coded("Content-Encoding", ["identity", ""])
        || is_coded("Transfer-Encoding", ["chunked", "identity"])
    {
        return None;
    }
    let body = response.body();
    let is_binary = |octet: &u8| octet.is_ascii_control() && !b"\x07\t\n\x0c\r\x1b".contains(octet);
    if body.iter().any(is_binary) {
        return None;
    }
    let of = media_type(response);
    match str::from_utf8(body) {
        Ok(text) => Some(Cow::Borrowed(text)),
        // The last character may be cut.
        Err(error) if error.error_len().is_none() => {
            let (valid, _) = body.split_at_checked(error.valid_up_to())?;
            str::from_utf8(valid).ok().map(Cow::Borrowed)
        }
        Err(_) if has(of, "8859-1") || has(of, "1252") => {
            Some(body.iter().map(|octet| char::from(*octet)).collect())
        }
        Err(_) if has(of, "text/") || has(of, "json") || has(of, "xml") => {
            Some(String::from_utf8_lossy(body))
        }
        Err(_) => None,
    }
}

fn media_type(response: &Response) -> &[u8] {
    let value = response.headers().get("Content-Type").unwrap_or_default();
    // Nobody has a longer one, and the limit bounds the work.
    value.get(..LONGEST_TYPE).unwrap_or(value)
}

/// Whether a media type has this part, ignoring case.
fn has(media_type: &[u8], part: &str) -> bool {
    let mut parts = media_type.windows(part.len());
    parts.any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether a text has a word that is neither of the status line nor one of those which every page of errors has.
fn says_more(text: &str, status: u16, reason: &str) -> bool {
    let words = |text: &'static str| text.split(' ');
    let is_known = |word: &str| {
        word.parse() == Ok(status)
            || words("error http status code").any(|known| known.eq_ignore_ascii_case(word))
            || split(reason).any(|known| known.eq_ignore_ascii_case(word))
    };
    !split(text).all(is_known)
}

/// The words of a text.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|one: char| !one.is_alphanumeric() && one != '\'');
    words.filter(|word| !word.is_empty())
}

const LONGEST_TYPE: usize = 128;
