//! The settings of `Sessions`, and which sessions are theirs.

mod former_names;
mod issuers;
mod one_store;

use std::time::Duration;

use support::{Accounts, Log, MINUTE, log_in};
use tower_bearer::session::SessionsBuilder;
use tower_bearer::store::SessionStore;
use tower_bearer::test_util::ManualClock;
use tower_bearer::{ConfigError, MemoryStore, Secret, Sessions};

fn builder(store: impl SessionStore) -> SessionsBuilder {
    Sessions::builder(Accounts::everybody(), store)
}

fn good() -> SessionsBuilder {
    builder(MemoryStore::new())
        .issuer("https://api.example.com")
        .audience("example-api")
        .secret(Secret::random().unwrap())
}

fn error(builder: SessionsBuilder) -> ConfigError {
    builder.build().expect_err("a wrong setting")
}

/// The mistakes, one a line.
fn lines(error: &ConfigError) -> Vec<String> {
    let text = error.to_string();
    // Above several there is a heading.
    text.lines()
        .filter(|line| !line.ends_with("settings are wrong:"))
        .map(str::to_owned)
        .collect()
}

/// A sentence of a setting, with its name in it.
#[track_caller]
fn assert_says(line: &str, name: &str) {
    assert!(line.to_lowercase().contains(name), "{name}: {line}");
    assert!(line.split_whitespace().count() >= 3, "{line}");
}

#[test]
fn what_is_missing_is_named_all_at_once() {
    let error = error(builder(MemoryStore::new()));
    let lines = lines(&error);
    let [issuer, audience, secret] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert_says(issuer, "issuer");
    assert_says(audience, "audience");
    assert_says(secret, "secret");
    // The output of a `main` that returns this error.
    assert_eq!(format!("{error:?}"), error.to_string());
}

/// A setting that is wrong, and the name that its sentence has in it.
type Wrong = (&'static str, fn(SessionsBuilder) -> SessionsBuilder);

const WRONG: [Wrong; 12] = [
    ("issuer", |sessions| sessions.issuer("")),
    ("audience", |sessions| sessions.audience("")),
    ("leeway", |sessions| {
        sessions.leeway(Duration::from_secs(301))
    }),
    ("https", |sessions| {
        sessions.public_origin("app.example.com")
    }),
    ("https", |sessions| {
        sessions.public_origin("https://app.example.com/path")
    }),
    ("https", |sessions| sessions.public_origin("")),
    ("trusted prox", |sessions| {
        sessions.trusted_proxies(["the proxy"])
    }),
    ("trusted prox", |sessions| {
        sessions.trusted_proxies(["10.0.0.0/33"])
    }),
    ("trusted prox", |sessions| {
        sessions.trusted_proxies(["10.0.0.1", ""])
    }),
    ("issuer", |sessions| sessions.former_names("", "test")),
    ("audience", |sessions| {
        sessions.former_names("https://old.example.com", "")
    }),
    ("https", |sessions| {
        sessions.public_origin("ftp://app.example.com")
    }),
];

#[test]
fn each_wrong_setting_is_a_sentence_that_names_it() {
    for (name, set) in WRONG {
        let error = error(set(good()));
        let lines = lines(&error);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_says(&lines[0], name);
    }
    for missing in ["issuer", "audience", "secret"] {
        let sessions = builder(MemoryStore::new());
        let sessions = if missing == "issuer" {
            sessions
        } else {
            sessions.issuer("https://api.example.com")
        };
        let sessions = if missing == "audience" {
            sessions
        } else {
            sessions.audience("test")
        };
        let sessions = if missing == "secret" {
            sessions
        } else {
            sessions.secret(Secret::random().unwrap())
        };
        let error = error(sessions);
        assert_eq!(lines(&error).len(), 1, "{error}");
        assert_says(&error.to_string(), missing);
    }
}

#[test]
fn all_wrong_settings_are_named_at_once() {
    let all = [2, 3, 6, 9, 10].map(|index| WRONG[index]);
    let error = error(
        all.iter().fold(
            builder(MemoryStore::new())
                .issuer("https://api.example.com")
                .audience("test"),
            |sessions, (_, set)| set(sessions),
        ),
    );
    let lines = lines(&error);
    // And the secret, which is missing.
    assert_eq!(lines.len(), all.len() + 1, "{lines:?}");
    for name in all.iter().map(|(name, _)| *name).chain(["secret"]) {
        assert!(
            lines.iter().any(|line| line.to_lowercase().contains(name)),
            "{name}: {lines:?}"
        );
    }
}

#[test]
fn the_longest_leeway_is_five_minutes() {
    assert!(good().leeway(5 * MINUTE).build().is_ok());
    assert!(good().leeway(Duration::ZERO).build().is_ok());
}

#[tokio::test]
async fn settings_count_wherever_they_are_in_the_list() {
    let clock = ManualClock::new();
    let sessions = good()
        .clock(std::sync::Arc::new(clock.clone()))
        .leeway(Duration::ZERO)
        .build()
        .unwrap();
    let tokens = log_in(&sessions, "alice").await;
    assert_eq!(
        (
            tokens.claims().issuer().as_str(),
            tokens.claims().audience().as_str()
        ),
        ("https://api.example.com", "example-api")
    );
    clock.advance(30 * MINUTE);
    assert!(
        sessions
            .verifier()
            .verify(tokens.access_token().secret())
            .is_err()
    );
}

#[test]
fn a_builder_prints_no_secret() {
    let (log, _guard) = Log::capture();
    let built = good().secret(Secret::new("kD93nvQe7uXz0aLqWc5TmY28RfJhBgPs41oVxE").unwrap());
    let printed = format!("{built:?}");
    let printed = printed + &format!("{:?}", built.build().unwrap());
    assert!(!(printed + &log.text()).contains("kD93nvQe"));
}

#[test]
fn an_empty_issuer_and_an_empty_audience_are_named_beside_others() {
    let error = error(
        builder(MemoryStore::new())
            .issuer("")
            .audience("")
            .leeway(Duration::from_secs(301)),
    );
    let lines = lines(&error);
    for name in ["issuer", "audience", "secret", "leeway"] {
        assert!(
            lines.iter().any(|line| line.to_lowercase().contains(name)),
            "{name}: {lines:?}"
        );
    }
    assert_eq!(lines.len(), 4, "{lines:?}");
}
