//! The store sees neither the name nor the network of a guess.

use std::net::IpAddr;

use http::StatusCode;
use sqlx::SqlitePool;
use support::App;
use tower_bearer::{Identity, Outcome, SqliteStore};

use super::login;

#[tokio::test]
async fn the_store_has_neither_the_name_nor_the_network_of_a_login() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let app = App::built(store, |sessions| sessions);
    app.users.authenticate_as(|login| match login.password() {
        "wonderland-7" => Identity::new("user-of-the-row").into(),
        _ => Outcome::invalid_credentials(),
    });
    let (name, network) = ("zaphod-beeblebrox", "203.0.113.77");
    for password in ["guessed", "guessed", "wonderland-7"] {
        app.send(login(name, password, network)).await;
    }
    let other = app.send(login(name, "guessed", "198.51.100.99")).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);

    let pool = SqlitePool::connect(path.to_str().unwrap()).await.unwrap();
    let counters = sqlx::query_scalar("SELECT count(*) FROM tower_bearer_ephemeral");
    let counters: i64 = counters.fetch_one(&pool).await.unwrap();
    assert!(counters > 3, "{counters} counters");
    let mut dump = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        dump.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |needle: &[u8]| dump.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"user-of-the-row"), "the dump is of the right file");
    // The name as it was typed, and as it is counted.
    for text in [name, "zaphodbeeblebrox", network, "198.51.100.99"] {
        assert!(!holds(text.as_bytes()), "{text}");
    }
    for network in [network, "198.51.100.99"] {
        let IpAddr::V4(address) = network.parse().unwrap() else {
            unreachable!("it is an IPv4 address");
        };
        assert!(!holds(&address.octets()), "{network}");
    }
}
