//! The feed of revocations: sixteen streams, spread over the nodes of a cluster.
//!
//! Redis makes the number of an entry when it adds it. An entry with a smaller number came before,
//! so a reader that continues after a number misses nothing.

use std::time::Duration;

use redis::{Cmd, InfoDict, Pipeline, RedisResult, ToRedisArgs, Value, from_redis_value};

use super::link::Link;
use super::pipeline::all;
use super::prefix::{KeyPrefix, feed_of};
use super::progress::{History, Number, Progress};
use super::server;
use super::statements::{Call, READ, call_all};
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::SessionId;
use crate::revocation::Revocation;

/// The answers of one server.
pub(super) struct Reading {
    pub(super) is_replica: bool,
    /// The history of the server, or `None` if it has none yet.
    pub(super) history: Option<History>,
    pub(super) store_time: Timestamp,
    /// The next entries of each of its feeds.
    pub(super) entries: Vec<Vec<Entry>>,
}

pub(super) struct Entry {
    pub(super) number: Number,
    /// How long ago the entry was made, by the clock of Redis.
    pub(super) age: Duration,
    /// The session, or `None` if this store did not write the entry.
    pub(super) revoked: Option<SessionId>,
}

impl Entry {
    pub(super) fn revocation(&self) -> Option<Revocation> {
        Some(Revocation::new(self.revoked?, self.age))
    }
}

/// Reads the next entries of the feeds of one server, at most [`PAGE`] of each.
pub(super) async fn read(
    link: &mut Link,
    prefix: &KeyPrefix,
    feeds: &[usize],
    after: &Progress,
) -> RedisResult<Vec<Value>> {
    let mut pipeline = Pipeline::new();
    pipeline
        .cmd("INFO")
        .arg("server")
        .cmd("INFO")
        .arg("replication")
        .cmd("GET")
        .arg(prefix.history(feeds[0]))
        .cmd("TIME");
    for feed in feeds {
        pipeline.add_command(entries(prefix, *feed, after.number(*feed), "+"));
    }
    // One server answers them all, so the entries are of the run that `INFO` names.
    link.at(prefix.feed(feeds[0]), &pipeline).await
}

/// Reads the same from wherever each of the feeds is, in one answer for each.
///
/// While the slot of a feed moves, the feed is on the one server or on the other, and the first
/// command alone is followed to where it is. So there is one, a script.
pub(super) async fn read_apart(
    link: &mut Link,
    prefix: &KeyPrefix,
    feeds: &[usize],
    after: &Progress,
) -> RedisResult<Vec<Vec<Value>>> {
    let mut get = redis::cmd("GET");
    let born: Value = get.arg(prefix.history(feeds[0])).query_async(link).await?;
    let calls: Vec<Call> = feeds
        .iter()
        .map(|feed| Call {
            key: prefix.feed(*feed).into_bytes(),
            args: vec![
                format!("({}", after.number(*feed)).into_bytes(),
                PAGE.to_string().into_bytes(),
            ],
        })
        .collect();
    let answers = call_all::<[Value; 4]>(link, &READ, &calls).await?;
    let answers = answers
        .into_iter()
        .map(|[server, replication, time, entries]| {
            vec![server, replication, born.clone(), time, entries]
        });
    Ok(answers.collect())
}

/// Makes a reading of what Redis answers.
pub(super) fn reading(answers: Vec<Value>) -> Result<Reading, BoxError> {
    let Answers {
        server,
        replication,
        born,
        store_time,
        feeds,
    } = split(answers)?;
    let run = server::run_id(&server)?;
    // A server that was a replica for a while has another one.
    let role: String = replication.get("master_replid").unwrap_or_default();
    Ok(Reading {
        is_replica: replication
            .get::<String>("role")
            .is_some_and(|role| role != "master"),
        history: born.map(|born| History::of(&run, &role, &born)),
        store_time,
        entries: feeds
            .into_iter()
            .map(|entries| Ok::<_, BoxError>(aged(parse(entries)?, store_time)))
            .collect::<Result<_, _>>()?,
    })
}

