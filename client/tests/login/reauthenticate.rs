//! The password again, and a device mark that comes in another way.

use std::sync::atomic::Ordering;

use support::{Call, HOUR, MINUTE, SECOND};
use tower::Layer;
use tower_bearer_client::{ClientErrorKind, MemoryTokenStore, TokenStore};

use crate::shelf::{Access, Shelf};
use crate::world::{Fault, LOGIN, LOGOUT, REFRESH, World, marks, me};

const INVALID: &str = "Bearer error=\"invalid_token\"";
const AGAIN: &str = "/auth/reauthenticate";
const ALICE: [(&str, &str); 2] = [("username", "alice"), ("password", "wonderland-7")];

fn auth_time(world: &World) -> u64 {
    let sent = world.line.sent("/me").pop().unwrap().authorization.unwrap();
    support::claims_of(&sent)["auth_time"].as_u64().unwrap()
}

#[tokio::test]
async fn the_new_access_token_is_used_and_stored_and_the_refresh_token_stays() {
    let store = MemoryTokenStore::default();
    let world = World::on(store.clone()).await;
    assert_eq!(world.me().await.unwrap(), 200);
    let before = auth_time(&world);
    // The access token has expired by then.
    world.pass(2 * HOUR);
    world.login.reauthenticate(&ALICE).await.unwrap();
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(auth_time(&world), before + 2 * 3600);
    assert_eq!((world.refreshes_sent(), world.login.refreshes()), (1, 1));
    assert!(world.login.is_saved());
    let again = world.another(|builder| builder.store(store.clone())).await;
    let client = again.layer().layer(world.line.clone());
    assert_eq!(me(client).await.unwrap(), 200);
    assert_eq!(auth_time(&world), before + 2 * 3600);

    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(auth_time(&world), before + 2 * 3600);
    let sent = world.line.sent(AGAIN).pop().unwrap();
    assert!(sent.body.contains("device_mark=dm1_"));
    assert!(sent.headers.contains("\"authorization\": Sensitive"));
}

#[tokio::test]
async fn it_is_saved_later_if_the_store_failed_also_where_another_process_has_written() {
    let shelf = Shelf::default();
    let world = World::on(shelf.clone()).await;
    let other = world.another(|builder| builder.store(shelf.clone())).await;
    world.pass(MINUTE);
    shelf.is_full.store(true, Ordering::SeqCst);
    let failed = world.login.reauthenticate(&ALICE).await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    shelf.is_full.store(false, Ordering::SeqCst);
    other.set_device_mark("dm1_another").await.unwrap();
    let before = shelf.text();
    world.login.save().await.unwrap();
    assert_eq!(world.me().await.unwrap(), 200);
    let sent = world.line.sent("/me").pop().unwrap().authorization.unwrap();
    let access = sent.strip_prefix("Bearer ").unwrap();
    assert!(!before.contains(access) && shelf.text().contains(access));
    assert!(shelf.text().contains("dm1_another"));
}

#[tokio::test]
async fn a_password_is_not_sent_with_the_token_of_a_login_that_came_after_the_call() {
    let shelf = Shelf::default();
    let world = World::on(shelf.clone()).await;
    let other = world.another(|builder| builder.store(shelf.clone())).await;
    assert_eq!(world.me().await.unwrap(), 200);
    let before = auth_time(&world);
    other.log_in(ALICE[0].1, ALICE[1].1).await.unwrap();
    world.pass(MINUTE);
    let replaced = world.login.reauthenticate(&ALICE).await.unwrap_err();
    assert_eq!(replaced.kind(), ClientErrorKind::LoginReplaced);
    assert_eq!(world.line.sent(AGAIN).len(), 0);
    // The caller asks again, for the login that is there now.
    world.login.reauthenticate(&ALICE).await.unwrap();
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(auth_time(&world), before + 60);
}

#[tokio::test]
async fn an_answer_that_comes_after_another_login_changes_neither_its_tokens_nor_its_mark() {
    let shelf = Shelf::default();
    let world = World::on(shelf.clone()).await;
    // The old session lives, so that it is answered.
    world.line.faults(LOGOUT, [Fault::Respond(503, None, "")]);
    let pause = world.server.store.pause_at(Call::Find);
    let meanwhile = async {
        pause.reached().await;
        world.login.log_in(ALICE[0].1, ALICE[1].1).await.unwrap();
        pause.go_on();
        shelf.text()
    };
    let (outcome, stored) = tokio::join!(world.login.reauthenticate(&ALICE), meanwhile);
    assert_eq!(outcome.unwrap_err().kind(), ClientErrorKind::LoginReplaced);
    world.login.save().await.unwrap();
    assert_eq!(shelf.text(), stored);
}

