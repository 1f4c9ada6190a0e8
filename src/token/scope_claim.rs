//! [`ScopeClaims`] are the claims that say what a token allows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claim_path::ClaimPath;
use super::json::{Json, Object};
use super::wire::{SCOPE, SCP};
use crate::names::Scope;

/// The claims that say what a token allows. It is the claim `scope` (RFC 8693 section 4.2), unless
/// others are named. Their words are united.
#[derive(Clone, Debug, Default, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<ClaimPath>", into = "Vec<ClaimPath>")]
pub(super) struct ScopeClaims(Arc<Vec<ClaimPath>>);

impl From<Vec<ClaimPath>> for ScopeClaims {
    fn from(paths: Vec<ClaimPath>) -> Self {
        Self(Arc::new(paths))
    }
}

impl From<ScopeClaims> for Vec<ClaimPath> {
    fn from(claims: ScopeClaims) -> Self {
        claims.0.to_vec()
    }
}

impl ScopeClaims {
    pub(super) fn add(&mut self, path: ClaimPath) {
        Arc::make_mut(&mut self.0).push(path);
    }

    /// Returns the words of all the claims. A claim that is absent or of another type allows
    /// nothing.
    pub(super) fn read(&self, claims: &Object<'_>) -> Scope {
        let mut words = Vec::new();
        match self.0.as_slice() {
            [] => {
                if let Some(claim) = claims.get(SCOPE) {
                    add_words(&mut words, SCOPE, claim);
                }
            }
            paths => {
                for path in paths {
                    if let Some(claim) = path.find(claims) {
                        add_words(&mut words, path.name(), claim);
                    }
                }
            }
        }
        Scope::of_words(words)
    }

    /// Returns the text of `scope`, if that claim alone counts and is not of another type. Then its
    /// words can be read later.
    pub(super) fn usual<'c>(&self, claims: &'c Object<'_>) -> Option<&'c str> {
        match claims.get(SCOPE) {
            _ if !self.0.is_empty() => None,
            None => Some(""),
            Some(claim) => claim.as_str(),
        }
    }

    /// Returns the claims, if they are others than `scope`.
    pub(super) fn unusual(&self) -> Option<Self> {
        (!self.0.is_empty()).then(|| self.clone())
    }

    /// Takes these claims out of others: what they allow is in `scope`.
    pub(super) fn take_out(&self, claims: &mut Map<String, Value>) {
        self.0.iter().for_each(|path| path.take_out(claims));
    }

    /// Returns the names of the claims, for people.
    pub(super) fn names(&self) -> String {
        match self.0.as_slice() {
            [] => SCOPE.to_owned(),
            paths => super::claim_path::names(paths),
        }
    }
}

/// Returns the words of a claim that is called `scope` or `scp`.
pub(super) fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ')
}

/// Adds the words of a claim. Only what is called `scope` or `scp` is written with spaces between
/// words; the role `admin assistant` is not the role `admin`.
fn add_words<'c>(words: &mut Vec<&'c str>, name: &str, claim: &'c Json<'_>) {
    match claim {
        Json::Text(text) if matches!(name, SCOPE | SCP) => words.extend(words_of(text)),
        Json::Text(word) => words.push(word),
        Json::List(list) => words.extend(list.iter().filter_map(Json::as_str)),
        // The roles of some issuers are the names of an object.
        Json::Object(roles) => {
            let is_granted = |value: &Json<'_>| !matches!(value, Json::Null | Json::False);
            let granted = roles.members().filter(|(_, value)| is_granted(value));
            words.extend(granted.map(|(role, _)| role));
        }
        _ => {}
    }
}
