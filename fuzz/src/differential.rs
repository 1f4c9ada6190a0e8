//! Compares the verifier with `jsonwebtoken`.

use std::sync::LazyLock;
use std::time::Duration;

use jsonwebtoken::{TokenData, Validation, decode, decode_header};
use serde_json::Value;
use tower_bearer::clock::{Clock, SystemClock, Timestamp};
use tower_bearer::keys::Algorithm;
use tower_bearer::token::VerifyError;
use tower_bearer::{AccessTokenClaims, AccessTokenVerifier, KeySet};

use crate::reasons::{Parts, may_only_they_refuse, may_refuse};
use crate::signed::PAIRS;

/// Shows one token to both.
///
/// A token that the verifier accepts is accepted by `jsonwebtoken` too, and says the same there. A
/// token that only `jsonwebtoken` accepts is refused for a reason that is on the list, and that is
/// true.
pub fn compare(token: &str) {
    let (ours, theirs) = (OURS.verify(token), theirs(token));
    match &ours {
        Ok(claims) => check_wider(claims, token),
        Err(error) => check_error(error, token),
    }
    check_explanation(ours.as_ref().ok(), token);
    match (ours, theirs) {
        (Ok(claims), Ok(theirs)) => check_claims(&claims, &theirs, token),
        (Ok(claims), Err(error)) => {
            let parts = Parts::of(token);
            assert!(
                may_only_they_refuse(&error, &parts),
                "only we accept {claims:?}: {error}, {parts:?}"
            );
        }
        (Err(error), Ok(_)) => {
            let parts = Parts::of(token);
            assert!(
                may_refuse(error.kind(), &parts, token),
                "only we refuse: {error}, {parts:?}"
            );
        }
        (Err(_), Err(_)) => {}
    }
}

fn theirs(token: &str) -> Result<TokenData<Value>, jsonwebtoken::errors::Error> {
    let algorithm = decode_header(token)?.alg;
    let pair = PAIRS.iter().find(|pair| pair.algorithm == algorithm);
    // There is no key for it: any other refuses it.
    let pair = pair.unwrap_or(&PAIRS[0]);
    let mut validation = Validation::new(pair.algorithm);
    validation.leeway = 0;
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    decode(token, &pair.verifies, &validation)
}

fn check_claims(claims: &AccessTokenClaims, theirs: &TokenData<Value>, token: &str) {
    let theirs = &theirs.claims;
    assert_eq!(theirs["sub"], claims.subject().as_str());
    assert_eq!(theirs["iss"], claims.issuer().as_str());
    assert!(has_audience(&theirs["aud"]), "{}", theirs["aud"]);
    assert_eq!(theirs["jti"].as_str(), claims.id());
    assert_eq!(moment(&theirs["exp"]), Some(claims.expires_at().as_secs()));
    let (issued, authenticated) = (claims.issued_at(), claims.auth_time());
    assert_eq!(moment(&theirs["iat"]), issued.map(Timestamp::as_secs));
    assert_eq!(
        moment(&theirs["auth_time"]),
        authenticated.map(Timestamp::as_secs)
    );
    let begin = moment(&theirs["nbf"]).unwrap_or(0);
    assert!(begin <= SystemClock.now().as_secs(), "{begin}");
    check_others(claims, theirs);
    let scope = theirs["scope"].as_str().unwrap_or_default();
    let words: Vec<_> = scope.split(' ').filter(|word| is_scope(word)).collect();
    let own = claims.scope().as_str().split(' ');
    assert!(
        own.filter(|word| !word.is_empty())
            .all(|word| words.contains(&word))
    );
    assert!(words.iter().all(|word| claims.scope().contains(word)));
    let shown = format!("{claims:?}");
    assert!(!shown.contains(signature(token)), "{shown}");
    // What is remembered of a token is what was read.
    for _ in 0..3 {
        let again = OURS.verify(token).expect("it was accepted");
        assert_eq!(format!("{again:?}"), shown);
        assert_eq!(
            serde_json::to_value(&again).ok(),
            serde_json::to_value(claims).ok()
        );
    }
}

