//! An application that was renamed: what was issued under its former names goes on.

use support::{HOUR, MINUTE, ask, assert_ended, bearer_of, log_in};
use tower_bearer::session::{SessionErrorKind, SessionsBuilder};
use tower_bearer::{Identity, Secret, Sessions, TokenResponse};

use super::issuers::{House, alice, count, refresh_token};
use super::{error, good, lines};

type Name = (&'static str, &'static str);

const OLD: Name = ("https://old.example.com", "old-app");
const NEW: Name = ("https://new.example.com", "new-app");
/// The issuer, the audience or both are new.
const RENAMED: [(Name, Name); 3] = [(OLD, (OLD.0, NEW.1)), (OLD, (NEW.0, OLD.1)), (OLD, NEW)];

impl House {
    fn named(&self, name: Name) -> SessionsBuilder {
        self.builder(name.0, name.1)
    }

    fn renamed(&self, from: Name, to: Name) -> Sessions {
        let builder = self.named(to).former_names(from.0, from.1);
        builder.build().unwrap()
    }
}

async fn assert_passes(sessions: &Sessions, tokens: &TokenResponse) {
    ask(&sessions.layer(), &bearer_of(tokens))
        .await
        .assert_passed("alice");
}

async fn assert_refused(sessions: &Sessions, tokens: &TokenResponse) {
    ask(&sessions.layer(), &bearer_of(tokens))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    let refused = sessions.refresh(refresh_token(tokens)).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::InvalidToken);
}

