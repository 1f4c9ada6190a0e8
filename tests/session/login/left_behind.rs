//! A login that is dropped before its end leaves nothing behind.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use support::{
    App, Call, HOUR, Received, StoreFault, Tokens, bearer, form, log_in_form, settle, with_header,
};
use tower::ServiceExt;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::{Authorization, CookieDelivery, Identity};

/// An application whose store and users make every login wait wherever they can.
fn yielding() -> App {
    let app = App::new();
    app.store.yield_everywhere();
    app.users.yield_everywhere();
    app
}

/// Polls so often, and drops the future; with `between`, the runtime does what it can after every
/// poll. Returns whether the future had ended before.
async fn dropped_after(polls: usize, between: bool, future: impl Future) -> bool {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
        {
            return true;
        }
        if between {
            settle().await;
        }
    }
    false
}

#[tokio::test]
async fn a_login_that_is_dropped_leaves_no_session_whatever_the_moment() {
    for between in [false, true] {
        let mut moments = 0;
        loop {
            let app = yielding();
            let too_late =
                dropped_after(moments, between, app.endpoints().oneshot(log_in_form())).await;
            settle().await;
            assert_eq!(
                app.live().await.len(),
                usize::from(too_late),
                "after {moments} polls, {between}"
            );
            if too_late {
                break;
            }
            moments += 1;
            assert!(moments < 1000);
        }
        // Two at each question, and two at the insert.
        assert!(moments >= 6, "{moments}");
    }
}

