//! No `Debug` and no error text shows a secret, a token or a password.

use std::fmt::{Debug, Write};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use support::keys::ED25519;
use support::{Accounts, HMAC_KEY, MINUTE, segment, sessions_of};
use tower_bearer::keys::{AccessToken, RefreshToken};
use tower_bearer::session::Refresh;
use tower_bearer::store::Session;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{
    Authorization, AuthorizeRequest, BearerAuthLayer, Grant, Identity, KeySet, MemoryStore,
    PasswordCredentials, Secret, SigningKey,
};

use crate::legacy::{LEGACY_KEY, legacy};

/// Both forms of `Debug`.
fn shown(value: &dyn Debug) -> String {
    format!("{value:?} {value:#?}")
}

/// Every way in which these bytes might be shown.
fn forms(secret: &[u8]) -> Vec<String> {
    let hex = secret.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    // The first bytes are enough to know it by.
    let list = format!("{:?}", &secret[..8]);
    let list = list.trim_matches(['[', ']']).to_owned();
    let mut forms = vec![
        hex.to_uppercase(),
        hex,
        list,
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    forms.extend(std::str::from_utf8(secret).map(str::to_owned));
    forms
}

#[track_caller]
fn assert_hidden(value: &dyn Debug, secrets: &[&[u8]]) {
    let shown = shown(value);
    assert!(!shown.trim().is_empty(), "nothing is shown at all");
    for form in secrets.iter().flat_map(|secret| forms(secret)) {
        assert!(!shown.contains(&form), "{form} is in {shown}");
    }
}

// requirement 74
#[test]
fn secrets_and_tokens_are_not_shown() {
    let secret = "vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe";
    let ring = Secret::new(HMAC_KEY)
        .unwrap()
        .with_previous(Secret::new(secret).unwrap());
    assert_hidden(&ring, &[secret.as_bytes(), HMAC_KEY]);
    assert_hidden(&Secret::dangerous_weak("a-weak-one"), &[b"a-weak-one"]);
    assert_hidden(&AccessToken::new(secret), &[secret.as_bytes()]);
    assert_hidden(&RefreshToken::new(secret), &[secret.as_bytes()]);
    let refresh = Refresh::new(RefreshToken::new(secret))
        .with_idempotency_key("a-key-of-the-client")
        .unwrap();
    assert_hidden(&refresh, &[secret.as_bytes(), b"a-key-of-the-client"]);
}

// requirement 74
#[test]
fn passwords_are_not_shown() {
    let credentials = PasswordCredentials::new("alice", "wonderland-7");
    assert_hidden(&credentials, &[b"wonderland-7"]);
    assert!(shown(&credentials).contains("alice"));
}

// requirement 74
#[test]
fn keys_are_not_shown() {
    let hs256 = SigningKey::hs256(&Secret::random().unwrap()).unwrap();
    let exported: serde_json::Value =
        serde_json::from_str(&hs256.dangerous_export_jwk().unwrap()).unwrap();
    let derived = URL_SAFE_NO_PAD
        .decode(exported["k"].as_str().unwrap())
        .unwrap();
    let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(HMAC_KEY) }).to_string();
    let oct = SigningKey::from_jwk(&jwk)
        .unwrap()
        .with_previous(hs256.clone());
    let set = KeySet::from_jwk(&jwk).unwrap().merge(hs256.key_set());
    let signer = AccessTokenSigner::new("i", "a", oct.clone())
        .unwrap()
        .with_clock(Arc::new(ManualClock::new()));
    let secrets: &[&[u8]] = &[&derived, HMAC_KEY];
    assert_hidden(&hs256, secrets);
    assert_hidden(&oct, secrets);
    assert_hidden(&set, secrets);
    assert_hidden(&signer.verifier(), secrets);
    assert_hidden(&BearerAuthLayer::new(signer.verifier()), secrets);
    assert_hidden(&signer, secrets);
    assert_hidden(&legacy(&ManualClock::new()), &[LEGACY_KEY]);

    let pem = ED25519.0;
    let body = pem.lines().nth(1).unwrap();
    let der = STANDARD.decode(body).unwrap();
    // The private key itself is at the end.
    assert_hidden(
        &SigningKey::from_pem(pem).unwrap(),
        &[&der, &der[der.len() - 32..], body.as_bytes()],
    );
}

