//! [`Secret`] is the one secret of an application.
//!
//! It has no `Display` or `PartialEq`, and its `Debug` is redacted.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::error::ConfigError;

/// The one secret of an application: 32 bytes or more, from a random source.
///
/// Every key that the application needs is derived from it with HKDF (RFC 5869) and a label of its
/// own: the key of the refresh tokens, and the HS256 key where no asymmetric key is given. The
/// secret itself signs nothing.
///
/// It is wiped from memory when it is dropped, and so is each copy that is made of it here. The
/// text that [`new`](Self::new) takes belongs to the caller, who can give a `Zeroizing<String>` of
/// the crate `zeroize`. The environment of the process keeps its own copy.
///
/// **A new secret does not log users out.** A `Secret` is a ring: one secret is used, and any
/// number of previous ones are still accepted.
///
/// ```
/// use tower_bearer::Secret;
///
/// let new = Secret::new("vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe")?;
/// let old = Secret::new("Qy8fK2hV5tB9nM4xZ7cL1pR6wD3sJ0gA")?;
/// let ring = new.with_previous(old);
/// assert_eq!(format!("{ring:?}"), "Secret([redacted])");
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Secret {
    current: Zeroizing<Vec<u8>>,
    previous: Vec<Zeroizing<Vec<u8>>>,
}

impl Secret {
    /// Takes a secret as it is.
    ///
    /// # Errors
    ///
    /// The secret has fewer than 32 bytes (RFC 7518 section 3.2), appears in public tutorials, or
    /// repeats a few characters.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Self::named("the secret", secret.as_ref())
    }

    /// Reads a secret from the environment variable `name`. White space around it is removed.
    ///
    /// Previous secrets, which are still accepted, are read from `{name}_PREVIOUS`, separated by
    /// commas.
    ///
    /// # Errors
    ///
    /// The variable is absent or not UTF-8, or [`Secret::new`] refuses one of the values.
    pub fn from_env(name: &str) -> Result<Self, ConfigError> {
        let value = variable(name)?
            .ok_or_else(|| ConfigError::new(format!("{name} is not set. Try: {CURE}")))?;
        let mut secret = Self::named(name, value.trim().as_bytes())?;

        let previous_name = format!("{name}_PREVIOUS");
        // To go on without those that are not UTF-8 would log out every user.
        let previous = variable(&previous_name)?.unwrap_or_default();
        for value in previous
            .split(',')
            .map(str::trim)
            .filter(|value| !value.is_empty())
        {
            secret = secret.with_previous(Self::named(&previous_name, value.as_bytes())?);
        }
        Ok(secret)
    }

    /// Makes a new random secret. Unless the caller keeps it, all tokens that it signed are invalid
    /// once the process ends.
    ///
    /// # Errors
    ///
    /// The operating system has no randomness.
    pub fn random() -> Result<Self, ConfigError> {
        let mut bytes = Zeroizing::new(vec![0; 32]);
        getrandom::fill(&mut bytes).map_err(|error| {
            ConfigError::new(format!("no randomness from the operating system: {error}"))
        })?;
        Ok(Self {
            current: bytes,
            previous: Vec::new(),
        })
    }

    /// Takes any bytes, however weak. This is for tests only: an attacker who guesses the secret
    /// can log in as any user.
    #[must_use]
    pub fn dangerous_weak(secret: impl AsRef<[u8]>) -> Self {
        Self {
            current: Zeroizing::new(secret.as_ref().to_vec()),
            previous: Vec::new(),
        }
    }

    /// Goes on accepting the tokens that were made with `previous`, and with its own previous
    /// secrets. They sign nothing new.
    #[must_use]
    pub fn with_previous(mut self, previous: Self) -> Self {
        self.previous.push(previous.current);
        self.previous.extend(previous.previous);
        self
    }

    /// Derives one key for `label` from each secret of the ring, the current one first. A label is
    /// a literal, so none has a text of the application at its end: see
    /// [`derive_for`](Self::derive_for).
    pub(crate) fn derive<const N: usize>(
        &self,
        label: &'static str,
    ) -> impl Iterator<Item = Zeroizing<[u8; N]>> {
        self.expand(b"tower-bearer 1", label.into())
    }

    /// Derives one key for `label` and a name of the application's from each secret of the ring,
    /// the current one first. Each part begins with its length, so that no two pairs have the same
    /// bytes.
    pub(crate) fn derive_for<const N: usize>(
        &self,
        label: &'static str,
        name: &str,
    ) -> impl Iterator<Item = Zeroizing<[u8; N]>> {
        let mut info = Vec::new();
        for part in [label, name] {
            info.extend_from_slice(&(part.len() as u64).to_be_bytes());
            info.extend_from_slice(part.as_bytes());
        }
        self.expand(b"tower-bearer 2", info)
    }

    /// Derives the keys that the first version of [`derive_for`](Self::derive_for) made, so that
    /// what they have signed is still accepted. A name could be a part of another label there, so
    /// they sign nothing new.
    pub(crate) fn derive_former<const N: usize>(
        &self,
        label: &'static str,
        name: &str,
    ) -> impl Iterator<Item = Zeroizing<[u8; N]>> {
        self.expand(b"tower-bearer 1", format!("{label} {name}").into())
    }

    fn expand<const N: usize>(
        &self,
        version: &'static [u8],
        info: Vec<u8>,
    ) -> impl Iterator<Item = Zeroizing<[u8; N]>> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .map(move |secret| {
                let mut key = Zeroizing::new([0; N]);
                // Only the label tells keys apart, not their length: each label has one length,
                // since two keys of one label would share their first bytes.
                Hkdf::<Sha256>::new(Some(version), secret)
                    .expand(&info, &mut *key)
                    .expect("HKDF-SHA-256 gives up to 8160 bytes");
                key
            })
    }

    fn named(name: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        let length = secret.len();
        if length < MIN_BYTES {
            return Err(ConfigError::new(format!(
                "{name} is {length} bytes; {MIN_BYTES} are needed. Try: {CURE}"
            )));
        }
        if is_known(secret) {
            return Err(ConfigError::new(format!(
                "{name} appears in public tutorials, or is easily guessed. Try: {CURE}"
            )));
        }
        Ok(Self::dangerous_weak(secret))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// Reads a variable of the environment. Text that is not UTF-8 is wiped too.
fn variable(name: &str) -> Result<Option<Zeroizing<String>>, ConfigError> {
    let Some(value) = std::env::var_os(name) else {
        return Ok(None);
    };
    match String::from_utf8(value.into_encoded_bytes()) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(ConfigError::new(format!("{name} is not valid UTF-8")))
        }
    }
}

