//! Which hashes of Argon2 are weaker than others, or cost more, and what replaces them.

use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Params, Version};

/// Returns whether OWASP's cheat sheet allows these parameters.
pub(super) fn is_enough(memory_kib: u32, passes: u32) -> bool {
    memory_kib >= 19_456 && passes >= 2 || memory_kib >= 47_104 && passes >= 1
}

/// Returns the blocks that are computed, which take the time.
pub(super) fn work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

/// Returns whether a hash was made with another algorithm or version, less memory, less work, or a
/// shorter salt or output. Fewer passes are weaker only where OWASP does not allow them.
pub(super) fn is_weaker(stored: &PasswordHash, made_with: &Params, params: &Params) -> bool {
    let (memory, passes) = (made_with.m_cost(), made_with.t_cost());
    let salt = stored.salt.as_ref().map_or(0, |salt| salt.len());
    let output = stored.hash.as_ref().map_or(0, Output::len);
    stored.algorithm.as_str() != Algorithm::Argon2id.as_str()
        || version(stored) != Ok(Version::V0x13)
        || memory < params.m_cost()
        || work(made_with) < work(params)
        || passes < params.t_cost() && !is_enough(memory, passes)
        || salt < argon2::RECOMMENDED_SALT_LEN
        || output < Params::DEFAULT_OUTPUT_LEN
}

/// Returns the parameters of the hash that replaces a weaker one: these, with as much memory and as
/// much work as it had.
pub(super) fn replacing(made_with: &Params, params: &Params) -> Result<Params, argon2::Error> {
    let memory = made_with.m_cost().max(params.m_cost());
    // At most the passes of the stored hash, since there is as much memory.
    let passes = work(made_with).div_ceil(u64::from(memory));
    let passes =
        u32::try_from(passes).map_or(made_with.t_cost(), |passes| passes.max(params.t_cost()));
    Params::new(memory, passes, params.p_cost(), None)
}

/// Returns the version that a hash was made with. Hashes of the first version (0x10) do not name
/// it.
pub(super) fn version(stored: &PasswordHash) -> Result<Version, argon2::Error> {
    stored.version.map_or(Ok(Version::V0x10), Version::try_from)
}
