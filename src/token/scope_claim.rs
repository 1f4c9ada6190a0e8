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

    /// Takes the scope out of the claims: `scope` is not an extra claim afterwards, wherever the
    /// scope was read. If the claim is absent, nothing is allowed.
    pub(super) fn take(&self, claims: &mut Map<String, Value>) -> Result<Scope, MalformedClaims> {
        match self {
            Self::Standard => match claims.remove(SCOPE) {
                None => Ok(Scope::default()),
                Some(Value::String(words)) => words.parse().map_err(|_| MalformedClaims),
                Some(_) => Err(MalformedClaims),
            },
            Self::At(path) => {
                let scope = read(find(path, claims));
                claims.remove(SCOPE);
                scope
            }
        }
    }
}

/// Reads text, or a list of words.
fn read(claim: Option<&Value>) -> Result<Scope, MalformedClaims> {
    match claim {
        None => Ok(Scope::default()),
        Some(Value::String(words)) => words.parse().map_err(|_| MalformedClaims),
        Some(Value::Array(words)) => {
            let words = words
                .iter()
                .map(|word| word.as_str().ok_or(MalformedClaims))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Scope::of_words(words))
        }
        Some(_) => Err(MalformedClaims),
    }
}

fn find<'c>(path: &[Box<str>], claims: &'c Map<String, Value>) -> Option<&'c Value> {
    let (last, way) = path.split_last()?;
    way.iter()
        .try_fold(claims, |object, name| object.get(&**name)?.as_object())?
        .get(&**last)
}
