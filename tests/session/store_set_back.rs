//! A store that was set back to an older state: what a living process knows of revocations is not
//! lost.

use std::time::Duration;

use support::{Call, HOUR, StoreFault, ask, assert_ended, bearer_of};
use tower_bearer::clock::Clock;
use tower_bearer::names::SessionId;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::store::RevocationReason;
use tower_bearer::store::SessionStore;
use tower_bearer::{Identity, MemoryStore, Sessions, TokenResponse};

use crate::nodes::Nodes;

const A_MOMENT: Duration = Duration::from_millis(1010);

impl Nodes {
    /// The rows as they are now, to be restored later.
    async fn backup(&self, of: &[&TokenResponse]) -> MemoryStore {
        let backup = MemoryStore::new();
        for pair in of {
            backup
                .insert(
                    &self
                        .store
                        .inner()
                        .find(&self.id(pair))
                        .await
                        .unwrap()
                        .unwrap(),
                )
                .await
                .unwrap();
        }
        backup
    }

    fn id(&self, pair: &TokenResponse) -> SessionId {
        *self
            .node()
            .verifier()
            .verify(pair.access_token().secret())
            .unwrap()
            .session_id()
            .unwrap()
    }
}

/// Logs out at a process, which knows of it then.
async fn log_out(here: &Sessions, pair: &TokenResponse) {
    let token = pair.refresh_token().unwrap();
    here.log_out(token.secret()).await.unwrap();
    let refused = ask(&here.layer(), &bearer_of(pair)).await;
    refused.assert_refused(401, "invalid_token", "session_revoked");
}

