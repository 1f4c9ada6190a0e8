//! [`Erasure`] is the receipt for a user whose data was deleted from the store.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::error::SessionError;
use super::event::AuthEventKind;
use super::events::Whose;
use super::sessions::Sessions;
use crate::clock::Timestamp;
use crate::limits::REVOCATION_RETENTION;
use crate::names::Subject;
use crate::revocation::ensure_started;
use crate::store::RevocationReason;

/// The receipt of [`Sessions::erase`]: what was deleted, and when.
///
/// It does not name the user, so it may be filed. As JSON the moments are seconds since the epoch:
/// `{"sessions":3,"erased_at":1800000000,"ids_kept_until":1800086790}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    sessions: u64,
    erased_at: Timestamp,
}

impl Erasure {
    /// Returns how many sessions were deleted by this call, including sessions that had ended.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.sessions
    }

    /// Returns when the last of them was gone.
    #[must_use]
    pub fn erased_at(&self) -> Timestamp {
        self.erased_at
    }

    /// Returns until when the store keeps the ids of the sessions, so that their access tokens stay
    /// refused. An id is random and does not lead to the user. The next clean-up deletes it.
    #[must_use]
    pub fn ids_kept_until(&self) -> Timestamp {
        self.erased_at + REVOCATION_RETENTION
    }
}

impl Serialize for Erasure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut receipt = serializer.serialize_struct("Erasure", 3)?;
        receipt.serialize_field("sessions", &self.sessions)?;
        receipt.serialize_field("erased_at", &self.erased_at.as_secs())?;
        receipt.serialize_field("ids_kept_until", &self.ids_kept_until().as_secs())?;
        receipt.end()
    }
}

impl Sessions {
    /// Ends all sessions of the subject and deletes them from the store: the subject, the devices,
    /// the data and the times. It is for a user who is deleted (GDPR article 17).
    ///
    /// Access tokens stay refused, on every process, until they expire: the store keeps the ids of
    /// the sessions for that long. Sessions of [former
    /// names](crate::session::SessionsBuilder::former_names) are deleted too, and sessions of other
    /// applications in the same store are not. The [devices](Self::forget_devices) of the user are
    /// forgotten, in case another user gets their name.
    ///
    /// **Delete the user first, then call this.** Then `authorize` refuses a login that was under
    /// way, and no session of theirs begins later. Such a login may leave a row that has ended for
    /// about a day, unless this is called again.
    ///
    /// It is safe to repeat, after an error too: each receipt counts what its call deleted. Logs
    /// and backups are not changed: after a backup was restored, call this again.
    ///
    /// ```
    /// # use tower_bearer::Sessions;
    /// # async fn example(sessions: Sessions) -> Result<(), Box<dyn std::error::Error>> {
    /// // `DELETE FROM users WHERE id = 42`, and then:
    /// let receipt = sessions.erase(&42.into()).await?;
    /// println!("{}", serde_json::to_string(&receipt)?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Unavailable`: some sessions may have been ended or deleted. Try again.
    pub async fn erase(&self, subject: &Subject) -> Result<Erasure, SessionError> {
        let (sessions, subject) = (self.clone(), subject.clone());
        self.finish(async move { sessions.erase_all_of(&subject).await })
            .await
    }

    async fn erase_all_of(&self, subject: &Subject) -> Result<Erasure, SessionError> {
        ensure_started(self.sync());
        let all = self.logins_of(subject).with_every_kind();
        let record = RevocationReason::UserGone.at(self.now());
        let revoked = self.0.store.revoke_all(&all, record).await;
        // This process has to know before the rows are gone. Some sessions have ended even if
        // the store failed.
        let pulled = self.sync().pull().await;
        revoked?;
        pulled?;
        let sessions = self.0.store.erase(&all).await?.count();
        tracing::info!(sessions, "the sessions of a user were erased");
        // Neither the log nor the event names a user who is deleted.
        let kind = AuthEventKind::SessionsRevoked {
            because: RevocationReason::UserGone,
            sessions,
        };
        self.tell(kind, Whose::default());
        self.forget_devices(subject).await?;
        Ok(Erasure {
            sessions,
            erased_at: self.now(),
        })
    }
}
