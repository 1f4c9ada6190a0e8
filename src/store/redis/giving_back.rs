//! How revocations that Redis has lost are given back by the processes that know of them.

use std::collections::HashSet;

use super::harmless::note;
use super::pipeline::AT_ONCE;
use super::progress::{Number, Progress};
use super::revoking::{NOT_ANNOUNCED, STAYS_IN_INDEX};
use super::store::RedisStore;
use super::{feed, rows, server};
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::SessionId;
use crate::store::revocation_reason::RevocationReason;

/// Lost sessions that nobody has given back yet.
///
/// The caller has just read all feeds and missed them, so only what was entered lately is read
/// again: with millions of entries the rest would take too long.
struct Missing {
    ids: HashSet<SessionId>,
    /// Those that other processes have entered meanwhile.
    entered: Vec<SessionId>,
    read_to: Progress,
}

impl RedisStore {
    /// Enters sessions that the store has lost into their feeds, and ends those of them that live.
    ///
    /// Many processes may have noticed the same loss at the same moment. So each looks, before each
    /// batch, at what the others have entered. Each has its own order of a `HashSet`, so most of
    /// their batches differ.
    pub(super) async fn revoke_lost(
        &self,
        ids: &[SessionId],
        now: Timestamp,
    ) -> Result<(), BoxError> {
        let Some(first) = ids.first() else {
            return Ok(());
        };
        let mut missing = self.missing(ids).await?;
        let (record, mut revoked) = (RevocationReason::Other.at(now), Vec::new());
        loop {
            self.look_on(&mut missing).await?;
            let batch: Vec<SessionId> = missing.ids.iter().take(AT_ONCE).copied().collect();
            if batch.is_empty() {
                break;
            }
            // It is finished before the next one begins, so that a call that is cut short leaves
            // less work for the next call.
            let mut link = self.connection.primary()?;
            feed::enter_each(&mut link, &self.prefix, &batch).await?;
            revoked.extend(rows::end_each(&mut link, &self.prefix, &batch, record).await?);
            batch.iter().for_each(|id| _ = missing.ids.remove(id));
        }
        for batch in missing.entered.chunks(AT_ONCE) {
            let mut link = self.connection.primary()?;
            revoked.extend(rows::end_each(&mut link, &self.prefix, batch, record).await?);
        }
        note(self.announce(first).await, NOT_ANNOUNCED);
        note(self.leave_index(&revoked).await, STAYS_IN_INDEX);
        Ok(())
    }

    async fn missing(&self, ids: &[SessionId]) -> Result<Missing, BoxError> {
        let mut link = self.connection.primary()?;
        let clock = server::time(redis::cmd("TIME").query_async(&mut link).await?)?;
        let lately = clock.as_millis().saturating_sub(LOOK_BACK_MILLIS);
        Ok(Missing {
            ids: ids.iter().copied().collect(),
            entered: Vec::new(),
            read_to: Progress::after(Number(lately, 0)),
        })
    }

    /// Moves what others have entered since the last look.
    async fn look_on(&self, missing: &mut Missing) -> Result<(), BoxError> {
        loop {
            let page = self.read_on(Some(missing.read_to.clone())).await?;
            let entered = page.revoked.iter();
            let entered = entered.filter_map(|revocation| missing.ids.take(&revocation.id));
            missing.entered.extend(entered);
            missing.read_to = page.cursor.as_str().parse()?;
            if !page.more {
                return Ok(());
            }
        }
    }
}

/// How far back to look for what other processes have given back. The clocks of nodes differ by
/// less.
const LOOK_BACK_MILLIS: u64 = 600_000;