// requirement 53
#[tokio::test(start_paused = true)]
async fn a_backup_restored_after_a_logout_revives_nothing_while_one_process_lives_that_knew_of_it()
{
    let nodes = Nodes::new();
    let here = nodes.node();
    let (ended, living) = (start(&here).await, start(&here).await);
    let backup = nodes.backup(&[&ended, &living]).await;
    // The session is younger than the backup, which therefore has no row for it.
    let young = start(&here).await;
    ask(&here.layer(), &bearer_of(&living))
        .await
        .assert_passed("alice");
    for pair in [&ended, &young] {
        here.log_out(pair.refresh_token().unwrap().secret())
            .await
            .unwrap();
    }
    tokio::time::sleep(A_MOMENT).await;

    nodes.store.set_back_to(backup);
    tokio::time::sleep(A_MOMENT).await;
    // A process that starts now knows only what the store tells it.
    let there = nodes.node();
    for node in [&here, &there] {
        assert_ended(&node.layer(), &ended).await;
        ask(&node.layer(), &bearer_of(&young)).await.assert_refused(
            401,
            "invalid_token",
            "session_revoked",
        );
        ask(&node.layer(), &bearer_of(&living))
            .await
            .assert_passed("alice");
        assert_eq!(
            kind_of_refresh(node, &ended).await,
            Some(SessionErrorKind::SessionRevoked)
        );
        assert_eq!(
            kind_of_refresh(node, &young).await,
            Some(SessionErrorKind::SessionExpired)
        );
    }
    assert_eq!(kind_of_refresh(&there, &living).await, None);
    let row = nodes
        .store
        .inner()
        .find(&nodes.id(&ended))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        row.revoked().map(|record| record.reason),
        Some(RevocationReason::Other)
    );
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_told_to_the_restored_store_is_told_again() {
    let nodes = Nodes::new();
    let here = nodes.node();
    let ended = start(&here).await;
    let backup = nodes.backup(&[&ended]).await;
    log_out(&here, &ended).await;
    tokio::time::sleep(A_MOMENT).await;

    nodes.store.set_back_to(backup);
    nodes
        .store
        .set_fault(Some(StoreFault::Of(Call::AssertRevoked)));
    tokio::time::sleep(5 * A_MOMENT).await;
    nodes.store.set_fault(None);
    tokio::time::sleep(A_MOMENT).await;
    assert_ended(&nodes.node().layer(), &ended).await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lost_nothing_is_told_nothing() {
    let nodes = Nodes::new();
    let (here, there) = (nodes.node(), nodes.node());
    ask(&there.layer(), &bearer_of(&start(&here).await))
        .await
        .assert_passed("alice");
    for _ in 0..3 {
        here.log_out(start(&here).await.refresh_token().unwrap().secret())
            .await
            .unwrap();
        tokio::time::sleep(A_MOMENT).await;
    }
    // A process that has logged a user out before its first pull, too.
    let late = nodes.node();
    late.log_out(start(&late).await.refresh_token().unwrap().secret())
        .await
        .unwrap();
    tokio::time::sleep(A_MOMENT).await;
    assert_eq!(nodes.store.calls_of(Call::AssertRevoked), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_older_than_the_retention_is_not_told_again() {
    let nodes = Nodes::new();
    let (before, late) = (nodes.node(), nodes.node());
    let ended = start(&before).await;
    before
        .log_out(ended.refresh_token().unwrap().secret())
        .await
        .unwrap();
    // A process that starts 20 hours later learns of it, and of its age.
    nodes.store.set_age(20 * HOUR);
    ask(&late.layer(), &bearer_of(&ended)).await.assert_refused(
        401,
        "invalid_token",
        "session_revoked",
    );
    drop(before);
    nodes.tokens.clock().advance(4 * HOUR);
    tokio::time::sleep(A_MOMENT).await;
    nodes.store.set_back_to(MemoryStore::new());
    tokio::time::sleep(A_MOMENT).await;
    assert_eq!(
        nodes.store.calls_of(Call::AssertRevoked),
        1,
        "it was younger than the retention"
    );

    nodes.store.set_age(25 * HOUR);
    let latest = nodes.node();
    ask(&latest.layer(), &bearer_of(&start(&latest).await))
        .await
        .assert_passed("alice");
    nodes.tokens.clock().advance(HOUR);
    nodes.store.set_back_to(MemoryStore::new());
    drop(late);
    tokio::time::sleep(A_MOMENT).await;
    assert_eq!(
        nodes.store.calls_of(Call::AssertRevoked),
        1,
        "it was older than the retention"
    );
}

/// A failover: the pull that finds it out began before the logout, and so did not compare it.
#[tokio::test(start_paused = true)]
async fn a_logout_that_is_lost_while_a_pull_hangs_is_told_again() {
    let nodes = Nodes::new();
    let here = nodes.node();
    let (ended, living) = (start(&here).await, start(&here).await);
    let backup = nodes.backup(&[&ended, &living]).await;
    ask(&here.layer(), &bearer_of(&living))
        .await
        .assert_passed("alice");
    // The cursor is one that the other store does not know.
    let other = start(&here).await;
    here.log_out(other.refresh_token().unwrap().secret())
        .await
        .unwrap();
    tokio::time::sleep(A_MOMENT).await;
    let pull = nodes.store.pause_at(Call::RevokedSince);
    pull.reached().await;
    here.log_out(ended.refresh_token().unwrap().secret())
        .await
        .unwrap();
    nodes.store.set_back_to(backup);
    pull.go_on();
    tokio::time::sleep(2 * A_MOMENT).await;
    assert_ended(&nodes.node().layer(), &ended).await;
}

/// A second failover, while what the first one lost cannot be given back.
#[tokio::test(start_paused = true)]
async fn a_logout_that_is_lost_while_a_pull_is_repeated_is_told_again() {
    let nodes = Nodes::new();
    let here = nodes.node();
    let (first, second) = (start(&here).await, start(&here).await);
    let backup = nodes.backup(&[&first, &second]).await;
    let again = nodes.backup(&[&first, &second]).await;
    log_out(&here, &first).await;
    tokio::time::sleep(A_MOMENT).await;
    nodes.store.set_back_to(backup);
    let fault = StoreFault::Of(Call::AssertRevoked);
    nodes.store.set_fault(Some(fault));
    tokio::time::sleep(A_MOMENT).await;

    let pull = nodes.store.pause_at(Call::RevokedSince);
    pull.reached().await;
    here.log_out(second.refresh_token().unwrap().secret())
        .await
        .unwrap();
    nodes.store.set_back_to(again);
    nodes.store.set_fault(None);
    pull.go_on();
    tokio::time::sleep(2 * A_MOMENT).await;
    let new = nodes.node().layer();
    assert_ended(&new, &first).await;
    assert_ended(&new, &second).await;
}

/// A page has ten seconds, and what is given back has as many.
#[tokio::test(start_paused = true)]
async fn a_slow_page_leaves_time_to_tell_the_store_what_it_has_lost() {
    let nodes = Nodes::new();
    let here = nodes.node();
    let ended = start(&here).await;
    let backup = nodes.backup(&[&ended]).await;
    log_out(&here, &ended).await;
    tokio::time::sleep(A_MOMENT).await;
    nodes.store.set_back_to(backup);
    for call in [Call::RevokedSince, Call::AssertRevoked] {
        let answer = nodes.store.pause_at(call);
        answer.reached().await;
        tokio::time::sleep(6 * A_MOMENT).await;
        answer.go_on();
    }
    tokio::time::sleep(A_MOMENT / 10).await;
    assert_ended(&nodes.node().layer(), &ended).await;
    assert_eq!(nodes.store.calls_of(Call::AssertRevoked), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_entered_again_counts_anew() {
    let nodes = Nodes::new();
    let (here, there) = (nodes.node(), nodes.node());
    let ended = start(&here).await;
    let layer = there.layer();
    for pair in [&ended, &start(&here).await] {
        here.log_out(pair.refresh_token().unwrap().secret())
            .await
            .unwrap();
    }
    nodes.store.set_age(24 * HOUR);
    ask(&layer, &bearer_of(&ended))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
    // The store was set back, another process has told it again: the entry is new, and so may
    // access tokens be.
    let restored = MemoryStore::new();
    restored
        .assert_revoked(&[nodes.id(&ended)], nodes.tokens.clock().now())
        .await
        .unwrap();
    nodes.store.set_age(Duration::ZERO);
    drop(here);
    nodes.store.set_back_to(restored);
    tokio::time::sleep(A_MOMENT).await;
    // An old entry would be forgotten by now: it had six and a half minutes left.
    nodes.tokens.clock().advance(HOUR / 6);
    tokio::time::sleep(A_MOMENT).await;
    ask(&layer, &bearer_of(&ended))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

async fn start(node: &Sessions) -> TokenResponse {
    node.start(Identity::new("alice")).await.unwrap()
}

async fn kind_of_refresh(node: &Sessions, pair: &TokenResponse) -> Option<SessionErrorKind> {
    node.refresh(pair.refresh_token().unwrap().clone())
        .await
        .err()
        .map(|error| error.kind())
}
