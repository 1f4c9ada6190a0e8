//! [`ScopeClaim`] is the claim that says what a token allows.

use serde_json::{Map, Value};

use super::wire::{MalformedClaims, SCOPE, SCP};
use crate::names::Scope;

/// The claim that says what a token allows.
#[derive(Clone, Debug, Default)]
pub(super) enum ScopeClaim {
    /// The claim `scope`, which is text (RFC 8693 section 4.2).
    #[default]
    Standard,
    /// The claim at this path, from the outermost object on. It is a list of words, or text.
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
                let scope = read(path, find(path, claims));
                claims.remove(SCOPE);
                scope
            }
        }
    }
}

/// Reads a list of words, or text. Only what is called `scope` or `scp` is written with spaces
/// between words; the role `admin assistant` is not the role `admin`.
fn read(path: &[Box<str>], claim: Option<&Value>) -> Result<Scope, MalformedClaims> {
    let is_of_words = matches!(path.last().map(|name| &**name), Some(SCOPE | SCP));
    match claim {
        None => Ok(Scope::default()),
        Some(Value::String(words)) if is_of_words => words.parse().map_err(|_| MalformedClaims),
        Some(Value::String(word)) => Ok(Scope::of_words([&**word])),
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
