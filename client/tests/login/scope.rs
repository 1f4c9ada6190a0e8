//! The scope that a login has asked for.

use support::MINUTE;
use tower::Layer;
use tower_bearer_client::{MemoryTokenStore, StoredLogin, TokenStore};

use crate::world::{REFRESH, Sent, World, me};

fn scope(sent: &Sent) -> Option<String> {
    let mut fields = form_urlencoded::parse(sent.body.as_bytes());
    fields
        .find(|(name, _)| name == "scope")
        .map(|(_, scope)| scope.into_owned())
}

#[tokio::test]
async fn a_refresh_asks_for_no_more_than_the_login_also_after_a_restart() {
    let store = MemoryTokenStore::default();
    let world = World::on(store.clone()).await;
    let user = [("username", "alice"), ("password", "wonderland-7")];
    let narrow = [user[0], user[1], ("scope", "orders:read me")];
    world.login.log_in_with(&narrow).await.unwrap();
    for _ in 0..2 {
        world.pass(30 * MINUTE);
        assert_eq!(world.me().await.unwrap(), 200);
    }
    let again = world.another(|builder| builder.store(store.clone())).await;
    world.pass(30 * MINUTE);
    let client = again.layer().layer(world.line.clone());
    assert_eq!(me(client).await.unwrap(), 200);
    let sent = world.line.sent(REFRESH);
    assert_eq!(sent.len(), 3);
    for sent in &sent {
        assert_eq!(scope(sent).as_deref(), Some("orders:read me"));
    }

    // A login without a scope asks for all. So does one that was stored before there was one.
    world.login.log_in_with(&user).await.unwrap();
    let stored = store.load().unwrap().unwrap().to_json();
    assert!(!stored.contains("\"scope\""));
    assert!(StoredLogin::from_json(stored.as_bytes()).is_ok());
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(scope(world.line.sent(REFRESH).last().unwrap()), None);
}
