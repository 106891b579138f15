//! The negotiation of permessage-deflate: RFC 7692 §5 to §7.1.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::extension::Extension;
use crate::deflate::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, CompressionBudget, Deflate,
    MAX_WINDOW_BITS, MIN_WINDOW_BITS, NAME, PerMessageDeflate, Reserved, SERVER_MAX_WINDOW_BITS,
    SERVER_NO_CONTEXT_TAKEOVER,
};

/// Whether the extension is permessage-deflate.
pub(super) fn is_deflate(extension: &Extension) -> bool {
    extension.name() == NAME
}

/// A client's offers, in order of preference, §5.1.
///
/// §7.1.2.1: a server that cannot limit its window declines an offer that asks for it. So a second
/// offer follows that does not ask.
pub(super) fn offers(wanted: &Deflate) -> Vec<String> {
    let windowless = Deflate {
        peer_window_bits: MAX_WINDOW_BITS,
        ..*wanted
    };
    let mut offers = Vec::from([offer(wanted)]);
    if windowless != *wanted {
        offers.push(offer(&windowless));
    }
    offers
}

fn offer(wanted: &Deflate) -> String {
    let bits = |bits: u8| (bits < MAX_WINDOW_BITS).then_some(bits);
    let mut offer = PerMessageDeflate {
        server_no_context_takeover: !wanted.peer_context_takeover,
        client_no_context_takeover: !wanted.context_takeover,
        server_max_window_bits: bits(wanted.peer_window_bits),
        client_max_window_bits: bits(wanted.window_bits),
    }
    .to_string();
    if bits(wanted.window_bits).is_none() {
        // §7.1.2.2: without a value, the server may choose any window.
        offer.push_str("; ");
        offer.push_str(CLIENT_MAX_WINDOW_BITS);
    }
    offer
}

/// The parameters of an offer or an answer. A window without a value is `Some(None)`.
#[derive(Default)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<Option<u8>>,
    client_max_window_bits: Option<Option<u8>>,
}

impl Parameters {
    /// `None` if a parameter is unknown, duplicate, or has an invalid value, §7.1.
    fn parse(extension: &Extension) -> Option<Self> {
        let mut parsed = Self::default();
        for (name, value) in extension.params() {
            match (name, value) {
                (SERVER_NO_CONTEXT_TAKEOVER, None) if !parsed.server_no_context_takeover => {
                    parsed.server_no_context_takeover = true;
                }
                (CLIENT_NO_CONTEXT_TAKEOVER, None) if !parsed.client_no_context_takeover => {
                    parsed.client_no_context_takeover = true;
                }
                (SERVER_MAX_WINDOW_BITS, value) if parsed.server_max_window_bits.is_none() => {
                    // §7.1.2.1: the value is mandatory.
                    parsed.server_max_window_bits = Some(Some(window_bits(value?)?));
                }
                (CLIENT_MAX_WINDOW_BITS, value) if parsed.client_max_window_bits.is_none() => {
                    parsed.client_max_window_bits = Some(match value {
                        Some(value) => Some(window_bits(value)?),
                        None => None,
                    });
                }
                _ => return None,
            }
        }
        Some(parsed)
    }
}

/// §7.1.2: 8 to 15, without leading zeros.
fn window_bits(value: &str) -> Option<u8> {
    let bits = value.parse().ok()?;
    let canonical = !value.starts_with(['0', '+']);
    (canonical && (MIN_WINDOW_BITS..=MAX_WINDOW_BITS).contains(&bits)).then_some(bits)
}

/// A server's answer to an offer, with the memory reserved from its budget; `None` if it declines,
/// §7.1.
pub(super) fn answer(
    offer: &Extension,
    wanted: &Deflate,
    budget: &CompressionBudget,
) -> Option<(PerMessageDeflate, Reserved)> {
    let offer = Parameters::parse(offer)?;
    let smaller = |bits: u8| (bits < MAX_WINDOW_BITS).then_some(bits);
    let server_max_window_bits = match offer.server_max_window_bits.flatten() {
        // §7.1.2.1: the answer must have the parameter if the offer has it.
        Some(bits) => Some(bits.min(wanted.window_bits)),
        None => smaller(wanted.window_bits),
    };
    // §7.1.2.2: the answer must not have the parameter if the offer lacks it.
    let (client_max_window_bits, reserved) = match offer.client_max_window_bits {
        Some(bits) => {
            let bits = bits.unwrap_or(MAX_WINDOW_BITS).min(wanted.peer_window_bits);
            let (bits, reserved) = budget.reserve_inflater(bits, false)?;
            (smaller(bits), reserved)
        }
        None => (None, budget.reserve_inflater(MAX_WINDOW_BITS, true)?.1),
    };
    let agreed = PerMessageDeflate {
        server_no_context_takeover: offer.server_no_context_takeover || !wanted.context_takeover,
        client_no_context_takeover: offer.client_no_context_takeover
            || !wanted.peer_context_takeover,
        server_max_window_bits,
        client_max_window_bits,
    };
    Some((agreed, reserved))
}

