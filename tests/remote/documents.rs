//! Documents that are of no use: the keys at hand are kept, and a verifier without keys says so.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use support::ask;
use support::keys::{P256, P384, key};

use crate::site::{JWKS, Site, count, jwk};

const MAX_BYTES: usize = 256 * 1024;

/// Asserts that this answer brings no keys, and takes none away.
async fn assert_no_use(what: &str, response: Response<Bytes>) {
    let (old, new) = (key(P256), key(P384));
    let site = Site::new();
    site.answer(JWKS, response.clone());
    let keys = site.remote();
    assert!(keys.renew().await.is_err(), "{what}");
    assert!(!keys.is_ready(), "{what}");
    ask(&site.layer(&keys), &site.bearer(&new))
        .await
        .assert_failed(503, "temporarily_unavailable");

    site.publish(&[&old]);
    keys.renew().await.unwrap();
    site.answer(JWKS, response);
    assert!(keys.renew().await.is_err(), "{what}");
    assert_eq!(count(&keys), Some(1), "{what}");
    ask(&site.layer(&keys), &site.bearer(&old))
        .await
        .assert_passed("alice");
    ask(&site.layer(&keys), &site.bearer(&new))
        .await
        .assert_failed(503, "temporarily_unavailable");
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// A set with this key, so many bytes long.
fn padded(bytes: usize) -> Response<Bytes> {
    let set = set(&[jwk(&key(P384))]);
    Response::new(format!("{set}{}", " ".repeat(bytes - set.len())).into())
}

#[tokio::test]
async fn a_document_above_256_kib_is_no_use() {
    assert_no_use("one byte more", padded(MAX_BYTES + 1)).await;
    assert_no_use("ten times that", padded(10 * MAX_BYTES)).await;
    let site = Site::new();
    site.answer(JWKS, padded(MAX_BYTES));
    site.remote().renew().await.unwrap();
}

#[tokio::test]
async fn of_more_than_a_hundred_keys_the_first_hundred_count() {
    let named = |number| {
        let mut jwk = jwk(&key(P384));
        jwk["kid"] = format!("key-{number}").into();
        jwk
    };
    let site = Site::new();
    let many: Vec<Value> = (0..100).map(named).chain([jwk(&key(P256))]).collect();
    site.publish_jwks(&many);
    let keys = site.remote();
    keys.renew().await.unwrap();
    assert_eq!(count(&keys), Some(100));
    ask(&site.layer(&keys), &site.bearer(&key(P256)))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

/// An issuer that withdraws its last key is believed: the key may have leaked.
#[tokio::test]
async fn a_set_without_a_key_takes_the_place_of_the_one_before() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    ask(&site.layer(&keys), &site.bearer(&p256))
        .await
        .assert_passed("alice");
    site.answer(JWKS, Response::new(set(&[]).into()));
    keys.renew().await.unwrap();
    assert_eq!(count(&keys), Some(0));
    ask(&site.layer(&keys), &site.bearer(&p256))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    const ELSEWHERE: &str = "https://elsewhere.test/jwks.json";
    let good = set(&[jwk(&key(P384))]);
    for status in [301, 302, 303, 307, 308] {
        let response = Response::builder()
            .status(status)
            .header("location", ELSEWHERE);
        assert_no_use(
            &status.to_string(),
            response.body(good.clone().into()).unwrap(),
        )
        .await;
    }
    let site = Site::new();
    site.put(ELSEWHERE, &good);
    site.answer(
        JWKS,
        Response::builder()
            .status(302)
            .header("location", ELSEWHERE)
            .body(Bytes::new())
            .unwrap(),
    );
    assert!(site.remote().renew().await.is_err());
    assert_eq!(site.take_asked(), [JWKS]);
}

#[tokio::test]
async fn another_status_is_no_use_whatever_its_body() {
    let good = set(&[jwk(&key(P384))]);
    for status in [
        201, 202, 203, 204, 206, 300, 304, 400, 401, 403, 404, 410, 418, 429, 500, 502, 503, 504,
    ] {
        let response = Response::builder()
            .status(status)
            .body(good.clone().into())
            .unwrap();
        assert_no_use(&status.to_string(), response).await;
    }
}

#[tokio::test]
async fn a_document_that_is_no_set_is_no_use() {
    let jwk = jwk(&key(P384));
    let good = set(std::slice::from_ref(&jwk));
    for document in [
        String::new(),
        "<html>sign in</html>".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"keys":null}"#.to_owned(),
        r#"{"keys":{}}"#.to_owned(),
        r#"{"keys":"x"}"#.to_owned(),
        json!({ "Keys": [jwk] }).to_string(),
        json!({ "keys": { "a": jwk } }).to_string(),
        json!([jwk]).to_string(),
        jwk.to_string(),
        good.trim_end_matches('}').to_owned(),
        format!("{good}{good}"),
        // Which of the two?
        format!(r#"{{"keys":[],"keys":[{jwk}]}}"#),
        "[".repeat(100_000),
    ] {
        let what = document.chars().take(60).collect::<String>();
        assert_no_use(&what, Response::new(document.into())).await;
    }
    assert_no_use(
        "no text",
        Response::new(Bytes::from_static(b"\xff\xfe{\"keys\":[]}")),
    )
    .await;
    assert_no_use(
        "half text",
        Response::new([good.as_bytes(), b"\xff"].concat().into()),
    )
    .await;
}
