//! The log line about a wrong parameter, which never has a value that the client sent.

use std::borrow::Cow;
use std::convert::Infallible;
use std::marker::PhantomData;

use axum::body::Body;
use http::Request;
use serde::Deserialize;
use serde_json::json;
use support::{Log, form, json_request};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, Identity, Login, LoginCredentials,
    MemoryStore, Outcome,
};

use super::{Notes, Site, form_with, json_with};

const MARK: &str = "mark73154238847";

/// Sends what is wrong, and says what was logged of it.
async fn logged(site: &Site, log: &Log, request: Request<Body>) -> String {
    log.take();
    let answer = site.send(request).await;
    answer.assert_error(400, "invalid_request", None);
    assert!(!answer.body.contains(MARK), "{answer:?}");
    log.take_our_own().join("\n")
}

/// Values that a client could send to add to a log line, or to change it.
fn hostile() -> Vec<String> {
    [
        "x",
        "x\", expected u8",
        "`x`, expected u8",
        "x\n2026 ERROR tower_bearer: x",
        "x\u{1b}[31m",
        "7 at line 1",
        "x: y",
    ]
    .into_iter()
    .map(|text| format!("{MARK}{text}"))
    .collect()
}

#[tokio::test]
async fn the_log_names_a_wrong_parameter_and_its_type_and_nothing_that_was_sent() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    for (name, expected) in [
        ("age", "u8"),
        ("level", "i64"),
        ("code", "u32"),
        ("remember", "bool"),
        ("pin", "u16"),
        ("factor", "f64"),
    ] {
        for sent in hostile() {
            let form = logged(&site, &log, form_with(&[(name, &sent)])).await;
            let json = logged(&site, &log, json_with(name, json!(sent))).await;
            for line in [form, json] {
                assert!(line.contains(name), "{name}: {line}");
                assert!(line.contains(expected), "{name}, {expected}: {line}");
                assert!(
                    !line.contains(MARK) && !line.contains("2026 ERROR"),
                    "{line}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_number_is_not_logged_either() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    for request in [
        form_with(&[("age", "731542")]),
        json_with("age", json!(731_542)),
        json_with("age", json!(-731_542)),
    ] {
        let line = logged(&site, &log, request).await;
        assert!(
            line.contains("age") && line.contains("u8") && !line.contains("731542"),
            "{line}"
        );
    }
    for sent in [
        json!(731_542),
        json!(7315.42),
        json!(["mark731542"]),
        json!({ "mark731542": "mark731542" }),
    ] {
        let line = logged(&site, &log, json_with("email", sent)).await;
        assert!(line.contains("email") && !line.contains("7315"), "{line}");
    }
}

#[tokio::test]
async fn an_unknown_variant_is_not_logged() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    for sent in hostile() {
        for request in [
            form_with(&[("role", &sent)]),
            json_with("role", json!(sent)),
            json_with("role", json!({ &sent: 1 })),
        ] {
            let line = logged(&site, &log, request).await;
            assert!(line.contains("role") && !line.contains(MARK), "{line}");
        }
    }
}

#[tokio::test]
async fn a_wrong_field_within_another_names_the_parameter_that_it_is_in() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    for sent in hostile() {
        let line = logged(&site, &log, json_with("place", json!({ "zip": sent }))).await;
        assert!(line.contains("place") && line.contains("u16"), "{line}");
        assert!(!line.contains(MARK), "{line}");
        let line = logged(&site, &log, json_with("place", json!(sent))).await;
        assert!(line.contains("place") && !line.contains(MARK), "{line}");
    }
    let answer = site.send(json_with("place", json!({}))).await;
    answer.assert_error(400, "invalid_request", None);
    assert_eq!(answer.json()["error_description"], "zip is missing");
}

#[tokio::test]
async fn a_name_that_the_client_chose_is_not_logged() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    for sent in hostile() {
        let line = logged(&site, &log, json_with("counts", json!({ &sent: "x" }))).await;
        assert!(line.contains("counts") && !line.contains(MARK), "{line}");
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    email: String,
}

impl LoginCredentials for Strict {
    fn account(&self) -> Cow<'_, str> {
        (&self.email).into()
    }
}

/// Accounts that accept every login.
struct Open<C>(PhantomData<C>);

impl<C: LoginCredentials> Authenticate for Open<C> {
    type Credentials = C;
    type Error = Infallible;

    async fn authenticate(&self, _: Login<C>) -> Result<Outcome, Infallible> {
        Ok(Identity::new("alice").into())
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().into())
    }
}

fn open<C: LoginCredentials>() -> Site {
    let sessions = TestTokens::new()
        .sessions(Open::<C>(PhantomData), MemoryStore::new())
        .build()
        .unwrap();
    Site {
        notes: Notes::default(),
        sessions,
    }
}

#[tokio::test]
async fn the_name_of_an_unknown_field_is_not_logged() {
    let (log, _guard) = Log::capture();
    let site = open::<Strict>();
    for sent in hostile() {
        let body = json!({ "email": "alice@example.com", &sent: 1 });
        for request in [
            form("/login", &[("email", "a"), (&sent, "b")]),
            json_request("/login", &body),
        ] {
            let line = logged(&site, &log, request).await;
            assert!(!line.contains(MARK), "{line}");
        }
    }
}
