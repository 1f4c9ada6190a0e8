//! How many allocations a request costs in the layer. They are counted for the thread of a test.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use support::{FailingStore, ask, bearer_of, log_in, sessions_in};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, Service, service_fn};
use tower_bearer::clock::Clock;
use tower_bearer::names::SessionId;
use tower_bearer::store::SessionStore;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{AccessTokenClaims, BearerAuthLayer, MemoryStore};

/// Returns how many allocations the layer makes for a request with this `Authorization` header,
/// without those of the verifier, and the status of the response.
fn of_layer(layer: &BearerAuthLayer, authorization: Option<&str>) -> (u64, StatusCode) {
    let mut service = layer.layer(service_fn(hello));
    let mut status = StatusCode::OK;
    let mut allocated = Vec::new();
    for _ in 0..4 {
        let mut request = Request::new(());
        if let Some(value) = authorization {
            let value = value.parse().expect("a header");
            request.headers_mut().insert("authorization", value);
        }
        let mut request = Some(request);
        let counted = allocation_counter::measure(|| {
            let context = &mut Context::from_waker(Waker::noop());
            assert!(service.poll_ready(context).is_ready());
            let response = pin!(service.call(request.take().expect("one request")));
            let Poll::Ready(Ok(response)) = response.poll(context) else {
                panic!("the layer waits")
            };
            status = response.status();
        });
        allocated.push(counted.count_total);
    }
    // The first requests make what is made once.
    (allocated[3], status)
}

#[allow(clippy::needless_pass_by_value)] // A service takes the request.
fn hello(request: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    assert!(AccessTokenClaims::from_extensions(request.extensions()).is_some());
    ready(Ok(Response::new(())))
}

/// The map of headers has two.
#[test]
fn a_request_without_a_token_costs_two() {
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    assert_eq!(of_layer(&layer, None), (2, StatusCode::UNAUTHORIZED));
    let named = layer.with_realm("api").unwrap();
    assert_eq!(of_layer(&named, None), (2, StatusCode::UNAUTHORIZED));
    for malformed in ["Bearer", "Bearer a b"] {
        let outcome = of_layer(&named, Some(malformed));
        assert_eq!(outcome, (2, StatusCode::BAD_REQUEST), "{malformed}");
    }
}

#[test]
fn a_forged_token_costs_two() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let good = tokens.bearer("alice");
    // With the header of our keys, and the signature of another token.
    let (message, _) = good.rsplit_once('.').unwrap();
    let other = tokens.bearer("bob");
    let (_, signature) = other.rsplit_once('.').unwrap();
    let forged = format!("{message}.{signature}");
    assert_eq!(
        of_layer(&layer, Some(&forged)),
        (2, StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        of_layer(&layer, Some("Bearer abc")),
        (2, StatusCode::UNAUTHORIZED)
    );
}

/// Without other extensions an extension has three: the map, its table, and the value.
#[test]
fn a_token_that_was_seen_costs_three() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    assert_eq!(
        of_layer(&layer, Some(&tokens.bearer("alice"))),
        (3, StatusCode::OK)
    );
}

/// The verifier has three of them: the payload, the list of the claims, and the claims. The second
/// time that it sees the token, a copy of it is behind the payload. The layer has those of a token
/// that was seen.
#[test]
fn a_token_that_was_never_seen_costs_six() {
    let tokens = TestTokens::new();
    let verifier = tokens.verifier();
    let token = |user: &str| tokens.bearer(user).trim_start_matches("Bearer ").to_owned();
    // The table is made with the first token.
    verifier.verify(&token("alice")).unwrap();
    let fresh = token("bob");
    let verify = || {
        let counted = allocation_counter::measure(|| drop(black_box(verifier.verify(&fresh))));
        (counted.count_total, counted.bytes_total)
    };
    let ((first, bytes), (second, bytes_with_copy)) = (verify(), verify());
    assert_eq!([first, second], [3, 3]);
    // The first time, no copy of the token is made.
    assert!(bytes + fresh.len() as u64 <= bytes_with_copy);
    assert_eq!(verify(), (0, 0));
}

/// Each page makes the lists that it enters anew. Those before it are let go one by one.
#[test]
fn a_first_reading_of_many_pages_takes_the_memory_of_one_set() {
    const REVOKED: usize = 100_000;
    let (runtime, tokens) = (Runtime::new().unwrap(), TestTokens::new());
    let store = FailingStore::new(MemoryStore::new());
    let layer = sessions_in(&tokens, store.clone()).layer();
    let token = runtime.block_on(async {
        let ids = (0..REVOKED as u128).map(|id| SessionId::from_bytes(id.to_be_bytes()));
        let (ids, now) = (ids.collect::<Vec<_>>(), tokens.clock().now());
        store.assert_revoked(&ids, now).await.unwrap();
        bearer_of(&log_in(&sessions_in(&tokens, store.clone()), "alice").await)
    });
    store.in_pages(REVOKED / 20, Duration::ZERO);
    let reads = Builder::new_current_thread().enable_all().build().unwrap();
    let counted = allocation_counter::measure(|| {
        assert_eq!(reads.block_on(ask(&layer, &token)).status, 200);
    });
    let (held, most) = (counted.bytes_current as f64, counted.bytes_max as f64);
    assert!(held > 24.0 * REVOKED as f64);
    assert!(most < 1.8 * held, "{most} bytes at most, {held} afterwards");
}
