//! The lifetime of a session, for any number of refreshes and any change of the clock.

use std::time::Duration;

use support::{Accounts, DAY, HOUR, Login, MILLISECOND, MINUTE, SECOND, claims_of};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{ConfigError, MemoryStore, SessionPolicy, Sessions};

fn built(policy: SessionPolicy) -> Result<Sessions, ConfigError> {
    let sessions = TestTokens::new().sessions(Accounts::everybody(), MemoryStore::new());
    sessions.policy(policy).build()
}

// requirements 7, 20
#[tokio::test]
async fn a_session_that_is_unused_for_a_week_is_over() {
    let login = Login::new();
    let first = login.log_in("alice").await;
    login.clock.advance(7 * DAY - SECOND);
    let second = login.refresh(&first.refresh).await.tokens();
    // The week begins again with every refresh.
    login.clock.advance(7 * DAY - SECOND);
    let third = login.refresh(&second.refresh).await.tokens();
    login.clock.advance(7 * DAY);
    login
        .refresh(&third.refresh)
        .await
        .assert_invalid_grant("session_expired");
    assert!(
        login
            .sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .is_empty()
    );
}

// requirements 7, 20, 21
#[tokio::test]
async fn a_session_is_over_after_ninety_days_however_often_it_is_refreshed() {
    let login = Login::new();
    let mut tokens = login.log_in("alice").await;
    for _ in 0..89 {
        login.clock.advance(DAY);
        tokens = login.refresh(&tokens.refresh).await.tokens();
    }
    login.clock.advance(DAY - SECOND);
    tokens = login.refresh(&tokens.refresh).await.tokens();
    login.clock.advance(SECOND);
    login
        .refresh(&tokens.refresh)
        .await
        .assert_invalid_grant("session_expired");
}

// requirement 27
#[tokio::test]
async fn no_access_token_outlives_the_absolute_end_of_its_session() {
    let login = Login::new();
    let start = login.clock.now();
    let mut tokens = login.log_in("alice").await;
    for _ in 0..15 {
        login.clock.advance(6 * DAY - MINUTE);
        tokens = login.refresh(&tokens.refresh).await.tokens();
    }
    // Fifteen minutes before the end.
    let end = start + 90 * DAY;
    let claims = claims_of(&tokens.access);
    assert_eq!(claims["exp"].as_u64(), Some(end.as_secs()));
    assert_eq!(tokens.body["expires_in"].as_u64(), Some(15 * 60));
    assert_eq!(
        claims["auth_time"].as_u64(),
        Some(start.as_secs()),
        "the login, not the refresh"
    );
}

// requirements 20, 26
#[tokio::test]
async fn the_lifetime_that_is_told_shrinks_towards_the_end() {
    let login = Login::new();
    let mut tokens = login.log_in("alice").await;
    let told = |tokens: &support::Tokens| tokens.body["refresh_token_expires_in"].as_u64().unwrap();
    assert_eq!(told(&tokens), 7 * 86_400);
    for _ in 0..14 {
        login.clock.advance(6 * DAY);
        tokens = login.refresh(&tokens.refresh).await.tokens();
    }
    // Day 84: six days are left.
    assert_eq!(told(&tokens), 6 * 86_400);
    for name in ["refresh_token_timeout", "authorization_expires_in"] {
        assert_eq!(tokens.body[name], 6 * 86_400, "{name}");
    }
    // A repeat within the overlap does not begin the week again.
    let login = Login::new();
    let first = login.log_in("alice").await;
    let second = login.refresh(&first.refresh).await.tokens();
    login.clock.advance(10 * SECOND);
    assert_eq!(
        told(&login.refresh(&second.refresh).await.tokens()),
        7 * 86_400 - 10
    );
}

#[tokio::test]
async fn no_access_token_outlives_a_session_that_is_not_used() {
    // `with_access_token_lifetime`: "It never outlives its session."
    let policy = SessionPolicy::default().with_idle_timeout(5 * MINUTE);
    let login = Login::with_policy(policy);
    let tokens = login.log_in("alice").await;
    login.clock.advance(7 * MINUTE);
    login
        .refresh(&tokens.refresh)
        .await
        .assert_invalid_grant("session_expired");
    login
        .me(&tokens.access)
        .await
        .assert_invalid_token("token_expired");
}

#[tokio::test]
async fn an_access_token_ends_after_half_an_hour_and_the_leeway() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login.clock.advance(31 * MINUTE - SECOND);
    assert_eq!(login.me(&tokens.access).await.status, 200);
    login.clock.advance(SECOND);
    login
        .me(&tokens.access)
        .await
        .assert_invalid_token("token_expired");
}

