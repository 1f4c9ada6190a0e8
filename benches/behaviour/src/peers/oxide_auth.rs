//! oxide-auth: an authorization server, with its map of tokens.

use std::sync::Mutex;
use std::time::Duration;

use chrono::Utc;
use oxide_auth::endpoint::Scope;
use oxide_auth::frontends::simple::endpoint::{refresh_flow, resource_flow};
use oxide_auth::frontends::simple::request::{Request, Status};
use oxide_auth::primitives::grant::Grant;
use oxide_auth::primitives::issuer::{Issuer, TokenMap};
use oxide_auth::primitives::prelude::{Client, ClientMap, RandomGenerator};
use oxide_auth::primitives::registrar::RegisteredUrl;
use serde_json::Value;

use crate::peer::{Peer, Received, Sender, Tokens};

const APP: &str = "app";
const REDIRECT: &str = "https://app.example/callback";

pub struct OxideAuth {
    clients: ClientMap,
    tokens: Mutex<TokenMap<RandomGenerator>>,
}

impl OxideAuth {
    /// With its defaults. Its clock cannot be set: no time passes.
    pub fn new() -> Self {
        let redirect: RegisteredUrl = REDIRECT.parse::<url::Url>().expect("a URL").into();
        let client = Client::public(APP, redirect, scope());
        Self {
            clients: [client].into_iter().collect(),
            tokens: Mutex::new(TokenMap::new(RandomGenerator::new(16))),
        }
    }
}

impl Peer for OxideAuth {
    const COOKIE: bool = false;

    /// The last step of an authorization code grant.
    async fn log_in(&self) -> Tokens {
        let grant = Grant {
            owner_id: "alice".into(),
            client_id: APP.into(),
            scope: scope(),
            redirect_uri: REDIRECT.parse().expect("a URL"),
            until: Utc::now() + chrono::Duration::hours(1),
            extensions: Default::default(),
        };
        let issued = self
            .tokens
            .lock()
            .unwrap()
            .issue(grant)
            .expect("the map is in memory");
        Tokens {
            access: issued.token,
            refresh: issued.refresh.expect("the map has refresh tokens"),
        }
    }

    async fn refresh(&self, tokens: &Tokens, _: Sender) -> Received {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", APP),
            ("refresh_token", &tokens.refresh),
        ];
        let request = Request {
            urlbody: fields
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            ..Request::default()
        };
        let mut issuer = self.tokens.lock().unwrap();
        let response = refresh_flow(&self.clients, &mut *issuer).execute(request);
        let response = response.expect("the map is in memory");
        let body = response.body.as_ref().map_or("null", |body| body.as_str());
        let body: Value = serde_json::from_str(body).expect("JSON");
        match response.status {
            Status::Ok => Received::Tokens(Tokens {
                access: body["access_token"].as_str().expect("a token").into(),
                refresh: body["refresh_token"].as_str().expect("a token").into(),
            }),
            _ => {
                assert_eq!(body["error"], "invalid_grant");
                Received::Denied
            }
        }
    }

    async fn check(&self, access: &str, _: Sender) -> bool {
        let request = Request {
            auth: Some(format!("Bearer {access}")),
            ..Request::default()
        };
        let mut issuer = self.tokens.lock().unwrap();
        resource_flow(&mut *issuer, &[scope()])
            .execute(request)
            .is_ok()
    }

    async fn log_out(&self, tokens: &Tokens) {
        let mut map = self.tokens.lock().unwrap();
        map.revoke(&tokens.access);
        map.revoke(&tokens.refresh);
    }

    fn advance(&self, _: Duration) {}

    fn has_noticed(&self) -> bool {
        false
    }
}

fn scope() -> Scope {
    "read".parse().expect("a scope")
}
