//! Through a proxy: TLS with it, if its URL says so, and the tunnel.

use std::fmt;
use std::future::Future;
use std::io;

use crate::host_port::HostPort;
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

/// Opens a tunnel over the connection that `dialling` makes to the proxy, with TLS if its settings are given. Errors
/// name the proxy.
pub(super) async fn connect<R: Runtime>(
    proxy: &Proxy,
    tls: Option<&ClientTls>,
    to: &TcpClient,
    dialling: impl Future<Output = io::Result<NetSocket<R>>>,
) -> io::Result<NetSocket<R>> {
    let of_proxy = |error| at_proxy(proxy.authority(), error);
    let mut socket = dialling.await.map_err(of_proxy)?;
    if proxy.is_secure() {
        let Some(tls) = tls else {
            return Err(not_supported());
        };
        let host = proxy.host();
        let secured = R::tls_connect(socket.delivered_from_above(), tls, host).await;
        let secured = secured.map_err(|error| of_proxy(tls_error(host, error)))?;
        socket = NetSocket::from_proxy_tls(secured);
    }
    let mut clock = R::clock();
    let tunnel = proxy.tunnel(&mut socket, &mut clock, &to.host, to.port);
    tunnel.await?;
    Ok(socket)
}

/// Prints where a plan connects to, and through which proxy.
pub(super) struct Way<'a>(pub(super) &'a TcpClient, pub(super) Option<&'a Proxy>);

impl fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(to, proxy) = self;
        HostPort(&to.host, to.port).fmt(f)?;
        match proxy {
            Some(proxy) => write!(f, " through the proxy {}", proxy.authority()),
            None => Ok(()),
        }
    }
}
