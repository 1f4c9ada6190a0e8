//! [`AccessTokenClaims`] are the claims of a verified access token.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::error_kind::VerifyErrorKind;
use super::form::Form;
use super::json::Object;
use super::scope_claim::{ScopeClaims, words_of};
use super::text::{Late, Part, TokenText};
use super::typed::{ClaimError, read_all, read_one};
use super::wire::{AUD, AUTH_TIME, EXP, GEN, IAT, ISS, JTI, NBF, RESERVED, SCOPE, SID, SUB};
use crate::clock::Timestamp;
use crate::names::{Audience, Issuer, Scope, SessionClaims, SessionId, Subject};
use crate::once::DoneIn;

/// The claims of a verified access token.
///
/// Only an [`AccessTokenVerifier`](crate::AccessTokenVerifier) makes them, so they cannot be
/// deserialized. A handler gets them with [`CurrentUser`](crate::CurrentUser), or without Axum with
/// [`from_extensions`](Self::from_extensions). They are cheap to clone.
#[derive(Clone)]
pub struct AccessTokenClaims(pub(super) Arc<Claims>);

pub(super) struct Claims {
    pub(super) issuer: Issuer,
    pub(super) audience: Audience,
    pub(super) subject: Late<Subject>,
    pub(super) expires_at: Timestamp,
    pub(super) not_before: Option<Timestamp>,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) auth_time: Option<Timestamp>,
    pub(super) id: Option<Part>,
    pub(super) scope: Late<Scope>,
    /// The claims that the scope was read from, if they are others than `scope`.
    pub(super) scope_claims: Option<ScopeClaims>,
    pub(super) session: Option<SessionClaims>,
    pub(super) form: Form,
    /// The place of its verifier among those of the layer.
    pub(super) verifier: usize,
    /// What the claims take in memory once they have been asked for, if a cache may keep them.
    pub(super) bytes_read: usize,
    /// The claims that have no method of their own, once they have been asked for.
    pub(super) extra: OnceLock<Map<String, Value>>,
    /// The payload that the claims were read from. It is empty if no token was.
    pub(super) text: TokenText,
    /// Whether the receipt of this token was queued.
    pub(super) receipt_queued: DoneIn,
}

impl AccessTokenClaims {
    pub(super) fn new(claims: Claims) -> Self {
        Self(Arc::new(claims))
    }

    /// Adds the text that the claims were read from, if a verifier has just read them.
    pub(super) fn with_text(mut self, text: TokenText) -> Result<Self, VerifyErrorKind> {
        let claims = self.just_read()?;
        if matches!(claims.form, Form::Verified { .. }) {
            claims.text = text;
        }
        Ok(self)
    }

    /// Adds the place of the verifier that has just read them.
    pub(super) fn by_verifier(mut self, place: usize) -> Result<Self, VerifyErrorKind> {
        self.just_read()?.verifier = place;
        Ok(self)
    }

    /// Returns the claims to change them. Nothing else has them yet, or the token is refused.
    fn just_read(&mut self) -> Result<&mut Claims, VerifyErrorKind> {
        Arc::get_mut(&mut self.0).ok_or(VerifyErrorKind::Malformed)
    }

    /// Returns the user: `sub` (RFC 7519 section 4.1.2).
    #[must_use]
    pub fn subject(&self) -> &Subject {
        self.0.subject()
    }

    /// Returns the issuer of the token: `iss`, as configured.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// Returns the one of the configured audiences that the token is for: `aud`.
    #[must_use]
    pub fn audience(&self) -> &Audience {
        &self.0.audience
    }

    /// Returns what the token allows. It is empty where the token has no scope.
    ///
    /// The scope comes from `scope` (RFC 8693 section 4.2), or from the claim that the verifier
    /// [reads](crate::token::AccessTokenVerifierBuilder::scope_claim) instead.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        self.0.scope()
    }

    /// Returns when the token expires: `exp`. The verifier's leeway is added to it.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// Returns when the token was issued: `iat`.
    #[must_use]
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.0.issued_at
    }

    /// Returns when the user last authenticated: `auth_time` (RFC 9068 section 2.2.1). For
    /// sensitive routes there is [`require_max_age`](crate::BearerAuthLayer::require_max_age).
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.0.auth_time
    }

    /// Returns the id of this token: `jti`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.0.id()
    }

    /// Returns the session that the token belongs to: `sid`. Only tokens of our own signer have it.
    #[must_use]
    pub fn session_id(&self) -> Option<&SessionId> {
        self.0.session.as_ref().map(|session| &session.id)
    }

    /// Reads one claim of the token as a `T`. It is `Ok(None)` if the claim is absent or `null`.
    ///
    /// Registered claims have their own methods, which are cheaper. Here they have the same form as
    /// in [`parse`](Self::parse).
    ///
    /// ```
    /// # use tower_bearer::AccessTokenClaims;
    /// # use tower_bearer::token::ClaimError;
    /// # fn example(claims: &AccessTokenClaims) -> Result<(), ClaimError> {
    /// let level: Option<u8> = claims.claim("level")?;
    /// let is_high = level >= Some(3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The token has the claim, but the claim is not a `T`.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
        match self.0.extra().get(name) {
            Some(value) => read_one(name, value),
            None if RESERVED.contains(&name) => match self.0.all().get(name) {
                Some(value) => read_one(name, value),
                None => Ok(None),
            },
            None => Ok(None),
        }
    }

    /// Parses all claims of the token as a struct of the application. Claims that the struct does
    /// not name are ignored.
    ///
    /// Registered claims are included in their form on the wire (times are seconds since the
    /// epoch), as this crate understood them: `aud` is the audience that was accepted, and `scope`
    /// is what the token allows here. `nbf` and `gen` are left out.
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
    /// # use tower_bearer::AccessTokenClaims;
    /// # use tower_bearer::token::ClaimError;
    /// # fn example(claims: &AccessTokenClaims) -> Result<(), ClaimError> {
    /// let claims: Claims = claims.parse()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A claim that `T` needs is missing, or a claim does not have the type that `T` expects.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ClaimError> {
        read_all(self.0.all())
    }

    /// Returns the payload that the claims were read from.
    pub(super) fn payload(&self) -> Option<Object<'_>> {
        Object::parse(self.0.text.decoded())
    }

    /// Returns whether both were read from the same token. That of a legacy token is not known.
    pub(crate) fn is_of_same_token(&self, other: &Self) -> bool {
        let (text, others) = (self.0.text.decoded(), other.0.text.decoded());
        Arc::ptr_eq(&self.0, &other.0)
            || self.issuer() == other.issuer() && !text.is_empty() && text == others
    }

    pub(super) fn form(&self) -> Form {
        self.0.form
    }

    pub(crate) fn session(&self) -> Option<SessionClaims> {
        self.0.session
    }

    pub(crate) fn receipt_queued(&self) -> &DoneIn {
        &self.0.receipt_queued
    }
}

