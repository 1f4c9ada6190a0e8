//! [`Verifiers`]: all whose tokens a layer accepts.

use super::claims::AccessTokenClaims;
use super::error::{VerifyError, VerifyErrorKind};
use super::legacy::FormerTokens;
use super::verifier::{AccessTokenVerifier, UnverifiedToken};
use crate::clock::Timestamp;
use crate::error::ConfigError;
use crate::keys::KeySource;

/// One verifier an issuer, and the tokens from before.
#[derive(Clone, Debug)]
pub(crate) struct Verifiers {
    /// Of the sessions that the layer knows, if it knows any.
    first: AccessTokenVerifier,
    others: Vec<AccessTokenVerifier>,
    former: Vec<FormerTokens>,
}

/// A token that was refused.
pub(crate) struct Refused {
    pub(crate) error: VerifyError,
    /// It may be good by keys that we do not have yet.
    pub(crate) newer_keys: Option<KeySource>,
}

impl Verifiers {
    pub(crate) fn new(first: AccessTokenVerifier) -> Self {
        Self { first, others: Vec::new(), former: Vec::new() }
    }

    pub(crate) fn add(&mut self, verifier: AccessTokenVerifier) -> Result<(), ConfigError> {
        if self.all().any(|known| known.issuer() == verifier.issuer()) {
            return Err(ConfigError::new("the layer has a verifier for this issuer. Add its audience to that one"));
        }
        self.others.push(verifier.into_foreign());
        Ok(())
    }

    pub(crate) fn add_former(&mut self, former: FormerTokens) {
        self.former.push(former);
    }

    /// The issuer chooses the verifier before any key is tried.
    pub(crate) fn verify(&self, token: &str) -> Result<AccessTokenClaims, Refused> {
        let mut token = UnverifiedToken::parse(token)?;
        let chosen = self.all().find(|verifier| token.issuer() == Some(verifier.issuer().as_str()));
        let outcome = match chosen {
            Some(verifier) => verifier.verify_unverified(&mut token),
            None => Err(VerifyErrorKind::WrongIssuer.into()),
        };
        outcome.or_else(|error| {
            let newer_keys = chosen.and_then(|verifier| verifier.newer_keys(&token, &error)).cloned();
            self.verify_former(&token, error).map_err(|error| Refused { error, newer_keys })
        })
    }

    /// What is no token of today's may be one from before. `error` is what is said of it today.
    fn verify_former(&self, token: &UnverifiedToken<'_>, mut error: VerifyError) -> Result<AccessTokenClaims, VerifyError> {
        use VerifyErrorKind::BadSignature;
        use VerifyErrorKind::KeysUnavailable;
        use VerifyErrorKind::UnknownKey;
        use VerifyErrorKind::WrongIssuer;
        use VerifyErrorKind::WrongType;
        if !matches!(error.kind(), WrongIssuer | WrongType | UnknownKey | KeysUnavailable | BadSignature) {
            return Err(error);
        }
        for former in &self.former {
            match former.verify(token, &self.first) {
                Ok(claims) => return Ok(claims),
                // Some other key's, perhaps.
                Err(UnknownKey | BadSignature) => {}
                // The next one may know what it is for: two kinds of tokens by one key.
                Err(kind) => error = kind.into(),
            }
        }
        Err(error)
    }

    /// By the clock of the first verifier.
    pub(crate) fn now(&self) -> Timestamp {
        self.first.now()
    }

    fn all(&self) -> impl Iterator<Item = &AccessTokenVerifier> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl<E: Into<VerifyError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self { error: error.into(), newer_keys: None }
    }
}
