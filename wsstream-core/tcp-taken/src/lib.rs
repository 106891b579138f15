//! How much of what was written to a TCP socket its peer has taken, and that little waits before it is sent.
//!
//! Linux tells the first with `getsockopt(TCP_INFO)`, for which there is no well-kept safe wrapper. So this crate
//! has the one `unsafe` block of wsstream, and as little else as can be. On other systems it does nothing.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(target_os = "android", target_os = "linux"))]
use std::os::fd::{AsFd, AsRawFd as _};

/// How many octets the peer has acknowledged so far, the ends of both directions counted as some systems do, and
/// whether none is left. `None` where that cannot be told: another system, no TCP, Linux before 4.6.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub fn taken(socket: impl AsFd) -> Option<(u64, bool)> {
    // The front of `struct tcp_info`, which only ever grows at its back.
    let mut info = [0u8; 148];
    let mut len = libc::socklen_t::try_from(info.len()).ok()?;
    let fd = socket.as_fd();
    #[expect(unsafe_code, reason = "nothing safe asks for TCP_INFO")]
    // SAFETY: the descriptor is open as long as `fd` is borrowed. The system writes at most `len` octets to
    // `info`, which has as many and may have any values, and the count to `len`. Both are ours alone until it
    // returns, and it keeps neither.
    let failed = unsafe {
        let (info, len) = (info.as_mut_ptr().cast(), &raw mut len);
        libc::getsockopt(fd.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, info, len)
    };
    if failed != 0 || usize::try_from(len).ok()? < info.len() {
        return None;
    }
    // tcpi_unacked, in segments; tcpi_bytes_acked; tcpi_notsent_bytes.
    let in_flight = u32::from_ne_bytes(info[24..28].try_into().ok()?);
    let acked = u64::from_ne_bytes(info[120..128].try_into().ok()?);
    let unsent = u32::from_ne_bytes(info[144..148].try_into().ok()?);
    Some((acked, in_flight == 0 && unsent == 0))
}

/// Has the system take no more than 128 KiB before it can send them (`TCP_NOTSENT_LOWAT`): else what is written
/// waits behind megabytes. Where the system cannot, nothing changes: everything works without, only later.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub fn keep_little_unsent(socket: &impl AsFd) {
    let _ = socket2::SockRef::from(socket).set_tcp_notsent_lowat(128 << 10);
}

/// Cannot be told on this system.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub fn taken<S>(_: S) -> Option<(u64, bool)> {
    None
}

/// This system does not know that.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub fn keep_little_unsent<S>(_: &S) {}
