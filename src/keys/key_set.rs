//! [`KeySet`] is the keys that a verifier trusts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::algorithm::{Algorithm, Family, shown_name};
use super::jwk;
use super::jwk::Reading;
use super::jwk_set;
use super::key::Key;
use super::key_index::KeyIndex;
use super::left_out::{self, LeftOut, MAX_LEFT_OUT};
use super::public_pem;
use crate::error::ConfigError;
use crate::shown::ShownCause;

/// The keys that an [`AccessTokenVerifier`](crate::AccessTokenVerifier) trusts, each with its one
/// algorithm.
///
/// A token names its key with `kid`, which is looked up in this set alone. A token with an unknown
/// `kid` is tried with the keys that have no name, and a token without `kid` with all keys, first
/// those that have no name, then the others in their order. Only keys with the token's algorithm
/// are tried.
///
/// **At most four keys are tried**, so that a forged token costs no more than four signatures. An
/// issuer with several keys has to name the key in its tokens anyway (OpenID Connect Core section
/// 10.1). A set of the application with more than four keys for one algorithm that have no name, or
/// the same one, is refused where a verifier is built, or the set is replaced.
///
/// **How keys are read.** As widely as other libraries do where it is safe: base64url with padding
/// or in the other alphabet, numbers with more or fewer zeros in front, members that are `null`,
/// and keys that are only in a certificate (`x5c`), of which nothing but the key is read.
///
/// ```
/// use tower_bearer::KeySet;
///
/// let keys = KeySet::from_jwk_set(r#"{"keys": [{
///     "kty": "OKP", "crv": "Ed25519", "kid": "2026",
///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
/// }]}"#)?;
/// assert_eq!(keys.len(), 1);
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone, Default)]
pub struct KeySet {
    /// The keys in their order.
    keys: Vec<Arc<Key>>,
    index: KeyIndex,
    /// The keys that cannot be used, of the sets that this one was made from.
    left_out: Arc<[LeftOut]>,
}

impl KeySet {
    /// Reads a JWK set (RFC 7517 section 5).
    ///
    /// A key that cannot be used (of an unknown type, for encryption, malformed) is left out and
    /// logged. It does not affect the other keys.
    ///
    /// # Errors
    ///
    /// The text is not a JWK set, or none of its keys can be used.
    pub fn from_jwk_set(json: &str) -> Result<Self, ConfigError> {
        let set = jwk_set::read(json, usize::MAX, Reading::GIVEN)?;
        for LeftOut { index, reason, .. } in &set.left_out {
            tracing::warn!(index, error = %ShownCause(reason), "a key of the JWK set is left out");
        }
        if set.keys.is_empty() {
            let reasons = left_out::list(&set.left_out);
            return Err(ConfigError::new(format!(
                "no key of the JWK set can be used for signatures. {reasons}"
            )));
        }
        Ok(set.into())
    }

    /// Reads one JWK (RFC 7517 section 4): `RSA`, `EC` (P-256, P-384, P-521), `OKP` (Ed25519)
    /// or `oct`.
    ///
    /// Without `alg` the algorithm follows from the type of the key: RS256, ES256, ES384, ES512,
    /// EdDSA or HS256.
    ///
    /// # Errors
    ///
    /// The key cannot be used. The error says why.
    pub fn from_jwk(json: &str) -> Result<Self, ConfigError> {
        jwk::read_text(json).map(Self::one)
    }

