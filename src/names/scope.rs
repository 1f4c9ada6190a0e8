//! [`Scope`]: what a token allows.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What a token allows: a set of words (RFC 6749 section 3.3).
///
/// A word is made of visible ASCII without `"` and `\`. Order does not matter, and a word that stands twice counts once.
///
/// ```
/// use tower_bearer::Scope;
///
/// let granted: Scope = "orders:read orders:write".parse()?;
/// assert!(granted.contains("orders:read"));
/// assert!(Scope::from_static("orders:read").is_subset_of(&granted));
/// assert!("caf\u{e9}".parse::<Scope>().is_err());
/// # Ok::<(), tower_bearer::InvalidScope>(())
/// ```
#[derive(Clone, Default)]
pub struct Scope(Arc<str>);

impl Scope {
    /// A scope that stands in the program's text.
    ///
    /// # Panics
    ///
    /// On what [`str::parse`] would refuse. For text that comes from outside use `parse`.
    #[must_use]
    pub fn from_static(scope: &'static str) -> Self {
        scope.parse().unwrap_or_else(|InvalidScope| panic!("{scope:?} is no scope: RFC 6749 section 3.3"))
    }

    /// The words that are scope tokens. One with a space is none: it would become two others.
    pub(crate) fn of_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let is_token = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte != b' ' && is_allowed(byte));
        Self::joined(words.into_iter().filter(is_token))
    }

    fn joined<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut seen = HashSet::new();
        Self(words.filter(|word| seen.insert(*word)).collect::<Vec<_>>().join(" ").into())
    }

    /// The words, separated by one space; empty where there are none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        // An empty text splits into one empty word.
        self.0.split(' ').filter(|word| !word.is_empty())
    }

    /// Whether `word` is among the words.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.iter().any(|own| own == word)
    }

    /// The words of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::joined(self.iter().chain(other.iter()))
    }

    /// The words that both have.
    #[must_use]
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self::joined(self.iter().filter(|word| other.contains(word)))
    }

    /// Whether every word is among those of `other`.
    #[must_use]
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|word| other.contains(word))
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        if !text.bytes().all(is_allowed) {
            return Err(InvalidScope);
        }
        Ok(Self::joined(text.split(' ').filter(|word| !word.is_empty())))
    }
}

/// scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), RFC 6749 section 3.3; and the space between two.
fn is_allowed(byte: u8) -> bool {
    matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({:?})", &*self.0)
    }
}

/// Text that is no scope: it bears a character that RFC 6749 section 3.3 does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidScope;

impl fmt::Display for InvalidScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scope is visible ASCII, without quotes and backslashes")
    }
}

impl std::error::Error for InvalidScope {}
