//! Support that acts as a user, as `docs/guide/accounts.md` has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use support::{App, DAY, HOUR, MINUTE, ask, bearer_of};
use tower_bearer::clock::Timestamp;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::{Authorization, Grant, Identity, SessionError, TokenResponse};

#[derive(Default, Serialize, Deserialize)]
struct Facts {
    admin: Option<i64>,
    tenant: Option<i64>,
}

/// An application where support may act as users for as long as the switch is on.
fn with_support() -> (App, Arc<AtomicBool>) {
    let (app, may) = (App::new(), Arc::new(AtomicBool::new(true)));
    let is_allowed = Arc::clone(&may);
    app.users.authorize_as(move |request| {
        let grant = Grant::new().with_stamp(7);
        let facts: Facts = request.session().data()?.unwrap_or_default();
        Ok(match facts.admin {
            None => grant.into(),
            Some(admin) if is_allowed.load(Ordering::SeqCst) => {
                grant.with_claim("impersonator", admin).into()
            }
            Some(_) => Authorization::gone(),
        })
    });
    (app, may)
}

async fn act_as_alice(app: &App) -> TokenResponse {
    let identity = Identity::new("alice")
        .with_stamp(7)
        .with_data(&Facts {
            admin: Some(1),
            tenant: None,
        })
        .unwrap()
        .with_device("support")
        .with_absolute_lifetime(HOUR)
        .with_authenticated_at(Timestamp::from_secs(0));
    app.sessions.start(identity).await.unwrap()
}

async fn switch(app: &App, tokens: &TokenResponse, tenant: i64) {
    let facts = Facts {
        admin: impersonator(tokens),
        tenant: Some(tenant),
    };
    app.sessions
        .set_data(tokens.claims(), &facts)
        .await
        .unwrap();
}

fn impersonator(tokens: &TokenResponse) -> Option<i64> {
    tokens.claims().claim("impersonator").unwrap()
}

async fn refreshed(app: &App, tokens: &TokenResponse) -> Result<TokenResponse, SessionError> {
    let token = tokens.refresh_token().unwrap().clone();
    app.sessions.refresh(token).await
}

#[tokio::test]
async fn support_is_the_user_but_not_in_person() {
    let (app, _) = with_support();
    let recent = app.layer().require_max_age(3650 * DAY);
    let in_person = app
        .layer()
        .require(|claims| Ok(claims.claim::<i64>("impersonator")?.is_none()));

    let support = bearer_of(&act_as_alice(&app).await);
    ask(&app.layer(), &support).await.assert_passed("alice");
    let refused = ask(&recent, &support).await;
    let (error, reason) = ("insufficient_user_authentication", "authentication_too_old");
    refused.assert_refused(401, error, reason);
    let refused = ask(&in_person, &support).await;
    refused.assert_error(403, "access_denied", Some("denied"));

    let alice = Identity::new("alice").with_stamp(7);
    let alice = bearer_of(&app.sessions.start(alice).await.unwrap());
    for layer in [&app.layer(), &recent, &in_person] {
        ask(layer, &alice).await.assert_passed("alice");
    }
    let seen = app.sessions.list(&"alice".into()).await.unwrap();
    assert!(
        seen.iter()
            .any(|session| session.device() == Some("support"))
    );
}

#[tokio::test]
async fn support_that_switches_the_organisation_stays_support() {
    let (app, may) = with_support();
    let tokens = act_as_alice(&app).await;
    switch(&app, &tokens, 7).await;
    let tokens = refreshed(&app, &tokens).await.unwrap();
    assert_eq!(impersonator(&tokens), Some(1));
    may.store(false, Ordering::SeqCst);
    let over = refreshed(&app, &tokens).await.unwrap_err();
    assert_eq!(over.kind(), SessionErrorKind::UserGone);
}

#[tokio::test]
async fn a_user_who_switches_the_organisation_stays_in_person() {
    let (app, _) = with_support();
    let alice = Identity::new("alice").with_stamp(7);
    // Data from before there was support.
    let alice = alice.with_data(&serde_json::json!({"tenant": 6})).unwrap();
    let tokens = app.sessions.start(alice).await.unwrap();
    let tokens = refreshed(&app, &tokens).await.unwrap();
    switch(&app, &tokens, 7).await;
    let tokens = refreshed(&app, &tokens).await.unwrap();
    assert_eq!(impersonator(&tokens), None);
}

#[tokio::test]
async fn support_ends_after_its_hour() {
    let (app, _) = with_support();
    let tokens = act_as_alice(&app).await;
    app.clock.advance(59 * MINUTE);
    let tokens = refreshed(&app, &tokens).await.unwrap();
    app.clock.advance(MINUTE);
    let over = refreshed(&app, &tokens).await.unwrap_err();
    assert_eq!(over.kind(), SessionErrorKind::SessionExpired);
    // The leeway of the layer.
    app.clock.advance(2 * MINUTE);
    let refused = ask(&app.layer(), &bearer_of(&tokens)).await;
    refused.assert_refused(401, "invalid_token", "token_expired");
}

#[tokio::test]
async fn support_ends_when_the_administrator_may_not_do_it_any_more() {
    let (app, may) = with_support();
    let tokens = act_as_alice(&app).await;
    may.store(false, Ordering::SeqCst);
    let over = refreshed(&app, &tokens).await.unwrap_err();
    assert_eq!(over.kind(), SessionErrorKind::UserGone);
    let refused = ask(&app.layer(), &bearer_of(&tokens)).await;
    refused.assert_refused(401, "invalid_token", "session_revoked");
}
