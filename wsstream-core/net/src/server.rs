//! Listening where a descriptor says.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::str::FromStr;

use crate::descriptor::EndpointError;
use crate::listener::Listener;
use crate::plan::ServerPlan;
use crate::runtime::Runtime;

/// Where to listen, and what to do with each connection. It is read from an endpoint descriptor, or a `ws` URL.
pub struct ServerEndpoint<R> {
    plan: ServerPlan,
    runtime: PhantomData<fn() -> R>,
}

impl<R: Runtime> ServerEndpoint<R> {
    /// What is going to be done, a line for each layer.
    pub const fn plan(&self) -> &ServerPlan {
        &self.plan
    }

    /// Listens.
    ///
    /// # Errors
    ///
    /// `Unsupported` with an [`UnsupportedEndpoint`](crate::descriptor::UnsupportedEndpoint) inside, or if
    /// [`Runtime::check`] says so; those of the socket, and of the files of TLS.
    pub async fn listen(&self) -> io::Result<Listener<R>> {
        Listener::open(&self.plan).await
    }
}

impl<R> Clone for ServerEndpoint<R> {
    fn clone(&self) -> Self {
        Self {
            plan: self.plan.clone(),
            runtime: PhantomData,
        }
    }
}

impl<R> fmt::Debug for ServerEndpoint<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerEndpoint").field(&self.plan).finish()
    }
}

impl<R: Runtime> From<ServerPlan> for ServerEndpoint<R> {
    fn from(plan: ServerPlan) -> Self {
        let runtime = PhantomData;
        Self { plan, runtime }
    }
}

impl<R: Runtime> FromStr for ServerEndpoint<R> {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Ok(ServerPlan::parse(text)?.into())
    }
}