    /// Reads a public key in PEM: `PUBLIC KEY`, `RSA PUBLIC KEY`, or that of a `CERTIFICATE`. The
    /// key has no `kid`: see [`with_kid`](Self::with_kid).
    ///
    /// Of a certificate only the key counts, not its dates, its name and its signature. Of several
    /// certificates it is the first.
    ///
    /// # Errors
    ///
    /// The text is not a public key, or the key does not fit `algorithm`.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, ConfigError> {
        let public = public_pem::read(algorithm, pem)?;
        Key::public(None, algorithm, public).map(Self::one)
    }

    /// Takes a secret that is shared with the issuer, for HS256, HS384 or HS512.
    ///
    /// # Errors
    ///
    /// The algorithm is another one, or the secret is shorter than its hash: 32, 48 or 64 bytes
    /// (RFC 7518 section 3.2).
    pub fn from_hmac_secret(
        algorithm: Algorithm,
        secret: impl AsRef<[u8]>,
    ) -> Result<Self, ConfigError> {
        Key::hmac(None, algorithm, secret.as_ref()).map(Self::one)
    }

    /// Takes a shared secret that may be shorter than its hash.
    ///
    /// **Anyone who sees one token can try to guess such a secret on their own machine, and then
    /// log in as any user.** It is for one purpose: tokens that an application signed with a short
    /// secret before, which [`LegacyTokens`](crate::token::LegacyTokens) accept until they have
    /// expired. Sign nothing new with that secret, and let the date of `LegacyTokens` be near.
    ///
    /// ```
    /// use tower_bearer::KeySet;
    /// use tower_bearer::keys::Algorithm;
    ///
    /// // HS512 needs 64 bytes (RFC 7518 section 3.2). The old server signed with 32.
    /// let old = [7; 32];
    /// assert!(KeySet::from_hmac_secret(Algorithm::Hs512, old).is_err());
    /// let keys = KeySet::dangerous_from_short_hmac_secret(Algorithm::Hs512, old)?;
    /// # Ok::<(), tower_bearer::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The algorithm is not HS256, HS384 or HS512, or the secret is empty or the PEM of a key.
    pub fn dangerous_from_short_hmac_secret(
        algorithm: Algorithm,
        secret: impl AsRef<[u8]>,
    ) -> Result<Self, ConfigError> {
        Key::dangerous_hmac(None, algorithm, secret.as_ref()).map(Self::one)
    }

    /// Gives every key of the set this name.
    #[must_use]
    pub fn with_kid(self, kid: &str) -> Self {
        // Clones of the set share the old keys, so this set gets keys of its own.
        let keys = self.keys.iter().map(|key| Arc::new(key.named(kid)));
        Self::new(keys.collect(), self.left_out)
    }

    /// Adds the keys of another set, such as the next keys of an issuer that rotates its keys. No
    /// key is replaced, even if both sets have a key of the same name.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for key in &other.keys {
            self.index.add(key);
        }
        self.keys.extend(other.keys);
        if !other.left_out.is_empty() {
            let both = self.left_out.iter().chain(&*other.left_out);
            self.left_out = both.take(MAX_LEFT_OUT).cloned().collect();
        }
        self
    }

    /// Returns the number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the public keys as a JWK set (RFC 7517 section 5). HMAC keys are never in it.
    #[must_use]
    pub fn to_public_jwk_set(&self) -> String {
        let keys: Vec<Value> = self
            .keys
            .iter()
            .filter_map(|key| key.to_public_jwk())
            .collect();
        json!({ "keys": keys }).to_string()
    }

    pub(crate) fn has_public(&self) -> bool {
        self.keys.iter().any(|key| key.to_public_jwk().is_some())
    }

    /// Returns whether these are the same keys, with the same ones left out. Some issuers publish
    /// their keys in another order each time: it matters only among keys of the same name.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (keys, others) = (self.index.by_name(), other.index.by_name());
        let are_same = keys.len() == others.len()
            && keys
                .iter()
                .zip(others)
                .all(|(key, other)| key.is_same(other));
        are_same && left_out::are_same(&self.left_out, &other.left_out)
    }

    /// Checks that each key may be tried: see [`MOST_TRIED`].
    ///
    /// # Errors
    ///
    /// One token could mean too many keys.
    pub(crate) fn check_tried(&self) -> Result<(), ConfigError> {
        self.untried().map_or(Ok(()), |untried| {
            Err(ConfigError::new(format!(
                "{untried}. Give each a name with `KeySet::with_kid`, if the tokens have a `kid`, \
                 or use fewer keys"
            )))
        })
    }

    /// Says which keys are too many for one token, since they have no name or the same one.
    pub(crate) fn untried(&self) -> Option<String> {
        let mut counts = BTreeMap::new();
        for key in &self.keys {
            let alike = (&key.kid, key.algorithm.as_str(), &key.issuer);
            *counts.entry(alike).or_insert(0_usize) += 1;
        }
        let ((kid, algorithm, _), count) = counts.iter().find(|(_, count)| **count > MOST_TRIED)?;
        let name = match kid {
            None => "without a name".to_owned(),
            Some(kid) => format!("with the kid {kid:?}"),
        };
        Some(format!(
            "there are {count} keys for {algorithm} {name}, and a token is tried with {MOST_TRIED} \
             of them at most"
        ))
    }

    pub(crate) fn names(&self, kid: &str) -> bool {
        self.index.named(Some(kid)).next().is_some()
    }

    pub(crate) fn one(key: Key) -> Self {
        Self::new(vec![Arc::new(key)], Arc::default())
    }

    fn new(keys: Vec<Arc<Key>>, left_out: Arc<[LeftOut]>) -> Self {
        let mut index = KeyIndex::default();
        for key in &keys {
            index.add(key);
        }
        Self {
            keys,
            index,
            left_out,
        }
    }

    /// Returns the keys whose usual header is exactly this segment. They are the keys that
    /// [`candidates`](Self::candidates) would return for it.
    pub(crate) fn by_usual_header(&self, segment: &[u8]) -> impl Iterator<Item = &Arc<Key>> {
        self.index.with_header(segment)
    }

    /// Returns the keys that a header may mean, of which [`MOST_TRIED`] are tried.
    pub(crate) fn candidates<'k>(
        &'k self,
        kid: Option<&str>,
        algorithm: &str,
    ) -> impl Iterator<Item = &'k Arc<Key>> {
        let mut named = self.index.named(kid).peekable();
        if kid.is_some() && named.peek().is_none() {
            named = self.index.named(None).peekable();
        }
        // Without a `kid` a token may mean the keys with a name too.
        let others = if kid.is_none() { &*self.keys } else { &[] };
        let others = others.iter().filter(|key| key.kid.is_some());
        let meant = named.chain(others);
        meant.filter(move |key| key.algorithm.is_named(algorithm))
    }

    /// Says why no key fits a header, where it is not just unknown: the key that it names is left
    /// out, or has another algorithm.
    pub(crate) fn why_unknown(&self, kid: Option<&str>, algorithm: &str) -> Option<String> {
        if let Some(left_out) = self.left_out(kid) {
            return Some(left_out.to_string());
        }
        let mut keys = self.keys.iter();
        let key = keys.find(|key| kid.is_none() || key.kid.as_deref() == kid)?;
        if key.algorithm.is_named(algorithm) {
            return None;
        }
        let (own, named) = (key.algorithm, key.kid.as_deref().unwrap_or_default());
        let cure = if key.algorithm_is_assumed && own.family() == Family::Rsa {
            ". It has no `alg`: see `with_rsa_algorithm`"
        } else {
            ""
        };
        let other = shown_name(algorithm);
        Some(format!(
            "the key with the kid {named:?} is for {own}, not for the token's alg{other}{cure}"
        ))
    }

    /// Returns the key that this header names, if it was left out of the set. A header without a
    /// name means the other keys: many sets have one for encryption, which is left out. Without a
    /// name, that one is not meant by a token with a name either.
    pub(crate) fn left_out(&self, kid: Option<&str>) -> Option<&LeftOut> {
        let kid = kid.filter(|kid| !self.names(kid))?;
        let mut left_out = self.left_out.iter();
        left_out.find(|key| match key.kid.as_deref() {
            Some(own) => own == kid,
            None => !key.signs_nothing,
        })
    }
}

