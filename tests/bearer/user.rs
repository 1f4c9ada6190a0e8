//! The application's user: who is asked for, who is found, and what becomes of a request where the
//! user is not found.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::get;
use http::{Request, Response};
use support::{Received, with_authorization, without_token};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::{BearerErrorKind, RequireLayer};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    AccessTokenClaims, BearerAuthLayer, BearerError, BoxError, CurrentUser, LoadUser,
    LoadUserRequest,
};

use crate::get_from;

#[derive(Clone, Debug)]
struct User {
    name: String,
}

/// A loader that knows alice, has no bob, fails for every other user, and counts its calls.
#[derive(Clone, Debug, Default)]
struct Users(Arc<AtomicUsize>);

impl LoadUser for Users {
    type User = User;
    type Error = BoxError;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<User>, BoxError> {
        let claims = request.claims();
        self.0.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        match claims.subject().as_str() {
            "alice" => Ok(Some(User {
                name: "Alice".to_owned(),
            })),
            "bob" => Ok(None),
            _ => Err("the database at db-7 is down".into()),
        }
    }
}

fn app(layer: BearerAuthLayer) -> Router {
    Router::new()
        .route(
            "/",
            get(async |CurrentUser(user): CurrentUser<User>| user.name),
        )
        .route(
            "/claims",
            get(async |CurrentUser(claims): CurrentUser| claims.subject().to_string()),
        )
        .route(
            "/both",
            get(
                async |CurrentUser(user): CurrentUser<User>, CurrentUser(claims): CurrentUser| {
                    format!("{} {}", user.name, claims.subject())
                },
            ),
        )
        .route(
            "/optional",
            get(async |user: Option<CurrentUser<User>>| {
                user.map_or("nobody".to_owned(), |CurrentUser(user)| user.name)
            }),
        )
        .route(
            "/optional-claims",
            get(async |user: Option<CurrentUser>| user.is_some().to_string()),
        )
        .route("/other", get(async |_: CurrentUser<String>| "never"))
        .route(
            "/optional-other",
            get(async |_: Option<CurrentUser<String>>| "never"),
        )
        .route_layer(layer)
}

#[tokio::test]
async fn a_handler_gets_the_user_and_the_claims() {
    let tokens = TestTokens::new();
    let app = app(BearerAuthLayer::new(tokens.verifier()).with_user_loader(Users::default()));
    let alice = tokens.bearer("alice");
    for (path, said) in [
        ("/", "Alice"),
        ("/claims", "alice"),
        ("/both", "Alice alice"),
        ("/optional", "Alice"),
    ] {
        get_from(&app, path, Some(&alice)).await.assert_passed(said);
    }
}

// requirement 40
#[tokio::test]
async fn a_user_who_is_gone_is_refused() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).with_user_loader(Users::default());
    for layer in [layer.clone(), layer.optional()] {
        let answer = get_from(&app(layer), "/optional", Some(&tokens.bearer("bob"))).await;
        answer.assert_refused(401, "invalid_token", "user_gone");
    }
}

/// A loader that refuses every user.
struct Suspended;

impl LoadUser for Suspended {
    type User = ();
    type Error = BearerError;

    async fn load_user(&self, _: LoadUserRequest<'_>) -> Result<Option<()>, BearerError> {
        Err(BearerError::denied("suspended"))
    }
}

#[tokio::test]
async fn a_loader_refuses_with_a_reason_of_its_own() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).with_user_loader(Suspended);
    for layer in [layer.clone(), layer.optional()] {
        let answer = get_from(&app(layer), "/claims", Some(&tokens.bearer("alice"))).await;
        assert_eq!((answer.status, answer.challenge()), (403, None));
        assert!(!answer.headers.contains_key("retry-after"), "{answer:?}");
        assert_eq!(answer.json()["error"], "access_denied");
        assert_eq!(answer.json()["reason"], "suspended");
    }
}

// requirement 54
#[tokio::test]
async fn users_who_cannot_be_asked_are_503_and_never_let_through() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).with_user_loader(Users::default());
    for layer in [layer.clone(), layer.optional()] {
        let answer = get_from(&app(layer), "/optional", Some(&tokens.bearer("carol"))).await;
        answer.assert_failed(503, "temporarily_unavailable");
        assert_eq!(answer.headers["retry-after"], "1");
        assert!(!answer.body.contains("db-7"));
    }
}

