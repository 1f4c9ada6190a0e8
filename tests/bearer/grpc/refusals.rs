//! Refusals as gRPC clients read them: `grpc-status` among the headers, and no body.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::post;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body::Body;
use support::{HOUR, Received, hello, log_in, send, sessions_of, without_token};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::{ProtectedResource, RequireLayer};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, BoxError, CurrentUser, LoadUser, LoadUserRequest};

use crate::grpc::{assert_grpc, assert_plain, call, call_as, message};

const INVALID_TOKEN: Option<&str> = Some("Bearer error=\"invalid_token\"");
const INVALID_REQUEST: Option<&str> = Some("Bearer error=\"invalid_request\"");
const INSUFFICIENT_SCOPE: Option<&str> = Some("Bearer error=\"insufficient_scope\"");

#[tokio::test]
async fn without_a_good_token_a_call_is_unauthenticated() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).grpc();
    let foreign = TestTokens::new().bearer("alice");
    let expired = tokens.expired_bearer("alice");
    for (authorization, challenge) in [
        (None, Some("Bearer")),
        (Some("Basic YTpi"), Some("Bearer")),
        (Some("Bearer abc"), INVALID_TOKEN),
        (Some(&*foreign), INVALID_TOKEN),
        (Some(&expired), INVALID_TOKEN),
        (Some("Bearer"), INVALID_REQUEST),
        (Some("Bearer a b"), INVALID_REQUEST),
    ] {
        assert_grpc(&send(&layer, call(authorization)).await, "16", challenge);
    }
    let mut two = call(Some("Bearer abc"));
    two.headers_mut()
        .append(AUTHORIZATION, "Bearer abc".parse().unwrap());
    assert_grpc(&send(&layer, two).await, "16", INVALID_REQUEST);
    // Clients tell an expired token from a bad one: it is time to refresh.
    let of = async |authorization: &str| send(&layer, call(Some(authorization))).await;
    assert_ne!(message(&of(&expired).await), message(&of(&foreign).await));
}

#[tokio::test]
async fn a_good_call_passes_untouched() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).grpc();
    let answer = send(&layer, call(Some(&tokens.bearer("alice")))).await;
    answer.assert_passed("alice");
    assert!(answer.headers.is_empty(), "{answer:?}");
    // A refusal of the handler itself is not changed.
    let own = service_fn(async |_: Request<String>| {
        let mut response = Response::new("own".to_owned());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        Ok::<_, std::convert::Infallible>(response)
    });
    let answer = Received::of(
        layer
            .layer(own)
            .oneshot(call(Some(&tokens.bearer("alice"))))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (answer.status, &*answer.body, answer.headers.len()),
        (401, "own", 0)
    );
    send(&layer.optional(), call(None))
        .await
        .assert_passed("nobody");
}

#[tokio::test]
async fn without_the_scope_a_call_is_denied() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).grpc();
    let alice = tokens.bearer("alice");
    let scoped = send(&layer.clone().require_scope("orders"), call(Some(&alice))).await;
    assert_grpc(&scoped, "7", INSUFFICIENT_SCOPE);
    assert!(
        scoped.challenge().unwrap().ends_with("scope=\"orders\""),
        "{scoped:?}"
    );

    let inner = layer.layer(RequireLayer::scope("orders").layer(hello()));
    let answer = Received::of(inner.oneshot(call(Some(&alice))).await.unwrap()).await;
    assert_eq!(
        (&answer.headers, &answer.body),
        (&scoped.headers, &scoped.body)
    );
}

/// A loader that knows alice, has no bob, and fails for every other user.
struct Users;

impl LoadUser for Users {
    type User = ();
    type Error = BoxError;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<()>, BoxError> {
        let claims = request.claims();
        tokio::task::yield_now().await;
        match claims.subject().as_str() {
            "alice" => Ok(Some(())),
            "bob" => Ok(None),
            _ => Err("the database at db-7 is down".into()),
        }
    }
}

