//! What an application is told of its logins.

mod clients;
mod familiarity;
mod hang_up;
mod refused;
mod said;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use http::Request;
use support::{
    App, HOUR, Log, MINUTE, StoreFault, bearer_of, form, send, with_authorization, without_token,
};
use tower_bearer::bearer::BearerErrorKind;
use tower_bearer::clock::Clock;
use tower_bearer::edge::ClientAddress;
use tower_bearer::names::{SessionId, Subject};
use tower_bearer::session::{
    AuthEvent, AuthEventKind, Refresh, RequestContext, SessionErrorKind, SessionsBuilder,
};
use tower_bearer::store::RevocationReason;
use tower_bearer::{
    Authorization, Login, MemoryStore, Outcome, PasswordCredentials, TokenResponse,
};

/// What happened, and why.
type Said = (&'static str, Option<&'static str>);

fn said(event: &AuthEvent) -> Said {
    (event.kind().as_str(), event.kind().reason())
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<AuthEvent>>>);

impl Heard {
    fn take(&self) -> Vec<AuthEvent> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn take_said(&self) -> Vec<Said> {
        self.take().iter().map(said).collect()
    }

    #[track_caller]
    fn take_one(&self) -> AuthEvent {
        let mut events = self.take();
        assert_eq!(events.len(), 1, "{events:?}");
        events.pop().unwrap()
    }
}

fn listening() -> (App, Heard) {
    listening_with(|sessions| sessions)
}

