//! A service that checks the tokens of an identity provider, and issues none itself: no login, no
//! sessions, no database.
//!
//! ```sh
//! export ISSUER=https://id.example.com/realms/main AUDIENCE=example-api
//! cargo run --example external_issuer
//! curl -H "Authorization: Bearer $ACCESS_TOKEN" localhost:3002/me
//! ```
//!
//! If it answers 401, `cargo run --example explain -- "$ACCESS_TOKEN"` says which setting is
//! missing. `docs/issuers.md` has the settings of each provider.
//!
//! | variable | |
//! |---|---|
//! | `ISSUER` | as it is in the tokens, byte by byte: a slash at its end counts |
//! | `AUDIENCE` | as it is in the tokens: the name of this service, or several with commas |
//! | `JWKS_URL` | where the keys are; without it the issuer's metadata says so |
//! | `ADDR` | where to listen; `127.0.0.1:3002` without it |
//! | `AUDIENCE_CLAIM` | the claim with the audience, if that is not `aud`: `client_id`, `azp` |
//! | `SUBJECT_CLAIM` | the claim with the subject, if that is not `sub` |
//! | `SCOPE_CLAIMS` | the claims with the scope: `scope,realm_access.roles` |
//! | `REQUIRE_CLAIM` | what claims have to be: `drn=DS`, or `typ=Bearer\|bearer` for one of two; of several with commas, all have to hold |
//! | `REQUIRE_SCOPE` | the scope that a request needs; none without it |
//! | `ACCEPT_UNTYPED_JWT=1` | also tokens whose `typ` is not `at+jwt` |
//! | `ACCEPT_ID_TOKEN_LIKE=1` | the same, even if they look like ID tokens |
//! | `MAX_TOKEN_BYTES` | the largest token; 16384 without it |
//! | `TENANTS` | the tenants, with commas, for an `ISSUER` with `{tenantid}` |
//! | `HS256_SECRET` | a secret with which the issuer signs too |
//! | `PLAIN_HTTP=1` | keys over `http` from another machine, in a test |
//!
//! A claim is a name, or a JSON list of names that leads into objects:
//! `["resource_access","my.client","roles"]`. Several have commas between them. A name with a dot
//! is read as it is and as a path: `realm_access.roles` is the claim of that name, and `roles` in
//! `realm_access`. Of several audiences or subjects, the first that a token has counts; the words
//! of all scopes count. In `REQUIRE_CLAIM` a name with a dot is a path, except one with a colon.
//!
//! `1`, `true`, `yes` and `on` are on; `0`, `false`, `no`, `off` and nothing are off.
//!
//! The issuer may be down when this starts: it answers 503 until the keys are there.

mod settings;

use std::error::Error;

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_bearer::{BearerAuthLayer, CurrentUser, Scope};

async fn me(CurrentUser(claims): CurrentUser) -> Json<Value> {
    Json(json!({
        "subject": claims.subject(),
        "issuer": claims.issuer().as_str(),
        "scope": claims.scope(),
        "claims": claims,
    }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The log is where a refused request leaves its reason.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let (issuer, audience) = (variable("ISSUER")?, variable("AUDIENCE")?);
    let keys = settings::keys(&issuer)?;
    let verifier = settings::verifier(&issuer, &audience, keys.clone())?;
    let mut layer = BearerAuthLayer::new(verifier);
    if let Some(scope) = settings::value("REQUIRE_SCOPE") {
        layer = layer.require_scope(scope.parse::<Scope>()?);
    }

    let app = Router::new()
        .route("/me", get(me))
        .route_layer(layer)
        // For the load balancer, which decides when this process gets requests.
        .route(
            "/ready",
            get(async move || {
                if keys.is_ready() {
                    StatusCode::OK
                } else {
                    StatusCode::SERVICE_UNAVAILABLE
                }
            }),
        );

    let addr = settings::value("ADDR").unwrap_or_else(|| "127.0.0.1:3002".to_owned());
    let listener = tokio::net::TcpListener::bind(addr).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    settings::value(name).ok_or_else(|| {
        format!("{name} is not set. Try: ISSUER=https://id.example.com AUDIENCE=example-api")
    })
}
