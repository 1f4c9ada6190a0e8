//! Stamps: what a version of the user's credentials may be.

use support::{App, Call, DAY, MINUTE, StoreFault};
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::token::Stamp;
use tower_bearer::{Grant, Identity, Login, PasswordCredentials, TokenResponse};

fn all_of_seven() -> Vec<Stamp> {
    vec![
        Stamp::from(7_i8),
        Stamp::from(7_u8),
        Stamp::from(7_i16),
        Stamp::from(7_u16),
        Stamp::from(7_i32),
        Stamp::from(7_u32),
        Stamp::from(7_i64),
        Stamp::from(7_u64),
        Stamp::from(7_i128),
        Stamp::from(7_u128),
        Stamp::from(7_isize),
        Stamp::from(7_usize),
        Stamp::from("7"),
        Stamp::from("7".to_owned()),
        Stamp::from(&"7".to_owned()),
        Stamp::from(&b"7"[..]),
        Stamp::from(*b"7"),
        Stamp::from(b"7".to_vec()),
        Stamp::from(&b"7".to_vec()),
    ]
}

#[test]
fn a_number_and_its_text_are_one_stamp() {
    for stamp in all_of_seven() {
        assert_eq!(stamp, Stamp::from("7"));
        assert_ne!(stamp, Stamp::from("07"));
    }
    assert_ne!(Stamp::from(-7), Stamp::from(7));
}

#[test]
fn a_stamp_does_not_show_what_it_was_made_from() {
    assert_eq!(
        format!("{:?}", Stamp::from("the-hash-of-a-password")),
        "Stamp"
    );
}

/// A column that counts, whose type was changed meanwhile.
#[tokio::test]
async fn a_session_goes_on_with_the_same_number_and_ends_with_another() {
    let app = App::new();
    app.users.grant(Grant::new().with_stamp(7_i32));
    let tokens = app
        .sessions
        .start(Identity::new("alice").with_stamp(7_i32))
        .await
        .unwrap();
    app.users.grant(Grant::new().with_stamp(7_i64));
    let token = tokens.refresh_token().unwrap().clone();
    let tokens = app.sessions.refresh(token).await.unwrap();

    app.users.grant(Grant::new().with_stamp(8_i64));
    let token = tokens.refresh_token().unwrap().secret();
    app.refresh(token).await.assert_invalid_grant("user_gone");
}

/// A user whose password has the version 7, with three sessions.
async fn with_three_sessions() -> (App, [TokenResponse; 3]) {
    let app = App::new();
    app.users.grant(Grant::new().with_stamp(7));
    let start = async || {
        let identity = Identity::new("alice").with_stamp(7);
        app.sessions.start(identity).await.unwrap()
    };
    let tokens = [start().await, start().await, start().await];
    (app, tokens)
}

fn refresh_token(tokens: &TokenResponse) -> RefreshToken {
    tokens.refresh_token().unwrap().clone()
}

// requirement 25
#[tokio::test]
async fn after_a_new_password_this_device_stays_and_the_others_are_logged_out() {
    let (app, [this, phone, laptop]) = with_three_sessions().await;
    app.users.grant(Grant::new().with_stamp(8));
    app.sessions.set_stamp(this.claims(), 8).await.unwrap();
    let ended = app.sessions.log_out_others(this.claims()).await.unwrap();
    assert_eq!(ended.count(), 2);
    for other in [phone, laptop] {
        app.me(other.access_token().secret())
            .await
            .assert_invalid_token("session_revoked");
        app.refresh(refresh_token(&other).secret())
            .await
            .assert_invalid_grant("session_revoked");
    }
    app.me(this.access_token().secret())
        .await
        .assert_passed("alice");
    app.clock.advance(MINUTE);
    let next = app.sessions.refresh(refresh_token(&this)).await.unwrap();
    assert_eq!(app.live().await, [*next.session_id()]);

    // The next new password ends it, as any other.
    app.users.grant(Grant::new().with_stamp(9));
    app.refresh(refresh_token(&next).secret())
        .await
        .assert_invalid_grant("user_gone");
}

/// Nothing but the stamp changes: the refresh tokens of this session are what they were.
#[tokio::test]
async fn a_new_stamp_changes_nothing_about_the_refresh_tokens() {
    let (app, [first, ..]) = with_three_sessions().await;
    app.clock.advance(MINUTE);
    let second = app.sessions.refresh(refresh_token(&first)).await.unwrap();
    let mut expected = app.row(first.session_id()).await.into_parts();
    app.users.grant(Grant::new().with_stamp(8));
    app.sessions.set_stamp(second.claims(), 8).await.unwrap();
    let after = app.row(first.session_id()).await.into_parts();
    assert_ne!(after.stamp, expected.stamp);
    expected.stamp = after.stamp;
    expected.revision += 1;
    assert_eq!(after, expected);
    // Within the overlap the token of before gets the identical successor.
    let again = app.sessions.refresh(refresh_token(&first)).await.unwrap();
    assert_eq!(
        refresh_token(&again).secret(),
        refresh_token(&second).secret()
    );
}

