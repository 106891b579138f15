//! Endpoint descriptors, and plans.

use std::fmt::{Debug, Display};

use wsstream_core::Url;
use wsstream_net::descriptor::{
    ClientDescriptor, EndpointError, EndpointErrorKind, MAX_LEN, MAX_NESTING, ServerDescriptor,
    quote_argument,
};
use wsstream_net::plan::{ClientLayer, ClientPlan, ServerPlan};

/// A text that is a descriptor is the same when it is written and read again, and what it describes can be built, and
/// planned unless it belongs to the forwarder command. A plan prints itself, a line for each layer, and shows no secret.
/// A text that is none gives an error in it, which can be shown. Wrapped in another descriptor it means the same, and
/// the error is as far in as the text is.
///
/// Input: the text.
pub(crate) fn endpoint(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let client = ClientDescriptor::parse(&text);
    reads_back(&text, &client, ClientDescriptor::parse);
    if let Ok(ClientDescriptor::Autobahn(autobahn)) = &client {
        let _ = autobahn.client_config().unwrap();
    }
    let plan = ClientPlan::parse(&text);
    is_planned(&text, &client, &plan);
    if let Ok(plan) = plan {
        prints(&text, &plan, plan.layers.len());
        shows_no_secret(&plan);
    }
    let server = ServerDescriptor::parse(&text);
    reads_back(&text, &server, ServerDescriptor::parse);
    if let Ok(ServerDescriptor::Autobahn(autobahn)) = &server {
        let _ = autobahn.server_config().unwrap();
    }
    let plan = ServerPlan::parse(&text);
    is_planned(&text, &server, &plan);
    if let Ok(plan) = plan {
        prints(&text, &plan, plan.layers.len());
    }
    wrapped(&text, &client);
}

fn reads_back<T: Debug + Display + PartialEq>(
    text: &str,
    descriptor: &Result<T, EndpointError>,
    parse: fn(&str) -> Result<T, EndpointError>,
) {
    match descriptor {
        Ok(descriptor) => {
            let again = descriptor.to_string();
            // What is written may be longer, for a URL gets its path.
            if again.len() <= MAX_LEN {
                assert_eq!(parse(&again).as_ref(), Ok(descriptor), "{again:?}");
            }
        }
        Err(error) => {
            assert!(error.position() <= text.len());
            assert!(error.to_string().starts_with("at "));
        }
    }
}

/// What is read is planned, but for what the forwarder command has to do.
fn is_planned<T, P: Debug>(
    text: &str,
    descriptor: &Result<T, EndpointError>,
    plan: &Result<P, EndpointError>,
) {
    match (descriptor, plan) {
        (Ok(_), Ok(_)) => {}
        (Ok(_), Err(error)) => {
            let is_for_another = matches!(error.kind(), EndpointErrorKind::Endpoint(_));
            assert!(is_for_another, "{error:?} of {text:?}");
        }
        (Err(error), plan) => assert_eq!(plan.as_ref().err(), Some(error)),
    }
}

fn prints(text: &str, plan: &impl Display, layers: usize) {
    let printed = plan.to_string();
    assert!(layers <= MOST_LAYERS);
    if !text.contains('\n') {
        assert_eq!(printed.split('\n').count(), 1 + layers);
    }
}

/// It looks the same without users and passwords, and printed it does so with another query.
fn shows_no_secret(plan: &ClientPlan) {
    let with_urls = |other: fn(&Url) -> String| {
        let mut plan = plan.clone();
        for layer in &mut plan.layers {
            if let ClientLayer::WebSocket(websocket) = layer {
                websocket.url = Url::parse(&other(&websocket.url)).unwrap();
                assert_eq!(websocket.url.authorization(), None);
            }
        }
        plan
    };
    let without_user = with_urls(Url::to_string);
    assert_eq!(format!("{without_user:?}"), format!("{plan:?}"));
    let with_another_query = with_urls(|url| match url.to_string().split_once('?') {
        Some((front, _)) => format!("{front}?q"),
        None => url.to_string(),
    });
    assert_eq!(with_another_query.to_string(), plan.to_string());
}

fn wrapped(text: &str, client: &Result<ClientDescriptor, EndpointError>) {
    let outer = format!(r"autobahn:{}:url=ws\://h", quote_argument(text));
    if outer.len() > MAX_LEN {
        return;
    }
    match (ClientDescriptor::parse(&outer), client) {
        (Ok(ClientDescriptor::Autobahn(autobahn)), Ok(client)) => {
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
