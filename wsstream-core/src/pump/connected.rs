//! Addresses and options of the system's socket, below all layers.

use std::io;

use super::{Clock, Socket, Stream, WebSocket};

/// A socket that is one of the system's, or a layer over one: it has its addresses and options.
///
/// With it a [`Stream`] and a [`WebSocket`] have them too.
pub trait Connected {
    /// An address of the peer or of this end.
    type Address;

    /// The peer's address. Through a proxy it is the proxy's.
    ///
    /// # Errors
    ///
    /// The system's, for example after a reset.
    fn peer_addr(&self) -> io::Result<Self::Address>;

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// The system's.
    fn local_addr(&self) -> io::Result<Self::Address>;

    /// Whether the system sends short writes at once (`TCP_NODELAY`). Without effect where there is no TCP.
    ///
    /// # Errors
    ///
    /// The system's.
    fn set_nodelay(&self, nodelay: bool) -> io::Result<()>;
}

macro_rules! forward {
    ($layer:ident) => {
        impl<S: Socket + Connected, C: Clock> $layer<S, C> {
            /// The peer's address, from the system's socket below all layers. Through a proxy it is the proxy's.
            ///
            /// # Errors
            ///
            /// The system's, for example after a reset.
            pub fn peer_addr(&self) -> io::Result<S::Address> {
                self.get_ref().peer_addr()
            }

            /// The address of this end, from the system's socket below all layers.
            ///
            /// # Errors
            ///
            /// The system's.
            pub fn local_addr(&self) -> io::Result<S::Address> {
                self.get_ref().local_addr()
            }

            /// Whether the system sends short writes at once (`TCP_NODELAY`). Without effect where there is no TCP.
            ///
            /// # Errors
            ///
            /// The system's.
            pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
                self.get_ref().set_nodelay(nodelay)
            }
        }
    };
}

forward!(Stream);
forward!(WebSocket);

impl<S: Socket + Connected, C: Clock> Connected for Stream<S, C> {
    type Address = S::Address;

    fn peer_addr(&self) -> io::Result<S::Address> {
        Self::peer_addr(self)
    }

    fn local_addr(&self) -> io::Result<S::Address> {
        Self::local_addr(self)
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        Self::set_nodelay(self, nodelay)
    }
}
