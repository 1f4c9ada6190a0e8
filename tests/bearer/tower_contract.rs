//! Tower's contract: the service that was polled ready is the one that is called, and a service
//! keeps no permit that it does not use.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use support::{Received, hello, is_ready, sessions_of, with_authorization, without_token};
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_bearer::bearer::RequireLayer;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, LoadUser, LoadUserRequest};

/// Panics where it is called without having been polled ready, as a rate limit or a buffer does. A
/// clone has not been.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
    clones: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, Ordering::Relaxed);
        Self {
            ready: false,
            clones: Arc::clone(&self.clones),
        }
    }
}

impl Service<Request<String>> for Strict {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<String>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.ready),
            "called without having been polled ready"
        );
        ready(Ok(Response::new("done".to_owned())))
    }
}

/// Knows alice only, and makes the request wait.
struct Users;

impl LoadUser for Users {
    type User = ();
    type Error = Infallible;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<()>, Infallible> {
        let claims = request.claims();
        tokio::task::yield_now().await;
        Ok((claims.subject().as_str() == "alice").then_some(()))
    }
}

/// The layer as it answers at once, and as it has to wait.
fn layers(tokens: &TestTokens) -> [BearerAuthLayer; 2] {
    let at_once = BearerAuthLayer::new(tokens.verifier());
    [at_once.clone(), at_once.with_user_loader(Users)]
}

