//! The algorithm of RSA keys that do not name theirs.

use serde_json::Value;
use support::ask;
use support::keys::{P256, RSA, RSA_ALGORITHMS, key};
use tower_bearer::SigningKey;
use tower_bearer::keys::Algorithm;

use crate::site::{Site, jwk};

fn by(algorithm: Algorithm) -> SigningKey {
    SigningKey::from_rsa_pem(algorithm, RSA.0).unwrap()
}

fn without_alg() -> Value {
    let mut jwk = jwk(&by(Algorithm::Rs256));
    jwk.as_object_mut().unwrap().remove("alg");
    jwk
}

#[tokio::test]
async fn it_is_rs256_or_what_the_application_says_and_always_one() {
    for said in RSA_ALGORITHMS {
        let site = Site::new();
        site.publish_jwks(&[without_alg(), jwk(&key(P256))]);
        let keys = site.remote();
        let keys = match said {
            Algorithm::Rs256 => keys,
            other => keys.with_rsa_algorithm(other).unwrap(),
        };
        let layer = site.layer(&keys);
        for signed in RSA_ALGORITHMS {
            let answer = ask(&layer, &site.bearer(&by(signed))).await;
            if signed == said {
                answer.assert_passed("alice");
            } else {
                answer.assert_refused(401, "invalid_token", "token_invalid");
            }
        }
        // Other keys have no choice.
        ask(&layer, &site.bearer(&key(P256)))
            .await
            .assert_passed("alice");
    }
}

#[tokio::test]
async fn a_key_that_names_its_algorithm_keeps_it() {
    let site = Site::of(&[&by(Algorithm::Rs512)]);
    let keys = site.remote().with_rsa_algorithm(Algorithm::Ps256).unwrap();
    let layer = site.layer(&keys);
    ask(&layer, &site.bearer(&by(Algorithm::Rs512)))
        .await
        .assert_passed("alice");
    ask(&layer, &site.bearer(&by(Algorithm::Ps256)))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

#[test]
fn an_algorithm_of_other_keys_is_refused() {
    for other in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        let error = Site::new()
            .remote()
            .with_rsa_algorithm(other)
            .unwrap_err()
            .to_string();
        assert!(error.contains(other.as_str()), "{error}");
    }
}
