//! [`Scope`]: what a token allows.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a token allows: a set of words (RFC 6749 section 3.3).
///
/// A word is made of visible ASCII without `"` and `\`. The order of words does not matter, and a
/// word that is repeated counts once: two scopes with the same words are equal.
/// [`as_str`](Self::as_str) keeps the order in which the words came.
///
/// ```
/// use tower_bearer::Scope;
///
/// let granted: Scope = "orders:read orders:write".parse()?;
/// assert!(granted.contains("orders:read"));
/// assert!(Scope::from_static("orders:read").is_subset_of(&granted));
/// assert_eq!(granted, Scope::from_static("orders:write orders:read"));
/// assert!("caf\u{e9}".parse::<Scope>().is_err());
///
/// // From the roles that a table has, and from words in the program's text.
/// let roles = vec!["orders:write".to_owned(), "orders:read".to_owned()];
/// assert_eq!(Scope::from_words(&roles)?, granted);
/// assert_eq!(["orders:read", "orders:write"].into_iter().collect::<Scope>(), granted);
/// # Ok::<(), tower_bearer::InvalidScope>(())
/// ```
#[derive(Clone, Default)]
pub struct Scope(Arc<str>);

impl Scope {
    /// A scope from a literal.
    ///
    /// # Panics
    ///
    /// If [`str::parse`] would refuse it. For text that comes from outside use `parse`.
    #[must_use]
    #[track_caller]
    pub fn from_static(scope: &'static str) -> Self {
        match scope.parse() {
            Ok(scope) => scope,
            Err(InvalidScope) => panic!("{scope:?} is not a scope: RFC 6749 section 3.3"),
        }
    }

    /// A scope from single words: the roles of a user in a table, say.
    ///
    /// ```
    /// use tower_bearer::Scope;
    ///
    /// assert_eq!(Scope::from_words(["b", "a"])?.as_str(), "b a");
    /// assert!(Scope::from_words(["reports admin"]).is_err());
    /// # Ok::<(), tower_bearer::InvalidScope>(())
    /// ```
    ///
    /// # Errors
    ///
    /// One of them is not a word (RFC 6749 section 3.3): it is empty, or has a character that is
    /// not allowed. A space is not allowed either: the word would become two others.
    pub fn from_words<W: AsRef<str>>(
        words: impl IntoIterator<Item = W>,
    ) -> Result<Self, InvalidScope> {
        let words: Vec<W> = words.into_iter().collect();
        if !words.iter().all(|word| is_word(word.as_ref())) {
            return Err(InvalidScope);
        }
        Ok(Self::joined(words.iter().map(AsRef::as_ref)))
    }

    /// The words that are scope tokens. One with a space is not: it would become two others.
    pub(crate) fn of_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        Self::joined(words.into_iter().filter(|word| is_word(word)))
    }

    pub(super) fn joined<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut seen = HashSet::new();
        Self(
            words
                .filter(|word| seen.insert(*word))
                .collect::<Vec<_>>()
                .join(" ")
                .into(),
        )
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

    fn sorted(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self.iter().collect();
        words.sort_unstable();
        words
    }
}

/// Equal if the words are the same, in whatever order.
impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.0.len() == other.0.len() && self.sorted() == other.sorted()
    }
}

impl Eq for Scope {}

impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sorted().hash(state);
    }
}

/// As text, with spaces between the words (RFC 8693 section 4.2).
impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// From text, with spaces between the words. Text that is not a scope is an error.
impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        if !text.bytes().all(is_allowed) {
            return Err(InvalidScope);
        }
        Ok(Self::joined(
            text.split(' ').filter(|word| !word.is_empty()),
        ))
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte != b' ' && is_allowed(byte))
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

/// Text that is not a scope: it has a character that RFC 6749 section 3.3 does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidScope;

impl fmt::Display for InvalidScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scope is visible ASCII, without quotes and backslashes")
    }
}

impl std::error::Error for InvalidScope {}