#[tokio::test]
async fn where_the_request_has_to_wait_it_is_refused_alike() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .grpc()
        .with_user_loader(Users);
    let of = async |name: &str| send(&layer, call(Some(&tokens.bearer(name)))).await;
    of("alice").await.assert_passed("alice");
    assert_grpc(&of("bob").await, "16", INVALID_TOKEN);
    let down = of("carol").await;
    assert_grpc(&down, "14", None);
    assert!(!format!("{down:?}").contains("db-7"), "{down:?}");
}

#[tokio::test]
async fn an_ended_session_is_unauthenticated() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let layer = sessions.layer().grpc();
    let pair = log_in(&sessions, "alice").await;
    send(&layer, call(Some(&support::bearer_of(&pair))))
        .await
        .assert_passed("alice");
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_grpc(
        &send(&layer, call(Some(&support::bearer_of(&pair)))).await,
        "16",
        INVALID_TOKEN,
    );
}

#[tokio::test]
async fn the_scope_layer_and_the_extractors_refuse_as_the_layer_does() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).grpc().optional();
    let app = |layer: BearerAuthLayer| {
        Router::new()
            .route("/claims", post(async |_: CurrentUser| "hello"))
            .route("/user", post(async |_: CurrentUser<()>| "hello"))
            .route("/other", post(async |_: CurrentUser<String>| "never"))
            .route(
                "/optional-other",
                post(async |_: Option<CurrentUser<String>>| "never"),
            )
            .route(
                "/admin",
                post(async || "never").route_layer(RequireLayer::scope("admin")),
            )
            .route_layer(layer)
    };
    let ask = async |layer: &BearerAuthLayer, path: &str, authorization: Option<&str>| {
        let mut request = call(authorization).map(axum::body::Body::from);
        *request.uri_mut() = path.parse().unwrap();
        Received::of(app(layer.clone()).oneshot(request).await.unwrap()).await
    };
    let alice = tokens.bearer("alice");
    for path in ["/claims", "/user", "/other", "/admin"] {
        assert_grpc(&ask(&layer, path, None).await, "16", Some("Bearer"));
    }
    assert_grpc(
        &ask(&layer, "/admin", Some(&alice)).await,
        "7",
        INSUFFICIENT_SCOPE,
    );
    // A mistake of the server: what is wrong is for the log.
    let loads = layer.clone().with_user_loader(Users);
    for (layer, path) in [
        (&layer, "/user"),
        (&layer, "/other"),
        (&loads, "/other"),
        (&loads, "/optional-other"),
    ] {
        let answer = ask(layer, path, Some(&alice)).await;
        assert_grpc(&answer, "13", None);
        assert!(
            !message(&answer).contains("CurrentUser")
                && !message(&answer).contains("with_user_loader"),
            "{answer:?}"
        );
    }
    assert_eq!(&*ask(&loads, "/user", Some(&alice)).await.body, "hello");
}

/// Without the layer nothing says that the client speaks gRPC.
#[tokio::test]
async fn without_the_layer_a_call_is_failed_as_usual() {
    let answer = Received::of(
        RequireLayer::scope("admin")
            .layer(hello())
            .oneshot(call(None))
            .await
            .unwrap(),
    )
    .await;
    answer.assert_failed(500, "server_error");
    assert_plain(&answer, "without the layer");
}

/// HTTP/2 then sends one frame of headers, which ends the stream: what gRPC calls trailers-only.
#[tokio::test]
async fn a_refusal_is_at_its_end_before_it_begins() {
    let service = BearerAuthLayer::new(TestTokens::new().verifier())
        .grpc()
        .layer(hello());
    let response = service.oneshot(call(None)).await.unwrap();
    assert!(response.body().is_end_stream());
    assert_eq!(response.body().size_hint().exact(), Some(0));
}

