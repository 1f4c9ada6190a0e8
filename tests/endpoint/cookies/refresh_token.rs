//! When the refresh token is a cookie, and when it is in the body.

use serde_json::Value;
use support::{HOUR, MINUTE};
use tower_bearer::CookieDelivery;

use super::{OWN, REFRESH, Site, jar, set_cookies};

// requirements 62, 63, 64, 66a, 68
#[tokio::test]
async fn who_asks_for_it_gets_the_refresh_token_as_a_cookie_that_no_script_reads() {
    let site = Site::new(CookieDelivery::new());
    let answer = site.log_in().await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert!(
        body["access_token"].is_string()
            && body["refresh_token"].is_null()
            && body["refresh_token_expires_in"] == 604_800
    );
    let cookies = set_cookies(&answer);
    let [(name, value, attributes)] = &cookies[..] else {
        panic!("{cookies:?}")
    };
    assert_eq!(name, REFRESH);
    assert!(value.starts_with("rt1_") && !answer.body.contains(value.as_str()));
    let mut attributes = attributes.clone();
    attributes.sort();
    assert_eq!(
        attributes,
        [
            "httponly",
            "max-age=604800",
            "path=/",
            "samesite=strict",
            "secure"
        ]
    );
}

#[tokio::test]
async fn who_does_not_ask_gets_the_body_unless_the_application_decides() {
    let login = "username=alice&password=wonderland-7";
    let site = Site::new(CookieDelivery::new());
    for form in [login.to_owned(), format!("{login}&delivery=body")] {
        // Nothing that a browser would send by itself: no page has to vouch for it.
        let answer = site.post("/login", &[], &form).await;
        assert!(answer.json()["refresh_token"].is_string() && set_cookies(&answer).is_empty());
    }
    let odd = site
        .post("/login", OWN, &format!("{login}&delivery=pigeon"))
        .await;
    assert_eq!(
        (odd.status, &odd.json()["error"]),
        (400, &Value::from("invalid_request"))
    );

    let site = Site::new(CookieDelivery::new().for_every_client());
    for form in [login.to_owned(), format!("{login}&delivery=body")] {
        let answer = site.post("/login", OWN, &form).await;
        assert!(answer.json()["refresh_token"].is_null() && set_cookies(&answer).len() == 1);
    }
}

#[tokio::test]
async fn a_token_that_came_by_cookie_goes_back_by_cookie_whatever_is_asked_for() {
    let site = Site::new(CookieDelivery::new());
    let first = jar(&site.log_in().await);
    site.tokens.clock().advance(MINUTE);
    let answer = site
        .post("/refresh", &[OWN[0], ("cookie", &first)], "delivery=body")
        .await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["refresh_token"].is_null() && answer.json()["access_token"].is_string());
    assert_ne!(jar(&answer), first);
    let token = site
        .post(
            "/token",
            &[OWN[0], ("cookie", &jar(&answer))],
            "grant_type=refresh_token&delivery=body",
        )
        .await;
    assert!(token.status == 200 && token.json()["refresh_token"].is_null());
}

/// The browser keeps its cookie: a late answer would overwrite a newer one.
#[tokio::test]
async fn a_coalesced_answer_sets_no_cookie() {
    let site = Site::new(CookieDelivery::new());
    let first = jar(&site.log_in().await);
    site.tokens.clock().advance(MINUTE);
    let second = jar(&site.refresh(&first).await);
    let again = site.refresh(&second).await;
    assert_eq!(again.status, 200);
    assert!(set_cookies(&again).is_empty(), "{again:?}");
    // A tab that is a little behind gets the same successor.
    assert_eq!(jar(&site.refresh(&first).await), second);
}

