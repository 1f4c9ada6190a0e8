//! The feed of revocations: one stream for each bucket, on the node that has the rows of the
//! bucket.
//!
//! Redis makes the number of an entry in the script that revokes, and runs one script at a time. An
//! entry with a smaller number came before, so a reader that continues after a number misses
//! nothing.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{Cmd, InfoDict, Pipeline, RedisResult, ToRedisArgs, Value, from_redis_value};

use super::connection::run_id;
use super::prefix::{BUCKETS, KeyPrefix};
use super::time;
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::SessionId;
use crate::revocation::Revocation;

/// The number of an entry of a stream: its time in milliseconds by the clock of Redis, and its
/// place among the entries of that millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Number(u64, u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl FromStr for Number {
    type Err = BoxError;

    fn from_str(text: &str) -> Result<Self, BoxError> {
        let (time, sequence) = text
            .split_once('-')
            .ok_or("the number of an entry has two parts")?;
        Ok(Self(time.parse()?, sequence.parse()?))
    }
}

/// How far a reader has read the streams.
#[derive(Clone)]
pub(super) struct Progress {
    /// The run of the server as a primary, and the database. It changes after a restart, a failover
    /// or a `FLUSHALL`, when entries may be gone. `None` fits any history, because nothing was read
    /// yet.
    pub(super) history: Option<String>,
    pub(super) last: [Number; BUCKETS],
}

impl Progress {
    pub(super) fn start(history: Option<String>) -> Self {
        Self {
            history,
            last: [Number::default(); BUCKETS],
        }
    }
}

/// Writes the progress as a cursor.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.history.as_deref().unwrap_or_default())?;
        self.last
            .iter()
            .try_for_each(|number| write!(f, " {number}"))
    }
}

impl FromStr for Progress {
    type Err = BoxError;

    fn from_str(cursor: &str) -> Result<Self, BoxError> {
        let (history, numbers) = cursor
            .split_once(' ')
            .ok_or("a cursor has a history and numbers")?;
        let numbers: Vec<Number> = numbers
            .split(' ')
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let last = numbers
            .try_into()
            .map_err(|_| "a cursor has one number a bucket")?;
        Ok(Self {
            history: Some(history.to_owned()),
            last,
        })
    }
}

/// The result of one round trip.
pub(super) struct Reading {
    pub(super) is_replica: bool,
    /// The history of the database, or `None` if it has none yet.
    pub(super) history: Option<String>,
    pub(super) store_time: Timestamp,
    pub(super) feeds: Vec<Vec<Entry>>,
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

/// Reads the next entries of every bucket, at most [`PAGE`] of each.
pub(super) async fn read(
    connection: &mut ConnectionManager,
    prefix: &KeyPrefix,
    after: &[Number; BUCKETS],
) -> Result<Reading, BoxError> {
    let mut pipeline = Pipeline::new();
    // One connection means one server, so the entries are of the run that `INFO` names.
    pipeline
        .cmd("INFO")
        .arg("server")
        .cmd("INFO")
        .arg("replication")
        .cmd("GET")
        .arg(prefix.history())
        .cmd("TIME");
    for (bucket, number) in after.iter().enumerate() {
        pipeline.add_command(entries(prefix, bucket, *number, "+"));
    }
    reading(pipeline.query_async(connection).await?)
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
    let run = run_id(&server)?;
    // A server that was a replica for a while has another one.
    let role: String = replication.get("master_replid").unwrap_or_default();
    Ok(Reading {
        is_replica: replication
            .get::<String>("role")
            .is_some_and(|role| role != "master"),
        history: born.map(|born| format!("{run}/{role}/{born}")),
        store_time,
        feeds: feeds
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
        store_time: time::read(next()?)?,
        feeds: answers.collect(),
    })
}

/// Reads the entries of a bucket after a number, up to another number or to the end of a
/// millisecond, at most [`PAGE`].
pub(super) fn entries(
    prefix: &KeyPrefix,
    bucket: usize,
    after: Number,
    up_to: impl ToRedisArgs,
) -> Cmd {
    let mut entries = Cmd::new();
    entries
        .arg("XRANGE")
        .arg(prefix.feed(bucket))
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

/// Enters a session that has no row.
pub(super) fn enter(prefix: &KeyPrefix, id: &SessionId) -> Cmd {
    let mut enter = Cmd::new();
    enter
        .arg("XADD")
        .arg(prefix.feed(super::prefix::bucket(id)))
        .arg("*")
        .arg("r")
        .arg(id.as_bytes());
    enter
}

/// Gives the database a history if it has none. If several processes try, one of them succeeds.
pub(super) async fn begin_history(
    connection: &mut ConnectionManager,
    prefix: &KeyPrefix,
) -> Result<(), BoxError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    let value = format!("{:016x}", u64::from_be_bytes(random));
    let answer: RedisResult<()> = redis::cmd("SET")
        .arg(prefix.history())
        .arg(value)
        .arg("NX")
        .query_async(connection)
        .await;
    Ok(answer?)
}

/// The number of entries of each bucket in a page, which Redis reads in a moment.
pub(super) const PAGE: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let mut progress = Progress::start(Some("run/born".to_owned()));
        progress.last[3] = Number(1_800_000_000_000, 7);
        let read: Progress = progress.to_string().parse().unwrap();
        assert_eq!((read.history, read.last), (progress.history, progress.last));
    }

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

    #[test]
    fn what_is_no_cursor_is_an_error() {
        let numbers = " 1-1".repeat(BUCKETS);
        assert!(format!("run/born{numbers}").parse::<Progress>().is_ok());
        for cursor in [
            "",
            "run",
            "run 1-1",
            " ",
            &format!("run{numbers} 1-1"),
            &format!("run{numbers}").replace("1-1", "1-x"),
        ] {
            assert!(cursor.parse::<Progress>().is_err(), "{cursor:?} was taken");
        }
    }
}
