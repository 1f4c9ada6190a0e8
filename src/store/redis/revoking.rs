//! How sessions are revoked: they are entered into the feed, and then their rows end.

use std::time::Duration;

use redis::RedisResult;
use tokio::time::Instant;

use super::announcements::announce;
use super::harmless::note;
use super::prefix::feed_of;
use super::statements::{ENDED, call_all};
use super::store::RedisStore;
use super::{feed, rows};
use crate::error::BoxError;
use crate::names::SessionId;
use crate::store::revocation_reason::RevocationRecord;
use crate::store::selection::SessionSelection;
use crate::store::session::Session;

impl RedisStore {
    /// Returns the selected ones of these sessions. The index only has a part of the subject's
    /// hash, and knows no other field.
    pub(super) async fn selected(
        &self,
        selection: &SessionSelection,
        candidates: &[SessionId],
    ) -> Result<Vec<Session>, BoxError> {
        let mut sessions =
            rows::find_each(&mut self.connection.primary()?, &self.prefix, candidates).await?;
        sessions.retain(|session| selection.matches(session));
        Ok(sessions)
    }

    /// Revokes the selected sessions, some at a time, and returns how many.
    pub(super) async fn revoke_selected(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<u64, BoxError> {
        let (mut walk, mut ended) = (self.index.walk(selection.subject()).await?, 0);
        while let Some(candidates) = walk.next().await? {
            let found = self.selected(selection, &candidates).await?;
            ended += self.revoke_found(found, record, REPEATED_WITHIN).await?;
        }
        Ok(ended)
    }

    /// Revokes those of these sessions that live, and returns how many it ended. Those that have
    /// ended within this time are entered into their feeds again.
    pub(super) async fn revoke_found(
        &self,
        found: impl IntoIterator<Item = Session>,
        record: RevocationRecord,
        ended_within: Duration,
    ) -> Result<u64, BoxError> {
        let lives = |session: &Session| session.revoked().is_none();
        let (live, mut over): (Vec<_>, Vec<_>) = found.into_iter().partition(lives);
        over.retain(|session| {
            let ended = session.revoked();
            ended.is_some_and(|ended| record.at.saturating_since(ended.at) < ended_within)
        });
        let revoked = self.revoke_live(&live, record).await;
        self.enter_again(over).await?;
        revoked
    }

    /// Enters sessions whose rows have ended into their feeds again.
    ///
    /// In a cluster a failover may have lost the entry of a revocation and kept the row, on another
    /// node. A call that revokes the session once more finds the row here. One server loses the
    /// entry only together with the row, which ended after it.
    async fn enter_again(&self, mut over: Vec<Session>) -> Result<(), BoxError> {
        over.retain(|session| !self.entered.contains(session.id()));
        let Some(first) = over.first().filter(|_| self.connection.is_cluster()) else {
            return Ok(());
        };
        let ids: Vec<SessionId> = over.iter().map(|session| *session.id()).collect();
        let (mut link, began) = (self.connection.primary()?, Instant::now());
        feed::enter_each(&mut link, &self.prefix, &ids).await?;
        note(self.announce(first.id()).await, NOT_ANNOUNCED);
        self.enter_once_more(&ids, began).await?;
        // Once is enough: a client that repeats it must not make the feed grow.
        ids.into_iter().for_each(|id| self.entered.note(id));
        Ok(())
    }

    /// Revokes these sessions, which lived a moment ago, and returns how many it ended.
    ///
    /// They are entered into their feeds first, since a row and a feed may be on two nodes. If it
    /// is cut short after that, every process refuses the sessions, and the next refresh of one of
    /// them ends its row.
    async fn revoke_live(
        &self,
        live: &[Session],
        record: RevocationRecord,
    ) -> Result<u64, BoxError> {
        let Some(first) = live.first() else {
            return Ok(0);
        };
        let ids: Vec<SessionId> = live.iter().map(|session| *session.id()).collect();
        let (mut link, began) = (self.connection.primary()?, Instant::now());
        feed::enter_each(&mut link, &self.prefix, &ids).await?;
        let ended = rows::end_each(&mut link, &self.prefix, &ids, record).await;
        // The feed shows them, whatever became of their rows.
        note(self.announce(first.id()).await, NOT_ANNOUNCED);
        note(self.leave_index(live).await, STAYS_IN_INDEX);
        self.enter_once_more(&ids, began).await?;
        Ok(ended?.len() as u64)
    }

    /// Enters these sessions once more if it is long since they were. A failover in the meantime
    /// may have lost the entries, and this process may have read the feed before it knew of them.
    async fn enter_once_more(&self, ids: &[SessionId], began: Instant) -> Result<(), BoxError> {
        if began.elapsed() > SLOW {
            feed::enter_each(&mut self.connection.primary()?, &self.prefix, ids).await?;
        }
        Ok(())
    }

    /// Lets revoked sessions leave the index when their rows do.
    pub(super) async fn leave_index(&self, revoked: &[Session]) -> RedisResult<()> {
        let mut leave = Vec::with_capacity(revoked.len());
        for session in revoked {
            if let Ok(bucket) = self.index.bucket(session.subject()).await {
                leave.push(bucket.end(session.id()));
            }
        }
        let left = call_all::<()>(&mut self.connection.any(), &ENDED, &leave).await;
        left.map(drop)
    }

    pub(super) async fn announce(&self, revoked: &SessionId) -> RedisResult<()> {
        announce(&self.connection, &self.prefix, feed_of(revoked)).await
    }
}

/// A client repeats a failed logout of all sessions within this time. If it were longer, a user
/// with very many ended sessions could make the feeds grow.
const REPEATED_WITHIN: Duration = Duration::from_secs(600);
/// A failover takes longer.
const SLOW: Duration = Duration::from_millis(500);
pub(super) const NOT_ANNOUNCED: &str = "a revocation was not announced";
pub(super) const STAYS_IN_INDEX: &str = "a session did not leave the index";
