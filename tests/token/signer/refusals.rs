//! Tokens that the signer does not make: with reserved claims, without a subject, or too old.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use serde_json::{Value, json};
use support::{AUDIENCE, ISSUER, MINUTE};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::token::SignError;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, Identity, MemoryStore, NoCredentials,
    Secret, SigningKey,
};

const RESERVED: [&str; 18] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "scope",
    "auth_time",
    "sid",
    "gen",
    "cnf",
    "act",
    "may_act",
    "acr",
    "amr",
    "nonce",
    "authorization_details",
];

#[test]
fn no_extra_claim_bears_a_reserved_name() {
    let tokens = TestTokens::new();
    for name in RESERVED {
        for grant in [
            Grant::new().with_claim(name, "x"),
            Grant::new()
                .with_claim(name, 9_999_999_999_u64)
                .with_claim("fine", 1),
            Grant::new()
                .with_claim("fine", 1)
                .with_claim(name, Value::Null),
            Grant::new().with_claims(&json!({ "fine": 1, name: "x" })),
        ] {
            let error = tokens
                .signer()
                .sign(&Identity::new("alice"), &grant, 5 * MINUTE)
                .unwrap_err();
            let SignError::ReservedClaims { names, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!(*names, [name]);
            assert!(error.to_string().contains(name));
        }
    }
    // A struct that was written for the whole token: all names at once.
    let whole = json!({ "sub": "alice", "company": "ACME", "exp": 1 });
    let error = tokens
        .signer()
        .sign(
            &Identity::new("alice"),
            &Grant::new().with_claims(&whole),
            5 * MINUTE,
        )
        .unwrap_err();
    assert!(
        error.to_string().contains("exp, sub. Leave them out"),
        "{error}"
    );
    // JSON has no such key.
    let odd = Grant::new().with_claim("odd", HashMap::from([((1, 2), 3)]));
    let error = tokens
        .signer()
        .sign(&Identity::new("alice"), &odd, 5 * MINUTE)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the grant's claim \"odd\" does not fit JSON: key must be a string"
    );
    // Names have a case.
    assert!(
        tokens
            .signer()
            .sign(
                &Identity::new("alice"),
                &Grant::new()
                    .with_claim("Sub", "x")
                    .with_claim("client_id", "x"),
                5 * MINUTE
            )
            .is_ok()
    );
}

#[tokio::test]
async fn a_grant_that_cannot_be_starts_no_session() {
    struct Renews(Grant);

    impl Authenticate for Renews {
        type Credentials = NoCredentials;
        type Error = Infallible;

        async fn authorize(
            &self,
            _request: AuthorizeRequest<'_>,
        ) -> Result<Authorization, Infallible> {
            Ok(self.0.clone().into())
        }
    }

    let tokens = TestTokens::new();
    for (subject, grant) in [
        ("alice", Grant::new().with_claim("sid", "x")),
        ("alice", Grant::new().with_claim("gen", 7)),
        ("alice", Grant::new().with_claims(&[1])),
        (
            "alice",
            Grant::new().with_access_token_lifetime(Duration::ZERO),
        ),
        ("", Grant::new()),
    ] {
        let sessions = tokens
            .sessions(Renews(grant), MemoryStore::new())
            .build()
            .unwrap();
        let error = sessions.start(Identity::new(subject)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (SessionErrorKind::Misconfigured, "server_error")
        );
    }
}

#[test]
fn a_token_without_a_subject_is_not_made() {
    let signer = TestTokens::new().signer();
    assert_eq!(
        signer
            .sign(&Identity::new(""), &Grant::new(), 5 * MINUTE)
            .unwrap_err(),
        SignError::EmptySubject
    );
}

#[test]
fn names_that_are_empty_are_refused() {
    let key = SigningKey::hs256(&Secret::random().unwrap()).unwrap();
    assert!(AccessTokenSigner::new("", AUDIENCE, key.clone()).is_err());
    assert!(AccessTokenSigner::new(ISSUER, "", key.clone()).is_err());
}

#[test]
fn a_token_that_no_verifier_would_accept_is_not_made() {
    let tokens = TestTokens::new();
    let grant = |length: usize| Grant::new().with_claim("long", "x".repeat(length));
    let token = tokens
        .signer()
        .sign(&Identity::new("alice"), &grant(5500), 5 * MINUTE)
        .unwrap();
    assert!(tokens.verifier().verify(token.secret()).is_ok());
    assert_eq!(
        tokens
            .signer()
            .sign(&Identity::new("alice"), &grant(6100), 5 * MINUTE)
            .unwrap_err(),
        SignError::TooLarge
    );
}
