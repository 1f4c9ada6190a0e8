//! Which keys are refused or left out, and what is never published.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use support::keys::{
    ED25519, P256, P384, P521, RSA, RSA_1024, RSA_ALGORITHMS, jwk, key, oct, token,
};
use support::{HMAC_KEY, assert_passes, claims, signed_by, verifier_with};
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{KeySet, SigningKey};

#[tokio::test]
async fn one_bad_key_spoils_no_other() {
    let clock = ManualClock::new();
    let key = SigningKey::from_pem(ED25519.0).unwrap();
    let good = jwk(&key.key_set());
    let ones = URL_SAFE_NO_PAD.encode([1; 32]);
    let bad = [
        json!({ "kty": "EC", "crv": "P-521", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA" }),
        // The point is not on the curve.
        json!({ "kty": "EC", "crv": "P-256", "x": ones, "y": ones }),
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "RSA", "n": "!!!", "e": "AQAB" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": good["x"] }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA" }),
        json!({ "kty": "oct", "k": "c2hvcnQ" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": good["x"], "alg": "ES512" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": good["x"], "alg": "HS256" }),
        json!({ "kid": 7, "kty": "OKP", "crv": "Ed25519", "x": good["x"] }),
        json!({ "crv": "Ed25519" }),
        json!({}),
        json!(null),
        json!("a key"),
        json!([]),
    ];
    let all: Vec<Value> = bad.iter().cloned().chain([good]).collect();
    let keys = KeySet::from_jwk_set(&json!({ "keys": all, "unknown": 1 }).to_string()).unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert_passes(&verifier_with(keys, &clock), &token(key, &clock)).await;
    for alone in bad {
        assert!(
            KeySet::from_jwk_set(&json!({ "keys": [alone] }).to_string()).is_err(),
            "{alone}"
        );
        assert!(KeySet::from_jwk(&alone.to_string()).is_err(), "{alone}");
    }
}

#[test]
fn keys_for_encryption_are_left_out() {
    let good = jwk(&SigningKey::from_pem(RSA.0).unwrap().key_set());
    for (name, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["encrypt", "wrapKey"])),
        ("alg", json!("RSA-OAEP")),
    ] {
        let mut other = good.clone();
        other[name] = value;
        let keys = KeySet::from_jwk_set(&json!({ "keys": [other, good] }).to_string()).unwrap();
        assert_eq!(keys.len(), 1, "{name}");
        assert!(KeySet::from_jwk(&other.to_string()).is_err(), "{name}");
    }
    let mut ops = good.clone();
    ops["key_ops"] = json!(["verify"]);
    assert_eq!(KeySet::from_jwk(&ops.to_string()).unwrap().len(), 1);
}

#[test]
fn what_is_no_jwk_set_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"keys":{}}"#,
        r#"{"keys":[]}"#,
        r#"{"keys":[],"keys":[]}"#,
        "keys",
    ] {
        assert!(KeySet::from_jwk_set(text).is_err(), "{text}");
    }
}

// requirement 33
#[test]
fn weak_keys_are_refused() {
    let (weak, weak_public) = (RSA_1024.0, RSA_1024.1);
    assert!(SigningKey::from_pem(weak).is_err());
    for algorithm in RSA_ALGORITHMS {
        assert!(SigningKey::from_rsa_pem(algorithm, weak).is_err());
        assert!(KeySet::from_pem(algorithm, weak_public).is_err());
    }
    let modulus = URL_SAFE_NO_PAD.encode([0xff; 128]);
    assert!(
        KeySet::from_jwk(&json!({ "kty": "RSA", "n": modulus, "e": "AQAB" }).to_string()).is_err()
    );
    // Zeros in front make no key longer.
    let zeros = URL_SAFE_NO_PAD.encode([[0; 128], [0xff; 128]].concat());
    assert!(
        KeySet::from_jwk(&json!({ "kty": "RSA", "n": zeros, "e": "AQAB" }).to_string()).is_err()
    );
    for exponent in ["AQ", "Ag", "AA", ""] {
        let modulus = URL_SAFE_NO_PAD.encode([0xff; 256]);
        assert!(
            KeySet::from_jwk(&json!({ "kty": "RSA", "n": modulus, "e": exponent }).to_string())
                .is_err(),
            "{exponent}"
        );
    }
}

#[test]
fn the_exponent_of_an_rsa_key_has_at_most_four_bytes() {
    let modulus = URL_SAFE_NO_PAD.encode([0xff; 256]);
    for (exponent, is_right) in [
        (&[1, 0, 1][..], true),
        (&[0xff; 4], true),
        (&[0, 0xff, 0xff, 0xff, 0xff], true),
        (&[1, 0, 0, 0, 1], false),
        (&[0xff; 5], false),
    ] {
        let text = URL_SAFE_NO_PAD.encode(exponent);
        let jwk = json!({ "kty": "RSA", "n": modulus, "e": text }).to_string();
        let refused = KeySet::from_jwk(&jwk).err();
        assert_eq!(refused.is_none(), is_right, "{exponent:?}: {refused:?}");
    }
}

