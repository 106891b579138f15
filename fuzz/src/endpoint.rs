//! Endpoint descriptors.

use std::fmt::{Debug, Display};

use wsstream_core::endpoint::{
    ClientEndpoint, ClientLayer, EndpointError, EndpointErrorKind, MAX_LEN, MAX_NESTING,
    ServerEndpoint, ServerLayer, quote_argument,
};

/// A text that is a descriptor is the same when it is written and read again, and what it describes can
/// be built, and planned by an adapter. One that is none gives an error in it, which can be shown. Wrapped in another descriptor
/// it means the same, and the error is as far in as the text is.
///
/// Input: the text.
pub(crate) fn endpoint(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let client = ClientEndpoint::parse(&text);
    reads_back(&text, &client, ClientEndpoint::parse);
    if let Ok(ClientEndpoint::Autobahn(autobahn)) = &client {
        let _ = autobahn.client().unwrap();
    }
    // What is not for adapters has no plan.
    let plan = client.iter().find_map(|client| client.plan().ok());
    for layer in plan.iter().flat_map(|plan| &plan.layers) {
        if let ClientLayer::WebSocket(autobahn) = layer {
            let _ = autobahn.client().unwrap();
        }
    }
    assert!(plan.is_none_or(|plan| plan.layers.len() <= MOST_LAYERS));
    let server = ServerEndpoint::parse(&text);
    reads_back(&text, &server, ServerEndpoint::parse);
    if let Ok(ServerEndpoint::Autobahn(autobahn)) = &server {
        let _ = autobahn.server().unwrap();
    }
    let plan = server.iter().find_map(|server| server.plan().ok());
    for layer in plan.iter().flat_map(|plan| &plan.layers) {
        if let ServerLayer::WebSocket(autobahn) = layer {
            let _ = autobahn.server().unwrap();
        }
    }
    assert!(plan.is_none_or(|plan| plan.layers.len() <= MOST_LAYERS));
    wrapped(&text, &client);
}

fn reads_back<T: Debug + Display + PartialEq>(
    text: &str,
    endpoint: &Result<T, EndpointError>,
    parse: fn(&str) -> Result<T, EndpointError>,
) {
    match endpoint {
        Ok(endpoint) => {
            let again = endpoint.to_string();
            // What is written may be longer, for a URL gets its path.
            if again.len() <= MAX_LEN {
                assert_eq!(parse(&again).as_ref(), Ok(endpoint), "{again:?}");
            }
        }
        Err(error) => {
            assert!(error.position() <= text.len());
            assert!(error.to_string().starts_with("at "));
        }
    }
}

fn wrapped(text: &str, client: &Result<ClientEndpoint, EndpointError>) {
    let outer = format!(r"autobahn:{}:url=ws\://h", quote_argument(text));
    if outer.len() > MAX_LEN {
        return;
    }
    match (ClientEndpoint::parse(&outer), client) {
        (Ok(ClientEndpoint::Autobahn(autobahn)), Ok(client)) => {
            assert_eq!(*autobahn.endpoint, *client);
        }
        (Err(outer), Err(inner)) if outer.kind() == inner.kind() => {
            let quoted = quote_argument(text.get(..inner.position()).unwrap());
            let at = "autobahn:".len() + quoted.len();
            // What is special is one further, behind its `\`.
            assert!((at..=at + 1).contains(&outer.position()));
        }
        // One level more may be one too many.
        (Err(outer), _) => assert_eq!(*outer.kind(), EndpointErrorKind::TooDeep),
        (outer, inner) => unreachable!("{inner:?} is {outer:?} when wrapped"),
    }
}

/// Each of those that wrap each other may be WebSocket, with TLS below it.
const MOST_LAYERS: usize = 2 * (MAX_NESTING + 1);
