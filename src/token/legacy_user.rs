//! [`LegacyUser`] is what the application reads in a legacy token.

use super::grant::Grant;
use crate::names::Subject;

/// The user that a legacy token is about, and what it allows: see
/// [`LegacyTokens`](crate::token::LegacyTokens).
///
/// ```
/// use tower_bearer::token::LegacyUser;
/// use tower_bearer::Grant;
///
/// let user = LegacyUser::new(42).with_grant(Grant::new().with_scope("orders:read"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct LegacyUser {
    pub(super) subject: Subject,
    pub(super) grant: Grant,
}

impl LegacyUser {
    /// Makes the user with this subject, with an empty grant.
    pub fn new(subject: impl Into<Subject>) -> Self {
        Self {
            subject: subject.into(),
            grant: Grant::new(),
        }
    }

    /// Sets what the token allows, and the claims that handlers see. Its stamp and its lifetime are
    /// ignored, because there is no session.
    pub fn with_grant(mut self, grant: Grant) -> Self {
        self.grant = grant;
        self
    }
}
