//! Whose a line of the log is.

#[cfg(feature = "tracing")]
use alloc::boxed::Box;

/// The span of `tracing` in which a connection logs, so that each line tells whose it is. Without the feature `tracing` it
/// is nothing, and so is the default.
///
/// ```
/// # use wsstream_core::LogSpan;
/// # #[cfg(feature = "tracing")] {
/// let span = LogSpan::from(tracing::info_span!("connection", number = 7));
/// # let _ = span;
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LogSpan(
    /// Small, as every connection has one. `None` if nobody listens.
    #[cfg(feature = "tracing")]
    Option<Box<tracing::Span>>,
);

impl LogSpan {
    /// Calls `log`, whose events are then in this span.
    #[cfg(feature = "tracing")]
    pub fn log(&self, log: impl FnOnce()) {
        match &self.0 {
            Some(span) => span.in_scope(log),
            None => log(),
        }
    }
}

#[cfg(feature = "tracing")]
impl From<tracing::Span> for LogSpan {
    fn from(span: tracing::Span) -> Self {
        Self((!span.is_disabled()).then(|| Box::new(span)))
    }
}
