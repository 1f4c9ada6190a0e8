//! Applications with other issuers or audiences, on the same store or with the same secret.

use support::{App, HOUR, Scripted, log_in};
use tower_bearer::session::{SessionErrorKind, SessionsBuilder};
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{
    AccessTokenVerifier, Grant, Identity, MemoryStore, Secret, Sessions, SigningKey, Subject,
    TokenResponse,
};

use super::builder;

pub(super) fn alice() -> Subject {
    "alice".into()
}

pub(super) async fn count(sessions: &Sessions) -> usize {
    sessions.list(&alice()).await.unwrap().len()
}

/// Applications on one store, with one secret and one clock: what tells them apart is their names.
pub(super) struct House {
    pub(super) store: MemoryStore,
    pub(super) secret: Secret,
    pub(super) clock: ManualClock,
}

impl House {
    pub(super) fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            secret: Secret::random().unwrap(),
            clock: ManualClock::new(),
        }
    }

    pub(super) fn builder(&self, issuer: &str, audience: &str) -> SessionsBuilder {
        let clock = std::sync::Arc::new(self.clock.clone());
        builder(self.store.clone())
            .secret(self.secret.clone())
            .clock(clock)
            .issuer(issuer)
            .audience(audience)
    }

    pub(super) fn sessions(&self, issuer: &str, audience: &str) -> Sessions {
        self.builder(issuer, audience).build().unwrap()
    }
}

pub(super) fn refresh_token(tokens: &TokenResponse) -> tower_bearer::keys::RefreshToken {
    tokens.refresh_token().unwrap().clone()
}