/// An application's own claims may be private, and a stamp may be a password's hash.
// requirement 74
#[test]
fn a_grant_and_its_claims_are_not_shown() {
    let grant = Grant::new()
        .with_claim("tenant", "a-private-claim")
        .with_stamp("the-hash-of-a-password");
    assert_hidden(&grant, &[b"a-private-claim", b"the-hash-of-a-password"]);
    let tokens = TestTokens::new();
    let token = tokens.token(&Identity::new("alice"), &grant, MINUTE);
    let claims = tokens.verifier().verify(token.secret()).unwrap();
    let jti = segment(token.secret(), 1)["jti"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_hidden(
        &claims,
        &[
            b"a-private-claim",
            token.secret().as_bytes(),
            jti.as_bytes(),
        ],
    );
}

// requirement 74
#[tokio::test]
async fn sessions_and_what_they_hand_out_are_not_shown() {
    let secret = "vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe";
    let tokens = TestTokens::new();
    let store = Arc::new(MemoryStore::new());
    let sessions = tokens
        .sessions(Accounts::everybody(), Arc::clone(&store))
        .secret(Secret::new(secret).unwrap())
        .build()
        .unwrap();
    let pair = sessions.start(Identity::new("alice")).await.unwrap();
    let (access, refresh) = (
        pair.access_token().secret(),
        pair.refresh_token().unwrap().secret(),
    );
    let bytes = URL_SAFE_NO_PAD
        .decode(refresh.strip_prefix("rt1_").unwrap())
        .unwrap();
    // A value that no server stores: 20 random bytes.
    let rid = &bytes[2..22];
    let secrets: &[&[u8]] = &[
        secret.as_bytes(),
        access.as_bytes(),
        refresh.as_bytes(),
        &bytes,
        rid,
    ];

    assert_hidden(&pair, secrets);
    assert_hidden(&tokens, secrets);
    let session: Session = sessions.list(&"alice".into()).await.unwrap().remove(0);
    assert_hidden(&session, secrets);
    assert_hidden(session.parts(), secrets);
    assert_hidden(&sessions, secrets);
    assert_hidden(&sessions.layer(), secrets);
    assert_hidden(&store, secrets);
    let service = tower::Layer::layer(&sessions.layer(), 0);
    assert_hidden(&service, secrets);

    tokens.clock().advance(MINUTE);
    let key = Refresh::new(pair.refresh_token().unwrap().clone())
        .with_idempotency_key("a-key-of-the-client")
        .unwrap();
    sessions.refresh(key).await.unwrap();
    assert_hidden(&sessions, &[secret.as_bytes(), b"a-key-of-the-client", rid]);
}

/// The docs of `Session` say that its `Debug` leaves out the hashes; what holds sessions should not
/// show them either.
// requirement 74
#[tokio::test]
async fn what_holds_sessions_shows_no_hash_of_a_stamp() {
    let store = Arc::new(MemoryStore::new());
    let sessions = TestTokens::new()
        .sessions(Stamped, Arc::clone(&store))
        .build()
        .unwrap();
    sessions
        .start(Identity::new("alice").with_stamp("1"))
        .await
        .unwrap();
    let session = sessions.list(&"alice".into()).await.unwrap().remove(0);
    let stamp = session.parts().stamp.unwrap();
    assert_hidden(&session, &[&stamp]);
    assert_hidden(&store, &[&stamp]);
    assert_hidden(&sessions, &[&stamp]);
    assert_hidden(&sessions.layer(), &[&stamp]);
}

struct Stamped;

impl tower_bearer::Authenticate for Stamped {
    type Credentials = tower_bearer::NoCredentials;
    type Error = std::convert::Infallible;

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Self::Error> {
        Ok(Grant::new().with_stamp("1").into())
    }
}

// requirement 74
#[tokio::test]
async fn errors_show_nothing_of_what_was_sent() {
    let mark = b"xXmarkXx-xXmarkXx-xXmarkXx-xXmarkXx";
    let text = std::str::from_utf8(mark).unwrap();
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let verify = tokens
        .verifier()
        .verify(&format!("{text}.{text}.{text}"))
        .unwrap_err();
    let refresh = sessions
        .refresh(RefreshToken::new(format!("rt1_{text}")))
        .await
        .unwrap_err();
    let weak = Secret::new(format!("changeme-{text}")).unwrap_err();
    let pem = SigningKey::from_pem(text).unwrap_err();
    let jwk =
        KeySet::from_jwk(&json!({ "kty": "oct", "k": text, "alg": text }).to_string()).unwrap_err();
    let oct = SigningKey::from_jwk(&json!({ "kty": "oct", "k": "Vnc3cFEyc1g5eg" }).to_string())
        .unwrap_err();
    for error in [
        &verify as &dyn std::error::Error,
        &refresh,
        &weak,
        &pem,
        &jwk,
        &oct,
    ] {
        assert_hidden(&error, &[mark, b"Vw7pQ2sX9z"]);
        assert!(!error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn an_answer_with_tokens_shows_none_of_them() {
    let sessions = TestTokens::new()
        .sessions(Stamped, MemoryStore::new())
        .build()
        .unwrap();
    let pair = sessions
        .start(Identity::new("alice").with_stamp("1"))
        .await
        .unwrap();
    let endpoint = sessions.endpoints().refresh();
    let request = http::Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!(
            "refresh_token={}",
            pair.refresh_token().unwrap().secret()
        ))
        .unwrap();
    let response = tower::ServiceExt::oneshot(endpoint, request).await.unwrap();
    assert_eq!(response.status(), 200);
    let shown = format!("{response:?}");
    assert!(
        !shown.contains("rt1_") && !shown.contains("access_token"),
        "{shown}"
    );
}
