//! Random numbers.

use std::io;

use wsstream_core::Seed;

/// An unpredictable seed for one connection of a client, from the system.
///
/// What connects here has its own. You need one for [`ClientConfig::confirm`] alone.
///
/// ```
/// # use wsstream_core::handshake::ClientConfig;
/// # use wsstream_net::seed;
/// // From the response of an HTTP library.
/// let fields = [("Sec-WebSocket-Protocol", &b"binary"[..])];
/// let negotiated = ClientConfig::stream().confirm(fields, &seed()?)?;
/// assert_eq!(negotiated.agreed().subprotocol(), Some("binary"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The system's, if it has no random numbers.
///
/// [`ClientConfig::confirm`]: wsstream_core::handshake::ClientConfig::confirm
pub fn seed() -> io::Result<Seed> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(Seed::new(seed))
}
