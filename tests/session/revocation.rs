//! A session that was ended stays ended: over a restart, in other processes, and for the whole life
//! of its access tokens.

use support::{Call, HOUR, Login, MINUTE, SECOND};
use tower_bearer::store::REVOCATION_RETENTION;
use tower_bearer::{MemoryStore, SessionPolicy};

// requirement 53
#[tokio::test]
async fn a_logout_is_remembered_over_a_restart() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login.log_out(&tokens.refresh).await;
    let login = login.restarted();
    login
        .me(&tokens.access)
        .await
        .assert_invalid_token("session_revoked");
    login
        .refresh(&tokens.refresh)
        .await
        .assert_invalid_grant("session_revoked");
}

// requirement 53
#[tokio::test]
async fn what_another_process_ended_is_ended_here() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let other = login.restarted();
    let all = [login.log_in("alice").await, other.log_in("alice").await];
    login.log_out(&tokens.access).await;
    login
        .sessions
        .log_out_everywhere(&"alice".into())
        .await
        .unwrap();
    for tokens in all.iter().chain([&tokens]) {
        other
            .me(&tokens.access)
            .await
            .assert_invalid_token("session_revoked");
        other
            .refresh(&tokens.refresh)
            .await
            .assert_invalid_grant("session_revoked");
    }
}

// requirements 19, 53
#[tokio::test]
async fn reuse_is_noticed_across_processes() {
    let login = Login::new();
    let other = login.restarted();
    let first = login.log_in("alice").await;
    let second = other.refresh(&first.refresh).await.tokens();
    other.confirm(&second).await;
    login.clock.advance(MINUTE);
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("refresh_reused");
    other
        .refresh(&second.refresh)
        .await
        .assert_invalid_grant("session_revoked");
}

// requirement 53
#[tokio::test]
async fn a_session_that_a_backup_brought_back_is_ended_again() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login.log_out(&tokens.refresh).await;
    login.store.resurrect();
    login.store.take_calls();
    login
        .refresh(&tokens.refresh)
        .await
        .assert_invalid_grant("session_revoked");
    assert!(login.store.take_calls().contains(&Call::Revoke));
    login
        .me(&tokens.access)
        .await
        .assert_invalid_token("session_revoked");
}

// requirement 53
#[tokio::test]
async fn the_longest_access_token_stays_dead_for_its_whole_life_and_the_leeway() {
    let policy = SessionPolicy::default().with_access_token_lifetime(24 * HOUR);
    let login = Login::built(MemoryStore::new(), |sessions| {
        sessions.policy(policy).leeway(5 * MINUTE)
    });
    let tokens = login.log_in("alice").await;
    login.log_out(&tokens.refresh).await;
    login.clock.advance(24 * HOUR + 5 * MINUTE - SECOND);
    // Old entries are removed when a new one is added.
    let other = login.log_in("bob").await;
    login.log_out(&other.refresh).await;
    login.sessions.delete_expired().await.unwrap();
    login
        .me(&tokens.access)
        .await
        .assert_invalid_token("session_revoked");
    login.clock.advance(SECOND);
    login
        .me(&tokens.access)
        .await
        .assert_invalid_token("token_expired");
    assert!(REVOCATION_RETENTION >= 24 * HOUR + 5 * MINUTE);
}
