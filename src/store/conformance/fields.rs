//! The promises of `insert` and `find` about each field.

use std::sync::Arc;
use std::time::Duration;

use super::support::{
    WORKS, assert_row, inserted, lookalikes, more, now, rotated, row, session, unused_id, with,
};
use crate::clock::Timestamp;
use crate::names::Subject;
use crate::store::contract::SessionStore;
use crate::store::more::More;
use crate::store::revocation_reason::RevocationReason;
use crate::store::session_kind::SessionKind;
use crate::store::session_owner::SessionOwner;
use crate::store::session_parts::SessionParts;

/// Every field comes back as it was inserted, whether absent or present, with the smallest and the
/// largest values.
///
/// If a time lost its milliseconds, or a generation wrapped, an honest user would be taken for a
/// thief.
pub async fn every_field_survives_a_round_trip(store: Arc<dyn SessionStore>) {
    let far = Timestamp::from_millis(i64::MAX as u64);
    let plain = session("user");
    let longest = "ü".repeat(128);
    for device in [
        None,
        Some(""),
        Some("Ada's \"phone\" \\ ; -- 📱"),
        Some(longest.as_str()),
    ] {
        for stamp in [None, Some([0; 16]), Some([0xff; 16])] {
            for flag in [false, true] {
                let session = with(&plain, |parts| {
                    parts.id = unused_id();
                    parts.device = device.map(String::from);
                    parts.stamp = stamp;
                    parts.receipts = flag;
                    parts.idle_timeout = flag.then_some(Duration::from_millis(1));
                    parts.until_browser_closes = flag;
                    parts.authenticated_at =
                        flag.then(|| parts.created_at + Duration::from_millis(2));
                    parts.data = device.map(|device| device.as_bytes().into());
                    parts.more = if flag { more(3) } else { More::default() };
                    parts.confirmed = !flag;
                    parts.recovered = flag;
                    parts.retry_key = stamp.filter(|_| flag);
                    parts.rotated_at = flag.then(|| parts.created_at + Duration::from_millis(1));
                });
                store.insert(&session).await.expect(WORKS);
                assert_row(
                    &row(&store, session.id()).await,
                    &session,
                    "a field did not survive insert and find",
                );
            }
        }
    }
    let greatest = with(&plain, |parts| {
        parts.created_at = far;
        parts.expires_at = far;
        parts.kind = SessionKind::from_number(u8::MAX);
        parts.owner = SessionOwner::from_bytes([0xff; 8]);
        parts.idle_timeout = Some(Duration::from_millis(i64::MAX as u64));
        parts.authenticated_at = Some(far);
        parts.generation = u32::MAX;
        parts.rotated_at = Some(far);
        parts.recoveries = u8::MAX;
    });
    store.insert(&greatest).await.expect(WORKS);
    assert_row(
        &row(&store, greatest.id()).await,
        &greatest,
        "a field does not hold its greatest value",
    );
}

/// The data of the application and of later versions come back byte by byte, whether empty, short
/// or of the maximum length, and whether written by `insert` or `replace`.
///
/// The application decides with its data what a session may do, and so does a later version. Half
/// of the data would lead to another decision.
pub async fn data_of_every_length_survive_a_round_trip(store: Arc<dyn SessionStore>) {
    let all_bytes: Vec<u8> = (0..=u8::MAX)
        .cycle()
        .take(SessionParts::MAX_DATA_BYTES)
        .collect();
    let mut refreshed = inserted(&store, "user").await;
    for length in [0, 1, 255, 256, 2048, SessionParts::MAX_DATA_BYTES, 3] {
        for more in [More::default(), more(0), more(More::MAX_BYTES - 4)] {
            let new = with(&session("user"), |parts| {
                parts.data = Some(all_bytes[..length].into());
                parts.more = more.clone();
            });
            store.insert(&new).await.expect(WORKS);
            assert_row(
                &row(&store, new.id()).await,
                &new,
                "data did not survive insert and find",
            );
            refreshed = with(&rotated(&refreshed), |next| {
                next.data = new.parts().data.clone();
                next.more = more;
            });
            assert!(
                store.replace(&refreshed).await.expect(WORKS),
                "replace refused the next revision of a live row"
            );
            assert_row(
                &row(&store, refreshed.id()).await,
                &refreshed,
                "data did not survive replace and find",
            );
        }
    }
    let without = with(&rotated(&refreshed), |next| {
        next.data = None;
        next.more = More::default();
    });
    assert!(
        store.replace(&without).await.expect(WORKS),
        "replace refused the next revision of a live row"
    );
    assert_row(
        &row(&store, without.id()).await,
        &without,
        "replace did not take data away",
    );
}

/// A kind that only a later version knows comes back as it was, after every change of the row.
///
/// Several versions share a store while an application is updated. A kind that turned into a login
/// would give access without a login.
pub async fn an_unknown_kind_survives(store: Arc<dyn SessionStore>) {
    for number in [1, 2, 127, 128, 255] {
        let first = with(&session("user"), |parts| {
            parts.kind = SessionKind::from_number(number);
        });
        store.insert(&first).await.expect(WORKS);
        assert_row(
            &row(&store, first.id()).await,
            &first,
            "an unknown kind did not survive insert and find",
        );
        let next = rotated(&first);
        assert!(
            store.replace(&next).await.expect(WORKS),
            "replace refused the next revision of a live row"
        );
        store
            .confirm(next.id(), next.parts().generation)
            .await
            .expect(WORKS);
        store
            .revoke(next.id(), RevocationReason::LoggedOut.at(now()))
            .await
            .expect(WORKS);
        let found = row(&store, next.id()).await;
        assert_eq!(
            found.kind(),
            first.kind(),
            "an unknown kind did not survive the changes of the row"
        );
        assert_eq!(
            found.parts().revision,
            3,
            "a session of an unknown kind was not changed as a login is"
        );
    }
}

/// Every subject comes back byte by byte, with capital letters, spaces, quotes or other scripts,
/// and of any length.
///
/// The subject of the row is the `sub` of every access token that a refresh makes.
pub async fn every_subject_survives_a_round_trip(store: Arc<dyn SessionStore>) {
    for subject in lookalikes() {
        let session = inserted(&store, &subject).await;
        assert_eq!(
            *row(&store, session.id()).await.subject(),
            Subject::from(subject),
            "the subject changed in the store"
        );
    }
}
