//! The facts of a single login: its data, its lifetimes, and its time.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use support::{App, DAY, HOUR, Log, MINUTE, SECOND, claims_of};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::store::SessionStore;
use tower_bearer::{Grant, Identity, MemoryStore, SqliteStore, TokenResponse};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Facts {
    tenant: String,
    amr: Vec<String>,
    act: Option<u64>,
}

fn facts() -> Facts {
    Facts {
        tenant: "acme \u{1f512}".to_owned(),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        act: None,
    }
}

fn refresh_token(tokens: &TokenResponse) -> RefreshToken {
    tokens
        .refresh_token()
        .expect("a login can be refreshed")
        .clone()
}

/// Grants the data of the session as a claim.
fn granting_the_data(app: &App) {
    app.users.authorize_as(|request| {
        let facts: Option<Facts> = request.session().data()?;
        Ok(Grant::new().with_claim("facts", facts).into())
    });
}

async fn the_data_survive_refreshes_over(store: impl SessionStore) {
    let app = App::built(store, |sessions| sessions);
    granting_the_data(&app);
    let identity = Identity::new("alice").with_data(&facts()).unwrap();
    let mut tokens = app.sessions.start(identity).await.unwrap();
    for _ in 0..3 {
        assert_eq!(tokens.claims().claim("facts").unwrap(), Some(facts()));
        assert_eq!(
            app.row(tokens.session_id()).await.data().unwrap(),
            Some(facts())
        );
        app.clock.advance(HOUR);
        tokens = app.sessions.refresh(refresh_token(&tokens)).await.unwrap();
    }
    // Another login has its own, and this one has none.
    let other = app.sessions.start(Identity::new("alice")).await.unwrap();
    assert_eq!(other.claims().claim::<Facts>("facts").unwrap(), None);
}

#[tokio::test]
async fn data_survive_refreshes_in_memory() {
    the_data_survive_refreshes_over(MemoryStore::new()).await;
}

#[tokio::test]
async fn data_survive_refreshes_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    the_data_survive_refreshes_over(
        SqliteStore::open(folder.path().join("app.db"))
            .await
            .unwrap(),
    )
    .await;
}

#[tokio::test]
async fn data_of_another_type_are_503_and_end_nothing() {
    let (log, _guard) = Log::capture();
    let app = App::new();
    let identity = Identity::new("alice")
        .with_data("a-very-private-tenant")
        .unwrap();
    let tokens = app.sessions.start(identity).await.unwrap();
    let token = tokens.refresh_token().unwrap().secret();
    granting_the_data(&app);
    log.take();
    app.refresh(token).await.assert_unavailable();
    let lines = log.take_our_own().join("\n");
    assert!(
        lines.contains("Facts") && !lines.contains("a-very-private"),
        "{lines}"
    );
    assert_eq!(app.live().await, [*tokens.session_id()]);
    app.me(tokens.access_token().secret())
        .await
        .assert_passed("alice");

    // The application is fixed, and the client tries again with the same token.
    app.users.grant(Grant::new());
    app.refresh(token).await.tokens();
}

#[tokio::test]
async fn a_login_whose_data_have_another_type_is_503_and_leaves_nothing() {
    let app = App::new();
    granting_the_data(&app);
    app.users
        .authenticate_as(|_| Identity::new("alice").with_data(&7).unwrap().into());
    app.log_in().await.assert_unavailable();
    assert!(app.live().await.is_empty());
}

#[test]
fn data_have_4_kib_at_most_and_fit_json() {
    // The length includes the two quotation marks.
    let text = |bytes: usize| "a".repeat(bytes - 2);
    assert!(Identity::new("alice").with_data(&text(4096)).is_ok());
    for above in [4097, 8192, 1 << 20] {
        let error = Identity::new("alice").with_data(&text(above)).unwrap_err();
        assert!(
            !error.to_string().contains("aaa") && !error.to_string().is_empty(),
            "{error}"
        );
    }
    let not_json = HashMap::from([((1, 2), 3)]);
    let data = Identity::new("alice").with_data(&not_json).unwrap_err();
    let member = Identity::new("alice")
        .with_response("a", not_json)
        .unwrap_err();
    for error in [data, member] {
        let source = std::error::Error::source(&error).expect("the reason of serde_json");
        assert!(source.is::<serde_json::Error>(), "{source}");
    }
}

#[tokio::test]
async fn the_longest_data_come_back_whole() {
    let app = App::new();
    let longest = "a".repeat(4094);
    let tokens = app
        .sessions
        .start(Identity::new("alice").with_data(&longest).unwrap())
        .await
        .unwrap();
    app.sessions.refresh(refresh_token(&tokens)).await.unwrap();
    assert_eq!(
        app.row(tokens.session_id()).await.data().unwrap(),
        Some(longest)
    );
}

#[tokio::test]
async fn a_login_may_be_unused_for_longer_or_shorter_than_the_policy_says() {
    for timeout in [HOUR, 30 * DAY] {
        let app = App::new();
        app.users
            .authenticate_as(move |_| Identity::new("alice").with_idle_timeout(timeout).into());
        let mut tokens = app.log_in().await.tokens();
        for _ in 0..2 {
            assert_eq!(tokens.body["refresh_token_expires_in"], timeout.as_secs());
            app.clock.advance(timeout - SECOND);
            tokens = app.refresh(&tokens.refresh).await.tokens();
        }
        app.clock.advance(timeout);
        app.refresh(&tokens.refresh)
            .await
            .assert_invalid_grant("session_expired");
        assert!(app.live().await.is_empty());
    }
}

