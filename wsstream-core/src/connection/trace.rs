//! Logs: frames of connections that are set to `debug`, and faults of all.

use super::Connection;
use crate::close::Close;
use crate::frame::Header;
use crate::protocol_error::ProtocolError;

impl Connection {
    #[cfg(feature = "tracing")]
    pub(super) fn trace(&self, direction: &'static str, header: &Header) {
        if self.config.debug {
            let Header {
                fin,
                rsv1,
                opcode,
                mask,
                len,
            } = *header;
            let masked = mask.is_some();
            let role = self.closing.role;
            self.span.log(|| {
                tracing::debug!(target: "wsstream", ?role, ?opcode, fin, rsv1, masked, len, "frame {direction}");
            });
        }
    }

    #[cfg(not(feature = "tracing"))]
    #[expect(clippy::unused_self, reason = "the same call as with the feature")]
    pub(super) const fn trace(&self, _: &'static str, _: &Header) {}

    /// Logs the peer's fault, with `debug` or without.
    #[cfg(feature = "tracing")]
    pub(super) fn trace_fault(&self, error: ProtocolError) {
        let role = self.closing.role;
        self.span.log(|| {
            tracing::info!(target: "wsstream", ?role, %error, "connection failed");
        });
    }

    #[cfg(not(feature = "tracing"))]
    #[expect(clippy::unused_self, reason = "the same call as with the feature")]
    pub(super) const fn trace_fault(&self, _: ProtocolError) {}

    /// Logs a Close with its code and reason.
    #[cfg(feature = "tracing")]
    pub(super) fn trace_close(&self, direction: &'static str, close: &Close) {
        if self.config.debug {
            let role = self.closing.role;
            self.span.log(|| {
                tracing::debug!(target: "wsstream", ?role, %close, "Close {direction}");
            });
        }
    }

    #[cfg(not(feature = "tracing"))]
    #[expect(clippy::unused_self, reason = "the same call as with the feature")]
    pub(super) const fn trace_close(&self, _: &'static str, _: &Close) {}

    /// [`trace`](Self::trace) for an encoded header.
    #[cfg(feature = "tracing")]
    pub(super) fn trace_encoded(&self, direction: &'static str, header: &[u8]) {
        if self.config.debug
            && let Ok(Some((header, _))) = Header::parse(header)
        {
            self.trace(direction, &header);
        }
    }

    #[cfg(not(feature = "tracing"))]
    #[expect(clippy::unused_self, reason = "the same call as with the feature")]
    pub(super) const fn trace_encoded(&self, _: &'static str, _: &[u8]) {}
}
