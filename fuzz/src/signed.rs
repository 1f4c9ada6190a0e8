//! Signs what an input says.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};

/// A key, with its one algorithm. Its name is that of the algorithm.
pub(crate) struct Pair {
    pub(crate) algorithm: Algorithm,
    pub(crate) name: &'static str,
    /// The public key, or the secret.
    pub(crate) public: &'static str,
    pub(crate) signs: EncodingKey,
    pub(crate) verifies: DecodingKey,
}

pub(crate) static PAIRS: LazyLock<[Pair; 3]> = LazyLock::new(|| {
    let right = "the keys of the tests are right";
    [
        Pair {
            algorithm: Algorithm::HS256,
            name: "HS256",
            public: SECRET,
            signs: EncodingKey::from_secret(SECRET.as_bytes()).expect(right),
            verifies: DecodingKey::from_secret(SECRET.as_bytes()).expect(right),
        },
        Pair {
            algorithm: Algorithm::EdDSA,
            name: "EdDSA",
            public: include_str!("../../tests/data/keys/ed25519.pub.pem"),
            signs: EncodingKey::from_ed_pem(ED25519).expect(right),
            verifies: DecodingKey::from_ed_pem(ED25519_PUBLIC).expect(right),
        },
        Pair {
            algorithm: Algorithm::ES256,
            name: "ES256",
            public: include_str!("../../tests/data/keys/p256.pub.pem"),
            signs: EncodingKey::from_ec_pem(P256).expect(right),
            verifies: DecodingKey::from_ec_pem(P256_PUBLIC).expect(right),
        },
    ]
});

/// Makes a token of a header, a line feed and a payload, which need not be JSON. The key is the
/// first whose algorithm is in the header, or else that of HS256.
pub fn signed(input: &[u8]) -> Option<String> {
    let end = input.iter().position(|&byte| byte == b'\n')?;
    let (header, payload) = (&input[..end], &input[end + 1..]);
    let named = |pair: &&Pair| {
        let name = pair.name.as_bytes();
        header.windows(name.len()).any(|part| part == name)
    };
    let pair = PAIRS.iter().find(named).unwrap_or(&PAIRS[0]);
    let encode = |part| URL_SAFE_NO_PAD.encode(part);
    let message = format!("{}.{}", encode(header), encode(payload));
    let signature = crypto::sign(message.as_bytes(), &pair.signs, pair.algorithm);
    Some(format!("{message}.{}", signature.expect("a signature")))
}

const SECRET: &str = "a secret of the fuzz targets, 48 bytes, not more";
const ED25519: &[u8] = include_bytes!("../../tests/data/keys/ed25519.pem");
const ED25519_PUBLIC: &[u8] = include_bytes!("../../tests/data/keys/ed25519.pub.pem");
const P256: &[u8] = include_bytes!("../../tests/data/keys/p256.pem");
const P256_PUBLIC: &[u8] = include_bytes!("../../tests/data/keys/p256.pub.pem");
