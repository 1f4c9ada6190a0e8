//! The providers of `docs/issuers.md`: each row's settings, against a token and a key set of the
//! shape that the provider has.

mod entra;
mod hosted;
mod machines;
mod others;
mod proxies;
mod self_hosted;

use std::sync::Arc;

use serde_json::{Value, json};
use support::keys::{ED25519, P256, RSA};
use support::{Received, ask, claims_of, send, signed_by, with_authorization};
use tower_bearer::clock::Clock;
use tower_bearer::keys::KeySource;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::AccessTokenVerifierBuilder;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, ConfigError, RemoteJwks};

use crate::site::{Site, jwk};

/// A row of the table: its name, its settings as they are written there, and the same as code.
pub(crate) struct Row {
    name: &'static str,
    keys: fn() -> Result<RemoteJwks, ConfigError>,
    keys_text: &'static str,
    settings: fn(AccessTokenVerifierBuilder) -> AccessTokenVerifierBuilder,
    settings_text: &'static str,
}

/// Makes a row of the code that the document has.
macro_rules! row {
    ($name:literal, $keys:expr, $($settings:tt)+) => {
        $crate::providers::Row {
            name: $name,
            keys: || $keys,
            keys_text: stringify!($keys),
            settings: |builder| builder $($settings)+,
            settings_text: stringify!($($settings)+),
        }
    };
}
pub(crate) use row;

/// A provider that publishes its keys, and signs tokens.
pub(crate) struct Provider {
    site: Site,
    keys: RemoteJwks,
    layer: BearerAuthLayer,
    keys_url: String,
    pair: (&'static str, &'static str),
    header: Value,
    claims: Value,
}

impl Provider {
    /// Publishes a key set of this form where the row looks for it. `header` has everything but
    /// `kid`, and the key is RSA, P-256 or Ed25519 as its `alg` says. `claims` have no times.
    pub(crate) fn new(row: &Row, metadata: Option<&str>, header: Value, claims: Value) -> Self {
        row.assert_documented();
        Self::undocumented(row, metadata, header, claims)
    }

    /// The same with settings that no row of the document has.
    pub(crate) fn undocumented(
        row: &Row,
        metadata: Option<&str>,
        header: Value,
        claims: Value,
    ) -> Self {
        let site = Site::new();
        let pair = match header["alg"].as_str() {
            Some("ES256") => P256,
            Some("EdDSA") => ED25519,
            _ => RSA,
        };
        let keys_url = match metadata {
            // The URL that the row names.
            None => row.keys_text.split('"').nth(1).unwrap().to_owned(),
            Some(issuer) => {
                let keys = format!("{}/keys", issuer.trim_end_matches('/'));
                let metadata = json!({ "issuer": issuer, "jwks_uri": keys });
                let at = issuer.trim_end_matches('/');
                let at = format!("{at}/.well-known/openid-configuration");
                site.put(&at, &metadata.to_string());
                keys
            }
        };
        site.put(&keys_url, &key_set(pair).to_string());
        let keys = site.fetched_by((row.keys)().unwrap());
        let layer = row.layer(&site, keys.clone().into());
        Self {
            site,
            keys,
            layer,
            keys_url,
            pair,
            header,
            claims,
        }
    }

    /// Publishes the key with these members changed, from now on.
    pub(crate) fn publish_key_with(&self, changes: &Value) {
        let mut set = key_set(self.pair);
        for (name, value) in pairs(changes) {
            set["keys"][1][name] = value.clone();
        }
        self.site.put(&self.keys_url, &set.to_string());
    }

    /// Fetches what is published now.
    pub(crate) async fn renew(&self) {
        self.keys.renew().await.unwrap();
    }

    /// The layer's response to a token with these claims changed.
    pub(crate) async fn ask(&self, changes: &Value) -> Received {
        self.ask_with(&self.header, changes).await
    }

    pub(crate) async fn ask_with(&self, header: &Value, changes: &Value) -> Received {
        let token = self.token(header, changes);
        ask(&self.layer, &format!("Bearer {token}")).await
    }

    fn token(&self, header: &Value, changes: &Value) -> String {
        let now = self.site.clock.now().as_secs();
        let mut claims = json!({ "iat": now, "exp": now + 3600 });
        for (name, value) in pairs(&self.claims).chain(pairs(changes)) {
            claims[name] = value.clone();
        }
        let mut header = header.clone();
        if header.get("kid").is_none() {
            header["kid"] = json!("key-1");
        }
        signed_by(self.pair, &header, &claims)
    }

