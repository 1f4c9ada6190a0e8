//! Where an issuer's keys are, as its metadata says: OpenID Connect Discovery, and RFC 8414.

use std::sync::Arc;

use serde_json::{Value, json};
use support::keys::{P256, P384, key};
use support::{AUDIENCE, MINUTE, Received, ask, at_once, settle};
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant, Identity, RemoteJwks};

use crate::site::{JWKS, Site, count};

fn metadata(issuer: &str, jwks_uri: impl Into<Value>) -> String {
    json!({
        "issuer": issuer,
        "authorization_endpoint": "https://a.test",
        "jwks_uri": jwks_uri.into(),
    })
    .to_string()
}

fn discover(site: &Site, issuer: &str) -> RemoteJwks {
    site.fetched_by(RemoteJwks::discover(issuer).unwrap())
}

/// Issuer, metadata of OpenID Connect Discovery section 4, metadata of RFC 8414 section 3.1.
const ADDRESSES: [(&str, &str, &str); 5] = [
    (
        "https://id.test",
        "https://id.test/.well-known/openid-configuration",
        "https://id.test/.well-known/oauth-authorization-server",
    ),
    (
        "https://id.test/",
        "https://id.test/.well-known/openid-configuration",
        "https://id.test/.well-known/oauth-authorization-server",
    ),
    (
        "https://id.test:8443/realms/main",
        "https://id.test:8443/realms/main/.well-known/openid-configuration",
        "https://id.test:8443/.well-known/oauth-authorization-server/realms/main",
    ),
    (
        "https://id.test/realms/main/",
        "https://id.test/realms/main/.well-known/openid-configuration",
        "https://id.test/.well-known/oauth-authorization-server/realms/main",
    ),
    (
        "http://127.0.0.1:8080/a",
        "http://127.0.0.1:8080/a/.well-known/openid-configuration",
        "http://127.0.0.1:8080/.well-known/oauth-authorization-server/a",
    ),
];

/// Asserts that a token of this issuer passes with the keys that were discovered.
async fn assert_passes(site: &Site, issuer: &str, keys: &RemoteJwks) {
    answer(site, issuer, keys).await.assert_passed("alice");
}

/// Sends a token of this issuer that P-256 signed.
async fn answer(site: &Site, issuer: &str, keys: &RemoteJwks) -> Received {
    let clock = Arc::new(site.clock.clone());
    let signer = AccessTokenSigner::new(issuer, AUDIENCE, key(P256))
        .unwrap()
        .with_clock(clock.clone());
    let token = signer
        .sign(&Identity::new("alice"), &Grant::new(), MINUTE)
        .unwrap();
    let verifier = AccessTokenVerifier::builder(keys.clone())
        .issuer(issuer)
        .audience(AUDIENCE)
        .clock(clock)
        .build()
        .unwrap();
    ask(
        &BearerAuthLayer::new(verifier),
        &format!("Bearer {}", token.secret()),
    )
    .await
}

#[tokio::test]
async fn openid_connect_is_asked_first() {
    for (issuer, openid, rfc_8414) in ADDRESSES {
        let site = Site::of(&[&key(P256)]);
        site.put(openid, &metadata(issuer, JWKS));
        site.put(rfc_8414, &metadata(issuer, "https://other.test/never"));
        let keys = discover(&site, issuer);
        assert_passes(&site, issuer, &keys).await;
        assert_eq!(site.take_asked(), [openid, JWKS]);
    }
}

#[tokio::test]
async fn where_that_is_not_there_rfc_8414_is() {
    for (issuer, openid, rfc_8414) in ADDRESSES {
        let site = Site::of(&[&key(P256)]);
        site.put(rfc_8414, &metadata(issuer, JWKS));
        let keys = discover(&site, issuer);
        assert_passes(&site, issuer, &keys).await;
        assert_eq!(site.take_asked(), [openid, rfc_8414, JWKS]);
    }
}

/// One that answers with an error may be there in a moment: it is not a reason to look elsewhere.
#[tokio::test]
async fn an_issuer_that_fails_is_not_asked_elsewhere() {
    for status in [500, 502, 503] {
        let (issuer, openid, rfc_8414) = ADDRESSES[2];
        let site = Site::of(&[&key(P256)]);
        site.put_status(openid, status, &metadata(issuer, JWKS));
        site.put(rfc_8414, &metadata(issuer, JWKS));
        assert!(discover(&site, issuer).renew().await.is_err());
        assert_eq!(site.take_asked(), [openid]);
    }
}

