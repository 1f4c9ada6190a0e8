//! The conformance suite notices a store that forgets a field, a row or a number, writes what it
//! must not, or selects sessions of others: each store here breaks one promise, and the functions
//! for it panic.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::DAY;
use tower_bearer::MemoryStore;
use tower_bearer::clock::Timestamp;
use tower_bearer::names::SessionId;
use tower_bearer::store::{
    Announcements, Cursor, DeletedSessions, EphemeralStore, More, Revocation, RevocationPage,
    RevocationRecord, RevokedSessions, SessionKind, SessionOwner, SessionParts, SessionSelection,
    StoreError, async_trait, conformance,
};
use tower_bearer::store::{Session, SessionStore};

/// A fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    ForgetsTheKind,
    ForgetsTheOwner,
    ForgetsTheIdleTimeout,
    ForgetsUntilBrowserCloses,
    ForgetsWhenTheUserAuthenticated,
    CutsData,
    CutsWhatLaterVersionsKeep,
    ReplaceKeepsTheOwner,
    ReplaceKeepsTheDevice,
    ReplaceKeepsTheStamp,
    ReplaceKeepsReceipts,
    ReplaceKeepsTheIdleTimeout,
    ReplaceKeepsUntilBrowserCloses,
    ReplaceKeepsWhenTheUserAuthenticated,
    ReplaceKeepsTheData,
    ReplaceKeepsWhatLaterVersionsKeep,
    ReplaceWritesTheKind,
    ListIgnoresTheOwners,
    ListTakesTheFirstOwnerOnly,
    ListIgnoresTheKinds,
    ListIgnoresTheException,
    RevokeAllIgnoresTheOwners,
    RevokeAllIgnoresTheKinds,
    RevokeAllIgnoresTheException,
    RevokeAllTakesTheOwnerOfTheInsert,
    EraseIgnoresTheOwners,
    EraseIgnoresTheKinds,
    EraseIgnoresTheException,
    ForgetsRevokedRowsThatExpired,
    ForgetsNumbersOfTheFeed,
}

use Fault::*;

/// A `MemoryStore`, and the fault before it.
#[derive(Debug)]
struct Forgetful {
    fault: Fault,
    inner: MemoryStore,
    /// The rows as they were inserted.
    inserted: Mutex<Vec<Session>>,
    forgotten: Mutex<HashSet<SessionId>>,
    /// For [`ForgetsNumbersOfTheFeed`]: the next number is one more than the greatest that is
    /// left.
    feed: Mutex<BTreeMap<u64, SessionId>>,
}

fn faulty(fault: Fault) -> Arc<dyn SessionStore> {
    Arc::new(Forgetful {
        fault,
        inner: MemoryStore::new(),
        inserted: Mutex::default(),
        forgotten: Mutex::default(),
        feed: Mutex::default(),
    })
}

impl Forgetful {
    /// The row that this store writes in place of the given one.
    fn kept(&self, session: &Session) -> Session {
        let mut row = session.clone().into_parts();
        match self.fault {
            ForgetsTheKind => row.kind = SessionKind::LOGIN,
            ForgetsTheOwner => row.owner = SessionOwner::default(),
            ForgetsTheIdleTimeout => row.idle_timeout = None,
            ForgetsUntilBrowserCloses => row.until_browser_closes = false,
            ForgetsWhenTheUserAuthenticated => row.authenticated_at = None,
            CutsData => {
                row.data = row
                    .data
                    .map(|data| data[..data.len().min(SessionParts::MAX_DATA_BYTES - 1)].into());
            }
            CutsWhatLaterVersionsKeep if row.more.as_bytes().len() >= More::MAX_BYTES => {
                row.more = More::default();
            }
            _ => {}
        }
        Session::from_parts(row)
    }

    /// The selection that this store uses in place of the given one.
    fn selected(&self, selection: &SessionSelection, ignored: [Fault; 3]) -> SessionSelection {
        let every_owner = || {
            self.inserted
                .lock()
                .unwrap()
                .iter()
                .map(|session| session.parts().owner)
                .collect()
        };
        let ignores = ignored.map(|fault| fault == self.fault);
        let owners = match self.fault {
            ListTakesTheFirstOwnerOnly => selection.owners().iter().take(1).copied().collect(),
            _ if ignores[0] => every_owner(),
            _ => selection.owners().to_vec(),
        };
        let mut taken = SessionSelection::new(selection.subject(), owners);
        taken = match selection.kinds() {
            Some(kinds) if !ignores[1] => taken.with_kinds(kinds),
            _ => taken.with_every_kind(),
        };
        match selection.excepted() {
            Some(id) if !ignores[2] => taken.except(*id),
            _ => taken,
        }
    }
}

