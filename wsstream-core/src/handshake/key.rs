//! The key of a handshake, and the value that answers it: RFC 6455 §4.2.1 and §4.2.2.

use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1_smol::Sha1;

/// The value of `Sec-WebSocket-Accept` for a key, §4.2.2 item 5.4.
///
/// The key is used as received, without decoding. Clients with their own HTTP need this function; on
/// servers, [`Request::accept`](super::Request::accept) and
/// [`ServerConfig::negotiate_upgrade`](super::ServerConfig::negotiate_upgrade) call it.
///
/// ```
/// // The example of §1.3.
/// # use wsstream_core::handshake::accept_key;
/// let accept = accept_key(b"dGhlIHNhbXBsZSBub25jZQ==");
/// assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_key(key: &[u8]) -> String {
    let mut sha1 = Sha1::new();
    sha1.update(key);
    sha1.update(GUID);
    STANDARD.encode(sha1.digest().bytes())
}

/// §1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// §4.2.1 item 5: Base64 of 16 octets. The unused bits of the last digit may have any value: the key is
/// never decoded, so they make no difference.
pub(super) fn is_key(key: &[u8]) -> bool {
    let is_digit = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    matches!(key, [digits @ .., b'=', b'='] if digits.len() == 22 && digits.iter().all(is_digit))
}

pub(super) const KEY_FIELD: &str = "Sec-WebSocket-Key";
