//! The line of each refused login says who asked, and is written once.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use support::{App, Log, MINUTE, Received, SECOND};
use tower_bearer::session::RequestContext;
use tower_bearer::{PasswordCredentials, SessionError};

use super::{attempt, login};

const CLIENT: &str = "2001:db8:1:2:3::7";

/// What the line has after its message.
fn refused(reason: &str) -> String {
    format!("login refused client={CLIENT} network=2001:db8:1:2::/64 reason=\"{reason}\"")
}

#[track_caller]
fn assert_one_line(log: &Log, reason: &str) {
    let lines = log.take_our_own();
    let [line] = &*lines else { panic!("{lines:?}") };
    assert!(
        line.contains(" INFO ") && line.ends_with(&refused(reason)),
        "{line}"
    );
}

/// How the application's own handler ends.
type Ends = fn(&str) -> Result<(), SessionError>;

async fn own_login(app: &App, ends: Ends) -> Received {
    let (parts, body) = login("alice", "guessed", CLIENT).into_parts();
    let endpoints = app.endpoints();
    let read = endpoints.read_login::<PasswordCredentials, _>(&parts, body);
    let login = read.await.unwrap();
    let outcome = async {
        let attempt = app.sessions.attempt(login.username(), login.context());
        let attempt = attempt.await?;
        if let Err(error) = ends(login.password()) {
            if error.reason() == Some("code_required") {
                attempt.unfinished().await?;
            }
            return Err(error);
        }
        unreachable!("it always refuses")
    };
    Received::of(endpoints.respond(outcome.await, &login)).await
}

#[tokio::test]
async fn a_refusal_of_the_applications_own_handler_is_one_line_with_client_and_reason() {
    let app = App::new();
    let (log, _guard) = Log::capture();
    let all: [(Ends, u16, &str); 3] = [
        (
            |_| Err(SessionError::invalid_credentials()),
            400,
            "credentials_invalid",
        ),
        (
            |_| Err(SessionError::denied("code_wrong")),
            403,
            "code_wrong",
        ),
        (
            |_| Err(SessionError::denied("code_required")),
            403,
            "code_required",
        ),
    ];
    for (ends, status, reason) in all {
        assert_eq!(own_login(&app, ends).await.status, status);
        assert_one_line(&log, reason);
    }
}

#[tokio::test]
async fn an_own_handler_whose_caller_hangs_up_has_left_a_line() {
    let app = App::new();
    let (log, _guard) = Log::capture();
    let (parts, body) = login("alice", "guessed", CLIENT).into_parts();
    let endpoints = app.endpoints();
    let read = endpoints.read_login::<PasswordCredentials, _>(&parts, body);
    let login = read.await.unwrap();
    let context = login.context();
    drop(app.sessions.attempt("alice", context).await.unwrap());
    assert_eq!(log.take(), "", "the response may say why");
    // A second attempt in the same request has a line of its own.
    drop(
        app.sessions
            .attempt("alice's codes", context)
            .await
            .unwrap(),
    );
    assert_one_line(&log, "credentials_invalid");
    drop(login);
    assert_one_line(&log, "credentials_invalid");

    // A handler that has read its login itself, and whose response is its own.
    let context = RequestContext::from(parts);
    app.sessions
        .attempt("alice", &context)
        .await
        .unwrap()
        .failed();
    assert_one_line(&log, "credentials_invalid");
}

#[tokio::test]
async fn a_caller_that_hangs_up_while_the_password_is_looked_at_has_left_a_line() {
    let app = App::new();
    app.users.yield_everywhere();
    let (log, _guard) = Log::capture();
    for path in ["/login", "/token"] {
        let grant = ("grant_type", "password");
        let fields = [grant, ("username", "alice"), ("password", "wonderland-7")];
        let request = attempt(path, &fields, CLIENT);
        {
            let mut asked = pin!(app.send(request));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(matches!(asked.as_mut().poll(&mut cx), Poll::Pending));
            assert_eq!(log.take(), "");
        }
        assert_one_line(&log, "abandoned");
    }
}

#[tokio::test]
async fn a_throttled_line_has_the_network_and_a_tag_of_the_name_once_a_minute() {
    let app = App::new();
    let (log, _guard) = Log::capture();
    for host in 1..=9 {
        let from = format!("2001:db8:1:2::{host}");
        app.send(login("Hunter-2", "guessed", &from)).await;
        app.clock.advance(SECOND);
    }
    let lines = log.take_our_own();
    let throttled: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("throttled"))
        .collect();
    // All addresses of a /64 are one network.
    let [line] = &*throttled else {
        panic!("{lines:?}")
    };
    let (_, fields) = line
        .split_once("login throttled client=2001:db8:1:2::")
        .unwrap();
    let (_, fields) = fields
        .split_once(" network=2001:db8:1:2::/64 by=Pair name_tag=")
        .unwrap();
    let (tag, rest) = fields.split_at(16);
    assert!(tag.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
    assert!(rest.starts_with(" retry_after="), "{line}");
    assert!(!line.to_lowercase().contains("hunter"), "{line}");
    app.clock.advance(MINUTE);
    for _ in 0..2 {
        app.send(login("hunter2", "guessed", "2001:db8:1:2::1"))
            .await;
    }
    let again = log.take_our_own();
    let again = again.iter().find(|line| line.contains("throttled"));
    // Names that are counted as one have one tag.
    assert!(
        again.unwrap().contains(&format!("name_tag={tag} ")),
        "{again:?}"
    );
}
