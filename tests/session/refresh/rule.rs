//! The rule of rotation, through `POST /auth/refresh`: honest users stay logged in, and theft is
//! noticed.

use std::time::Duration;

use support::{HOUR, Login, MINUTE, SECOND, claims_of};
use tower_bearer::SessionPolicy;

use super::rotated;

// requirement 18
#[tokio::test]
async fn a_refresh_rotates_the_token_and_keeps_the_session() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.access, second.access);
    assert_eq!(
        claims_of(&first.access)["sid"],
        claims_of(&second.access)["sid"]
    );
    assert_eq!(
        (
            claims_of(&first.access)["gen"].as_u64(),
            claims_of(&second.access)["gen"].as_u64()
        ),
        (Some(0), Some(1))
    );
    assert_eq!(
        (
            second.body["expires_in"].as_u64(),
            second.body["refresh_token_expires_in"].as_u64()
        ),
        (Some(1800), Some(604_800))
    );
    assert_eq!(login.me(&second.access).await.status, 200);
    // The access token from before goes on until it expires.
    assert_eq!(login.me(&first.access).await.status, 200);
}

#[tokio::test]
async fn the_current_token_stays_current_within_the_overlap() {
    let login = Login::new();
    let (_, second) = rotated(&login).await;
    // A client that presents a token holds it: that is written once.
    let _ = login.refresh(&second.refresh).await.tokens();
    let before = login.row(&second).await;
    assert!(before.parts().confirmed);
    for _ in 0..3 {
        login.clock.advance(9 * SECOND);
        let again = login.refresh(&second.refresh).await.tokens();
        assert_eq!(again.refresh, second.refresh);
        assert_ne!(again.access, second.access);
    }
    assert_eq!(login.row(&second).await, before, "no write");
    login.clock.advance(3 * SECOND);
    assert_ne!(
        login.refresh(&second.refresh).await.tokens().refresh,
        second.refresh
    );
}

#[tokio::test]
async fn the_token_before_gets_the_identical_successor_within_the_overlap() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    // Confirmed, so that only the overlap speaks for it.
    login.confirm(&second).await;
    for _ in 0..3 {
        login.clock.advance(10 * SECOND);
        assert_eq!(
            login.refresh(&first.refresh).await.tokens().refresh,
            second.refresh
        );
    }
    login.clock.advance(SECOND / 1000);
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("refresh_reused");
}

// requirements 7, 18, 19, 53
#[tokio::test]
async fn a_reused_refresh_token_ends_the_session() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    login.confirm(&second).await;
    login.clock.advance(MINUTE);
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("refresh_reused");

    // All tokens of the session are revoked: both refresh tokens, both access tokens.
    for dead in [&first, &second] {
        login
            .refresh(&dead.refresh)
            .await
            .assert_invalid_grant("session_revoked");
        login
            .me(&dead.access)
            .await
            .assert_invalid_token("session_revoked");
    }
    assert!(
        login
            .sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .is_empty()
    );
}

// requirement 19
#[tokio::test]
async fn a_token_two_generations_old_ends_the_session_though_nothing_was_confirmed() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    login.clock.advance(MINUTE);
    let third = login.refresh(&second.refresh).await.tokens();
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("refresh_reused");
    login
        .refresh(&third.refresh)
        .await
        .assert_invalid_grant("session_revoked");
}

// requirement 19
#[tokio::test]
async fn reuse_ends_no_other_session_of_the_user() {
    let login = Login::new();
    let other = login.log_in("alice").await;
    let (first, second) = rotated(&login).await;
    login.confirm(&second).await;
    login.clock.advance(MINUTE);
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("refresh_reused");
    assert_eq!(login.me(&other.access).await.status, 200);
    login.refresh(&other.refresh).await.tokens();
}

#[tokio::test]
async fn a_client_that_lost_the_answer_may_come_back_hours_later() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    login.clock.advance(6 * HOUR);
    let recovered = login.refresh(&first.refresh).await.tokens();
    assert_eq!(recovered.refresh, second.refresh);
    // The overlap is open again, and the session goes on.
    assert_eq!(
        login.refresh(&first.refresh).await.tokens().refresh,
        second.refresh
    );
    login.clock.advance(MINUTE);
    assert_ne!(
        login.refresh(&second.refresh).await.tokens().refresh,
        second.refresh
    );
}

