//! Computes Argon2 in given memory, and reads and writes its PHC strings.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};

use super::Verification;
use super::strength::{is_weaker, replacing, version};
use super::turns::Turn;
use crate::error::BoxError;

/// Hashes with a new salt, as a PHC string.
pub(super) fn hash(params: &Params, password: &str, turn: &mut Turn) -> Result<String, BoxError> {
    let mut salt = [0; argon2::RECOMMENDED_SALT_LEN];
    getrandom::fill(&mut salt)?;
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let hasher = Argon2::new(algorithm, version, params.clone());
    let output = compute(&hasher, password, &salt, turn)?;
    let hash = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(&salt)?),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// Verifies with the parameters of the stored hash. `params` are those of new hashes.
pub(super) fn verify(
    params: &Params,
    password: &str,
    stored: &PasswordHash,
    turn: &mut Turn,
) -> Result<Verification, BoxError> {
    let made_with = Params::try_from(stored)?;
    let is_weaker = is_weaker(stored, &made_with, params);
    let anew = is_weaker
        .then(|| replacing(&made_with, params))
        .transpose()?;
    if !is_right(stored, made_with, password, turn)? {
        // A weaker hash takes less time than the work for a user who does not exist.
        if is_weaker {
            hash(params, password, turn)?;
        }
        return Ok(Verification::Invalid);
    }
    Ok(Verification::Valid {
        rehashed: anew.map(|anew| hash(&anew, password, turn)).transpose()?,
    })
}

/// Returns the verification of a hash of another kind, if that is known. It does the work for a
/// user who does not exist too.
pub(super) fn verify_former(
    params: &Params,
    password: &str,
    is_right: Option<bool>,
    turn: &mut Turn,
) -> Result<Option<Verification>, BoxError> {
    let rehashed = hash(params, password, turn)?;
    Ok(is_right.map(|is_right| {
        if !is_right {
            return Verification::Invalid;
        }
        Verification::Valid {
            rehashed: Some(rehashed),
        }
    }))
}

fn is_right(
    stored: &PasswordHash,
    made_with: Params,
    password: &str,
    turn: &mut Turn,
) -> Result<bool, BoxError> {
    let algorithm = Algorithm::try_from(stored.algorithm.as_str())?;
    let version = version(stored)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Ok(false);
    };
    let hasher = Argon2::new(algorithm, version, made_with);
    // The comparison of outputs takes the same time wherever they differ.
    Ok(compute(&hasher, password, salt, turn)? == *expected)
}

fn compute(
    hasher: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    turn: &mut Turn,
) -> Result<Output, BoxError> {
    let params = hasher.params();
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let blocks = turn.blocks(params.block_count())?;
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..length)
        .ok_or(argon2::password_hash::Error::OutputSize)?;
    hasher.hash_password_into_with_memory(password.as_bytes(), salt, output, blocks)?;
    Ok(Output::new(output)?)
}
