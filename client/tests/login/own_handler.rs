//! Tokens that come from a login handler of the application's own.

use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Full};
use support::MINUTE;
use tower::{Layer, ServiceExt};
use tower_bearer_client::{ClientErrorKind, MemoryTokenStore};

use crate::world::{LOGIN, ORIGIN, REFRESH, World, marks, me};

/// The body of a login that the application has sent itself.
async fn logged_in(world: &World, form: &'static str) -> Vec<u8> {
    let request = Request::post(format!("{ORIGIN}{LOGIN}"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(form))
        .unwrap();
    let response = world.line.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap();
    body.to_bytes().to_vec()
}

const BOB: &str = "username=bob&password=builder-8";

#[tokio::test]
async fn the_tokens_of_another_login_are_stored_refreshed_and_ended_as_those_of_log_in() {
    let store = MemoryTokenStore::default();
    let world = World::on(store.clone()).await;
    let body = logged_in(&world, BOB).await;
    world.login.take_tokens(&body, None).await.unwrap();
    // The session of the login before has ended.
    let sessions = &world.server.sessions;
    let of_alice = sessions.list(&"alice".into()).await.unwrap();
    assert!(of_alice.is_empty());
    assert!(world.login.is_saved());
    let again = world.another(|builder| builder.store(store)).await;
    let client = again.layer().layer(world.line.clone());
    for refreshes in 0..2 {
        assert_eq!(me(client.clone()).await.unwrap(), 200);
        assert_eq!(world.refreshes_sent(), refreshes);
        world.pass(30 * MINUTE);
    }
    world.login.log_out().await.unwrap();
    let of_bob = sessions.list(&"bob".into()).await.unwrap();
    assert!(of_bob.is_empty());
}

#[tokio::test]
async fn a_refresh_asks_for_no_more_than_another_login_has_asked_for() {
    let world = World::new().await;
    for (scope, is_sent) in [(Some("read"), true), (None, false)] {
        let body = logged_in(&world, BOB).await;
        world.login.take_tokens(&body, scope).await.unwrap();
        world.pass(30 * MINUTE);
        world.login.authorization().await.unwrap();
        let refresh = world.line.sent(REFRESH).pop().unwrap().body;
        assert_eq!(refresh.contains("&scope=read"), is_sent, "{scope:?}");
    }
}

#[tokio::test]
async fn the_mark_of_another_login_is_the_one_that_the_next_login_sends() {
    let world = World::new().await;
    let body = logged_in(&world, BOB).await;
    world.login.take_tokens(&body, None).await.unwrap();
    let mark = world.login.device_mark().unwrap();
    assert!(String::from_utf8(body).unwrap().contains(&mark));
    world.login.log_in("bob", "builder-8").await.unwrap();
    assert_eq!(marks(&world).pop().unwrap().unwrap(), mark);
    world.login.forget().await.unwrap();
    assert_eq!(world.login.device_mark(), None);
}

#[tokio::test]
async fn a_body_without_tokens_is_no_login_and_leaves_the_one_that_is() {
    let world = World::new().await;
    for body in [
        "",
        r#"{"error":"invalid_grant"}"#,
        r#"{"access_token":"secret","token_type":"Bearer","expires_in":1800}"#,
        r#"{"access_token":"secret","token_type":"DPoP","expires_in":1800,"refresh_token":"b"}"#,
        r#"{"access_token":"se\ncret","token_type":"Bearer","expires_in":1,"refresh_token":"b"}"#,
    ] {
        let refused = world.login.take_tokens(body.as_bytes(), None).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ClientErrorKind::Unavailable, "{body}");
        assert!(!format!("{refused:?}").contains("cret"), "{refused:?}");
        assert_eq!(world.me().await.unwrap(), 200);
    }
}
