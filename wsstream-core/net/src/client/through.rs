//! Through a proxy: TLS with it, if its URL says so, and the tunnel.

use std::io;

use crate::net_socket::NetSocket;
use crate::plan::{ClientPlan, ClientSocket, TcpClient};
use crate::proxy::{Proxy, at_proxy};
use crate::runtime::Runtime;
use crate::tls::{ClientTls, not_supported, tls_error};

/// The proxy that a plan goes through, if it does TLS with it.
pub(super) fn secure_proxy(plan: &ClientPlan) -> Option<&Proxy> {
    let proxy = plan.proxy.as_ref().filter(|proxy| proxy.is_secure());
    proxy.filter(|_| matches!(plan.socket, ClientSocket::Tcp(_)))
}

/// Loads the settings for TLS with a proxy.
pub(super) async fn read_tls<R: Runtime>(proxy: &Proxy) -> io::Result<ClientTls> {
    match proxy.tls_settings() {
        Some(tls) => Ok(tls.clone()),
        None => R::blocking(|| ClientTls::from_files(None, None)).await?,
    }
}

/// Opens a tunnel over a connection to the proxy, with TLS if its settings are given. Errors name the proxy.
pub(super) async fn tunnel<R: Runtime>(
    proxy: &Proxy,
    tls: Option<&ClientTls>,
    to: &TcpClient,
    mut socket: NetSocket<R>,
) -> io::Result<NetSocket<R>> {
    if proxy.is_secure() {
        let (Some(tls), host) = (tls, proxy.host()) else {
            return Err(not_supported());
        };
        let secured = R::tls_connect(socket.delivered_from_above(), tls, host).await;
        let of_proxy = |error| at_proxy(&proxy.authority(), tls_error("", error));
        socket = NetSocket::from_proxy_tls(secured.map_err(of_proxy)?);
    }
    let mut clock = R::clock();
    let tunnel = proxy.tunnel(&mut socket, &mut clock, &to.host, to.port);
    tunnel.await?;
    Ok(socket)
}
