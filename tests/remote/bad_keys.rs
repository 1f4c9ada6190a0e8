//! Keys in a published set that cannot be used: they are left out, and spoil no other.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use support::keys::{ED25519, P256, P384, RSA, key};
use support::{HMAC_KEY, ask, claims, sign_with, signed_by};
use tower_bearer::SigningKey;
use tower_bearer::keys::Algorithm;
use tower_bearer::token::VerifyErrorKind;

use crate::site::{Site, count, jwk};

/// The modulus of `tests/data/keys/rsa1024.pub.pem`.
const RSA_1024: &str = "xgP-DHUAFRYNKGPdlNe5w18s1ckd_78ZH9YI_uL0w-t8ZgOsvbRCVRJC3t9Iu0tt\
    DRrT1v8B_2Jvjw0NqHln49CDU735MP-VAls0eHXcnZg9krNJEl-zF58-7n3RDoGqKQWYTEWYO27x5CloJaRN3KEM\
    fad8UyXRDASD5V2QtMM";

/// A key with other members; `Value::Null` takes one out.
fn changed(mut jwk: Value, members: &[(&str, Value)]) -> Value {
    for (name, value) in members {
        match value {
            Value::Null => drop(jwk.as_object_mut().unwrap().remove(*name)),
            value => jwk[*name] = value.clone(),
        }
    }
    jwk
}

fn rsa(modulus: &[u8]) -> Value {
    let n = URL_SAFE_NO_PAD.encode(modulus);
    json!({ "kty": "RSA", "alg": "RS256", "kid": "rsa", "e": "AQAB", "n": n })
}

/// An odd number of so many bytes, which begins with this one.
fn number(first: u8, bytes: usize) -> Vec<u8> {
    [&[first][..], &vec![0x5b; bytes - 2], &[1]].concat()
}

#[tokio::test]
async fn a_key_that_cannot_be_used_spoils_no_other() {
    let good = key(P256);
    let (p384, ed25519) = (jwk(&key(P384)), jwk(&key(ED25519)));
    let bad = [
        json!({ "kty": "new", "kid": "x", "x": "AAAA" }),
        json!({ "kty": "EC", "crv": "P-521", "kid": "x", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": "EC", "crv": "secp256k1", "kid": "x", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": "OKP", "crv": "X25519", "kid": "x", "x": ed25519["x"] }),
        json!({ "kty": "RSA", "kid": "rsa1024", "e": "AQAB", "n": RSA_1024 }),
        rsa(&number(0x7f, 256)),
        rsa(&number(0x01, 1025)),
        json!({ "kty": "oct", "alg": "HS256", "kid": "x", "k": URL_SAFE_NO_PAD.encode(HMAC_KEY) }),
        json!({ "kty": "oct", "k": "AAAA" }),
        changed(p384.clone(), &[("key_ops", json!("verify"))]),
        changed(p384.clone(), &[("key_ops", json!(["sign"]))]),
        changed(p384.clone(), &[("key_ops", json!([]))]),
        changed(p384.clone(), &[("key_ops", json!({ "verify": true }))]),
        changed(p384.clone(), &[("use", json!("enc"))]),
        changed(p384.clone(), &[("use", json!(["sig"]))]),
        changed(p384.clone(), &[("use", json!(""))]),
        changed(p384.clone(), &[("kid", json!(7))]),
        changed(p384.clone(), &[("kid", json!(["x"]))]),
        changed(p384.clone(), &[("kty", Value::Null)]),
        changed(p384.clone(), &[("kty", json!(5))]),
        changed(p384.clone(), &[("alg", json!("ES256"))]),
        changed(p384.clone(), &[("alg", json!("HS256"))]),
        changed(p384.clone(), &[("alg", json!("ECDH-ES"))]),
        changed(p384.clone(), &[("alg", json!("none"))]),
        changed(p384.clone(), &[("alg", json!(384))]),
        changed(p384.clone(), &[("x", json!("not base64!"))]),
        changed(p384.clone(), &[("x", json!("AAAA"))]),
        changed(p384.clone(), &[("y", p384["x"].clone())]),
        changed(p384.clone(), &[("y", Value::Null)]),
        changed(ed25519.clone(), &[("x", json!("AAAA"))]),
        // Anyone can sign with a private key that is published.
        changed(ed25519.clone(), &[("d", ed25519["x"].clone())]),
        changed(p384.clone(), &[("d", json!(""))]),
        json!("a text"),
        json!(null),
        json!([p384]),
    ];
    for bad in bad {
        for set in [vec![bad.clone(), jwk(&good)], vec![jwk(&good), bad.clone()]] {
            let site = Site::new();
            site.publish_jwks(&set);
            let keys = site.remote();
            keys.renew()
                .await
                .unwrap_or_else(|error| panic!("{error:?}: {bad}"));
            assert_eq!(count(&keys), Some(1), "{bad}");
            ask(&site.layer(&keys), &site.bearer(&good))
                .await
                .assert_passed("alice");
        }
    }
}

