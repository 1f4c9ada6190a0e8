//! [`Grant`]: what the application says a subject may have.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::wire::RESERVED;
use crate::digest::digest;
use crate::names::{Scope, Subject};

/// What a subject is granted: the answer of [`Authenticate`](crate::Authenticate), and what an access token is made from.
///
/// ```
/// use tower_bearer::{Grant, Scope};
///
/// let grant = Grant::new(42)
///     .with_scope(Scope::from_static("orders:read orders:write"))
///     .with_claim("tenant", "acme")
///     .with_stamp("password-version-7");
/// assert_eq!(grant.subject().as_str(), "42");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Grant {
    subject: Subject,
    scope: Scope,
    extra: Map<String, Value>,
    /// The first claim that cannot be: minting refuses it.
    refused_claim: Option<String>,
    stamp: Option<[u8; 16]>,
    receipts: bool,
}

impl Grant {
    /// A grant with no scope and no extra claims.
    pub fn new(subject: impl Into<Subject>) -> Self {
        Self {
            subject: subject.into(),
            scope: Scope::default(),
            extra: Map::new(),
            refused_claim: None,
            stamp: None,
            receipts: true,
        }
    }

    /// What the access token allows (RFC 6749 section 3.3).
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// A claim of the application's own. Everybody who holds the token can read it.
    ///
    /// No token is made from a grant with a claim that is called like a registered one (RFC 7519 section 4.1) or like one of ours (`scope`,
    /// `auth_time`, `sid`, `gen`), or whose value has no form in JSON. `client_id` is free: this crate keeps no registry of clients.
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::to_value(value) {
            Ok(value) if !RESERVED.contains(&&*name) => {
                self.extra.insert(name, value);
            }
            _ => self.refused_claim = Some(name),
        }
        self
    }

    /// A version of the user's credentials: something that changes with the password, such as its hash, or a counter.
    ///
    /// It stands in the session as a hash, and is compared at every refresh. So a login that was under way while the password changed, and a
    /// session that a restored backup brought back, do not survive the change.
    pub fn with_stamp(mut self, stamp: impl AsRef<[u8]>) -> Self {
        self.stamp = Some(digest("stamp", stamp));
        self
    }

    /// For a server that refreshes on a browser's behalf (server-side rendering).
    ///
    /// Its own use of an access token proves nothing about the browser, so it must not confirm that the refresh token arrived there. The
    /// price: a stolen copy is noticed later.
    pub fn without_receipts(mut self) -> Self {
        self.receipts = false;
        self
    }

    /// The user.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What is allowed.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether an access token would say the same.
    pub(crate) fn has_same_claims(&self, other: &Self) -> bool {
        self.extra == other.extra && self.scope.is_subset_of(&other.scope) && other.scope.is_subset_of(&self.scope)
    }

    pub(crate) fn stamp(&self) -> Option<[u8; 16]> {
        self.stamp
    }

    pub(crate) fn receipts(&self) -> bool {
        self.receipts
    }

    /// The extra claims, or the name of one that cannot be.
    pub(super) fn extra(&self) -> Result<&Map<String, Value>, &str> {
        match &self.refused_claim {
            None => Ok(&self.extra),
            Some(name) => Err(name),
        }
    }
}

/// Leaves out the values of claims, and the stamp.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("subject", &self.subject).field("scope", &self.scope).finish_non_exhaustive()
    }
}
