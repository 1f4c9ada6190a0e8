//! The lines of what happens to logins say from where.

use axum::body::Body;
use http::Request;
use support::{App, HOUR, Log, MINUTE, Received, Tokens, bearer, form, with_header};
use tower_bearer::edge::ClientAddress;

const CLIENT: [u8; 4] = [192, 0, 2, 7];

async fn send(app: &App, mut request: Request<Body>) -> Received {
    request.extensions_mut().insert(ClientAddress::new(CLIENT));
    app.send(request).await
}

async fn log_in(app: &App) -> Tokens {
    send(app, support::log_in_form()).await.tokens()
}

async fn refresh(app: &App, token: &str) -> Received {
    send(app, form("/refresh", &[("refresh_token", token)])).await
}

#[track_caller]
fn assert_said(log: &Log, message: &str) {
    let lines = log.take_our_own();
    let start = format!(": {message} client=192.0.2.7 network=192.0.2.7 session=");
    let found = lines.iter().filter(|line| line.contains(&start)).count();
    assert_eq!(found, 1, "{message}: {lines:?}");
}

#[tokio::test]
async fn the_line_of_a_login_has_the_client_and_its_network() {
    let app = App::new();
    let (log, _guard) = Log::capture();
    log_in(&app).await;
    assert_said(&log, "logged in");
}

#[tokio::test]
async fn the_lines_of_a_theft_have_the_client_and_its_network() {
    let app = App::new();
    let first = log_in(&app).await;
    app.clock.advance(MINUTE);
    let second = refresh(&app, &first.refresh).await.tokens();
    app.clock.advance(MINUTE);
    refresh(&app, &second.refresh).await.tokens();
    app.clock.advance(HOUR);
    let (log, _guard) = Log::capture();
    let answer = refresh(&app, &first.refresh).await;
    assert_eq!(answer.status, 400);
    let lines = log.text();
    assert!(lines.contains("refresh refused client=192.0.2.7 network=192.0.2.7 session="));
    let theft = "a used refresh token was presented, so there may be a stolen copy: the session is \
                 ended";
    assert_said(&log, theft);
}

#[tokio::test]
async fn the_line_of_a_reauthentication_has_the_client_and_its_network() {
    let app = App::new();
    let tokens = log_in(&app).await;
    let (log, _guard) = Log::capture();
    let right = [("username", "alice"), ("password", "wonderland-7")];
    let request = form("/reauthenticate", &right);
    let request = with_header(request, "authorization", &bearer(&tokens.access));
    assert_eq!(send(&app, request).await.status, 200);
    assert_said(&log, "authenticated again");
}

#[tokio::test]
async fn the_line_of_a_login_that_failed_has_the_client_and_its_network() {
    let app = App::new();
    app.store
        .set_fault(Some(support::StoreFault::Of(support::Call::Insert)));
    let (log, _guard) = Log::capture();
    let answer = send(&app, support::log_in_form()).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "1");
    let failed = "login flow failed client=192.0.2.7 network=192.0.2.7 cause=";
    assert!(log.text().contains(failed), "{}", log.text());
}