/// Shows the user and the session, and leaves out the application's own claims.
impl fmt::Debug for AccessTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenClaims")
            .field("issuer", &self.0.issuer)
            .field("subject", self.subject())
            .field("scope", self.scope())
            .field("expires_at", &self.0.expires_at)
            .field("session", &self.0.session)
            .finish_non_exhaustive()
    }
}

impl Claims {
    /// Estimates how much memory they take, with what handlers may ask for.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.bytes() + self.bytes_read
    }

    pub(super) fn subject(&self) -> &Subject {
        self.subject.get(self.text.decoded(), |text| text.into())
    }

    pub(super) fn scope(&self) -> &Scope {
        let read = |text: &str| Scope::of_words(words_of(text));
        self.scope.get(self.text.decoded(), read)
    }

    pub(super) fn id(&self) -> Option<&str> {
        let id = self.id.as_ref();
        id.map(|id| id.of_text(self.text.decoded()))
    }

    /// Reads the payload once more, for the claims that few handlers ask for. It is read as it was
    /// verified: another reader may see other claims in it.
    pub(super) fn extra(&self) -> &Map<String, Value> {
        self.extra.get_or_init(|| {
            let all = Object::parse(self.text.decoded()).unwrap_or_default();
            let is_of_session = |name| self.session.is_some() && matches!(name, SID | GEN);
            let has_method = |name| READ.contains(&name) || is_of_session(name);
            let extra = all.members().filter(|(name, _)| !has_method(name));
            extra
                .map(|(name, value)| (name.to_owned(), value.to_value()))
                .collect()
        })
    }

    /// Returns the extra claims that count: what other claims than `scope` allow is in the scope,
    /// and no more of it counts.
    fn counted(&self) -> Cow<'_, Map<String, Value>> {
        match &self.scope_claims {
            None => Cow::Borrowed(self.extra()),
            Some(claims) => {
                let mut extra = self.extra().clone();
                claims.take_out(&mut extra);
                Cow::Owned(extra)
            }
        }
    }

    /// Writes the claims in their form on the wire. The extra claims have none of the registered
    /// names. `nbf` and `gen` are left out.
    fn write<S: Serializer>(
        &self,
        extra: &Map<String, Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in extra {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry(ISS, self.issuer.as_str())?;
        map.serialize_entry(AUD, self.audience.as_str())?;
        map.serialize_entry(SUB, self.subject().as_str())?;
        map.serialize_entry(EXP, &self.expires_at.as_secs())?;
        if let Some(issued_at) = self.issued_at {
            map.serialize_entry(IAT, &issued_at.as_secs())?;
        }
        if let Some(auth_time) = self.auth_time {
            map.serialize_entry(AUTH_TIME, &auth_time.as_secs())?;
        }
        if let Some(id) = self.id() {
            map.serialize_entry(JTI, id)?;
        }
        if !self.scope().is_empty() {
            map.serialize_entry(SCOPE, self.scope().as_str())?;
        }
        if let Some(session) = &self.session {
            map.serialize_entry(SID, &session.id)?;
        }
        map.end()
    }

    fn all(&self) -> Map<String, Value> {
        match self.write(self.extra(), serde_json::value::Serializer) {
            Ok(Value::Object(all)) => all,
            _ => Map::new(),
        }
    }
}

/// Serializes the claims, for a response that says which user is logged in.
///
/// `aud` is the audience that was accepted, and `scope` is what the token allows here. `nbf` and
/// `gen` are left out, and so are the claims that a
/// [`scope_claim`](crate::token::AccessTokenVerifierBuilder::scope_claim) reads: they may name what
/// is not allowed here.
impl Serialize for AccessTokenClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(&self.0.counted(), serializer)
    }
}

/// The claims that have a method of their own.
const READ: [&str; 9] = [ISS, SUB, AUD, EXP, NBF, IAT, AUTH_TIME, JTI, SCOPE];
