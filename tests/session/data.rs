//! The data of a session: the application changes it, and reads it at the next refresh.

use support::{App, Call, DAY, MINUTE};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::{Grant, Identity, TokenResponse};

/// A session whose data, a tenant, is a claim of its access tokens.
async fn in_tenant(tenant: i64) -> (App, TokenResponse) {
    let app = App::new();
    app.users.authorize_as(|request| {
        let tenant: Option<i64> = request.session().data()?;
        Ok(Grant::new().with_claim("tenant", tenant).into())
    });
    let identity = Identity::new("alice").with_data(&tenant).unwrap();
    let tokens = app.sessions.start(identity).await.unwrap();
    (app, tokens)
}

async fn refreshed(app: &App, tokens: &TokenResponse) -> TokenResponse {
    app.clock.advance(MINUTE);
    let token = tokens.refresh_token().unwrap().clone();
    app.sessions.refresh(token).await.unwrap()
}

#[track_caller]
fn assert_tenant(tokens: &TokenResponse, tenant: i64) {
    assert_eq!(
        tokens.claims().claim::<i64>("tenant").unwrap(),
        Some(tenant)
    );
}

#[tokio::test]
async fn the_next_access_token_has_the_new_tenant() {
    let (app, tokens) = in_tenant(1).await;
    assert_tenant(&tokens, 1);
    app.sessions
        .set_data(tokens.claims(), &2_i64)
        .await
        .unwrap();
    let tokens = refreshed(&app, &tokens).await;
    assert_tenant(&tokens, 2);
    assert_tenant(&refreshed(&app, &tokens).await, 2);
}

/// A refresh is quicker: the data is written over its row, and nothing of the refresh is lost.
#[tokio::test]
async fn new_data_and_a_refresh_at_the_same_moment_both_count() {
    let (app, tokens) = in_tenant(1).await;
    let pause = app.store.pause_at(Call::Replace);
    let setting = tokio::spawn({
        let (sessions, claims) = (app.sessions.clone(), tokens.claims().clone());
        async move { sessions.set_data(&claims, &2_i64).await }
    });
    pause.reached().await;
    let next = refreshed(&app, &tokens).await;
    pause.go_on();
    setting.await.unwrap().unwrap();
    assert_eq!(app.row(next.session_id()).await.parts().generation, 1);
    assert_tenant(&refreshed(&app, &next).await, 2);
}

#[tokio::test]
async fn data_that_is_too_large_and_a_session_that_has_ended_change_nothing() {
    let (app, tokens) = in_tenant(1).await;
    let kind = async |data: &str| {
        let set = app.sessions.set_data(tokens.claims(), data).await;
        set.unwrap_err().kind()
    };
    let large = "a".repeat(5000);
    assert_eq!(kind(&large).await, SessionErrorKind::Misconfigured);
    assert_tenant(&refreshed(&app, &tokens).await, 1);
    app.clock.advance(8 * DAY);
    assert_eq!(kind("2").await, SessionErrorKind::SessionExpired);
}
