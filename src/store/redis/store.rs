//! [`RedisStore`] keeps sessions in Redis or Valkey.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::announcements::Subscription;
use super::clean_up::{CLEAN_UP_EVERY, CleanUp};
use super::connection::Connection;
use super::entered::Entered;
use super::harmless::note;
use super::index::Index;
use super::prefix::KeyPrefix;
use super::progress::Progress;
use super::pull::pull;
use super::statements::{Call, REPLACE, call_all};
use super::{changes, erasure, row, rows};
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::limits::REVOCATION_RETENTION;
use crate::names::SessionId;
use crate::revocation::Receipt;
use crate::store::answers::{DeletedSessions, RevokedSessions};
use crate::store::contract::{SessionStore, newest};
use crate::store::ephemeral::EphemeralStore;
use crate::store::error::StoreError;
use crate::store::feed::{Announcements, Cursor, RevocationPage};
use crate::store::place::{FailedAt, Place};
use crate::store::retention::{Ended, KEEP_EXPIRED};
use crate::store::revocation_reason::RevocationRecord;
use crate::store::selection::SessionSelection;
use crate::store::session::Session;
use async_trait::async_trait;

/// A store in Redis or Valkey, for many processes that share one server or one cluster.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_bearer::RedisStore;
///
/// let store = RedisStore::open("redis://127.0.0.1").await?;
/// # Ok(())
/// # }
/// ```
///
/// # What it needs
///
/// - Redis 6.2 or later (`SET … KEEPTTL` came with 6.0, exclusive ranges of `XRANGE` with 6.2),
///   or any Valkey. `docs/stores.md` has the rights of its user, as one `ACL SETUSER`.
/// - The primary. A replica may lag, so it is answered with 503. Every process checks this each
///   second.
/// - `maxmemory-policy noeviction`. Any other policy logs out users, and forgets logouts, when the
///   memory is full, and is refused if there is a `maxmemory`. With `noeviction` and a full memory,
///   logins, refreshes and logouts are answered with 503.
/// - For TLS (`rediss://`) a feature of the crate `redis`: add that crate to the application with
///   `tokio-rustls-comp` or `tokio-native-tls-comp`.
///
/// # What it stores
///
/// Each session has one key. With its entry in the index by subject it takes 210 to 240 bytes, for
/// a subject of 16 bytes, without device, stamp and data. The device and the data of one session
/// have at most 16 KiB together: `insert` and `replace` refuse more. The key expires by itself, one
/// day after the absolute lifetime of the session, or 24 hours, 6 minutes and 30 seconds after a
/// revocation. A refresh is one read and one script on this key.
///
/// The index is compact up to 1.5 million sessions with Redis's default `zset-max-listpack-entries
/// 128`. For more sessions raise it: 512 is enough for 7 million. Otherwise a session takes about
/// 335 bytes.
///
/// Every command has one key. In a cluster rows and the index are spread over all slots, and the
/// feed of revocations over sixteen.
///
/// # What survives
///
/// - With `appendonly yes` and `appendfsync always` all acknowledged changes survive, also a `kill
///   -9` and a power failure. Redis answers after the fsync.
/// - With `appendfsync everysec`, Redis's default with `appendonly yes`, a power failure may lose a
///   second or two. A `kill -9` may lose them too: while an fsync is under way Redis postpones its
///   writes, and answers before them.
/// - Without persistence, or with snapshots, a restart loses sessions, or revives sessions that
///   have ended since.
/// - A failover loses changes that the new primary had not received, because replication is
///   asynchronous. This store does not use `WAIT`.
///
/// In a cluster it may lose the end of a row and keep its entry in the feed: the next refresh ends
/// the row, or the clean-up, which looks at each entry before processes forget it.
///
/// A lost generation heals at the next refresh. A lost logout is entered again by any living
/// process that knows of it: the store notices by the server's run and by a key of its own that it
/// may have been set back, and returns everything that it has at the next pull. A logout that no
/// living process and no stamp knows stays lost. So a logout that has to survive everything needs
/// `appendfsync always`.
///
/// # When Redis is down
///
/// The store waits one second for a connection and two for an answer, and then fails, which is
/// answered with 503. It reconnects by itself within a second or two, even if Redis has refused a
/// handshake in the meantime, or if the connection stays open and silent.
#[derive(Clone)]
pub struct RedisStore {
    pub(super) index: Index,
    pub(super) entered: Arc<Entered>,
    pub(super) connection: Connection,
    pub(super) prefix: KeyPrefix,
    pub(super) place: Place,
}

impl RedisStore {
    pub(super) fn new(connection: Connection, place: Place) -> Self {
        let prefix = KeyPrefix::default();
        Self {
            index: Index::new(connection.clone(), prefix.clone()),
            entered: Arc::default(),
            connection,
            prefix,
            place,
        }
    }

