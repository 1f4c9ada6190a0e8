//! Does the work of `delete_expired`. Redis lets rows expire by itself, and this deletes rows by
//! the given time, together with the entries that point to them.

use redis::aio::ConnectionManager;

use super::feed::{self, Number};
use super::prefix::{BUCKETS, KeyPrefix};
use super::row;
use super::rows::{AT_ONCE, all, read};
use super::statements::{Call, DELETE, call_all};
use super::subjects::{self, INDEX_BUCKETS};
use crate::error::BoxError;
use crate::names::SessionId;
use crate::store::retention::Ended;
use crate::store::session::Session;

/// A clean-up of many short commands, so that a refresh may come between any two.
pub(super) struct CleanUp<'a> {
    pub(super) connection: ConnectionManager,
    pub(super) prefix: &'a KeyPrefix,
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
        for bucket in 0..BUCKETS {
            deleted += self.revoked(bucket).await?;
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
    /// time of the process that revoked them, whose clock may be wrong.
    async fn revoked(&mut self, bucket: usize) -> Result<u64, BoxError> {
        let mut deleted = 0;
        loop {
            let old = feed::entries(
                self.prefix,
                bucket,
                Number::default(),
                self.ended.revoked.as_millis(),
            );
            let old = feed::parse(old.query_async(&mut self.connection).await?)?;
            if old.is_empty() {
                return Ok(deleted);
            }
            let ids: Vec<SessionId> = old.iter().filter_map(|(_, id)| *id).collect();
            deleted += self
                .delete(&ids, |session| session.revoked().is_some())
                .await?;
            let numbers: Vec<String> = old.iter().map(|(number, _)| number.to_string()).collect();
            let mut remove = redis::cmd("XDEL");
            remove.arg(self.prefix.feed(bucket)).arg(numbers);
            remove.exec_async(&mut self.connection).await?;
        }
    }

    /// Deletes the rows for which `has_ended` is true. A row of another version expires by itself.
    async fn delete(
        &mut self,
        ids: &[SessionId],
        has_ended: impl Fn(&Session) -> bool,
    ) -> Result<u64, BoxError> {
        let mut deleted = 0;
        for ids in ids.chunks(AT_ONCE) {
            let rows: Vec<Option<Vec<u8>>> = read(self.prefix, ids)
                .query_async(&mut self.connection)
                .await?;
            let mut calls = Vec::new();
            for (id, row) in ids.iter().zip(rows) {
                let Some(row) = row else { continue };
                if row::decode(*id, &row).is_ok_and(|session| has_ended(&session)) {
                    calls.push(Call {
                        keys: vec![self.prefix.row(id)],
                        args: vec![row],
                    });
                }
            }
            deleted += call_all::<u64>(&mut self.connection, &DELETE, &calls)
                .await?
                .into_iter()
                .sum::<u64>();
        }
        Ok(deleted)
    }
}
