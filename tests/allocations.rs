//! How many allocations a request costs in the layer. They are counted for the thread of a test.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::{Request, Response, StatusCode};
use tower::{Layer, Service, service_fn};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{AccessTokenClaims, AccessTokenVerifier, BearerAuthLayer};

/// Returns how many allocations `run` makes, once everything that is made once is there.
fn allocations<T>(mut run: impl FnMut() -> T) -> u64 {
    for _ in 0..3 {
        drop(run());
    }
    allocation_counter::measure(|| drop(black_box(run()))).count_total
}

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

fn hello(request: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    assert!(AccessTokenClaims::from_extensions(request.extensions()).is_some());
    ready(Ok(Response::new(())))
}

fn of_verifier(verifier: &AccessTokenVerifier, authorization: &str) -> u64 {
    let token = authorization.trim_start_matches("Bearer ");
    allocations(|| verifier.verify(token))
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
fn a_refused_token_costs_two_and_those_of_the_verifier() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let forged = TestTokens::new().bearer("alice");
    let expired = tokens.expired_bearer("alice");
    for refused in [&*forged, &*expired, "Bearer abc"] {
        let verified = of_verifier(&tokens.verifier(), refused);
        let (all, status) = of_layer(&layer, Some(refused));
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(all <= verified + 2, "{all}, of the verifier {verified}");
    }
}

/// Without other extensions an extension has three: the map, its table, and the value.
#[test]
fn a_good_token_costs_three_and_those_of_the_verifier() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let alice = tokens.bearer("alice");
    let verified = of_verifier(&tokens.verifier(), &alice);
    let (all, status) = of_layer(&layer, Some(&alice));
    assert_eq!(status, StatusCode::OK);
    assert!(all <= verified + 3, "{all}, of the verifier {verified}");
}
