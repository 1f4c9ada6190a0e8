//! `POST /reauthenticate`: the password again, for routes that want it recent.

use axum::body::Body;
use http::Request;
use http::header::CONTENT_TYPE;
use support::{App, MINUTE, Received, Tokens, bearer, claims_of, form, with_header};
use tower::ServiceExt;
use tower_bearer::clock::Clock;
use tower_bearer::{CookieDelivery, Outcome};

const RIGHT: [(&str, &str); 2] = [("username", "alice"), ("password", "wonderland-7")];

fn request(access: &str, parameters: &[(&str, &str)]) -> Request<Body> {
    let request = form("/reauthenticate", parameters);
    with_header(request, "authorization", &bearer(access))
}

async fn logged_in(app: &App) -> Tokens {
    let tokens = app.log_in().await.tokens();
    app.clock.advance(10 * MINUTE);
    tokens
}

#[tokio::test]
async fn the_password_gives_a_new_access_token_of_the_same_session() {
    let app = App::new();
    let tokens = logged_in(&app).await;
    let answer = app.send(request(&tokens.access, &RIGHT)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    assert_eq!(body.get("refresh_token"), None);
    assert_eq!(body["token_type"], "Bearer");
    let (before, after) = (
        claims_of(&tokens.access),
        claims_of(body["access_token"].as_str().unwrap()),
    );
    assert_eq!(before["sid"], after["sid"]);
    assert_eq!(after["auth_time"], app.clock.now().as_secs());
    assert!(before["auth_time"].as_u64() < after["auth_time"].as_u64());
    // The client's refresh token still works.
    app.refresh(&tokens.refresh).await.tokens();
    // JSON and the prefix of `with_path` are read as elsewhere.
    let json = Request::post("/auth/reauthenticate")
        .header(CONTENT_TYPE, "application/json")
        .header("authorization", bearer(&tokens.access))
        .body(Body::from(
            r#"{"username":"alice","password":"wonderland-7","scope":"x"}"#,
        ));
    let endpoints = app.endpoints().with_path("/auth");
    let answer = Received::read(endpoints.oneshot(json.unwrap())).await;
    assert_eq!((answer.status, &answer.json()["scope"]), (200, &"".into()));
    // By itself as well.
    let service = app.endpoints().reauthenticate();
    let answer = Received::read(service.oneshot(request(&tokens.access, &RIGHT))).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn what_is_no_proof_is_refused() {
    let app = App::new();
    let tokens = logged_in(&app).await;
    let wrong = [("username", "alice"), ("password", "x")];
    let bob = [("username", "bob"), ("password", "wonderland-7")];
    for parameters in [wrong, bob] {
        let answer = app.send(request(&tokens.access, &parameters)).await;
        answer.assert_error(400, "invalid_grant", Some("credentials_invalid"));
    }
    let answer = app.send(form("/reauthenticate", &RIGHT)).await;
    answer.assert_error(401, "unauthorized", Some("token_missing"));
    app.send(request("no.good.token", &RIGHT))
        .await
        .assert_invalid_token("token_invalid");
    // A refresh token is not an access token.
    app.send(request(&tokens.refresh, &RIGHT))
        .await
        .assert_invalid_token("token_invalid");
    let none = app.send(request(&tokens.access, &[])).await;
    none.assert_error(400, "invalid_request", None);
    let refresh = [RIGHT[0], RIGHT[1], ("grant_type", "refresh_token")];
    let answer = app.send(request(&tokens.access, &refresh)).await;
    answer.assert_error(400, "unsupported_grant_type", None);
    let get = Request::get("/reauthenticate").body(Body::empty()).unwrap();
    let answer = app.send(get).await;
    assert_eq!(
        (answer.status, &answer.headers["allow"]),
        (405, &"POST".parse().unwrap())
    );
    app.users.authenticate_as(|_| Outcome::denied("blocked"));
    let answer = app.send(request(&tokens.access, &RIGHT)).await;
    answer.assert_error(403, "access_denied", Some("blocked"));
    app.sessions.log_out(&tokens.refresh).await.unwrap();
    app.send(request(&tokens.access, &RIGHT))
        .await
        .assert_invalid_token("session_revoked");
    assert_eq!(app.live().await.len(), 0);
}

/// A token in its cookie stays there, where no script can read it.
#[tokio::test]
async fn a_token_that_came_in_a_cookie_is_replaced_in_the_cookie() {
    let app = App::new();
    let cookies = CookieDelivery::new().with_access_token();
    let endpoints = app.endpoints().with_cookies(cookies);
    let tokens = logged_in(&app).await;
    let held = format!("__Host-access_token={}", tokens.access);
    let send = async |site: &str| {
        let request = with_header(form("/reauthenticate", &RIGHT), "cookie", &held);
        let request = with_header(request, "sec-fetch-site", site);
        let answer = Received::read(endpoints.clone().oneshot(request)).await;
        answer.assert_not_stored();
        answer
    };
    let refused = send("cross-site").await;
    assert!(matches!(refused.status, 401 | 403), "{refused:?}");
    assert!(!refused.headers.contains_key("set-cookie"));
    let answer = send("same-origin").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookies: Vec<&str> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap())
        .collect();
    assert_eq!(cookies.len(), 1);
    let token = cookies[0].strip_prefix("__Host-access_token=").unwrap();
    let token = token.split(';').next().unwrap();
    assert_eq!(claims_of(token)["auth_time"], app.clock.now().as_secs());
    assert_eq!(app.me(token).await.status, 200);
    // In the header it comes back in the body, unless the page asks for the cookie.
    let own = |parameters: &[(&str, &str)]| {
        with_header(
            request(&tokens.access, parameters),
            "sec-fetch-site",
            "same-origin",
        )
    };
    let answer = Received::read(endpoints.clone().oneshot(own(&RIGHT))).await;
    assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
    let wants = [RIGHT[0], RIGHT[1], ("delivery", "cookie")];
    let answer = Received::read(endpoints.clone().oneshot(own(&wants))).await;
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
}
