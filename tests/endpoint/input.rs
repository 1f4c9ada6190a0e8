//! Bad input, for every endpoint: a clear error, never 5xx, and nothing of it in the answer.

mod parameters;
mod types;

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use http_body::Frame;
use support::{Login, form, signed_in, with_header};

/// The endpoints that read a body.
const READ: [&str; 3] = ["/login", "/refresh", "/logout"];
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn post(path: &str, media_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header(CONTENT_TYPE, media_type)
        .body(body.into())
        .expect("a good address")
}

/// A body in pieces, without a known length.
struct Pieces(VecDeque<Result<Bytes, &'static str>>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.0.pop_front().map(|piece| piece.map(Frame::data)))
    }
}

fn pieces(pieces: impl IntoIterator<Item = Result<Bytes, &'static str>>) -> Body {
    Body::new(Pieces(pieces.into_iter().collect()))
}

// requirement 13
#[tokio::test]
async fn a_body_above_8_kib_is_too_large_announced_or_not() {
    let login = Login::new();
    let kib = |count: usize| format!("a={}", "a".repeat(count * 1024 - 2));
    for path in READ {
        let announced = with_header(post(path, FORM, "a=b"), "content-length", "8193");
        let streamed = post(
            path,
            FORM,
            pieces((0..9).map(|_| Ok(Bytes::from("a".repeat(1024))))),
        );
        let endless = pieces(
            std::iter::once(Ok(Bytes::from("a".repeat(9000)))).chain([Err("it was read too far")]),
        );
        let whole = post(path, FORM, format!("{}a", kib(8)));
        let json = post(
            path,
            JSON,
            format!("{{\"username\":\"{}\"}}", "a".repeat(8192)),
        );
        for request in [announced, streamed, post(path, JSON, endless), whole, json] {
            login
                .send(request)
                .await
                .assert_error(413, "invalid_request", None);
        }
        // 8 KiB are not above 8 KiB.
        assert_ne!(
            login.send(post(path, FORM, kib(8))).await.status,
            StatusCode::PAYLOAD_TOO_LARGE
        );
    }
}

// requirement 12
#[tokio::test]
async fn other_media_types_are_refused() {
    let login = Login::new();
    let others = [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencodedx",
        "application/jsonp",
        "",
    ];
    for path in READ {
        for other in
            others
                .into_iter()
                .chain(["application/json, text/plain", "text/json", "*/*", "json"])
        {
            login
                .send(post(path, other, "{}"))
                .await
                .assert_error(415, "invalid_request", None);
        }
        let none = Request::post(path)
            .body(Body::from("username=alice&password=wonderland-7"))
            .unwrap();
        login
            .send(none)
            .await
            .assert_error(415, "invalid_request", None);
        let two = with_header(post(path, JSON, "{}"), "content-type", "text/plain");
        login
            .send(two)
            .await
            .assert_error(415, "invalid_request", None);
    }
}

// requirement 12
#[tokio::test]
async fn a_media_type_has_no_case_and_may_have_parameters() {
    let login = Login::new();
    let body = "username=alice&password=wonderland-7";
    for media_type in [
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded;charset=utf-8",
    ] {
        login.send(post("/login", media_type, body)).await.tokens();
    }
    let body = r#"{"username": "alice", "password": "wonderland-7"}"#;
    login
        .send(post("/login", "application/JSON ; charset=utf-8", body))
        .await
        .tokens();
}

#[tokio::test]
async fn what_is_no_utf_8_is_refused() {
    let login = Login::new();
    for path in READ {
        for body in [
            &b"token=%FF"[..],
            b"username=\xff&password=x",
            b"refresh_token=%C3%28",
            b"%80=x",
        ] {
            login
                .send(post(path, FORM, body))
                .await
                .assert_error(400, "invalid_request", None);
        }
        for body in [
            &b"{\"token\": \"\xff\"}"[..],
            b"{\"\xc3\x28\": 1}",
            br#"{"token": "\ud800"}"#,
        ] {
            login
                .send(post(path, JSON, body))
                .await
                .assert_error(400, "invalid_request", None);
        }
    }
}

#[tokio::test]
async fn the_replacement_character_is_a_character_like_any_other() {
    let login = Login::new();
    login.accounts.change("alice", |account| {
        account.password = "wonder\u{fffd}land".to_owned();
    });
    let body = serde_json::json!({ "username": "alice", "password": "wonder\u{fffd}land" });
    login
        .send(support::json_request("/login", &body))
        .await
        .tokens();
    login.log_in("alice").await;
}

