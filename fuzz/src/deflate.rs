//! What is agreed on about permessage-deflate: RFC 7692 §5 and §7.1.

use arbitrary::Unstructured;
use wsstream_core::handshake::{ClientConfig, Extension, Negotiated, ServerConfig};
use wsstream_core::{ConnectionConfig, Deflate, PerMessageDeflate};

use crate::input::{SEED, octet};

/// Whatever two ends want, what the client offers the server accepts, and the client confirms; both then
/// know the same, which is no more than either wanted. Of any list of offers a server takes the first that
/// it can do; of any answers a client takes one that it can.
///
/// Input: two octets for what each end wants, the server's first, and a list.
pub(crate) fn deflate(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let (server_wants, client_wants) = (wanted(&mut input), wanted(&mut input));
    let server = ServerConfig::stream().config(ConnectionConfig::new().deflate(server_wants.deflate));
    let client = ClientConfig::stream()
        .accept_no_subprotocol(true)
        .config(ConnectionConfig::new().deflate(client_wants.deflate).half_close(false));

    let asked = client.fields();
    let asked = asked.iter().map(|(name, value)| (*name, value.as_bytes()));
    let negotiated = server.negotiate(asked).unwrap();
    let answered = negotiated.agreed();
    let answer = answered.fields();
    let answer = answer.iter().map(|(name, value)| (*name, value.as_bytes()));
    let agreed = client.confirm(answer, &SEED);
    assert_eq!(agreed.as_ref().map(Negotiated::agreed), Ok(answered));
    within(answered.deflate().unwrap(), &server_wants, &client_wants);

    let text = input.take_rest();
    let Ok(list) = Extension::parse_list(text) else {
        return;
    };
    let fields = [
        ("Sec-WebSocket-Extensions", text),
        ("Sec-WebSocket-Version", b"13"),
    ];
    offered(&server, fields, &list, &server_wants);
    confirmed(&client, fields, &list, &client_wants);
}

/// What one end wants: of its own direction, and of its peer's.
struct Wanted {
    takeover: [bool; 2],
    bits: [u8; 2],
    deflate: Deflate,
}

fn wanted(input: &mut Unstructured<'_>) -> Wanted {
    let (ours, peers) = (octet(input), octet(input));
    let takeover = [ours, peers].map(|octet| octet & 1 == 0);
    let bits = [ours, peers].map(|octet| 15 - (octet >> 1 & 7));
    let deflate = Deflate::new()
        .context_takeover(takeover[0])
        .peer_context_takeover(takeover[1])
        .window_bits(bits[0])
        .peer_window_bits(bits[1]);
    Wanted {
        takeover,
        bits,
        deflate,
    }
}

/// A server does not exceed what the client asks for; the client does what it is asked for, in its offer's
/// limits.
fn within(agreed: &PerMessageDeflate, server: &Wanted, client: &Wanted) {
    let forgets = !server.takeover[0] || !client.takeover[1];
    assert_eq!(agreed.server_no_context_takeover(), forgets);
    let forgets = !server.takeover[1] || !client.takeover[0];
    assert_eq!(agreed.client_no_context_takeover(), forgets);
    let bits = server.bits[0].min(client.bits[1]);
    assert_eq!(agreed.server_max_window_bits(), bits);
    let bits = server.bits[1].min(client.bits[0]);
    assert_eq!(agreed.client_max_window_bits(), bits);
}

/// The parameters of a list's element, as a plain reading of §7.1 has them: who does without takeover, server
/// and client, and their windows, of which the client's may have no value.
type Parameters = ([bool; 2], [Option<Option<u8>>; 2]);

fn parameters(extension: &Extension) -> Option<Parameters> {
    if extension.name() != "permessage-deflate" {
        return None;
    }
    let names = |of: &str| ["server", "client"].map(|end| format!("{end}_{of}"));
    let (flags, windows) = (names("no_context_takeover"), names("max_window_bits"));
    let all: Vec<_> = extension.params().collect();
    let known = |name: &str| flags.iter().chain(&windows).any(|known| known == name);
    let twice = |name: &str| all.iter().filter(|(other, _)| *other == name).count() > 1;
    if all.iter().any(|(name, _)| !known(name) || twice(name)) {
        return None;
    }
    let get = |name: &String| all.iter().find(|(other, _)| other == name).map(|one| one.1);
    let flags = flags.each_ref().map(get);
    if flags.iter().any(|flag| matches!(flag, Some(Some(_)))) {
        return None;
    }
    let mut bits = [None; 2];
    for (bits, value) in bits.iter_mut().zip(windows.each_ref().map(get)) {
        *bits = match value {
            None => None,
            Some(None) => Some(None),
            Some(Some(value)) => Some(Some((8..=15).find(|bits: &u8| bits.to_string() == value)?)),
        };
    }
    let has_value = bits[0] != Some(None);
    has_value.then(|| (flags.map(|flag| flag.is_some()), bits))
}

type Fields<'a> = [(&'a str, &'a [u8]); 2];

fn offered(server: &ServerConfig, fields: Fields<'_>, list: &[Extension], wants: &Wanted) {
    let negotiated = server.negotiate(fields).unwrap();
    let agreed = negotiated.agreed();
    let first = list.iter().find_map(parameters);
    assert_eq!(agreed.deflate().is_some(), first.is_some(), "{list:?}");
    let (Some(agreed), Some((forgets, bits))) = (agreed.deflate(), first) else {
        return;
    };
    let [ours, theirs] = [0, 1].map(|end| forgets[end] || !wants.takeover[end]);
    assert_eq!(agreed.server_no_context_takeover(), ours);
    assert_eq!(agreed.client_no_context_takeover(), theirs);
    let asked = bits[0].flatten().unwrap_or(15);
    assert_eq!(agreed.server_max_window_bits(), asked.min(wants.bits[0]));
    // Who does not know the parameter is not told of it.
    let limit = bits[1].map_or(15, |bits| bits.unwrap_or(15).min(wants.bits[1]));
    assert_eq!(agreed.client_max_window_bits(), limit);
}

fn confirmed(client: &ClientConfig, fields: Fields<'_>, list: &[Extension], wants: &Wanted) {
    let confirmed = client.confirm(fields, &SEED);
    let confirmed = confirmed.as_ref().map(Negotiated::agreed);
    let good = |one: &Extension| {
        let (forgets, bits) = parameters(one)?;
        // §7.1.2.2: an answer's window has a value, which is none above the one that was offered.
        let fits = match bits[1] {
            Some(None) => false,
            Some(Some(bits)) => bits <= wants.bits[0],
            None => true,
        };
        (fits && (wants.takeover[1] || forgets[0])).then_some((forgets, bits))
    };
    match (list, &confirmed) {
        ([], Ok(agreed)) => assert_eq!(agreed.deflate(), None),
        ([one], Ok(agreed)) => {
            let (agreed, (forgets, bits)) = (agreed.deflate().unwrap(), good(one).unwrap());
            assert_eq!(agreed.server_no_context_takeover(), forgets[0]);
            assert_eq!(agreed.client_no_context_takeover(), forgets[1]);
            let bits = bits.map(|bits| bits.flatten().unwrap_or(15));
            assert_eq!(agreed.server_max_window_bits(), bits[0]);
            assert_eq!(agreed.client_max_window_bits(), bits[1]);
        }
        ([one], Err(_)) => assert_eq!(good(one), None),
        // §5.1: a server accepts one offer.
        (_, Err(_)) => {}
        _ => unreachable!("{confirmed:?} for {list:?}"),
    }
}
