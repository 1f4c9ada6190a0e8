//! Rows that a later version of this crate wrote: an older process neither uses nor harms them.

use support::{App, HOUR, MINUTE, Tokens};
use tower_bearer::store::{More, SessionKind, SessionParts};
use tower_bearer::store::{Session, SessionStore};
use tower_bearer::{MemoryStore, SqliteStore};

/// A change that a later version made to a row.
#[derive(Clone, Copy, Debug)]
enum Later {
    /// A kind of session that this version does not know.
    Kind,
    /// An entry that has to be understood.
    MustUnderstand,
    /// An entry that may be carried along unread.
    MayIgnore,
}

/// A process that does not know these changes must not use the row.
const NOT_UNDERSTOOD: [Later; 2] = [Later::Kind, Later::MustUnderstand];

/// An entry of a later version: number, length, bytes.
fn entry(number: u16) -> More {
    let bytes = [&number.to_be_bytes()[..], &4_u16.to_be_bytes(), b"dpop"].concat();
    More::from_bytes(bytes).unwrap()
}

impl Later {
    fn write(self, parts: &mut SessionParts) {
        match self {
            Self::Kind => parts.kind = SessionKind::from_number(9),
            Self::MustUnderstand => parts.more = entry(0x8007),
            Self::MayIgnore => parts.more = entry(7),
        }
    }
}

/// The row as a later version would have made it. It is in another store, because a kind is only
/// written at an insert.
async fn rewritten(
    app: &App,
    tokens: &Tokens,
    store: impl SessionStore,
    change: impl Fn(&mut SessionParts),
) -> Session {
    let mut parts = app.row(&tokens.session_id()).await.into_parts();
    change(&mut parts);
    let row = Session::from_parts(parts);
    store.insert(&row).await.unwrap();
    app.store.set_back_to(store);
    row
}

async fn with_later_row(later: Later) -> (App, Tokens, Session) {
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    let row = rewritten(&app, &tokens, MemoryStore::new(), |parts| {
        later.write(parts);
    })
    .await;
    (app, tokens, row)
}

#[tokio::test]
async fn a_row_that_is_not_understood_is_503_at_refresh_and_is_not_ended() {
    for later in NOT_UNDERSTOOD {
        let (app, tokens, row) = with_later_row(later).await;
        for _ in 0..3 {
            app.clock.advance(MINUTE);
            app.refresh(&tokens.refresh).await.assert_unavailable();
        }
        assert_eq!(app.row(row.id()).await, row, "{later:?}");

        // A process of the later version gets its token.
        rewritten(&app, &tokens, MemoryStore::new(), |parts| {
            (parts.kind, parts.more) = (SessionKind::LOGIN, More::default());
        })
        .await;
        app.refresh(&tokens.refresh).await.tokens();
    }
}

#[tokio::test]
async fn it_is_so_in_a_database_too() {
    for later in NOT_UNDERSTOOD {
        let folder = tempfile::tempdir().unwrap();
        let app = App::new();
        let tokens = app.log_in().await.tokens();
        let store = SqliteStore::open(folder.path().join("app.db"))
            .await
            .unwrap();
        let row = rewritten(&app, &tokens, store, |parts| later.write(parts)).await;
        app.refresh(&tokens.refresh).await.assert_unavailable();
        assert_eq!(app.row(row.id()).await, row, "{later:?}");
        app.sessions.log_out(&tokens.refresh).await.unwrap();
        assert!(app.row(row.id()).await.revoked().is_some());
    }
}

/// A refresh that looks like reuse may mean something else to a later version.
#[tokio::test]
async fn a_used_token_of_a_row_that_is_not_understood_ends_nothing() {
    for later in NOT_UNDERSTOOD {
        let app = App::new();
        let first = app.log_in().await.tokens();
        let second = app.refresh(&first.refresh).await.tokens();
        app.me(&second.access).await.assert_passed("alice");
        app.sessions.flush().await.unwrap();
        app.clock.advance(HOUR);
        let row = rewritten(&app, &first, MemoryStore::new(), |parts| later.write(parts)).await;
        app.refresh(&first.refresh).await.assert_unavailable();
        assert_eq!(app.row(row.id()).await, row, "{later:?}");
    }
}

#[tokio::test]
async fn a_row_that_is_not_understood_outlives_what_happens_to_others() {
    for later in NOT_UNDERSTOOD {
        let (app, _, row) = with_later_row(later).await;
        let mut mine = app.log_in().await.tokens();
        for _ in 0..3 {
            app.clock.advance(HOUR);
            mine = app.refresh(&mine.refresh).await.tokens();
        }
        app.sessions.log_out(&mine.refresh).await.unwrap();
        assert_eq!(app.row(row.id()).await, row, "{later:?}");
    }
}

#[tokio::test]
async fn a_user_can_log_out_of_what_is_not_understood() {
    for later in NOT_UNDERSTOOD {
        for by_access_token in [false, true] {
            let (app, tokens, row) = with_later_row(later).await;
            let token = if by_access_token {
                &tokens.access
            } else {
                &tokens.refresh
            };
            assert!(
                app.sessions.log_out(token).await.unwrap().any(),
                "{later:?}"
            );
            let ended = app.row(row.id()).await;
            assert!(ended.revoked().is_some());
            // The rest of the row is unchanged.
            assert_eq!(
                (ended.kind(), &ended.parts().more),
                (row.kind(), &row.parts().more)
            );
            app.me(&tokens.access)
                .await
                .assert_invalid_token("session_revoked");
        }
    }
}

/// "Everywhere" means logins.
#[tokio::test]
async fn sessions_of_another_kind_are_neither_listed_nor_ended_with_the_logins() {
    let (app, _, row) = with_later_row(Later::Kind).await;
    let mine = app.log_in().await.tokens();
    assert_eq!(app.live().await, [mine.session_id()]);
    assert_eq!(
        app.sessions
            .log_out_everywhere(&"alice".into())
            .await
            .unwrap()
            .count(),
        1
    );
    assert_eq!(app.row(row.id()).await, row);

    let (app, _, row) = with_later_row(Later::MustUnderstand).await;
    assert_eq!(app.live().await, [*row.id()]);
    assert_eq!(
        app.sessions
            .log_out_everywhere(&"alice".into())
            .await
            .unwrap()
            .count(),
        1
    );
    assert!(app.row(row.id()).await.revoked().is_some());
}

#[tokio::test]
async fn what_need_not_be_understood_is_carried_along() {
    let (app, mut tokens, row) = with_later_row(Later::MayIgnore).await;
    for generation in 1..4 {
        app.clock.advance(HOUR);
        tokens = app.refresh(&tokens.refresh).await.tokens();
        let now = app.row(row.id()).await;
        assert_eq!(
            (now.parts().generation, &now.parts().more),
            (generation, &entry(7))
        );
    }
    app.me(&tokens.access).await.assert_passed("alice");
}