#[async_trait]
impl SessionStore for Forgetful {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        self.inner.insert(&self.kept(session)).await?;
        self.inserted.lock().unwrap().push(session.clone());
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let Some(found) = self.inner.find(id).await? else {
            return Ok(None);
        };
        if self.forgotten.lock().unwrap().contains(id) {
            return Ok(None);
        }
        let mut row = found.into_parts();
        // Pretends that `replace` had written the kind, which the inner store does not do.
        if self.fault == ReplaceWritesTheKind && row.revision > 0 {
            row.kind = SessionKind::from_number(7);
        }
        Ok(Some(Session::from_parts(row)))
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        let Some(old) = self.inner.find(next.id()).await? else {
            return Ok(false);
        };
        let (old, mut next) = (old.into_parts(), self.kept(next).into_parts());
        match self.fault {
            ReplaceKeepsTheOwner => next.owner = old.owner,
            ReplaceKeepsTheDevice => next.device = old.device,
            ReplaceKeepsTheStamp => next.stamp = old.stamp,
            ReplaceKeepsReceipts => next.receipts = old.receipts,
            ReplaceKeepsTheIdleTimeout => next.idle_timeout = old.idle_timeout,
            ReplaceKeepsUntilBrowserCloses => next.until_browser_closes = old.until_browser_closes,
            ReplaceKeepsWhenTheUserAuthenticated => next.authenticated_at = old.authenticated_at,
            ReplaceKeepsTheData => next.data = old.data,
            ReplaceKeepsWhatLaterVersionsKeep => next.more = old.more,
            _ => {}
        }
        self.inner.replace(&Session::from_parts(next)).await
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        self.inner.confirm(id, generation).await
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        let revoked = self.inner.revoke(id, record).await?;
        if revoked {
            let mut feed = self.feed.lock().unwrap();
            let number = feed.last_key_value().map_or(1, |(number, _)| number + 1);
            feed.insert(number, *id);
        }
        Ok(revoked)
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        if self.fault == RevokeAllTakesTheOwnerOfTheInsert {
            let inserted = self.inserted.lock().unwrap().clone();
            let mut count = 0;
            for session in inserted.iter().filter(|session| selection.matches(session)) {
                count += u64::from(self.inner.revoke(session.id(), record).await?);
            }
            return Ok(RevokedSessions::new(count));
        }
        let ignored = [
            RevokeAllIgnoresTheOwners,
            RevokeAllIgnoresTheKinds,
            RevokeAllIgnoresTheException,
        ];
        self.inner
            .revoke_all(&self.selected(selection, ignored), record)
            .await
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let ignored = [
            ListIgnoresTheOwners,
            ListIgnoresTheKinds,
            ListIgnoresTheException,
        ];
        self.inner
            .list(&self.selected(selection, ignored), now)
            .await
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        if self.fault != ForgetsNumbersOfTheFeed {
            return self.inner.revoked_since(cursor).await;
        }
        let feed = self.feed.lock().unwrap();
        let seen: u64 = cursor
            .and_then(|cursor| cursor.as_str().parse().ok())
            .unwrap_or(0);
        let last = feed.last_key_value().map_or(0, |(number, _)| *number);
        let revoked = feed
            .range(seen + 1..)
            .map(|(_, id)| Revocation::new(*id, Duration::ZERO))
            .collect();
        Ok(RevocationPage::new(
            revoked,
            Cursor::new(seen.max(last).to_string()),
        ))
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        self.inner.assert_revoked(ids, now).await
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        self.inner.announcements().await
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        let mut count = self.inner.delete_expired(now).await?.count();
        if self.fault == ForgetsRevokedRowsThatExpired {
            for session in self.inserted.lock().unwrap().iter() {
                let expired = session.expires_at() + DAY <= now;
                count += u64::from(expired && self.forgotten.lock().unwrap().insert(*session.id()));
            }
        }
        // None of the promises that notice it deletes by an earlier moment.
        self.feed.lock().unwrap().clear();
        Ok(DeletedSessions::new(count))
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        let ignored = [
            EraseIgnoresTheOwners,
            EraseIgnoresTheKinds,
            EraseIgnoresTheException,
        ];
        self.inner.erase(&self.selected(selection, ignored)).await
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        self.inner.ephemeral()
    }
}