/// Reauthenticates while another process refreshes, before the server has answered.
async fn overtaken() -> (World, u64) {
    let store = MemoryTokenStore::default();
    let world = World::on(store.clone()).await;
    let other = world.another(|builder| builder.store(store)).await;
    let other = other.layer().layer(world.line.clone());
    assert_eq!(world.me().await.unwrap(), 200);
    let before = auth_time(&world);
    world.pass(MINUTE);
    let pause = world.server.store.pause_at(Call::Find);
    let meanwhile = async {
        pause.reached().await;
        world.line.faults("/me", [Fault::Challenge(INVALID)]);
        assert_eq!(me(other).await.unwrap(), 200);
        pause.go_on();
    };
    let (outcome, ()) = tokio::join!(world.login.reauthenticate(&ALICE), meanwhile);
    outcome.unwrap();
    (world, before)
}

#[tokio::test]
async fn it_counts_although_another_process_refreshes_meanwhile() {
    let (world, before) = overtaken().await;
    // The new time comes with a refresh. Until that, the old one is not used.
    let wait = Some("20");
    let busy = Fault::Respond(503, wait, "");
    world.line.faults(REFRESH, [busy]);
    let failed = world.me().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
    world.pass(20 * SECOND);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(auth_time(&world), before + 60);
    assert_eq!((world.refreshes_sent(), world.login.refreshes()), (3, 1));
}

#[tokio::test]
async fn the_refresh_that_brings_the_new_time_does_not_count_as_one_after_a_refusal() {
    let (world, before) = overtaken().await;
    world.line.faults("/me", [Fault::Challenge(INVALID)]);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(auth_time(&world), before + 60);
    assert_eq!((world.refreshes_sent(), world.login.refreshes()), (3, 2));
}

#[tokio::test]
async fn a_caller_who_hangs_up_during_the_save_leaves_the_new_access_token() {
    let shelf = Shelf::default();
    let world = World::on(shelf.clone()).await;
    assert_eq!(world.me().await.unwrap(), 200);
    let before = auth_time(&world);
    world.pass(MINUTE);
    shelf.hang(Access::Save, 0);
    let login = world.login.clone();
    let call = tokio::spawn(async move { login.reauthenticate(&ALICE).await });
    shelf.reached().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(auth_time(&world), before + 60);
    shelf.open();
    world.login.save().await.unwrap();
    assert!(world.login.is_saved());
}

#[tokio::test]
async fn a_wrong_password_leaves_the_login_as_it_was() {
    let world = World::new().await;
    let wrong = [ALICE[0], ("password", "hatter-7")];
    let refused = world.login.reauthenticate(&wrong).await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::InvalidCredentials);
    let lost = [Fault::Respond(503, Some("1"), "")];
    world.line.faults(AGAIN, lost);
    let failed = world.login.reauthenticate(&ALICE).await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 0);
    world.login.log_out().await.unwrap();
    let nobody = world.login.reauthenticate(&ALICE).await.unwrap_err();
    assert_eq!(nobody.kind(), ClientErrorKind::NotLoggedIn);
}

#[tokio::test]
async fn an_error_says_what_hinders_it_and_the_login_stays() {
    let world = World::new().await;
    let denied = r#"{"error":"access_denied","reason":"code_needed"}"#;
    for (status, wait, body, kind, reason) in [
        (429, Some("90"), "", ClientErrorKind::TooManyAttempts, None),
        (
            403,
            None,
            denied,
            ClientErrorKind::Denied,
            Some("code_needed"),
        ),
        (503, Some("90"), "", ClientErrorKind::Unavailable, None),
    ] {
        world
            .line
            .faults(AGAIN, [Fault::Respond(status, wait, body)]);
        let failed = world.login.reauthenticate(&ALICE).await.unwrap_err();
        assert_eq!((failed.kind(), failed.reason()), (kind, reason));
        let wait = wait.map(|_| 90 * SECOND);
        assert_eq!(failed.retry_after(), wait, "{status}");
        assert_eq!(world.me().await.unwrap(), 200);
    }
    assert_eq!(world.refreshes_sent(), 0);
}

#[tokio::test]
async fn the_real_throttle_says_how_long_to_wait() {
    let world = World::new().await;
    let wrong = [ALICE[0], ("password", "hatter-7")];
    let mut kinds = Vec::new();
    for _ in 0..40 {
        let failed = world.login.reauthenticate(&wrong).await.unwrap_err();
        kinds.push((failed.kind(), failed.retry_after() > Some(SECOND)));
    }
    assert_eq!(kinds[0], (ClientErrorKind::InvalidCredentials, false));
    assert_eq!(kinds[39], (ClientErrorKind::TooManyAttempts, true));
}

