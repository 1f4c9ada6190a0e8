//! Signs any text with the keys of other issuers, whatever it says.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// A token with this header and these claims, signed with a private key in PEM by the algorithm
/// that the header names.
pub fn signed_by((private, _): (&str, &str), header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let algorithm = header["alg"].as_str().unwrap_or("RS256");
    let signature = signature(algorithm, &der(private), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn signature(algorithm: &str, key: &[u8], message: &[u8]) -> Vec<u8> {
    let random = SystemRandom::new();
    let rsa = |padding| {
        let key = RsaKeyPair::from_pkcs8(key).unwrap();
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(padding, &random, message, &mut signature).unwrap();
        signature
    };
    let ecdsa = |curve| {
        let key = EcdsaKeyPair::from_pkcs8(curve, key).unwrap();
        key.sign(&random, message).unwrap().as_ref().to_vec()
    };
    match algorithm {
        "RS512" => rsa(&RSA_PKCS1_SHA512),
        "PS256" => rsa(&RSA_PSS_SHA256),
        "ES256" => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
        "ES384" => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
        "ES512" => ecdsa(&ECDSA_P521_SHA512_FIXED_SIGNING),
        "EdDSA" | "Ed25519" => {
            let key = Ed25519KeyPair::from_pkcs8(key).unwrap();
            key.sign(message).as_ref().to_vec()
        }
        _ => rsa(&RSA_PKCS1_SHA256),
    }
}

fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}