#[tokio::test]
async fn the_loader_is_not_asked_for_a_request_that_is_refused_anyway() {
    let tokens = TestTokens::new();
    let users = Users::default();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .with_user_loader(users.clone())
        .require_scope("admin");
    let app = app(layer.clone());
    get_from(&app, "/", None).await.assert_token_missing();
    get_from(&app, "/", Some("Bearer")).await.assert_refused(
        400,
        "invalid_request",
        "token_malformed",
    );
    get_from(&app, "/", Some("Bearer abc"))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    get_from(&app, "/", Some(&tokens.expired_bearer("alice")))
        .await
        .assert_refused(401, "invalid_token", "token_expired");
    get_from(&app, "/", Some(&tokens.bearer("alice")))
        .await
        .assert_refused(403, "insufficient_scope", "scope_missing");
    assert_eq!(users.0.load(Ordering::Relaxed), 0);
    get_from(&app, "/", Some(&tokens.bearer_with_scope("alice", "admin")))
        .await
        .assert_passed("Alice");
    assert_eq!(users.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_loader_is_not_asked_where_there_is_no_token() {
    let tokens = TestTokens::new();
    let users = Users::default();
    let app = app(BearerAuthLayer::new(tokens.verifier())
        .with_user_loader(users.clone())
        .optional());
    get_from(&app, "/optional", None)
        .await
        .assert_passed("nobody");
    get_from(&app, "/optional-claims", None)
        .await
        .assert_passed("false");
    assert_eq!(users.0.load(Ordering::Relaxed), 0);
}

// requirement 39
#[tokio::test]
async fn a_handler_that_demands_a_user_refuses_in_the_words_of_the_layer() {
    let tokens = TestTokens::new();
    let optional = BearerAuthLayer::new(tokens.verifier()).optional();
    let users = optional.clone().with_user_loader(Users::default());
    get_from(&app(optional.clone()), "/claims", None)
        .await
        .assert_token_missing();
    get_from(&app(users), "/", None)
        .await
        .assert_token_missing();
    let answer = get_from(&app(optional.with_realm("api").unwrap()), "/claims", None).await;
    assert_eq!(
        (answer.status, answer.challenge()),
        (401, Some("Bearer realm=\"api\""))
    );
    assert_eq!(answer.json()["error"], "unauthorized");
}

// requirement 54
#[tokio::test]
async fn without_the_layer_nobody_is_let_through_as_anonymous() {
    let app = Router::new()
        .route("/claims", get(async |_: CurrentUser| "never"))
        .route("/user", get(async |_: CurrentUser<User>| "never"))
        .route("/optional", get(async |_: Option<CurrentUser>| "never"))
        .route(
            "/optional-user",
            get(async |_: Option<CurrentUser<User>>| "never"),
        );
    let good = TestTokens::new().bearer("alice");
    for path in ["/claims", "/user", "/optional", "/optional-user"] {
        get_from(&app, path, None)
            .await
            .assert_failed(500, "server_error");
        let answer = get_from(&app, path, Some(&good)).await;
        answer.assert_failed(500, "server_error");
        assert!(
            !answer.body.contains("BearerAuthLayer"),
            "the cure is for the log"
        );
    }
}

// requirement 54
#[tokio::test]
async fn a_user_of_another_type_is_a_mistake_of_the_server() {
    let tokens = TestTokens::new();
    let alice = tokens.bearer("alice");
    let with_users =
        app(BearerAuthLayer::new(tokens.verifier()).with_user_loader(Users::default()));
    let without = app(BearerAuthLayer::new(tokens.verifier()));
    for path in ["/other", "/optional-other"] {
        get_from(&with_users, path, Some(&alice))
            .await
            .assert_failed(500, "server_error");
        get_from(&without, path, Some(&alice))
            .await
            .assert_failed(500, "server_error");
    }
    get_from(&without, "/", Some(&alice))
        .await
        .assert_failed(500, "server_error");
    get_from(&without, "/claims", Some(&alice))
        .await
        .assert_passed("alice");
}

#[tokio::test]
async fn without_axum_the_extensions_say_the_same() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .optional()
        .with_user_loader(Users::default());
    let service = layer.layer(service_fn(async |request: Request<String>| {
        let extensions = request.extensions();
        let claims = AccessTokenClaims::from_extensions(extensions)
            .map(|claims| claims.subject().to_string());
        let user =
            CurrentUser::<User>::from_extensions(extensions).map(|CurrentUser(user)| user.name);
        let other = CurrentUser::<String>::from_extensions(extensions).map(|_| ());
        let kinds = (
            user.map_err(|error| error.kind()),
            other.map_err(|error| error.kind()),
        );
        Ok::<_, Infallible>(Response::new(format!("{claims:?} {kinds:?}")))
    }));
    let alice = Received::of(
        service
            .clone()
            .oneshot(with_authorization(&tokens.bearer("alice")))
            .await
            .unwrap(),
    )
    .await;
    alice.assert_passed(&format!(
        "Some(\"alice\") (Ok(\"Alice\"), Err({:?}))",
        BearerErrorKind::Misconfigured
    ));
    let nobody = Received::of(service.oneshot(without_token()).await.unwrap()).await;
    nobody.assert_passed("None (Err(MissingToken), Err(MissingToken))");

    let bare = Request::new(());
    assert!(AccessTokenClaims::from_extensions(bare.extensions()).is_none());
    let error = CurrentUser::<User>::from_extensions(bare.extensions()).unwrap_err();
    assert_eq!(error.kind(), BearerErrorKind::Misconfigured);
    assert!(error.to_string().contains("route_layer"), "{error}");
}

#[tokio::test]
async fn a_user_and_a_scope_layer_go_together() {
    let tokens = TestTokens::new();
    let app = Router::new()
        .route(
            "/",
            get(async |CurrentUser(user): CurrentUser<User>| user.name),
        )
        .route_layer(RequireLayer::scope("admin"))
        .route_layer(BearerAuthLayer::new(tokens.verifier()).with_user_loader(Users::default()));
    get_from(&app, "/", Some(&tokens.bearer_with_scope("alice", "admin")))
        .await
        .assert_passed("Alice");
    get_from(&app, "/", Some(&tokens.bearer("alice")))
        .await
        .assert_refused(403, "insufficient_scope", "scope_missing");
}