#[tokio::test]
async fn the_policy_says_how_long_things_live() {
    let policy = SessionPolicy::default()
        .with_access_token_lifetime(5 * MINUTE)
        .with_idle_timeout(HOUR)
        .with_absolute_lifetime(2 * HOUR);
    let login = Login::with_policy(policy);
    let first = login.log_in("alice").await;
    assert_eq!(
        (
            first.body["expires_in"].as_u64(),
            first.body["refresh_token_expires_in"].as_u64()
        ),
        (Some(300), Some(3600))
    );
    assert_eq!(
        first.body["authorization_expires_in"].as_u64(),
        Some(2 * 3600)
    );
    login.clock.advance(HOUR - SECOND);
    let second = login.refresh(&first.refresh).await.tokens();
    login.clock.advance(HOUR);
    login
        .refresh(&second.refresh)
        .await
        .assert_invalid_grant("session_expired");
}

#[test]
fn a_policy_accepts_the_bounds_that_it_documents_and_nothing_beyond() {
    let policy = SessionPolicy::default();
    let bounds = [
        policy.with_access_token_lifetime(SECOND),
        policy.with_access_token_lifetime(24 * HOUR),
        policy.with_idle_timeout(SECOND),
        policy.with_absolute_lifetime(SECOND),
        policy.with_overlap(10 * MINUTE),
    ];
    for policy in bounds {
        built(policy).unwrap();
    }

    let access_token = "the lifetime of an access token is from one second to 24 hours";
    let idle = "the idle timeout of a session is at least one second";
    let absolute = "the absolute lifetime of a session is at least one second";
    let (day, ten) = (24 * HOUR + MILLISECOND, 10 * MINUTE + MILLISECOND);
    let mut beyond = vec![
        (policy.with_access_token_lifetime(day), access_token),
        (
            policy.with_overlap(ten),
            "the overlap is at most 10 minutes",
        ),
    ];
    for too_short in [Duration::ZERO, SECOND - MILLISECOND] {
        beyond.extend([
            (policy.with_access_token_lifetime(too_short), access_token),
            (policy.with_idle_timeout(too_short), idle),
            (policy.with_absolute_lifetime(too_short), absolute),
        ]);
    }
    for (policy, sentence) in beyond {
        assert_eq!(built(policy).unwrap_err().to_string(), sentence);
    }
}

#[test]
fn one_error_names_all_that_is_wrong_in_a_policy() {
    let policy = SessionPolicy::default()
        .with_idle_timeout(Duration::ZERO)
        .with_absolute_lifetime(Duration::ZERO)
        .with_overlap(HOUR);
    let error = built(policy).unwrap_err().to_string();
    assert!(error.starts_with("3 settings are wrong:"), "{error}");
}

#[tokio::test]
async fn a_clock_that_jumped_ahead_and_came_back_logs_nobody_out() {
    for jump in [6 * MINUTE, 6 * DAY, 365 * DAY] {
        let login = Login::new();
        let now = login.clock.now();
        let idle = login.log_in("alice").await;
        let first = login.log_in("bob").await;

        login.clock.jump(now + jump);
        let while_ahead = login.refresh(&first.refresh).await;
        let held = match while_ahead.status {
            200 => while_ahead.tokens(),
            // A year ahead all sessions seem to be over.
            _ => {
                while_ahead.assert_invalid_grant("session_expired");
                first
            }
        };
        login.clock.jump(now);

        // A client that did nothing meanwhile noticed nothing.
        login.refresh(&idle.refresh).await.tokens();
        // A client that refreshed meanwhile goes on, and goes on rotating.
        let next = login.refresh(&held.refresh).await.tokens();
        assert_ne!(next.refresh, held.refresh, "{jump:?}");
        login.clock.advance(MINUTE);
        assert_ne!(
            login.refresh(&next.refresh).await.tokens().refresh,
            next.refresh,
            "{jump:?}"
        );
    }
}

#[tokio::test]
async fn a_revoked_access_token_stays_dead_while_the_clock_jumps() {
    let login = Login::new();
    let now = login.clock.now();
    let tokens = login.log_in("alice").await;
    login.log_out(&tokens.refresh).await;
    login.clock.jump(now + 365 * DAY);
    let other = login.log_in("bob").await;
    login.log_out(&other.refresh).await;
    login
        .clock
        .jump(Timestamp::from_millis(now.as_millis() + 1));
    login
        .me(&tokens.access)
        .await
        .assert_invalid_token("session_revoked");
}
