//! Does the work of `delete_expired`. Redis lets rows expire by itself, and this deletes rows by
//! the given time, together with the entries that point to them.

use std::time::Duration;

use super::feed;
use super::link::Link;
use super::pipeline::{AT_ONCE, all};
use super::prefix::{FEEDS, KeyPrefix};
use super::progress::Number;
use super::row;
use super::rows::{end_each, read};
use super::statements::{Call, DELETE, call_all};
use super::subjects::{self, INDEX_BUCKETS};
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::SessionId;
use crate::store::retention::Ended;
use crate::store::revocation_reason::RevocationReason;
use crate::store::session::Session;

/// A clean-up of many short commands, so that a refresh may come between any two.
pub(super) struct CleanUp<'a> {
    pub(super) connection: Link,
    pub(super) prefix: &'a KeyPrefix,
    pub(super) now: Timestamp,
    pub(super) ended: Ended,
}

impl CleanUp<'_> {
    pub(super) async fn run(mut self) -> Result<u64, BoxError> {
        let mut deleted = 0;
        let keys: Vec<String> = (0..INDEX_BUCKETS)
            .map(|bucket| self.prefix.index(bucket))
            .collect();
        for keys in keys.chunks(AT_ONCE) {
            deleted += self.expired(keys).await?;
        }
        for feed in 0..FEEDS {
            deleted += self.revoked(feed).await?;
        }
        // This writes, so it comes last: where the memory is full, the feeds are shorter by now.
        for feed in 0..FEEDS {
            self.end_again(feed).await?;
        }
        Ok(deleted)
    }

    /// Deletes sessions that have ended according to the index. Each row decides itself. Revoked
    /// rows are left to the feed.
    async fn expired(&mut self, keys: &[String]) -> Result<u64, BoxError> {
        let mut deleted = 0;
        let expired = self.ended.expired;
        loop {
            let ended = keys
                .iter()
                .map(|key| subjects::ended(key, expired, AT_ONCE));
            let found: Vec<Vec<Vec<u8>>> = all(ended).query_async(&mut self.connection).await?;
            let ids: Vec<SessionId> = found
                .iter()
                .flatten()
                .filter_map(|member| subjects::id(member))
                .collect();
            deleted += self
                .delete(&ids, |session| {
                    session.revoked().is_none() && session.expires_at() <= expired
                })
                .await?;
            let some = keys
                .iter()
                .zip(&found)
                .filter(|(_, members)| !members.is_empty());
            let removals = all(some.map(|(key, members)| subjects::remove(key, members)));
            if removals.is_empty() {
                return Ok(deleted);
            }
            removals.exec_async(&mut self.connection).await?;
        }
    }

    /// Deletes revoked sessions by the numbers of their entries, which Redis made: rows have the
    /// time of the process that revoked them, whose clock may be wrong. A row that still lives is
    /// that of a revocation that was cut short: its session is over too.
    async fn revoked(&mut self, feed: usize) -> Result<u64, BoxError> {
        let mut deleted = 0;
        loop {
            let old = feed::entries(
                self.prefix,
                feed,
                Number::default(),
                self.ended.revoked.as_millis(),
            );
            let old = feed::parse(old.query_async(&mut self.connection).await?)?;
            if old.is_empty() {
                return Ok(deleted);
            }
            let ids: Vec<SessionId> = old.iter().filter_map(|(_, id)| *id).collect();
            deleted += self.delete(&ids, |_| true).await?;
            let numbers: Vec<String> = old.iter().map(|(number, _)| number.to_string()).collect();
            let mut remove = redis::cmd("XDEL");
            remove.arg(self.prefix.feed(feed)).arg(numbers);
            remove.exec_async(&mut self.connection).await?;
        }
    }

    /// Ends the sessions that are in the feed and live. A row and its entry may be on two
    /// nodes, so a failover may bring back the row alone, and a revocation may be cut short between
    /// them. A refresh would end them too, but processes forget an entry after the retention.
    async fn end_again(&mut self, feed: usize) -> Result<(), BoxError> {
        if !self.takes_turn(feed).await? {
            return Ok(());
        }
        self.end_live(feed).await?;
        self.has_had_turn(feed).await
    }

    async fn end_live(&mut self, feed: usize) -> Result<(), BoxError> {
        let mut after = Number::default();
        loop {
            let entries = feed::entries(self.prefix, feed, after, "+");
            let entries = feed::parse(entries.query_async(&mut self.connection).await?)?;
            let Some((last, _)) = entries.last() else {
                return Ok(());
            };
            after = *last;
            let ids: Vec<SessionId> = entries.iter().filter_map(|(_, id)| *id).collect();
            for ids in ids.chunks(AT_ONCE) {
                let live = self
                    .rows(ids, |session| session.revoked().is_none())
                    .await?;
                let live: Vec<SessionId> = live.into_iter().map(|(id, _)| id).collect();
                let record = RevocationReason::Other.at(self.now);
                end_each(&mut self.connection, self.prefix, &live, record).await?;
            }
        }
    }

    /// Returns whether no process has done this work in the last hours, or is doing it.
    async fn takes_turn(&mut self, feed: usize) -> Result<bool, BoxError> {
        let mut set = redis::cmd("SET");
        set.arg(self.prefix.turn(feed)).arg("").arg("NX");
        set.arg("PX").arg(TURN.as_millis() as u64);
        let taken: Option<String> = set.query_async(&mut self.connection).await?;
        Ok(taken.is_some())
    }

    /// Notes that the work is done, so that a process that dies in it leaves it for a short time.
    async fn has_had_turn(&mut self, feed: usize) -> Result<(), BoxError> {
        let mut set = redis::cmd("SET");
        set.arg(self.prefix.turn(feed)).arg("");
        set.arg("PX").arg((CLEAN_UP_EVERY / 2).as_millis() as u64);
        Ok(set.exec_async(&mut self.connection).await?)
    }

    /// Deletes the rows for which `has_ended` is true. A row of another version expires by itself.
    async fn delete(
        &mut self,
        ids: &[SessionId],
        has_ended: impl Fn(&Session) -> bool,
    ) -> Result<u64, BoxError> {
        let mut deleted = 0;
        for ids in ids.chunks(AT_ONCE) {
            let ended = self.rows(ids, &has_ended).await?.into_iter();
            let calls = ended.map(|(id, row)| Call {
                key: self.prefix.row(&id),
                args: vec![row],
            });
            let calls: Vec<Call> = calls.collect();
            deleted += call_all::<u64>(&mut self.connection, &DELETE, &calls)
                .await?
                .into_iter()
                .sum::<u64>();
        }
        Ok(deleted)
    }

    /// Reads the rows for which `is_one` is true. A row of another version is left alone.
    async fn rows(
        &mut self,
        ids: &[SessionId],
        is_one: impl Fn(&Session) -> bool,
    ) -> Result<Vec<(SessionId, Vec<u8>)>, BoxError> {
        let rows: Vec<Option<Vec<u8>>> = read(self.prefix, ids)
            .query_async(&mut self.connection)
            .await?;
        let rows = ids.iter().zip(rows);
        let there = rows.filter_map(|(id, row)| Some((*id, row?)));
        let chosen =
            there.filter(|(id, row)| row::decode(*id, row).is_ok_and(|session| is_one(&session)));
        Ok(chosen.collect())
    }
}

/// Redis lets rows expire by itself, and a clean-up is some 16,000 commands. It is shorter than
/// half of the retention, so each entry of the feed is looked at once after it is some hours old.
pub(super) const CLEAN_UP_EVERY: Duration = Duration::from_secs(10 * 3600);
/// The time in which a process does the work of one feed. If it takes longer, two do it.
const TURN: Duration = Duration::from_secs(600);