#[tokio::test]
async fn a_session_that_has_ended_is_the_end_of_the_login() {
    let world = World::new().await;
    world.end_sessions().await;
    let ended = world.login.reauthenticate(&ALICE).await.unwrap_err();
    assert_eq!(ended.kind(), ClientErrorKind::NotLoggedIn);
    assert_eq!(ended.reason(), Some("session_revoked"));
    assert!(!world.login.is_logged_in());
}

#[tokio::test]
async fn invalid_grant_that_is_about_the_session_is_not_a_wrong_password() {
    for reason in [
        r#"{"error":"invalid_grant","reason":"session_expired"}"#,
        r#"{"error":"invalid_grant","reason":"user_gone"}"#,
        r#"{"error":"invalid_grant","reason":"token_invalid"}"#,
    ] {
        let world = World::new().await;
        let refused = || Fault::Respond(400, None, reason);
        // The refresh says that the session lives. A code goes out once.
        world.line.faults(AGAIN, [refused()]);
        let with_code = [ALICE[0], ALICE[1], ("code", "1234")];
        let failed = world.login.reauthenticate(&with_code).await.unwrap_err();
        assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
        assert!(reason.contains(failed.reason().unwrap()), "{failed}");
        assert_eq!(
            (world.refreshes_sent(), world.line.sent(AGAIN).len()),
            (1, 1)
        );
        assert_eq!(world.me().await.unwrap(), 200);

        world.end_sessions().await;
        world.line.faults(AGAIN, [refused()]);
        let ended = world.login.reauthenticate(&ALICE).await.unwrap_err();
        assert_eq!(ended.kind(), ClientErrorKind::NotLoggedIn);
        assert!(!world.login.is_logged_in());
    }
}

#[tokio::test]
async fn an_access_token_that_is_refused_is_renewed_once_and_the_password_sent_again() {
    let world = World::new().await;
    // The client's clock is behind.
    world.server.clock.advance(HOUR);
    world.login.reauthenticate(&ALICE).await.unwrap();
    assert_eq!(
        (world.refreshes_sent(), world.line.sent(AGAIN).len()),
        (1, 2)
    );
    assert_eq!(world.me().await.unwrap(), 200);
    let refused = (0..9).map(|_| Fault::Challenge(INVALID));
    world.line.faults(AGAIN, refused);
    let failed = world.login.reauthenticate(&ALICE).await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
    assert_eq!(
        (world.refreshes_sent(), world.line.sent(AGAIN).len()),
        (2, 4)
    );
    assert_eq!(world.me().await.unwrap(), 200);
}

#[tokio::test]
async fn it_asks_for_the_scope_of_the_login() {
    let world = World::new().await;
    let narrow = [ALICE[0], ALICE[1], ("scope", "me")];
    world.login.log_in_with(&narrow).await.unwrap();
    world.login.reauthenticate(&ALICE).await.unwrap();
    assert!(world.line.sent(AGAIN)[0].body.ends_with("&scope=me"));
    world.pass(HOUR);
    assert_eq!(world.me().await.unwrap(), 200);
    let sent = world.line.sent(REFRESH);
    assert!(sent[0].body.ends_with("&scope=me"));
}

#[tokio::test]
async fn a_mark_that_the_caller_passes_goes_out_alone() {
    let world = World::new().await;
    let own = [ALICE[0], ALICE[1], ("device_mark", "dm1_of-the-caller")];
    world.login.log_in_with(&own).await.unwrap();
    world.login.reauthenticate(&own).await.unwrap();
    for path in [LOGIN, AGAIN] {
        let body = world.line.sent(path).pop().unwrap().body;
        assert_eq!(body.matches("device_mark=").count(), 1, "{body}");
        assert!(body.contains("device_mark=dm1_of-the-caller"), "{body}");
    }
}

#[tokio::test]
async fn a_mark_of_the_application_is_stored_and_sent_by_the_next_login() {
    let store = MemoryTokenStore::default();
    let world = World::on(store.clone()).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    world.pass(30 * MINUTE);
    let client = other.layer().layer(world.line.clone());
    assert_eq!(me(client).await.unwrap(), 200);
    world
        .login
        .set_device_mark("dm1_of-the-application")
        .await
        .unwrap();
    let stored = store.load().unwrap().unwrap().to_json();
    assert!(stored.contains("dm1_of-the-application"));
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 1, "the tokens of the other process");
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    let sent = marks(&world).pop().unwrap();
    assert_eq!(sent.as_deref(), Some("dm1_of-the-application"));

    // A process that is logged out keeps the login of the other one.
    world.login.log_out().await.unwrap();
    other.log_in("alice", "wonderland-7").await.unwrap();
    world.login.set_device_mark("dm1_another").await.unwrap();
    let stored = store.load().unwrap().unwrap().to_json();
    assert!(stored.contains("rt1_") && stored.contains("dm1_another"));
}
