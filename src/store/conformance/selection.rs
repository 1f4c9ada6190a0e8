//! The promises about the sessions that `list` and `revoke_all` select.

use std::sync::Arc;

use super::support::{
    OWNER, WORKS, assert_row, inserted, listed, listed_by, logins, revoked_by, rotated, row,
    session, unused_id, with,
};
use crate::names::SessionId;
use crate::store::contract::SessionStore;
use crate::store::selection::SessionSelection;
use crate::store::session::Session;
use crate::store::session_kind::SessionKind;
use crate::store::session_owner::SessionOwner;

/// Owners that a sloppy comparison or conversion would take for each other.
fn lookalike_owners() -> Vec<SessionOwner> {
    let ones = (0..64).step_by(7).map(|bit| 1_u64 << bit);
    let alike = [
        0,
        u64::MAX,
        i64::MAX as u64,
        u64::from_be_bytes(*OWNER.as_bytes()),
        u64::from_le_bytes(*OWNER.as_bytes()),
    ];
    ones.chain(alike)
        .map(|number| SessionOwner::from_bytes(number.to_be_bytes()))
        .collect()
}

/// One session of this subject for each owner.
async fn one_for_each_owner(store: &Arc<dyn SessionStore>) -> Vec<Session> {
    let mut sessions = Vec::new();
    for owner in lookalike_owners() {
        sessions.push(with(&session("user"), |parts| parts.owner = owner));
    }
    for session in &sessions {
        store.insert(session).await.expect(WORKS);
    }
    sessions
}

/// One session for each of some kinds, logins first.
async fn one_for_each_kind(store: &Arc<dyn SessionStore>) -> Vec<Session> {
    let kinds = [0, 1, 2, 128, 255].map(SessionKind::from_number);
    let sessions = kinds.map(|kind| with(&session("user"), |parts| parts.kind = kind));
    for session in &sessions {
        store.insert(session).await.expect(WORKS);
    }
    sessions.into()
}

fn ids<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Vec<SessionId> {
    sorted(sessions.into_iter().map(|session| *session.id()).collect())
}

fn sorted(mut ids: Vec<SessionId>) -> Vec<SessionId> {
    ids.sort_unstable();
    ids
}

/// `list` shows the sessions that belong to one of the owners, and no others, however similar the
/// owners are.
///
/// Two applications share a store, and the subject 42 of one is another user than the subject 42 of
/// the other.
pub async fn list_shows_only_what_belongs_to_the_owners(store: Arc<dyn SessionStore>) {
    let sessions = one_for_each_owner(&store).await;
    for session in &sessions {
        let selection = SessionSelection::new("user", [session.parts().owner]);
        let owner = selection.owners();
        assert_eq!(
            listed_by(&store, &selection).await,
            [*session.id()],
            "list does not show exactly what belongs to {owner:?}"
        );
    }
    let some: Vec<SessionOwner> = sessions[..3]
        .iter()
        .map(|session| session.parts().owner)
        .collect();
    let shown = listed_by(&store, &SessionSelection::new("user", some)).await;
    assert_eq!(
        sorted(shown),
        ids(&sessions[..3]),
        "list does not show what belongs to several owners"
    );
    assert!(
        listed_by(&store, &SessionSelection::new("user", []))
            .await
            .is_empty(),
        "list shows sessions of no owner"
    );
}

/// `list` shows a session to the owner that `replace` wrote last.
///
/// An application that gets another name keeps its sessions: each gets the new owner when it is
/// refreshed.
pub async fn list_follows_the_owner_that_replace_wrote(store: Arc<dyn SessionStore>) {
    let (first, other) = (
        inserted(&store, "user").await,
        SessionOwner::from_bytes([9; 8]),
    );
    let moved = with(&rotated(&first), |next| next.owner = other);
    assert!(
        store.replace(&moved).await.expect(WORKS),
        "replace refused the next revision of a live row"
    );
    assert_eq!(
        listed(&store, "user").await,
        [],
        "list shows a session to an owner that it no longer belongs to"
    );
    let selection = SessionSelection::new("user", [other]);
    assert_eq!(
        listed_by(&store, &selection).await,
        [*first.id()],
        "list does not show a session to its new owner"
    );
    assert_eq!(
        revoked_by(&store, &logins("user")).await,
        0,
        "revoke_all ended a session of another owner"
    );
    assert_eq!(
        revoked_by(&store, &selection).await,
        1,
        "revoke_all missed a session of its new owner"
    );
}

