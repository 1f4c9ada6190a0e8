//! Guesses at one process count at another, through PostgreSQL and through Redis, over HTTP.

use http::StatusCode;
use support::{Received, Scripted, form};
use tower::ServiceExt;
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::store::SessionStore;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{AuthEndpoints, Secret};

/// The endpoints of two processes, which are handles of one place.
fn processes(stores: [impl SessionStore; 2]) -> [AuthEndpoints; 2] {
    // The clock of the server counts.
    let tokens = TestTokens::with_clock(ManualClock::at(SystemClock.now()));
    let secret = Secret::random().unwrap();
    stores.map(|store| {
        let sessions = tokens.sessions(Scripted::new(), store);
        sessions.secret(secret.clone()).build().unwrap().endpoints()
    })
}

async fn log_in(process: &AuthEndpoints, fields: &[(&str, &str)]) -> Received {
    Received::read(process.clone().oneshot(form("/login", fields))).await
}

/// The two stores are handles of two processes on one place.
pub(crate) async fn counts_at_both_processes(stores: [impl SessionStore; 2]) {
    let processes = processes(stores);
    let right = [("username", "alice"), ("password", "wonderland-7")];
    let wrong = [("username", "alice"), ("password", "guessed")];
    let known = log_in(&processes[0], &right).await;
    assert_eq!(known.status, StatusCode::OK);
    let mark = known.json()["device_mark"].as_str().unwrap().to_owned();

    // The address of these clients is not known, so they are one stranger, who has 30 at once.
    let mut judged = 0;
    let refused = loop {
        let answer = log_in(&processes[judged % 2], &wrong).await;
        if answer.status != StatusCode::BAD_REQUEST {
            break answer;
        }
        judged += 1;
    };
    assert_eq!((refused.status, judged), (429, 30));
    for process in &processes {
        let answer = log_in(process, &right).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    }
    // The mark of one process is known at the other.
    let [name, password] = right;
    let marked = [name, password, ("device_mark", &*mark)];
    let answer = log_in(&processes[1], &marked).await;
    assert_eq!(answer.status, StatusCode::OK);
}
