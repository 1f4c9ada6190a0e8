//! Guesses at passwords are bounded at every door, and strangers do not lock the owner out.

mod doors;
mod lines;
mod mark_cookie;
mod marks;
mod other_sites;
mod proxies;
mod stored;
mod tenants;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;
use support::{App, Call, Received, StoreFault, form};
use tower_bearer::edge::ClientAddress;
use tower_bearer::throttle::LoginThrottle;
use tower_bearer::{Identity, MemoryStore, Outcome};

/// A login at `path`, from this address.
fn attempt(path: &str, fields: &[(&str, &str)], from: &str) -> Request<Body> {
    let mut request = form(path, fields);
    let address: IpAddr = from.parse().unwrap();
    request.extensions_mut().insert(ClientAddress::new(address));
    request
}

fn login(name: &str, password: &str, from: &str) -> Request<Body> {
    attempt(
        "/login",
        &[("username", name), ("password", password)],
        from,
    )
}

fn retry_after(answer: &Received) -> u64 {
    let seconds = answer.headers["retry-after"].to_str().unwrap();
    seconds.parse().unwrap()
}

#[track_caller]
fn assert_throttled(answer: &Received) {
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(retry_after(answer) > 0);
    let body = json!({
        "error": "temporarily_unavailable",
        "error_description": "too many attempts: wait before the next one",
        "reason": "too_many_attempts",
    });
    assert_eq!(answer.json(), body);
    answer.assert_not_stored();
}

// requirement 15
// requirement 71
#[tokio::test]
async fn the_sixth_wrong_password_from_a_network_is_refused_before_it_is_looked_at() {
    let (app, looked) = (App::new(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&looked);
    app.users.authenticate_as(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Outcome::invalid_credentials()
    });
    for _ in 0..5 {
        let answer = app.send(login("alice", "guessed", "203.0.113.7")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    for _ in 0..3 {
        let answer = app.send(login("alice", "guessed", "203.0.113.7")).await;
        assert_throttled(&answer);
    }
    assert_eq!(looked.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn after_retry_after_there_is_one_more_attempt() {
    let app = App::new();
    let mut answer = app.send(login("alice", "guessed", "203.0.113.7")).await;
    while answer.status == StatusCode::BAD_REQUEST {
        answer = app.send(login("alice", "guessed", "203.0.113.7")).await;
    }
    let seconds = retry_after(&answer);
    app.clock.advance(std::time::Duration::from_secs(seconds));
    let answer = app
        .send(login("alice", "wonderland-7", "203.0.113.7"))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn names_that_no_account_has_are_answered_alike() {
    let app = App::new();
    app.users
        .authenticate_as(|_| Outcome::invalid_credentials());
    for name in ["alice", "nobody-has-this-name"] {
        for _ in 0..5 {
            let answer = app.send(login(name, "guessed", "203.0.113.7")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
        }
        assert_throttled(&app.send(login(name, "guessed", "203.0.113.7")).await);
    }
}

#[tokio::test]
async fn spellings_of_one_name_share_their_budget() {
    let app = App::new();
    for name in ["alice", "Alice", "a.lice", "ALICE", "al-ice"] {
        let answer = app.send(login(name, "guessed", "203.0.113.7")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    assert_throttled(&app.send(login("aLiCe", "guessed", "203.0.113.7")).await);
}

#[tokio::test]
async fn three_hundred_right_logins_in_a_row_all_pass() {
    let app = App::new();
    for _ in 0..300 {
        let answer = app.send(login("alice", "wonderland-7", "127.0.0.1")).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_success_does_not_clear_what_was_guessed_before() {
    let app = App::new();
    for password in ["a", "b", "wonderland-7", "c", "d", "e"] {
        let answer = app.send(login("alice", password, "203.0.113.7")).await;
        let expected = if password == "wonderland-7" { 200 } else { 400 };
        assert_eq!(answer.status, expected, "{password}");
    }
    assert_throttled(&app.send(login("alice", "f", "203.0.113.7")).await);
}

#[tokio::test]
async fn without_the_throttle_every_password_is_looked_at() {
    let off = |sessions: tower_bearer::session::SessionsBuilder| {
        sessions.login_throttle(LoginThrottle::off())
    };
    let app = App::built(MemoryStore::new(), off);
    for _ in 0..100 {
        let answer = app.send(login("alice", "guessed", "203.0.113.7")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    let answer = app
        .send(login("alice", "wonderland-7", "203.0.113.7"))
        .await;
    assert_eq!(answer.json()["device_mark"], json!(null));
}

#[tokio::test]
async fn a_store_that_fails_lets_no_guess_pass() {
    for fault in [Call::Read, Call::Charge] {
        let (app, looked) = (App::new(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&looked);
        app.users.authenticate_as(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Identity::new("alice").into()
        });
        app.store.set_fault(Some(StoreFault::Of(fault)));
        let answer = app
            .send(login("alice", "wonderland-7", "203.0.113.7"))
            .await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
        assert_eq!(retry_after(&answer), 1);
        assert_eq!(looked.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test]
async fn an_attempt_whose_handler_panics_keeps_its_charge() {
    let app = App::new();
    app.users
        .authenticate_as(|_| panic!("the users table is gone"));
    let guess = || login("alice", "wonderland-7", "203.0.113.7");
    for _ in 0..5 {
        let endpoints = app.endpoints();
        let served = tokio::spawn(tower::ServiceExt::oneshot(endpoints, guess()));
        assert!(served.await.is_err());
    }
    assert_throttled(&app.send(guess()).await);
}

#[tokio::test]
async fn a_second_factor_that_is_missing_is_no_guess() {
    let app = App::new();
    app.users
        .authenticate_as(|_| Outcome::denied("code_required").with_valid_credentials());
    for _ in 0..50 {
        let answer = app
            .send(login("alice", "wonderland-7", "203.0.113.7"))
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    // A denial that does not say so is one.
    app.users.authenticate_as(|_| Outcome::denied("code_wrong"));
    for _ in 0..5 {
        let answer = app
            .send(login("alice", "wonderland-7", "203.0.113.7"))
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_throttled(
        &app.send(login("alice", "wonderland-7", "203.0.113.7"))
            .await,
    );
}

#[tokio::test]
async fn wrong_settings_are_named_when_the_sessions_are_built() {
    let tokens = tower_bearer::test_util::TestTokens::new();
    let sessions = tokens.sessions(support::Scripted::new(), MemoryStore::new());
    let throttle = LoginThrottle::default().slots(40).strangers_per_day(1);
    let error = sessions.login_throttle(throttle).build().unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("slots") && error.contains("strangers_per_day"),
        "{error}"
    );
}
