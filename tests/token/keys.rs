//! Which keys are read, which are refused, and that every algorithm works from both ends.

use support::keys::{ED25519, P256, P384, P521, RSA, RSA_ALGORITHMS, STRANGER, jwk, oct, token};
use support::{assert_passes, refused, verifier_with};
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{KeySet, SigningKey};

/// Asserts that a token of `key` passes by its PEM, its JWK and its JWK set, and that a changed one
/// does not.
async fn passes_from_every_source(key: SigningKey, public_pem: &str) {
    let (clock, algorithm) = (ManualClock::new(), key.algorithm());
    let own = key.key_set();
    let from_pem = KeySet::from_pem(algorithm, public_pem).expect("a public key");
    let from_jwk = KeySet::from_jwk(&jwk(&own).to_string()).expect("a JWK");
    let from_set = KeySet::from_jwk_set(&own.to_public_jwk_set()).expect("a set");
    let token = token(key, &clock);
    assert_eq!(support::segment(&token, 0)["alg"], algorithm.as_str());
    for keys in [own, from_pem, from_jwk, from_set] {
        let verifier = verifier_with(keys, &clock);
        assert_passes(&verifier, &token).await;
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        let turned: String = signature.chars().rev().collect();
        refused(&verifier, &format!("{message}.{turned}")).await;
        assert_eq!(
            refused(&verifier, &format!("{message}.")).await,
            VerifyErrorKind::BadSignature
        );
    }
}

// requirement 29
#[tokio::test]
async fn every_rsa_algorithm_verifies_what_it_signed() {
    for algorithm in RSA_ALGORITHMS {
        passes_from_every_source(SigningKey::from_rsa_pem(algorithm, RSA.0).unwrap(), RSA.1).await;
    }
}

// requirement 29
#[tokio::test]
async fn every_curve_verifies_what_it_signed() {
    for (pem, algorithm) in [
        (P256, Algorithm::Es256),
        (P384, Algorithm::Es384),
        (P521, Algorithm::Es512),
        (ED25519, Algorithm::EdDsa),
    ] {
        let key = SigningKey::from_pem(pem.0).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        passes_from_every_source(key, pem.1).await;
    }
    assert_eq!(
        SigningKey::from_pem(RSA.0).unwrap().algorithm(),
        Algorithm::Rs256
    );
}

// requirement 29
#[tokio::test]
async fn every_hmac_algorithm_verifies_what_it_signed() {
    let clock = ManualClock::new();
    let secret: Vec<u8> = (0..64).collect();
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let jwk = oct(algorithm.as_str(), &secret);
        let key = SigningKey::from_jwk(&jwk).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        let token = token(key, &clock);
        let set = format!(r#"{{"keys":[{jwk}]}}"#);
        for keys in [
            KeySet::from_jwk(&jwk),
            KeySet::from_jwk_set(&set),
            KeySet::from_hmac_secret(algorithm, &secret),
        ] {
            assert_passes(&verifier_with(keys.unwrap(), &clock), &token).await;
        }
        let other = KeySet::from_hmac_secret(algorithm, [9; 64]).unwrap();
        assert_eq!(
            refused(&verifier_with(other, &clock), &token).await,
            VerifyErrorKind::BadSignature
        );
    }
}

// requirement 45
#[tokio::test]
async fn one_algorithm_of_a_key_does_not_stand_for_another() {
    let clock = ManualClock::new();
    for signs in RSA_ALGORITHMS {
        let token = token(SigningKey::from_rsa_pem(signs, RSA.0).unwrap(), &clock);
        for believed in RSA_ALGORITHMS
            .into_iter()
            .filter(|&believed| believed != signs)
        {
            let verifier = verifier_with(KeySet::from_pem(believed, RSA.1).unwrap(), &clock);
            assert_eq!(
                refused(&verifier, &token).await,
                VerifyErrorKind::UnknownKey,
                "{signs} {believed}"
            );
        }
    }
}

// requirement 47
#[tokio::test]
async fn what_a_stranger_signed_is_refused() {
    let clock = ManualClock::new();
    let token = token(SigningKey::from_pem(STRANGER).unwrap(), &clock);
    let ours = SigningKey::from_pem(ED25519.0).unwrap().key_set();
    assert_eq!(
        refused(&verifier_with(ours, &clock), &token).await,
        VerifyErrorKind::UnknownKey
    );
    // Without a name both are tried, and it is still not ours.
    let unnamed = KeySet::from_pem(Algorithm::EdDsa, ED25519.1).unwrap();
    assert_eq!(
        refused(&verifier_with(unnamed, &clock), &token).await,
        VerifyErrorKind::BadSignature
    );
}