async fn status<S>(service: &mut S, request: Request<String>) -> u16
where
    S: Service<Request<String>>,
    S::Future:
        Future<Output = Result<Response<tower_bearer::bearer::ResponseBody<String>>, S::Error>>,
    S::Error: std::fmt::Debug,
{
    service
        .ready()
        .await
        .expect("ready")
        .call(request)
        .await
        .expect("an answer")
        .status()
        .as_u16()
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_the_one_that_is_called() {
    let tokens = TestTokens::new();
    for layer in layers(&tokens) {
        let mut service = layer.layer(Strict::default());
        for _ in 0..2 {
            assert_eq!(
                status(&mut service, with_authorization(&tokens.bearer("alice"))).await,
                200
            );
            assert_eq!(status(&mut service, without_token()).await, 401);
        }
    }
    // The first request of sessions waits as well: for the revocations.
    let sessions = sessions_of(&tokens);
    let mut service = sessions.layer().layer(Strict::default());
    for _ in 0..2 {
        assert_eq!(
            status(&mut service, with_authorization(&tokens.bearer("alice"))).await,
            200
        );
    }
}

#[tokio::test]
async fn the_scope_layer_calls_the_service_that_was_polled_ready() {
    let tokens = TestTokens::new();
    for layer in layers(&tokens) {
        let mut service = layer.layer(RequireLayer::scope("a").layer(Strict::default()));
        let [good, bad] = ["a", "b"].map(|scope| tokens.bearer_with_scope("alice", scope));
        for (token, expected) in [(&good, 200), (&bad, 403), (&good, 200)] {
            let answer = service
                .ready()
                .await
                .unwrap()
                .call(with_authorization(token))
                .await
                .unwrap();
            assert_eq!(answer.status(), expected);
        }
    }
}

#[tokio::test]
async fn an_answer_at_once_costs_no_clone_of_the_service() {
    let tokens = TestTokens::new();
    let strict = Strict::default();
    let clones = Arc::clone(&strict.clones);
    let mut service =
        BearerAuthLayer::new(tokens.verifier()).layer(RequireLayer::scope("a").layer(strict));
    for _ in 0..3 {
        let request = with_authorization(&tokens.bearer_with_scope("alice", "a"));
        assert_eq!(
            service
                .ready()
                .await
                .unwrap()
                .call(request)
                .await
                .unwrap()
                .status(),
            200
        );
    }
    assert_eq!(clones.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn it_works_in_front_of_a_limit_and_a_buffer() {
    let tokens = TestTokens::new();
    for layer in layers(&tokens) {
        let mut limited = ServiceBuilder::new()
            .layer(layer.clone())
            .concurrency_limit(1)
            .service(Strict::default());
        let mut buffered = layer.layer(Buffer::new(Strict::default(), 1));
        let mut both_sides = ServiceBuilder::new()
            .concurrency_limit(1)
            .layer(layer)
            .buffer(1)
            .concurrency_limit(1)
            .service(Strict::default());
        for _ in 0..3 {
            let good = tokens.bearer("alice");
            for (authorization, expected) in
                [(Some(&*good), 200), (None, 401), (Some("Bearer"), 400)]
            {
                let request = || authorization.map_or_else(without_token, with_authorization);
                assert_eq!(status(&mut limited, request()).await, expected);
                assert_eq!(status(&mut buffered, request()).await, expected);
                assert_eq!(status(&mut both_sides, request()).await, expected);
            }
        }
    }
}

#[tokio::test]
async fn a_refused_request_leaves_no_permit_behind() {
    let tokens = TestTokens::new();
    for (waits, layer) in layers(&tokens).into_iter().enumerate() {
        let requests = [
            without_token(),
            with_authorization("Bearer abc"),
            with_authorization("Bearer"),
            with_authorization(&tokens.expired_bearer("alice")),
            with_authorization(&tokens.bearer_with_scope("bob", "x")),
        ];
        let layer = if waits == 1 {
            layer
        } else {
            layer.require_scope("y")
        };
        let one = layer.layer(ConcurrencyLimitLayer::new(1).layer(hello()));
        for request in requests {
            let (mut one, mut other) = (one.clone(), one.clone());
            assert!(is_ready(&mut one) && !is_ready(&mut other));
            let answer = one.call(request).await.unwrap();
            assert!(answer.status().is_client_error());
            // `one` and its answer are still there.
            assert!(
                is_ready(&mut other),
                "a permit stayed behind: {:?}",
                answer.status()
            );
            drop(other);
            assert!(is_ready(&mut one));
        }
    }
}

#[tokio::test]
async fn a_request_that_the_scope_layer_refuses_leaves_no_permit_behind() {
    let tokens = TestTokens::new();
    let limited = ConcurrencyLimitLayer::new(1).layer(hello());
    let scoped = RequireLayer::scope("admin").layer(limited);
    let protected = BearerAuthLayer::new(tokens.verifier()).layer(scoped.clone());
    let (mut one, mut other) = (protected.clone(), protected);
    assert!(is_ready(&mut one) && !is_ready(&mut other));
    assert_eq!(
        one.call(with_authorization(&tokens.bearer("alice")))
            .await
            .unwrap()
            .status(),
        403
    );
    assert!(is_ready(&mut other));
    drop((one, other));

    let (mut one, mut other) = (scoped.clone(), scoped);
    assert!(is_ready(&mut one) && !is_ready(&mut other));
    assert_eq!(one.call(without_token()).await.unwrap().status(), 500);
    assert!(is_ready(&mut other));
}

#[tokio::test]
async fn a_client_that_hangs_up_while_it_waits_leaves_no_permit_behind() {
    let tokens = TestTokens::new();
    let [_, waiting] = layers(&tokens);
    let mut one = waiting.layer(ConcurrencyLimitLayer::new(1).layer(hello()));
    let mut other = one.clone();
    assert!(is_ready(&mut one));
    let mut answer = Box::pin(one.call(with_authorization(&tokens.bearer("alice"))));
    assert!(
        answer
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    assert!(!is_ready(&mut other));
    drop(answer);
    assert!(is_ready(&mut other));
}

#[tokio::test]
async fn whoever_waits_is_polled_on_and_answered_once() {
    let tokens = TestTokens::new();
    let [_, waiting] = layers(&tokens);
    let service = waiting.layer(hello());
    let answers = [
        tokens.bearer("alice"),
        tokens.bearer("bob"),
        tokens.bearer("alice"),
    ]
    .map(|token| {
        let service = service.clone();
        tokio::spawn(async move {
            Received::of(service.oneshot(with_authorization(&token)).await.unwrap()).await
        })
    });
    let [first, second, third] = answers;
    first.await.unwrap().assert_passed("alice");
    second
        .await
        .unwrap()
        .assert_refused(401, "invalid_token", "user_gone");
    third.await.unwrap().assert_passed("alice");
}
