//! Why a proxy refuses, by its fields. The title of its page is the same for everything.

use wsstream_core::handshake::Response;

/// The name of the error: of `Proxy-Status` (RFC 9209 §2.1.1), such as `connection_refused`, or of squid, such as
/// `ERR_CONNECT_FAIL`.
pub(super) fn cause(response: &Response) -> Option<&str> {
    let headers = response.headers();
    let mut parameters = headers.get_all("Proxy-Status").flat_map(|value| {
        let parts = value.split(|octet| b";,".contains(octet));
        parts.map(<[u8]>::trim_ascii)
    });
    let standard = parameters.find_map(|part| name(part.strip_prefix(b"error=")?));
    let squid = || {
        let value = headers.get("X-Squid-Error")?;
        name(value.split(|&octet| octet == b' ').next()?)
    };
    standard.or_else(squid)
}

fn name(octets: &[u8]) -> Option<&str> {
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'_';
    let is_good = (1..=64).contains(&octets.len()) && octets.iter().all(is_name);
    str::from_utf8(octets).ok().filter(|_| is_good)
}
