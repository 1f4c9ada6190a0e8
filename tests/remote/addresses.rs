//! Which addresses keys may come from.

use tower_bearer::keys::KeySource;
use tower_bearer::{AccessTokenVerifier, ConfigError, RemoteJwks};

type Constructor = fn(&str) -> Result<RemoteJwks, ConfigError>;

const CAREFUL: [Constructor; 2] = [RemoteJwks::new, RemoteJwks::discover];
const DANGEROUS: [Constructor; 2] = [
    RemoteJwks::dangerous_over_http,
    RemoteJwks::dangerous_discover_over_http,
];

#[test]
fn an_https_address_is_good_and_so_is_this_machine() {
    for address in [
        "https://id.example.com",
        "https://id.example.com/",
        "https://id.example.com:8443/realms/main",
        "https://10.0.0.1/keys",
        "https://[2001:db8::1]/keys",
        "http://localhost",
        "http://localhost:8080/keys",
        "http://127.0.0.1:3000/keys",
        "http://127.8.9.10/keys",
        "http://[::1]:3000/keys",
    ] {
        for constructor in CAREFUL.iter().chain(&DANGEROUS) {
            assert!(constructor(address).is_ok(), "{address}");
        }
    }
}

#[test]
fn plain_http_to_another_machine_has_to_be_said_aloud() {
    for address in [
        "http://id.example.com",
        "http://id.example.com/keys",
        "http://10.0.0.1/keys",
        "http://192.168.0.1/keys",
        "http://0.0.0.0/keys",
        "http://[::]/keys",
        "http://[2001:db8::1]/keys",
        "http://localhost.example.com/keys",
        "http://127.0.0.1.example.com/keys",
        "http://127.0.0.1:3000@id.example.com/keys",
        "http://xlocalhost/keys",
    ] {
        for constructor in CAREFUL {
            assert!(constructor(address).is_err(), "{address}");
        }
        if !address.contains('@') {
            for constructor in DANGEROUS {
                assert!(constructor(address).is_ok(), "{address}");
            }
        }
    }
}

#[test]
fn what_is_no_address_is_refused_by_all() {
    for address in [
        "",
        " ",
        "id.example.com",
        "//id.example.com",
        "/keys",
        "https://",
        "https:///keys",
        "https:id.example.com",
        "ftp://id.example.com",
        "file:///etc/keys.json",
        "data:application/json,{}",
        "https://id example.com",
        "https://id.example.com/\n",
        "https://user:secret@id.example.com",
        "https://id.example.com#keys",
    ] {
        for constructor in CAREFUL.iter().chain(&DANGEROUS) {
            assert!(constructor(address).is_err(), "{address}");
        }
    }
}

/// RFC 8414 section 2: an issuer has no query. A set may: that of Azure AD B2C does.
#[test]
fn an_issuer_has_no_query_and_a_set_may_have_one() {
    let address = "https://login.example.com/keys?p=b2c_1_sign_in";
    assert!(RemoteJwks::new(address).is_ok());
    assert!(RemoteJwks::dangerous_over_http(&address.replace("https", "http")).is_ok());
    assert!(RemoteJwks::new(&address.replace("https", "http")).is_err());
    assert!(RemoteJwks::discover(address).is_err());
    assert!(RemoteJwks::dangerous_discover_over_http(address).is_err());
    // A user does not hide behind it.
    assert!(RemoteJwks::new("https://user@login.example.com/keys?x").is_err());
}

/// A set may be protected with a secret in its query.
#[test]
fn debug_shows_no_query() {
    let keys = RemoteJwks::new("https://id.example.com/keys?p=B2C_1&key=hunter2").unwrap();
    for shown in [
        format!("{keys:?}"),
        format!("{:?}", KeySource::from(keys.clone())),
        format!("{:?}", AccessTokenVerifier::builder(keys)),
    ] {
        assert!(
            shown.contains("https://id.example.com/keys") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
    let issuer = RemoteJwks::discover("https://id.example.com/main").unwrap();
    assert!(format!("{issuer:?}").contains("https://id.example.com/main"));
}

#[test]
fn the_url_of_the_metadata_is_not_an_issuer_and_the_error_names_the_issuer() {
    for url in [
        "https://id.example.com/realms/main/.well-known/openid-configuration",
        "https://id.example.com/realms/main/.well-known/jwks",
        "https://id.example.com/.well-known/oauth-authorization-server/realms/main",
    ] {
        for constructor in [
            RemoteJwks::discover,
            RemoteJwks::dangerous_discover_over_http,
        ] {
            let error = constructor(url).unwrap_err().to_string();
            assert!(
                error.contains("Write \"https://id.example.com/realms/main\""),
                "{error}"
            );
        }
        assert!(RemoteJwks::new(url).is_ok());
    }
}

#[test]
fn a_fragment_does_not_hide_behind_a_query() {
    for constructor in [RemoteJwks::new, RemoteJwks::dangerous_over_http] {
        assert!(constructor("https://login.example.com/keys#fragment").is_err());
        assert!(constructor("https://login.example.com/keys?x#fragment").is_err());
    }
}

#[test]
fn debug_names_the_address_and_an_error_the_cure() {
    let keys = RemoteJwks::new("https://id.example.com/keys").unwrap();
    assert!(format!("{keys:?}").contains("https://id.example.com/keys"));
    let error = RemoteJwks::new("http://id.example.com/keys")
        .unwrap_err()
        .to_string();
    assert!(error.contains("https"), "{error}");
}
