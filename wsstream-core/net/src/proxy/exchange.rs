//! Octets to a proxy, and octets from it.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::task::ready;

use wsstream_core::pump::Socket;

use super::error::{Failed, ProxyErrorKind};

/// Writes all of it, and sends it.
pub(super) async fn send(socket: &mut impl Socket, octets: &[u8]) -> io::Result<()> {
    let mut rest = octets;
    poll_fn(|cx| {
        while !rest.is_empty() {
            let count = ready!(socket.poll_write(cx, &[IoSlice::new(rest)]))?;
            rest = match rest.get(count..) {
                Some(rest) if count > 0 => rest,
                _ => return Err(io::ErrorKind::WriteZero.into()).into(),
            };
        }
        socket.poll_flush(cx)
    })
    .await
}

/// Reads so many octets, and none behind them.
pub(super) async fn receive<const N: usize>(socket: &mut impl Socket) -> Result<[u8; N], Failed> {
    let mut octets = [0; N];
    fill(socket, &mut octets).await?;
    Ok(octets)
}

/// Reads until the buffer is full, and nothing behind that.
pub(super) async fn fill(socket: &mut impl Socket, buf: &mut [u8]) -> Result<(), Failed> {
    let mut rest = buf;
    poll_fn(|cx| {
        while !rest.is_empty() {
            let count = match ready!(socket.poll_read(cx, rest)) {
                Ok(count @ 1..) => count,
                Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                    return Err(Failed::Socket(error)).into();
                }
                _ => return Err(Failed::Proxy(ProxyErrorKind::Ended)).into(),
            };
            rest = std::mem::take(&mut rest)
                .get_mut(count..)
                .unwrap_or_default();
        }
        Ok(()).into()
    })
    .await
}
