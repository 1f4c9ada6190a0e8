//! [`Scope`] says what a token allows.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of words that says what a token allows (RFC 6749 section 3.3).
///
/// A word is made of visible ASCII characters without `"` and `\`. The order of words does not
/// matter, and a repeated word counts once: two scopes with the same words are equal.
/// [`as_str`](Self::as_str) keeps the original order of the words.
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
/// // From roles in a database, and from words in the program.
/// let roles = vec!["orders:write".to_owned(), "orders:read".to_owned()];
/// assert_eq!(Scope::from_words(&roles)?, granted);
/// assert_eq!(["orders:read", "orders:write"].into_iter().collect::<Scope>(), granted);
/// # Ok::<(), tower_bearer::names::InvalidScope>(())
/// ```
#[derive(Clone, Default)]
pub struct Scope(Arc<str>);

impl Scope {
    /// Makes a scope from a literal. For text that comes from outside use [`str::parse`].
    ///
    /// # Panics
    ///
    /// The literal is not a scope: [`str::parse`] would refuse it.
    #[must_use]
    #[track_caller]
    pub fn from_static(scope: &'static str) -> Self {
        match scope.parse() {
            Ok(scope) => scope,
            Err(InvalidScope) => panic!("{scope:?} is not a scope: RFC 6749 section 3.3"),
        }
    }

    /// Makes a scope from single words, such as the roles of a user in a database.
    ///
    /// ```
    /// use tower_bearer::Scope;
    ///
    /// assert_eq!(Scope::from_words(["b", "a"])?.as_str(), "b a");
    /// assert!(Scope::from_words(["reports admin"]).is_err());
    /// # Ok::<(), tower_bearer::names::InvalidScope>(())
    /// ```
    ///
    /// # Errors
    ///
    /// One of them is not a word (RFC 6749 section 3.3): it is empty, or has a character that is
    /// not allowed. A space is not allowed either, since it would make two words of one.
    pub fn from_words<W: AsRef<str>>(
        words: impl IntoIterator<Item = W>,
    ) -> Result<Self, InvalidScope> {
        let words: Vec<W> = words.into_iter().collect();
        if !words.iter().all(|word| is_word(word.as_ref())) {
            return Err(InvalidScope);
        }
        Ok(Self::joined(words.iter().map(AsRef::as_ref)))
    }

    /// Makes a scope from the words that are valid, and ignores the others. A word with a space is
    /// not valid: it would become two words.
    pub(crate) fn of_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        Self::joined(words.into_iter().filter(|word| is_word(word)))
    }

    pub(super) fn joined<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut all = Vec::new();
        // Few words are compared with each other, which is cheaper than a set.
        let mut seen = HashSet::new();
        for word in words {
            if all.len() == FEW && seen.is_empty() {
                seen.extend(all.iter().copied());
            }
            let is_new = if seen.is_empty() {
                !all.contains(&word)
            } else {
                seen.insert(word)
            };
            if is_new {
                all.push(word);
            }
        }
        Self(all.join(" ").into())
    }

    /// Returns the words, separated by one space each. It is empty where there are none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether there are no words, so that nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the words.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        // An empty text splits into one empty word.
        self.0.split(' ').filter(|word| !word.is_empty())
    }

    /// Returns whether `word` is one of the words.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.iter().any(|own| own == word)
    }

    /// Returns the words of both scopes.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::joined(self.iter().chain(other.iter()))
    }

    /// Returns the words that both scopes have.
    #[must_use]
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self::joined(self.iter().filter(|word| other.contains(word)))
    }

    /// Returns whether `other` has every word of this scope.
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

/// Scopes are equal if they have the same words, in any order.
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

/// Serializes as text, with spaces between the words (RFC 8693 section 4.2).
impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Deserializes from text, with spaces between the words. Text that is not a scope is an error.
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

/// The number of words up to which each is compared with each.
const FEW: usize = 16;

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte != b' ' && is_allowed(byte))
}

/// Allows the bytes of `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )` (RFC 6749 section 3.3), and
/// the space between two tokens.
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

/// The text is not a scope: it has a character that RFC 6749 section 3.3 does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidScope;

impl fmt::Display for InvalidScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scope is made of visible ASCII characters, without quotes and backslashes")
    }
}

impl std::error::Error for InvalidScope {}
