//! Reads the clock of Redis.

use redis::{Value, from_redis_value};

use crate::clock::Timestamp;
use crate::error::BoxError;

/// Reads the answer to `TIME`: seconds, and microseconds. What is beyond the last [`Timestamp`] is
/// that one.
pub(super) fn read(answer: Value) -> Result<Timestamp, BoxError> {
    let (seconds, micros): (u64, u64) = from_redis_value(answer)?;
    Ok(Timestamp::from_millis(
        seconds.saturating_mul(1000).saturating_add(micros / 1000),
    ))
}
