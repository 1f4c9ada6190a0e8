//! Private keys that cannot be read as they are: the error says what to do, and that works.

use std::path::Path;
use std::process::{Command, Stdio};

use support::keys::{P256, RSA};
use tower_bearer::SigningKey;
use tower_bearer::keys::Algorithm;

const CURE: &str = "openssl pkcs8 -topk8 -nocrypt -in key.pem";

fn pem(label: &str) -> String {
    format!("-----BEGIN {label}-----\nMHcCAQEE\n-----END {label}-----\n")
}

#[test]
fn a_key_that_is_encrypted_or_in_another_form_is_named_with_the_command_for_it() {
    let sec1 = pem("EC PRIVATE KEY");
    let error = SigningKey::from_pem(&sec1).unwrap_err().to_string();
    assert!(error.contains(CURE), "{error}");
    let encrypted = pem("ENCRYPTED PRIVATE KEY");
    let before_pkcs8 = pem("RSA PRIVATE KEY").replacen('\n', "\nProc-Type: 4,ENCRYPTED\n", 1);
    for pem in [&encrypted, &before_pkcs8] {
        for error in [
            SigningKey::from_pem(pem).unwrap_err(),
            SigningKey::from_rsa_pem(Algorithm::Ps256, pem).unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(
                error.contains("encrypted") && error.contains(CURE),
                "{error}"
            );
        }
    }
    let other = SigningKey::from_pem("x").unwrap_err().to_string();
    assert!(other.contains("openssl genpkey"), "{other}");
}

/// As an `.env` file or JSON has them.
#[test]
fn escaped_line_breaks_are_named() {
    let escaped = |pem: &str| pem.replace('\n', "\\n");
    for error in [
        SigningKey::from_pem(&escaped(P256.0)).unwrap_err(),
        SigningKey::from_rsa_pem(Algorithm::Rs512, &escaped(RSA.0)).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(
            error.contains("line breaks of the PEM are escaped"),
            "{error}"
        );
        assert!(!error.contains("MII"), "{error}");
    }
}

/// Runs `openssl` in this folder, and returns what it prints, or `None` where it is not installed.
fn openssl(folder: &Path, words: &str) -> Option<String> {
    let mut command = Command::new("openssl");
    let command = command.args(words.split(' ')).current_dir(folder);
    let output = command.stdin(Stdio::null()).output().ok()?;
    assert!(output.status.success(), "{words}: {output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The command that an error names is tried as it is, where `openssl` is installed.
#[test]
fn the_command_in_the_error_makes_a_key_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cure = CURE.strip_prefix("openssl ").unwrap();
    for (made, password) in [
        ("pkey -in own.pem -traditional", ""),
        (
            "pkcs8 -topk8 -in own.pem -passout pass:x",
            " -passin pass:x",
        ),
    ] {
        std::fs::write(folder.join("own.pem"), P256.0).unwrap();
        let Some(unusable) = openssl(folder, made) else {
            println!("NOT CHECKED: openssl is not installed");
            return;
        };
        std::fs::write(folder.join("key.pem"), &unusable).unwrap();
        let error = SigningKey::from_pem(&unusable).unwrap_err().to_string();
        assert!(error.contains(CURE), "{error}");
        let cured = openssl(folder, &format!("{cure}{password}")).unwrap();
        let (own, cured) = (SigningKey::from_pem(P256.0), SigningKey::from_pem(&cured));
        assert_eq!(
            own.unwrap().key_set().to_public_jwk_set(),
            cured.unwrap().key_set().to_public_jwk_set()
        );
    }
}