#[tokio::test]
async fn a_session_that_is_started_and_dropped_is_ended_whatever_the_moment() {
    for between in [false, true] {
        for moments in 0.. {
            assert!(moments < 1000, "it never ends");
            let app = yielding();
            let too_late =
                dropped_after(moments, between, app.sessions.start(Identity::new("alice"))).await;
            settle().await;
            assert_eq!(
                app.live().await.len(),
                usize::from(too_late),
                "after {moments} polls, {between}"
            );
            if too_late {
                assert!(moments >= 4, "{moments}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_refused_login_that_is_dropped_leaves_no_session_whatever_the_moment() {
    for between in [false, true] {
        for moments in 0.. {
            assert!(moments < 1000, "it never ends");
            let app = yielding();
            app.users
                .authorize_as(|_| Ok(Authorization::not_now("suspended")));
            let too_late =
                dropped_after(moments, between, app.endpoints().oneshot(log_in_form())).await;
            settle().await;
            let live = app.live().await;
            assert!(
                live.is_empty(),
                "after {moments} polls, {between}: {live:?}"
            );
            if too_late {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_login_that_replaces_a_session_and_is_dropped_leaves_no_new_one() {
    for between in [false, true] {
        for moments in 0.. {
            assert!(moments < 1000, "it never ends");
            let app = yielding();
            let old = app.log_in().await.tokens();
            let request = with_header(log_in_form(), "authorization", &bearer(&old.access));
            let too_late = dropped_after(moments, between, app.endpoints().oneshot(request)).await;
            settle().await;
            let live = app.live().await;
            if too_late {
                assert!(live.len() == 1 && live[0] != old.session_id(), "{live:?}");
                assert!(moments >= 8, "{moments}");
                break;
            }
            // The old session may have ended or not, as after any hang-up. No client has received
            // tokens of the new one.
            assert!(
                live.iter().all(|id| *id == old.session_id()),
                "after {moments} polls, {between}: {live:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_panic_in_authorize_leaves_no_session() {
    for yields in [false, true] {
        let app = if yields { yielding() } else { App::new() };
        app.users.authorize_as(|_| panic!("as the test wants"));
        let sessions = app.sessions.clone();
        let started =
            tokio::spawn(async move { sessions.start(Identity::new("alice")).await.map(drop) })
                .await;
        // Either the panic goes on, or it is answered; never with tokens.
        assert!(!matches!(started, Ok(Ok(()))));
        let endpoints = app.endpoints();
        let answered =
            tokio::spawn(async move { endpoints.oneshot(log_in_form()).await.unwrap().status() })
                .await;
        assert!(answered.is_err() || answered.is_ok_and(|status| status.is_server_error()));
        settle().await;
        assert_eq!(app.store.calls_of(Call::Insert), 2);
        assert!(app.live().await.is_empty());
    }
}

#[tokio::test]
async fn a_panic_in_authenticate_makes_no_session() {
    let app = App::new();
    app.users.authenticate_as(|_| panic!("as the test wants"));
    let endpoints = app.endpoints();
    let answered =
        tokio::spawn(async move { endpoints.oneshot(log_in_form()).await.unwrap().status() }).await;
    assert!(answered.is_err() || answered.is_ok_and(|status| status.is_server_error()));
    settle().await;
    assert_eq!(app.store.calls_of(Call::Insert), 0);
}

#[tokio::test]
async fn a_grant_that_makes_no_token_leaves_no_session() {
    let app = yielding();
    app.users
        .grant(tower_bearer::Grant::new().with_claim("sub", "root"));
    app.log_in().await.assert_error(500, "server_error", None);
    settle().await;
    assert!(app.live().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_login_that_takes_more_than_30_seconds_is_503_and_leaves_no_session() {
    for call in [Call::Insert, Call::Revoke] {
        let app = App::new();
        let old = app.log_in().await.tokens();
        let pause = app.store.pause_at(call);
        let began = tokio::time::Instant::now();
        let request = with_header(log_in_form(), "authorization", &bearer(&old.access));
        app.send(request).await.assert_unavailable();
        assert!(
            began.elapsed() <= Duration::from_secs(62),
            "{:?}",
            began.elapsed()
        );
        // The store wakes up, and does what it was asked for.
        pause.go_on();
        tokio::time::sleep(HOUR).await;
        settle().await;
        let live = app.live().await;
        assert!(
            live.iter().all(|id| *id == old.session_id()),
            "{call:?}: {live:?}"
        );
    }
}

/// The ways to say which session a login replaces.
#[derive(Clone, Copy, Debug)]
enum Replacing {
    Authorization,
    Cookie,
    Identity,
}

const WAYS: [Replacing; 3] = [
    Replacing::Authorization,
    Replacing::Cookie,
    Replacing::Identity,
];

impl Replacing {
    fn request(self, app: &App, old: &Tokens) -> Request<Body> {
        match self {
            Self::Authorization => {
                with_header(log_in_form(), "authorization", &bearer(&old.access))
            }
            Self::Cookie => {
                let cookie = format!("__Host-refresh_token={}", old.refresh);
                let request = form(
                    "/login",
                    &[
                        ("username", "alice"),
                        ("password", "wonderland-7"),
                        ("delivery", "cookie"),
                    ],
                );
                with_header(
                    with_header(request, "cookie", &cookie),
                    "sec-fetch-site",
                    "same-origin",
                )
            }
            Self::Identity => {
                let old = old.refresh.clone();
                app.users
                    .authenticate_as(move |_| Identity::new("alice").replacing(old.clone()).into());
                log_in_form()
            }
        }
    }

    async fn answer(self, app: &App, old: &Tokens) -> Received {
        let request = self.request(app, old);
        Received::read(
            app.endpoints()
                .with_cookies(CookieDelivery::new())
                .oneshot(request),
        )
        .await
    }
}

#[tokio::test]
async fn a_login_that_replaces_a_session_ends_it_and_is_there() {
    for way in WAYS {
        for yields in [false, true] {
            let app = if yields { yielding() } else { App::new() };
            let old = app.log_in().await.tokens();
            app.me(&old.access).await.assert_passed("alice");
            let answer = way.answer(&app, &old).await;
            assert_eq!(answer.status, 200, "{way:?}: {answer:?}");
            let [new] = app.live().await[..] else {
                panic!("{way:?}: one session")
            };
            assert_ne!(new, old.session_id());
            app.me(&old.access)
                .await
                .assert_invalid_token("session_revoked");
            app.refresh(&old.refresh)
                .await
                .assert_invalid_grant("session_revoked");
            app.me(answer.json()["access_token"].as_str().unwrap())
                .await
                .assert_passed("alice");
        }
    }
}

#[tokio::test]
async fn where_the_old_session_cannot_be_ended_the_new_one_does_not_stay() {
    for way in WAYS {
        let app = App::new();
        let old = app.log_in().await.tokens();
        // The first to be ended is the old one, and only that fails.
        app.store.set_fault(Some(StoreFault::Of(Call::Revoke)));
        let pause = app.store.pause_at(Call::Revoke);
        let back = async {
            pause.reached().await;
            app.store.set_fault(None);
            pause.go_on();
        };
        let (answer, ()) = tokio::join!(way.answer(&app, &old), back);
        answer.assert_unavailable();
        answer.assert_not_stored();
        settle().await;
        assert_eq!(app.store.calls_of(Call::Insert), 2, "{way:?}");
        assert_eq!(app.live().await, [old.session_id()], "{way:?}");
        // The user still has what they had.
        app.me(&old.access).await.assert_passed("alice");
        app.refresh(&old.refresh).await.tokens();
    }
}

#[tokio::test]
async fn where_it_is_not_known_whether_the_old_session_ended_the_new_one_does_not_stay() {
    for way in WAYS {
        let app = App::new();
        let old = app.log_in().await.tokens();
        app.store
            .set_fault(Some(StoreFault::AnswerOf(Call::Revoke)));
        way.answer(&app, &old).await.assert_unavailable();
        app.store.set_fault(None);
        settle().await;
        assert!(app.live().await.is_empty(), "{way:?}");
    }
}

#[tokio::test]
async fn any_token_of_the_old_session_says_which_one_it_is() {
    let app = App::new();
    let start = || app.sessions.start(Identity::new("alice"));
    let used = start().await.unwrap();
    let current = app
        .sessions
        .refresh(used.refresh_token().unwrap().clone())
        .await
        .unwrap();
    let tokens = [
        used.refresh_token().unwrap().secret().to_owned(),
        start()
            .await
            .unwrap()
            .refresh_token()
            .unwrap()
            .secret()
            .to_owned(),
        start().await.unwrap().access_token().secret().to_owned(),
    ];
    app.clock.advance(2 * HOUR);
    assert_eq!(app.live().await.len(), 3);
    for (index, token) in tokens.into_iter().enumerate() {
        app.sessions
            .start(Identity::new("bob").replacing(token))
            .await
            .unwrap();
        assert_eq!(app.live().await.len(), 2 - index);
    }
    let refused = app
        .sessions
        .refresh(current.refresh_token().unwrap().clone())
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::SessionRevoked);
}

#[tokio::test]
async fn a_token_of_no_session_replaces_nothing() {
    let app = App::new();
    let mine = app.log_in().await.tokens();
    let other = App::new().log_in().await.tokens();
    for token in [
        "",
        "nonsense",
        "rt1_nonsense",
        &*other.access,
        &*other.refresh,
    ] {
        app.sessions
            .start(Identity::new("bob").replacing(token))
            .await
            .unwrap();
    }
    assert_eq!(app.live().await, [mine.session_id()]);
    let mut replaced = pin!(
        app.sessions
            .start(Identity::new("alice").replacing(mine.access))
    );
    replaced.as_mut().await.unwrap();
    assert_eq!(app.live().await.len(), 1);
}
