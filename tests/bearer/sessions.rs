//! A session that was ended reaches its access tokens (OWASP ASVS 7.4.1).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use support::{
    Accounts, HOUR, MILLISECOND, MINUTE, SECOND, ask, assert_ended, bearer_of, hello, log_in, send,
    with_authorization, without_token,
};
use tower::{Layer, Service, ServiceExt};
use tower_bearer::session::SessionsBuilder;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    LoadUser, LoadUserRequest, MemoryStore, Secret, SessionPolicy, Sessions, Subject,
};

/// The parts that outlive a process: the store, the secret, the key.
struct Server {
    tokens: TestTokens,
    secret: Secret,
    store: Arc<MemoryStore>,
}

impl Server {
    fn new() -> Self {
        let secret = Secret::random().expect("randomness");
        Self {
            tokens: TestTokens::new(),
            secret,
            store: Arc::new(MemoryStore::new()),
        }
    }

    /// A process of its own, with nothing in its memory.
    fn process(&self) -> Sessions {
        self.builder().build().unwrap()
    }

    fn builder(&self) -> SessionsBuilder {
        self.tokens
            .sessions(Accounts::everybody(), Arc::clone(&self.store))
            .secret(self.secret.clone())
    }

    fn pass(&self, time: Duration) {
        self.tokens.clock().advance(time);
    }
}

// requirement 53
#[tokio::test]
async fn the_very_next_request_after_a_logout_is_refused() {
    let server = Server::new();
    let sessions = server.process();
    let (alices, others) = (
        log_in(&sessions, "alice").await,
        log_in(&sessions, "alice").await,
    );
    // A layer and a service that were there before.
    let layer = sessions.layer();
    let mut service = layer.layer(hello());
    for by in [
        alices.access_token().secret(),
        alices.refresh_token().unwrap().secret(),
    ] {
        let pair = log_in(&sessions, "alice").await;
        ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
        let token = if by.starts_with("rt1_") {
            pair.refresh_token().unwrap().secret()
        } else {
            pair.access_token().secret()
        };
        sessions.log_out(token).await.unwrap();
        assert_ended(&layer, &pair).await;
        assert_ended(&sessions.layer().optional(), &pair).await;
        let answer = service
            .ready()
            .await
            .unwrap()
            .call(with_authorization(&bearer_of(&pair)))
            .await
            .unwrap();
        assert_eq!(answer.status(), 401);
    }
    for pair in [&alices, &others] {
        ask(&layer, &bearer_of(pair)).await.assert_passed("alice");
    }
}

// requirement 53
#[tokio::test]
async fn every_way_to_end_a_session_is_felt_at_once() {
    let server = Server::new();
    let sessions = server.process();
    let layer = sessions.layer();
    let (alice, bob) = (Subject::from("alice"), log_in(&sessions, "bob").await);

    let listed = log_in(&sessions, "alice").await;
    let id = *sessions.list(&alice).await.unwrap()[0].id();
    assert!(sessions.revoke(&alice, &id).await.unwrap().any());
    assert_ended(&layer, &listed).await;

    let (one, two) = (
        log_in(&sessions, "alice").await,
        log_in(&sessions, "alice").await,
    );
    assert_eq!(
        sessions.log_out_everywhere(&alice).await.unwrap().count(),
        2
    );
    assert_ended(&layer, &one).await;
    assert_ended(&layer, &two).await;

    // A copy of a refresh token that was used up long ago, after its successor was used.
    let first = log_in(&sessions, "alice").await;
    server.pass(MINUTE);
    let second = sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap();
    server.pass(MINUTE);
    let third = sessions
        .refresh(second.refresh_token().unwrap().clone())
        .await
        .unwrap();
    ask(&layer, &bearer_of(&third)).await.assert_passed("alice");
    sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap_err();
    for pair in [&first, &second, &third] {
        assert_ended(&layer, pair).await;
    }
    ask(&layer, &bearer_of(&bob)).await.assert_passed("bob");
}

// requirement 53
#[tokio::test]
async fn a_logout_outlives_the_process() {
    let server = Server::new();
    let before = server.process();
    let (ended, living) = (
        log_in(&before, "alice").await,
        log_in(&before, "alice").await,
    );
    before
        .log_out(ended.refresh_token().unwrap().secret())
        .await
        .unwrap();
    drop(before);
    // The first request of the new process is the one that has to know.
    for with_loader in [false, true] {
        let layer = server.process().layer();
        let layer = if with_loader {
            layer.with_user_loader(Everybody::default())
        } else {
            layer
        };
        assert_ended(&layer, &ended).await;
        ask(&layer, &bearer_of(&living))
            .await
            .assert_passed("alice");
    }
}

