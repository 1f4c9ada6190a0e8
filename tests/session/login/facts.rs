//! What belongs to one login alone: its data, its lifetimes, when it was, and what its answer says besides.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::{App, DAY, HOUR, Log, MINUTE, SECOND, claims_of, log_in_form, names};
use tower_bearer::session::ReceivedTokens;
use tower_bearer::{
    Clock, Grant, Identity, MemoryStore, RefreshToken, Scope, SessionErrorKind, SessionStore,
    SqliteStore, Timestamp, TokenResponse,
};

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

    // The application is mended, and the client tries again with the same token.
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
    // With its two quotation marks.
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
    assert!(Identity::new("alice").with_data(&not_json).is_err());
    assert!(Identity::new("alice").with_response("a", not_json).is_err());
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
async fn what_the_answer_says_besides_is_said_once_and_stored_nowhere() {
    let app = App::new();
    app.users.authenticate_as(|_| {
        let identity = Identity::new("alice")
            .with_response("name", "Alice Liddell-0815")
            .unwrap();
        identity
            .with_response("cats", json!([{ "name": "Dinah" }]))
            .unwrap()
            .into()
    });
    let first = app.log_in().await.tokens();
    assert_eq!(
        (&first.body["name"], &first.body["cats"][0]["name"]),
        (&json!("Alice Liddell-0815"), &json!("Dinah"))
    );
    let ours = [
        "access_token",
        "expires_in",
        "refresh_token",
        "refresh_token_expires_in",
        "token_type",
    ];
    let mut all = [&ours[..], &["name", "cats"]].concat();
    all.sort_unstable();
    assert_eq!(names(&first.body), all);

    let [id] = app.live().await[..] else {
        panic!("one session")
    };
    assert_eq!(app.row(&id).await.parts().data, None);
    assert!(!claims_of(&first.access).to_string().contains("Liddell"));
    let second = app.refresh(&first.refresh).await.tokens();
    assert_eq!(names(&second.body), ours);
}

#[tokio::test]
async fn what_the_answer_says_besides_never_takes_the_place_of_what_rfc_6749_says() {
    let app = App::new();
    let taken = [
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "refresh_token_expires_in",
        "scope",
    ]
    .map(|name| move |identity: Identity| identity.with_response(name, "forged").unwrap());
    app.users.authenticate_as(move |_| {
        taken
            .iter()
            .fold(Identity::new("alice"), |identity, forge| forge(identity))
            .into()
    });
    let answer = app.send(log_in_form()).await;
    assert!(!answer.body.contains("forged"), "{answer:?}");
    // Each name once: a second one would be for the reader to choose from.
    for name in [
        "\"access_token\"",
        "\"refresh_token\"",
        "\"token_type\"",
        "\"expires_in\"",
    ] {
        assert_eq!(answer.body.matches(name).count(), 1, "{answer:?}");
    }
    let tokens = answer.tokens();
    assert_eq!(tokens.body.get("scope"), None, "nothing was granted");
    app.me(&tokens.access).await.assert_passed("alice");
}

#[tokio::test]
async fn a_token_response_says_whose_it_is_what_it_allows_and_until_when() {
    let app = App::new();
    let now = app.clock.now();
    app.users.grant(
        Grant::new()
            .with_scope(Scope::from_static("orders:read"))
            .with_claim("level", 3),
    );
    let identity = Identity::new("alice")
        .with_response("name", "Alice")
        .unwrap();
    let tokens = app.sessions.start(identity).await.unwrap();
    assert_eq!(
        (tokens.token_type(), tokens.scope().as_str()),
        ("Bearer", "orders:read")
    );
    let claims = tokens.claims();
    assert_eq!(
        (
            claims.subject().as_str(),
            claims.claim::<u8>("level").unwrap()
        ),
        ("alice", Some(3))
    );
    assert_eq!(
        (claims.session_id(), claims.issued_at()),
        (Some(tokens.session_id()), Some(now))
    );
    assert_eq!(
        (tokens.access_token_expires_at(), tokens.expires_in()),
        (now + 30 * MINUTE, 1800)
    );
    assert_eq!(
        (
            tokens.refresh_token_expires_at(),
            tokens.refresh_token_expires_in()
        ),
        (now + 7 * DAY, 604_800)
    );
    assert_eq!(tokens.extra().get("name"), Some(&json!("Alice")));
    assert!(!tokens.is_until_browser_closes());
    assert_eq!(app.live().await, [*tokens.session_id()]);
    // The claims are those that a verifier reads from the token.
    let verified = app
        .sessions
        .verifier()
        .verify(tokens.access_token().secret())
        .unwrap();
    assert_eq!(
        serde_json::to_value(&verified).unwrap(),
        serde_json::to_value(claims).unwrap()
    );

    app.clock.advance(HOUR);
    let later = app.sessions.refresh(refresh_token(&tokens)).await.unwrap();
    assert_eq!(later.session_id(), tokens.session_id());
    assert_eq!(later.refresh_token_expires_at(), now + HOUR + 7 * DAY);
    assert!(later.extra().is_empty());
}

#[tokio::test]
async fn a_client_in_rust_reads_what_was_sent() {
    let app = App::new();
    app.users
        .grant(Grant::new().with_scope(Scope::from_static("orders:read")));
    let answer = app.log_in().await;
    let read: ReceivedTokens = serde_json::from_str(&answer.body).unwrap();
    let tokens = answer.tokens();
    assert_eq!(
        (read.access_token().secret(), read.token_type()),
        (&*tokens.access, "Bearer")
    );
    assert_eq!(
        read.refresh_token().map(RefreshToken::secret),
        Some(&*tokens.refresh)
    );
    assert_eq!(
        (read.expires_in(), read.refresh_token_expires_in()),
        (Some(1800), Some(604_800))
    );
    assert_eq!(read.scope(), Some("orders:read"));

    let least: Value = json!({ "access_token": "a", "token_type": "N_A", "surprise": [1] });
    let least: ReceivedTokens = serde_json::from_value(least).unwrap();
    assert_eq!(
        (
            least.token_type(),
            least.refresh_token().is_none(),
            least.scope()
        ),
        ("N_A", true, None)
    );
}