/// Returns whether `secret` was published, or is too regular to be random.
fn is_known(secret: &[u8]) -> bool {
    let lower = Zeroizing::new(secret.to_ascii_lowercase());
    let contains = |word: &str| {
        lower
            .windows(word.len())
            .any(|window| window == word.as_bytes())
    };

    let mut seen = [false; 256];
    for &byte in lower.iter() {
        seen[usize::from(byte)] = true;
    }
    let distinct = seen.iter().filter(|&&seen| seen).count();

    distinct < MIN_DISTINCT || PUBLISHED.iter().any(|word| contains(word))
}

const MIN_BYTES: usize = 32;
/// The minimum number of distinct characters. 32 random hexadecimal digits have fewer than this
/// once in 28 million times.
const MIN_DISTINCT: usize = 8;
const CURE: &str = "openssl rand -base64 48";

/// Parts of secrets that appear in tutorials, templates and documentation, in lower case.
const PUBLISHED: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "change me",
    "secret",
    "password",
    "keyboard cat",
    "keyboardcat",
    "randomstringtypicallyfromenv",
    "your-256-bit",
    "your_jwt",
    "your-jwt",
    "1234567890",
    "0123456789",
    "abcdefghijklmnop",
    // FastAPI's tutorial on OAuth 2.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // RFC 7515, appendix A.1.
    "aym1sysppbydfgzld3umj1qzkobwvmkoqq",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_makes_a_label_another_one() {
        let secret = Secret::dangerous_weak("one");
        let mut all: Vec<[u8; 32]> = [("key", "id shop"), ("key id", "shop"), ("key id shop", "")]
            .map(|(label, name)| *secret.derive_for(label, name).next().unwrap())
            .into();
        all.push(*secret.derive("key id shop").next().unwrap());
        // This is what was wrong with the former ones.
        let former = |label, name| *secret.derive_former::<32>(label, name).next().unwrap();
        assert_eq!(former("key", "id shop"), former("key id", "shop"));
        for (at, key) in all.iter().enumerate() {
            assert!(!all[..at].contains(key), "{at}");
        }
    }
}
