//! The stories, by the sentences of the contract that they prove.

pub mod alive;
pub mod bounded;
pub mod cancel;
pub mod drops;
pub mod ending;
pub mod faithful;
pub mod half_close;
pub mod observable;
pub mod prompt;
pub mod relay;
pub mod shutdown;

use std::io;

use wsstream_core::handshake::{Agreed, Client, Server};
use wsstream_core::pump::Upgraded;
use wsstream_core::{Config, Seed, StreamError};

use crate::{Peer, Read, Runtime};

/// The encodings: `binary` and `base64` as subprotocols, and none.
pub const ENCODINGS: [Option<&str>; 3] = [Some("binary"), Some("base64"), None];

/// A client that offers this, and nothing else.
#[must_use]
pub fn offering(subprotocol: Option<&str>) -> Client {
    let client = Client::stream().subprotocols(subprotocol).unwrap();
    client.accept_no_subprotocol(subprotocol.is_none())
}

/// A stream as a server, and its peer, who sends frames made by hand.
pub async fn server_and_peer<R: Runtime>(
    (peer, server): (R::Raw, R::Raw),
    config: Config,
) -> (R::Stream, Peer<R::Raw>) {
    let (client, server_options) = (Client::stream(), Server::stream().config(config));
    let (peer, stream) = tokio::join!(
        Peer::connect(peer, &client),
        R::accept(server, &server_options)
    );
    (stream.unwrap(), peer)
}

/// A stream as a client, and its peer, who sends frames made by hand.
pub async fn client_and_peer<R: Runtime>(
    (client, peer): (R::Raw, R::Raw),
    config: Config,
) -> (R::Stream, Peer<R::Raw>) {
    let options = Client::stream().config(config);
    let (stream, peer) = tokio::join!(R::connect(client, &options), Peer::accept(peer));
    (stream.unwrap(), peer)
}

/// A client's stream in binary over a transport, on whose other end nothing was said yet.
pub fn bare_client<R: Runtime>(raw: R::Raw, config: Config) -> R::Stream {
    let role = Upgraded::Client(Seed::new([9; 32]));
    R::upgraded(raw, role, Agreed::default(), config, Vec::new())
}

/// A server's.
pub fn bare_server<R: Runtime>(raw: R::Raw, config: Config) -> R::Stream {
    R::upgraded(raw, Upgraded::Server, Agreed::default(), config, Vec::new())
}

/// What is inside an error of a stream.
#[must_use]
pub fn stream_error(error: &io::Error) -> Option<&StreamError> {
    error.get_ref()?.downcast_ref()
}

/// Reads to the end, which has to be a clean one.
pub async fn read_all(stream: &mut impl Read) -> Vec<u8> {
    let (octets, ended) = stream.read_to_end().await;
    ended.unwrap();
    octets
}
