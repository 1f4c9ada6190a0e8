//! The fields of an application's own credentials, in a form and in JSON; and the log line about a
//! wrong field.

mod log;

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use support::{Received, form, json_request};
use tower::ServiceExt;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, Identity, Login, LoginCredentials,
    MemoryStore, Outcome, Sessions,
};

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    Customer,
    StaffMember,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Pin(u16);

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Place {
    zip: u16,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Fields {
    email: String,
    remember: bool,
    age: u8,
    #[serde(default)]
    level: i64,
    factor: Option<f64>,
    code: Option<u32>,
    news: Option<bool>,
    role: Option<Role>,
    pin: Option<Pin>,
    place: Option<Place>,
    counts: Option<HashMap<String, u8>>,
    #[serde(default = "seven")]
    days: u8,
}

fn seven() -> u8 {
    7
}

impl LoginCredentials for Fields {
    fn account(&self) -> Cow<'_, str> {
        (&self.email).into()
    }
}

/// Notes the credentials of every login.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Option<Fields>>>);

impl Authenticate for Notes {
    type Credentials = Fields;
    type Error = Infallible;

    async fn authenticate(&self, login: Login<Fields>) -> Result<Outcome, Infallible> {
        *self.0.lock().unwrap() = Some(login.into_credentials());
        Ok(Identity::new("alice").into())
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().into())
    }
}

struct Site {
    notes: Notes,
    sessions: Sessions,
}

impl Site {
    fn new() -> Self {
        let notes = Notes::default();
        let sessions = TestTokens::new()
            .sessions(notes.clone(), MemoryStore::new())
            .build()
            .unwrap();
        Self { notes, sessions }
    }

    async fn send(&self, request: Request<Body>) -> Received {
        let answer = Received::read(self.sessions.endpoints().oneshot(request)).await;
        answer.assert_not_stored();
        answer
    }

