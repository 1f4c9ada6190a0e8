//! Claims as a store keeps them for a while, for another process of the application.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims::{AccessTokenClaims, Claims};
use super::form::Form;
use super::scope_claim::ScopeClaims;
use super::text::{Late, Part, TokenText};
use super::typ::AcceptedTyp;
use crate::clock::Timestamp;
use crate::keys::KeyGeneration;
use crate::names::{Audience, Issuer, SessionClaims, SessionId};
use crate::once::DoneIn;

/// What was read in a token. The payload follows it, since JSON in JSON would be longer.
#[derive(Serialize, Deserialize)]
struct Stored<'s> {
    iss: Cow<'s, str>,
    aud: Cow<'s, str>,
    sub: Cow<'s, str>,
    /// Moments are in milliseconds.
    exp: u64,
    nbf: Option<u64>,
    iat: Option<u64>,
    auth_time: Option<u64>,
    jti: Option<Cow<'s, str>>,
    scope: Cow<'s, str>,
    scope_claims: Option<ScopeClaims>,
    session: Option<(SessionId, Option<u32>)>,
    form: StoredForm,
    /// The claims of the application, where there is no payload.
    extra: Option<Map<String, Value>>,
}

#[derive(Serialize, Deserialize)]
enum StoredForm {
    Signed,
    Legacy,
    Verified {
        needs: u8,
        bytes: usize,
        reading: u64,
        is_bound: bool,
    },
}

impl AccessTokenClaims {
    /// Writes everything that another process needs to decide as this one would. The token is not
    /// in it, and cannot be made from it, since its signature is missing.
    pub(crate) fn to_stored(&self) -> Vec<u8> {
        let claims = &*self.0;
        let millis = |moment: Option<Timestamp>| moment.map(Timestamp::as_millis);
        let payload = claims.text.decoded();
        let stored = Stored {
            iss: claims.issuer.as_str().into(),
            aud: claims.audience.as_str().into(),
            sub: claims.subject().as_str().into(),
            exp: claims.expires_at.as_millis(),
            nbf: millis(claims.not_before),
            iat: millis(claims.issued_at),
            auth_time: millis(claims.auth_time),
            jti: claims.id().map(Cow::from),
            scope: claims.scope().as_str().into(),
            scope_claims: claims.scope_claims.clone(),
            session: claims
                .session
                .map(|session| (session.id, session.generation)),
            form: StoredForm::of(claims.form),
            extra: payload.is_empty().then(|| claims.extra().clone()),
        };
        let mut bytes = serde_json::to_vec(&stored).unwrap_or_default();
        bytes.push(END);
        bytes.extend_from_slice(payload.as_bytes());
        bytes
    }

    /// Reads what [`to_stored`](Self::to_stored) wrote. The caller knows that this application
    /// wrote it.
    pub(crate) fn from_stored(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == END)?;
        let stored: Stored<'_> = serde_json::from_slice(&bytes[..end]).ok()?;
        let payload = str::from_utf8(&bytes[end + 1..]).ok()?;
        let moment = |millis: Option<u64>| millis.map(Timestamp::from_millis);
        let own = |text: &str| Part::Own(text.into());
        let session = |(id, generation)| SessionClaims { id, generation };
        Some(Self::new(Claims {
            issuer: Issuer::new(&stored.iss).ok()?,
            audience: Audience::new(&stored.aud).ok()?,
            subject: Late::from(own(&stored.sub)),
            expires_at: Timestamp::from_millis(stored.exp),
            not_before: moment(stored.nbf),
            issued_at: moment(stored.iat),
            auth_time: moment(stored.auth_time),
            id: stored.jti.as_deref().map(own),
            scope: Late::from(own(&stored.scope)),
            scope_claims: stored.scope_claims,
            session: stored.session.map(session),
            form: stored.form.into_form()?,
            verifier: 0,
            bytes_read: 0,
            extra: stored.extra.map_or_else(OnceLock::new, OnceLock::from),
            text: TokenText::from(payload.to_owned()),
            receipt_queued: DoneIn::default(),
        }))
    }
}

impl StoredForm {
    fn of(form: Form) -> Self {
        match form {
            Form::Signed => Self::Signed,
            Form::Legacy => Self::Legacy,
            Form::Verified {
                needs,
                bytes,
                reading,
                is_bound,
                keys: _,
            } => Self::Verified {
                needs: needs as u8,
                bytes,
                reading,
                is_bound,
            },
        }
    }

    fn into_form(self) -> Option<Form> {
        Some(match self {
            Self::Signed => Form::Signed,
            Self::Legacy => Form::Legacy,
            Self::Verified {
                needs,
                bytes,
                reading,
                is_bound,
            } => Form::Verified {
                needs: TYPS.into_iter().find(|typ| *typ as u8 == needs)?,
                bytes,
                reading,
                is_bound,
                // Only a cache asks for it, and these are in none.
                keys: KeyGeneration::UNKNOWN,
            },
        })
    }
}

/// Ends the first part. JSON has no NUL.
const END: u8 = 0;
const TYPS: [AcceptedTyp; 3] = [
    AcceptedTyp::AccessToken,
    AcceptedTyp::UntypedJwt,
    AcceptedTyp::IdTokenLike,
];
