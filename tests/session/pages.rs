//! A store that tells of its revocations in pages.

use std::time::Duration;

use support::{Call, SECOND, ask, bearer_of};
use tokio::time::Instant;
use tower_bearer::store::{RevocationReason, SessionStore};
use tower_bearer::{Identity, MemoryStore, Sessions, TokenResponse};

use crate::nodes::Nodes;

async fn begun(sessions: &Sessions, count: usize) -> Vec<TokenResponse> {
    let mut begun = Vec::new();
    for _ in 0..count {
        begun.push(sessions.start(Identity::new("alice")).await.unwrap());
    }
    begun
}

async fn log_out(sessions: &Sessions, ended: &[TokenResponse]) {
    for pair in ended {
        let token = pair.refresh_token().unwrap();
        sessions.log_out(token.secret()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_request_knows_all_pages() {
    let nodes = Nodes::new();
    let (here, there) = (nodes.node(), nodes.node());
    let (ended, lives) = (begun(&here, 10).await, begun(&here, 1).await);
    log_out(&here, &ended).await;
    nodes.store.in_pages(3, Duration::ZERO);
    nodes.store.take_calls();
    let layer = there.layer();
    ask(&layer, &bearer_of(&lives[0]))
        .await
        .assert_passed("alice");
    assert!(nodes.store.calls_of(Call::RevokedSince) >= 4);
    for pair in &ended {
        ask(&layer, &bearer_of(pair))
            .await
            .assert_refused(401, "invalid_token", "session_revoked");
    }
    // The next pulls go on after the last page.
    log_out(&here, &lives).await;
    nodes.store.take_calls();
    tokio::time::sleep(2 * SECOND).await;
    assert!(
        nodes.store.calls_of(Call::RevokedSince) <= 3,
        "what was read is read again"
    );
    ask(&layer, &bearer_of(&lives[0])).await.assert_refused(
        401,
        "invalid_token",
        "session_revoked",
    );
}

/// Five pages of six seconds.
#[tokio::test(start_paused = true)]
async fn no_request_waits_for_more_than_ten_seconds_and_the_pages_that_were_read_are_kept() {
    let nodes = Nodes::new();
    let (here, there) = (nodes.node(), nodes.node());
    let (ended, lives) = (begun(&here, 10).await, begun(&here, 1).await);
    log_out(&here, &ended).await;
    nodes.store.in_pages(2, 6 * SECOND);
    let (layer, start) = (there.layer(), Instant::now());
    loop {
        let asked = Instant::now();
        let answer = ask(&layer, &bearer_of(&lives[0])).await;
        assert!(asked.elapsed() < 10 * SECOND, "{:?}", asked.elapsed());
        if answer.status == 200 {
            break;
        }
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(start.elapsed() < 40 * SECOND, "what was read is read again");
    }
    ask(&layer, &bearer_of(&ended[9])).await.assert_refused(
        401,
        "invalid_token",
        "session_revoked",
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_store_has_on_a_later_page_is_not_lost() {
    let nodes = Nodes::new();
    let here = nodes.node();
    let sessions = begun(&here, 10).await;
    log_out(&here, &sessions).await;
    tokio::time::sleep(2 * SECOND).await;
    // A backup that lacks the last one.
    let (backup, inner) = (MemoryStore::new(), nodes.store.inner());
    for pair in &sessions {
        let row = inner.find(pair.session_id()).await.unwrap().unwrap();
        let mut row = row.into_parts();
        row.revoked = None;
        backup
            .insert(&tower_bearer::store::Session::from_parts(row))
            .await
            .unwrap();
    }
    let record = RevocationReason::LoggedOut.at(here_now(&nodes));
    for pair in &sessions[..9] {
        assert!(backup.revoke(pair.session_id(), record).await.unwrap());
    }
    nodes.store.in_pages(2, Duration::ZERO);
    nodes.store.set_back_to(backup.clone());
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(nodes.store.calls_of(Call::AssertRevoked), 1);
    let page = backup.revoked_since(None).await.unwrap();
    assert_eq!(page.revoked.len(), 10, "each session is in the feed once");
    let last = backup.find(sessions[9].session_id()).await.unwrap();
    let record = last.unwrap().revoked().expect("it is revoked again");
    assert_eq!(record.reason, RevocationReason::Other);
}

fn here_now(nodes: &Nodes) -> tower_bearer::clock::Timestamp {
    use tower_bearer::clock::Clock;
    nodes.tokens.clock().now()
}
