//! What an error says: the URL, what was wrong, and what to write instead.

use std::error::Error;

use bytes::Bytes;
use http::Response;
use serde_json::json;
use support::keys::{P256, key};
use tower_bearer::RemoteJwks;

use crate::site::{JWKS, Site, jwk};

const ISSUER: &str = "https://id.test/realms/main";
const OPENID: &str = "https://id.test/realms/main/.well-known/openid-configuration";
const RFC_8414: &str = "https://id.test/.well-known/oauth-authorization-server/realms/main";

/// Certificates of an issuer's key, in PEM.
const CERTIFICATES: [&str; 2] = [
    include_str!("../data/keys/rsa2048.cert.pem"),
    include_str!("../data/keys/p256.cert.pem"),
];

async fn why(keys: &RemoteJwks) -> String {
    let error = keys.renew().await.unwrap_err();
    error.source().unwrap().to_string()
}

fn discover(site: &Site) -> RemoteJwks {
    site.fetched_by(RemoteJwks::discover(ISSUER).unwrap())
}

#[track_caller]
fn assert_says(error: &str, all: &[&str]) {
    for said in all {
        assert!(error.contains(said), "{said:?} is not in: {error}");
    }
}

fn redirect(site: &Site, url: &str, location: &[u8]) {
    let response = Response::builder().status(301).header("location", location);
    site.answer(url, response.body(Bytes::new()).unwrap());
}

#[tokio::test]
async fn a_redirect_is_named_with_what_to_write_instead() {
    for (location, cure) in [
        (
            "https://keys.test/new.json",
            "RemoteJwks::new(\"https://keys.test/new.json\")",
        ),
        (
            "/new.json",
            "RemoteJwks::new(\"https://issuer.test/new.json\")",
        ),
    ] {
        let site = Site::new();
        redirect(&site, JWKS, location.as_bytes());
        let error = why(&site.remote()).await;
        assert_says(&error, &[JWKS, "301", location, cure]);
    }
    for (location, cure) in [
        (
            "https://new.test/realms/main/.well-known/openid-configuration",
            "RemoteJwks::discover(\"https://new.test/realms/main\")",
        ),
        (
            "/auth/.well-known/openid-configuration",
            "RemoteJwks::discover(\"https://id.test/auth\")",
        ),
        // Only a slash more: the issuer is the same.
        (
            "/realms/main/.well-known/openid-configuration/",
            "RemoteJwks::new with the `jwks_uri`",
        ),
    ] {
        let site = Site::new();
        redirect(&site, OPENID, location.as_bytes());
        let error = why(&discover(&site)).await;
        assert_says(&error, &[OPENID, "301", location, cure]);
        assert_eq!(site.take_asked(), [OPENID]);
    }
}

/// A login page, another scheme, a password, control characters: it is shown, but not proposed.
#[tokio::test]
async fn a_location_that_is_no_cure_is_not_proposed_and_shows_no_secret() {
    let long = format!("https://a.test/{}", "x".repeat(5000));
    for location in [
        &b"https://login.test/?state=s3cret"[..],
        b"http://issuer.test/jwks.json",
        b"https://user:s3cret@keys.test/",
        b"//keys.test/",
        b"javascript:alert(1)",
        b"\xff\xfe\x80",
        b"",
        long.as_bytes(),
    ] {
        let site = Site::new();
        redirect(&site, JWKS, location);
        redirect(&site, OPENID, location);
        for keys in [site.remote(), discover(&site)] {
            let error = why(&keys).await;
            assert_says(&error, &["301", "not followed"]);
            assert!(
                !error.contains("s3cret") && !error.contains("RemoteJwks::"),
                "{error}"
            );
            assert!(error.len() < 1000 && !error.contains('\u{fe}'), "{error}");
        }
    }
    let site = Site::new();
    site.put_status(JWKS, 302, "");
    assert_says(&why(&site.remote()).await, &["302"]);
}

#[tokio::test]
async fn both_urls_of_a_discovery_are_named() {
    for (first, second) in [(403, 404), (404, 404), (401, 500), (410, 403)] {
        let site = Site::new();
        site.put_status(OPENID, first, "");
        site.put_status(RFC_8414, second, "");
        let error = why(&discover(&site)).await;
        assert_says(
            &error,
            &[OPENID, &first.to_string(), RFC_8414, &second.to_string()],
        );
    }
    // The second is there, and is of no use.
    let site = Site::new();
    site.put(RFC_8414, "<html>");
    assert_says(
        &why(&discover(&site)).await,
        &[OPENID, "404", RFC_8414, "not JSON", "HTML"],
    );
}