/// A client's check of the answer to its [`offers`]; `None` if the handshake must fail, §7.1.
pub(super) fn check(answer: &Extension, wanted: &Deflate) -> Option<PerMessageDeflate> {
    let answer = Parameters::parse(answer)?;
    // §7.1.2.2: in an answer the value is mandatory, and at most the offered one.
    let client_max_window_bits = match answer.client_max_window_bits {
        Some(bits) => Some(bits.filter(|bits| *bits <= wanted.window_bits)?),
        None => None,
    };
    // §7.1.1.1: a server that accepts the offer must include the parameter.
    if !wanted.peer_context_takeover && !answer.server_no_context_takeover {
        return None;
    }
    Some(PerMessageDeflate {
        server_no_context_takeover: answer.server_no_context_takeover,
        client_no_context_takeover: answer.client_no_context_takeover,
        server_max_window_bits: answer.server_max_window_bits.flatten(),
        client_max_window_bits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::Decompressor;

    fn parsed(text: &str) -> Vec<Extension> {
        Extension::parse_list(text.as_bytes()).unwrap()
    }

    #[rustfmt::skip]
    const OFFERS: &[(Deflate, &[&str])] = &[
        (Deflate::new(), &["permessage-deflate; client_max_window_bits"]),
        (Deflate::new().context_takeover(false), &["permessage-deflate; client_no_context_takeover; client_max_window_bits"]),
        (Deflate::new().window_bits(10), &["permessage-deflate; client_max_window_bits=10"]),
        (Deflate::new().peer_window_bits(9).peer_context_takeover(false), &[
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover; client_max_window_bits",
        ]),
    ];

    #[test]
    fn s5_1_offers() {
        for (wanted, expected) in OFFERS {
            assert_eq!(&offers(wanted), expected);
        }
    }

    /// The server's answers: what is wanted, the offers, what is said to the first that is not declined.
    #[rustfmt::skip]
    const ANSWERS: &[(Deflate, &str, Option<&str>)] = &[
        (Deflate::new(), "permessage-deflate", Some("permessage-deflate")),
        // Chromium, Node ws, Python websockets.
        (Deflate::new(), "permessage-deflate; client_max_window_bits", Some("permessage-deflate")),
        // Autobahn.
        (Deflate::new(), "permessage-deflate; client_no_context_takeover; client_max_window_bits", Some("permessage-deflate; client_no_context_takeover")),
        // §7.1.3.
        (Deflate::new(), "permessage-deflate; client_max_window_bits; server_max_window_bits=10", Some("permessage-deflate; server_max_window_bits=10")),
        (Deflate::new(), "permessage-deflate; server_max_window_bits=\"8\"", Some("permessage-deflate; server_max_window_bits=8")),
        (Deflate::new(), "permessage-deflate; server_max_window_bits=15", Some("permessage-deflate; server_max_window_bits=15")),
        (Deflate::new(), "permessage-deflate; client_max_window_bits=9", Some("permessage-deflate; client_max_window_bits=9")),
        (Deflate::new(), "permessage-deflate; server_no_context_takeover", Some("permessage-deflate; server_no_context_takeover")),
        (Deflate::new().window_bits(11), "permessage-deflate", Some("permessage-deflate; server_max_window_bits=11")),
        (Deflate::new().window_bits(11), "permessage-deflate; server_max_window_bits=12", Some("permessage-deflate; server_max_window_bits=11")),
        (Deflate::new().peer_window_bits(11), "permessage-deflate", Some("permessage-deflate")),
        (Deflate::new().peer_window_bits(11), "permessage-deflate; client_max_window_bits", Some("permessage-deflate; client_max_window_bits=11")),
        (Deflate::new().peer_window_bits(11), "permessage-deflate; client_max_window_bits=10", Some("permessage-deflate; client_max_window_bits=10")),
        (Deflate::new().context_takeover(false).peer_context_takeover(false), "permessage-deflate", Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")),
        // Declined.
        (Deflate::new(), "permessage-deflate; server_max_window_bits", None),
        (Deflate::new(), "permessage-deflate; server_max_window_bits=7", None),
        (Deflate::new(), "permessage-deflate; server_max_window_bits=16", None),
        (Deflate::new(), "permessage-deflate; server_max_window_bits=08", None),
        (Deflate::new(), "permessage-deflate; server_max_window_bits=+9", None),
        (Deflate::new(), "permessage-deflate; server_max_window_bits=999999999999", None),
        (Deflate::new(), "permessage-deflate; client_max_window_bits=7", None),
        (Deflate::new(), "permessage-deflate; client_max_window_bits=x", None),
        (Deflate::new(), "permessage-deflate; client_max_window_bits; client_max_window_bits", None),
        (Deflate::new(), "permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
        (Deflate::new(), "permessage-deflate; server_no_context_takeover=1", None),
        (Deflate::new(), "permessage-deflate; client_no_context_takeover=\"\\1\"", None),
        (Deflate::new(), "permessage-deflate; unknown", None),
        (Deflate::new(), "permessage-bzip2", None),
        (Deflate::new(), "x-webkit-deflate-frame", None),
        // §5.1: the first that is not declined counts.
        (Deflate::new(), "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=9, permessage-deflate", Some("permessage-deflate; server_max_window_bits=9")),
        (Deflate::new(), "foo, permessage-deflate; server_max_window_bits=16, permessage-deflate", Some("permessage-deflate")),
    ];

    #[test]
    fn s7_1_answers() {
        let budget = CompressionBudget::default();
        for (wanted, offers, expected) in ANSWERS {
            let offers = parsed(offers);
            let mut answers = offers
                .iter()
                .filter(|offer| is_deflate(offer))
                .filter_map(|offer| answer(offer, wanted, &budget));
            let answer = answers.next().map(|(agreed, _)| agreed.to_string());
            assert_eq!(answer.as_deref(), *expected, "{offers:?}");
        }
        assert_eq!(budget.used(), 0);
    }

    /// What fits is agreed to: the largest window of those that the client may be asked for.
    #[test]
    fn a_budget_that_is_used_up_agrees_to_less() {
        let asks = &parsed("permessage-deflate; client_max_window_bits")[0];
        let cannot = &parsed("permessage-deflate")[0];
        let bits = |agreed: &Option<(PerMessageDeflate, Reserved)>| {
            let (agreed, _) = agreed.as_ref()?;
            Some(agreed.client_max_window_bits())
        };
        let wanted = Deflate::new();
        for (octets, if_asked, if_not) in [
            (0, None, None),
            (Decompressor::len(9) - 1, None, None),
            (Decompressor::len(9), Some(9), None),
            (Decompressor::len(12), Some(12), None),
            (Decompressor::len(15) - 1, Some(14), None),
            (Decompressor::len(15), Some(15), Some(15)),
        ] {
            let budget = CompressionBudget::new(octets);
            assert_eq!(bits(&answer(asks, &wanted, &budget)), if_asked, "{octets}");
            assert_eq!(bits(&answer(cannot, &wanted, &budget)), if_not, "{octets}");
            assert_eq!(budget.used(), 0);
        }
        // One after the other, until nothing is left.
        let budget = CompressionBudget::new(2 * Decompressor::len(15) + Decompressor::len(10));
        let mut all: Vec<_> = (0..4).map(|_| answer(asks, &wanted, &budget)).collect();
        let agreed: Vec<_> = all.iter().map(bits).collect();
        assert_eq!(agreed, [Some(15), Some(15), Some(10), None]);
        assert_eq!(budget.used(), budget.octets());
        // What one gives back another has.
        all.remove(0);
        assert_eq!(bits(&answer(cannot, &wanted, &budget)), Some(15));
        drop(all);
        assert_eq!(budget.used(), 0);
    }

    /// The client's: what was wanted, the answer, whether it is accepted.
    #[rustfmt::skip]
    const CHECKS: &[(Deflate, &str, bool)] = &[
        (Deflate::new(), "permessage-deflate", true),
        (Deflate::new(), "permessage-deflate; server_no_context_takeover; client_no_context_takeover", true),
        // Python websockets.
        (Deflate::new(), "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12", true),
        (Deflate::new(), "permessage-deflate; client_max_window_bits=8", true),
        (Deflate::new(), "permessage-deflate; client_max_window_bits", false),
        (Deflate::new(), "permessage-deflate; client_max_window_bits=16", false),
        (Deflate::new(), "permessage-deflate; server_max_window_bits", false),
        (Deflate::new(), "permessage-deflate; server_max_window_bits=7", false),
        (Deflate::new(), "permessage-deflate; unknown", false),
        (Deflate::new(), "permessage-deflate; client_no_context_takeover=1", false),
        (Deflate::new(), "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", false),
        (Deflate::new().window_bits(10), "permessage-deflate; client_max_window_bits=11", false),
        (Deflate::new().window_bits(10), "permessage-deflate; client_max_window_bits=10", true),
        (Deflate::new().window_bits(10), "permessage-deflate", true),
        (Deflate::new().peer_window_bits(10), "permessage-deflate", true),
        (Deflate::new().peer_context_takeover(false), "permessage-deflate", false),
        (Deflate::new().peer_context_takeover(false), "permessage-deflate; server_no_context_takeover", true),
    ];

    #[test]
    fn s7_1_checks() {
        for (wanted, answer, accepted) in CHECKS {
            let checked = check(&parsed(answer)[0], wanted);
            assert_eq!(checked.is_some(), *accepted, "{answer}");
            if let Some(agreed) = checked {
                assert_eq!(agreed.to_string(), *answer);
            }
        }
    }
}