#[tokio::test]
async fn metadata_of_another_issuer_is_not_believed() {
    let (issuer, openid, rfc_8414) = ADDRESSES[2];
    for other in [
        "https://id.test:8443/realms/main/",
        "https://id.test:8443/realms/Main",
        "https://id.test/realms/main",
        "https://ID.test:8443/realms/main",
        "https://id.test:8443/realms/other",
        "https://id.test:8443",
        "http://id.test:8443/realms/main",
        "https://evil.test",
        "",
    ] {
        for address in [openid, rfc_8414] {
            let site = Site::of(&[&key(P256)]);
            site.put(address, &metadata(other, JWKS));
            let keys = discover(&site, issuer);
            assert!(keys.renew().await.is_err(), "{other}");
            assert!(!keys.is_ready());
            assert!(!site.take_asked().contains(&JWKS.to_owned()), "{other}");
        }
    }
    // "Byte by byte": the slash counts on both sides.
    let (slash, openid, _) = ADDRESSES[1];
    let site = Site::of(&[&key(P256)]);
    site.put(openid, &metadata(slash.trim_end_matches('/'), JWKS));
    assert!(discover(&site, slash).renew().await.is_err());
}

#[tokio::test]
async fn metadata_that_says_less_or_nonsense_is_an_error() {
    let (issuer, openid, _) = ADDRESSES[0];
    for document in [
        String::new(),
        "<html>".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        json!({ "issuer": issuer }).to_string(),
        json!({ "jwks_uri": JWKS }).to_string(),
        json!({ "issuer": [issuer], "jwks_uri": JWKS }).to_string(),
        metadata(issuer, Value::Null),
        metadata(issuer, json!([JWKS])),
        metadata(issuer, ""),
        metadata(issuer, "/jwks.json"),
        metadata(issuer, "file:///etc/passwd"),
        metadata(issuer, "https://user:secret@issuer.test/jwks.json"),
        // Keys in the metadata do not count.
        json!({ "issuer": issuer, "jwks": { "keys": [crate::site::jwk(&key(P256))] } }).to_string(),
        format!("{}{}", metadata(issuer, JWKS), " ".repeat(256 * 1024)),
    ] {
        let site = Site::of(&[&key(P256)]);
        site.put(openid, &document);
        let keys = discover(&site, issuer);
        assert!(keys.renew().await.is_err(), "{document}");
        assert_eq!(count(&keys), None);
        assert!(!site.take_asked().contains(&JWKS.to_owned()), "{document}");
    }
}

#[tokio::test]
async fn a_redirection_of_the_metadata_is_not_followed() {
    let (issuer, openid, _) = ADDRESSES[0];
    let site = Site::of(&[&key(P256)]);
    site.put("https://elsewhere.test/metadata", &metadata(issuer, JWKS));
    let response = http::Response::builder()
        .status(302)
        .header("location", "https://elsewhere.test/metadata");
    site.answer(openid, response.body(bytes::Bytes::new()).unwrap());
    assert!(discover(&site, issuer).renew().await.is_err());
    assert_eq!(site.take_asked(), [openid]);
}

/// An attacker between the two could put in keys of their own.
#[tokio::test]
async fn a_set_by_plain_http_is_not_fetched() {
    let (issuer, openid, rfc_8414) = ADDRESSES[0];
    for plain in [
        "http://issuer.test/jwks.json",
        "http://id.test/jwks.json",
        "http://10.0.0.1/jwks",
        "http://127.0.0.1.evil.test/",
    ] {
        for address in [openid, rfc_8414] {
            let site = Site::new();
            site.put(
                plain,
                &json!({ "keys": [crate::site::jwk(&key(P256))] }).to_string(),
            );
            site.put(address, &metadata(issuer, plain));
            let keys = discover(&site, issuer);
            assert!(keys.renew().await.is_err(), "{plain}");
            assert!(!site.take_asked().contains(&plain.to_owned()));
            // Said aloud, it is.
            let keys = site.fetched_by(RemoteJwks::dangerous_discover_over_http(issuer).unwrap());
            keys.renew().await.unwrap();
            assert!(site.take_asked().contains(&plain.to_owned()));
        }
    }
}

