//! [`Passwords`] hashes and verifies passwords with Argon2id, off the runtime's threads.

mod dearer;
mod former;
mod full_queue;
mod phc;
mod strength;
mod turns;

use std::fmt;
use std::sync::Arc;

use argon2::Params;
use zeroize::Zeroizing;

use dearer::DearerHashes;
use former::{FormerHashes, read_argon2, warn_of_unknown};
use full_queue::FullQueue;
use phc::{hash, verify, verify_former};
use strength::is_enough;
use turns::{Turn, Turns};

use crate::error::{BoxError, Busy, ConfigError};

/// Hashes and verifies passwords with Argon2id.
///
/// - The work is done on blocking threads, so that no other request waits for it.
/// - At most as many passwords are worked on at once as the machine has cores, each with 19 MiB of
///   memory that is used again and again. The others wait in a queue, and leave it when their
///   client is gone. It has 64 places for each of those that are worked on. Above that a password
///   is refused at once: the login is answered with 503 and `Retry-After`, and a warning is logged
///   once a minute.
/// - The same work is done for a user who does not exist, so that the response time does not tell
///   which users exist (OWASP ASVS 6.3.8). The times are equal once all hashes have the current
///   parameters: a weaker hash costs its own work as well. A hash with more work takes longer for
///   ever, so the first one is a warning: [give its parameters](Self::with_parameters).
/// - A hash that was made with weaker parameters, a shorter salt, or an older version of Argon2 is
///   hashed again when its password is next verified, so that the application can replace it. The
///   new hash has no less memory and work than the old one.
/// - [Hashes of another kind](Self::with_former_hashes), such as bcrypt, are verified by the
///   application, and replaced in the same way. Without that they fit no password, and answer as a
///   wrong password does.
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
    at_once: usize,
    max_waiting: Option<usize>,
    turns: Arc<Turns>,
    former: FormerHashes,
    full_queue: Arc<FullQueue>,
    dearer: Arc<DearerHashes>,
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
        /// A hash with the current parameters or more, where the stored one is weaker or of another
        /// kind.
        /// Replace the stored hash with it, but only if that has not changed since: the user may
        /// have a new password.
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
            at_once: cores,
            max_waiting: None,
            turns: turns(cores, None),
            former: FormerHashes::default(),
            full_queue: Arc::default(),
            dearer: Arc::default(),
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
        if !is_enough(memory_kib, passes) {
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
        self.at_once = at_once.max(1);
        self.turns = turns(self.at_once, self.max_waiting);
        self
    }

    /// Sets how many passwords wait at most, besides those that are worked on. The default is 64
    /// times the [concurrency](Self::with_concurrency), which takes one or two seconds.
    #[must_use]
    pub fn with_max_waiting(mut self, waiting: usize) -> Self {
        self.max_waiting = Some(waiting);
        self.turns = turns(self.at_once, self.max_waiting);
        self
    }

    /// Also verifies hashes that the application made before, with bcrypt, scrypt or PBKDF2 for
    /// example. `verify` takes the stored hash and the password. It returns whether they fit, or
    /// `None` if the hash is not of its kind. Of several closures the first that knows the hash
    /// counts.
    ///
    /// It is called on a blocking thread, and never for a hash of Argon2. It should compare in
    /// constant time, as the crates for these hashes do. After the right password
    /// [`Verification::Valid`] has a new hash, so the old ones go as their users log in. A wrong
    /// password costs the work of both kinds.
    ///
    /// ```
    /// use tower_bearer::Passwords;
    ///
    /// # mod bcrypt { pub fn verify(_: &str, _: &str) -> Result<bool, ()> { Ok(true) } }
    /// let passwords = Passwords::new().with_former_hashes(|stored, password| {
    ///     let is_bcrypt = stored.starts_with("$2");
    ///     is_bcrypt.then(|| bcrypt::verify(password, stored).unwrap_or(false))
    /// });
    /// ```
    ///
    /// A type of the crate `password-hash`, such as `scrypt::Scrypt` or `pbkdf2::Pbkdf2`, verifies
    /// in the same place:
    ///
    /// ```
    /// # mod scrypt {
    /// #     pub struct Scrypt;
    /// #     impl Scrypt {
    /// #         pub fn new() -> Self { Self }
    /// #         pub fn verify_password(&self, _: &[u8], _: &phc::PasswordHash) -> Result<(), ()> {
    /// #             Ok(())
    /// #         }
    /// #     }
    /// #     pub mod phc {
    /// #         pub struct PasswordHash;
    /// #         impl PasswordHash { pub fn new(_: &str) -> Result<Self, ()> { Ok(Self) } }
    /// #     }
    /// # }
    /// use scrypt::Scrypt;
    /// use scrypt::phc::PasswordHash;
    /// use tower_bearer::Passwords;
    ///
    /// let passwords = Passwords::new().with_former_hashes(|stored, password| {
    ///     // Hashes of other kinds have this form too, so look at the prefix first.
    ///     let hash = PasswordHash::new(stored.starts_with("$scrypt$").then_some(stored)?).ok()?;
    ///     Some(Scrypt::new().verify_password(password.as_bytes(), &hash).is_ok())
    /// });
    /// ```
    #[must_use]
    pub fn with_former_hashes<F>(mut self, verify: F) -> Self
    where
        F: Fn(&str, &str) -> Option<bool> + Send + Sync + 'static,
    {
        self.former.add(verify);
        self
    }

    /// Hashes a new password with a new salt. The result is a PHC string (`$argon2id$…`): store it
    /// as it is.
    ///
    /// # Errors
    ///
    /// See [`PasswordError`].
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let (params, password) = (self.params.clone(), Zeroizing::new(password.to_owned()));
        self.work(move |turn| hash(&params, &password, turn)).await
    }

    /// Verifies a password against the hash that was stored for the user. `None` means that the
    /// user does not exist, and takes as long.
    ///
    /// A hash that is neither a PHC string of Argon2 nor one of the [former
    /// hashes](Self::with_former_hashes) takes as long too, and is `Invalid`, because an error
    /// would tell which users have such a hash. A warning is logged.
    ///
    /// # Errors
    ///
    /// See [`PasswordError`]. An error does not mean that the password is wrong.
    pub async fn verify(
        &self,
        stored: Option<&str>,
        password: &str,
    ) -> Result<Verification, PasswordError> {
        let (params, password) = (self.params.clone(), Zeroizing::new(password.to_owned()));
        let Some(stored) = stored else {
            // The same work, so that it takes the same time.
            let work = move |turn: &mut Turn| hash(&params, &password, turn);
            return self.work(work).await.map(|_| Verification::Invalid);
        };
        let known = read_argon2(stored);
        if let Some(known) = &known {
            self.dearer.warn_of(known, &self.params);
        }
        let (copy, former) = (stored.to_owned(), self.former.clone());
        let work = move |turn: &mut Turn| match known {
            Some(known) => verify(&params, &password, &known, turn).map(Some),
            None => verify_former(&params, &password, former.verify(&copy, &password), turn),
        };
        let verified = self.work(work).await?;
        Ok(verified.unwrap_or_else(|| {
            warn_of_unknown(stored);
            Verification::Invalid
        }))
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Turn) -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = self.turns.take(self.params.block_count()).await;
        let Some(mut turn) = turn else {
            self.full_queue.warn();
            return Err(PasswordError(None));
        };
        // The permit moves into the work: a client that hangs up does not stop the work, so it must
        // not make room for more.
        let work = tokio::task::spawn_blocking(move || work(&mut turn));
        work.await
            .map_err(|error| PasswordError(Some(error.into())))?
            .map_err(|error| PasswordError(Some(error)))
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