#[tokio::test]
async fn sessions_of_a_former_issuer_are_listed_and_ended_and_go_on() {
    let house = House::new();
    let before = house.sessions("https://old.example.com", "app");
    let (first, second) = (
        log_in(&before, "alice").await,
        log_in(&before, "alice").await,
    );
    log_in(&before, "bob").await;

    let now = house
        .builder("https://new.example.com", "app")
        .former_names("https://old.example.com", "app")
        .build()
        .unwrap();
    assert_eq!(count(&now).await, 2);
    // The audience is the same, so the refresh token is one of ours.
    let next = now.refresh(refresh_token(&first)).await.unwrap();
    assert_eq!(next.claims().issuer().as_str(), "https://new.example.com");
    assert_eq!(next.session_id(), first.session_id());
    let newest = log_in(&now, "alice").await;
    assert_eq!(count(&now).await, 3);
    assert_eq!(
        now.log_out_others(newest.claims()).await.unwrap().count(),
        2
    );
    assert_eq!(count(&now).await, 1);
    let refused = now.refresh(refresh_token(&second)).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::SessionRevoked);

    log_in(&before, "alice").await;
    assert_eq!(now.log_out_everywhere(&alice()).await.unwrap().count(), 2);
    assert_eq!((count(&now).await, count(&before).await), (0, 0));
    assert_eq!(now.list(&"bob".into()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn there_may_be_several_former_names_with_another_audience_too() {
    let house = House::new();
    let names = [
        ("https://a.example.com", "app"),
        ("https://b.example.com", "app"),
        ("https://c.example.com", "other"),
    ];
    let mut last = None;
    for (issuer, audience) in names {
        last = Some(log_in(&house.sessions(issuer, audience), "alice").await);
    }
    let now = house.builder("https://new.example.com", "app");
    let now = names
        .iter()
        .fold(now, |now, (issuer, audience)| {
            now.former_names(*issuer, *audience)
        })
        .build()
        .unwrap();
    assert_eq!(count(&now).await, 3);
    // The token with the other audience is one of ours too.
    let next = now.refresh(refresh_token(&last.unwrap())).await.unwrap();
    assert_eq!(next.claims().audience().as_str(), "app");
    assert_eq!(now.log_out_everywhere(&alice()).await.unwrap().count(), 3);
}

#[tokio::test]
async fn applications_on_one_store_neither_see_nor_end_each_others_sessions() {
    for (issuer, audience) in [
        ("https://other.example.com", "app"),
        ("https://app.example.com", "other"),
    ] {
        let house = House::new();
        let (ours, theirs) = (
            house.sessions("https://app.example.com", "app"),
            house.sessions(issuer, audience),
        );
        let (mine, their) = (log_in(&ours, "alice").await, log_in(&theirs, "alice").await);
        assert_eq!((count(&ours).await, count(&theirs).await), (1, 1));
        assert_ne!(
            ours.list(&alice()).await.unwrap(),
            theirs.list(&alice()).await.unwrap()
        );

        assert!(
            !ours
                .revoke(&alice(), their.session_id())
                .await
                .unwrap()
                .any(),
            "{issuer} {audience}"
        );
        assert_eq!(ours.log_out_others(mine.claims()).await.unwrap().count(), 0);
        assert_eq!(ours.log_out_everywhere(&alice()).await.unwrap().count(), 1);
        assert_eq!((count(&ours).await, count(&theirs).await), (0, 1));
        theirs.refresh(refresh_token(&their)).await.unwrap();
    }
}

// requirement 9
#[tokio::test]
async fn a_token_of_another_application_neither_refreshes_nor_logs_out_nor_is_replaced() {
    for (issuer, audience) in [
        ("https://app.example.com", "other"),
        ("https://other.example.com", "other"),
    ] {
        let house = House::new();
        let (ours, theirs) = (
            house.sessions("https://app.example.com", "app"),
            house.sessions(issuer, audience),
        );
        let their = log_in(&theirs, "alice").await;
        let refused = ours
            .refresh(refresh_token(&their))
            .await
            .expect_err("a session of another application");
        assert!(refused.is_refusal(), "{refused:?}");
        for token in [
            their.access_token().secret(),
            their.refresh_token().unwrap().secret(),
        ] {
            assert!(
                !ours.log_out(token).await.unwrap().any(),
                "{issuer} {audience}"
            );
            ours.start(Identity::new("bob").replacing(token))
                .await
                .unwrap();
        }
        assert_eq!(count(&theirs).await, 1);
        theirs.refresh(refresh_token(&their)).await.unwrap();
    }
}

#[tokio::test]
async fn logging_out_elsewhere_leaves_the_session_that_asks() {
    let app = App::new();
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(log_in(&app.sessions, "alice").await);
    }
    let bobs = log_in(&app.sessions, "bob").await;
    let asks = tokens.pop().unwrap();
    let ended = app.sessions.log_out_others(asks.claims()).await.unwrap();
    assert_eq!((ended.any(), ended.count()), (true, 3));
    assert_eq!(app.live().await, [*asks.session_id()]);
    for tokens in tokens {
        app.me(tokens.access_token().secret())
            .await
            .assert_invalid_token("session_revoked");
    }
    app.me(asks.access_token().secret())
        .await
        .assert_passed("alice");
    app.me(bobs.access_token().secret())
        .await
        .assert_passed("bob");
    let again = app.sessions.log_out_others(asks.claims()).await.unwrap();
    assert_eq!((again.any(), again.count()), (false, 0));
}

/// Claims without a session are of no session: all of the user's are elsewhere.
#[tokio::test]
async fn logging_out_elsewhere_with_a_token_of_no_session_spares_none() {
    let (tokens, store) = (TestTokens::new(), MemoryStore::new());
    let sessions = tokens.sessions(Scripted::new(), store).build().unwrap();
    log_in(&sessions, "alice").await;
    let claims = tokens
        .verifier()
        .verify(tokens.bearer("alice").strip_prefix("Bearer ").unwrap())
        .unwrap();
    assert_eq!(sessions.log_out_others(&claims).await.unwrap().count(), 1);
    assert_eq!(count(&sessions).await, 0);
}

/// The user `alice` of another issuer is someone else.
#[tokio::test]
async fn logging_out_elsewhere_with_a_token_of_another_issuer_ends_nothing() {
    let app = App::new();
    log_in(&app.sessions, "alice").await;
    let key = SigningKey::hs256(&Secret::dangerous_weak("another")).unwrap();
    let signer = AccessTokenSigner::new("https://other.example.com", "app", key).unwrap();
    let verifier = AccessTokenVerifier::builder(signer.keys())
        .issuer("https://other.example.com")
        .audience("app")
        .build()
        .unwrap();
    let token = signer.sign(&Identity::new("alice"), &Grant::new(), HOUR);
    let claims = verifier.verify(token.unwrap().secret()).unwrap();
    let refused = app.sessions.log_out_others(&claims).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::InvalidToken);
    let refused = app.sessions.set_stamp(&claims, 1).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::InvalidToken);
    assert_eq!(app.live().await.len(), 1);
}

