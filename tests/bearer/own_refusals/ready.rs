//! The usual refusals are made once for all requests. Each still says what it should.

use bytes::Bytes;
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use support::{Received, ask, send, with_authorization, without_token};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::BearerErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, BearerError};

use super::{KINDS, received};

/// The response of a handler that refuses each request with the error that `make` makes.
async fn refused_by_handler(
    layer: &BearerAuthLayer,
    make: impl Fn() -> BearerError + Clone,
) -> Received {
    let handler = service_fn(move |request: Request<String>| {
        let (parts, _): (Parts, _) = request.into_parts();
        let response: Response<Bytes> = make().into_response_for(&parts);
        std::future::ready(Ok::<_, std::convert::Infallible>(response.map(Full::new)))
    });
    let request = without_token();
    Received::of(layer.layer(handler).oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn a_repeated_refusal_is_the_response_of_its_kind() {
    let tokens = TestTokens::new();
    let plain = BearerAuthLayer::new(tokens.verifier()).optional();
    let named = plain.clone().with_realm("api").unwrap();
    for _ in 0..2 {
        for kind in KINDS {
            let usual = received(BearerError::from(kind).to_response()).await;
            let response = refused_by_handler(&plain, || kind.into()).await;
            assert_eq!(response, usual, "{kind:?}");
            let with_realm = refused_by_handler(&named, || kind.into()).await;
            assert_eq!(with_realm.status, usual.status, "{kind:?}");
            assert_eq!(with_realm.body, usual.body, "{kind:?}");
            let challenge = usual.challenge().map(|usual| match usual {
                "Bearer" => "Bearer realm=\"api\"".to_owned(),
                usual => usual.replace("Bearer ", "Bearer realm=\"api\", "),
            });
            assert_eq!(with_realm.challenge(), challenge.as_deref(), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn an_error_with_words_of_its_own_is_not_the_usual_one() {
    let layer = BearerAuthLayer::new(TestTokens::new().verifier()).optional();
    for _ in 0..2 {
        let usual = refused_by_handler(&layer, || BearerErrorKind::Denied.into()).await;
        let own = refused_by_handler(&layer, || BearerError::denied("no_company")).await;
        for (response, reason) in [(usual, "denied"), (own, "no_company")] {
            assert_eq!((response.status, response.challenge()), (403, None));
            assert_eq!(response.json()["reason"], reason);
        }
        let later = || {
            BearerError::from(BearerErrorKind::Unavailable)
                .with_retry_after(std::time::Duration::from_secs(7))
        };
        let response = refused_by_handler(&layer, later).await;
        assert_eq!(
            (response.status, &response.headers[RETRY_AFTER]),
            (503, &"7".parse().unwrap())
        );
        let usual = refused_by_handler(&layer, || BearerErrorKind::Unavailable.into()).await;
        assert_eq!(
            (usual.status, &usual.headers[RETRY_AFTER]),
            (503, &"1".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn each_malformed_header_has_its_own_sentence() {
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    for _ in 0..2 {
        let none = ask(&layer, "Bearer").await;
        none.assert_refused(400, "invalid_request", "token_malformed");
        let mut two = with_authorization("Bearer abc");
        two.headers_mut()
            .append(AUTHORIZATION, "Bearer abc".parse().unwrap());
        let two = send(&layer, two).await;
        two.assert_refused(400, "invalid_request", "token_malformed");
        assert_eq!(
            [&none, &two].map(|response| response.value()["error_description"].clone()),
            [
                "the Authorization header has no token",
                "more than one Authorization header"
            ]
        );
    }
}

/// A layer may be used, and then changed.
#[tokio::test]
async fn a_refusal_before_a_setting_does_not_hide_the_setting() {
    let tokens = TestTokens::new();
    let mut layer = BearerAuthLayer::new(tokens.verifier());
    for realm in ["one", "two"] {
        send(&layer, without_token()).await;
        layer = layer.with_realm(realm).unwrap();
        let challenge = format!("Bearer realm=\"{realm}\"");
        for _ in 0..2 {
            let response = send(&layer, without_token()).await;
            assert_eq!(
                (response.status, response.challenge()),
                (401, Some(&*challenge))
            );
        }
    }
}
