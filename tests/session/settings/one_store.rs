//! Two applications on one store, such as staging and production: whatever one does, the other does
//! not notice.

use serde_json::json;
use support::{DAY, MINUTE, Received, ask, bearer_of, log_in, signed_in};
use tower::ServiceExt;
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::{Identity, Sessions, TokenResponse};

use super::issuers::{House, alice, count, refresh_token};

/// The names of the second application. The first is `https://app.example.com`, `app`.
const OTHERS: [(&str, &str); 3] = [
    ("https://staging.example.com", "app"),
    ("https://app.example.com", "staging"),
    ("https://staging.example.com", "staging"),
];

async fn assert_lives(sessions: &Sessions, tokens: &TokenResponse) -> TokenResponse {
    ask(&sessions.layer(), &bearer_of(tokens))
        .await
        .assert_passed("alice");
    assert_eq!(count(sessions).await, 1);
    sessions.refresh(refresh_token(tokens)).await.unwrap()
}

#[tokio::test]
async fn whatever_one_application_does_the_other_does_not_notice() {
    for (issuer, audience) in OTHERS {
        let house = House::new();
        let ours = house.sessions("https://app.example.com", "app");
        let theirs = house.sessions(issuer, audience);
        let their = log_in(&theirs, "alice").await;

        // Every way in which a session ends here.
        let first = log_in(&ours, "alice").await;
        house.clock.advance(MINUTE);
        let second = ours.refresh(refresh_token(&first)).await.unwrap();
        ask(&ours.layer(), &bearer_of(&second))
            .await
            .assert_passed("alice");
        ours.flush().await.unwrap();
        house.clock.advance(MINUTE);
        let reused = ours.refresh(refresh_token(&first)).await.unwrap_err();
        assert_eq!(reused.kind(), SessionErrorKind::RefreshTokenReused);
        let mine = log_in(&ours, "alice").await;
        ours.log_out(mine.access_token().secret()).await.unwrap();
        let mine = log_in(&ours, "alice").await;
        ours.log_out_others(mine.claims()).await.unwrap();
        ours.log_out_everywhere(&alice()).await.unwrap();
        log_in(&ours, "alice").await;
        // One was reused, two were logged out, and one is new.
        assert_eq!(ours.erase(&alice()).await.unwrap().sessions(), 4);
        ours.delete_expired().await.unwrap();
        assert_lives(&theirs, &their).await;

        // And the other way round.
        let mine = log_in(&ours, "alice").await;
        assert_eq!(theirs.erase(&alice()).await.unwrap().sessions(), 1);
        assert_lives(&ours, &mine).await;
    }
}

// requirement 9
#[tokio::test]
async fn a_token_of_the_other_application_is_refused_in_every_call() {
    for (issuer, audience) in OTHERS {
        let house = House::new();
        let ours = house.sessions("https://app.example.com", "app");
        let theirs = house.sessions(issuer, audience);
        let their = log_in(&theirs, "alice").await;
        ask(&ours.layer(), &bearer_of(&their)).await.assert_refused(
            401,
            "invalid_token",
            "token_invalid",
        );
        let refused = ours.refresh(refresh_token(&their)).await.unwrap_err();
        assert_eq!(refused.kind(), SessionErrorKind::InvalidToken);
        // Claims of a verifier that accepts both do not help either.
        let set = ours.set_stamp(their.claims(), 7).await.unwrap_err();
        assert_eq!(set.kind(), SessionErrorKind::InvalidToken);
        let ended = ours.revoke(&alice(), their.session_id()).await.unwrap();
        assert!(!ended.any());
        let replaces = Identity::new("alice").replacing(refresh_token(&their).secret());
        ours.start(replaces).await.unwrap();
        assert_lives(&theirs, &their).await;
    }
}

async fn send(sessions: &Sessions, method: &str, path: &str, tokens: &TokenResponse) -> Received {
    let request = signed_in(method, path, tokens.access_token().secret());
    Received::read(sessions.endpoints().oneshot(request)).await
}

/// Asserts that `GET /sessions` shows this session, and no other.
async fn assert_lists_only(sessions: &Sessions, tokens: &TokenResponse) {
    let list = send(sessions, "GET", "/sessions", tokens).await;
    assert_eq!(list.status, 200, "{list:?}");
    let body = list.json();
    let [session] = &body["sessions"].as_array().unwrap()[..] else {
        panic!("{body}")
    };
    assert_eq!(session["id"], json!(tokens.session_id().to_string()));
    assert_eq!(session["current"], true);
}