#[tokio::test]
async fn a_login_may_last_for_longer_or_shorter_than_the_policy_says() {
    for (lifetime, step) in [(2 * HOUR, MINUTE), (180 * DAY, 5 * DAY)] {
        let app = App::new();
        let began = app.clock.now();
        app.users.authenticate_as(move |_| {
            Identity::new("alice")
                .with_absolute_lifetime(lifetime)
                .into()
        });
        let mut tokens = app.log_in().await.tokens();
        let [id] = app.live().await[..] else {
            panic!("one session")
        };
        assert_eq!(app.row(&id).await.expires_at(), began + lifetime);
        while app.clock.now() + step < began + lifetime {
            app.clock.advance(step);
            tokens = app.refresh(&tokens.refresh).await.tokens();
            assert!(
                claims_of(&tokens.access)["exp"].as_u64().unwrap() <= (began + lifetime).as_secs()
            );
        }
        app.clock.advance(step);
        app.refresh(&tokens.refresh)
            .await
            .assert_invalid_grant("session_expired");
    }
}

/// A second is the least.
#[tokio::test]
async fn a_login_that_lives_for_less_than_a_second_is_the_servers_fault() {
    for nothing in [std::time::Duration::ZERO, support::MILLISECOND] {
        for identity in [
            Identity::new("alice").with_idle_timeout(nothing),
            Identity::new("alice").with_absolute_lifetime(nothing),
        ] {
            let app = App::new();
            let error = app.sessions.start(identity).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.status().as_u16()),
                (SessionErrorKind::Misconfigured, 500)
            );
            assert!(app.live().await.is_empty());
        }
    }
    let app = App::new();
    let shortest = Identity::new("alice")
        .with_idle_timeout(SECOND)
        .with_absolute_lifetime(SECOND);
    assert_eq!(
        app.sessions
            .start(shortest)
            .await
            .unwrap()
            .refresh_token_expires_in(),
        1
    );
}

#[tokio::test]
async fn a_grant_has_an_access_token_lifetime_of_its_own() {
    let app = App::new();
    app.users
        .grant(Grant::new().with_access_token_lifetime(5 * MINUTE));
    let first = app.log_in().await.tokens();
    assert_eq!(first.body["expires_in"], 300);
    assert_eq!(
        claims_of(&first.access)["exp"],
        app.clock.now().as_secs() + 300
    );
    app.clock.advance(4 * MINUTE);
    app.me(&first.access).await.assert_passed("alice");
    app.clock.advance(3 * MINUTE);
    app.me(&first.access)
        .await
        .assert_invalid_token("token_expired");

    app.users
        .grant(Grant::new().with_access_token_lifetime(DAY));
    let second = app.refresh(&first.refresh).await.tokens();
    assert_eq!(second.body["expires_in"], 86_400);
    app.users.grant(Grant::new());
    app.clock.advance(MINUTE);
    assert_eq!(
        app.refresh(&second.refresh).await.tokens().body["expires_in"],
        1800,
        "as the policy says"
    );
}

#[tokio::test]
async fn no_grant_makes_an_access_token_outlive_its_session() {
    let app = App::new();
    app.users
        .grant(Grant::new().with_access_token_lifetime(12 * HOUR));
    let tokens = app
        .sessions
        .start(Identity::new("alice").with_absolute_lifetime(HOUR))
        .await
        .unwrap();
    assert_eq!(tokens.access_token_expires_at(), app.clock.now() + HOUR);
    assert_eq!(tokens.claims().expires_at(), app.clock.now() + HOUR);
}

#[tokio::test]
async fn a_lifetime_that_no_access_token_has_makes_none() {
    for wrong in [
        std::time::Duration::ZERO,
        support::MILLISECOND,
        DAY + SECOND,
        std::time::Duration::MAX,
    ] {
        let app = App::new();
        let tokens = app.log_in().await.tokens();
        app.users
            .grant(Grant::new().with_access_token_lifetime(wrong));
        let error = app.sessions.start(Identity::new("bob")).await.unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::Misconfigured, "{wrong:?}");
        assert!(app.sessions.list(&"bob".into()).await.unwrap().is_empty());
        app.refresh(&tokens.refresh)
            .await
            .assert_error(500, "server_error", None);
        app.users.grant(Grant::new());
        app.refresh(&tokens.refresh).await.tokens();
    }
}

// requirement 75
#[tokio::test]
async fn who_authenticated_elsewhere_and_before_says_when() {
    let app = App::new();
    let began = app.clock.now();
    let before = Timestamp::from_secs(began.as_secs() - 600);
    let mut tokens = app
        .sessions
        .start(Identity::new("alice").with_authenticated_at(before))
        .await
        .unwrap();
    for _ in 0..3 {
        assert_eq!(
            claims_of(tokens.access_token().secret())["auth_time"],
            before.as_secs()
        );
        assert_eq!(tokens.claims().auth_time(), Some(before));
        app.clock.advance(HOUR);
        tokens = app.sessions.refresh(refresh_token(&tokens)).await.unwrap();
    }
    let row = app.row(tokens.session_id()).await;
    assert_eq!((row.created_at(), row.authenticated_at()), (began, before));
    // Without it, it is the login.
    let now = app.clock.now();
    let tokens = app.sessions.start(Identity::new("alice")).await.unwrap();
    assert_eq!(tokens.claims().auth_time(), Some(now));
}

#[tokio::test]
async fn nobody_authenticated_in_the_future() {
    let app = App::new();
    let now = app.clock.now();
    let identity = Identity::new("alice").with_authenticated_at(now + DAY);
    if let Ok(tokens) = app.sessions.start(identity).await {
        assert_eq!(tokens.claims().auth_time(), Some(now));
    }
}
