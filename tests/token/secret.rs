//! Which secrets are refused, and in which words.

use std::process::Command;

use tower_bearer::{Secret, SigningKey};

const GOOD: &str = "vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe";
const OTHER: &str = "Qy8fK2hV5tB9nM4xZ7cL1pR6wD3sJ0gA";

// requirement 33
#[test]
fn a_short_secret_is_refused() {
    for length in [0, 1, 6, 31] {
        let error = Secret::new(&GOOD.as_bytes()[..length]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the secret is {length} bytes; 32 are needed. Try: openssl rand -base64 48")
        );
    }
    assert!(Secret::new(GOOD).is_ok());
}

// requirement 33
#[test]
fn secrets_of_public_tutorials_are_refused() {
    for known in [
        "secret",
        "secretsecretsecretsecretsecretsecret",
        "randomStringTypicallyFromEnv",
        "randomStringTypicallyFromEnv1234567890",
        "a-string-secret-at-least-256-bits-long",
        "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
        "changeme",
        "changemechangemechangemechangeme",
        "ChangeMe!-Vw7pQ2sX9zL4nB8mK1cR6tY3hJ5fD0gA",
        "please-change-me-Vw7pQ2sX9zL4nB8mK1cR6tY3",
        "your-256-bit-secret",
        "your-256-bit-secretyour-256-bit-secret",
        "your-512-bit-secret-your-512-bit-secret-your-512-bit-secret-your-512",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "09D25E094FAA6CA2556C818166B7A9563B93F7099F6F0F4CAA6CF63B88E8D3E7",
        "my_super_secret_key_that_is_long_enough_to_pass",
        "correct horse battery staple password 123",
        "0123456789abcdef0123456789abcdef",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabcabcabcabcabcabcabcabc",
    ] {
        let error = Secret::new(known).map(|_| known).unwrap_err().to_string();
        assert!(
            error.ends_with("Try: openssl rand -base64 48"),
            "{known}: {error}"
        );
        assert!(
            known == "secret" || !error.contains(known),
            "{known}: {error}"
        );
    }
}

/// The key of many a tutorial on AES; it repeats, only with ten characters instead of a few.
// requirement 33
#[test]
fn a_secret_that_only_counts_is_refused() {
    for counted in [
        "12345678901234567890123456789012",
        "1234567890123456789012345678901234567890",
    ] {
        assert!(Secret::new(counted).is_err(), "{counted}");
    }
}

#[test]
fn a_secret_of_any_bytes_can_be_had_for_tests_by_a_name_that_warns() {
    SigningKey::hs256(&Secret::dangerous_weak("secret")).unwrap();
    Secret::new([200; 0]).unwrap_err();
    let bytes: Vec<u8> = (0..32).map(|byte: u8| 255 - byte * 7).collect();
    Secret::new(bytes).unwrap();
}

#[test]
fn random_secrets_differ() {
    let key = |secret: &Secret| SigningKey::hs256(secret).unwrap().dangerous_export_jwk();
    let (one, another) = (Secret::random().unwrap(), Secret::random().unwrap());
    assert_ne!(key(&one), key(&another));
    assert_eq!(key(&one), key(&one.clone().with_previous(another)));
}

/// The output of a process for the next tests: the environment belongs to a process, so each case
/// has one.
#[test]
#[ignore = "run by the tests below, in a process of its own"]
fn child_reads_the_environment() {
    match Secret::from_env("TOWER_BEARER_TEST_SECRET") {
        Ok(secret) => {
            let key = SigningKey::hs256(&secret).unwrap();
            println!(
                "answer: {} keys, {:?}",
                key.key_set().len(),
                key.dangerous_export_jwk()
            );
        }
        Err(error) => println!("answer: {error}"),
    }
}

fn from_env(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args([
        "--exact",
        "secret::child_reads_the_environment",
        "--ignored",
        "--nocapture",
    ]);
    command
        .env_remove("TOWER_BEARER_TEST_SECRET")
        .env_remove("TOWER_BEARER_TEST_SECRET_PREVIOUS");
    let output = command
        .envs(variables.iter().copied())
        .output()
        .expect("this test runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (_, answer) = text
        .split_once("answer: ")
        .unwrap_or_else(|| panic!("no answer: {text}"));
    answer.lines().next().expect("a line").to_owned()
}

// requirement 33
#[test]
fn a_bad_secret_in_the_environment_is_a_sentence_with_the_cure() {
    for short in ["abc123", " abc123\n"] {
        assert_eq!(
            from_env(&[("TOWER_BEARER_TEST_SECRET", short)]),
            "TOWER_BEARER_TEST_SECRET is 6 bytes; 32 are needed. Try: openssl rand -base64 48"
        );
    }
    assert_eq!(
        from_env(&[]),
        "TOWER_BEARER_TEST_SECRET is not set. Try: openssl rand -base64 48"
    );
    let known = from_env(&[(
        "TOWER_BEARER_TEST_SECRET",
        "changemechangemechangemechangeme",
    )]);
    assert!(
        known.starts_with("TOWER_BEARER_TEST_SECRET ")
            && known.ends_with("Try: openssl rand -base64 48"),
        "{known}"
    );
    let previous = from_env(&[
        ("TOWER_BEARER_TEST_SECRET", GOOD),
        ("TOWER_BEARER_TEST_SECRET_PREVIOUS", "abc123"),
    ]);
    assert_eq!(
        previous,
        "TOWER_BEARER_TEST_SECRET_PREVIOUS is 6 bytes; 32 are needed. Try: openssl rand -base64 48"
    );
}

#[test]
fn a_ring_is_read_from_the_environment() {
    let expected = |keys: usize| {
        let key = SigningKey::hs256(&Secret::new(GOOD).unwrap()).unwrap();
        format!("{keys} keys, {:?}", key.dangerous_export_jwk())
    };
    assert_eq!(
        from_env(&[("TOWER_BEARER_TEST_SECRET", &format!(" {GOOD}\n"))]),
        expected(1)
    );
    let previous = format!("{OTHER}, nM4xZ7cL1pR6wD3sJ0gAQy8fK2hV5tB9,");
    let ring = from_env(&[
        ("TOWER_BEARER_TEST_SECRET", GOOD),
        ("TOWER_BEARER_TEST_SECRET_PREVIOUS", &previous),
    ]);
    assert_eq!(ring, expected(3));
}
