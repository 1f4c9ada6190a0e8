//! [`IdentityError`] says why a value of an identity cannot be kept or sent.

use std::fmt;
use std::sync::Arc;

/// A value that the application wanted to keep with a session, or to send with its tokens, does not
/// fit.
#[derive(Clone, Debug)]
pub struct IdentityError {
    what: &'static str,
    source: Option<Arc<serde_json::Error>>,
}

impl IdentityError {
    pub(super) fn data(source: serde_json::Error) -> Self {
        Self {
            what: "the session's data does not fit JSON",
            source: Some(Arc::new(source)),
        }
    }

    pub(super) fn data_too_large() -> Self {
        Self {
            what: "the session's data is above 4 KiB",
            source: None,
        }
    }

    pub(super) fn response(source: serde_json::Error) -> Self {
        Self {
            what: "a member of the response does not fit JSON",
            source: Some(Arc::new(source)),
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for IdentityError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
