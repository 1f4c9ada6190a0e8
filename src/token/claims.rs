//! [`AccessTokenClaims`]: what a verified access token says.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::typed::{ClaimError, read_all, read_one};
use super::wire::{AUD, AUTH_TIME, EXP, GEN, IAT, ISS, JTI, SCOPE, SID, SUB};
use crate::clock::Timestamp;
use crate::names::{Audience, Issuer, Scope, SessionClaims, SessionId, Subject};

/// What a verified access token says.
///
/// They come from an [`AccessTokenVerifier`](crate::AccessTokenVerifier) alone, and cannot be
/// deserialized. A handler gets them with [`CurrentUser`](crate::CurrentUser), or without Axum with
/// [`from_extensions`](Self::from_extensions). Cheap to clone.
#[derive(Clone)]
pub struct AccessTokenClaims(Arc<Claims>);

pub(super) struct Claims {
    pub(super) issuer: Issuer,
    pub(super) audience: Audience,
    pub(super) subject: Subject,
    pub(super) expires_at: Timestamp,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) auth_time: Option<Timestamp>,
    pub(super) id: Option<String>,
    pub(super) scope: Scope,
    pub(super) session: Option<SessionClaims>,
    pub(super) extra: Map<String, Value>,
}

impl AccessTokenClaims {
    pub(super) fn new(claims: Claims) -> Self {
        Self(Arc::new(claims))
    }

    /// The user: `sub` (RFC 7519 section 4.1.2).
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// The issuer of the token: `iss`, as configured.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// Which of the configured audiences the token is for: `aud`.
    #[must_use]
    pub fn audience(&self) -> &Audience {
        &self.0.audience
    }

    /// What the token allows: `scope` (RFC 8693 section 4.2), or the claim that the verifier reads
    /// it from ([`scope_claim`](crate::token::AccessTokenVerifierBuilder::scope_claim)); empty
    /// where the token has none.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// When the token ends: `exp`. The verifier's leeway comes on top.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// When the token was made: `iat`.
    #[must_use]
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.0.issued_at
    }

    /// When the user last logged in: `auth_time` (RFC 9068 section 2.2.1). Some actions are worth
    /// asking for the password again.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.0.auth_time
    }

    /// The name of this token: `jti`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// The session the token belongs to: `sid`. Only in a token of our own signer.
    #[must_use]
    pub fn session_id(&self) -> Option<&SessionId> {
        self.0.session.as_ref().map(|session| &session.id)
    }

    /// One claim of the token, as a `T`: `Ok(None)` if it is absent or `null`.
    ///
    /// Registered claims have methods of their own, which are cheaper. Here they are as in
    /// [`parse`](Self::parse).
    ///
    /// ```
    /// # fn example(claims: &tower_bearer::AccessTokenClaims) -> Result<(), tower_bearer::token::ClaimError> {
    /// let level: Option<u8> = claims.claim("level")?;
    /// let is_high = level >= Some(3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The claim is there, and is not a `T`.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
        match (self.0.registered(name), self.0.extra.get(name)) {
            (Some(value), _) => read_one(name, &value),
            (None, Some(value)) => read_one(name, value),
            (None, None) => Ok(None),
        }
    }

    /// All claims of the token, as the application's own struct. Claims that the struct does not
    /// name are ignored.
    ///
    /// Registered claims are among them, in their form on the wire (times are seconds since the
    /// epoch), as this crate understood them: `aud` is the audience that counted, `scope` is
    /// what the token allows here. `nbf` and `gen` are left out.
    ///
    /// ```
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Claims {
    ///     sub: String,
    ///     company: String,
    ///     level: Option<u8>,
    /// }
    ///
    /// # fn example(claims: &tower_bearer::AccessTokenClaims) -> Result<(), tower_bearer::token::ClaimError> {
    /// let claims: Claims = claims.parse()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A claim that `T` needs is missing, or one is not what `T` expects.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ClaimError> {
        read_all(self.0.all())
    }

    /// The payload of a token of ours.
    pub(super) fn to_payload(&self) -> String {
        let mut all = self.0.all();
        if let Some(generation) = self.0.session.and_then(|session| session.generation) {
            all.insert(GEN.to_owned(), generation.into());
        }
        Value::Object(all).to_string()
    }

    /// The claims that have no method of their own.
    pub(super) fn extra(&self) -> &Map<String, Value> {
        &self.0.extra
    }

    pub(crate) fn session(&self) -> Option<SessionClaims> {
        self.0.session
    }
}

/// Names the user and the session, and leaves out the application's own claims.
impl fmt::Debug for AccessTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenClaims")
            .field("issuer", &self.0.issuer)
            .field("subject", &self.0.subject)
            .field("scope", &self.0.scope)
            .field("expires_at", &self.0.expires_at)
            .field("session", &self.0.session)
            .finish_non_exhaustive()
    }
}

impl Claims {
    /// The value of a registered claim, as on the wire.
    fn registered(&self, name: &str) -> Option<Value> {
        let seconds = |moment: Timestamp| Value::from(moment.as_secs());
        match name {
            ISS => Some(self.issuer.as_str().into()),
            AUD => Some(self.audience.as_str().into()),
            SUB => Some(self.subject.as_str().into()),
            EXP => Some(seconds(self.expires_at)),
            IAT => self.issued_at.map(seconds),
            AUTH_TIME => self.auth_time.map(seconds),
            JTI => self.id.as_deref().map(Value::from),
            SID => self.session.map(|session| session.id.to_string().into()),
            SCOPE if !self.scope.is_empty() => Some(self.scope.as_str().into()),
            _ => None,
        }
    }

    fn all(&self) -> Map<String, Value> {
        let mut all = self.extra.clone();
        for name in [ISS, AUD, SUB, EXP, IAT, AUTH_TIME, JTI, SID, SCOPE] {
            if let Some(value) = self.registered(name) {
                all.insert(name.to_owned(), value);
            }
        }
        all
    }
}

/// For a response that says who is logged in. `aud` is the audience that counted, `scope` is what
/// the token allows here; `nbf` and `gen` are left out.
impl Serialize for AccessTokenClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.all().serialize(serializer)
    }
}
