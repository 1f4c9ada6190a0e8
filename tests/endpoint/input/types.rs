//! Parameters of ours that JSON has with another type: they may be fields of the application.

use serde_json::json;
use support::{App, Received, json_request};
use tower::ServiceExt;
use tower_bearer::CookieDelivery;

#[tokio::test]
async fn a_device_that_is_not_text_belongs_to_the_application() {
    let app = App::new();
    for odd in [json!({ "id": 7 }), json!([]), json!(7), json!(true)] {
        for name in ["device", "device_mark"] {
            let body = json!({ "username": "alice", "password": "wonderland-7", name: odd });
            let answer = app.send(json_request("/login", &body)).await;
            assert_eq!(answer.status, 200, "{name} {odd} {answer:?}");
        }
    }
}

#[tokio::test]
async fn delivery_is_ignored_without_cookies_and_has_to_be_text_with_them() {
    let app = App::new();
    let login = json!({ "username": "alice", "password": "wonderland-7", "delivery": 7 });
    let tokens = app.send(json_request("/login", &login)).await.tokens();
    let refresh = json!({ "refresh_token": tokens.refresh, "delivery": ["cookie"] });
    app.send(json_request("/refresh", &refresh)).await.tokens();

    let endpoints = app.endpoints().with_cookies(CookieDelivery::new());
    for (path, body) in [("/login", &login), ("/refresh", &refresh)] {
        let answer = Received::read(endpoints.clone().oneshot(json_request(path, body))).await;
        answer.assert_error(400, "invalid_request", None);
        assert_eq!(answer.json()["error_description"], "delivery is not text");
    }
}

#[tokio::test]
async fn a_dry_run_is_true_as_text_or_in_json() {
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    let ask = async |dry_run| {
        let body = json!({ "refresh_token": tokens.refresh, "dry_run": dry_run });
        app.send(json_request("/refresh", &body)).await
    };
    for yes in [json!(true), json!("true")] {
        assert_eq!(ask(yes).await.status, 204);
    }
    for odd in [json!(false), json!(1), json!("1"), json!([true])] {
        ask(odd).await.assert_error(400, "invalid_request", None);
    }
}
