//! Two URLs: whether they lead to the same server, and whose user and password is meant for which.

use alloc::borrow::ToOwned;

use super::Url;

impl Url {
    /// Whether both lead to the same server: scheme, host and port are equal (RFC 6454 §4), and the host's
    /// [zone](Self::zone), if it has one.
    ///
    /// ```
    /// # use wsstream_core::Url;
    /// let url = |text| Url::parse(text).unwrap();
    /// assert!(url("ws://me:secret@h/a").is_same_origin(&url("WS://H:80/b")));
    /// assert!(!url("ws://h/").is_same_origin(&url("wss://h/")));
    /// assert!(!url("ws://h/").is_same_origin(&url("ws://h:8080/")));
    /// ```
    #[must_use]
    pub fn is_same_origin(&self, other: &Self) -> bool {
        (self.secure, self.port) == (other.secure, other.port)
            && (&self.host, &self.zone) == (&other.host, &other.zone)
    }

    /// The same URL with the user and password of `other`, or with none if that has none.
    ///
    /// ```
    /// # use wsstream_core::Url;
    /// let url = |text| Url::parse(text).unwrap();
    /// let moved = url("ws://h/b").with_credentials_of(&url("ws://me:secret@h/a"));
    /// assert_eq!(moved.with_userinfo(), "ws://me:secret@h/b");
    /// ```
    #[must_use]
    pub fn with_credentials_of(mut self, other: &Self) -> Self {
        self.authorization.clone_from(&other.authorization);
        self
    }

    /// The same URL without user and password.
    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        self.authorization = None;
        self
    }

    /// The same URL without user, password and query, for errors and logs.
    ///
    /// ```
    /// # use wsstream_core::Url;
    /// let url = Url::parse("wss://me:secret@h/a?token=1").unwrap();
    /// assert_eq!(url.redacted().with_userinfo(), "wss://h/a");
    /// ```
    #[must_use]
    pub fn redacted(&self) -> Self {
        Self {
            resource: self.path().to_owned(),
            ..self.clone().without_credentials()
        }
    }
}
