//! The scripts, which Redis runs in one step. Each uses one key, so a slot of a cluster may move
//! while they run.

use std::sync::LazyLock;

use redis::{
    ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, Script, ServerErrorKind,
};

use super::link::Link;

/// A script, and the hash by which a server knows it that has run it.
pub(super) struct Statement {
    text: &'static str,
    script: Script,
}

impl Statement {
    fn new(text: &'static str) -> Self {
        let script = Script::new(text);
        Self { text, script }
    }
}

pub(super) static REPLACE: LazyLock<Statement> =
    LazyLock::new(|| Statement::new(include_str!("replace.lua")));
pub(super) static REVOKE: LazyLock<Statement> =
    LazyLock::new(|| Statement::new(include_str!("revoke.lua")));
pub(super) static INDEX: LazyLock<Statement> =
    LazyLock::new(|| Statement::new(include_str!("index.lua")));
pub(super) static ENDED: LazyLock<Statement> =
    LazyLock::new(|| Statement::new(include_str!("ended.lua")));
pub(super) static DELETE: LazyLock<Statement> =
    LazyLock::new(|| Statement::new(include_str!("delete.lua")));
pub(super) static READ: LazyLock<Statement> =
    LazyLock::new(|| Statement::new(include_str!("read.lua")));
pub(super) static CHARGE: LazyLock<Statement> =
    LazyLock::new(|| Statement::new(include_str!("charge.lua")));
pub(super) static GIVE_BACK: LazyLock<Statement> =
    LazyLock::new(|| Statement::new(include_str!("give_back.lua")));

/// One call of a script, with its key and its arguments.
pub(super) struct Call {
    pub(super) key: Vec<u8>,
    pub(super) args: Vec<Vec<u8>>,
}

/// Calls a script many times in one round trip, and returns the results in the order of the calls.
///
/// A server that has not run the script since its start does not know it by its hash. Only the
/// calls that were refused for this reason are repeated, with the text of the script, so that each
/// comes to the server that refused it.
pub(super) async fn call_all<T: FromRedisValue>(
    link: &mut Link,
    statement: &Statement,
    calls: &[Call],
) -> RedisResult<Vec<T>> {
    let mut answers = pipelined(link, "EVALSHA", statement.script.get_hash(), calls).await?;
    if answers.iter().any(is_unknown) {
        let refused = |(_, answer): &(&Call, &RedisResult<T>)| is_unknown(answer);
        let again = calls.iter().zip(&answers).filter(refused);
        let again: Vec<&Call> = again.map(|(call, _)| call).collect();
        let mut late = pipelined(link, "EVAL", statement.text, again)
            .await?
            .into_iter();
        for answer in answers.iter_mut().filter(|answer| is_unknown(answer)) {
            if let Some(known) = late.next() {
                *answer = known;
            }
        }
    }
    answers.into_iter().collect()
}

async fn pipelined<T: FromRedisValue>(
    link: &mut Link,
    how: &str,
    script: &str,
    calls: impl IntoIterator<Item = &Call>,
) -> RedisResult<Vec<RedisResult<T>>> {
    let mut pipeline = Pipeline::new();
    for Call { key, args } in calls {
        pipeline.cmd(how).arg(script).arg(1).arg(key).arg(args);
    }
    if pipeline.is_empty() {
        return Ok(Vec::new());
    }
    pipeline.ignore_errors().query_async(link).await
}

fn is_unknown<T>(answer: &RedisResult<T>) -> bool {
    answer.as_ref().err().map(RedisError::kind)
        == Some(ErrorKind::Server(ServerErrorKind::NoScript))
}