/// A password could not be hashed or verified: too many others [wait](Self::is_busy), memory or
/// randomness ran out, or the runtime shuts down.
///
/// Return it from [`authenticate`](crate::Authenticate::authenticate): the response is 503 with
/// `Retry-After`.
#[derive(Debug)]
pub struct PasswordError(Option<BoxError>);

impl PasswordError {
    /// Returns whether the password was refused because too many others wait: see
    /// [`Passwords::with_max_waiting`]. Nothing was computed. Try again in a second.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            None => "too many passwords wait to be hashed or verified",
            Some(_) => "the password could not be hashed or verified",
        })
    }
}

impl std::error::Error for PasswordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match &self.0 {
            None => &Busy,
            Some(error) => &**error,
        })
    }
}

fn turns(at_once: usize, max_waiting: Option<usize>) -> Arc<Turns> {
    let each = at_once.saturating_mul(WAITING_EACH);
    Turns::new(at_once, max_waiting.unwrap_or(each))
}

fn params(memory_kib: u32, passes: u32, lanes: u32) -> Result<Params, ConfigError> {
    Params::new(memory_kib, passes, lanes, None)
        .map_err(|error| ConfigError::new(format!("Argon2 does not allow this: {error}")))
}

/// The passwords that wait for each permit. At 20 to 40 milliseconds each, the last one waits one
/// or two seconds.
const WAITING_EACH: usize = 64;
