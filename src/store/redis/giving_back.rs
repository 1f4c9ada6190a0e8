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

impl RedisStore {
    /// Enters sessions that the store has lost into their feeds, and ends those of them that live.
    pub(super) async fn revoke_lost(
        &self,
        ids: &[SessionId],
        now: Timestamp,
    ) -> Result<(), BoxError> {
        let Some(first) = ids.first() else {
            return Ok(());
        };
        let missing = self.not_entered_lately(ids).await?;
        let (record, mut revoked) = (RevocationReason::Other.at(now), Vec::new());
        // Each batch is finished before the next one begins, so that a call that is cut short
        // leaves less work for the next call.
        for batch in ids.chunks(AT_ONCE) {
            let missing = batch.iter().filter(|id| missing.contains(*id));
            let mut link = self.connection.primary()?;
            feed::enter_each(&mut link, &self.prefix, missing).await?;
            revoked.extend(rows::end_each(&mut link, &self.prefix, batch, record).await?);
        }
        note(self.announce(first).await, NOT_ANNOUNCED);
        note(self.leave_index(&revoked).await, STAYS_IN_INDEX);
        Ok(())
    }

    /// Returns those of these sessions that were not entered lately. Other processes may be giving
    /// back the same ones. The caller has just read the whole feed and missed them, so what is
    /// older is not read again: with millions of entries that would take too long.
    async fn not_entered_lately(&self, ids: &[SessionId]) -> Result<HashSet<SessionId>, BoxError> {
        let mut link = self.connection.primary()?;
        let clock = server::time(redis::cmd("TIME").query_async(&mut link).await?)?;
        let lately = clock.as_millis().saturating_sub(LOOK_BACK_MILLIS);
        let mut progress = Progress::after(Number(lately, 0));
        let mut missing: HashSet<SessionId> = ids.iter().copied().collect();
        loop {
            let page = self.read_on(Some(progress)).await?;
            for revocation in &page.revoked {
                missing.remove(&revocation.id);
            }
            if !page.more {
                return Ok(missing);
            }
            progress = page.cursor.as_str().parse()?;
        }
    }
}

/// How far back to look for what other processes have given back. The clocks of nodes differ by
/// less.
const LOOK_BACK_MILLIS: u64 = 600_000;
