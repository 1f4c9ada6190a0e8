//! A header that the server refuses where the layer does not see it, as in a WebSocket's handshake.

use support::SECOND;
use tower_bearer_client::ClientErrorKind;

use crate::world::World;

#[tokio::test]
async fn a_refused_header_tells_that_the_server_has_ended_the_login() {
    let world = World::new().await;
    let header = world.login.authorization().await.unwrap();
    world.end_sessions().await;
    assert_eq!(world.login.authorization().await.unwrap(), header);
    world.login.note_refused(&header);
    let ended = world.login.authorization().await.unwrap_err();
    assert_eq!(ended.kind(), ClientErrorKind::NotLoggedIn);
    assert_eq!(ended.reason(), Some("session_revoked"));
    assert!(!world.login.is_logged_in());
    // It is the header of no login by now.
    world.login.note_refused(&header);
}

#[tokio::test]
async fn a_refused_header_is_renewed_once_and_one_that_was_replaced_says_nothing() {
    let world = World::new().await;
    let first = world.login.authorization().await.unwrap();
    for _ in 0..2 {
        world.login.note_refused(&first);
        let second = world.login.authorization().await.unwrap();
        assert!(second != first && second.is_sensitive());
        assert_eq!(world.refreshes_sent(), 1);
    }
}

#[tokio::test]
async fn a_server_that_refuses_each_header_is_not_asked_for_another_each_time() {
    let world = World::new().await;
    for refreshes in [1, 1, 1, 2, 2] {
        let header = world.login.authorization().await.unwrap();
        world.login.note_refused(&header);
        world.login.authorization().await.unwrap();
        assert_eq!(world.refreshes_sent(), refreshes);
        world.pass(4 * SECOND);
    }
}
