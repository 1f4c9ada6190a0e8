//! An access token that came back proves that its refresh token arrived: the layer sees it, and the
//! store hears of it once.

use http::{Request, Response};
use support::{
    Call, FailingStore, MINUTE, StoreFault, ask, bearer_of, process, with_authorization,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::store::SessionStore;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, MemoryStore, Secret, Sessions, TokenResponse};

struct Server {
    tokens: TestTokens,
    store: FailingStore,
    sessions: Sessions,
}

impl Server {
    fn new() -> Self {
        let (tokens, store) = (TestTokens::new(), FailingStore::new(MemoryStore::new()));
        let secret = Secret::random().expect("randomness");
        let sessions = process(&tokens, &secret, store.clone());
        Self {
            tokens,
            store,
            sessions,
        }
    }

    async fn log_in(&self) -> TokenResponse {
        self.sessions
            .start(Identity::new("alice"))
            .await
            .expect("a session")
    }

    /// Whether the store knows that the current refresh token arrived.
    async fn is_confirmed(&self, pair: &TokenResponse) -> bool {
        self.sessions.flush().await.expect("the store is up");
        let claims = self
            .sessions
            .verifier()
            .verify(pair.access_token().secret())
            .expect("a good token");
        let row = self
            .store
            .find(claims.session_id().expect("a session"))
            .await
            .expect("the store is up");
        row.expect("a row").parts().confirmed
    }

    fn told(&self) -> usize {
        self.store.calls_of(Call::Confirm)
    }
}

#[tokio::test]
async fn the_store_hears_once_of_each_generation() {
    let server = Server::new();
    let first = server.log_in().await;
    assert!(!server.is_confirmed(&first).await);
    for _ in 0..3 {
        ask(&server.sessions.layer(), &bearer_of(&first))
            .await
            .assert_passed("alice");
        assert!(server.is_confirmed(&first).await);
    }
    assert_eq!(server.told(), 1);

    server.tokens.clock().advance(MINUTE);
    let second = server
        .sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap();
    assert!(!server.is_confirmed(&second).await);
    // An older access token proves nothing about the newer refresh token.
    ask(&server.sessions.layer(), &bearer_of(&first))
        .await
        .assert_passed("alice");
    assert!(!server.is_confirmed(&second).await);
    ask(&server.sessions.layer(), &bearer_of(&second))
        .await
        .assert_passed("alice");
    assert!(server.is_confirmed(&second).await);
    assert_eq!(server.told(), 2);
}

#[tokio::test]
async fn only_an_answer_below_500_counts() {
    let server = Server::new();
    for (status, counts) in [
        (200, true),
        (404, true),
        (499, true),
        (500, false),
        (503, false),
    ] {
        let pair = server.log_in().await;
        let service =
            server
                .sessions
                .layer()
                .layer(service_fn(move |_: Request<String>| async move {
                    Response::builder().status(status).body(String::new())
                }));
        service
            .oneshot(with_authorization(&bearer_of(&pair)))
            .await
            .unwrap();
        assert_eq!(server.is_confirmed(&pair).await, counts, "{status}");
    }
    let pair = server.log_in().await;
    let failing = service_fn(async |_: Request<String>| Err::<Response<String>, _>("broken"));
    assert_eq!(
        server
            .sessions
            .layer()
            .layer(failing)
            .oneshot(with_authorization(&bearer_of(&pair)))
            .await
            .unwrap_err(),
        "broken"
    );
    assert!(!server.is_confirmed(&pair).await);
}

#[tokio::test]
async fn a_refused_request_proves_nothing() {
    let server = Server::new();
    let pair = server.log_in().await;
    let layer = server.sessions.layer().require_scope("admin");
    ask(&layer, &bearer_of(&pair))
        .await
        .assert_refused(403, "insufficient_scope", "scope_missing");
    ask(&layer, &bearer_of(&pair))
        .await
        .assert_refused(403, "insufficient_scope", "scope_missing");
    assert!(!server.is_confirmed(&pair).await);
}

#[tokio::test]
async fn a_session_without_receipts_has_none() {
    let server = Server::new();
    let pair = server
        .sessions
        .start(Identity::new("alice").without_receipts())
        .await
        .unwrap();
    ask(&server.sessions.layer(), &bearer_of(&pair))
        .await
        .assert_passed("alice");
    ask(&server.sessions.layer(), &server.tokens.bearer("alice"))
        .await
        .assert_passed("alice");
    assert!(!server.is_confirmed(&pair).await);
    assert_eq!(server.told(), 0);
}

#[tokio::test]
async fn a_receipt_that_was_not_written_is_given_again() {
    let server = Server::new();
    let pair = server.log_in().await;
    let layer = server.sessions.layer();
    // The first request loads the revocations.
    ask(&layer, &server.tokens.bearer("alice"))
        .await
        .assert_passed("alice");
    server.store.set_fault(Some(StoreFault::All));
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
    assert_eq!(
        server.sessions.flush().await.unwrap_err().kind(),
        SessionErrorKind::Unavailable
    );
    server.store.set_fault(None);
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
    assert!(server.is_confirmed(&pair).await);
}

#[tokio::test]
async fn the_receipts_of_many_sessions_are_written_in_few_calls() {
    let server = Server::new();
    let layer = server.sessions.layer();
    let writing = server.store.pause_at(Call::Confirm);
    let mut pairs = Vec::new();
    for place in 0..100 {
        let pair = server.log_in().await;
        ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
        pairs.push(pair);
        if place == 0 {
            writing.reached().await;
        }
    }
    writing.go_on();
    for pair in &pairs {
        assert!(server.is_confirmed(pair).await);
    }
    // The first by itself, and then at most 64 in each call.
    assert_eq!(server.told(), 3);
}
