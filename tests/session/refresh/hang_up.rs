//! A client that hangs up in the middle of a refresh: the session goes on, whatever the moment.

use std::future::Future;
use std::task::{Context, Waker};

use support::{Call, HOUR, Login, MINUTE, Tokens, form, settle};
use tower::ServiceExt;
use tower_bearer::store::RevocationReason;

use super::rotated;

/// Refreshes, and hangs up after `polls` polls. Whether that came too late.
fn hung_up(login: &Login, token: &str, polls: usize) -> bool {
    let mut refresh = Box::pin(
        login
            .endpoints()
            .oneshot(form("/refresh", &[("refresh_token", token)])),
    );
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| refresh.as_mut().poll(&mut context).is_ready())
}

/// A server whose store and users make every refresh wait wherever it can.
async fn logged_in() -> (Login, Tokens) {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login.store.yield_everywhere();
    login.accounts.yield_everywhere();
    (login, tokens)
}

#[tokio::test]
async fn the_same_token_refreshes_afterwards_whatever_the_moment() {
    let mut moments = 0;
    loop {
        let (login, first) = logged_in().await;
        let too_late = hung_up(&login, &first.refresh, moments);
        // The retry comes at once, or when the phone is out of the tunnel.
        if moments % 2 == 0 {
            login.clock.advance(HOUR);
        }
        let second = login.refresh(&first.refresh).await.tokens();
        let row = login.row(&second).await.into_parts();
        assert_eq!(
            (row.generation, row.revoked),
            (1, None),
            "after {moments} polls"
        );
        login.clock.advance(HOUR);
        login.refresh(&second.refresh).await.tokens();
        if too_late {
            break;
        }
        moments += 1;
    }
    // Two at each of three calls of the store, and one at the users.
    assert!(moments >= 7, "{moments}");
}

#[tokio::test]
async fn hanging_up_again_and_again_harms_nothing() {
    let (login, first) = logged_in().await;
    for polls in (0..7).cycle().take(70) {
        hung_up(&login, &first.refresh, polls);
        login.clock.advance(HOUR);
    }
    let second = login.refresh(&first.refresh).await.tokens();
    assert_eq!(login.row(&second).await.parts().generation, 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_at_logout_or_login_leaves_nothing_half_done() {
    for polls in 0..6 {
        let (login, tokens) = logged_in().await;
        let mut logout = Box::pin(
            login
                .endpoints()
                .oneshot(form("/logout", &[("token", &tokens.refresh)])),
        );
        let mut context = Context::from_waker(Waker::noop());
        let _ = (0..polls).any(|_| logout.as_mut().poll(&mut context).is_ready());
        drop(logout);
        // Either way a second logout is a logout.
        login.log_out(&tokens.refresh).await;
        login
            .refresh(&tokens.refresh)
            .await
            .assert_invalid_grant("session_revoked");
        login
            .me(&tokens.access)
            .await
            .assert_invalid_token("session_revoked");

        let credentials = [("username", "alice"), ("password", "wonderland-7")];
        let mut again = Box::pin(login.endpoints().oneshot(form("/login", &credentials)));
        let too_late = (0..polls).any(|_| again.as_mut().poll(&mut context).is_ready());
        drop(again);
        settle().await;
        let live = login.sessions.list(&"alice".into()).await.unwrap();
        assert_eq!(live.len(), usize::from(too_late), "after {polls} polls");
    }
}

/// Otherwise a thief could raise the alarm again and again, and their session would go on.
#[tokio::test]
async fn a_client_that_hangs_up_at_the_alarm_does_not_keep_the_session_alive() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    login.confirm(&second).await;
    login.clock.advance(MINUTE);

    let revoke = login.store.pause_at(Call::Revoke);
    tokio::select! {
        biased;
        _ = login.refresh(&first.refresh) => panic!("the store has not answered"),
        () = revoke.reached() => {}
    }
    revoke.go_on();
    settle().await;
    let ended = login.row(&second).await.into_parts().revoked.unwrap();
    assert_eq!(ended.reason, RevocationReason::Reused);
    login
        .me(&second.access)
        .await
        .assert_invalid_token("session_revoked");
}
