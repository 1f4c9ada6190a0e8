//! The application's own claims as its own struct, and the other ways in which a handler gets at a
//! token.

use std::convert::Infallible;

use axum::Router;
use axum::routing::get;
use http::{Request, Response};
use serde::Deserialize;
use support::{Log, Received, send, with_authorization};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::{AccessTokenWatch, BearerErrorKind};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    AccessTokenClaims, AccessTokenVerifier, BearerAuthLayer, CurrentUser, Grant, Identity, KeySet,
    LoadUser, LoadUserRequest,
};

use crate::get_from;

#[derive(Clone, Debug, Deserialize)]
struct Claims {
    company: String,
    level: Option<u8>,
}

#[derive(Clone, Debug)]
struct User(&'static str);

struct Users;

impl LoadUser for Users {
    type User = User;
    type Error = Infallible;

    async fn load_user(&self, _: LoadUserRequest<'_>) -> Result<Option<User>, Infallible> {
        tokio::task::yield_now().await;
        Ok(Some(User("Alice")))
    }
}

fn acme() -> Grant {
    Grant::new().with_claim("company", "ACME")
}

fn app(layer: BearerAuthLayer) -> Router {
    Router::new()
        // `CurrentUser` derefs to the claims.
        .route(
            "/claims",
            get(async |claims: CurrentUser<Claims>| {
                format!("{} {:?}", claims.company, claims.level)
            }),
        )
        .route(
            "/optional",
            get(async |claims: Option<CurrentUser<Claims>>| claims.is_some().to_string()),
        )
        .route(
            "/both",
            get(
                async |claims: CurrentUser<Claims>, user: CurrentUser<User>, raw: CurrentUser| {
                    format!("{} {} {}", claims.company, user.0.0, raw.subject())
                },
            ),
        )
        .route(
            "/raw",
            get(async |claims: AccessTokenClaims| claims.subject().to_string()),
        )
        .route(
            "/optional-raw",
            get(async |claims: Option<AccessTokenClaims>| claims.is_some().to_string()),
        )
        .route(
            "/extension",
            get(async |extensions: http::Extensions| {
                let claims = AccessTokenClaims::from_extensions(&extensions).unwrap();
                claims.subject().to_string()
            }),
        )
        .route(
            "/watch",
            get(async |watch: AccessTokenWatch| format!("{:?}", watch.end_reason())),
        )
        .route(
            "/optional-watch",
            get(async |watch: Option<AccessTokenWatch>| watch.is_some().to_string()),
        )
        .route_layer(layer)
}

#[tokio::test]
async fn a_handler_gets_the_applications_own_claims_without_a_loader() {
    let tokens = TestTokens::new();
    let app = app(BearerAuthLayer::new(tokens.verifier()).with_typed_claims::<Claims>());
    let level = tokens.bearer_for(&Identity::new("alice"), &acme().with_claim("level", 3));
    get_from(&app, "/claims", Some(&level))
        .await
        .assert_passed("ACME Some(3)");
    get_from(
        &app,
        "/claims",
        Some(&tokens.bearer_for(&Identity::new("alice"), &acme())),
    )
    .await
    .assert_passed("ACME None");
    get_from(&app, "/optional", Some(&level))
        .await
        .assert_passed("true");
    get_from(&app, "/raw", Some(&level))
        .await
        .assert_passed("alice");
}

#[tokio::test]
async fn it_works_together_with_a_loader() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let alice = tokens.bearer_for(&Identity::new("alice"), &acme());
    for layer in [
        layer
            .clone()
            .with_typed_claims::<Claims>()
            .with_user_loader(Users),
        layer
            .clone()
            .with_user_loader(Users)
            .with_typed_claims::<Claims>(),
    ] {
        get_from(&app(layer), "/both", Some(&alice))
            .await
            .assert_passed("ACME Alice alice");
    }
}

#[tokio::test]
async fn claims_that_do_not_fit_are_refused_and_logged_without_their_values() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).with_typed_claims::<Claims>();
    for (grant, claim) in [
        (Grant::new(), "company"),
        (acme().with_claim("level", "xXmarkXx"), "level"),
        (Grant::new().with_claim("company", ["xXmarkXx"]), "company"),
        (acme().with_claim("level", 70_000), "level"),
    ] {
        for layer in [
            layer.clone(),
            layer.clone().optional(),
            layer.clone().with_user_loader(Users),
        ] {
            log.take();
            let answer = get_from(
                &app(layer),
                "/claims",
                Some(&tokens.bearer_for(&Identity::new("alice"), &grant)),
            )
            .await;
            answer.assert_refused(401, "invalid_token", "token_invalid");
            let said = log.take_our_own();
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(
                said[0].contains(claim) && said[0].contains("Claims"),
                "{said:?}"
            );
            let all = format!("{said:?} {} {:?}", answer.body, answer.headers);
            assert!(!all.contains("xXmarkXx") && !all.contains("70000"), "{all}");
        }
    }
}