/// A key without a `kid` that is left out may be what any unknown name means, but not a known one.
#[test]
fn a_known_key_with_another_algorithm_is_not_taken_for_one_that_is_left_out() {
    let clock = ManualClock::new();
    let mut good = jwk(&key(ED25519).key_set());
    good["kid"] = json!("good");
    let unusable = json!({ "kty": "EC", "crv": "secp256k1" });
    let keys = json!({ "keys": [good, unusable] }).to_string();
    let verifier = verifier_with(KeySet::from_jwk_set(&keys).unwrap(), &clock);
    for (kid, kind) in [
        ("good", VerifyErrorKind::UnknownKey),
        ("other", VerifyErrorKind::KeyLeftOut),
    ] {
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid });
        let token = signed_by(P256, &header, &claims(&clock));
        assert_eq!(verifier.verify(&token).unwrap_err().kind(), kind, "{kid}");
    }
}

/// Many sets have a key for encryption. A token without a `kid` does not mean that one.
#[test]
fn a_token_without_a_name_is_not_explained_by_a_key_that_is_left_out() {
    let clock = ManualClock::new();
    let mut good = jwk(&key(ED25519).key_set());
    good["kid"] = json!("good");
    let encrypting = json!({ "kty": "EC", "crv": "P-256", "kid": "unrelated", "use": "enc" });
    let keys = json!({ "keys": [encrypting, good] }).to_string();
    let verifier = verifier_with(KeySet::from_jwk_set(&keys).unwrap(), &clock);
    let header = json!({ "alg": "ES256", "typ": "at+jwt" });
    let error = verifier.verify(&signed_by(P256, &header, &claims(&clock)));
    let error = error.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::UnknownKey);
    let text = error.to_string();
    assert!(
        text.contains("\"good\" is for EdDSA") && !text.contains("unrelated"),
        "{text}"
    );
}

/// The name of a key that was withdrawn, beside one for encryption that has no name.
#[test]
fn a_token_with_a_retired_name_is_not_explained_by_a_key_for_something_else() {
    let clock = ManualClock::new();
    let mut good = jwk(&key(ED25519).key_set());
    good["kid"] = json!("good");
    for unnamed in [
        json!({ "kty": "EC", "crv": "P-256", "use": "enc" }),
        json!({ "kty": "RSA", "key_ops": ["encrypt", "wrapKey"] }),
    ] {
        let keys = json!({ "keys": [unnamed, good] }).to_string();
        let verifier = verifier_with(KeySet::from_jwk_set(&keys).unwrap(), &clock);
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "retired" });
        let error = verifier.verify(&signed_by(P256, &header, &claims(&clock)));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::UnknownKey, "{error}");
        assert!(
            error
                .to_string()
                .contains("no key with the kid \"retired\""),
            "{error}"
        );
    }
}

