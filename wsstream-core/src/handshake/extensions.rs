//! Which extensions are offered and accepted: RFC 6455 §4.1, §4.2.2 and §9.1.
//!
//! This crate supports `permessage-deflate` (RFC 7692) and its own [`HALF_CLOSE`]. Each has an arm in
//! [`answer`] and in [`check`].

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem;

use super::deflate;
use super::error::HandshakeError;
use super::extension::{Extension, FIELD};
use super::syntax::{excerpt, values};
use crate::deflate::{CompressionBudget, Deflate, PerMessageDeflate, Reserved};

/// The private extension that announces half close between two wsstreams: each end delays its answer to
/// a Close until its own writer is done, so either direction can end first.
///
/// It has no parameters and changes no frame. It is an extension and not a subprotocol because servers
/// ignore unknown extensions (§9.1), while some servers select any subprotocol that is offered.
pub const HALF_CLOSE: &str = "x-wsstream-half-close";

/// §9.1: all fields of the name form one list.
fn all<'a, F>(fields: F) -> Result<Vec<Extension>, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut list = Vec::new();
    for value in values(fields, FIELD) {
        list.append(&mut Extension::parse_list(value)?);
    }
    Ok(list)
}

/// The extensions that both ends have agreed on.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) deflate: Option<PerMessageDeflate>,
    pub(super) half_close: bool,
    /// The memory that a server has reserved to inflate.
    pub(super) reserved: Option<Reserved>,
}

/// The extensions that an end is willing to use.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) deflate: Option<&'a Deflate>,
    pub(super) half_close: bool,
}

/// The server's side.
///
/// §4.2.2: the server declines an offer with an unknown name or parameter by not mentioning it.
pub(super) fn answer<'a, F>(
    fields: F,
    wanted: Wanted<'_>,
    budget: &CompressionBudget,
) -> Result<Extensions, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut agreed = Extensions::default();
    for offer in all(fields)? {
        if let (Some(wanted), None) = (wanted.deflate, agreed.deflate)
            && deflate::is_deflate(&offer)
            && let Some((deflate, reserved)) = deflate::answer(&offer, wanted, budget)
        {
            agreed.deflate = Some(deflate);
            agreed.reserved = Some(reserved);
        }
        agreed.half_close |= wanted.half_close && is_half_close(&offer);
    }
    Ok(agreed)
}

/// The client's offers.
pub(super) fn offers(wanted: Wanted<'_>) -> Vec<String> {
    let mut offers = wanted.deflate.map(deflate::offers).unwrap_or_default();
    if wanted.half_close {
        offers.push(HALF_CLOSE.to_owned());
    }
    offers
}

/// The client's side.
///
/// §4.1: the connection fails if the server accepts an extension or a parameter that was not offered,
/// or accepts one twice.
pub(super) fn check<'a, F>(fields: F, offered: Wanted<'_>) -> Result<Extensions, HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut agreed = Extensions::default();
    for extension in all(fields)? {
        let again = if deflate::is_deflate(&extension)
            && let Some(wanted) = offered.deflate
        {
            let checked = deflate::check(&extension, wanted);
            let deflate = checked.ok_or_else(|| unoffered(&extension))?;
            agreed.deflate.replace(deflate).is_some()
        } else if offered.half_close && is_half_close(&extension) {
            mem::replace(&mut agreed.half_close, true)
        } else {
            return Err(unoffered(&extension));
        };
        if again {
            return Err(HandshakeError::DuplicateExtension(
                extension.name().to_owned(),
            ));
        }
    }
    Ok(agreed)
}

fn unoffered(extension: &Extension) -> HandshakeError {
    let extension = extension.to_string();
    HandshakeError::UnofferedExtension(excerpt(extension.as_bytes()))
}

fn is_half_close(extension: &Extension) -> bool {
    extension.name() == HALF_CLOSE && extension.params().next().is_none()
}

#[cfg(test)]
mod tests {
    use super::super::lookup::malformed;
    use super::*;

    fn fields<'a>(values: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a [u8])> + Clone {
        values
            .iter()
            .map(|value| ("sec-websocket-extensions", value.as_bytes()))
    }

    const fn wanted(half_close: bool) -> Wanted<'static> {
        Wanted {
            deflate: None,
            half_close,
        }
    }

    #[test]
    fn s4_2_2_a_server_declines_what_it_does_not_know() {
        let budget = CompressionBudget::default();
        let half_close = |offered: &[&str], wants| {
            answer(fields(offered), wanted(wants), &budget).map(|agreed| agreed.half_close)
        };
        for (offered, accepted) in [
            (&[] as &[&str], false),
            (&["x-wsstream-half-close"], true),
            (
                &[
                    "permessage-deflate; client_max_window_bits",
                    "foo, x-wsstream-half-close",
                ],
                true,
            ),
            (&["x-wsstream-half-close, x-wsstream-half-close"], true),
            (&["x-wsstream-half-close; a"], false),
            (&["X-wsstream-half-close"], false),
            (&["permessage-deflate"], false),
        ] {
            assert_eq!(half_close(offered, true), Ok(accepted), "{offered:?}");
            assert_eq!(half_close(offered, false), Ok(false), "{offered:?}");
        }
        assert_eq!(
            half_close(&["foo", "a b"], true),
            Err(malformed(FIELD, b"a b"))
        );
    }

    #[test]
    fn s4_1_a_client_fails_on_what_it_did_not_offer() {
        let unoffered = |text: &str| Err(HandshakeError::UnofferedExtension(text.into()));
        let duplicate = Err(HandshakeError::DuplicateExtension(HALF_CLOSE.into()));
        for (offered, response, result) in [
            (false, &[] as &[&str], Ok(false)),
            (true, &[], Ok(false)),
            (true, &[HALF_CLOSE], Ok(true)),
            (false, &[HALF_CLOSE], unoffered(HALF_CLOSE)),
            (
                true,
                &["x-wsstream-half-close; a=1"],
                unoffered("x-wsstream-half-close; a=1"),
            ),
            (true, &[HALF_CLOSE, HALF_CLOSE], duplicate),
            (
                true,
                &["permessage-deflate"],
                unoffered("permessage-deflate"),
            ),
            (true, &[";"], Err(malformed(FIELD, b";"))),
        ] {
            let checked = check(fields(response), wanted(offered));
            let half_close = checked.map(|agreed| agreed.half_close);
            assert_eq!(half_close, result, "{response:?}");
        }
        let deflate = Wanted {
            deflate: Some(&Deflate::new()),
            half_close: true,
        };
        for (response, result) in [
            (&["permessage-deflate"] as &[&str], Ok((true, false))),
            (&[HALF_CLOSE, "permessage-deflate"], Ok((true, true))),
            (
                &["permessage-deflate", "permessage-deflate"],
                Err(HandshakeError::DuplicateExtension(
                    "permessage-deflate".into(),
                )),
            ),
            (
                &["permessage-deflate; a"],
                Err(HandshakeError::UnofferedExtension(
                    "permessage-deflate; a".into(),
                )),
            ),
        ] {
            let checked = check(fields(response), deflate);
            let agreed = checked.map(|agreed| (agreed.deflate.is_some(), agreed.half_close));
            assert_eq!(agreed, result, "{response:?}");
        }
    }
}
