//! The example `explain`, as somebody uses it who sets up a provider.

use serde_json::json;
use support::app_server::output;

use crate::issuer::Issuer;

#[tokio::test]
async fn one_run_says_which_settings_are_missing() {
    let issuer = Issuer::new();
    let address = issuer.address.clone();
    let claims = json!({ "client_id": "6abc", "sub": "u-1", "scp": ["orders"] });
    let token = issuer.token(None, &claims);
    issuer.serve();

    // The issuer is that of the token.
    let (text, code) = output("explain", &[&token, "--audience", "6abc"], &[]).await;
    assert_eq!(code, Some(1), "{text}");
    for line in [
        "it is the token's own",
        "keys       fetched",
        "try: .accept_untyped_jwt()",
        "try: .audience_claim(&[\"client_id\"])",
        "try: .scope_claim(&[\"scp\"])",
        "the token is refused",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains(&token), "{text}");

    let environment = [
        ("ISSUER", &*address),
        ("AUDIENCE", "6abc"),
        ("AUDIENCE_CLAIM", "client_id"),
        ("ACCEPT_UNTYPED_JWT", "1"),
        ("SCOPE_CLAIMS", "scp"),
    ];
    let (text, code) = output("explain", &[&format!("Bearer {token}")], &environment).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("the token is accepted") && !text.contains("try:"),
        "{text}"
    );
}

#[tokio::test]
async fn without_the_keys_it_explains_everything_else() {
    let issuer = Issuer::new();
    let token = issuer.token(Some("at+jwt"), &json!({ "aud": "api", "sub": "u-1" }));
    // It does not listen.
    let (text, code) = output("explain", &[&token, "--audience", "api"], &[]).await;
    assert_eq!(code, Some(1), "{text}");
    let refused = text.lines().filter(|line| line.contains("REFUSED"));
    assert_eq!(refused.count(), 1, "{text}");
    assert!(
        text.contains("the issuer's keys are not known yet"),
        "{text}"
    );
}

#[tokio::test]
async fn a_token_that_is_not_a_signed_jwt_is_called_what_it_is() {
    for (token, word) in [
        ("ya29.a0Af", "Google"),
        ("rt1_abc", "refresh token"),
        ("e30..x.y.z", "encrypted"),
        ("v4.public.abc", "PASETO"),
        ("2YotnFZFEjr1zCsicMWpAA", "opaque"),
    ] {
        let (text, code) = output("explain", &[token, "--issuer", "https://id.test"], &[]).await;
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn without_a_token_it_says_how_it_is_called() {
    let (text, code) = output("explain", &[], &[]).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("cargo run --example explain -- TOKEN"),
        "{text}"
    );
}