// requirement 53
#[tokio::test]
async fn a_revoked_token_stays_dead_for_its_whole_life_and_the_leeway() {
    let server = Server::new();
    let policy = SessionPolicy::default().with_access_token_lifetime(24 * HOUR);
    let leeway = Duration::from_secs(300);
    let process = || {
        server
            .builder()
            .policy(policy)
            .leeway(leeway)
            .build()
            .unwrap()
    };
    let sessions = process();
    let ended = log_in(&sessions, "alice").await;
    ask(&sessions.layer(), &bearer_of(&ended))
        .await
        .assert_passed("alice");
    sessions
        .log_out(ended.refresh_token().unwrap().secret())
        .await
        .unwrap();

    let step = Duration::from_secs(1800);
    for _ in 0..48 {
        assert_ended(&sessions.layer(), &ended).await;
        assert_ended(&process().layer(), &ended).await;
        server.pass(step);
        // This makes room in memory and in the store.
        let other = log_in(&sessions, "bob").await;
        sessions
            .log_out(other.refresh_token().unwrap().secret())
            .await
            .unwrap();
        sessions.delete_expired().await.unwrap();
    }
    server.pass(leeway - MILLISECOND);
    sessions.delete_expired().await.unwrap();
    let other = log_in(&sessions, "bob").await;
    sessions
        .log_out(other.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_ended(&sessions.layer(), &ended).await;
    assert_ended(&process().layer(), &ended).await;
    server.pass(MILLISECOND);
    ask(&sessions.layer(), &bearer_of(&ended))
        .await
        .assert_refused(401, "invalid_token", "token_expired");
    ask(&process().layer(), &bearer_of(&ended))
        .await
        .assert_refused(401, "invalid_token", "token_expired");
}

// requirement 53
#[tokio::test]
async fn a_clock_that_is_set_brings_no_revoked_token_back() {
    let server = Server::new();
    let sessions = server.process();
    let ended = log_in(&sessions, "alice").await;
    sessions
        .log_out(ended.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_ended(&sessions.layer(), &ended).await;
    let clock = server.tokens.clock();
    let now = tower_bearer::clock::Clock::now(clock);
    // The clock is set ahead, sessions come and go, and the clock is set back.
    clock.jump(now + 100 * HOUR);
    let other = log_in(&sessions, "bob").await;
    sessions
        .log_out(other.refresh_token().unwrap().secret())
        .await
        .unwrap();
    clock.jump(now);
    assert_ended(&sessions.layer(), &ended).await;
}

// requirement 27
#[tokio::test]
async fn the_layer_lets_no_token_outlive_its_session() {
    let server = Server::new();
    let policy = SessionPolicy::default().with_absolute_lifetime(Duration::from_secs(600));
    let sessions = server
        .builder()
        .policy(policy)
        .leeway(Duration::ZERO)
        .build()
        .unwrap();
    let pair = log_in(&sessions, "alice").await;
    assert_eq!(
        (pair.expires_in(), pair.refresh_token_expires_in()),
        (600, 600)
    );
    server.pass(Duration::from_secs(599));
    let last = sessions
        .refresh(pair.refresh_token().unwrap().clone())
        .await
        .unwrap();
    ask(&sessions.layer(), &bearer_of(&last))
        .await
        .assert_passed("alice");
    server.pass(SECOND);
    for pair in [&pair, &last] {
        ask(&sessions.layer(), &bearer_of(pair))
            .await
            .assert_refused(401, "invalid_token", "token_expired");
    }
}

#[tokio::test]
async fn the_layer_of_sessions_accepts_their_tokens_only() {
    let server = Server::new();
    let layer = server.process().layer();
    ask(&layer, &TestTokens::new().bearer("alice"))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    // Signed with the same key, and without a session.
    ask(&layer, &server.tokens.bearer("alice"))
        .await
        .assert_passed("alice");
    send(&layer, without_token()).await.assert_token_missing();
}

/// Counts how often it was asked.
#[derive(Clone, Debug, Default)]
struct Everybody(Arc<AtomicUsize>);

impl LoadUser for Everybody {
    type User = ();
    type Error = std::convert::Infallible;

    async fn load_user(&self, _: LoadUserRequest<'_>) -> Result<Option<()>, Self::Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Some(()))
    }
}

#[tokio::test]
async fn the_user_of_a_revoked_session_is_not_asked_for() {
    let server = Server::new();
    let sessions = server.process();
    let pair = log_in(&sessions, "alice").await;
    let users = Everybody::default();
    let layer = sessions.layer().with_user_loader(users.clone());
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_ended(&layer, &pair).await;
    assert_eq!(users.0.load(Ordering::Relaxed), 0);
}

/// The request is as it was sent, but for the layer's own extension.
#[tokio::test]
async fn the_layer_leaves_the_request_as_it_is() {
    let server = Server::new();
    let service =
        server
            .process()
            .layer()
            .layer(tower::service_fn(async |request: Request<String>| {
                let said = format!(
                    "{} {} {} {}",
                    request.method(),
                    request.uri(),
                    request.headers().len(),
                    request.extensions().len()
                );
                Ok::<_, std::convert::Infallible>(http::Response::new(format!(
                    "{said} {}",
                    request.body()
                )))
            }));
    let mut request = Request::put("/a?b=c")
        .header("x-own", "1")
        .body("body".to_owned())
        .unwrap();
    let authorization = server.tokens.bearer("alice").parse().unwrap();
    request.headers_mut().insert("authorization", authorization);
    let answer = support::Received::of(service.oneshot(request).await.unwrap()).await;
    answer.assert_passed("PUT /a?b=c 2 1 body");
}
