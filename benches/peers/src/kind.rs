//! [`Kind`] is an algorithm of signatures, with the key that every side has.

use jsonwebtoken::{DecodingKey, EncodingKey};
use tower_bearer::keys::Algorithm;
use tower_bearer::{KeySet, SigningKey};

/// An algorithm that tokens are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Hs256,
    EdDsa,
    Es256,
    Rs256,
}

/// The secret of HS256.
pub const SECRET: &str = "a secret of 32 bytes for benches";

impl Kind {
    pub const ALL: [Self; 4] = [Self::Hs256, Self::EdDsa, Self::Es256, Self::Rs256];

    /// The name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "hs256",
            Self::EdDsa => "eddsa",
            Self::Es256 => "es256",
            Self::Rs256 => "rs256",
        }
    }

    pub fn of_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
        }
    }

    pub fn encoding_key(self) -> EncodingKey {
        let pem = self.pem().as_bytes();
        let key = match self {
            Self::Hs256 => Ok(EncodingKey::from_secret(SECRET.as_bytes())),
            Self::EdDsa => EncodingKey::from_ed_pem(pem),
            Self::Es256 => EncodingKey::from_ec_pem(pem),
            Self::Rs256 => EncodingKey::from_rsa_pem(pem),
        };
        key.expect("the keys in tests/data are good")
    }

    pub fn decoding_key(self) -> DecodingKey {
        let pem = self.public_pem().as_bytes();
        let key = match self {
            Self::Hs256 => Ok(DecodingKey::from_secret(SECRET.as_bytes())),
            Self::EdDsa => DecodingKey::from_ed_pem(pem),
            Self::Es256 => DecodingKey::from_ec_pem(pem),
            Self::Rs256 => DecodingKey::from_rsa_pem(pem),
        };
        key.expect("the keys in tests/data are good")
    }

    /// The key as our verifiers take it.
    pub fn key_set(self) -> KeySet {
        let keys = match self {
            Self::Hs256 => KeySet::from_hmac_secret(Algorithm::Hs256, SECRET),
            Self::EdDsa => KeySet::from_pem(Algorithm::EdDsa, self.public_pem()),
            Self::Es256 => KeySet::from_pem(Algorithm::Es256, self.public_pem()),
            Self::Rs256 => KeySet::from_pem(Algorithm::Rs256, self.public_pem()),
        };
        keys.expect("the keys in tests/data are good")
    }

    /// The key that our sessions sign with, or `None` for the one that they derive.
    pub fn signing_key(self) -> Option<SigningKey> {
        let key = match self {
            Self::Hs256 => return None,
            Self::Rs256 => SigningKey::from_rsa_pem(Algorithm::Rs256, self.pem()),
            Self::EdDsa | Self::Es256 => SigningKey::from_pem(self.pem()),
        };
        Some(key.expect("the keys in tests/data are good"))
    }

    fn pem(self) -> &'static str {
        match self {
            Self::Hs256 => "",
            Self::EdDsa => include_str!("../../../tests/data/keys/ed25519.pem"),
            Self::Es256 => include_str!("../../../tests/data/keys/p256.pem"),
            Self::Rs256 => include_str!("../../../tests/data/keys/rsa2048.pem"),
        }
    }

    pub fn public_pem(self) -> &'static str {
        match self {
            Self::Hs256 => "",
            Self::EdDsa => include_str!("../../../tests/data/keys/ed25519.pub.pem"),
            Self::Es256 => include_str!("../../../tests/data/keys/p256.pub.pem"),
            Self::Rs256 => include_str!("../../../tests/data/keys/rsa2048.pub.pem"),
        }
    }
}
