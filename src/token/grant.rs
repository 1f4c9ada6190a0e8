//! [`Grant`] says what a session may do.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::stamp::Stamp;
use super::wire::RESERVED;
use crate::limits::is_access_token_lifetime;
use crate::names::{IntoScope, Scope};

/// Says what a session may do: its scope, its claims, and the lifetime of its access tokens.
///
/// [`Authenticate::authorize`](crate::Authenticate::authorize) returns it, and the access token
/// carries it.
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::Grant;
///
/// let grant = Grant::new()
///     .with_scope("orders:read orders:write")
///     .with_claim("tenant", "acme")
///     .with_stamp("password-version-7")
///     .with_access_token_lifetime(Duration::from_secs(300));
/// assert!(grant.scope().contains("orders:read"));
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Grant {
    scope: Scope,
    extra: Map<String, Value>,
    ungrantable: Option<Ungrantable>,
    stamp: Option<[u8; 16]>,
    former_stamps: Vec<Option<[u8; 16]>>,
    lifetime: Option<Duration>,
}

/// The first thing that cannot be granted: signing refuses it.
#[derive(Clone, Debug)]
pub(super) enum Ungrantable {
    /// The claim, and why it does not fit JSON.
    Claim(String, String),
    /// All claims with a name that is not free, in their order.
    ReservedClaims(Vec<String>),
    Claims,
    Lifetime,
}

impl Grant {
    /// Makes a grant with no scope and no claims of the application.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what the access token allows (RFC 6749 section 3.3).
    ///
    /// # Panics
    ///
    /// A literal is not a scope: see [`Scope::from_static`].
    #[track_caller]
    pub fn with_scope(mut self, scope: impl IntoScope) -> Self {
        self.scope = scope.into_scope();
        self
    }

    /// Adds a claim of the application. Everyone who has the token can read it.
    ///
    /// No token is made from a grant with a claim whose value does not fit JSON, or whose name is
    /// registered (RFC 7519 section 4.1), one of ours (`scope`, `auth_time`, `sid`, `gen`) or
    /// reserved (`cnf`, `act`, `may_act`, `acr`, `amr`, `nonce`, `authorization_details`).
    /// `client_id` is free, since this crate keeps no registry of clients.
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::to_value(value) {
            Ok(value) => self.insert(name, value),
            Err(cause) => self.refuse(Ungrantable::Claim(name, cause.to_string())),
        }
        self
    }

    /// Adds the claims of the application as a struct. Each field is a claim, as in
    /// [`with_claim`](Self::with_claim). A handler reads them with
    /// [`AccessTokenClaims::parse`](crate::AccessTokenClaims::parse). A field that is a registered
    /// claim, as `sub` and `exp`, is left out here with `#[serde(skip_serializing)]`: the token has
    /// it anyway.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use tower_bearer::Grant;
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Claims {
    ///     company: String,
    /// }
    ///
    /// let grant = Grant::new().with_claims(&Claims { company: "ACME".to_owned() });
    /// ```
    pub fn with_claims<T: Serialize + ?Sized>(mut self, claims: &T) -> Self {
        match serde_json::to_value(claims) {
            Ok(Value::Object(claims)) => claims
                .into_iter()
                .for_each(|(name, value)| self.insert(name, value)),
            _ => self.refuse(Ungrantable::Claims),
        }
        self
    }

    /// Sets the current version of the user's credentials. It has to be the value of
    /// [`Identity::with_stamp`](crate::Identity::with_stamp), or the session ends. A missing stamp
    /// counts as a value too. [`or_stamp`](Self::or_stamp) accepts more.
    pub fn with_stamp(mut self, stamp: impl Into<Stamp>) -> Self {
        self.stamp = Some(stamp.into().to_bytes());
        self
    }

    /// Accepts sessions with this stamp too, and writes that of [`with_stamp`](Self::with_stamp) to
    /// each at its next refresh. It is for stamps that are made in another way from now on: without
    /// it every session of before ends.
    ///
    /// Processes of before do not know the new stamp. So roll out twice: first the old stamp
    /// `or_stamp` the new one in every process, then the new one `or_stamp` the old one. Remove it
    /// once the longest idle timeout that any login has is over, counted from the day when every
    /// process grants the new stamp.
    pub fn or_stamp(mut self, stamp: impl Into<Stamp>) -> Self {
        self.former_stamps.push(Some(stamp.into().to_bytes()));
        self
    }

    /// Does the same for sessions without a stamp, which began before there were stamps.
    ///
    /// Such a session survives a change of the password until it has a stamp, unless
    /// [`credentials_changed`](crate::Sessions::credentials_changed) ends it.
    ///
    /// ```
    /// # use tower_bearer::Grant;
    /// # let version = 1;
    /// // First in every process, with identities that have no stamp:
    /// let grant = Grant::new().or_stamp(version);
    /// // Then, with `Identity::with_stamp(version)`:
    /// let grant = Grant::new().with_stamp(version).or_no_stamp();
    /// ```
    pub fn or_no_stamp(mut self) -> Self {
        self.former_stamps.push(None);
        self
    }

    /// Sets the lifetime of the next access token, from one second to 24 hours. The token never
    /// outlives its session.
    ///
    /// The default is that of the [policy](crate::SessionPolicy::with_access_token_lifetime). No
    /// token is made from a grant with a lifetime out of these bounds.
    pub fn with_access_token_lifetime(mut self, lifetime: Duration) -> Self {
        if !is_access_token_lifetime(lifetime) {
            self.refuse(Ungrantable::Lifetime);
        }
        self.lifetime = Some(lifetime);
        self
    }

    /// Returns what is allowed.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn stamp(&self) -> Option<[u8; 16]> {
        self.stamp
    }

    /// Returns whether a session with this stamp goes on.
    pub(crate) fn accepts(&self, stamp: Option<[u8; 16]>) -> bool {
        stamp == self.stamp || self.former_stamps.contains(&stamp)
    }

    pub(crate) fn access_token_lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// Returns the application's own claims, or the reason for which no token can be made.
    pub(super) fn into_extra(self) -> Result<Map<String, Value>, Ungrantable> {
        self.ungrantable.map_or(Ok(self.extra), Err)
    }

    fn insert(&mut self, name: String, value: Value) {
        if RESERVED.contains(&&*name) {
            match &mut self.ungrantable {
                Some(Ungrantable::ReservedClaims(names)) => names.push(name),
                _ => self.refuse(Ungrantable::ReservedClaims(vec![name])),
            }
        } else {
            self.extra.insert(name, value);
        }
    }

    fn refuse(&mut self, what: Ungrantable) {
        self.ungrantable.get_or_insert(what);
    }
}

/// Leaves out the values of claims, and the stamp.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claims: Vec<&String> = self.extra.keys().collect();
        f.debug_struct("Grant")
            .field("scope", &self.scope)
            .field("claims", &claims)
            .finish_non_exhaustive()
    }
}
