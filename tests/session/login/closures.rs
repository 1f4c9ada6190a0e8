//! Users as closures: `authenticate_fn` and `authorize_fn`.

use support::Received;
use tower::ServiceExt;
use tower_bearer::session::{authenticate_fn, authorize_fn};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authorization, AuthorizeRequest, BoxError, Grant, Identity, Login, MemoryStore, Outcome,
    PasswordCredentials,
};

#[tokio::test]
async fn two_closures_log_users_in_and_say_what_they_may_do() {
    let users = [("alice", "wonderland-7")];
    let accounts = authenticate_fn(
        move |login: Login<PasswordCredentials>| async move {
            let is_known = users.contains(&(login.username(), login.password()));
            Ok::<Outcome, BoxError>(is_known.then(|| Identity::new(login.username())).into())
        },
        |request: AuthorizeRequest<'_>| {
            let subject = request.session().subject().clone();
            async move { Ok(Grant::new().with_claim("me", subject).into()) }
        },
    );
    let tokens = TestTokens::new();
    let sessions = tokens
        .sessions(accounts, MemoryStore::new())
        .build()
        .unwrap();
    let log_in = |name: &str, password: &str| {
        let credentials = PasswordCredentials::new(name, password);
        sessions.log_in(Login::new(credentials))
    };
    let alice = log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(
        alice.claims().claim::<String>("me").unwrap().unwrap(),
        "alice"
    );
    let error = log_in("alice", "wrong").await.unwrap_err();
    assert_eq!(error.reason(), Some("credentials_invalid"));
}

#[tokio::test]
async fn one_closure_is_enough_where_handlers_log_users_in() {
    let accounts = authorize_fn(|_| async { Ok::<Authorization, BoxError>(Grant::new().into()) });
    let tokens = TestTokens::new();
    let sessions = tokens
        .sessions(accounts, MemoryStore::new())
        .build()
        .unwrap();
    let alice = sessions.start(Identity::new("alice")).await.unwrap();
    assert!(
        sessions
            .refresh(alice.refresh_token().unwrap().clone())
            .await
            .is_ok()
    );
    let login = Received::read(sessions.endpoints().oneshot(support::log_in_form())).await;
    assert_eq!(login.status, 404);
}
