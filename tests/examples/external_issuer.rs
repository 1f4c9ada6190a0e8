//! The example `external_issuer`, in front of an issuer on loopback.

use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use support::app_server::AppServer;
use support::keys::{P256, key};
use support::wait::{LIMIT, until};
use tokio::net::TcpSocket;
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{Grant, Identity, Scope};

const AUDIENCE: &str = "example-api";

/// An issuer at an address of its own, which is reserved before it listens there.
struct Issuer {
    address: String,
    signer: AccessTokenSigner,
    socket: TcpSocket,
}

impl Issuer {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = format!("http://{}", socket.local_addr().unwrap());
        let signer = AccessTokenSigner::new(&address, AUDIENCE, key(P256)).unwrap();
        Self {
            address,
            signer,
            socket,
        }
    }

    fn token(&self) -> Value {
        let grant = Grant::new()
            .with_scope(Scope::from_static("orders:read"))
            .with_claim("tenant", "acme");
        self.signer
            .sign(&Identity::new("alice"), &grant, Duration::from_secs(300))
            .unwrap()
            .secret()
            .into()
    }

    fn serve(self) {
        let metadata =
            json!({ "issuer": self.address, "jwks_uri": format!("{}/keys", self.address) });
        let keys: Value =
            serde_json::from_str(&self.signer.keys().key_set().unwrap().to_public_jwk_set())
                .unwrap();
        let app = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async || Json(metadata)),
            )
            .route("/keys", get(async || Json(keys)));
        let listener = self.socket.listen(16).unwrap();
        tokio::spawn(async { axum::serve(listener, app).await });
    }
}

#[tokio::test]
async fn it_answers_the_claims_of_an_issuer_that_it_discovers() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let (address, token) = (issuer.address.clone(), issuer.token());
    issuer.serve();
    let environment = [("ISSUER", &*address), ("AUDIENCE", AUDIENCE)];
    let server = AppServer::start_example("external_issuer", folder.path(), &environment).await;

    let (status, me) = server.get("/me", &token).await.status_and_value();
    assert_eq!(status, 200, "{me}");
    assert_eq!(me["subject"], "alice");
    assert_eq!(me["issuer"], *address);
    assert_eq!(me["scope"], "orders:read");
    let claims = &me["claims"];
    for (name, value) in [
        ("iss", &*address),
        ("aud", AUDIENCE),
        ("sub", "alice"),
        ("scope", "orders:read"),
        ("tenant", "acme"),
    ] {
        assert_eq!(claims[name], value, "{claims}");
    }
    assert!(
        claims["exp"].is_u64() && claims["iat"].is_u64() && claims["jti"].is_string(),
        "{claims}"
    );

    let missing = server.send("GET", "/me", &[], "").await;
    assert_eq!(missing.status, 401);
    assert_eq!(missing.challenge(), Some("Bearer"), "{missing:?}");
    let refused = server.get("/me", &"no.token.this".into()).await;
    assert_eq!(
        (refused.status, &refused.value()["reason"]),
        (401, &"token_invalid".into())
    );
    assert!(
        refused
            .challenge()
            .is_some_and(|said| said.starts_with("Bearer error=\"invalid_token\"")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn started_before_its_issuer_it_recovers_by_itself() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let token = issuer.token();
    let jwks_url = format!("{}/keys", issuer.address);
    let environment = [
        ("ISSUER", &*issuer.address),
        ("AUDIENCE", AUDIENCE),
        ("JWKS_URL", &jwks_url),
    ];
    let server = AppServer::start_example("external_issuer", folder.path(), &environment).await;

    // The token may be good: without the issuer that is not known.
    let unknown = server.get("/me", &token).await;
    assert_eq!(unknown.status, 503);
    assert!(
        unknown.headers["retry-after"] == "1" && unknown.challenge().is_none(),
        "{unknown:?}"
    );
    assert_eq!(server.send("GET", "/ready", &[], "").await.status, 503);

    issuer.serve();
    // Only the background task asks for keys here.
    until("the keys are there", LIMIT, async || {
        server.send("GET", "/ready", &[], "").await.status == 200
    })
    .await;
    assert_eq!(server.get("/me", &token).await.status, 200);
}
