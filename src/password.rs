//! [`Passwords`] hashes and verifies passwords with Argon2id, off the runtime's threads.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::{BoxError, ConfigError};

/// Hashes and verifies passwords with Argon2id.
///
/// - The work is done on blocking threads, so that no other request waits for it.
/// - At most as many passwords are worked on at once as the machine has cores, because each needs
///   19 MiB of memory. The others wait in a queue, and leave it when their client is gone.
/// - The same work is done for a user who does not exist, so that the response time does not tell
///   which users exist (OWASP ASVS 6.3.8). The times are equal once all hashes have the current
///   parameters: a weaker hash costs its own work as well.
/// - A hash that was made with weaker parameters is hashed again when its password is next
///   verified, so that the application can replace it.
///
/// Passwords are taken exactly as they are: no trimming, no truncation (OWASP ASVS 6.2.8).
///
/// ```
/// use tower_bearer::{Passwords, Verification};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let passwords = Passwords::new();
/// let stored = passwords.hash("wonderland-7").await?;
///
/// let right = passwords.verify(Some(&stored), "wonderland-7").await?;
/// assert!(matches!(right, Verification::Valid { .. }));
/// let wrong = passwords.verify(Some(&stored), "wonderland-8").await?;
/// assert!(matches!(wrong, Verification::Invalid));
/// // The user does not exist.
/// let unknown = passwords.verify(None, "wonderland-7").await?;
/// assert!(matches!(unknown, Verification::Invalid));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Passwords {
    params: Params,
    at_once: Arc<Semaphore>,
}

/// The result of [`Passwords::verify`]: whether a password is the user's.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a wrong password is not an error: it is `Ok(Verification::Invalid)`"]
pub enum Verification {
    /// The password is not the user's, or the user does not exist.
    Invalid,
    /// The password is the user's.
    #[non_exhaustive]
    Valid {
        /// A hash with the current parameters, where the stored one is weaker. Replace the stored
        /// hash with it, but only if that has not changed since: the user may have a new password.
        rehashed: Option<String>,
    },
}

impl Passwords {
    /// Uses Argon2id with 19 MiB, two passes and one lane, the minimum of OWASP's cheat sheet. As
    /// many passwords are worked on at once as the machine has cores.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            params: Params::default(),
            at_once: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Sets other parameters: the memory in KiB, the passes and the lanes.
    ///
    /// # Errors
    ///
    /// The parameters are below OWASP's minimum, which is 19456 KiB with two passes, or 47104 KiB
    /// with one; or Argon2 does not allow them.
    pub fn with_parameters(
        mut self,
        memory_kib: u32,
        passes: u32,
        lanes: u32,
    ) -> Result<Self, ConfigError> {
        if !(memory_kib >= 19_456 && passes >= 2 || memory_kib >= 47_104 && passes >= 1) {
            return Err(ConfigError::new(
                "Argon2id needs at least 19456 KiB and 2 passes, or 47104 KiB and 1 pass",
            ));
        }
        self.params = params(memory_kib, passes, lanes)?;
        Ok(self)
    }

    /// Sets parameters that make tests quick and are too weak for anything else.
    #[must_use]
    pub fn dangerous_weak(mut self) -> Self {
        self.params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap_or_default();
        self
    }

    /// Sets how many passwords are worked on at once, at least one. The default is the number of
    /// cores.
    #[must_use]
    pub fn with_concurrency(mut self, at_once: usize) -> Self {
        self.at_once = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
        self
    }

    /// Hashes a new password with a new salt. The result is a PHC string (`$argon2id$…`): store it
    /// as it is.
    ///
    /// # Errors
    ///
    /// See [`PasswordError`].
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let (hasher, password) = (self.hasher(), Zeroizing::new(password.to_owned()));
        self.work(move || hash(&hasher, &password)).await
    }

    /// Verifies a password against the hash that was stored for the user. `None` means that the
    /// user does not exist, and takes as long.
    ///
    /// # Errors
    ///
    /// The stored hash is not a PHC string of Argon2, or see [`PasswordError`]. An error does not
    /// mean that the password is wrong.
    pub async fn verify(
        &self,
        stored: Option<&str>,
        password: &str,
    ) -> Result<Verification, PasswordError> {
        let (hasher, password) = (self.hasher(), Zeroizing::new(password.to_owned()));
        let stored = stored.map(str::to_owned);
        self.work(move || match stored {
            Some(stored) => verify(&hasher, &password, &stored),
            // The same work, so that it takes the same time.
            None => hash(&hasher, &password).map(|_| Verification::Invalid),
        })
        .await
    }

    fn hasher(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = Arc::clone(&self.at_once)
            .acquire_owned()
            .await
            .map_err(|error| PasswordError(error.into()))?;
        // The permit moves into the work: a client that hangs up does not stop the work, so it must
        // not make room for more.
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        work.await
            .map_err(|error| PasswordError(error.into()))?
            .map_err(PasswordError)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("memory_kib", &self.params.m_cost())
            .field("passes", &self.params.t_cost())
            .field("lanes", &self.params.p_cost())
            .finish_non_exhaustive()
    }
}

/// Leaves out the hash.
impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("Invalid"),
            Self::Valid { rehashed } => f
                .debug_struct("Valid")
                .field("rehashed", &rehashed.is_some())
                .finish(),
        }
    }
}

/// A password could not be hashed or verified: the stored hash is malformed, memory or randomness
/// ran out, or the runtime shuts down.
#[derive(Debug)]
pub struct PasswordError(BoxError);

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password could not be hashed or verified")
    }
}

impl std::error::Error for PasswordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

fn hash(hasher: &Argon2<'_>, password: &str) -> Result<String, BoxError> {
    Ok(hasher.hash_password(password.as_bytes())?.to_string())
}

fn verify(hasher: &Argon2<'_>, password: &str, stored: &str) -> Result<Verification, BoxError> {
    let stored = PasswordHash::new(stored)?;
    match hasher.verify_password(password.as_bytes(), &stored) {
        Ok(()) => {
            let stale = is_weaker(&stored, hasher.params())?;
            Ok(Verification::Valid {
                rehashed: stale.then(|| hash(hasher, password)).transpose()?,
            })
        }
        Err(argon2::password_hash::Error::PasswordInvalid) => {
            // A weaker hash takes less time than the work for a user who does not exist.
            if is_weaker(&stored, hasher.params())? {
                hash(hasher, password)?;
            }
            Ok(Verification::Invalid)
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns whether a hash was made with another algorithm, less memory or fewer passes.
fn is_weaker(stored: &PasswordHash, params: &Params) -> Result<bool, BoxError> {
    let made_with = Params::try_from(stored)?;
    let is_argon2id = stored.algorithm.as_str() == Algorithm::Argon2id.as_str();
    Ok(
        !is_argon2id
            || made_with.m_cost() < params.m_cost()
            || made_with.t_cost() < params.t_cost(),
    )
}

fn params(memory_kib: u32, passes: u32, lanes: u32) -> Result<Params, ConfigError> {
    Params::new(memory_kib, passes, lanes, None)
        .map_err(|error| ConfigError::new(format!("Argon2 does not allow this: {error}")))
}