    /// Sets the prefix of all keys, which is `tb` by default. Sessions with the previous prefix are
    /// no longer found.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: KeyPrefix) -> Self {
        self.index = Index::new(self.connection.clone(), prefix.clone());
        self.prefix = prefix;
        self
    }

    /// Reads revocations after what is known, or from the beginning.
    pub(super) async fn read_on(
        &self,
        known: Option<Progress>,
    ) -> Result<RevocationPage, BoxError> {
        let mut page = pull(&self.connection, &self.prefix, known.clone()).await;
        if page.is_err() {
            // The server may have closed a connection that was idle, or that of a process that was
            // frozen, and then the store is not at fault.
            self.connection.replace().await;
            page = pull(&self.connection, &self.prefix, known).await;
        }
        self.connection.note_pull(page.is_ok());
        if page.is_ok() {
            self.connection.set_replica(false);
            self.connection.check_settings().await;
        }
        page
    }
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let mut connection = self.connection.primary().failed_at(&self.place)?;
        self.index.enter(session).await.failed_at(&self.place)?;
        // A duration, not a moment, because the clocks need not agree.
        let stays = session.expires_at().saturating_since(session.created_at()) + KEEP_EXPIRED;
        let mut set = redis::cmd("SET");
        set.arg(self.prefix.row(session.id()))
            .arg(row::encode(session).failed_at(&self.place)?);
        set.arg("NX")
            .arg("PX")
            .arg(stays.min(LONGEST).as_millis() as u64);
        let done: Option<String> = set
            .query_async(&mut connection)
            .await
            .failed_at(&self.place)?;
        done.map(|_| ())
            .ok_or_else(|| self.place.failed("there is a session with this id already"))
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let mut connection = self.connection.primary().failed_at(&self.place)?;
        let mut get = redis::cmd("GET");
        let row: Option<Vec<u8>> = get
            .arg(self.prefix.row(id))
            .query_async(&mut connection)
            .await
            .failed_at(&self.place)?;
        row.map(|row| row::decode(*id, &row).failed_at(&self.place))
            .transpose()
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        let Some(expected) = next.parts().revision.checked_sub(1) else {
            return Ok(false);
        };
        let mut connection = self.connection.primary().failed_at(&self.place)?;
        let part = changes::encode(next.parts(), next.parts().revision).failed_at(&self.place)?;
        let call = Call {
            key: self.prefix.row(next.id()),
            args: vec![changes::encode_revision(expected), part],
        };
        let written = call_all::<bool>(&mut connection, &REPLACE, &[call]).await;
        let written = written.failed_at(&self.place)?.first() == Some(&true);
        if written && next.parts().generation == 1 && self.connection.is_cluster() {
            // A failover may have lost the entry of the login, and kept its row on another node.
            note(self.index.enter(next).await, NOT_IN_INDEX);
        }
        Ok(written)
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        self.confirm_all(&[Receipt::new(*id, generation)]).await
    }

    async fn confirm_all(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        let confirmed = rows::confirm_each(&self.connection, &self.prefix, receipts).await;
        confirmed.failed_at(&self.place)
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        let found = self.find(id).await?;
        let exists = found.is_some();
        // Access tokens of the session may be accepted for that long.
        let revoked = self.revoke_found(found, record, REVOCATION_RETENTION);
        let revoked = revoked.await.failed_at(&self.place)?;
        if exists && self.connection.is_cluster() {
            // The caller knows of it now. A caller of `revoke_all` does after the next pull.
            self.entered.note(*id);
        }
        Ok(revoked > 0)
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        let revoked = self.revoke_selected(selection, record).await;
        Ok(RevokedSessions::new(revoked.failed_at(&self.place)?))
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let all = Timestamp::from_millis(0);
        let candidates = self.index.candidates(selection.subject(), all).await;
        let candidates = candidates.failed_at(&self.place)?;
        let sessions = self.selected(selection, &candidates).await;
        let mut sessions = sessions.failed_at(&self.place)?;
        sessions.retain(|session| session.revoked().is_none() && session.expires_at() > now);
        Ok(newest(sessions))
    }

    /// Counts members of the index. Those of revoked sessions stay for a few minutes.
    async fn count(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let candidates = self.index.candidates(selection.subject(), now).await;
        Ok(candidates.failed_at(&self.place)?.len())
    }

    // Every process that serves requests calls this each second, which renews the connection.
    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        let known = cursor.and_then(|cursor| cursor.as_str().parse().ok());
        self.read_on(known).await.failed_at(&self.place)
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        self.revoke_lost(ids, now).await.failed_at(&self.place)
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        let subscription = Subscription::open(&self.connection, &self.prefix, &self.place);
        Ok(Some(Box::new(subscription.await?)))
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        let connection = self.connection.primary().failed_at(&self.place)?;
        let clean_up = CleanUp {
            connection,
            prefix: &self.prefix,
            now,
            ended: Ended::by(now),
        };
        Ok(DeletedSessions::new(
            clean_up.run().await.failed_at(&self.place)?,
        ))
    }

    fn clean_up_interval(&self) -> Duration {
        CLEAN_UP_EVERY
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        let erased = erasure::erase(&self.connection, &self.prefix, &self.index, selection).await;
        Ok(DeletedSessions::new(erased.failed_at(&self.place)?))
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        self
    }
}

/// Leaves out the client, whose URL may have a password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

const NOT_IN_INDEX: &str = "a session was not entered into the index again";
/// The longest time to live, a thousand years. Redis refuses moments beyond its calendar.
const LONGEST: Duration = Duration::from_secs(1000 * 365 * 24 * 3600);
