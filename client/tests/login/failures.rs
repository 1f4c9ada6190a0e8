//! The client, when refreshes fail: the same key again, and only the server
//! logs the user out.

use support::{HOUR, MINUTE, Question, SECOND};
use tokio::time::Instant;

use crate::world::{Fault, REFRESH, World};
use tower_bearer_client::{ClientError, ClientErrorKind};

#[track_caller]
fn assert_unavailable(outcome: &Result<u16, ClientError>) {
    let kind = outcome.as_ref().map_err(ClientError::kind);
    assert_eq!(kind, Err(ClientErrorKind::Unavailable), "{outcome:?}");
}

#[track_caller]
fn assert_not_logged_in(outcome: Result<u16, ClientError>, text: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.to_string(), text);
    assert_eq!(error.kind(), ClientErrorKind::NotLoggedIn);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again_with_the_same_token_and_key() {
    let world = World::new().await;
    let mut keys = Vec::new();
    for _ in 0..3 {
        world.pass(30 * MINUTE);
        world.line.faults(REFRESH, [Fault::AnswerLost]);
        assert!(
            world
                .me_at_once(5)
                .await
                .into_iter()
                .all(|outcome| outcome.unwrap() == 200)
        );
        let sent = world.line.sent(REFRESH);
        let [.., lost, repeated] = &sent[..] else {
            panic!("two attempts")
        };
        assert_eq!((&lost.key, &lost.body), (&repeated.key, &repeated.body));
        keys.push(lost.key.clone().unwrap());
    }
    assert_eq!((world.refreshes_sent(), world.login.refreshes()), (6, 3));
    assert!(
        keys[0] != keys[1] && keys[1] != keys[2],
        "another token has another key"
    );
    assert!(keys.iter().all(|key| key.len() == 32));
}

/// The server has seen an access token of the answer that was lost: only the key tells the client
/// from a thief.
#[tokio::test(start_paused = true)]
async fn an_answer_that_stays_lost_for_an_hour_logs_nobody_out() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    world.line.faults(
        REFRESH,
        [Fault::AnswerLost, Fault::AnswerLost, Fault::AnswerLost],
    );
    assert_unavailable(&world.me().await);
    let session = world
        .server
        .sessions
        .list(&"alice".into())
        .await
        .unwrap()
        .remove(0);
    world
        .server
        .store
        .inner()
        .confirm(session.id(), 1)
        .await
        .unwrap();

    world.pass(HOUR);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_busy_is_asked_again_when_it_says() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    world.line.faults(
        REFRESH,
        [
            Fault::Respond(503, Some("3"), ""),
            Fault::Respond(503, None, ""),
        ],
    );
    let started = Instant::now();
    assert!(
        world
            .me_at_once(5)
            .await
            .into_iter()
            .all(|outcome| outcome.unwrap() == 200)
    );
    assert_eq!((world.refreshes_sent(), world.login.refreshes()), (3, 1));
    // Three seconds, and where no time is named one.
    assert_eq!(started.elapsed().as_secs(), 4);
    let sent = world.line.sent(REFRESH);
    assert!(sent.iter().all(|attempt| attempt.key == sent[0].key));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_ten_seconds() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    world.line.faults(REFRESH, [Fault::Silence]);
    let started = Instant::now();
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(
        (world.refreshes_sent(), started.elapsed().as_secs()),
        (2, 10)
    );
}

#[tokio::test(start_paused = true)]
async fn after_three_attempts_all_who_waited_hear_of_it_and_the_tokens_stay() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    // The real 503.
    world.server.accounts.set_down(Some(Question::Authorize));
    for outcome in world.me_at_once(20).await {
        assert_unavailable(&outcome);
    }
    assert_eq!(
        (world.refreshes_sent(), world.line.sent("/me").len()),
        (3, 0)
    );
    world.server.accounts.set_down(None);
    assert_unavailable(&world.me().await);
    assert_eq!(world.refreshes_sent(), 3, "a moment of rest");
    world.pass(SECOND);
    assert_eq!(
        (world.me().await.unwrap(), world.refreshes_sent()),
        (200, 4)
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_server_that_asks_for_an_hour() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    world
        .line
        .faults(REFRESH, [Fault::Respond(503, Some("3600"), "")]);
    let started = Instant::now();
    assert_unavailable(&world.me().await);
    world.pass(4 * MINUTE);
    assert_unavailable(&world.me().await);
    assert_eq!(
        (world.refreshes_sent(), started.elapsed().as_secs()),
        (1, 0)
    );
    world.pass(MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_ahead_of_time_that_fails_harms_no_call() {
    let world = World::new().await;
    world.pass(30 * MINUTE - 30 * SECOND);
    world.server.accounts.set_down(Some(Question::Authorize));
    assert!(
        world
            .me_at_once(5)
            .await
            .into_iter()
            .all(|outcome| outcome.unwrap() == 200)
    );
    assert_eq!(
        (world.refreshes_sent(), world.line.sent("/me").len()),
        (3, 5)
    );
    world.server.accounts.set_down(None);
    world.pass(SECOND);
    assert_eq!(
        (
            world.me().await.unwrap(),
            world.refreshes_sent(),
            world.login.refreshes()
        ),
        (200, 4, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_refresh_token_is_the_end() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    world.end_sessions().await;
    assert_not_logged_in(world.me().await, "log in again: session_revoked");
    for outcome in world.me_at_once(5).await {
        assert_not_logged_in(outcome, "no user is logged in");
    }
    assert_eq!(
        (world.refreshes_sent(), world.line.sent("/me").len()),
        (1, 0),
        "once, and not again"
    );

    // The client finds out from a 401.
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    world.end_sessions().await;
    assert_not_logged_in(world.me().await, "log in again: session_revoked");
    assert_eq!(
        (world.refreshes_sent(), world.line.sent("/me").len()),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn any_other_failure_keeps_the_tokens() {
    let world = World::new().await;
    for (status, body) in [
        (400, r#"{"error":"invalid_request"}"#),
        (401, r#"{"error":"invalid_client"}"#),
        (403, "invalid_grant"),
        (500, r#"{"error":"invalid_grant"}"#),
        (200, "<html>"),
        (
            200,
            r#"{"access_token":"a","token_type":"DPoP","expires_in":1800,"refresh_token":"b"}"#,
        ),
    ] {
        world.pass(30 * MINUTE);
        let sent = world.refreshes_sent();
        world
            .line
            .faults(REFRESH, [Fault::Respond(status, None, body)]);
        assert_unavailable(&world.me().await);
        assert_eq!(world.refreshes_sent(), sent + 1, "{status} {body}");
        world.pass(SECOND);
        assert_eq!(world.me().await.unwrap(), 200, "{status} {body}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_no_login_and_leaves_the_one_that_is() {
    let world = World::new().await;
    let refused = world.login.log_in("alice", "hatter-7").await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::InvalidCredentials);
    assert_eq!(
        refused.to_string(),
        "the server refused the login: credentials_invalid"
    );
    assert_eq!(world.me().await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_logout_that_does_not_get_through_can_be_tried_again() {
    let world = World::new().await;
    world.line.faults("/auth/logout", [Fault::Silence]);
    world.login.log_out().await.unwrap_err();
    assert_eq!(world.me().await.unwrap(), 200);
    world.login.log_out().await.unwrap();
    assert!(world.me().await.is_err());
}
