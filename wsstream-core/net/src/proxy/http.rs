//! HTTP CONNECT: RFC 9110 §9.3.6.

use std::future::poll_fn;

use wsstream_core::handshake::{Response, ResponseReader};
use wsstream_core::pump::{Clock, Socket, within};

use super::error::{Failed, ProxyErrorKind};
use super::exchange::send;
use crate::host_port::HostPort;

/// Opens a tunnel to a port of a host, which is a name or an address without brackets. It reads no octet behind a
/// response that opens the tunnel.
pub(super) async fn tunnel(
    socket: &mut impl Socket,
    clock: &mut impl Clock,
    authorization: Option<&str>,
    host: &str,
    port: u16,
) -> Result<(), Failed> {
    send(socket, &request(authorization, host, port)).await?;
    let response = receive(socket, clock).await;
    clock.forget_sleep();
    let response = response?;
    if (200..=299).contains(&response.status()) {
        return Ok(());
    }
    let (response, credentials) = (Box::new(response), authorization.is_some());
    Err(Failed::Proxy(ProxyErrorKind::Refused {
        response,
        credentials,
    }))
}

fn request(authorization: Option<&str>, host: &str, port: u16) -> Vec<u8> {
    let authority = HostPort(host, port);
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(authorization) = authorization {
        request += &format!("Proxy-Authorization: {authorization}\r\n");
    }
    request += "\r\n";
    request.into_bytes()
}

/// Waits for the final response. A response that refuses is returned without the rest of its body once that takes too
/// long, or fails.
async fn receive(socket: &mut impl Socket, clock: &mut impl Clock) -> Result<Response, Failed> {
    let mut reader = ResponseReader::tunnel(MAX_HEAD);
    let mut buf = [0; 512];
    loop {
        let wanted = reader.wants().min(buf.len());
        let reading = poll_fn(|cx| {
            let buf = buf.get_mut(..wanted).unwrap_or_default();
            socket.poll_read(cx, buf)
        });
        let read = match reader.body_deadline(clock.now()) {
            Some(deadline) => within(clock, deadline, reading).await.unwrap_or(Ok(0)),
            None => reading.await,
        };
        match read {
            Ok(count @ 1..) => {
                let mut octets = buf.get(..count).unwrap_or_default();
                let received = reader.receive(&mut octets);
                if let Some(response) = received.map_err(ProxyErrorKind::NotHttp)? {
                    return Ok(response);
                }
            }
            ended => {
                if let Some(response) = reader.end().map_err(ProxyErrorKind::NotHttp)? {
                    return Ok(response);
                }
                ended?;
                return Err(ProxyErrorKind::Ended.into());
            }
        }
    }
}

/// The most octets of the head of each response.
const MAX_HEAD: usize = 16 << 10;
