//! [`PublicKey`] is the public part of a key, as a JWK shows it.

use crate::error::ConfigError;
use crate::keys::algorithm::Family;

/// A public key, in the form in which a JWK shows it. Its parts have been checked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// The modulus and the exponent, big-endian, without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point: 4, then both coordinates.
    P256([u8; 65]),
    /// An uncompressed point: 4, then both coordinates.
    P384([u8; 97]),
    /// An uncompressed point: 4, then both coordinates.
    P521([u8; 133]),
    Ed25519([u8; 32]),
}

impl PublicKey {
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, ConfigError> {
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err(ConfigError::new("an RSA key has from 2048 to 8192 bits"));
        }
        // aws-lc demands an odd exponent above 2 that fits 33 bits.
        if e.len() > 4 || e.last().is_none_or(|byte| byte % 2 == 0) || e == [1] {
            return Err(ConfigError::new(
                "the exponent of an RSA key is an odd number above 1, below 2^32",
            ));
        }
        Ok(Self::Rsa {
            n: n.to_vec(),
            e: e.to_vec(),
        })
    }

    /// Takes an uncompressed point on P-256, P-384 or P-521. Its length tells the curve.
    pub(crate) fn point(point: &[u8]) -> Result<Self, ConfigError> {
        if point.first() != Some(&4) {
            return Err(ConfigError::new("an EC key is an uncompressed point"));
        }
        match point.len() {
            65 => Ok(Self::P256(point.try_into().map_err(|_| NOT_ON_A_CURVE)?)),
            97 => Ok(Self::P384(point.try_into().map_err(|_| NOT_ON_A_CURVE)?)),
            133 => Ok(Self::P521(point.try_into().map_err(|_| NOT_ON_A_CURVE)?)),
            _ => Err(NOT_ON_A_CURVE),
        }
    }

    /// Takes the coordinates of a point. Some servers leave out zeros in front of a coordinate, and
    /// others add one: the point is the same, and the provider checks that it is on the curve.
    pub(crate) fn coordinates(curve: Family, x: &[u8], y: &[u8]) -> Result<Self, ConfigError> {
        let length = match curve {
            Family::P256 => 32,
            Family::P384 => 48,
            Family::P521 => 66,
            Family::Hmac | Family::Rsa | Family::Ed25519 => return Err(NOT_ON_A_CURVE),
        };
        let mut point = vec![4];
        for coordinate in [without_leading_zeros(x), without_leading_zeros(y)] {
            let zeros = length - coordinate.len().min(length);
            point.extend(std::iter::repeat_n(0, zeros));
            point.extend(coordinate);
        }
        if point.len() == 1 + 2 * length {
            Self::point(&point)
        } else {
            Err(ConfigError::from_static(
                "the coordinates of the key do not have the length of its curve",
            ))
        }
    }

    pub(crate) fn ed25519(x: &[u8]) -> Result<Self, ConfigError> {
        x.try_into()
            .map(Self::Ed25519)
            .map_err(|_| ConfigError::new("an Ed25519 key has 32 bytes"))
    }

    pub(crate) const fn family(&self) -> Family {
        match self {
            Self::Rsa { .. } => Family::Rsa,
            Self::P256(_) => Family::P256,
            Self::P384(_) => Family::P384,
            Self::P521(_) => Family::P521,
            Self::Ed25519(_) => Family::Ed25519,
        }
    }
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    &number[zeros..]
}

const NOT_ON_A_CURVE: ConfigError =
    ConfigError::from_static("an EC key is a point on P-256, P-384 or P-521");