#[tokio::test]
async fn a_new_name_logs_nobody_out() {
    for (from, to) in RENAMED {
        let house = House::new();
        let before = log_in(&house.sessions(from.0, from.1), "alice").await;
        let now = house.renamed(from, to);
        assert_passes(&now, &before).await;
        assert_eq!(count(&now).await, 1);

        house.clock.advance(MINUTE);
        let next = now.refresh(refresh_token(&before)).await.unwrap();
        assert_eq!(next.session_id(), before.session_id());
        let claims = next.claims();
        let names = (claims.issuer().as_str(), claims.audience().as_str());
        assert_eq!(names, to, "after a refresh everything has the new names");
        assert_passes(&now, &next).await;
        // The token of before is still the one before.
        now.refresh(refresh_token(&before)).await.unwrap();

        // Once it was refreshed, nothing needs the former names any more.
        let later = house.sessions(to.0, to.1);
        assert_eq!(count(&later).await, 1);
        ask(&later.layer(), &bearer_of(&before))
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
        house.clock.advance(HOUR);
        later.refresh(refresh_token(&next)).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_issued_under_a_former_name_can_be_ended() {
    for (from, to) in RENAMED {
        let house = House::new();
        let before = house.sessions(from.0, from.1);
        let now = house.renamed(from, to);
        let start = async || log_in(&before, "alice").await;

        let tokens = start().await;
        let ended = now.log_out(tokens.access_token().secret()).await.unwrap();
        assert!(ended.any(), "by its access token");
        assert_ended(&now.layer(), &tokens).await;

        let tokens = start().await;
        let ended = now.log_out(refresh_token(&tokens).secret()).await.unwrap();
        assert!(ended.any(), "by its refresh token");
        assert_ended(&now.layer(), &tokens).await;

        let tokens = start().await;
        let ended = now.revoke(&alice(), tokens.session_id()).await.unwrap();
        assert!(ended.any(), "by its id");

        let (tokens, other) = (start().await, start().await);
        let ended = now.log_out_others(tokens.claims()).await.unwrap();
        assert_eq!(ended.count(), 1, "elsewhere");
        assert_ended(&now.layer(), &other).await;
        assert_passes(&now, &tokens).await;

        let replaces = Identity::new("alice").replacing(refresh_token(&tokens).secret());
        now.start(replaces).await.unwrap();
        assert_ended(&now.layer(), &tokens).await;
        assert_eq!(now.log_out_everywhere(&alice()).await.unwrap().count(), 1);

        let tokens = start().await;
        // Five from before, one that replaced another, and this one: all rows of both names.
        assert_eq!(now.erase(&alice()).await.unwrap().sessions(), 7);
        assert_eq!(before.erase(&alice()).await.unwrap().sessions(), 0);
        assert_ended(&now.layer(), &tokens).await;
    }
}

/// The receipt of a former access token counts too: a refresh token that was used before is noticed
/// as reused.
#[tokio::test]
async fn reuse_of_a_former_refresh_token_is_noticed() {
    let house = House::new();
    let before = house.named(OLD).build().unwrap();
    let first = log_in(&before, "alice").await;
    house.clock.advance(MINUTE);
    let second = before.refresh(refresh_token(&first)).await.unwrap();
    let now = house.renamed(OLD, NEW);
    assert_passes(&now, &second).await;
    now.flush().await.unwrap();
    house.clock.advance(MINUTE);
    let refused = now.refresh(refresh_token(&first)).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::RefreshTokenReused);
    assert_ended(&now.layer(), &second).await;
}

#[tokio::test]
async fn the_secret_may_change_together_with_the_names() {
    let house = House::new();
    let before = log_in(&house.named(OLD).build().unwrap(), "alice").await;
    let ring = Secret::random()
        .unwrap()
        .with_previous(house.secret.clone());
    let now = house.named(NEW).former_names(OLD.0, OLD.1).secret(ring);
    let now = now.build().unwrap();
    assert_passes(&now, &before).await;
    let next = now.refresh(refresh_token(&before)).await.unwrap();
    assert_passes(&now, &next).await;
}

/// The issuer of one name with the audience of another is another application.
#[tokio::test]
async fn former_names_are_pairs() {
    let house = House::new();
    let now = house
        .named(NEW)
        .former_names(OLD.0, OLD.1)
        .former_names("https://older.example.com", "older-app")
        .build()
        .unwrap();
    for stranger in [
        (OLD.0, NEW.1),
        (NEW.0, OLD.1),
        (OLD.0, "older-app"),
        ("https://older.example.com", OLD.1),
    ] {
        let theirs = log_in(&house.named(stranger).build().unwrap(), "alice").await;
        assert_refused(&now, &theirs).await;
        let ended = now.log_out(theirs.access_token().secret()).await.unwrap();
        assert!(!ended.any(), "{stranger:?}");
    }
    assert_eq!(count(&now).await, 0);
    for ours in [("https://older.example.com", "older-app"), OLD, NEW] {
        let ours = log_in(&house.named(ours).build().unwrap(), "alice").await;
        assert_passes(&now, &ours).await;
        now.refresh(refresh_token(&ours)).await.unwrap();
    }
    assert_eq!(count(&now).await, 3);
}

/// Both processes know both names, in another order: the client may go to either.
#[tokio::test]
async fn renaming_in_two_deployments_logs_nobody_out_of_either_process() {
    for (from, to) in RENAMED {
        let house = House::new();
        // The first deployment names the new names as if they were former ones.
        let (before, now) = (house.renamed(to, from), house.renamed(from, to));
        let mut tokens = log_in(&before, "alice").await;
        for process in [&now, &before, &before, &now, &now, &before] {
            house.clock.advance(HOUR);
            let next = process.refresh(refresh_token(&tokens)).await.unwrap();
            // Another tab, whose request goes to the other process.
            for process in [&now, &before] {
                let late = process.refresh(refresh_token(&tokens)).await.unwrap();
                assert_passes(process, &late).await;
                assert_passes(process, &next).await;
                assert_eq!(count(process).await, 1);
            }
            tokens = next;
        }
        assert_eq!(now.log_out_everywhere(&alice()).await.unwrap().count(), 1);
    }
}

/// In one deployment the old process does not know the new names. It refuses their tokens, and ends
/// nothing.
#[tokio::test]
async fn a_process_that_does_not_know_the_new_names_refuses_and_ends_nothing() {
    for (from, to) in RENAMED {
        let house = House::new();
        let (before, now) = (house.sessions(from.0, from.1), house.renamed(from, to));
        let old = log_in(&before, "alice").await;
        house.clock.advance(MINUTE);
        let new = now.refresh(refresh_token(&old)).await.unwrap();
        assert_refused(&before, &new).await;
        // A tab that still has the old token is refused there too: the row has the new names.
        let refused = before.refresh(refresh_token(&old)).await.unwrap_err();
        assert_eq!(refused.kind(), SessionErrorKind::InvalidToken);
        assert_eq!((count(&before).await, count(&now).await), (0, 1));
        assert_passes(&now, &new).await;
        now.refresh(refresh_token(&new)).await.unwrap();
    }
}

#[test]
fn the_current_names_among_the_former_ones_are_a_mistake() {
    let error = error(good().former_names("https://api.example.com", "example-api"));
    let lines = lines(&error);
    assert_eq!(lines.len(), 1, "{error}");
    assert!(lines[0].contains("former_names"), "{error}");
    good()
        .former_names("https://api.example.com", "old-api")
        .former_names("https://old.example.com", "example-api")
        .build()
        .unwrap();
}

#[test]
fn there_are_at_most_eight_former_names() {
    let with = |count: usize| {
        (0..count).fold(good(), |sessions, n| {
            sessions.former_names("https://old.example.com", format!("app-{n}"))
        })
    };
    with(8).build().unwrap();
    let error = error(with(9));
    assert_eq!(lines(&error).len(), 1, "{error}");
    assert!(error.to_string().contains('9'), "{error}");
}