/// For each fault the promises that it breaks.
macro_rules! noticed {
    ($($test:ident: $($fault:ident),+ => $($promise:ident),+;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $test() {
            for fault in [$($fault),+] {
                $(
                    let promise = stringify!($promise);
                    let checked = tokio::spawn(conformance::$promise(faulty(fault)));
                    assert!(checked.await.is_err(), "{promise} did not notice {fault:?}");
                )+
            }
        })+
    };
}

noticed! {
    a_forgotten_kind_is_noticed: ForgetsTheKind =>
        an_unknown_kind_survives,
        list_shows_only_the_selected_kinds,
        revoke_all_ends_only_the_selected_kinds;
    a_forgotten_owner_is_noticed: ForgetsTheOwner =>
        insert_makes_a_row_that_every_method_sees,
        list_shows_only_what_belongs_to_the_owners,
        list_follows_the_owner_that_replace_wrote,
        revoke_all_ends_only_what_belongs_to_the_owners;
    a_forgotten_field_is_noticed:
        ForgetsTheIdleTimeout, ForgetsUntilBrowserCloses, ForgetsWhenTheUserAuthenticated =>
        every_field_survives_a_round_trip, replace_writes_what_a_refresh_changes;
    data_that_are_cut_are_noticed: CutsData, CutsWhatLaterVersionsKeep =>
        data_of_every_length_survive_a_round_trip;
    a_replace_that_keeps_a_field_is_noticed:
        ReplaceKeepsTheOwner,
        ReplaceKeepsTheDevice,
        ReplaceKeepsTheStamp,
        ReplaceKeepsReceipts,
        ReplaceKeepsTheIdleTimeout,
        ReplaceKeepsUntilBrowserCloses,
        ReplaceKeepsWhenTheUserAuthenticated,
        ReplaceKeepsTheData,
        ReplaceKeepsWhatLaterVersionsKeep =>
        replace_writes_what_a_refresh_changes;
    a_replace_that_keeps_data_is_noticed: ReplaceKeepsTheData, ReplaceKeepsWhatLaterVersionsKeep =>
        data_of_every_length_survive_a_round_trip;
    a_replace_that_keeps_the_owner_is_noticed: ReplaceKeepsTheOwner =>
        list_follows_the_owner_that_replace_wrote;
    a_replace_that_writes_the_kind_is_noticed: ReplaceWritesTheKind =>
        replace_writes_nothing_else;
    a_list_that_shows_too_much_is_noticed: ListIgnoresTheOwners =>
        list_shows_only_what_belongs_to_the_owners, list_follows_the_owner_that_replace_wrote;
    a_list_of_one_owner_is_noticed: ListTakesTheFirstOwnerOnly =>
        list_shows_only_what_belongs_to_the_owners;
    a_list_of_every_kind_is_noticed: ListIgnoresTheKinds =>
        list_shows_only_the_selected_kinds;
    a_list_with_the_excepted_session_is_noticed: ListIgnoresTheException =>
        list_leaves_out_the_excepted_session;
    a_revoke_all_of_every_owner_is_noticed: RevokeAllIgnoresTheOwners =>
        revoke_all_ends_only_what_belongs_to_the_owners, list_follows_the_owner_that_replace_wrote;
    a_revoke_all_by_the_owner_of_the_insert_is_noticed: RevokeAllTakesTheOwnerOfTheInsert =>
        list_follows_the_owner_that_replace_wrote;
    a_revoke_all_of_every_kind_is_noticed: RevokeAllIgnoresTheKinds =>
        revoke_all_ends_only_the_selected_kinds;
    a_revoke_all_of_the_excepted_session_is_noticed: RevokeAllIgnoresTheException =>
        revoke_all_spares_the_excepted_session;
    an_erasure_of_too_much_is_noticed:
        EraseIgnoresTheOwners, EraseIgnoresTheKinds, EraseIgnoresTheException =>
        erase_deletes_only_what_is_selected;
    a_deletion_of_revoked_rows_that_expired_is_noticed: ForgetsRevokedRowsThatExpired =>
        revocations_stay_for_the_retention;
    a_feed_that_gives_a_number_out_again_is_noticed: ForgetsNumbersOfTheFeed =>
        a_cursor_survives_delete_expired;
}

/// The wrapper itself breaks nothing: what the tests above notice is the fault.
mod without_a_fault {
    use super::*;

    tower_bearer::store_conformance!(async || faulty(Fault::Nothing));
}