fn listening_with(settings: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> (App, Heard) {
    let heard = Heard::default();
    let sink = heard.clone();
    let app = App::built(MemoryStore::new(), |sessions| {
        settings(sessions).events(move |event| sink.0.lock().unwrap().push(event.clone()))
    });
    (app, heard)
}

const CLIENT: [u8; 4] = [192, 0, 2, 7];

fn client() -> Option<IpAddr> {
    Some(CLIENT.into())
}

fn context() -> RequestContext {
    let mut request = Request::new(());
    request.extensions_mut().insert(ClientAddress::new(CLIENT));
    let agent = "curl/8".parse().unwrap();
    request.headers_mut().insert("user-agent", agent);
    RequestContext::from(request.into_parts().0)
}

fn login(password: &str) -> Login<PasswordCredentials> {
    Login::from_request(PasswordCredentials::new("alice", password), context())
}

async fn log_in(app: &App) -> TokenResponse {
    app.sessions.log_in(login("wonderland-7")).await.unwrap()
}

async fn refreshed(app: &App, tokens: &TokenResponse) -> TokenResponse {
    app.sessions.refresh(refresh_of(tokens)).await.unwrap()
}

fn refresh_of(tokens: &TokenResponse) -> Refresh {
    Refresh::new(tokens.refresh_token().unwrap().clone()).with_context(context())
}

/// Whose the event is, and from where.
#[track_caller]
fn assert_whose(event: &AuthEvent, session: Option<&SessionId>) {
    let subject = session.map(|_| "alice");
    let found = event.subject().map(Subject::as_str);
    assert_eq!(found, subject, "{event:?}");
    assert_eq!(event.session(), session, "{event:?}");
    assert_eq!(event.client_address(), client(), "{event:?}");
    let device = event.device().map(str::to_owned);
    assert_eq!(device.as_deref(), session.map(|_| "curl/8"), "{event:?}");
}

const WRONG: Said = ("login_refused", Some("credentials_invalid"));

fn revoked(because: RevocationReason) -> Said {
    ("session_revoked", Some(because.as_str()))
}

/// How many sessions ended in one call, and why.
#[track_caller]
fn several(event: &AuthEvent) -> (RevocationReason, u64) {
    match event.kind() {
        AuthEventKind::SessionsRevoked {
            because, sessions, ..
        } => (because, sessions),
        _ => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn a_login_and_what_follows_are_told_once_each_with_whose_they_are() {
    let (app, heard) = listening();
    let tokens = log_in(&app).await;
    let event = heard.take_one();
    assert_eq!(event.kind(), AuthEventKind::LoggedIn);
    assert_eq!(event.at(), *tokens.claims().auth_time().as_ref().unwrap());
    assert_whose(&event, Some(tokens.session_id()));

    app.clock.advance(MINUTE);
    let later = refreshed(&app, &tokens).await;
    let event = heard.take_one();
    assert_eq!(event.kind(), AuthEventKind::Refreshed);
    assert_whose(&event, Some(tokens.session_id()));

    // The response was lost.
    app.clock.advance(HOUR);
    let again = refreshed(&app, &tokens).await;
    let secret = |tokens: &TokenResponse| tokens.refresh_token().unwrap().secret().to_owned();
    assert_eq!(secret(&again), secret(&later));
    let event = heard.take_one();
    assert_eq!(event.kind(), AuthEventKind::Recovered);
    assert_whose(&event, Some(tokens.session_id()));

    let claims = again.claims();
    let renewed = app.sessions.reauthenticate(claims, login("wonderland-7"));
    renewed.await.unwrap();
    let event = heard.take_one();
    assert_eq!(event.kind(), AuthEventKind::Reauthenticated);
    assert_whose(&event, Some(tokens.session_id()));

    let mut request = form("/logout", &[("token", again.access_token().secret())]);
    request.extensions_mut().insert(ClientAddress::new(CLIENT));
    assert_eq!(app.send(request).await.status, 200);
    let event = heard.take_one();
    assert_eq!(event.kind(), AuthEventKind::LoggedOut);
    assert_eq!(event.session(), Some(tokens.session_id()));
    assert_eq!(event.subject(), Some(tokens.claims().subject()));
    assert_eq!(event.client_address(), client());
    // Nothing ends twice.
    let secret = again.refresh_token().unwrap().secret();
    app.sessions.log_out(secret).await.unwrap();
    assert_eq!(heard.take(), []);
}

#[tokio::test]
async fn a_refused_login_is_told_with_its_reason_and_without_the_name_that_was_typed() {
    let (app, heard) = listening();
    let error = app.sessions.log_in(login("hunter-2")).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::InvalidCredentials);
    let event = heard.take_one();
    assert_eq!(said(&event), WRONG);
    assert_whose(&event, None);

    let reason = "otp_required";
    let denied: [fn() -> Outcome; 2] = [
        || Outcome::denied("otp_required"),
        || Outcome::denied("otp_required").with_valid_credentials(),
    ];
    for outcome in denied {
        app.users.authenticate_as(move |_| outcome());
        let error = app.sessions.log_in(login("wonderland-7")).await;
        assert_eq!(error.unwrap_err().reason(), Some(reason));
        let event = heard.take_one();
        assert_eq!(said(&event), ("login_refused", Some(reason)));
        assert_whose(&event, None);
    }
    // A fault of the server is not a refusal.
    app.store.set_fault(Some(StoreFault::All));
    app.sessions
        .log_in(login("wonderland-7"))
        .await
        .unwrap_err();
    assert_eq!(heard.take(), []);
}

#[tokio::test]
async fn a_login_that_authorize_refuses_is_told_and_logged_after_its_session_ended() {
    let (app, heard) = listening();
    let (log, _guard) = Log::capture();
    app.users
        .authorize_as(|_| Ok(Authorization::not_now("frozen")));
    let error = app.sessions.log_in(login("wonderland-7")).await;
    assert_eq!(error.unwrap_err().reason(), Some("frozen"));
    let refused = |reason| ("login_refused", Some(reason));
    assert_eq!(
        heard.take_said(),
        [revoked(RevocationReason::Unanswered), refused("frozen")]
    );
    assert!(
        log.take()
            .contains("login refused client=192.0.2.7 network=192.0.2.7 reason=\"frozen\"")
    );

    app.users.authorize_as(|_| Ok(Authorization::gone()));
    app.sessions
        .log_in(login("wonderland-7"))
        .await
        .unwrap_err();
    assert_eq!(
        heard.take_said(),
        [revoked(RevocationReason::UserGone), refused("user_gone")]
    );
}

#[tokio::test]
async fn each_throttled_attempt_is_told_with_its_counter() {
    let (app, heard) = listening();
    let mut throttled = 0;
    for _ in 0..60 {
        let error = app.sessions.log_in(login("hunter-2")).await.unwrap_err();
        let event = heard.take_one();
        assert_whose(&event, None);
        match error.kind() {
            SessionErrorKind::InvalidCredentials => assert_eq!(said(&event), WRONG),
            kind => {
                assert_eq!(kind, SessionErrorKind::TooManyAttempts);
                let AuthEventKind::LoginThrottled { retry_after, .. } = event.kind() else {
                    panic!("{event:?}");
                };
                assert_eq!(error.retry_after(), Some(retry_after));
                throttled += 1;
            }
        }
    }
    assert!(throttled > 1, "{throttled}");
}

#[tokio::test]
async fn an_attempt_of_a_handler_of_ones_own_is_told_where_it_fails_or_is_dropped() {
    let (app, heard) = listening();
    let context = context();
    let attempt = || app.sessions.attempt("alice", &context);
    attempt().await.unwrap().failed();
    let event = heard.take_one();
    assert_eq!(said(&event), WRONG);
    assert_whose(&event, None);
    drop(attempt().await.unwrap());
    assert_eq!(heard.take_said(), [WRONG]);
    attempt().await.unwrap().unfinished().await.unwrap();
    attempt().await.unwrap().unavailable().await.unwrap();
    let right = attempt().await.unwrap().succeeded(&"alice".into()).await;
    right.unwrap();
    assert_eq!(heard.take(), []);
}

#[tokio::test]
async fn a_reused_refresh_token_is_told_with_its_evidence_before_its_session_ends() {
    let (app, heard) = listening();
    let first = log_in(&app).await;
    app.clock.advance(MINUTE);
    let second = refreshed(&app, &first).await;
    app.clock.advance(MINUTE);
    let at = app.clock.now();
    refreshed(&app, &second).await;
    app.clock.advance(MINUTE);
    heard.take();
    app.sessions.refresh(refresh_of(&first)).await.unwrap_err();
    let events = heard.take();
    let AuthEventKind::RefreshTokenReused(evidence) = events[0].kind() else {
        panic!("{events:?}");
    };
    let generations = evidence.current - evidence.presented;
    assert_eq!((generations, evidence.rotated_at), (2, Some(at)));
    assert!(!evidence.confirmed);
    assert_eq!(
        events[1..].iter().map(said).collect::<Vec<_>>(),
        [
            revoked(RevocationReason::Reused),
            ("refresh_refused", Some("refresh_reused"))
        ]
    );
    for event in &events[..2] {
        assert_whose(event, Some(first.session_id()));
    }
    assert_eq!(events[2].session(), Some(first.session_id()));
    assert_eq!(events[2].client_address(), client());
}

#[tokio::test]
async fn sessions_that_others_end_are_told_with_their_cause() {
    let (app, heard) = listening();
    let first = log_in(&app).await;
    heard.take();
    let secret = first.refresh_token().unwrap().secret();
    let replacing = app.sessions.log_in(login("wonderland-7").replacing(secret));
    let second = replacing.await.unwrap();
    let events = heard.take();
    let [ended, began] = &*events else {
        panic!("{events:?}");
    };
    assert_eq!(said(ended), revoked(RevocationReason::Replaced));
    assert_whose(ended, Some(first.session_id()));
    assert_eq!(began.kind(), AuthEventKind::LoggedIn);

    let id = second.session_id();
    app.sessions.revoke(&"alice".into(), id).await.unwrap();
    assert_eq!(heard.take_said(), [("logged_out", None)]);
    log_in(&app).await;
    log_in(&app).await;
    heard.take();
    app.sessions
        .log_out_everywhere(&"alice".into())
        .await
        .unwrap();
    let event = heard.take_one();
    assert_eq!(several(&event), (RevocationReason::Everywhere, 2));
    assert_eq!(event.subject(), Some(&"alice".into()));
    // A user who is deleted is not named again.
    app.sessions.erase(&"alice".into()).await.unwrap();
    let event = heard.take_one();
    assert_eq!(several(&event), (RevocationReason::UserGone, 4));
    assert_eq!(event.subject(), None);
}

#[tokio::test]
async fn a_refused_access_token_is_told_with_its_session_where_the_layer_knows_it() {
    let (app, heard) = listening();
    let tokens = log_in(&app).await;
    heard.take();
    let refuse = async |header: &str| {
        let mut request = with_authorization(header);
        request.extensions_mut().insert(ClientAddress::new(CLIENT));
        let layer = app.layer().require_scope("orders:read");
        let status = send(&layer, request).await.status;
        (status, heard.take_one())
    };
    let refused = |event: &AuthEvent| match event.kind() {
        AuthEventKind::AccessTokenRefused { kind, .. } => kind,
        _ => panic!("{event:?}"),
    };

    let (status, event) = refuse(&bearer_of(&tokens)).await;
    assert_eq!(status, 403);
    assert_eq!(refused(&event), BearerErrorKind::InsufficientScope);
    assert_eq!(event.session(), Some(tokens.session_id()));
    assert_eq!(event.subject(), Some(tokens.claims().subject()));
    assert_eq!(event.client_address(), client());

    let (status, event) = refuse("Bearer garbage").await;
    assert_eq!(status, 401);
    assert_eq!(refused(&event), BearerErrorKind::InvalidToken);
    assert_eq!((event.session(), event.client_address()), (None, client()));

    let secret = tokens.refresh_token().unwrap().secret();
    app.sessions.log_out(secret).await.unwrap();
    heard.take();
    let (status, event) = refuse(&bearer_of(&tokens)).await;
    assert_eq!(status, 401);
    assert_eq!(refused(&event), BearerErrorKind::SessionRevoked);
    assert_eq!(event.session(), Some(tokens.session_id()));

    // Without a token none is refused.
    assert_eq!(send(&app.layer(), without_token()).await.status, 401);
    assert_eq!(heard.take(), []);
}
