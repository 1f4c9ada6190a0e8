//! Keys as issuers really write them: they are read as widely as it is safe.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use support::keys::{ED25519, P256, P384, P521, RSA, jwk, oct, token};
use support::{HMAC_KEY, assert_passes, refused, verifier_with};
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{KeySet, SigningKey};

/// The pairs with their certificates, which were made with `openssl req -x509`.
const CERTIFICATES: [((&str, &str), &str, Algorithm); 4] = [
    (
        RSA,
        include_str!("../data/keys/rsa2048.cert.pem"),
        Algorithm::Rs256,
    ),
    (
        P256,
        include_str!("../data/keys/p256.cert.pem"),
        Algorithm::Es256,
    ),
    (
        P521,
        include_str!("../data/keys/p521.cert.pem"),
        Algorithm::Es512,
    ),
    (
        ED25519,
        include_str!("../data/keys/ed25519.cert.pem"),
        Algorithm::EdDsa,
    ),
];

/// A token of `alice`, until 2100, with the `alg` of RFC 9864. It was made with
/// `openssl pkeyutl -sign -rawin -inkey ed25519.pem`.
const FULLY_SPECIFIED: &str = concat!(
    "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiYXQrand0In0.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0",
    "IiwiYXVkIjoidGVzdCIsInN1YiI6ImFsaWNlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.jWsH6eHvaH_035BRr",
    "tp-z89V-rQIgAged5yIUaaCYKc81ZMIEOGh2IK25QOW45_khlWR6Ib-YmR5YJ16LlIUCg",
);