/// `list` shows the selected kinds: logins, unless others are asked for.
///
/// Later versions keep other things in these rows, which are not logins of a user.
pub async fn list_shows_only_the_selected_kinds(store: Arc<dyn SessionStore>) {
    let sessions = one_for_each_kind(&store).await;
    assert_eq!(
        listed(&store, "user").await,
        [*sessions[0].id()],
        "list shows what is not a login"
    );
    let some = sessions[1..3].iter().map(Session::kind).collect::<Vec<_>>();
    let shown = listed_by(&store, &logins("user").with_kinds(some)).await;
    assert_eq!(
        sorted(shown),
        ids(&sessions[1..3]),
        "list does not show exactly the selected kinds"
    );
    let shown = listed_by(&store, &logins("user").with_every_kind()).await;
    assert_eq!(
        sorted(shown),
        ids(&sessions),
        "list does not show every kind"
    );
    assert!(
        listed_by(&store, &logins("user").with_kinds([]))
            .await
            .is_empty(),
        "list shows sessions of no kind"
    );
}

/// `list` leaves out the one session that is excepted, and only that.
pub async fn list_leaves_out_the_excepted_session(store: Arc<dyn SessionStore>) {
    let sessions = [
        inserted(&store, "user").await,
        inserted(&store, "user").await,
        inserted(&store, "user").await,
    ];
    let shown = listed_by(&store, &logins("user").except(*sessions[1].id())).await;
    assert_eq!(
        sorted(shown),
        ids([&sessions[0], &sessions[2]]),
        "list does not leave out exactly the excepted session"
    );
    let shown = listed_by(&store, &logins("user").except(unused_id())).await;
    assert_eq!(
        sorted(shown),
        ids(&sessions),
        "an excepted session that is not there changed the list"
    );
}

/// `revoke_all` ends the sessions that belong to one of the owners, and no others, however similar
/// the owners are.
///
/// "Log out everywhere" in one application must not log another user out of the other.
pub async fn revoke_all_ends_only_what_belongs_to_the_owners(store: Arc<dyn SessionStore>) {
    let sessions = one_for_each_owner(&store).await;
    assert_eq!(
        revoked_by(&store, &SessionSelection::new("user", [])).await,
        0,
        "revoke_all ended sessions of no owner"
    );
    for (place, session) in sessions.iter().enumerate() {
        let selection = SessionSelection::new("user", [session.parts().owner]);
        let owner = selection.owners();
        assert_eq!(
            revoked_by(&store, &selection).await,
            1,
            "revoke_all did not end exactly what belongs to {owner:?}"
        );
        assert!(
            row(&store, session.id()).await.revoked().is_some(),
            "revoke_all ended a session of another owner than {owner:?}"
        );
        for other in &sessions[place + 1..] {
            assert_row(
                &row(&store, other.id()).await,
                other,
                "revoke_all changed a session of another owner",
            );
        }
    }
}

/// `revoke_all` ends the selected kinds: logins, unless others are asked for.
pub async fn revoke_all_ends_only_the_selected_kinds(store: Arc<dyn SessionStore>) {
    let sessions = one_for_each_kind(&store).await;
    assert_eq!(
        revoked_by(&store, &logins("user")).await,
        1,
        "revoke_all did not end exactly the logins"
    );
    assert!(
        row(&store, sessions[0].id()).await.revoked().is_some(),
        "revoke_all ended something else than the login"
    );
    for other in &sessions[1..] {
        assert_row(
            &row(&store, other.id()).await,
            other,
            "revoke_all changed what is not a login",
        );
    }
    let some = sessions[1..3].iter().map(Session::kind).collect::<Vec<_>>();
    assert_eq!(
        revoked_by(&store, &logins("user").with_kinds(some)).await,
        2,
        "revoke_all did not end the selected kinds"
    );
    assert_row(
        &row(&store, sessions[4].id()).await,
        &sessions[4],
        "revoke_all ended a kind that was not selected",
    );
    assert_eq!(
        revoked_by(&store, &logins("user").with_every_kind()).await,
        2,
        "revoke_all did not end every kind"
    );
}

/// `revoke_all` leaves out the one session that is excepted, and only that.
///
/// A user who changes the password stays logged in on the device where they did so.
pub async fn revoke_all_spares_the_excepted_session(store: Arc<dyn SessionStore>) {
    let sessions = [
        inserted(&store, "user").await,
        inserted(&store, "user").await,
        inserted(&store, "user").await,
    ];
    let all_but_one = logins("user").except(*sessions[1].id());
    assert_eq!(
        revoked_by(&store, &all_but_one).await,
        2,
        "revoke_all did not end all but the excepted session"
    );
    assert_row(
        &row(&store, sessions[1].id()).await,
        &sessions[1],
        "revoke_all changed the excepted session",
    );
    assert_eq!(
        revoked_by(&store, &logins("user").except(unused_id())).await,
        1,
        "revoke_all spared a session that was not excepted"
    );
}
