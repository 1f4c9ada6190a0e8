//! [`FormerHashes`] are hashes that are not of Argon2, made before the application used this crate.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Params, Version};

/// Verifies hashes of other kinds. A clone shares the closures.
#[derive(Clone, Default)]
pub(super) struct FormerHashes(Vec<Arc<VerifyFormer>>);

type VerifyFormer = dyn Fn(&str, &str) -> Option<bool> + Send + Sync;

impl FormerHashes {
    pub(super) fn add<F>(&mut self, verify: F)
    where
        F: Fn(&str, &str) -> Option<bool> + Send + Sync + 'static,
    {
        self.0.push(Arc::new(verify));
    }

    /// Returns whether a password is right, or `None` for a hash of an unknown kind.
    pub(super) fn verify(&self, stored: &str, password: &str) -> Option<bool> {
        self.0.iter().find_map(|verify| verify(stored, password))
    }
}

/// Warns of a hash of an unknown kind.
pub(super) fn warn_of_unknown(stored: &str) {
    tracing::warn!(
        kind = kind(stored),
        cure = "verify such hashes with `Passwords::with_former_hashes`",
        "a user's password cannot be verified, because its hash is of another kind"
    );
}

/// Reads a hash of Argon2, with parameters that a server can afford.
pub(super) fn read_argon2(stored: &str) -> Option<PasswordHash> {
    let hash = PasswordHash::new(stored).ok()?;
    let params = Params::try_from(&hash).ok()?;
    Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    hash.version.map(Version::try_from).transpose().ok()?;
    let is_whole = hash.salt.is_some() && hash.hash.is_some();
    let is_affordable = params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_PASSES;
    (is_whole && is_affordable).then_some(hash)
}

/// Returns the name of the algorithm, which begins the hash between two `$`.
fn kind(stored: &str) -> Option<&str> {
    let (kind, rest) = stored.strip_prefix('$')?.split_once('$')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!rest.is_empty() && kind.len() <= 32 && kind.bytes().all(is_name)).then_some(kind)
}

/// One GiB. A hash that needs more would end the process.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES: u32 = 100;
