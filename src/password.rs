//! [`Passwords`]: Argon2id, off the runtime's threads.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::{BoxError, ConfigError};

/// Hashes and checks passwords by Argon2id, off the runtime's threads, a few at once.
///
/// - The work is done on blocking threads, so that no other request waits for it.
/// - At most as many at once as the machine has cores: each takes 19 MiB. The rest wait in line,
///   and leave it when their client is gone.
/// - For a user who does not exist the same work is done, so that nobody learns from the time who
///   has an account (OWASP ASVS 6.3.8). That is exact once all hashes have today's parameters: a
///   weaker one costs its own work besides.
/// - A hash that was made with weaker parameters is made anew when its password is next seen.
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
/// // There is no such user.
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

/// Whether a password is the user's.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a wrong password is not an error: it is `Ok(Verification::Invalid)`"]
pub enum Verification {
    /// It is not the user's password, or there is no such user.
    Invalid,
    /// It is the user's password.
    #[non_exhaustive]
    Valid {
        /// A hash with today's parameters, to be stored in place of a weaker one: only if that is
        /// still there, since the password may have changed meanwhile.
        rehashed: Option<String>,
    },
}

impl Passwords {
    /// Argon2id with 19 MiB, two passes and one lane, which OWASP's cheat sheet asks for at the
    /// least; as many at once as there are cores.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            params: Params::default(),
            at_once: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Other parameters: memory in KiB, passes, lanes.
    ///
    /// # Errors
    ///
    /// Less than OWASP's least: 19456 KiB and two passes, or more memory and one pass from 47104
    /// KiB on; or what Argon2 does not allow.
    pub fn with_parameters(
        mut self,
        memory_kib: u32,
        passes: u32,
        lanes: u32,
    ) -> Result<Self, ConfigError> {
        if !(memory_kib >= 19_456 && passes >= 2 || memory_kib >= 47_104 && passes >= 1) {
            return Err(ConfigError::new(
                "Argon2id needs 19456 KiB and 2 passes, or 47104 KiB and 1 pass, at the least",
            ));
        }
        self.params = params(memory_kib, passes, lanes)?;
        Ok(self)
    }

    /// Parameters that are too weak for anything but tests, which they make quick.
    #[must_use]
    pub fn dangerous_weak(mut self) -> Self {
        self.params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap_or_default();
        self
    }

    /// How many passwords are worked on at once. At least one.
    #[must_use]
    pub fn with_concurrency(mut self, at_once: usize) -> Self {
        self.at_once = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
        self
    }

    /// Hashes a new password, with a new salt. The result is a PHC string (`$argon2id$…`) to be
    /// stored as it is.
    ///
    /// # Errors
    ///
    /// See [`PasswordError`].
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let (hasher, password) = (self.hasher(), Zeroizing::new(password.to_owned()));
        self.work(move || hash(&hasher, &password)).await
    }

    /// Verifies a password against the hash that was stored for the user; `None` where there is no
    /// such user, which takes as long.
    ///
    /// # Errors
    ///
    /// What was stored is not a PHC string of Argon2, or see [`PasswordError`]. It does not mean
    /// that the password was wrong.
    pub async fn verify(
        &self,
        stored: Option<&str>,
        password: &str,
    ) -> Result<Verification, PasswordError> {
        let (hasher, password) = (self.hasher(), Zeroizing::new(password.to_owned()));
        let stored = stored.map(str::to_owned);
        self.work(move || match stored {
            Some(stored) => verify(&hasher, &password, &stored),
            // The same work, for nothing.
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
        // The permit goes along: a client that hangs up does not stop the work, so it must not make
        // room for more.
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

/// A password could not be worked on: what was stored is malformed, memory or randomness ran out,
/// or the runtime shuts down.
#[derive(Debug)]
pub struct PasswordError(BoxError);

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password could not be worked on")
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
            // A weaker hash was quicker than the work for a user who does not exist.
            if is_weaker(&stored, hasher.params())? {
                hash(hasher, password)?;
            }
            Ok(Verification::Invalid)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a hash was made by another algorithm, or with less of anything that makes it slow.
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
        .map_err(|error| ConfigError::new(format!("Argon2 refuses: {error}")))
}