// requirement 9
#[tokio::test]
async fn the_endpoints_of_one_application_neither_show_nor_end_sessions_of_the_other() {
    for (issuer, audience) in OTHERS {
        let house = House::new();
        let first = house.sessions("https://app.example.com", "app");
        let second = house.sessions(issuer, audience);
        for (ours, theirs) in [(&first, &second), (&second, &first)] {
            let (mine, their) = (log_in(ours, "alice").await, log_in(theirs, "alice").await);
            assert_lists_only(ours, &mine).await;
            assert_lists_only(theirs, &their).await;

            // A token of the other application lists and ends nothing here.
            for (method, path) in [("GET", "/sessions"), ("POST", "/logout-everywhere")] {
                send(ours, method, path, &their)
                    .await
                    .assert_invalid_token("token_invalid");
            }
            let path = format!("/sessions/{}", their.session_id());
            send(ours, "DELETE", &path, &mine)
                .await
                .assert_error(404, "invalid_request", None);
            assert_lists_only(ours, &mine).await;
            assert_lists_only(theirs, &their).await;

            let out = send(ours, "POST", "/logout-everywhere", &mine).await;
            assert_eq!((out.status, out.json()), (200, json!({})));
            for (method, path) in [("GET", "/sessions"), ("POST", "/logout-everywhere")] {
                send(ours, method, path, &mine)
                    .await
                    .assert_invalid_token("session_revoked");
            }
            assert_eq!(count(ours).await, 0);
            assert_lists_only(theirs, &their).await;
            let their = assert_lives(theirs, &their).await;

            let out = send(theirs, "POST", "/logout-everywhere", &their).await;
            assert_eq!((out.status, out.json()), (200, json!({})));
        }
    }
}

/// Each application deletes what has ended long ago, whose ever it is, and nothing else.
#[tokio::test]
async fn the_clean_up_of_one_application_leaves_what_lives_in_the_other() {
    for (issuer, audience) in OTHERS {
        let house = House::new();
        let ours = house.sessions("https://app.example.com", "app");
        let theirs = house.sessions(issuer, audience);
        let mut their = log_in(&theirs, "alice").await;
        for _ in 0..20 {
            house.clock.advance(4 * DAY);
            their = theirs.refresh(refresh_token(&their)).await.unwrap();
            ours.delete_expired().await.unwrap();
        }
        assert_lives(&theirs, &their).await;
    }
}

/// "Remember me" is a matter of one login: sessions of the same user differ.
#[tokio::test]
async fn each_login_has_its_own_lifetime() {
    let house = House::new();
    let sessions = house.sessions("https://app.example.com", "app");
    let start = async |identity: Identity| sessions.start(identity).await.unwrap();
    let remembered = Identity::new("alice").with_idle_timeout(30 * DAY);
    let remembered = start(remembered).await;
    let forgotten = start(Identity::new("alice").until_browser_closes()).await;
    let short = Identity::new("alice")
        .with_idle_timeout(60 * MINUTE)
        .with_absolute_lifetime(DAY);
    let mut short = start(short).await;
    assert!(forgotten.is_until_browser_closes());
    assert!(!remembered.is_until_browser_closes());
    assert_eq!(count(&sessions).await, 3);

    for _ in 0..28 {
        house.clock.advance(50 * MINUTE);
        short = sessions.refresh(refresh_token(&short)).await.unwrap();
    }
    assert_eq!(expired(&sessions, &short, 60 * MINUTE, &house).await, 2);
    assert_eq!(expired(&sessions, &forgotten, 6 * DAY, &house).await, 1);
    house.clock.advance(22 * DAY);
    sessions.refresh(refresh_token(&remembered)).await.unwrap();
}

/// Asserts that the session is over after this time, and returns how many are left.
async fn expired(
    sessions: &Sessions,
    tokens: &TokenResponse,
    after: std::time::Duration,
    house: &House,
) -> usize {
    house.clock.advance(after);
    let token: RefreshToken = refresh_token(tokens);
    let refused = sessions.refresh(token).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::SessionExpired);
    count(sessions).await
}
