//! What events and their log lines say, and a subscriber that panics.

use std::collections::BTreeSet;

use support::{
    App, Call, HOUR, Log, MINUTE, StoreFault, assert_silent_about, bearer_of, send,
    with_authorization,
};
use tower_bearer::session::{AuthEvent, SessionErrorKind};
use tower_bearer::store::RevocationReason;
use tower_bearer::{MemoryStore, TokenResponse};

use super::{Heard, listening, log_in, login, refresh_of, refreshed, several};

#[tokio::test]
async fn a_subscriber_that_panics_breaks_neither_logins_nor_logouts() {
    let app = App::built(MemoryStore::new(), |sessions| {
        sessions.events(|event| panic!("cannot write {event:?}"))
    });
    let (log, _guard) = Log::capture();
    let tokens = log_in(&app).await;
    app.clock.advance(MINUTE);
    let tokens = refreshed(&app, &tokens).await;
    let passed = app.me(tokens.access_token().secret()).await;
    passed.assert_passed("alice");
    let error = app.sessions.log_in(login("hunter-2")).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::InvalidCredentials);
    let secret = tokens.refresh_token().unwrap().secret();
    assert!(app.sessions.log_out(secret).await.unwrap().any());
    assert_eq!(
        send(&app.layer(), with_authorization(&bearer_of(&tokens)))
            .await
            .status,
        401
    );
    let log = log.take();
    for event in [
        "logged_in",
        "refreshed",
        "login_refused",
        "logged_out",
        "access_token_refused",
    ] {
        let line = format!("the subscriber of events panicked event=\"{event}\"");
        assert_eq!(log.matches(&line).count(), 1, "{event}:\n{log}");
    }
}

/// Makes every kind of event.
async fn everything(app: &App, heard: &Heard) -> (Vec<AuthEvent>, Vec<TokenResponse>) {
    let first = log_in(app).await;
    app.clock.advance(MINUTE);
    let second = refreshed(app, &first).await;
    app.clock.advance(HOUR);
    refreshed(app, &first).await;
    app.clock.advance(MINUTE);
    let third = refreshed(app, &second).await;
    app.clock.advance(MINUTE);
    let again = app
        .sessions
        .reauthenticate(third.claims(), login("wonderland-7"));
    let again = again.await.unwrap();
    app.sessions.refresh(refresh_of(&first)).await.unwrap_err();
    app.me(third.access_token().secret()).await;
    let fourth = log_in(app).await;
    let secret = fourth.refresh_token().unwrap().secret();
    app.sessions.log_out(secret).await.unwrap();
    app.sessions
        .log_out_everywhere(&"alice".into())
        .await
        .unwrap();
    for _ in 0..60 {
        app.sessions.log_in(login("hunter-2")).await.unwrap_err();
    }
    (heard.take(), vec![first, second, third, again, fourth])
}

#[tokio::test]
async fn no_event_has_a_token_or_a_password() {
    let (app, heard) = listening();
    let (events, tokens) = everything(&app, &heard).await;
    let said = format!("{events:?}");
    assert_silent_about(&said, &["wonderland-7", "hunter-2"]);
    assert!(!said.contains("hunter-2") && !said.contains("wonderland-7"));
    for tokens in tokens {
        assert_silent_about(&said, &[tokens.access_token().secret()]);
        if let Some(token) = tokens.refresh_token() {
            assert_silent_about(&said, &[token.secret()]);
        }
    }
}

#[tokio::test]
async fn each_event_and_its_line_of_the_log_are_in_the_docs() {
    let (app, heard) = listening();
    let (log, _guard) = Log::capture();
    let (events, _) = everything(&app, &heard).await;
    let log = log.take();
    let seen: BTreeSet<_> = events.iter().map(|event| event.kind().as_str()).collect();

    let source = include_str!("../../../src/session/event.rs");
    let names = source.lines().filter_map(|line| {
        let (_, name) = line.trim().split_once(" => \"")?;
        name.strip_suffix("\",")
    });
    let names: BTreeSet<_> = names.collect();
    assert_eq!(names, seen, "`everything` makes each event");

    let docs = include_str!("../../../docs/running.md");
    let (_, table) = docs.split_once("\n## Events\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let mut documented = BTreeSet::new();
    for row in rows {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, name, line, level, fields, _] = *cells else {
            panic!("{row}");
        };
        let (name, line) = (name.trim_matches('`'), line.split('`').nth(1).unwrap());
        documented.insert(name);
        let is_it = |text: &&str| text.contains(&format!(": {line}")) && text.contains(level);
        let written = log.lines().find(is_it);
        let written = written.unwrap_or_else(|| panic!("{row}\nhas no line in\n{log}"));
        // The last row of a refused token has fields that some refusals lack.
        let known = fields.split('`').skip(1).step_by(2);
        let missing = known.filter(|field| !written.contains(&format!(" {field}")));
        let missing: Vec<_> = missing.collect();
        let may_lack: &[&str] = match name {
            "recovered" => &["how=Recovered"],
            "session_revoked" | "logged_out" => &["because=\"logged_out\""],
            "sessions_revoked" => &["sessions"],
            "access_token_refused" => &["needs", "cause"],
            _ => &[],
        };
        assert!(
            missing.iter().all(|field| may_lack.contains(field)),
            "{missing:?}: {written}"
        );
    }
    assert_eq!(documented, names);
}

/// A second call finds no session, so the event would be lost.
#[tokio::test]
async fn ended_sessions_are_told_even_if_what_follows_fails() {
    let (app, heard) = listening();
    for _ in 0..2 {
        log_in(&app).await;
    }
    heard.take();
    app.store
        .set_fault(Some(StoreFault::Of(Call::RevokedSince)));
    let failed = app.sessions.log_out_everywhere(&"alice".into()).await;
    assert_eq!(failed.unwrap_err().kind(), SessionErrorKind::Unavailable);
    assert_eq!(
        several(&heard.take_one()),
        (RevocationReason::Everywhere, 2)
    );

    app.store.set_fault(Some(StoreFault::Of(Call::Note)));
    let failed = app.sessions.erase(&"alice".into()).await;
    assert_eq!(failed.unwrap_err().kind(), SessionErrorKind::Unavailable);
    assert_eq!(several(&heard.take_one()), (RevocationReason::UserGone, 2));
}

#[tokio::test]
async fn ended_sessions_are_told_even_if_the_caller_hangs_up() {
    let (app, heard) = listening();
    log_in(&app).await;
    heard.take();
    let pause = app.store.pause_at(Call::RevokedSince);
    let user = "alice".into();
    tokio::select! {
        biased;
        () = pause.reached() => {}
        _ = app.sessions.log_out_everywhere(&user) => panic!("it did not pull"),
    }
    assert_eq!(
        several(&heard.take_one()),
        (RevocationReason::Everywhere, 1)
    );
    pause.go_on();
}
