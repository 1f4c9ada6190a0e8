//! What a gRPC client reads of a refusal beside its status: the reason, and when to try again.

use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use support::send;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, BearerError, LoadUser, LoadUserRequest};

use super::{assert_grpc, call};

#[tokio::test]
async fn the_reason_is_that_of_a_plain_answer() {
    let tokens = TestTokens::new();
    let plain = BearerAuthLayer::new(tokens.verifier()).require_scope("admin");
    let grpc = plain.clone().grpc();
    let expired = tokens.expired_bearer("alice");
    let scoped = tokens.bearer("alice");
    for authorization in [None, Some("Bearer abc"), Some(&expired), Some(&scoped)] {
        let plain = send(&plain, call(authorization)).await;
        let grpc = send(&grpc, call(authorization)).await;
        let reason = plain.json()["reason"].as_str().unwrap().to_owned();
        assert_eq!(grpc.headers["error-reason"], reason);
    }
}

#[tokio::test]
async fn the_applications_own_status_and_pause_are_kept() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).grpc();
    for (status, code) in [
        (401, "16"),
        (402, "7"),
        (403, "7"),
        (404, "5"),
        (409, "10"),
        (429, "8"),
        (500, "13"),
        (503, "14"),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let refusing = layer.clone().require(move |_| {
            let error = BearerError::denied("über quota").with_status(status);
            Err(error.with_retry_after(Duration::from_millis(6500)).into())
        });
        let answer = send(&refusing, call(Some(&tokens.bearer("alice")))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["grpc-status"], code, "{status}");
        assert_eq!(answer.headers["error-reason"], "%C3%BCber quota");
        assert_eq!(answer.headers[RETRY_AFTER], "7");
    }
}

/// A loader that cannot ask its users, or refuses them.
struct Users(fn() -> BearerError);

impl LoadUser for Users {
    type User = ();
    type Error = BearerError;

    async fn load_user(&self, _: LoadUserRequest<'_>) -> Result<Option<()>, BearerError> {
        Err((self.0)())
    }
}

#[tokio::test]
async fn a_loader_that_refuses_is_no_loader_that_is_down() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).grpc();
    let alice = tokens.bearer("alice");
    let suspended = Users(|| BearerError::denied("suspended"));
    let refused = layer.clone().with_user_loader(suspended);
    let refused = send(&refused, call(Some(&alice))).await;
    assert_grpc(&refused, "7", None);
    assert_eq!(refused.headers["error-reason"], "suspended");
    let down = layer.with_user_loader(Users(|| BearerError::unavailable("db-7 is down")));
    let down = send(&down, call(Some(&alice))).await;
    assert_grpc(&down, "14", None);
    assert_eq!(down.headers[RETRY_AFTER], "1");
}