    /// The fields that the application reads from a valid request.
    async fn read(&self, request: Request<Body>) -> Fields {
        let answer = self.send(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.notes.0.lock().unwrap().take().expect("credentials")
    }
}

/// A form that is good, with more fields or others.
fn form_with(more: &[(&'static str, &str)]) -> Request<Body> {
    let least = [
        ("email", "alice@example.com"),
        ("remember", "true"),
        ("age", "42"),
    ];
    let least = least
        .into_iter()
        .filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    form(
        "/login",
        &least.chain(more.iter().copied()).collect::<Vec<_>>(),
    )
}

/// The same in JSON.
fn json_with(name: &str, value: Value) -> Request<Body> {
    let mut body = json!({ "email": "alice@example.com", "remember": true, "age": 42 });
    body[name] = value;
    json_request("/login", &body)
}

#[tokio::test]
async fn a_form_says_bool_as_html_does_and_as_programs_do() {
    let site = Site::new();
    for (text, value) in [
        ("true", true),
        ("on", true),
        ("1", true),
        ("false", false),
        ("off", false),
        ("0", false),
    ] {
        let read = site
            .read(form_with(&[("remember", text), ("news", text)]))
            .await;
        assert_eq!((read.remember, read.news), (value, Some(value)), "{text}");
    }
    for wrong in [
        "yes", "no", "True", "ON", "2", "-1", " true", "truetrue", "t",
    ] {
        site.send(form_with(&[("remember", wrong)]))
            .await
            .assert_error(400, "invalid_request", None);
        site.send(form_with(&[("news", wrong)]))
            .await
            .assert_error(400, "invalid_request", None);
    }
}

#[tokio::test]
async fn a_form_has_numbers() {
    let site = Site::new();
    for (text, value) in [("0", 0), ("7", 7), ("255", 255)] {
        assert_eq!(site.read(form_with(&[("age", text)])).await.age, value);
    }
    for wrong in [
        "256",
        "-1",
        "1.5",
        "x",
        "0x10",
        " 7",
        "7 ",
        "1e1",
        "99999999999999999999999999",
    ] {
        site.send(form_with(&[("age", wrong)]))
            .await
            .assert_error(400, "invalid_request", None);
    }
    for (text, value) in [
        ("-9223372036854775808", i64::MIN),
        ("9223372036854775807", i64::MAX),
        ("-1", -1),
    ] {
        assert_eq!(site.read(form_with(&[("level", text)])).await.level, value);
    }
    for (text, value) in [("1.5", 1.5), ("-2", -2.0), ("1e3", 1000.0)] {
        assert_eq!(
            site.read(form_with(&[("factor", text)])).await.factor,
            Some(value)
        );
    }
}

#[tokio::test]
async fn a_form_has_options_enums_and_numbers_of_a_type_of_their_own() {
    let site = Site::new();
    let read = site
        .read(form_with(&[
            ("code", "4711"),
            ("role", "staff_member"),
            ("pin", "1234"),
            ("days", "30"),
        ]))
        .await;
    assert_eq!(
        (read.code, read.role, read.pin, read.days),
        (Some(4711), Some(Role::StaffMember), Some(Pin(1234)), 30)
    );
    // A parameter that is empty counts as absent.
    let read = site
        .read(form_with(&[
            ("code", ""),
            ("role", ""),
            ("news", ""),
            ("pin", ""),
            ("days", ""),
        ]))
        .await;
    assert_eq!(
        (read.code, read.role, read.news, read.pin, read.days),
        (None, None, None, None, 7)
    );
    for (name, wrong) in [
        ("role", "staff"),
        ("role", "StaffMember"),
        ("pin", "65536"),
        ("code", "x"),
    ] {
        site.send(form_with(&[(name, wrong)]))
            .await
            .assert_error(400, "invalid_request", None);
    }
}

/// Text that looks like something else stays what it is.
#[tokio::test]
async fn text_in_a_form_is_text() {
    let site = Site::new();
    for text in [
        "true", "on", "1", "0042", "1.50", "null", "[]", "{}", "\"", " a ",
    ] {
        assert_eq!(site.read(form_with(&[("email", text)])).await.email, text);
    }
}

#[tokio::test]
async fn json_has_its_own_types() {
    let site = Site::new();
    let read = site.read(json_with("place", json!({ "zip": 1234 }))).await;
    assert_eq!(
        (read.remember, read.age, read.place),
        (true, 42, Some(Place { zip: 1234 }))
    );
    assert_eq!(
        site.read(json_with("factor", json!(1.5))).await.factor,
        Some(1.5)
    );
    assert_eq!(
        site.read(json_with("role", json!("customer"))).await.role,
        Some(Role::Customer)
    );
    assert_eq!(site.read(json_with("code", Value::Null)).await.code, None);
    assert_eq!(
        site.read(json_with("counts", json!({ "a": 1 })))
            .await
            .counts,
        Some([("a".to_owned(), 1)].into())
    );
    for (name, wrong) in [
        ("age", json!(256)),
        ("age", json!([7])),
        ("remember", json!(1)),
        ("email", json!(1)),
        ("code", json!(-1)),
    ] {
        site.send(json_with(name, wrong))
            .await
            .assert_error(400, "invalid_request", None);
    }
}

/// `session.login(Object.fromEntries(new FormData(form)))` has no other values.
#[tokio::test]
async fn text_in_json_is_read_as_in_a_form() {
    let site = Site::new();
    let read = site.read(json_with("remember", json!("on"))).await;
    assert!(read.remember);
    assert!(!site.read(json_with("remember", json!("0"))).await.remember);
    assert_eq!(site.read(json_with("age", json!("7"))).await.age, 7);
    let code = site.read(json_with("code", json!("0042"))).await.code;
    assert_eq!(code, Some(42));
    let pin = site.read(json_with("pin", json!("1234"))).await.pin;
    assert_eq!(pin, Some(Pin(1234)));
    // Where text is wanted, it stays as it is.
    let read = site.read(json_with("email", json!("0042"))).await;
    assert_eq!(read.email, "0042");
    // Only the parameters themselves come from the fields of a form.
    for (name, wrong) in [
        ("remember", json!("yes")),
        ("age", json!("256")),
        ("code", json!(" 7")),
        ("place", json!({ "zip": "1234" })),
    ] {
        site.send(json_with(name, wrong))
            .await
            .assert_error(400, "invalid_request", None);
    }
}

#[tokio::test]
async fn a_field_that_is_missing_is_named() {
    let site = Site::new();
    for missing in ["email", "remember", "age"] {
        let absent = [
            ("email", "alice@example.com"),
            ("remember", "true"),
            ("age", "42"),
        ]
        .into_iter();
        let absent: Vec<_> = absent.filter(|(name, _)| *name != missing).collect();
        for request in [
            form("/login", &absent),
            form_with(&[(missing, "")]),
            json_with(missing, Value::Null),
        ] {
            let answer = site.send(request).await;
            answer.assert_error(400, "invalid_request", None);
            assert_eq!(
                answer.json()["error_description"],
                format!("{missing} is missing")
            );
        }
    }
}
