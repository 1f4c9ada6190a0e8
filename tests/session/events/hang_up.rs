//! A client that hangs up while its session ends: the session ends, and the application is told.

use support::{App, Call, MINUTE, Pause, bearer_of, form, send, settle, with_authorization};
use tower_bearer::store::RevocationReason;
use tower_bearer::throttle::Familiarity;
use tower_bearer::{Authorization, Grant, Identity, Subject, TokenResponse};

use super::{Heard, Said, context, listening, log_in, refresh_of, revoked};

/// A moment of a call to the store: before its work, or after it.
type Moment = fn(&App, Call) -> Pause;

const MOMENTS: [Moment; 2] = [
    |app, call| app.store.pause_at(call),
    |app, call| app.store.pause_after(call),
];

/// Drops `work` when the store has been reached, and lets the store go on.
async fn hang_up(pause: Pause, work: impl Future) {
    tokio::select! {
        biased;
        () = pause.reached() => {}
        _ = work => panic!("the store has not answered"),
    }
    pause.go_on();
    settle().await;
}

/// The events are those, and no token of the session works any more.
async fn assert_over(app: &App, heard: &Heard, tokens: &TokenResponse, told: Said) {
    assert_eq!(heard.take_said(), [told]);
    let answer = send(&app.layer(), with_authorization(&bearer_of(tokens))).await;
    answer.assert_invalid_token("session_revoked");
    let row = app.store.inner().find(tokens.session_id()).await.unwrap();
    assert!(row.is_none_or(|row| row.revoked().is_some()));
}

async fn logged_in() -> (App, Heard, TokenResponse) {
    let (app, heard) = listening();
    let tokens = log_in(&app).await;
    heard.take();
    (app, heard, tokens)
}

fn several(because: RevocationReason) -> Said {
    ("sessions_revoked", Some(because.as_str()))
}

#[tokio::test]
async fn a_logout_ends_its_session_and_is_told() {
    for moment in MOMENTS {
        for call in [Call::Find, Call::Revoke] {
            let (app, heard, tokens) = logged_in().await;
            let token = tokens.refresh_token().unwrap().secret();
            let request = form("/logout", &[("token", token)]);
            hang_up(moment(&app, call), app.send(request)).await;
            assert_over(&app, &heard, &tokens, ("logged_out", None)).await;
        }
    }
}

#[tokio::test]
async fn a_session_that_is_ended_from_the_list_of_devices_is_told() {
    for moment in MOMENTS {
        let (app, heard, tokens) = logged_in().await;
        let (user, id) = ("alice".into(), tokens.session_id());
        let revoke = app.sessions.revoke(&user, id);
        hang_up(moment(&app, Call::Revoke), revoke).await;
        assert_over(&app, &heard, &tokens, ("logged_out", None)).await;
    }
}

#[tokio::test]
async fn all_sessions_of_a_user_end_and_are_told() {
    for moment in MOMENTS {
        let (app, heard, tokens) = logged_in().await;
        let user = Subject::from("alice");
        let log_out = app.sessions.log_out_everywhere(&user);
        hang_up(moment(&app, Call::RevokeAll), log_out).await;
        let told = several(RevocationReason::Everywhere);
        assert_over(&app, &heard, &tokens, told).await;
    }
}

#[tokio::test]
async fn a_user_is_erased_and_it_is_told() {
    for moment in MOMENTS {
        for call in [Call::RevokeAll, Call::Erase] {
            let (app, heard, tokens) = logged_in().await;
            let user = Subject::from("alice");
            hang_up(moment(&app, call), app.sessions.erase(&user)).await;
            let told = several(RevocationReason::UserGone);
            assert_over(&app, &heard, &tokens, told).await;
        }
    }
}

#[tokio::test]
async fn a_session_whose_user_is_gone_ends_and_is_told() {
    for moment in MOMENTS {
        let (app, heard, tokens) = logged_in().await;
        app.users.authorize_as(|_| Ok(Authorization::gone()));
        let refresh = app.sessions.refresh(refresh_of(&tokens));
        hang_up(moment(&app, Call::Revoke), refresh).await;
        let told = revoked(RevocationReason::UserGone);
        assert_over(&app, &heard, &tokens, told).await;
    }
}

/// The client hangs up at the first step of three.
#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_forgets_all_devices() {
    let (app, heard) = listening();
    app.users.grant(Grant::new().with_stamp(7));
    let start = async || {
        let identity = Identity::new("alice").with_stamp(7);
        app.sessions.start(identity).await.unwrap()
    };
    let (this, other) = (start().await, start().await);
    heard.take();
    let user = Subject::from("alice");
    let mark = app.sessions.device_mark("alice", &user, None).unwrap();

    app.users.grant(Grant::new().with_stamp(8));
    // The mark is as old as the change otherwise.
    app.clock.advance(MINUTE);
    let change = app.sessions.credentials_changed(this.claims(), 8);
    hang_up(app.store.pause_at(Call::Replace), change).await;
    let told = several(RevocationReason::Everywhere);
    assert_over(&app, &heard, &other, told).await;
    app.sessions.refresh(refresh_of(&this)).await.unwrap();
    let context = context().with_device_mark(mark.secret());
    let attempt = app.sessions.attempt("alice", &context).await.unwrap();
    assert_eq!(attempt.familiarity(), Some(Familiarity::Stranger));
}

/// The first of two changes hangs when the second one is made, and must not undo it.
#[tokio::test]
async fn a_change_that_goes_on_after_a_hang_up_leaves_a_later_one_alone() {
    let (app, heard) = listening();
    app.users.grant(Grant::new().with_stamp(7));
    let identity = Identity::new("alice").with_stamp(7);
    let this = app.sessions.start(identity).await.unwrap();
    heard.take();
    app.clock.advance(MINUTE);
    let pause = app.store.pause_at(Call::Replace);
    tokio::select! {
        biased;
        () = pause.reached() => {}
        _ = app.sessions.credentials_changed(this.claims(), 8) => panic!("it did not write"),
    }

    app.users.grant(Grant::new().with_stamp(9));
    let changed = app.sessions.credentials_changed(this.claims(), 9).await;
    changed.unwrap();
    let identity = Identity::new("alice").with_stamp(9);
    let later = app.sessions.start(identity).await.unwrap();
    pause.go_on();
    settle().await;
    for tokens in [this, later] {
        app.sessions.refresh(refresh_of(&tokens)).await.unwrap();
    }
}