    /// Asserts that the token passes with this subject and scope, and that the same token of
    /// another audience, issuer or key does not.
    pub(crate) async fn assert_accepted(&self, subject: &str, scope: &str) {
        let token = self.token(&self.header, &json!({}));
        self.ask(&json!({})).await.assert_passed(subject);
        let layer = self.layer.clone();
        let needed = layer.require_scope(scope.parse::<tower_bearer::Scope>().unwrap());
        let request = with_authorization(&format!("Bearer {token}"));
        send(&needed, request).await.assert_passed(subject);
        self.assert_not_granted("never-granted").await;

        let past = json!({ "exp": self.site.clock.now().as_secs() - 3600 });
        self.ask(&past).await.assert_invalid_token("token_expired");
        let iss = format!("{}/other", claims_of(&token)["iss"].as_str().unwrap());
        self.assert_refused(&json!({ "iss": iss })).await;
        let forged = format!("{}AAAA", &token[..token.len() - 4]);
        ask(&self.layer, &format!("Bearer {forged}"))
            .await
            .assert_invalid_token("token_invalid");
    }

    /// Asserts that the token does not allow this scope.
    pub(crate) async fn assert_not_granted(&self, scope: &str) {
        let token = self.token(&self.header, &json!({}));
        let scope = scope.parse::<tower_bearer::Scope>().unwrap();
        let needed = self.layer.clone().require_scope(scope);
        ask(&needed, &format!("Bearer {token}"))
            .await
            .assert_refused(403, "insufficient_scope", "scope_missing");
    }

    /// Asserts that the token is refused with these claims changed, for example as an ID token.
    pub(crate) async fn assert_refused(&self, changes: &Value) {
        let answer = self.ask(changes).await;
        answer.assert_invalid_token("token_invalid");
    }
}

impl Row {
    /// The settings of the row, with these keys.
    pub(crate) fn verifier(&self, clock: &ManualClock, keys: KeySource) -> AccessTokenVerifier {
        (self.settings)(AccessTokenVerifier::builder(keys))
            .clock(Arc::new(clock.clone()))
            .build()
            .unwrap()
    }

    pub(crate) fn layer(&self, site: &Site, keys: KeySource) -> BearerAuthLayer {
        BearerAuthLayer::new(self.verifier(&site.clock, keys))
    }

    /// Asserts that the document has this row, with the same code.
    fn assert_documented(&self) {
        let bare = |text: &str| text.replace([' ', '\n', '`'], "").replace(",)", ")");
        let document = include_str!("../../docs/issuers.md");
        let row = document
            .lines()
            .find(|line| line.starts_with(&format!("| {} |", self.name)))
            .unwrap_or_else(|| panic!("docs/issuers.md has no row {:?}", self.name));
        let cells: Vec<String> = row.split(" | ").map(bare).collect();
        for code in [self.keys_text, self.settings_text] {
            let code = bare(code);
            assert!(
                cells.iter().any(|cell| cell.contains(&code)),
                "docs/issuers.md, row {:?}, lacks {code}",
                self.name
            );
        }
    }
}

/// Every provider of the table has a test.
#[test]
fn each_row_of_the_document_is_tested() {
    let document = include_str!("../../docs/issuers.md");
    let (_, table) = document.split_once("| provider | keys |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let tests = [
        include_str!("providers/entra.rs"),
        include_str!("providers/hosted.rs"),
        include_str!("providers/machines.rs"),
        include_str!("providers/others.rs"),
        include_str!("providers/proxies.rs"),
        include_str!("providers/self_hosted.rs"),
    ]
    .concat();
    let rows: Vec<&str> = table
        .lines()
        .skip(2)
        .map(|line| line.trim_start_matches("| ").split(" |").next().unwrap())
        .collect();
    assert!(rows.len() >= 30, "{rows:?}");
    for name in rows {
        assert!(
            tests.contains(&format!("row!(\n        {name:?},")),
            "{name} has no test"
        );
    }
}

fn pairs(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let entries = object.as_object().unwrap().iter();
    entries.map(|(name, value)| (&**name, value))
}

/// A key set as providers publish them: the key in use, one for encryption, one of a type that
/// nothing here knows.
fn key_set(pair: (&str, &str)) -> Value {
    let mut own = jwk(&support::keys::key(pair));
    own["kid"] = json!("key-1");
    let mut encrypting = jwk(&support::keys::key(RSA));
    (encrypting["kid"], encrypting["use"], encrypting["alg"]) =
        (json!("key-2"), json!("enc"), json!("RSA-OAEP"));
    json!({ "keys": [encrypting, own, { "kty": "AKP", "kid": "key-3", "alg": "ML-DSA-44" }] })
}