fn has_audience(aud: &Value) -> bool {
    match aud {
        Value::Array(list) => list.iter().any(|audience| audience == AUDIENCE),
        one => one == AUDIENCE,
    }
}

/// Returns the whole seconds of a time. Ours is the last moment that there is, if the token says a
/// later one.
fn moment(time: &Value) -> Option<u64> {
    let secs = time.as_u64().or(time.as_f64().map(|secs| secs as u64))?;
    Some(Timestamp::from_secs(secs).as_secs())
}

/// The claims that have no method of their own are what `serde_json` reads.
fn check_others(claims: &AccessTokenClaims, theirs: &Value) {
    let theirs = theirs.as_object().into_iter().flatten();
    for (name, value) in theirs.filter(|(name, _)| !WITH_METHOD.contains(&name.as_str())) {
        let own: Option<Value> = claims.claim(name).expect("any JSON is a value");
        assert_eq!(own.unwrap_or_default(), *value, "{name}");
    }
}

/// RFC 6749 appendix A.4. What is not one grants nothing.
fn is_scope(word: &str) -> bool {
    let is_allowed = |byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !word.is_empty() && word.bytes().all(is_allowed)
}

fn check_error(error: &VerifyError, token: &str) {
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(shown.len() <= 4096, "{} bytes: {shown}", shown.len());
        assert_hides(&shown, token);
    }
}

#[track_caller]
fn assert_hides(shown: &str, token: &str) {
    let signature = signature(token);
    // Where it is shorter, or is not base64url, a sentence of ours may have it.
    let is_one = signature.len() >= 32 && !signature.contains(' ');
    assert!(!is_one || !shown.contains(signature), "{shown}");
}

fn signature(token: &str) -> &str {
    token.rsplit('.').next().unwrap_or_default()
}

/// Settings that accept more accept what they accepted before, and see the same in it.
fn check_wider(claims: &AccessTokenClaims, token: &str) {
    let wider = WIDER.verify(token).expect("it accepts more");
    assert_eq!(format!("{wider:?}"), format!("{claims:?}"));
}

/// An explanation comes to the same end as the verifier, and does not show the token.
fn check_explanation(claims: Option<&AccessTokenClaims>, token: &str) {
    let explanation = OURS.explain(token);
    assert_eq!(explanation.is_accepted(), claims.is_some(), "{explanation}");
    if let Some(claims) = claims {
        assert_eq!(explanation.scope(), claims.scope());
    }
    let shown = explanation.to_string();
    assert_hides(&shown, token);
}

static WIDER: LazyLock<AccessTokenVerifier> = LazyLock::new(|| {
    let verifier = AccessTokenVerifier::builder(keys())
        .issuer(ISSUER)
        .audience(AUDIENCE);
    let verifier = verifier.audience("other").leeway(Duration::from_secs(60));
    let verifier = verifier
        .accept_id_token_like()
        .dangerous_accept_unproven_cnf();
    verifier.without_cache().build().expect("a verifier")
});

static OURS: LazyLock<AccessTokenVerifier> = LazyLock::new(|| {
    let verifier = AccessTokenVerifier::builder(keys())
        .issuer(ISSUER)
        .audience(AUDIENCE);
    verifier.leeway(Duration::ZERO).build().expect("a verifier")
});

fn keys() -> KeySet {
    let [hmac, ed25519, p256] = &*PAIRS;
    let keys =
        KeySet::from_hmac_secret(Algorithm::Hs256, hmac.public).map(|set| set.with_kid(hmac.name));
    let others = [(Algorithm::EdDsa, ed25519), (Algorithm::Es256, p256)];
    let keys = others.into_iter().fold(keys, |keys, (algorithm, pair)| {
        Ok(keys?.merge(KeySet::from_pem(algorithm, pair.public)?.with_kid(pair.name)))
    });
    keys.expect("the keys of the tests are right")
}

const WITH_METHOD: [&str; 9] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "auth_time",
    "jti",
    "scope",
];
const ISSUER: &str = "https://issuer.test";
const AUDIENCE: &str = "test";