struct Answers {
    server: InfoDict,
    replication: InfoDict,
    born: Option<String>,
    store_time: Timestamp,
    feeds: Vec<Value>,
}

fn split(answers: Vec<Value>) -> Result<Answers, BoxError> {
    let mut answers = answers.into_iter();
    let mut next = || {
        answers
            .next()
            .ok_or("Redis answered fewer commands than were sent")
    };
    Ok(Answers {
        server: from_redis_value(next()?)?,
        replication: from_redis_value(next()?)?,
        born: from_redis_value(next()?)?,
        store_time: server::time(next()?)?,
        feeds: answers.collect(),
    })
}

/// Reads the entries of a feed after a number, up to another number or to the end of a
/// millisecond, at most [`PAGE`].
pub(super) fn entries(
    prefix: &KeyPrefix,
    feed: usize,
    after: Number,
    up_to: impl ToRedisArgs,
) -> Cmd {
    let mut entries = Cmd::new();
    entries
        .arg("XRANGE")
        .arg(prefix.feed(feed))
        .arg(format!("({after}"))
        .arg(up_to)
        .arg("COUNT")
        .arg(PAGE);
    entries
}

/// Parses entries of a stream. An entry that this store did not write has no session.
pub(super) fn parse(entries: Value) -> Result<Vec<(Number, Option<SessionId>)>, BoxError> {
    let entries: Vec<(String, Vec<Vec<u8>>)> = from_redis_value(entries)?;
    let entry = |(number, fields): (String, Vec<Vec<u8>>)| {
        let id = fields.get(1).and_then(|id| id.as_slice().try_into().ok());
        Ok((number.parse()?, id.map(SessionId::from_bytes)))
    };
    entries.into_iter().map(entry).collect()
}

fn aged(entries: Vec<(Number, Option<SessionId>)>, store_time: Timestamp) -> Vec<Entry> {
    let age = |number: Number| store_time.saturating_since(Timestamp::from_millis(number.0));
    entries
        .into_iter()
        .map(|(number, revoked)| Entry {
            number,
            age: age(number),
            revoked,
        })
        .collect()
}

/// Enters sessions.
pub(super) async fn enter_each(
    link: &mut Link,
    prefix: &KeyPrefix,
    ids: impl IntoIterator<Item = &SessionId>,
) -> RedisResult<()> {
    let enter = |id: &SessionId| {
        let mut enter = redis::cmd("XADD");
        enter.arg(prefix.feed(feed_of(id))).arg("*");
        enter.arg("r").arg(id.as_bytes());
        enter
    };
    let entries = all(ids.into_iter().map(enter));
    if entries.is_empty() {
        return Ok(());
    }
    entries.exec_async(link).await
}

/// Gives the server of a feed a history if it has none. If several processes try, one of them
/// succeeds.
pub(super) async fn begin_history(
    link: &mut Link,
    prefix: &KeyPrefix,
    feed: usize,
) -> Result<(), BoxError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    let value = format!("{:016x}", u64::from_be_bytes(random));
    let answer: RedisResult<()> = redis::cmd("SET")
        .arg(prefix.history(feed))
        .arg(value)
        .arg("NX")
        .query_async(link)
        .await;
    Ok(answer?)
}

/// The number of entries of each feed in a page, which Redis reads in a moment.
pub(super) const PAGE: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_as_old_as_its_number_says() {
        let age = |number| aged(vec![(number, None)], Timestamp::from_millis(5000))[0].age;
        assert_eq!(age(Number(3500, 7)), Duration::from_millis(1500));
        // The clock of Redis went back.
        assert_eq!(age(Number(u64::MAX, 0)), Duration::ZERO);
    }

    #[test]
    fn a_clock_of_redis_beyond_all_bounds_is_the_last_moment() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let time = Value::Array(vec![text("18446744073709551615"), text("999999")]);
        let (server, replication) = (text("run_id:a\r\n"), text("role:master\r\n"));
        let reading = reading(vec![server, replication, Value::Nil, time]).unwrap();
        assert_eq!(reading.store_time, Timestamp::from_millis(u64::MAX));
    }
}
