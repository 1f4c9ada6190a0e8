//! The feed of revocations: a stream a bucket, on the node where the rows of that bucket are.
//!
//! Redis gives out an entry's number in the script that revokes, and runs one script at a time: what has a smaller number came before, so
//! whoever reads on after a number misses nothing.

use std::fmt;
use std::str::FromStr;

use redis::aio::ConnectionManager;
use redis::{Cmd, InfoDict, Pipeline, RedisResult, Value, from_redis_value};

use super::prefix::{BUCKETS, KeyPrefix};
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::token::SessionId;

/// The number of an entry of a stream.
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
        let (time, sequence) = text.split_once('-').ok_or("the number of an entry has two parts")?;
        Ok(Self(time.parse()?, sequence.parse()?))
    }
}

/// How far somebody has read.
#[derive(Clone)]
pub(super) struct Progress {
    /// Which run of the server, as a primary, on which database: after a restart, a failover or a `FLUSHALL` it is another, and entries may
    /// be gone. `None`: any will do, for nothing was read.
    pub(super) history: Option<String>,
    pub(super) last: [Number; BUCKETS],
}

impl Progress {
    pub(super) fn start(history: Option<String>) -> Self {
        Self { history, last: [Number::default(); BUCKETS] }
    }
}

/// As a cursor.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.history.as_deref().unwrap_or_default())?;
        self.last.iter().try_for_each(|number| write!(f, " {number}"))
    }
}

impl FromStr for Progress {
    type Err = BoxError;

    fn from_str(cursor: &str) -> Result<Self, BoxError> {
        let (history, numbers) = cursor.split_once(' ').ok_or("a cursor has a history and numbers")?;
        let numbers: Vec<Number> = numbers.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let last = numbers.try_into().map_err(|_| "a cursor has one number a bucket")?;
        Ok(Self { history: Some(history.to_owned()), last })
    }
}

/// What one round trip finds.
pub(super) struct Reading {
    /// `None`: this database has none yet.
    pub(super) history: Option<String>,
    pub(super) store_time: Timestamp,
    pub(super) feeds: Vec<Vec<Entry>>,
}

pub(super) struct Entry {
    pub(super) number: Number,
    /// `None`: not one that we wrote.
    pub(super) revoked: Option<(SessionId, Timestamp)>,
}

/// Reads on in every bucket, [`PAGE`] entries of each at most.
pub(super) async fn read(
    connection: &mut ConnectionManager,
    prefix: &KeyPrefix,
    after: &[Number; BUCKETS],
) -> Result<Reading, BoxError> {
    let mut pipeline = Pipeline::new();
    // One connection, so one server: the entries are of the run that `INFO` names.
    pipeline.cmd("INFO").arg("server").cmd("INFO").arg("replication").cmd("GET").arg(prefix.history()).cmd("TIME");
    for (bucket, number) in after.iter().enumerate() {
        pipeline.add_command(entries(prefix, bucket, *number));
    }
    let Answers { server, replication, born, time: (secs, micros), feeds } = split(pipeline.query_async(connection).await?)?;
    if replication.get::<String>("role").is_some_and(|role| role != "master") {
        // The name in the URL may lead to another by now: the next command connects anew.
        let _: RedisResult<()> = redis::cmd("QUIT").exec_async(connection).await;
        return Err("this Redis is a replica, and may lag: let the URL lead to the primary".into());
    }
    let run: String = server.get("run_id").ok_or("`INFO server` names no `run_id`")?;
    // One that was a replica for a while has another.
    let role: String = replication.get("master_replid").unwrap_or_default();
    Ok(Reading {
        history: born.map(|born| format!("{run}/{role}/{born}")),
        store_time: Timestamp::from_millis(secs * 1000 + micros / 1000),
        feeds: feeds.into_iter().map(parse).collect::<Result<_, _>>()?,
    })
}

struct Answers {
    server: InfoDict,
    replication: InfoDict,
    born: Option<String>,
    time: (u64, u64),
    feeds: Vec<Value>,
}

fn split(answers: Vec<Value>) -> Result<Answers, BoxError> {
    let mut answers = answers.into_iter();
    let mut next = || answers.next().ok_or("Redis answered less than it was asked");
    Ok(Answers {
        server: from_redis_value(next()?)?,
        replication: from_redis_value(next()?)?,
        born: from_redis_value(next()?)?,
        time: from_redis_value(next()?)?,
        feeds: answers.collect(),
    })
}

/// The entries of a bucket after a number, [`PAGE`] at most.
pub(super) fn entries(prefix: &KeyPrefix, bucket: usize, after: Number) -> Cmd {
    let mut entries = Cmd::new();
    entries.arg("XRANGE").arg(prefix.feed(bucket)).arg(format!("({after}")).arg("+").arg("COUNT").arg(PAGE);
    entries
}

pub(super) fn parse(entries: Value) -> Result<Vec<Entry>, BoxError> {
    let entries: Vec<(String, Vec<Vec<u8>>)> = from_redis_value(entries)?;
    let entry = |(number, fields): (String, Vec<Vec<u8>>)| {
        Ok(Entry { number: number.parse()?, revoked: fields.get(1).and_then(|packed| unpack(packed)) })
    };
    entries.into_iter().map(entry).collect()
}

/// What an entry says: the session, and when it was revoked by the clock of him who did.
pub(super) fn pack(id: &SessionId, at: Timestamp) -> Vec<u8> {
    [&id.as_bytes()[..], &at.as_millis().to_be_bytes()].concat()
}

fn unpack(packed: &[u8]) -> Option<(SessionId, Timestamp)> {
    let (id, at) = packed.split_first_chunk()?;
    Some((SessionId::from_bytes(*id), Timestamp::from_millis(u64::from_be_bytes(at.try_into().ok()?))))
}

/// Enters what has no row.
pub(super) fn enter(prefix: &KeyPrefix, id: &SessionId, at: Timestamp) -> Cmd {
    let mut enter = Cmd::new();
    enter.arg("XADD").arg(prefix.feed(super::prefix::bucket(id))).arg("*").arg("r").arg(pack(id, at));
    enter
}

/// Gives the database a history if it has none. Of several who try, one does.
pub(super) async fn begin_history(connection: &mut ConnectionManager, prefix: &KeyPrefix) -> Result<(), BoxError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    let value = format!("{:016x}", u64::from_be_bytes(random));
    let answer: RedisResult<()> = redis::cmd("SET").arg(prefix.history()).arg(value).arg("NX").query_async(connection).await;
    Ok(answer?)
}

/// As many entries as Redis reads in a moment.
pub(super) const PAGE: usize = 250;

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
    fn what_is_no_cursor_is_an_error() {
        let numbers = " 1-1".repeat(BUCKETS);
        assert!(format!("run/born{numbers}").parse::<Progress>().is_ok());
        for cursor in ["", "run", "run 1-1", " ", &format!("run{numbers} 1-1"), &format!("run{numbers}").replace("1-1", "1-x")] {
            assert!(cursor.parse::<Progress>().is_err(), "{cursor:?} was taken");
        }
    }
}
