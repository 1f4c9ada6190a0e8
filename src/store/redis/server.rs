//! Reads which run of a server answers, and its clock.

use redis::{InfoDict, Value, from_redis_value};

use crate::clock::Timestamp;
use crate::error::BoxError;

/// Returns the id that a server has from its start to its end.
pub(super) fn run_id(server: &InfoDict) -> Result<String, BoxError> {
    let run = server.get("run_id");
    run.ok_or_else(|| "`INFO server` names no `run_id`".into())
}

/// Reads the answer to `TIME`: seconds, and microseconds. What is beyond the last [`Timestamp`] is
/// that one.
pub(super) fn time(answer: Value) -> Result<Timestamp, BoxError> {
    let (seconds, micros): (u64, u64) = from_redis_value(answer)?;
    Ok(Timestamp::from_millis(
        seconds.saturating_mul(1000).saturating_add(micros / 1000),
    ))
}
