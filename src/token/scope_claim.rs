//! [`ScopeClaim`] is the claim that says what a token allows.

use serde_json::{Map, Value};

use super::wire::{MalformedClaims, SCOPE};
use crate::names::Scope;

/// The claim that says what a token allows.
#[derive(Clone, Debug, Default)]
pub(super) enum ScopeClaim {
    /// The claim `scope`, which is text (RFC 8693 section 4.2).
    #[default]
    Standard,
    /// The claim at this path, from the outermost object on. It is text, or a list of words.
    At(Vec<Box<str>>),
}

impl ScopeClaim {
    pub(super) fn at(path: &[&str]) -> Self {
        Self::At(path.iter().map(|&name| name.into()).collect())
    }

    /// Reads the scope. If the claim is absent, nothing is allowed.
    pub(super) fn read(&self, claims: &Map<String, Value>) -> Result<Scope, MalformedClaims> {
        match (self.find(claims), self) {
            (None, _) => Ok(Scope::default()),
            (Some(Value::String(words)), _) => words.parse().map_err(|_| MalformedClaims),
            (Some(Value::Array(words)), Self::At(_)) => {
                let words = words
                    .iter()
                    .map(|word| word.as_str().ok_or(MalformedClaims))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Scope::of_words(words))
            }
            (Some(_), _) => Err(MalformedClaims),
        }
    }

    fn find<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c Value> {
        match self {
            Self::Standard => claims.get(SCOPE),
            Self::At(path) => {
                let (last, way) = path.split_last()?;
                way.iter()
                    .try_fold(claims, |object, name| object.get(&**name)?.as_object())?
                    .get(&**last)
            }
        }
    }
}
