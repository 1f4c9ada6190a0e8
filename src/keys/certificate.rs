//! Reads the public key of an X.509 certificate (RFC 5280 section 4.1), and nothing else of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::crypto::{PublicKey, rsa_public_key};
use crate::error::ConfigError;

/// Reads the first certificate of a text in PEM, which is not that of an authority.
pub(crate) fn read_pem(pem: &str) -> Result<PublicKey, ConfigError> {
    let body = pem
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END))
        .ok_or(UNREADABLE)?;
    read_base64(body.0)
}

/// Reads the first certificate of the member `x5c` (RFC 7517 section 4.7).
pub(crate) fn read_x5c(certificates: &Value) -> Result<PublicKey, ConfigError> {
    let first = certificates.get(0).and_then(Value::as_str);
    read_base64(first.ok_or(UNREADABLE)?)
}

fn read_base64(text: &str) -> Result<PublicKey, ConfigError> {
    let plain: String = text.split_ascii_whitespace().collect();
    let der = STANDARD.decode(plain).map_err(|_| UNREADABLE)?;
    let (algorithm, key) = public_key(&der).ok_or(UNREADABLE)?;
    match algorithm {
        RSA => rsa_public_key(key),
        EC => PublicKey::point(key),
        ED25519 => PublicKey::ed25519(key),
        _ => Err(ConfigError::from_static(
            "the certificate has a key of a type that is not supported",
        )),
    }
}

/// Returns the object identifier of the key's algorithm, and the key.
fn public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut certificate = Der(Der(der).expect(SEQUENCE)?);
    let mut signed = Der(certificate.expect(SEQUENCE)?);
    // The version is optional.
    if signed.0.first() == Some(&VERSION) {
        signed.next()?;
    }
    signed.expect(INTEGER)?;
    for _signature_issuer_validity_subject in 0..4 {
        signed.expect(SEQUENCE)?;
    }
    let mut info = Der(signed.expect(SEQUENCE)?);
    let algorithm = Der(info.expect(SEQUENCE)?).expect(OBJECT_IDENTIFIER)?;
    // The first byte is the number of unused bits.
    let (&0, key) = info.expect(BIT_STRING)?.split_first()? else {
        return None;
    };
    Some((algorithm, key))
}

/// Returns whether these bytes are one SEQUENCE that begins with another one, or with a number, as
/// all public keys do.
pub(super) fn is_public_key(bytes: &[u8]) -> bool {
    let mut der = Der(bytes);
    let first = der.expect(SEQUENCE).and_then(|key| Der(key).next());
    der.0.is_empty() && matches!(first, Some((INTEGER | SEQUENCE, _)))
}

/// The rest of a DER encoding.
struct Der<'d>(&'d [u8]);

impl<'d> Der<'d> {
    /// Reads the next value if it has this tag.
    fn expect(&mut self, tag: u8) -> Option<&'d [u8]> {
        let (found, content) = self.next()?;
        (found == tag).then_some(content)
    }

    fn next(&mut self) -> Option<(u8, &'d [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&length, mut rest) = rest.split_first()?;
        let mut length = usize::from(length);
        if length >= 0x80 {
            let bytes = length - 0x80;
            // 16 MiB are more than any certificate has.
            if !(1..=3).contains(&bytes) {
                return None;
            }
            let (number, after) = rest.split_at_checked(bytes)?;
            length = number
                .iter()
                .fold(0, |sum, &byte| sum << 8 | usize::from(byte));
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, content))
    }
}

pub(crate) const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// 1.2.840.113549.1.1.1
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.10045.2.1
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.3.101.112
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

const UNREADABLE: ConfigError = ConfigError::from_static(
    "the certificate cannot be read. Try: openssl x509 -in cert.pem -noout -pubkey",
);