#[tokio::test]
async fn a_set_that_has_moved_is_found_again() {
    const MOVED: &str = "https://issuer.test/moved.json";
    let (issuer, openid, _) = ADDRESSES[0];
    let (old, new) = (key(P384), key(P256));
    let site = Site::of(&[&old]);
    site.put(openid, &metadata(issuer, JWKS));
    let keys = discover(&site, issuer);
    keys.renew().await.unwrap();
    // The metadata is remembered.
    keys.renew().await.unwrap();
    assert_eq!(site.take_asked(), [openid, JWKS, JWKS]);
    site.put_status(JWKS, 404, "");
    site.put(openid, &metadata(issuer, MOVED));
    site.put(
        MOVED,
        &json!({ "keys": [crate::site::jwk(&new)] }).to_string(),
    );
    assert!(keys.renew().await.is_err());
    keys.renew().await.unwrap();
    assert_passes(&site, issuer, &keys).await;
}

/// The old URL goes on with the old keys, or without any.
#[tokio::test]
async fn a_set_that_has_moved_and_left_an_old_one_is_found_within_a_minute() {
    const MOVED: &str = "https://issuer.test/moved.json";
    let (issuer, openid, _) = ADDRESSES[0];
    let site = Site::of(&[&key(P384)]);
    site.put(openid, &metadata(issuer, JWKS));
    let keys = discover(&site, issuer);
    keys.renew().await.unwrap();
    let set = json!({ "keys": [crate::site::jwk(&key(P256))] });
    site.put(MOVED, &set.to_string());
    site.put(openid, &metadata(issuer, MOVED));
    site.take_asked();
    let refused = answer(&site, issuer, &keys).await;
    refused.assert_invalid_token("token_invalid");
    assert_eq!(site.take_asked(), [JWKS]);
    site.clock.advance(MINUTE);
    assert_passes(&site, issuer, &keys).await;
    assert_eq!(site.take_asked(), [openid, MOVED]);
}

/// Garbage has the metadata asked again. It fails, and the URL that it named before still works.
#[tokio::test]
async fn a_new_key_is_found_while_the_metadata_fails() {
    let (issuer, openid, _) = ADDRESSES[0];
    for status in [429, 500, 503] {
        let site = Site::of(&[&key(P384)]);
        site.put(openid, &metadata(issuer, JWKS));
        let keys = discover(&site, issuer);
        keys.renew().await.unwrap();
        let refused = answer(&site, issuer, &keys).await;
        refused.assert_invalid_token("token_invalid");
        site.put_status(openid, status, "");
        site.publish(&[&key(P256)]);
        site.clock.advance(MINUTE);
        site.take_asked();
        assert_passes(&site, issuer, &keys).await;
        assert_eq!(site.take_asked(), [openid, JWKS], "{status}");
    }
}

#[tokio::test]
async fn metadata_that_wants_a_pause_does_not_delay_the_key_set() {
    let (issuer, openid, _) = ADDRESSES[0];
    let site = Site::of(&[&key(P256)]);
    site.put(openid, &metadata(issuer, JWKS));
    let keys = discover(&site, issuer);
    keys.renew().await.unwrap();
    site.put_status(JWKS, 500, "");
    keys.renew().await.unwrap_err();
    site.publish(&[&key(P256)]);
    let busy = http::Response::builder()
        .status(429)
        .header("retry-after", "120");
    site.answer(openid, busy.body(bytes::Bytes::new()).unwrap());
    site.take_asked();
    for asked in [&[openid, JWKS][..], &[JWKS], &[openid, JWKS]] {
        keys.renew().await.unwrap();
        assert_eq!(site.take_asked(), asked);
        site.clock.advance(MINUTE);
    }
}

#[tokio::test]
async fn a_set_that_has_moved_and_left_an_empty_one_is_found_by_a_probe() {
    const MOVED: &str = "https://issuer.test/moved.json";
    let (issuer, openid, _) = ADDRESSES[0];
    let site = Site::of(&[]);
    site.put(openid, &metadata(issuer, JWKS));
    let keys = discover(&site, issuer);
    assert!(!keys.is_ready());
    settle().await;
    let set = json!({ "keys": [crate::site::jwk(&key(P256))] });
    site.put(MOVED, &set.to_string());
    site.put(openid, &metadata(issuer, MOVED));
    site.clock.advance(MINUTE);
    assert!(!keys.is_ready());
    settle().await;
    assert_passes(&site, issuer, &keys).await;
}

#[tokio::test]
async fn a_token_that_comes_first_waits_for_metadata_and_set() {
    let (issuer, openid, _) = ADDRESSES[0];
    let site = Site::of(&[&key(P256)]);
    site.put(openid, &metadata(issuer, JWKS));
    let keys = discover(&site, issuer);
    assert!(at_once(keys.renew()).is_none());
    settle().await;
    assert!(keys.is_ready());
    assert_passes(&site, issuer, &keys).await;
}