#[tokio::test]
async fn a_repeat_that_is_not_confirmed_opens_the_overlap_again() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    login.clock.advance(20 * SECOND);
    assert_eq!(
        login.refresh(&first.refresh).await.tokens().refresh,
        second.refresh
    );
    login.clock.advance(20 * SECOND);
    // Forty seconds after the rotation, twenty after the repeat: still the same token.
    assert_eq!(
        login.refresh(&second.refresh).await.tokens().refresh,
        second.refresh
    );
}

// requirements 18, 19
#[tokio::test]
async fn no_overlap_is_strict_single_use() {
    let login = Login::with_policy(SessionPolicy::default().with_overlap(Duration::ZERO));
    let (first, second) = rotated(&login).await;
    let third = login.refresh(&second.refresh).await.tokens();
    assert_ne!(second.refresh, third.refresh);
    // At once, and without a confirmation: a second use is a second use.
    login
        .refresh(&second.refresh)
        .await
        .assert_invalid_grant("refresh_reused");
    for token in [first, second, third] {
        login
            .refresh(&token.refresh)
            .await
            .assert_invalid_grant("session_revoked");
    }
}

// requirement 19
#[tokio::test]
async fn a_thief_who_never_uses_an_access_token_is_seen_after_at_most_eight_generations() {
    let login = Login::new();
    // The thief has a copy and goes first; the owner, who has seen no new token, comes an hour
    // later and gets the same.
    let mut current = login.log_in("alice").await;
    for generation in 1.. {
        assert!(generation <= 8, "a thief went unseen");
        let stolen = login.refresh(&current.refresh).await.tokens();
        login.clock.advance(HOUR);
        let answer = login.refresh(&current.refresh).await;
        if answer.status != 200 {
            answer.assert_invalid_grant("refresh_reused");
            login
                .refresh(&stolen.refresh)
                .await
                .assert_invalid_grant("session_revoked");
            break;
        }
        assert_eq!(answer.tokens().refresh, stolen.refresh);
        current = stolen;
        login.clock.advance(HOUR);
    }
}

#[tokio::test]
async fn a_phone_that_loses_seven_answers_in_a_row_is_still_logged_in() {
    let login = Login::new();
    let mut current = login.log_in("alice").await;
    for _ in 0..7 {
        login.refresh(&current.refresh).await.tokens();
        // However often it asks for the same one.
        for _ in 0..10 {
            login.clock.advance(HOUR);
            login.refresh(&current.refresh).await.tokens();
        }
        current = login.refresh(&current.refresh).await.tokens();
        login.clock.advance(HOUR);
    }
    // A refresh that gets through at once sets the count back.
    current = login.refresh(&current.refresh).await.tokens();
    login.clock.advance(HOUR);
    let next = login.refresh(&current.refresh).await.tokens();
    login.clock.advance(HOUR);
    assert_eq!(
        login.refresh(&current.refresh).await.tokens().refresh,
        next.refresh
    );
}

#[tokio::test]
async fn a_row_that_lost_writes_is_healed_by_the_token_that_the_client_holds() {
    let login = Login::new();
    let (first, _) = rotated(&login).await;
    let backup = login.row(&first).await;
    login.clock.advance(MINUTE);
    let second = login
        .refresh(&login.refresh(&first.refresh).await.tokens().refresh)
        .await
        .tokens();
    login.clock.advance(MINUTE);
    let third = login.refresh(&second.refresh).await.tokens();

    // The same server, with its store as it was at the backup.
    let mut parts = login.row(&third).await.into_parts();
    parts.revision += 1;
    (parts.generation, parts.rotated_at) = (backup.parts().generation, backup.parts().rotated_at);
    assert!(
        login
            .store
            .inner()
            .replace(&tower_bearer::store::Session::from_parts(parts))
            .await
            .unwrap()
    );
    let healed = login.refresh(&third.refresh).await.tokens();
    assert_eq!(healed.refresh, third.refresh);
    assert_eq!(login.row(&third).await.parts().generation, 2);
}
