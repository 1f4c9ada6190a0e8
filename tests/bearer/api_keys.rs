//! API keys beside logins, as `docs/guide/recipes.md` has them: a middleware replaces the key with
//! a token of another issuer, for a minute.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use support::{App, HOUR, MINUTE, Received, ask, bearer, bearer_of, log_in};
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{
    AccessTokenClaims, BearerAuthLayer, BoxError, Grant, Identity, Secret, SigningKey,
};

use crate::get_from;

const ISSUER: &str = "https://api.example.com/keys";

#[derive(Clone)]
struct ApiKeys {
    signer: AccessTokenSigner,
}

impl ApiKeys {
    fn new(app: &App) -> Self {
        let key = SigningKey::hs256(&Secret::random().unwrap()).unwrap();
        let signer = AccessTokenSigner::new(ISSUER, "example-api", key).unwrap();
        let signer = signer.with_clock(Arc::new(app.clock.clone()));
        Self { signer }
    }

    fn layer(&self, app: &App) -> BearerAuthLayer {
        app.layer().with_verifier(self.signer.verifier()).unwrap()
    }

    /// The table of the keys: it has one, and fails for another.
    fn find(key: &str) -> Result<Option<(&'static str, Grant)>, BoxError> {
        match key {
            "known" => Ok(Some(("alice", Grant::new().with_scope("orders:read")))),
            "unlucky" => Err("the database is away".into()),
            _ => Ok(None),
        }
    }

    fn token(&self, header: Option<&HeaderValue>) -> Result<Option<HeaderValue>, BoxError> {
        let header = header.and_then(|value| value.to_str().ok());
        let Some(key) = header.and_then(|value| value.strip_prefix("Bearer key_")) else {
            return Ok(None);
        };
        let Some((user, grant)) = Self::find(key)? else {
            return Ok(None);
        };
        let token = self.signer.sign(&Identity::new(user), &grant, MINUTE)?;
        Ok(Some(bearer(token.secret()).try_into()?))
    }
}

async fn exchange(
    State(keys): State<ApiKeys>,
    mut request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    match keys.token(request.headers().get(AUTHORIZATION)) {
        Ok(Some(token)) => {
            request.headers_mut().insert(AUTHORIZATION, token);
        }
        Ok(None) => {}
        Err(_) => return Err(StatusCode::SERVICE_UNAVAILABLE),
    }
    Ok(next.run(request).await)
}

/// Routes behind this layer, and the middleware further out.
fn router(keys: ApiKeys, layer: BearerAuthLayer) -> Router {
    let handler = async |claims: AccessTokenClaims| {
        let (session, scope) = (claims.session_id().is_some(), claims.scope());
        format!("{} {} {scope} {session}", claims.subject(), claims.issuer())
    };
    Router::new()
        .route("/", get(handler))
        .route_layer(layer)
        .layer(from_fn_with_state(keys, exchange))
}

async fn send(router: &Router, authorization: &str) -> Received {
    get_from(router, "/", Some(authorization)).await
}

#[tokio::test]
async fn a_key_is_exchanged_for_a_token_of_its_own_issuer() {
    let app = App::new();
    let keys = ApiKeys::new(&app);
    let layer = keys.layer(&app);

    let known = send(&router(keys.clone(), layer.clone()), "Bearer key_known").await;
    known.assert_passed("alice https://api.example.com/keys orders:read false");
    let recent = router(keys.clone(), layer.clone().require_max_age(HOUR));
    let recent = send(&recent, "Bearer key_known").await;
    let reason = "authentication_too_old";
    recent.assert_refused(401, "insufficient_user_authentication", reason);
    let write = router(keys, layer.require_scope("orders:write"));
    let write = send(&write, "Bearer key_known").await;
    write.assert_refused(403, "insufficient_scope", "scope_missing");
}

#[tokio::test]
async fn an_unknown_key_is_refused_as_a_bad_token_and_a_login_passes_as_it_is() {
    let app = App::new();
    let keys = ApiKeys::new(&app);
    let router = router(keys.clone(), keys.layer(&app));

    let unknown = send(&router, "Bearer key_unknown").await;
    unknown.assert_refused(401, "invalid_token", "token_invalid");
    assert_eq!(send(&router, "Bearer key_unlucky").await.status, 503);
    let alice = log_in(&app.sessions, "alice").await;
    let login = send(&router, &bearer_of(&alice)).await;
    login.assert_passed(&format!(
        "alice {} {} true",
        alice.claims().issuer(),
        alice.claims().scope()
    ));
}

#[tokio::test]
async fn the_token_of_a_key_lasts_for_a_minute() {
    let app = App::new();
    let keys = ApiKeys::new(&app);
    let layer = keys.layer(&app);
    let token = keys.token(Some(&HeaderValue::from_static("Bearer key_known")));
    let token = token.unwrap().unwrap();
    let token = token.to_str().unwrap();

    ask(&layer, token).await.assert_passed("alice");
    // The minute, and the leeway of the layer.
    app.clock.advance(3 * MINUTE);
    let later = ask(&layer, token).await;
    later.assert_refused(401, "invalid_token", "token_expired");
}