/// The most keys that one token is tried with.
pub(crate) const MOST_TRIED: usize = 4;

impl From<jwk_set::Set> for KeySet {
    fn from(set: jwk_set::Set) -> Self {
        Self::new(set.keys, set.left_out.into())
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(
                self.keys
                    .iter()
                    .map(|key| (key.kid.as_deref(), key.algorithm)),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"good","issuer":"https://a.test",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    fn read(others: &str) -> KeySet {
        KeySet::from_jwk_set(&format!(r#"{{"keys":[{GOOD}{others}]}}"#)).unwrap()
    }

    #[test]
    fn a_key_that_is_left_out_is_remembered_with_its_reason() {
        let keys = read(r#",{"kty":"EC","crv":"secp256k1","kid":"bad"}"#);
        let reason = keys.why_unknown(Some("bad"), "ES256K").unwrap();
        assert!(
            reason.contains("\"bad\"") && reason.contains("secp256k1"),
            "{reason}"
        );
        assert_eq!(keys.why_unknown(Some("other"), "ES256K"), None);
        let other = keys.why_unknown(None, "ES256K").unwrap();
        assert!(
            other.contains("\"good\" is for EdDSA") && !other.contains("bad"),
            "{other}"
        );
        assert!(keys.left_out(None).is_none());
        assert!(keys.left_out(Some("good")).is_none());
        // Also after a merge, and without a `kid`.
        let merged = read("").merge(read(r#",{"kty":"EC"}"#)).merge(keys);
        assert!(merged.left_out(Some("bad")).is_some());
        assert!(
            merged
                .why_unknown(Some("other"), "ES256")
                .unwrap()
                .contains("key 1")
        );
    }

    #[test]
    fn a_key_with_another_algorithm_is_named() {
        let keys = read("");
        let reason = keys.why_unknown(Some("good"), "RS256").unwrap();
        assert!(
            reason.contains("EdDSA") && reason.contains("RS256"),
            "{reason}"
        );
        assert_eq!(keys.why_unknown(Some("good"), "Ed25519"), None);
        assert_eq!(keys.keys[0].issuer.as_deref(), Some("https://a.test"));
        assert!(keys.keys[0].algorithm_is_assumed);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let many = ",{}".repeat(1000);
        let keys = read(&many);
        assert_eq!(keys.clone().merge(keys).left_out.len(), MAX_LEFT_OUT);
    }
}