#[tokio::test]
async fn a_session_that_has_ended_gets_no_stamp() {
    let (app, [this, erased, idle]) = with_three_sessions().await;
    let kind = async |tokens: &TokenResponse| {
        let set = app.sessions.set_stamp(tokens.claims(), 8).await;
        set.unwrap_err().kind()
    };
    app.sessions
        .log_out(this.access_token().secret())
        .await
        .unwrap();
    assert_eq!(kind(&this).await, SessionErrorKind::SessionRevoked);
    app.clock.advance(8 * DAY);
    assert_eq!(kind(&idle).await, SessionErrorKind::SessionExpired);
    app.sessions.erase(&"alice".into()).await.unwrap();
    assert_eq!(kind(&erased).await, SessionErrorKind::SessionExpired);
}

#[tokio::test]
async fn claims_of_no_session_and_of_another_application_set_no_stamp() {
    let (app, [this, ..]) = with_three_sessions().await;
    let tokens = TestTokens::with_clock(app.clock.clone());
    let token = tokens.bearer("alice");
    let token = token.strip_prefix("Bearer ").unwrap();
    let of_no_session = tokens.verifier().verify(token).unwrap();

    let other = tokens.sessions(app.users.clone(), app.store.clone());
    let other = other.issuer("https://other.example.com").build().unwrap();
    for (sessions, claims) in [(&app.sessions, &of_no_session), (&other, this.claims())] {
        let refused = sessions.set_stamp(claims, 8).await.unwrap_err();
        assert_eq!(refused.kind(), SessionErrorKind::InvalidToken);
    }
    app.sessions.refresh(refresh_token(&this)).await.unwrap();
}

/// A refresh is quicker: the stamp is written over its row, and nothing of the refresh is lost.
#[tokio::test]
async fn a_stamp_and_a_refresh_at_the_same_moment_both_count() {
    let (app, [this, ..]) = with_three_sessions().await;
    app.clock.advance(MINUTE);
    let pause = app.store.pause_at(Call::Replace);
    let setting = tokio::spawn({
        let (sessions, claims) = (app.sessions.clone(), this.claims().clone());
        async move { sessions.set_stamp(&claims, 8).await }
    });
    pause.reached().await;
    let next = app.sessions.refresh(refresh_token(&this)).await.unwrap();
    pause.go_on();
    setting.await.unwrap().unwrap();
    assert_eq!(app.row(next.session_id()).await.parts().generation, 1);
    app.users.grant(Grant::new().with_stamp(8));
    app.clock.advance(MINUTE);
    app.sessions.refresh(refresh_token(&next)).await.unwrap();
}

#[tokio::test]
async fn a_stamp_that_the_store_does_not_take_is_unavailable() {
    let (app, [this, ..]) = with_three_sessions().await;
    app.store.lose_races(true);
    let refused = app.sessions.set_stamp(this.claims(), 8).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::Unavailable);
    app.store.lose_races(false);
    app.store.set_fault(Some(StoreFault::All));
    let refused = app.sessions.set_stamp(this.claims(), 8).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::Unavailable);
    app.store.set_fault(None);
    app.sessions.refresh(refresh_token(&this)).await.unwrap();
}

/// A refresh by a process whose `authorize` grants this.
async fn refreshed(
    app: &App,
    tokens: &TokenResponse,
    grant: Grant,
) -> Result<TokenResponse, SessionErrorKind> {
    app.users.grant(grant);
    app.clock.advance(MINUTE);
    let refreshed = app.sessions.refresh(refresh_token(tokens)).await;
    refreshed.map_err(|error| error.kind())
}

#[tokio::test]
async fn sessions_from_before_there_were_stamps_go_on_and_get_one() {
    let app = App::new();
    let start = async || app.sessions.start(Identity::new("alice")).await.unwrap();
    let (mut tokens, without) = (start().await, start().await);
    // Processes of both steps run at the same time for a while.
    let first = Grant::new().or_stamp(1);
    let second = Grant::new().with_stamp(1).or_no_stamp();
    for grant in [&first, &second, &first, &second] {
        tokens = refreshed(&app, &tokens, grant.clone()).await.unwrap();
    }
    let last = Grant::new().with_stamp(1);
    let tokens = refreshed(&app, &tokens, last.clone()).await.unwrap();
    let gone = SessionErrorKind::UserGone;
    assert_eq!(refreshed(&app, &without, last).await.unwrap_err(), gone);
    let changed = Grant::new().with_stamp(2).or_no_stamp();
    assert_eq!(refreshed(&app, &tokens, changed).await.unwrap_err(), gone);
}

#[tokio::test]
async fn a_stamp_of_another_form_takes_the_place_of_a_former_one() {
    let (app, [this, ..]) = with_three_sessions().await;
    let now = Grant::new().with_stamp("v7");
    let tokens = refreshed(&app, &this, now.clone().or_stamp(7)).await;
    refreshed(&app, &tokens.unwrap(), now).await.unwrap();
}

/// The password was typed after stamps were introduced, in a session from before.
#[tokio::test]
async fn a_session_that_gets_a_stamp_may_authenticate_again() {
    let app = App::new();
    let tokens = app.sessions.start(Identity::new("alice")).await.unwrap();
    app.users
        .authenticate_as(|login| Identity::new(login.username()).with_stamp(1).into());
    app.users.grant(Grant::new().with_stamp(1).or_no_stamp());
    let login = Login::new(PasswordCredentials::new("alice", "wonderland-7"));
    let again = app.sessions.reauthenticate(tokens.claims(), login).await;
    again.unwrap();
    let tokens = refreshed(&app, &tokens, Grant::new().with_stamp(1)).await;
    tokens.unwrap();
}
