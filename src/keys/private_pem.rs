//! Says what to do about a private key in PEM that cannot be read.

use crate::error::ConfigError;

/// Returns the cure of a usual mistake, or `otherwise`.
pub(crate) fn unusable(pem: &str, otherwise: &'static str) -> ConfigError {
    ConfigError::from_static(if pem.contains("-----BEGIN") && pem.contains("\\n") {
        "the line breaks of the PEM are escaped: it has a backslash and an n in their place. \
         Replace them, or read the key from a file"
    } else if pem.contains("ENCRYPTED") {
        "the PEM is encrypted. Try: openssl pkcs8 -topk8 -nocrypt -in key.pem"
    } else if pem.contains("BEGIN EC PRIVATE KEY") {
        "the PEM is not PKCS#8 (EC PRIVATE KEY). Try: openssl pkcs8 -topk8 -nocrypt -in key.pem"
    } else {
        otherwise
    })
}