#[tokio::test]
async fn a_dry_run_says_whether_the_cookie_arrives_and_changes_nothing() {
    let site = Site::new(CookieDelivery::new());
    let cookie = jar(&site.log_in().await);
    site.tokens.clock().advance(MINUTE);
    for headers in [&[OWN[0], ("cookie", &*cookie)][..], OWN] {
        let has_cookie = headers.len() == 2;
        let answer = site.post("/refresh", headers, "dry_run=true").await;
        assert!(set_cookies(&answer).is_empty());
        if has_cookie {
            assert_eq!((answer.status, &*answer.body), (204, ""));
        } else {
            assert_eq!(answer.status, 400);
            assert_eq!(answer.json()["error"], "invalid_request");
        }
    }
    // The token is still unused.
    let first = site.refresh(&cookie).await;
    assert_eq!(set_cookies(&first).len(), 1);

    let evil = [("sec-fetch-site", "cross-site"), ("cookie", &*cookie)];
    super::assert_cross_site(&site.post("/refresh", &evil, "dry_run=true").await);
    let odd = [OWN[0], ("cookie", &*cookie)];
    let odd = site.post("/refresh", &odd, "dry_run=1").await;
    assert_eq!(odd.status, 400);
    assert_eq!(odd.json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_dry_run_is_for_a_token_of_this_application() {
    let (site, other) = (
        Site::new(CookieDelivery::new()),
        Site::new(CookieDelivery::new()),
    );
    let (own, foreign) = (jar(&site.log_in().await), jar(&other.log_in().await));
    let last = if own.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{last}{last}", &own[..own.len() - 2]);
    for (cookie, status) in [
        ("__Host-refresh_token=x".to_owned(), 400),
        ("__Host-refresh_token=rt1_junk".to_owned(), 400),
        (forged, 400),
        (format!("{foreign}; __Host-refresh_token=x"), 400),
        (format!("{foreign}; {own}"), 204),
        (own.clone(), 204),
    ] {
        let probe = "grant_type=refresh_token&dry_run=true";
        for path in ["/refresh", "/token"] {
            let answer = site.post(path, &[OWN[0], ("cookie", &cookie)], probe).await;
            assert_eq!(answer.status, status, "{path} {cookie}");
            assert!(set_cookies(&answer).is_empty());
            if status == 400 {
                let missing = site.post(path, OWN, probe).await;
                assert_eq!(answer.body, missing.body, "{path} {cookie}");
                assert_eq!(answer.challenge(), missing.challenge());
            }
            let (_, token) = cookie.split_once('=').unwrap();
            let form = format!("{probe}&refresh_token={token}");
            if !token.contains(';') {
                assert_eq!(site.post(path, &[], &form).await.status, status, "{token}");
            }
        }
    }
}

/// The browser has dropped the cookie of a login, and kept that of the one before.
#[tokio::test]
async fn a_dry_run_with_an_access_token_is_for_the_cookie_of_the_same_login() {
    let site = Site::new(CookieDelivery::new());
    let (before, login) = (site.log_in().await, site.log_in().await);
    let (older, newer) = (jar(&before), jar(&login));
    let access = login.json()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {access}");
    let both = format!("{older}; {newer}");
    for (cookie, authorization, status) in [
        (&older, &*bearer, 400),
        (&newer, &*bearer, 204),
        (&both, &*bearer, 204),
        // A token that names no session of ours refuses nothing.
        (&older, "Bearer of-another-server", 204),
        (&older, "Basic YTpi", 204),
        (&older, "", 204),
    ] {
        let headers = [OWN[0], ("cookie", cookie), ("authorization", authorization)];
        let answer = site.post("/refresh", &headers, "dry_run=true").await;
        assert_eq!(answer.status, status, "{cookie} {authorization}");
        assert!(set_cookies(&answer).is_empty());
        if status == 400 {
            answer.assert_error(400, "invalid_request", Some("token_missing"));
        }
    }
    // An expired one names its session too.
    site.tokens.clock().advance(HOUR);
    let headers = [OWN[0], ("cookie", &*older), ("authorization", &*bearer)];
    let answer = site.post("/refresh", &headers, "dry_run=true").await;
    answer.assert_error(400, "invalid_request", Some("token_missing"));
}

#[tokio::test]
async fn a_dry_run_in_the_query_is_refused_and_rotates_nothing() {
    let site = Site::new(CookieDelivery::new());
    let cookie = jar(&site.log_in().await);
    site.tokens.clock().advance(MINUTE);
    for query in ["dry_run=true", "dry_run", "a=b&dry%5frun=true"] {
        for (path, form) in [
            ("/refresh", ""),
            ("/refresh", "dry_run=true"),
            ("/token", "grant_type=refresh_token"),
        ] {
            let headers = [OWN[0], ("cookie", &*cookie)];
            let answer = site.post(&format!("{path}?{query}"), &headers, form).await;
            assert_eq!(answer.status, 400, "{path} {query}");
            assert_eq!(answer.json()["error"], "invalid_request");
            assert_eq!(
                answer.json()["error_description"],
                "dry_run is not allowed in the query string"
            );
            assert!(set_cookies(&answer).is_empty());
        }
    }
    assert_eq!(set_cookies(&site.refresh(&cookie).await).len(), 1);
}