fn key(pair: (&str, &str)) -> SigningKey {
    SigningKey::from_pem(pair.0).unwrap()
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

fn without(mut jwk: Value, name: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(name);
    jwk
}

/// Asserts that this JWK verifies a token of `key`, alone and in a set.
async fn assert_reads(jwk: &Value, key: &SigningKey) {
    let clock = ManualClock::new();
    let set = json!({ "keys": [jwk] }).to_string();
    for keys in [
        KeySet::from_jwk(&jwk.to_string()),
        KeySet::from_jwk_set(&set),
    ] {
        let keys = keys.unwrap_or_else(|error| panic!("{error}: {jwk}"));
        assert_passes(&verifier_with(keys, &clock), &token(key.clone(), &clock)).await;
    }
}

fn base64_of(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn why(jwk: &Value) -> String {
    KeySet::from_jwk(&jwk.to_string()).unwrap_err().to_string()
}

#[tokio::test]
async fn base64url_may_be_padded_or_have_the_other_alphabet_or_line_breaks() {
    for pair in [RSA, P256, P384, P521, ED25519] {
        let key = key(pair);
        let jwk = jwk(&key.key_set());
        for name in ["n", "e", "x", "y"] {
            let Some(text) = jwk[name].as_str() else {
                continue;
            };
            let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
            let standard = STANDARD.encode(&bytes);
            let (first, second) = standard.split_at(standard.len() / 2);
            for odd in [
                URL_SAFE.encode(&bytes),
                STANDARD_NO_PAD.encode(&bytes),
                format!("{first}\r\n{second}\n"),
                format!("{text}===="),
                standard,
            ] {
                assert_reads(&with(jwk.clone(), name, odd.into()), &key).await;
            }
            for bad in [format!("{text}*"), format!("{text}=A"), format!("={text}")] {
                let bad = with(jwk.clone(), name, bad.into());
                assert!(KeySet::from_jwk(&bad.to_string()).is_err(), "{bad}");
            }
        }
    }
    let padded = json!({ "kty": "oct", "k": URL_SAFE.encode(HMAC_KEY) }).to_string();
    assert!(KeySet::from_jwk(&padded).is_ok(), "{padded}");
}

#[tokio::test]
async fn numbers_may_have_zeros_in_front_or_lack_them() {
    let rsa = key(RSA);
    for name in ["n", "e"] {
        let jwk = jwk(&rsa.key_set());
        let bytes = URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let odd = URL_SAFE_NO_PAD.encode([&[0, 0], &bytes[..]].concat());
        assert_reads(&with(jwk, name, odd.into()), &rsa).await;
    }
    // A coordinate of P-521 usually begins with a byte that is 0 or 1. This is the key of RFC 7520
    // section 3.1, whose x begins with 0.
    let x =
        "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt";
    let y =
        "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1";
    let whole = json!({ "kty": "EC", "crv": "P-521", "x": x, "y": y });
    let expected = KeySet::from_jwk(&whole.to_string())
        .unwrap()
        .to_public_jwk_set();
    let bytes = URL_SAFE_NO_PAD.decode(x).unwrap();
    assert_eq!(bytes[0], 0);
    for odd in [&bytes[1..], &[&[0], &bytes[..]].concat()] {
        let odd = with(whole.clone(), "x", URL_SAFE_NO_PAD.encode(odd).into());
        let read = KeySet::from_jwk(&odd.to_string())
            .unwrap()
            .to_public_jwk_set();
        assert_eq!(read, expected);
    }
    // A byte that is not zero makes it another point, which is on no curve.
    let long = URL_SAFE_NO_PAD.encode([&[1], &bytes[..]].concat());
    let short = URL_SAFE_NO_PAD.encode(&bytes[2..]);
    for bad in [long, short, String::new()] {
        let bad = with(whole.clone(), "x", bad.into());
        assert!(KeySet::from_jwk(&bad.to_string()).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_member_that_is_null_is_as_if_absent() {
    for pair in [RSA, P256, ED25519] {
        let key = key(pair);
        let mut jwk = jwk(&key.key_set());
        for name in ["kid", "alg", "use", "key_ops", "x5c", "x5t", "d"] {
            jwk[name] = Value::Null;
            assert_reads(&jwk, &key).await;
        }
        assert!(KeySet::from_jwk(&with(jwk, "kty", Value::Null).to_string()).is_err());
    }
}

// requirement 45
#[tokio::test]
async fn ed25519_is_one_algorithm_with_two_names() {
    let (clock, key) = (ManualClock::new(), key(ED25519));
    let jwk = without(jwk(&key.key_set()), "kid");
    for name in [json!("EdDSA"), json!("Ed25519"), Value::Null] {
        let jwk = with(jwk.clone(), "alg", name);
        assert_reads(&jwk, &key).await;
        let keys = KeySet::from_jwk(&jwk.to_string()).unwrap();
        assert_passes(&verifier_with(keys, &clock), FULLY_SPECIFIED).await;
    }
    assert_eq!("Ed25519".parse::<Algorithm>().unwrap(), Algorithm::EdDsa);
    let other = KeySet::from_pem(Algorithm::Es256, P256.1).unwrap();
    assert_eq!(
        refused(&verifier_with(other, &clock), FULLY_SPECIFIED).await,
        VerifyErrorKind::UnknownKey
    );
}

#[test]
fn an_error_names_what_is_not_supported() {
    let p256 = jwk(&key(P256).key_set());
    for (bad, said) in [
        (with(p256.clone(), "alg", json!("ES256K")), "ES256K"),
        (
            with(p256.clone(), "alg", json!("RSA-OAEP-256")),
            "RSA-OAEP-256",
        ),
        (with(p256.clone(), "alg", json!("Ed448")), "Ed448"),
        (with(p256.clone(), "alg", json!("none")), "none"),
        (with(p256.clone(), "crv", json!("secp256k1")), "secp256k1"),
        (with(p256.clone(), "kty", json!("AKP")), "AKP"),
        (with(p256.clone(), "use", json!("enc")), "use"),
        (
            with(p256.clone(), "key_ops", json!(["deriveKey"])),
            "key_ops",
        ),
        (with(p256.clone(), "kid", json!(7)), "kid"),
        (with(p256, "alg", json!("RS256")), "RS256"),
    ] {
        let error = why(&bad);
        assert!(error.contains(said), "{error}");
        // A set says the same of each of its keys.
        let set = json!({ "keys": [bad, {}] }).to_string();
        let error = KeySet::from_jwk_set(&set).unwrap_err().to_string();
        assert!(
            error.contains(said) && error.contains("key 1 of the set"),
            "{error}"
        );
    }
    assert!(
        "ES256K"
            .parse::<Algorithm>()
            .unwrap_err()
            .to_string()
            .contains("ES256K")
    );
}

#[tokio::test]
async fn a_certificate_is_read_for_its_key() {
    let clock = ManualClock::new();
    for (pair, pem, algorithm) in CERTIFICATES {
        let key = key(pair);
        let chain = format!("subject=CN = key\n{pem}{}", CERTIFICATES[0].1);
        for pem in [pem, &*pem.replace('\n', "\r\n"), &*chain] {
            let keys = KeySet::from_pem(algorithm, pem).unwrap();
            assert_passes(&verifier_with(keys, &clock), &token(key.clone(), &clock)).await;
        }
        // As the member of a JWK that has nothing else.
        let der = base64_of(pem);
        let own = jwk(&key.key_set());
        let mut bare = json!({ "kty": own["kty"], "kid": own["kid"], "x5c": [der] });
        assert_reads(&bare, &key).await;
        // Its curve, where it has one, is that of the certificate.
        bare["crv"] = own["crv"].clone();
        assert_reads(&bare, &key).await;
        for (other, pem, _) in CERTIFICATES {
            let other = jwk(&self::key(other).key_set());
            if other["kty"] != own["kty"] || other["crv"] != own["crv"] {
                bare["x5c"] = json!([base64_of(pem)]);
                assert!(KeySet::from_jwk(&bare.to_string()).is_err(), "{bare}");
            }
        }
        for wrong in [Algorithm::Hs256, Algorithm::Es384] {
            assert!(KeySet::from_pem(wrong, pem).is_err(), "{wrong}");
        }
        // Cut off anywhere, or damaged: an error, and never a panic.
        for end in (0..der.len()).step_by(4) {
            let cut = json!({ "kty": own["kty"], "x5c": [der[..end]] });
            let _ = KeySet::from_jwk(&cut.to_string());
        }
    }
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let error = KeySet::from_pem(Algorithm::Rs256, broken)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("openssl x509 -in cert.pem -noout -pubkey"),
        "{error}"
    );
}

/// The command that an error names is tried as it is, where `openssl` is installed.
#[test]
fn the_command_in_the_error_prints_the_public_key_of_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    for (pair, pem, _) in CERTIFICATES {
        std::fs::write(folder.path().join("cert.pem"), pem).unwrap();
        let command = ["x509", "-in", "cert.pem", "-noout", "-pubkey"];
        let printed = std::process::Command::new("openssl")
            .args(command)
            .current_dir(folder.path())
            .output();
        let Ok(printed) = printed else {
            println!("NOT CHECKED: openssl is not installed");
            return;
        };
        assert_eq!(String::from_utf8(printed.stdout).unwrap(), pair.1);
    }
}

#[test]
fn a_text_that_is_not_a_set_is_named() {
    let certificate = CERTIFICATES[0].1;
    let jwk = jwk(&key(P256).key_set());
    for (text, said) in [
        (
            json!({ "a1": certificate, "b2": certificate }).to_string(),
            "certificate for each `kid`",
        ),
        (certificate.to_owned(), "KeySet::from_pem"),
        (RSA.1.to_owned(), "KeySet::from_pem"),
        (jwk.to_string(), "one JWK"),
        (
            json!({ "issuer": "x", "jwks_uri": "https://a.test" }).to_string(),
            "jwks_uri",
        ),
        ("<!DOCTYPE html>".to_owned(), "HTML"),
        ("[]".to_owned(), "not a JWK set"),
    ] {
        let error = KeySet::from_jwk_set(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let marked = format!("\u{feff}{}", json!({ "keys": [jwk] }));
    assert_eq!(KeySet::from_jwk_set(&marked).unwrap().len(), 1);
}

// requirement 45
#[test]
fn a_key_that_everyone_knows_is_not_a_shared_secret() {
    for (pair, certificate, _) in CERTIFICATES {
        let jwk = jwk(&key(pair).key_set());
        for text in [pair.1, pair.0, certificate, &format!("\n {}", pair.1)] {
            let text = text.as_bytes();
            for algorithm in [Algorithm::Hs256, Algorithm::Hs512] {
                assert!(KeySet::from_hmac_secret(algorithm, text).is_err());
                assert!(KeySet::dangerous_from_short_hmac_secret(algorithm, text).is_err());
            }
            assert!(KeySet::from_jwk(&oct("HS256", text)).is_err());
            assert!(SigningKey::from_jwk(&oct("HS256", text)).is_err());
        }
        for algorithm in ["HS256", "HS384", "HS512"] {
            assert!(
                KeySet::from_jwk(&with(jwk.clone(), "alg", algorithm.into()).to_string()).is_err()
            );
        }
    }
}

#[test]
fn a_short_secret_has_to_be_called_dangerous_and_cannot_be_empty() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        assert!(KeySet::from_hmac_secret(algorithm, "short").is_err());
        assert_eq!(
            KeySet::dangerous_from_short_hmac_secret(algorithm, "short")
                .unwrap()
                .len(),
            1
        );
        assert!(KeySet::dangerous_from_short_hmac_secret(algorithm, "").is_err());
    }
    assert!(KeySet::dangerous_from_short_hmac_secret(Algorithm::Rs256, "short").is_err());
    let keys = KeySet::dangerous_from_short_hmac_secret(Algorithm::Hs512, "hunter2").unwrap();
    assert!(!format!("{keys:?}{}", keys.to_public_jwk_set()).contains("hunter2"));
}
