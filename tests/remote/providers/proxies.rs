//! Proxies that log users in, and add a token to each request.

use http::{Method, Request};
use serde_json::json;
use support::send;
use tower_bearer::RemoteJwks;
use tower_bearer::bearer::TokenSource;
use tower_bearer::keys::AccessToken;

use super::{Provider, row};

fn cloudflare() -> Provider {
    let row = row!(
        "Cloudflare Access",
        RemoteJwks::new("https://example.cloudflareaccess.com/cdn-cgi/access/certs"),
        .issuer("https://example.cloudflareaccess.com")
        .audience("32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228")
        .subject_claim(&["sub"])
        .subject_claim(&["common_name"])
        .accept_untyped_jwt()
    );
    let claims = json!({
        "iss": "https://example.cloudflareaccess.com", "type": "app", "sub": "u-1",
        "aud": ["32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"],
        "email": "a@example.com", "identity_nonce": "x", "country": "DE", "nbf": 1,
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    Provider::new(&row, None, header, claims)
}

#[tokio::test]
async fn cloudflare_access() {
    let provider = cloudflare();
    provider.assert_accepted("u-1", "").await;
    let service = json!({ "sub": "", "common_name": "e367.access", "email": null });
    provider.ask(&service).await.assert_passed("e367.access");
    // Another application of the team.
    provider.assert_refused(&json!({ "aud": ["other"] })).await;
}

/// The browser has a cookie, of which the proxy makes the header.
#[tokio::test]
async fn the_header_counts_unless_another_site_made_the_request() {
    let provider = cloudflare();
    let assertion = TokenSource::from_fn(|request| {
        let header = |name| request.headers.get(name)?.to_str().ok();
        let is_own = match header("sec-fetch-site") {
            None => header("origin").is_none(),
            Some(site) => matches!(site, "same-origin" | "none"),
        };
        let is_page = request.method == Method::GET && header("sec-fetch-dest") == Some("document");
        let token = header("cf-access-jwt-assertion").filter(|_| is_own || is_page)?;
        Some(AccessToken::new(token))
    });
    let layer = provider.layer.clone().with_token_sources([assertion]);
    let token = provider.token(&provider.header, &json!({}));
    for (method, headers, is_accepted) in [
        (Method::POST, json!({}), true),
        // A browser without Fetch Metadata.
        (
            Method::POST,
            json!({ "origin": "https://evil.test" }),
            false,
        ),
        (
            Method::POST,
            json!({ "sec-fetch-site": "same-origin" }),
            true,
        ),
        (
            Method::POST,
            json!({ "sec-fetch-site": "cross-site" }),
            false,
        ),
        (
            Method::POST,
            json!({ "sec-fetch-site": "same-site" }),
            false,
        ),
        (
            Method::GET,
            json!({ "sec-fetch-site": "cross-site", "sec-fetch-dest": "websocket" }),
            false,
        ),
        (
            Method::POST,
            json!({ "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" }),
            false,
        ),
        (
            Method::GET,
            json!({ "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" }),
            true,
        ),
    ] {
        let mut request = Request::builder()
            .method(method)
            .header("cf-access-jwt-assertion", &token);
        for (name, value) in headers.as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let answer = send(&layer, request.body(String::new()).unwrap()).await;
        if is_accepted {
            answer.assert_passed("u-1");
        } else {
            answer.assert_token_missing();
        }
    }
}

/// The test above has the function of the document.
#[test]
fn the_document_has_the_same_function() {
    let bare = |text: &str| text.replace([' ', '\n'], "");
    let test = bare(include_str!("proxies.rs"));
    let (_, function) = test.split_once("TokenSource::from_fn(").unwrap();
    let (function, _) = function.split_once("});").unwrap();
    assert!(bare(include_str!("../../../docs/issuers.md")).contains(function));
}

#[tokio::test]
async fn google_iap() {
    let row = row!(
        "Google IAP",
        RemoteJwks::new("https://www.gstatic.com/iap/verify/public_key-jwk"),
        .issuer("https://cloud.google.com/iap")
        .audience("/projects/123456789012/global/backendServices/4567890123456789012")
        .accept_untyped_jwt()
    );
    let claims = json!({
        "iss": "https://cloud.google.com/iap", "sub": "accounts.google.com:118133858486581853996",
        "aud": "/projects/123456789012/global/backendServices/4567890123456789012",
        "email": "a@example.com", "google": { "access_levels": [] }, "hd": "example.com",
    });
    let header = json!({ "alg": "ES256", "typ": "JWT" });
    let provider = Provider::new(&row, None, header, claims);
    provider
        .assert_accepted("accounts.google.com:118133858486581853996", "")
        .await;
    // Another application behind such a proxy, of whatever project.
    let other = json!({ "aud": "/projects/1/apps/other" });
    provider.assert_refused(&other).await;
}
