//! [`Algorithm`] is the signature algorithm of a token.

use std::fmt;
use std::str::FromStr;

use crate::error::ConfigError;

/// The signature algorithm of a token (RFC 7518 section 3.1, RFC 8037 section 3.1).
///
/// A key has exactly one algorithm, and a token is checked with the algorithm of the key. The
/// algorithm in the token's header is only compared with it (RFC 8725 section 3.1). `none`, ES256K
/// and Ed448 are not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// EdDSA on Ed25519. Its name on the wire is `EdDSA` (RFC 8037) or `Ed25519` (RFC 9864): a key
    /// with either name verifies tokens with either name.
    EdDsa,
}

/// The kind of key that an algorithm needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Hmac,
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

impl Algorithm {
    /// Returns the name on the wire, as in `RS256`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(crate) const fn family(self) -> Family {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => Family::Hmac,
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => {
                Family::Rsa
            }
            Self::Es256 => Family::P256,
            Self::Es384 => Family::P384,
            Self::Es512 => Family::P521,
            Self::EdDsa => Family::Ed25519,
        }
    }

    /// Returns the minimum length of an HMAC key in bytes, which is that of the hash (RFC 7518
    /// section 3.2).
    pub(crate) const fn hmac_key_bytes(self) -> usize {
        match self {
            Self::Hs384 => 48,
            Self::Hs512 => 64,
            _ => 32,
        }
    }

    /// Returns whether a header or a JWK means this algorithm by `name`.
    pub(crate) fn is_named(self, name: &str) -> bool {
        name == self.as_str() || (self == Self::EdDsa && name == ED25519)
    }

    const ALL: [Self; 13] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];
}

/// The name of EdDSA on Ed25519 in RFC 9864 section 2.2.
const ED25519: &str = "Ed25519";

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.is_named(name))
            .ok_or_else(|| {
                let name = shown_name(name);
                ConfigError::new(format!(
                    "the algorithm{name} is not supported for signatures. \
                     Try RS256, ES256 or EdDSA"
                ))
            })
    }
}

/// Shows an unknown name of an algorithm, a curve or a type, but nothing that could be a secret in
/// the wrong place.
pub(crate) fn shown_name(name: &str) -> String {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-+_".contains(&byte);
    if (1..=20).contains(&name.len()) && name.bytes().all(is_name) {
        format!(" {name}")
    } else {
        String::new()
    }
}
