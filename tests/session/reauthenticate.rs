//! `auth_time`, and how it is renewed within a session.

use support::{App, MINUTE, StoreFault, send, with_authorization};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::{
    AccessTokenClaims, Authorization, Grant, Identity, Login, Outcome, PasswordCredentials,
    TokenResponse,
};

async fn log_in(app: &App) -> TokenResponse {
    app.sessions.log_in(login("wonderland-7")).await.unwrap()
}

fn login(password: &str) -> Login<PasswordCredentials> {
    Login::new(PasswordCredentials::new("alice", password))
}

async fn refreshed(app: &App, tokens: &TokenResponse) -> TokenResponse {
    let token = tokens.refresh_token().unwrap().clone();
    app.sessions.refresh(token).await.unwrap()
}

fn auth_time(tokens: &TokenResponse) -> Timestamp {
    tokens.claims().auth_time().unwrap()
}

// requirement 75
#[tokio::test]
async fn a_refresh_keeps_auth_time_and_the_password_renews_it() {
    let app = App::new();
    let tokens = log_in(&app).await;
    let at_login = app.clock.now();
    app.clock.advance(10 * MINUTE);
    let later = refreshed(&app, &tokens).await;
    assert_eq!(
        (auth_time(&tokens), auth_time(&later)),
        (at_login, at_login)
    );

    let again = app
        .sessions
        .reauthenticate(later.claims(), login("wonderland-7"));
    let again = again.await.unwrap();
    assert_eq!(auth_time(&again), app.clock.now());
    assert_eq!(again.session_id(), tokens.session_id());
    assert!(again.refresh_token().is_none());
    // The token passes, and so does the one of before, with its old time.
    for (tokens, passes) in [(&again, true), (&later, false)] {
        let layer = app.layer().require_max_age(MINUTE);
        let bearer = format!("Bearer {}", tokens.access_token().secret());
        let status = send(&layer, with_authorization(&bearer)).await.status;
        assert_eq!(status == 200, passes);
    }
    // The client's refresh token is as it was, and all later access tokens have the new time.
    let renewed = app.clock.now();
    app.clock.advance(MINUTE);
    let next = refreshed(&app, &later).await;
    assert_eq!(auth_time(&next), renewed);
    assert_eq!(app.live().await.len(), 1);
}

#[tokio::test]
async fn wrong_credentials_and_those_of_another_user_renew_nothing() {
    let app = App::new();
    let tokens = log_in(&app).await;
    let before = auth_time(&tokens);
    app.clock.advance(MINUTE);
    let of_bob = Login::new(PasswordCredentials::new("bob", "wonderland-7"));
    for wrong in [login("wonderland-8"), of_bob] {
        let error = app.sessions.reauthenticate(tokens.claims(), wrong);
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::InvalidCredentials);
    }
    app.users.authenticate_as(|_| Outcome::denied("blocked"));
    let denied = app
        .sessions
        .reauthenticate(tokens.claims(), login("wonderland-7"));
    assert_eq!(denied.await.unwrap_err().reason(), Some("blocked"));
    assert_eq!(auth_time(&refreshed(&app, &tokens).await), before);
}

#[tokio::test]
async fn a_session_that_is_over_is_not_renewed() {
    let app = App::new();
    let tokens = log_in(&app).await;
    let kind = async |claims: &AccessTokenClaims| {
        let outcome = app.sessions.renew_auth_time(claims).await;
        outcome.map(drop).map_err(|error| error.kind())
    };
    app.store.set_fault(Some(StoreFault::All));
    assert_eq!(
        kind(tokens.claims()).await,
        Err(SessionErrorKind::Unavailable)
    );
    app.store.set_fault(None);
    // The application says that the user may not go on now.
    app.users
        .authorize_as(|_| Ok(Authorization::not_now("frozen")));
    assert_eq!(kind(tokens.claims()).await, Err(SessionErrorKind::Denied));
    app.users.grant(Grant::new());
    assert_eq!(kind(tokens.claims()).await, Ok(()));

    let secret = tokens.refresh_token().unwrap().secret().to_owned();
    app.sessions.log_out(&secret).await.unwrap();
    assert_eq!(
        kind(tokens.claims()).await,
        Err(SessionErrorKind::SessionRevoked)
    );
    let expired = log_in(&app).await;
    app.clock.advance(100 * support::DAY);
    assert_eq!(
        kind(expired.claims()).await,
        Err(SessionErrorKind::SessionExpired)
    );
    let gone = log_in(&app).await;
    app.users.authorize_as(|_| Ok(Authorization::gone()));
    assert_eq!(kind(gone.claims()).await, Err(SessionErrorKind::UserGone));
    assert_eq!(app.live().await.len(), 0);
    // A token of no session, and one of another application.
    let token = tower_bearer::test_util::TestTokens::new();
    let claims = token
        .verifier()
        .verify(&token.bearer("alice")[7..])
        .unwrap();
    assert_eq!(kind(&claims).await, Err(SessionErrorKind::InvalidToken));
    app.users.grant(Grant::new());
    let foreign = log_in(&App::new()).await;
    let kinds = [
        SessionErrorKind::SessionExpired,
        SessionErrorKind::InvalidToken,
    ];
    assert!(kinds.contains(&kind(foreign.claims()).await.unwrap_err()));
}

