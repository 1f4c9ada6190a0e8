//! Logins and logouts, and the device mark that they send.

use support::{MINUTE, SECOND};
use tower_bearer_client::ClientErrorKind;

use crate::world::{World, marks};

#[tokio::test]
async fn after_the_logout_nobody_is_logged_in() {
    let world = World::new().await;
    assert_eq!(world.me().await.unwrap(), 200);
    world.login.log_out().await.unwrap();
    let refused = world.me().await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::NotLoggedIn);
    assert_eq!(world.line.sent("/me").len(), 1);
    assert!(
        world
            .server
            .sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .is_empty()
    );
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(world.me().await.unwrap(), 200);
}

#[tokio::test]
async fn a_login_sends_the_mark_that_the_last_one_left_whatever_came_between() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    world.login.log_out().await.unwrap();
    world.login.log_in("alice", "guessed").await.unwrap_err();
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    let sent = marks(&world);
    let [first, after_logout, after_refusal, after_login] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!(*first, None);
    assert!(
        after_logout.as_ref().unwrap().starts_with("dm1_"),
        "{sent:?}"
    );
    assert_eq!(after_logout, after_refusal);
    // Each login makes another one.
    assert!(
        after_login.as_ref().unwrap().starts_with("dm1_"),
        "{sent:?}"
    );
    assert_ne!(after_refusal, after_login);
    let mark = after_login.as_ref().unwrap();
    assert!(!format!("{:?}", world.client).contains(mark));
}

#[tokio::test]
async fn strangers_who_guess_do_not_lock_the_client_out() {
    let world = World::new().await;
    let stranger = world.another(|builder| builder).await;
    for _ in 0..40 {
        stranger.log_in("alice", "guessed").await.unwrap_err();
    }
    let refused = stranger.log_in("alice", "wonderland-7").await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::TooManyAttempts);
    assert!(refused.retry_after().unwrap() > SECOND, "{refused:?}");
    world.login.log_in("alice", "wonderland-7").await.unwrap();
}
