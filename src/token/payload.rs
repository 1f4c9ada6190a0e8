//! [`PayloadStart`] writes the payloads of the tokens that our signer makes.

use serde::Serialize;
use serde_json::Value;

use super::claims::Claims;
use super::wire::{AUD, AUTH_TIME, EXP, GEN, IAT, ISS, JTI, SCOPE, SID, SUB};
use crate::names::{Audience, Issuer};

/// The claims that begin every payload of a signer. They are written once, and copied after that.
#[derive(Clone, Debug)]
pub(super) struct PayloadStart(String);

impl PayloadStart {
    pub(super) fn new(issuer: &Issuer, audience: &Audience) -> Self {
        let (issuer, audience) = (Value::from(issuer.as_str()), Value::from(audience.as_str()));
        Self(format!(r#"{{"{ISS}":{issuer},"{AUD}":{audience}"#))
    }

    /// Returns all claims as JSON, written straight into one buffer. Issuer and audience are those
    /// of this start. The extra claims have none of the other names.
    pub(super) fn payload(&self, claims: &Claims) -> serde_json::Result<Vec<u8>> {
        let mut payload = Payload(Vec::with_capacity(self.0.len() + USUAL_REST));
        payload.0.extend_from_slice(self.0.as_bytes());
        payload.claim(SUB, claims.subject().as_str())?;
        payload.claim(EXP, &claims.expires_at.as_secs())?;
        if let Some(issued_at) = claims.issued_at {
            payload.claim(IAT, &issued_at.as_secs())?;
        }
        if let Some(auth_time) = claims.auth_time {
            payload.claim(AUTH_TIME, &auth_time.as_secs())?;
        }
        if let Some(id) = claims.id() {
            payload.plain(JTI, id.as_bytes());
        }
        if !claims.scope().is_empty() {
            payload.plain(SCOPE, claims.scope().as_str().as_bytes());
        }
        if let Some(session) = &claims.session {
            payload.plain(SID, &session.id.to_text());
            if let Some(generation) = session.generation {
                payload.claim(GEN, &generation)?;
            }
        }
        for (name, value) in claims.extra() {
            payload.0.push(b',');
            serde_json::to_writer(&mut payload.0, name)?;
            payload.0.push(b':');
            serde_json::to_writer(&mut payload.0, value)?;
        }
        payload.0.push(b'}');
        Ok(payload.0)
    }
}

struct Payload(Vec<u8>);

impl Payload {
    fn claim<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> serde_json::Result<()> {
        self.name(name);
        serde_json::to_writer(&mut self.0, value)
    }

    /// Writes text that JSON does not escape: base64url, or a scope, which has neither quotes nor
    /// backslashes (RFC 6749 section 3.3).
    fn plain(&mut self, name: &str, text: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(text);
        self.0.push(b'"');
    }

    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

/// Room for the claims of a session, and a few of the application.
const USUAL_REST: usize = 256;