#[tokio::test]
async fn what_looks_odd_and_is_good_is_taken() {
    let (good, p384) = (key(P256), jwk(&key(P384)));
    for odd in [
        changed(p384.clone(), &[("use", Value::Null), ("alg", Value::Null)]),
        changed(p384.clone(), &[("key_ops", json!(["verify"]))]),
        changed(p384.clone(), &[("key_ops", json!(["sign", "verify"]))]),
        changed(
            p384.clone(),
            &[
                ("x5c", json!([7])),
                ("x5t", json!("x")),
                ("nobody", json!({ "knows": "this" })),
            ],
        ),
    ] {
        let site = Site::new();
        site.publish_jwks(&[jwk(&good), odd.clone()]);
        let keys = site.remote();
        ask(&site.layer(&keys), &site.bearer(&key(P384)))
            .await
            .assert_passed("alice");
        assert_eq!(count(&keys), Some(2), "{odd}");
    }
    // The least and the most of RSA.
    let site = Site::new();
    site.publish_jwks(&[rsa(&number(0x80, 256)), rsa(&number(0xff, 1024))]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    assert_eq!(count(&keys), Some(2));
}

/// A published key is not a secret: anyone can sign with it.
#[tokio::test]
async fn an_oct_key_that_is_published_verifies_nothing() {
    let good = key(P256);
    let oct = |kid: Option<&str>| {
        let k = URL_SAFE_NO_PAD.encode(HMAC_KEY);
        let oct = json!({ "kty": "oct", "alg": "HS256", "use": "sig", "k": k });
        kid.map_or(oct.clone(), |kid| changed(oct, &[("kid", json!(kid))]))
    };
    let site = Site::new();
    site.publish_jwks(&[oct(Some("shared")), oct(None), jwk(&good)]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    assert_eq!(count(&keys), Some(1));
    let claims = claims(&site.clock).to_string();
    for layer in [
        site.layer(&keys),
        tower_bearer::BearerAuthLayer::new(
            site.builder(&keys).accept_untyped_jwt().build().unwrap(),
        ),
    ] {
        for header in [
            json!({ "alg": "HS256", "typ": "at+jwt", "kid": "shared" }),
            json!({ "alg": "HS256", "typ": "at+jwt" }),
            json!({ "alg": "HS256", "typ": "at+jwt", "kid": jwk(&good)["kid"] }),
        ] {
            let token = format!(
                "Bearer {}",
                sign_with(HMAC_KEY, &header.to_string(), &claims)
            );
            ask(&layer, &token)
                .await
                .assert_refused(401, "invalid_token", "token_invalid");
        }
    }
    // An issuer that publishes nothing else has published nothing.
    site.publish_jwks(&[oct(Some("shared"))]);
    let keys = site.remote();
    assert!(keys.renew().await.is_err());
    assert_eq!(count(&keys), None);
}

/// It has no name, and the issuer has withdrawn the key that the token names.
#[tokio::test]
async fn an_oct_key_that_is_published_does_not_explain_a_retired_name() {
    let oct = json!({ "kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(HMAC_KEY) });
    let site = Site::new();
    site.publish_jwks(&[oct, jwk(&key(P256))]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let verifier = site.builder(&keys).build().unwrap();
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "retired" });
    let token = signed_by(P256, &header, &claims(&site.clock));
    let error = verifier.verify(&token).unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::UnknownKey, "{error}");
}

/// The oldest trick: a public key, taken for a secret (RFC 8725 section 2.1).
#[tokio::test]
async fn a_public_key_is_no_hmac_secret() {
    let p256 = key(P256);
    let jwk = jwk(&p256);
    let site = Site::of(&[&p256]);
    let layer = site.layer(&site.remote());
    let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": jwk["kid"] }).to_string();
    let set = json!({ "keys": [jwk] }).to_string();
    let x = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
    for secret in [
        P256.1.as_bytes(),
        P256.1.trim().as_bytes(),
        set.as_bytes(),
        jwk.to_string().as_bytes(),
        &x,
    ] {
        let token = format!(
            "Bearer {}",
            sign_with(secret, &header, &claims(&site.clock).to_string())
        );
        ask(&layer, &token)
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
}

#[tokio::test]
async fn a_key_for_encryption_is_not_believed() {
    let (good, other) = (key(P256), key(P384));
    for member in [
        ("use", json!("enc")),
        ("key_ops", json!(["encrypt", "wrapKey"])),
    ] {
        let site = Site::new();
        site.publish_jwks(&[jwk(&good), changed(jwk(&other), &[member])]);
        let layer = site.layer(&site.remote());
        ask(&layer, &site.bearer(&other)).await.assert_refused(
            401,
            "invalid_token",
            "token_invalid",
        );
        ask(&layer, &site.bearer(&good))
            .await
            .assert_passed("alice");
    }
}

/// "`alg` of a key is honoured": it is its one algorithm.
#[tokio::test]
async fn a_key_is_believed_by_its_own_algorithm_alone() {
    let by = |algorithm| SigningKey::from_rsa_pem(algorithm, RSA.0).unwrap();
    for published in [Algorithm::Rs256, Algorithm::Rs512, Algorithm::Ps256] {
        let site = Site::of(&[&by(published)]);
        let layer = site.layer(&site.remote());
        for used in support::keys::RSA_ALGORITHMS {
            let answer = ask(&layer, &site.bearer(&by(used))).await;
            match used == published {
                true => answer.assert_passed("alice"),
                false => answer.assert_refused(401, "invalid_token", "token_invalid"),
            }
        }
    }
}
