//! What both ends agreed on.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{HALF_CLOSE, extension, subprotocols};
use crate::deflate::{PerMessageDeflate, Reserved};

/// The subprotocol and extensions that both ends agreed on. The default is none: binary, no extension.
///
/// If a server has agreed to compression, this value, its clones, and a connection opened with it hold
/// their part of the server's [`CompressionBudget`](crate::CompressionBudget).
///
/// ```
/// # use wsstream_core::handshake::Agreed;
/// fn tell(agreed: &Agreed) -> String {
///     let subprotocol = agreed.subprotocol().unwrap_or("none");
///     match agreed.deflate() {
///         Some(deflate) => format!("{subprotocol}, {deflate}"),
///         None => format!("{subprotocol}, not compressed"),
///     }
/// }
/// # assert_eq!(tell(&Agreed::default()), "none, not compressed");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    pub(super) subprotocol: Option<Box<str>>,
    pub(super) deflate: Option<PerMessageDeflate>,
    pub(super) half_close: bool,
    /// The part of the budget that a server has reserved.
    pub(super) reserved: Share,
}

/// A part of a budget, if any. It does not count when two agreements are compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Share(pub(super) Option<Arc<Reserved>>);

impl PartialEq for Share {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Share {}

impl Agreed {
    /// The subprotocol the server selected.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether each end delays its answer to a Close until its own writer is done: see [`HALF_CLOSE`].
    #[must_use]
    pub const fn half_close(&self) -> bool {
        self.half_close
    }

    /// The agreed parameters of compression; `None` if nothing is compressed.
    #[must_use]
    pub const fn deflate(&self) -> Option<&PerMessageDeflate> {
        self.deflate.as_ref()
    }

    /// The same agreement, for those who only look at it: it holds no part of the budget.
    #[cfg(feature = "std")]
    pub(crate) fn without_reservation(&self) -> Self {
        Self {
            subprotocol: self.subprotocol.clone(),
            reserved: Share::default(),
            ..*self
        }
    }

    /// The memory that is reserved to inflate the client's messages.
    pub(super) fn reserved(&self) -> Option<Arc<Reserved>> {
        self.reserved.0.clone()
    }

    /// The fields of the server's response that state this agreement: `Sec-WebSocket-Protocol` and
    /// `Sec-WebSocket-Extensions`, each only if it has a value (§4.2.2 item 5).
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if let Some(name) = &self.subprotocol {
            fields.push((subprotocols::FIELD, name.to_string()));
        }
        let deflate = self.deflate.map(|deflate| deflate.to_string());
        let half_close = self.half_close.then(|| HALF_CLOSE.to_string());
        let extensions: Vec<_> = deflate.into_iter().chain(half_close).collect();
        if !extensions.is_empty() {
            fields.push((extension::FIELD, extensions.join(", ")));
        }
        fields
    }
}