/// Another tab has refreshed, and its response was lost: the new access token must not say that
/// the refresh token has arrived.
#[tokio::test]
async fn a_token_after_a_re_authentication_is_not_a_receipt_of_a_newer_refresh_token() {
    let app = App::new();
    let tokens = log_in(&app).await;
    app.clock.advance(MINUTE);
    let lost = refreshed(&app, &tokens).await;
    let again = app.sessions.renew_auth_time(tokens.claims()).await.unwrap();
    let bearer = format!("Bearer {}", again.access_token().secret());
    assert_eq!(
        send(&app.layer(), with_authorization(&bearer)).await.status,
        200
    );
    app.sessions.flush().await.unwrap();
    app.clock.advance(MINUTE);
    // The client tries again with the token that it has, as after any lost response.
    let recovered = refreshed(&app, &tokens).await;
    assert_eq!(recovered.session_id(), lost.session_id());
    assert_eq!(app.live().await.len(), 1);
}

#[tokio::test]
async fn a_time_of_the_application_counts_and_none_goes_back() {
    let app = App::new();
    let tokens = log_in(&app).await;
    let at_login = app.clock.now();
    app.clock.advance(10 * MINUTE);
    let now = app.clock.now();
    for (says, counts) in [
        (Timestamp::from_secs(at_login.as_secs() - 60), at_login),
        (at_login + MINUTE, at_login + MINUTE),
        (now + MINUTE, now),
    ] {
        app.users.authenticate_as(move |login| {
            Identity::new(login.username())
                .with_authenticated_at(says)
                .into()
        });
        let again = app
            .sessions
            .reauthenticate(tokens.claims(), login("wonderland-7"));
        assert_eq!(auth_time(&again.await.unwrap()), counts);
    }
}

#[tokio::test]
async fn one_call_after_a_new_password_keeps_this_session_and_ends_the_others() {
    let app = App::new();
    let start = async || {
        let identity = Identity::new("alice").with_stamp(7_i64);
        app.sessions.start(identity).await.unwrap()
    };
    app.users.grant(Grant::new().with_stamp(7_i64));
    let (here, there) = (start().await, start().await);
    app.users.grant(Grant::new().with_stamp(8_i64));
    let ended = app.sessions.credentials_changed(here.claims(), 8_i64).await;
    assert_eq!(ended.unwrap().count(), 1);
    let here = refreshed(&app, &here).await;
    let token = there.refresh_token().unwrap().clone();
    let error = app.sessions.refresh(token).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::SessionRevoked);

    // The others end even if this one is over.
    let other = app
        .sessions
        .start(Identity::new("alice").with_stamp(8_i64))
        .await
        .unwrap();
    let secret = here.refresh_token().unwrap().secret().to_owned();
    app.sessions.log_out(&secret).await.unwrap();
    let error = app
        .sessions
        .credentials_changed(here.claims(), 9_i64)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::SessionRevoked);
    app.me(other.access_token().secret())
        .await
        .assert_invalid_token("session_revoked");
}

#[tokio::test]
async fn an_old_password_that_was_looked_at_before_the_change_counts_no_more() {
    let app = App::new();
    app.users.grant(Grant::new().with_stamp(7_i64));
    let started = app.sessions.start(Identity::new("alice").with_stamp(7_i64));
    let tokens = started.await.unwrap();
    app.users.grant(Grant::new().with_stamp(8_i64));
    app.sessions
        .set_stamp(tokens.claims(), 8_i64)
        .await
        .unwrap();
    for (stamp, status) in [(7_i64, 400), (8_i64, 200)] {
        app.users.authenticate_as(move |login| {
            let identity = Identity::new(login.username());
            identity.with_stamp(stamp).into()
        });
        let again = app
            .sessions
            .reauthenticate(tokens.claims(), login("wonderland-7"))
            .await;
        let answered = again.map_or_else(|error| error.status().as_u16(), |_| 200);
        assert_eq!(answered, status, "{stamp}");
    }
}
