//! The scripts, which Redis runs in one step. Each uses the keys of one slot.

use std::sync::LazyLock;

use redis::aio::ConnectionManager;
use redis::{
    ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, Script, ServerErrorKind,
};

pub(super) static REPLACE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("replace.lua")));
pub(super) static REVOKE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("revoke.lua")));
pub(super) static INDEX: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("index.lua")));
pub(super) static ENDED: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("ended.lua")));
pub(super) static DELETE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("delete.lua")));
pub(super) static CHARGE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("charge.lua")));
pub(super) static GIVE_BACK: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("give_back.lua")));

/// One call of a script, with its keys and its arguments.
pub(super) struct Call {
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) args: Vec<Vec<u8>>,
}

/// Calls a script many times in one round trip, and returns the results in the order of the calls.
///
/// After a restart Redis does not know the script. Only the calls that it refused for this reason
/// are repeated.
pub(super) async fn call_all<T: FromRedisValue>(
    connection: &mut ConnectionManager,
    script: &Script,
    calls: &[Call],
) -> RedisResult<Vec<T>> {
    let mut answers = pipelined(connection, script, calls).await?;
    if answers.iter().any(is_unknown) {
        script.load_async(connection).await?;
        let refused = |(_, answer): &(&Call, &RedisResult<T>)| is_unknown(answer);
        let again: Vec<&Call> = calls
            .iter()
            .zip(&answers)
            .filter(refused)
            .map(|(call, _)| call)
            .collect();
        let mut late = pipelined(connection, script, again).await?.into_iter();
        for answer in answers.iter_mut().filter(|answer| is_unknown(answer)) {
            if let Some(known) = late.next() {
                *answer = known;
            }
        }
    }
    answers.into_iter().collect()
}

async fn pipelined<T: FromRedisValue>(
    connection: &mut ConnectionManager,
    script: &Script,
    calls: impl IntoIterator<Item = &Call>,
) -> RedisResult<Vec<RedisResult<T>>> {
    let mut pipeline = Pipeline::new();
    for Call { keys, args } in calls {
        pipeline
            .cmd("EVALSHA")
            .arg(script.get_hash())
            .arg(keys.len())
            .arg(keys)
            .arg(args);
    }
    if pipeline.is_empty() {
        return Ok(Vec::new());
    }
    pipeline.ignore_errors().query_async(connection).await
}

fn is_unknown<T>(answer: &RedisResult<T>) -> bool {
    answer.as_ref().err().map(RedisError::kind)
        == Some(ErrorKind::Server(ServerErrorKind::NoScript))
}