#[tokio::test]
async fn the_message_is_what_a_plain_answer_describes() {
    let tokens = TestTokens::new();
    let plain = BearerAuthLayer::new(tokens.verifier())
        .require_scope("admin")
        .with_user_loader(Users);
    let grpc = plain.clone().grpc();
    let carol = tokens.bearer_with_scope("carol", "admin");
    for authorization in [
        None,
        Some("Bearer"),
        Some("Bearer abc"),
        Some(&*tokens.expired_bearer("a")),
        Some(&tokens.bearer("alice")),
        Some(&carol),
    ] {
        let (plain, grpc) = (
            send(&plain, call(authorization)).await,
            send(&grpc, call(authorization)).await,
        );
        assert_eq!(message(&grpc), plain.json()["error_description"]);
        assert_eq!(grpc.challenge(), plain.challenge());
    }
}

#[tokio::test]
async fn nothing_of_the_call_is_in_the_answer() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).grpc();
    let mark = "xXmarkXx";
    for authorization in [
        format!("Bearer {mark}"),
        format!("{mark} {mark}"),
        tokens.expired_bearer(mark),
    ] {
        let mut request = call_as(&format!("application/grpc+{mark}"), Some(&authorization));
        *request.uri_mut() = format!("https://{mark}.test/{mark}/{mark}?{mark}")
            .parse()
            .unwrap();
        let answer = send(&layer, request).await;
        assert_eq!(
            (answer.status, &answer.headers["grpc-status"]),
            (200, &"16".parse().unwrap())
        );
        assert!(!format!("{answer:?}").contains(mark), "{answer:?}");
    }
}

/// "`with_rejection` is not asked for them", and for all others it is.
#[tokio::test]
async fn the_closure_answers_plain_requests_only() {
    let tokens = TestTokens::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let layer = BearerAuthLayer::new(tokens.verifier()).with_rejection(move |error, _| {
        count.fetch_add(1, Ordering::Relaxed);
        error.to_response().map(|_| "please log in".to_owned())
    });
    // The order of the layers makes no difference.
    for layer in [
        layer.clone().grpc(),
        BearerAuthLayer::new(tokens.verifier())
            .grpc()
            .with_rejection(|_, _| -> http::Response<String> { panic!("asked") }),
    ] {
        assert_grpc(&send(&layer, call(None)).await, "16", Some("Bearer"));
        assert_grpc(
            &send(
                &layer.require_scope("x"),
                call(Some(&tokens.bearer("alice"))),
            )
            .await,
            "7",
            INSUFFICIENT_SCOPE,
        );
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let plain = send(&layer.grpc(), without_token()).await;
    assert_eq!(
        (plain.status, plain.challenge(), &*plain.body),
        (401, Some("Bearer"), "please log in")
    );
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_challenge_leads_to_the_metadata_of_the_resource() {
    let resource = ProtectedResource::new("https://api.example.com/shop", "https://id.example.com")
        .unwrap()
        .with_scope("orders");
    let layer = BearerAuthLayer::new(TestTokens::new().verifier())
        .grpc()
        .with_protected_resource(&resource);
    let answer = send(&layer, call(None)).await;
    let leads =
        "resource_metadata=\"https://api.example.com/.well-known/oauth-protected-resource/shop\"";
    let expected = format!("Bearer scope=\"orders\", {leads}");
    assert_eq!(answer.challenge(), Some(&*expected));
    assert_eq!(
        (answer.status, &answer.headers["grpc-status"]),
        (200, &"16".parse().unwrap())
    );
}

#[tokio::test]
async fn without_grpc_nothing_changes() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).require_scope("admin");
    let answer = send(&layer, call(None)).await;
    answer.assert_token_missing();
    assert_plain(&answer, "without a token");
    send(&layer, call(Some("Bearer abc"))).await.assert_refused(
        401,
        "invalid_token",
        "token_invalid",
    );
    send(&layer, call(Some("Bearer"))).await.assert_refused(
        400,
        "invalid_request",
        "token_malformed",
    );
    send(&layer, call(Some(&tokens.bearer("alice"))))
        .await
        .assert_refused(403, "insufficient_scope", "scope_missing");
    let admin = tokens.bearer_with_scope("alice", "admin");
    send(&layer, call(Some(&admin)))
        .await
        .assert_passed("alice");
    tokens.clock().advance(HOUR);
    send(&layer, call(Some(&admin)))
        .await
        .assert_refused(401, "invalid_token", "token_expired");
}