#[tokio::test]
async fn what_is_not_json_is_named_with_its_url() {
    for (document, kind) in [
        ("<!DOCTYPE html><title>Sign in</title>", "HTML"),
        (" \n", "empty"),
        ("not found", "cannot be parsed"),
    ] {
        let site = Site::new();
        site.put(OPENID, document);
        assert_says(&why(&discover(&site)).await, &[OPENID, "not JSON", kind]);
    }
    for (document, kind) in [
        ("<html>", "HTML"),
        (P256.1, "PEM"),
        ("{}", "not a JWK set"),
        (r#"{ "keys": [{ "kid": "a", "kid": "a" }] }"#, "is repeated"),
    ] {
        let site = Site::new();
        site.put(JWKS, document);
        assert_says(&why(&site.remote()).await, &[JWKS, kind]);
    }
    for certificate in CERTIFICATES {
        let site = Site::new();
        site.put(JWKS, certificate);
        let error = why(&site.remote()).await;
        assert_says(&error, &[JWKS, "PEM", "KeySet::from_pem", "certificate"]);
    }
}

/// Some servers have only a compressed file, whatever was asked for.
#[tokio::test]
async fn what_is_compressed_is_named_with_its_coding() {
    let compressed = |coding: &str, body: &'static [u8]| {
        let response = Response::builder().header("content-encoding", coding);
        response.body(Bytes::from_static(body)).unwrap()
    };
    for body in [&b"\x1f\x8b\x08\0\xff"[..], b"\x1b\x03\0"] {
        let site = Site::new();
        site.answer(JWKS, compressed("gzip", body));
        site.answer(OPENID, compressed("br", body));
        let cure = "with_http_client";
        let error = why(&site.remote()).await;
        assert_says(&error, &[JWKS, "Content-Encoding is \"gzip\"", cure]);
        let error = why(&discover(&site)).await;
        assert_says(&error, &[OPENID, "Content-Encoding is \"br\"", cure]);
    }
    // A client that decompresses may leave the header.
    let site = Site::new();
    site.answer(JWKS, compressed("gzip", b"{\"keys\":[]}"));
    site.remote().renew().await.unwrap();
}

/// A configuration has the URL of the metadata, of one key, or of certificates.
#[tokio::test]
async fn another_document_than_a_set_is_named() {
    let certificate = CERTIFICATES[1];
    for (document, said) in [
        (
            json!({ "issuer": ISSUER, "jwks_uri": JWKS }),
            "RemoteJwks::discover",
        ),
        (
            json!({ "a1b2": certificate, "c3d4": certificate }),
            "`jwks_uri` of its metadata",
        ),
        (jwk(&key(P256)), "one JWK"),
    ] {
        let site = Site::new();
        site.put(JWKS, &document.to_string());
        assert_says(&why(&site.remote()).await, &[JWKS, said]);
    }
}

#[tokio::test]
async fn both_issuers_are_named_where_they_differ() {
    for theirs in ["https://id.test/realms/main/", "https://other.test"] {
        let site = Site::new();
        site.put(
            OPENID,
            &json!({ "issuer": theirs, "jwks_uri": JWKS }).to_string(),
        );
        let error = why(&discover(&site)).await;
        assert_says(
            &error,
            &[OPENID, &format!("{theirs:?}"), &format!("{ISSUER:?}")],
        );
        assert!(!error.contains("RemoteJwks"), "{error}");
    }
    // One document for all tenants.
    let site = Site::new();
    let theirs = "https://id.test/{tenantid}/v2.0";
    site.put(
        OPENID,
        &json!({ "issuer": theirs, "jwks_uri": JWKS }).to_string(),
    );
    let error = why(&discover(&site)).await;
    assert_says(
        &error,
        &[theirs, "pattern", &format!("RemoteJwks::new({JWKS:?})")],
    );
}

#[tokio::test]
async fn metadata_without_keys_or_with_keys_over_plain_http_is_named() {
    for (metadata, said) in [
        (json!({ "issuer": ISSUER }), "jwks_uri"),
        (
            json!({ "issuer": ISSUER, "jwks_uri": "http://id.test/keys" }),
            "dangerous_discover_over_http",
        ),
        (json!({ "jwks_uri": JWKS }), "issuer"),
    ] {
        let site = Site::new();
        site.put(OPENID, &metadata.to_string());
        assert_says(&why(&discover(&site)).await, &[OPENID, said]);
    }
}

#[test]
fn plain_http_to_another_machine_names_the_setting_that_allows_it() {
    let error = RemoteJwks::new("http://keycloak:8080/keys")
        .unwrap_err()
        .to_string();
    assert_says(
        &error,
        &[
            "http://keycloak:8080/keys",
            "RemoteJwks::dangerous_over_http",
        ],
    );
    let error = RemoteJwks::discover("http://keycloak:8080")
        .unwrap_err()
        .to_string();
    assert_says(
        &error,
        &[
            "http://keycloak:8080",
            "RemoteJwks::dangerous_discover_over_http",
        ],
    );
    assert!(RemoteJwks::dangerous_discover_over_http("http://keycloak:8080").is_ok());
    // Where the URL is wrong anyway, that would not help.
    for wrong in [
        "ftp://keycloak",
        "http://user@keycloak",
        "http://keycloak/#x",
    ] {
        let error = RemoteJwks::discover(wrong).unwrap_err().to_string();
        assert!(!error.contains("dangerous"), "{error}");
    }
}

#[tokio::test]
async fn a_network_error_and_a_refusal_name_the_url() {
    let site = Site::new();
    site.set_down(true);
    assert_says(&why(&site.remote()).await, &[JWKS, "nobody answers"]);
    assert_says(&why(&discover(&site)).await, &[OPENID, "nobody answers"]);
    site.set_down(false);
    for status in [401, 403] {
        site.put_status(JWKS, status, "");
        assert_says(
            &why(&site.remote()).await,
            &[JWKS, &status.to_string(), "with_http_client"],
        );
    }
}

#[tokio::test]
async fn a_byte_order_mark_and_another_content_type_do_not_matter() {
    let site = Site::new();
    let marked = |json: String| {
        let response = Response::builder().header("content-type", "text/html");
        response
            .body(Bytes::from(format!("\u{feff}{json}")))
            .unwrap()
    };
    let metadata = json!({ "issuer": ISSUER, "jwks_uri": JWKS }).to_string();
    site.answer(OPENID, marked(metadata));
    site.answer(
        JWKS,
        marked(json!({ "keys": [jwk(&key(P256))] }).to_string()),
    );
    discover(&site).renew().await.unwrap();
}