#[test]
fn a_repeated_name_is_named_as_such() {
    let key = r#"{ "kty": "oct", "kid": "a", "kid": "b", "k": "hunter2" }"#;
    let set = format!(r#"{{ "keys": [{key}] }}"#);
    for error in [
        KeySet::from_jwk(key).unwrap_err(),
        KeySet::from_jwk_set(&set).unwrap_err(),
        KeySet::from_jwk_set(r#"{ "keys": [], "keys": [] }"#).unwrap_err(),
        SigningKey::from_jwk(key).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(
            text.contains("a name is repeated") && !text.contains("hunter2"),
            "{text}"
        );
    }
    for broken in [
        r#"{ "keys": ["#,
        // A text with half a character is not JSON that can be read.
        r#"{ "keys": [], "x": "\ud800" }"#,
    ] {
        let error = KeySet::from_jwk_set(broken).unwrap_err();
        assert!(error.to_string().contains("not a JWK set"), "{error}");
    }
}

// requirement 33
#[test]
fn an_hmac_key_is_as_long_as_its_hash() {
    for (algorithm, needed) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
    ] {
        let secret: Vec<u8> = (0..needed).collect();
        let (short, jwk) = (&secret[1..], oct(algorithm.as_str(), &secret[1..]));
        assert!(
            KeySet::from_hmac_secret(algorithm, short).is_err(),
            "{algorithm}"
        );
        assert!(KeySet::from_jwk(&jwk).is_err(), "{algorithm}");
        assert!(SigningKey::from_jwk(&jwk).is_err(), "{algorithm}");
        assert!(
            KeySet::from_hmac_secret(algorithm, &secret).is_ok(),
            "{algorithm}"
        );
    }
    assert!(KeySet::from_hmac_secret(Algorithm::Hs512, HMAC_KEY).is_err());
    assert!(KeySet::from_hmac_secret(Algorithm::Rs256, HMAC_KEY).is_err());
}

#[test]
fn a_key_fits_its_algorithm() {
    let pems = [
        (RSA, 'r'),
        (P256, '2'),
        (P384, '3'),
        (P521, '5'),
        (ED25519, 'e'),
    ];
    for (pem, own) in pems {
        for (algorithm, family) in [
            (Algorithm::Rs256, 'r'),
            (Algorithm::Es256, '2'),
            (Algorithm::Es384, '3'),
            (Algorithm::Es512, '5'),
            (Algorithm::EdDsa, 'e'),
            (Algorithm::Hs256, 'h'),
        ] {
            assert_eq!(
                KeySet::from_pem(algorithm, pem.1).is_ok(),
                family == own,
                "{algorithm} {own}"
            );
            // A private key is not for those who only check.
            assert!(
                KeySet::from_pem(algorithm, pem.0).is_err(),
                "{algorithm} {own}"
            );
        }
    }
    assert!(SigningKey::from_rsa_pem(Algorithm::Es256, RSA.0).is_err());
    assert!(SigningKey::from_rsa_pem(Algorithm::Rs256, P256.0).is_err());
    for text in [
        "",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
        RSA.1,
        P521.1,
    ] {
        assert!(SigningKey::from_pem(text).is_err(), "{text:.40}");
    }
    assert!(SigningKey::from_jwk(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#).is_err());
}

#[test]
fn a_published_set_holds_no_secret() {
    let key = SigningKey::from_jwk(&oct("HS256", HMAC_KEY)).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&key.key_set().to_public_jwk_set()).unwrap(),
        json!({ "keys": [] })
    );
    for pem in [RSA.0, P256.0, P384.0, P521.0, ED25519.0] {
        let jwk = jwk(&SigningKey::from_pem(pem).unwrap().key_set());
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(jwk.get(private).is_none(), "{jwk}");
        }
        assert_eq!(jwk["use"], "sig");
    }
}

#[test]
fn a_secret_that_is_not_for_signing_signs_nothing() {
    for purpose in [
        r#""use":"enc""#,
        r#""key_ops":["verify"]"#,
        r#""key_ops":"sign""#,
    ] {
        let jwk = oct("HS256", HMAC_KEY).replacen('{', &format!("{{{purpose},"), 1);
        assert!(SigningKey::from_jwk(&jwk).is_err(), "{purpose}");
    }
}

/// Everyone knows a public key, so it is not a secret (RFC 8725 section 2.1).
#[test]
fn a_public_key_of_any_form_is_not_taken_as_a_secret() {
    for (_, pem) in [RSA, P256, ED25519] {
        let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let (base64, wrapped) = (lines.concat(), lines.join("\n"));
        let der = STANDARD.decode(&base64).unwrap();
        let jwk = jwk(&KeySet::from_pem(algorithm_of(pem), pem).unwrap());
        let set = json!({ "keys": [jwk] });
        for secret in [
            pem.as_bytes(),
            base64.as_bytes(),
            wrapped.as_bytes(),
            &der,
            jwk.to_string().as_bytes(),
            set.to_string().as_bytes(),
            b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ",
        ] {
            let error = KeySet::from_hmac_secret(Algorithm::Hs256, secret).unwrap_err();
            assert!(error.to_string().contains("is not secret"), "{error}");
        }
    }
    // Random bytes that only begin like one.
    for secret in [vec![0x30; 32], [vec![0x30, 30], vec![7; 30]].concat()] {
        KeySet::from_hmac_secret(Algorithm::Hs256, secret).unwrap();
    }
}

fn algorithm_of(pem: &str) -> Algorithm {
    match pem {
        _ if pem == RSA.1 => Algorithm::Rs256,
        _ if pem == P256.1 => Algorithm::Es256,
        _ => Algorithm::EdDsa,
    }
}

/// Another reader of the set would take the other one.
#[test]
fn a_member_that_is_repeated_anywhere_in_a_set_is_refused() {
    let own: Value = serde_json::from_str(&support::keys::oct("HS256", &[7; 32])).unwrap();
    let key = own.to_string();
    let twice = key.replacen('{', r#"{"k":"AAAA","#, 1);
    let set = |key: &str| KeySet::from_jwk_set(&format!(r#"{{"keys":[{key}]}}"#));
    assert!(set(&key).is_ok());
    assert!(set(&twice).is_err(), "{twice}");
    assert!(KeySet::from_jwk(&twice).is_err());
    let deep = key.replacen('{', r#"{"x":[{"y":1,"y":2}],"#, 1);
    assert!(set(&deep).is_err() && KeySet::from_jwk(&deep).is_err());
}