// requirement 1
#[tokio::test]
async fn any_other_method_is_refused_with_those_that_are_allowed() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let posted = READ
        .into_iter()
        .chain(["/logout-everywhere"])
        .map(|path| (path.to_owned(), "POST"));
    for (path, allowed) in posted.chain([("/sessions".to_owned(), "GET")]) {
        for method in [
            "GET", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "POST", "MADE-UP",
        ] {
            if method == allowed {
                continue;
            }
            let answer = login.send(signed_in(method, &path, &tokens.access)).await;
            answer.assert_error(405, "invalid_request", None);
            assert_eq!(answer.headers["allow"], allowed, "{method} {path}");
        }
    }
    assert_eq!(login.me(&tokens.access).await.status, 200);
}

#[tokio::test]
async fn the_list_of_sessions_and_one_session_have_one_method_each() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let one = format!("/sessions/{}", login.row(&tokens).await.id());
    for (method, path, allowed) in [
        ("PUT", &*one, "DELETE"),
        ("GET", &one, "DELETE"),
        ("DELETE", "/sessions", "GET"),
    ] {
        let answer = login.send(signed_in(method, path, &tokens.access)).await;
        answer.assert_error(405, "invalid_request", None);
        assert_eq!(answer.headers["allow"], allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    for path in [
        "/",
        "/log",
        "/loginx",
        "/login/",
        "/login/x",
        "//login",
        "/LOGIN",
        "/sessionsx",
        "/sessions/a/b",
        "/%6cogin",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = login.send(signed_in(method, path, &tokens.access)).await;
            answer.assert_error(404, "invalid_request", None);
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let login = Login::new();
    for path in READ {
        let broken = pieces([
            Ok(Bytes::from_static(b"username=alice&password=wonderland-7")),
            Err("the client is gone"),
        ]);
        login
            .send(post(path, FORM, broken))
            .await
            .assert_error(400, "invalid_request", None);
    }
}

#[tokio::test]
async fn no_answer_echoes_what_was_sent() {
    // Text and a number, a name and a path: this value fits anywhere.
    const MARK: &str = "73154238847";
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login
        .accounts
        .change("alice", |account| account.scope = "orders");
    let json = |body: &str| body.replace('M', MARK);
    let mut requests = Vec::new();
    for path in READ {
        let all = [
            "username",
            "password",
            "refresh_token",
            "token",
            "device",
            MARK,
        ]
        .map(|name| (name, MARK));
        requests.push(form(path, &all));
        requests.push(form(path, &[all[5], all[5]]));
        requests.push(form(
            path,
            &[
                ("refresh_token", &tokens.refresh),
                ("username", "alice"),
                ("grant_type", MARK),
            ],
        ));
        requests.push(form(
            path,
            &[("refresh_token", &tokens.refresh), ("scope", MARK)],
        ));
        requests.push(form(&format!("{path}?{MARK}={MARK}"), &all));
        requests.push(form(&format!("{path}/{MARK}"), &all));
        requests.push(post(path, &format!("{MARK}/{MARK}"), MARK));
        for body in [
            "M",
            r#"{"username": M, "password": M, "token": M}"#,
            r#"{"M": "M", "M": 1}"#,
            r#"{"username": ["M"], "password": {"M": "M"}, "token": ["M"]}"#,
        ] {
            requests.push(post(path, JSON, json(body)));
        }
        requests.push(with_header(
            form(path, &[]),
            "authorization",
            &format!("Bearer {MARK} {MARK}"),
        ));
        let key = MARK.repeat(30);
        requests.push(with_header(
            form(path, &[("refresh_token", &tokens.refresh)]),
            "idempotency-key",
            &key,
        ));
        requests.push(signed_in(MARK, path, MARK));
    }
    for path in [
        "/sessions",
        "/logout-everywhere",
        "/sessions/73154238847",
        "/73154238847",
    ] {
        requests
            .extend(["GET", "POST", "DELETE", MARK].map(|method| signed_in(method, path, MARK)));
        requests.extend(["DELETE", MARK].map(|method| signed_in(method, path, &tokens.access)));
    }
    for mut request in requests {
        request.headers_mut().insert("host", MARK.parse().unwrap());
        request
            .headers_mut()
            .insert("origin", MARK.parse().unwrap());
        let answer = login.send(request).await;
        assert!(!format!("{answer:?}").contains(MARK), "{answer:?}");
        assert!(answer.status < 500, "{answer:?}");
    }
}
