//! [`Settings`] are what a builder of a verifier may change.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::cache::Cache;
use super::claim_path::ClaimPath;
use super::parsed_token::MAX_TOKEN_BYTES;
use super::required_claim::RequiredClaim;
use super::scope_claim::ScopeClaims;
use super::typ::AcceptedTyp;
use crate::clock::Clock;
use crate::limits::DEFAULT_LEEWAY;
use crate::names::Scope;

/// The settings that a builder may change.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) typ: AcceptedTyp,
    /// The claims that may name the audience instead of `aud`. The first that is present counts.
    pub(super) audience_claims: Vec<ClaimPath>,
    /// The claims that may name the subject instead of `sub`. The first that is present counts.
    pub(super) subject_claims: Vec<ClaimPath>,
    pub(super) scope_claims: ScopeClaims,
    /// What other claims have to be.
    pub(super) required_claims: Vec<RequiredClaim>,
    /// The words of a scope that count. `None` means that all do.
    pub(super) accepted_scope: Option<Scope>,
    pub(super) leeway: Duration,
    pub(super) max_token_bytes: usize,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether verified tokens are remembered.
    pub(super) caches: bool,
    /// Whether tokens with `cnf` pass, although nothing here asks for a proof of their key.
    pub(super) accepts_unproven_cnf: bool,
}

impl Settings {
    pub(super) fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            typ: AcceptedTyp::AccessToken,
            audience_claims: Vec::new(),
            subject_claims: Vec::new(),
            scope_claims: ScopeClaims::default(),
            required_claims: Vec::new(),
            accepted_scope: None,
            leeway: DEFAULT_LEEWAY,
            max_token_bytes: MAX_TOKEN_BYTES,
            clock,
            caches: true,
            accepts_unproven_cnf: false,
        }
    }

    /// Returns an empty cache, if verified tokens are remembered.
    pub(super) fn new_cache(&self) -> Option<Arc<Cache>> {
        self.caches.then(|| Arc::new(Cache::new()))
    }

    /// Returns a number for the claims that are read. Two verifiers with the same
    /// number see the same user in a token.
    pub(super) fn reading(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.audience_claims.hash(&mut hasher);
        self.subject_claims.hash(&mut hasher);
        self.scope_claims.hash(&mut hasher);
        hasher.finish()
    }
}