#[tokio::test]
async fn a_logout_says_whether_it_ended_anything_and_how_much() {
    let app = App::new();
    let tokens = log_in(&app.sessions, "alice").await;
    for token in ["", "nonsense", "rt1_nonsense"] {
        let ended = app.sessions.log_out(token).await.unwrap();
        assert_eq!((ended.any(), ended.count()), (false, 0));
    }
    let ended = app
        .sessions
        .log_out(tokens.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!((ended.any(), ended.count()), (true, 1));
    let again = app
        .sessions
        .log_out(tokens.access_token().secret())
        .await
        .unwrap();
    assert_eq!((again.any(), again.count()), (false, 0));
    let everywhere = app.sessions.log_out_everywhere(&alice()).await.unwrap();
    assert_eq!((everywhere.any(), everywhere.count()), (false, 0));
    let unknown = app
        .sessions
        .revoke(&alice(), tokens.session_id())
        .await
        .unwrap();
    assert_eq!((unknown.any(), unknown.count()), (false, 0));
}

/// Two applications with one secret and one audience, whose issuers differ, and a session of the
/// second.
async fn with_another_issuer() -> (Sessions, Sessions, TokenResponse) {
    let house = House::new();
    let ours = house.sessions("https://app.example.com", "app");
    let theirs = house.sessions("https://other.example.com", "app");
    let their = log_in(&theirs, "alice").await;
    (ours, theirs, their)
}

#[tokio::test]
async fn a_refresh_token_of_another_issuer_is_not_one_of_ours() {
    let (ours, theirs, their) = with_another_issuer().await;
    let refused = ours
        .refresh(refresh_token(&their))
        .await
        .expect_err("a session of another application");
    assert!(refused.is_refusal(), "{refused:?}");
    theirs.refresh(refresh_token(&their)).await.unwrap();
}

#[tokio::test]
async fn a_token_of_another_issuer_does_not_log_out_here() {
    let (ours, theirs, their) = with_another_issuer().await;
    let ended_by_access_token = ours
        .log_out(their.access_token().secret())
        .await
        .unwrap()
        .any();
    let ended_by_refresh_token = ours
        .log_out(their.refresh_token().unwrap().secret())
        .await
        .unwrap()
        .any();
    assert_eq!(
        (
            ended_by_access_token,
            ended_by_refresh_token,
            count(&theirs).await
        ),
        (false, false, 1)
    );
}

#[tokio::test]
async fn a_token_of_another_issuer_is_not_replaced_here() {
    for by_access_token in [false, true] {
        let (ours, theirs, their) = with_another_issuer().await;
        let token = if by_access_token {
            their.access_token().secret()
        } else {
            their.refresh_token().unwrap().secret()
        };
        ours.start(Identity::new("bob").replacing(token))
            .await
            .unwrap();
        assert_eq!(count(&theirs).await, 1, "{by_access_token}");
    }
}