#[tokio::test]
async fn a_request_without_a_token_has_no_claims_to_parse() {
    let tokens = TestTokens::new();
    let app = app(BearerAuthLayer::new(tokens.verifier())
        .optional()
        .with_typed_claims::<Claims>());
    for path in ["/optional", "/optional-raw", "/optional-watch"] {
        get_from(&app, path, None).await.assert_passed("false");
    }
    for path in ["/claims", "/raw", "/watch"] {
        get_from(&app, path, None).await.assert_token_missing();
    }
}

#[tokio::test]
async fn a_type_that_the_layer_does_not_know_is_the_servers_fault() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let alice = tokens.bearer_for(&Identity::new("alice"), &acme());
    get_from(&app(layer.clone()), "/claims", Some(&alice))
        .await
        .assert_failed(500, "server_error");
    assert!(log.take().contains("with_typed_claims"));
    let other = layer
        .with_typed_claims::<serde_json::Value>()
        .with_user_loader(Users);
    for path in ["/claims", "/optional"] {
        get_from(&app(other.clone()), path, Some(&alice))
            .await
            .assert_failed(500, "server_error");
        let said = log.take();
        assert!(
            ["Claims", "Value", "User"]
                .iter()
                .all(|name| said.contains(name)),
            "{said}"
        );
    }
}

/// Another issuer's tokens have other claims.
#[tokio::test]
async fn the_tokens_of_every_issuer_are_parsed() {
    let tokens = TestTokens::new();
    let claims = |company: Option<&str>| {
        let exp = tower_bearer::clock::Clock::now(tokens.clock()).as_secs() + 300;
        let mut claims = serde_json::json!({
            "iss": "https://id.test", "aud": "test", "sub": "carol", "exp": exp,
        });
        claims
            .as_object_mut()
            .unwrap()
            .extend(company.map(|name| ("company".to_owned(), name.into())));
        format!("Bearer {}", support::token(&claims))
    };
    let keys =
        KeySet::from_hmac_secret(tower_bearer::keys::Algorithm::Hs256, support::HMAC_KEY).unwrap();
    let theirs = AccessTokenVerifier::builder(keys)
        .issuer("https://id.test")
        .audience("test");
    let theirs = theirs
        .clock(std::sync::Arc::new(tokens.clock().clone()))
        .build()
        .unwrap();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .with_verifier(theirs)
        .unwrap()
        .with_typed_claims::<Claims>();
    send(&layer, with_authorization(&claims(Some("Umbrella"))))
        .await
        .assert_passed("carol");
    send(&layer, with_authorization(&claims(None)))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

#[tokio::test]
async fn claims_and_watch_are_arguments_too() {
    let tokens = TestTokens::new();
    let app = app(BearerAuthLayer::new(tokens.verifier()));
    let alice = tokens.bearer("alice");
    for path in ["/raw", "/extension"] {
        get_from(&app, path, Some(&alice))
            .await
            .assert_passed("alice");
    }
    get_from(&app, "/watch", Some(&alice))
        .await
        .assert_passed("None");
    for path in ["/optional-raw", "/optional-watch"] {
        get_from(&app, path, Some(&alice))
            .await
            .assert_passed("true");
    }
    // Without the layer it is the server's fault, for `Option` too.
    let bare = Router::new()
        .route("/raw", get(async |_: AccessTokenClaims| "never"))
        .route("/watch", get(async |_: AccessTokenWatch| "never"))
        .route(
            "/optional-watch",
            get(async |_: Option<AccessTokenWatch>| "never"),
        );
    for path in ["/raw", "/watch", "/optional-watch"] {
        get_from(&bare, path, Some(&alice))
            .await
            .assert_failed(500, "server_error");
    }
}

#[tokio::test]
async fn without_axum_the_claims_are_found_all_the_same() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).with_typed_claims::<Claims>();
    let handler = service_fn(async |request: Request<String>| {
        let company = CurrentUser::<Claims>::from_extensions(request.extensions()).unwrap();
        let claims = AccessTokenClaims::from_extensions(request.extensions()).unwrap();
        let other = CurrentUser::<User>::from_extensions(request.extensions()).unwrap_err();
        assert_eq!(other.kind(), BearerErrorKind::Misconfigured);
        Ok::<_, Infallible>(Response::new(format!(
            "{} {}",
            company.company,
            claims.subject()
        )))
    });
    let request = with_authorization(&tokens.bearer_for(&Identity::new("alice"), &acme()));
    Received::of(layer.layer(handler).oneshot(request).await.unwrap())
        .await
        .assert_passed("ACME alice");
}
