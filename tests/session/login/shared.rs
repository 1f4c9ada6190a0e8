//! Accounts that the sessions, the layer and the application's own handlers share.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::get;
use support::{bearer_of, with_authorization};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, CurrentUser, Grant, Identity, LoadUser,
    LoadUserRequest, Login, MemoryStore, Outcome, PasswordCredentials, SessionError,
};

/// It is not `Clone`.
#[derive(Default)]
struct Accounts {
    logins: AtomicUsize,
}

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = Infallible;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, Infallible> {
        self.logins.fetch_add(1, Ordering::Relaxed);
        Ok(match login.password() {
            "wonderland-7" => Identity::new(login.username()).into(),
            _ => Outcome::invalid_credentials(),
        })
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().into())
    }
}

impl LoadUser for Accounts {
    type User = usize;
    type Error = Infallible;

    async fn load_user(&self, _: LoadUserRequest<'_>) -> Result<Option<usize>, Infallible> {
        Ok(Some(self.logins.load(Ordering::Relaxed)))
    }
}

#[tokio::test]
async fn one_arc_of_accounts_serves_sessions_layer_and_application() {
    let accounts = Arc::new(Accounts::default());
    let sessions = TestTokens::new().sessions(Arc::clone(&accounts), MemoryStore::new());
    let sessions = sessions.build().unwrap();
    let login = |password| Login::new(PasswordCredentials::new("alice", password));
    let tokens = sessions.log_in(login("wonderland-7")).await.unwrap();
    let error = sessions.log_in(login("hunter-2")).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::InvalidCredentials);
    let layer = sessions.layer().with_user_loader(Arc::clone(&accounts));
    let route = get(async |CurrentUser(logins): CurrentUser<usize>| logins.to_string());
    let app = Router::new().route("/me", route).route_layer(layer);
    let mut request = with_authorization(&bearer_of(&tokens));
    *request.uri_mut() = "/me".parse().unwrap();
    let answer = tower::ServiceExt::oneshot(app, request.map(axum::body::Body::new))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(accounts.logins.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_accounts_decide_can_be_asked_in_a_test() {
    let accounts = Accounts::default();
    let login = |password| Login::new(PasswordCredentials::new("alice", password));
    let right = accounts.authenticate(login("wonderland-7")).await.unwrap();
    assert_eq!(
        right.identity().map(|identity| identity.subject().as_str()),
        Some("alice")
    );
    assert_eq!(right.reason(), None);
    let wrong = accounts.authenticate(login("hunter-2")).await.unwrap();
    assert!(wrong.identity().is_none() && wrong.reason().is_none());
    let denied = Outcome::denied("email_unverified").with_valid_credentials();
    assert!(denied.identity().is_none());
    assert_eq!(denied.reason(), Some("email_unverified"));
    for (authorization, is_granted, reason) in [
        (Authorization::from(Grant::new()), true, None),
        (Authorization::gone(), false, None),
        (
            Authorization::not_now("suspended"),
            false,
            Some("suspended"),
        ),
    ] {
        assert_eq!(authorization.grant().is_some(), is_granted);
        assert_eq!(authorization.reason(), reason);
    }
}

#[test]
fn an_error_of_each_kind_can_be_made_for_a_test_of_a_rejection() {
    for (kind, status, reason) in [
        (
            SessionErrorKind::TooManyAttempts,
            429,
            Some("too_many_attempts"),
        ),
        (
            SessionErrorKind::SessionRevoked,
            400,
            Some("session_revoked"),
        ),
        (
            SessionErrorKind::RefreshTokenReused,
            400,
            Some("refresh_reused"),
        ),
        (SessionErrorKind::Denied, 403, None),
        (SessionErrorKind::Unavailable, 503, None),
    ] {
        let error = SessionError::from(kind);
        assert_eq!((error.kind(), error.status().as_u16()), (kind, status));
        assert_eq!(error.reason(), reason, "{kind:?}");
    }
}
