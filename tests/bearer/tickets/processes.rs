//! Tickets in a store that processes share.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use support::{Call, FailingStore, MILLISECOND, Received, StoreFault, send};
use tempfile::TempDir;
use tower_bearer::bearer::{BearerErrorKind, Tickets, TokenSource};
use tower_bearer::keys::Ticket;
use tower_bearer::store::SessionStore;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    AccessTokenClaims, BearerAuthLayer, Grant, Identity, MemoryStore, Secret, SqliteStore,
};

use crate::sources::bare;

/// A process with these tickets.
struct Process {
    tickets: Tickets,
    layer: BearerAuthLayer,
}

impl Process {
    fn new(tokens: &TestTokens, store: impl SessionStore, secret: &Secret) -> Self {
        let clock = Arc::new(tokens.clock().clone());
        let tickets = Tickets::in_store(store, secret).with_clock(clock);
        // Each process has a verifier of its own.
        let layer = BearerAuthLayer::new(tokens.verifier())
            .with_token_sources([TokenSource::header(), TokenSource::ticket(&tickets)]);
        Self { tickets, layer }
    }

    async fn ask(&self, ticket: &Ticket) -> Received {
        let request = Request::get(format!("/feed?ticket={}", ticket.secret()));
        send(&self.layer, request.body(String::new()).unwrap()).await
    }
}

fn claims(tokens: &TestTokens, subject: &str) -> AccessTokenClaims {
    let token = tokens.bearer_with_scope(subject, "read");
    tokens.verifier().verify(bare(&token)).unwrap()
}

fn secret() -> Secret {
    Secret::random().unwrap()
}

#[tokio::test]
async fn a_ticket_opens_one_connection_at_any_process() {
    let (tokens, store, secret) = (TestTokens::new(), MemoryStore::new(), secret());
    let [one, other] = [(); 2].map(|()| Process::new(&tokens, store.clone(), &secret));
    for (issuer, opener) in [(&one, &other), (&other, &one), (&one, &one)] {
        let ticket = issuer.tickets.issue(&claims(&tokens, "alice")).await;
        let ticket = ticket.unwrap();
        opener.ask(&ticket).await.assert_passed("alice");
        for process in [&one, &other] {
            let again = process.ask(&ticket).await;
            again.assert_refused(401, "invalid_token", "token_invalid");
        }
    }
    // A used ticket takes away no other one of its user.
    let used = one.tickets.issue(&claims(&tokens, "alice")).await.unwrap();
    one.ask(&used).await.assert_passed("alice");
    let next = one.tickets.issue(&claims(&tokens, "alice")).await.unwrap();
    let again = other.ask(&used).await;
    again.assert_refused(401, "invalid_token", "token_invalid");
    other.ask(&next).await.assert_passed("alice");
}

#[tokio::test]
async fn a_claim_of_the_application_comes_with_a_ticket_of_another_process() {
    let (tokens, store, secret) = (TestTokens::new(), MemoryStore::new(), secret());
    let [one, other] = [(); 2].map(|()| Process::new(&tokens, store.clone(), &secret));
    let grant = Grant::new()
        .with_scope("read write")
        .with_claim("tenant", "t-\u{1f980}\"\\");
    let authorization = tokens.bearer_for(&Identity::new("al\"ice"), &grant);
    let sent = tokens.verifier().verify(bare(&authorization)).unwrap();
    let ticket = one.tickets.issue(&sent).await.unwrap();
    let handler = tower::service_fn(async |request: Request<String>| {
        let claims = AccessTokenClaims::from_extensions(request.extensions()).unwrap();
        let all = serde_json::to_string(claims).unwrap();
        Ok::<_, std::convert::Infallible>(http::Response::new(all))
    });
    let request = Request::get(format!("/feed?ticket={}", ticket.secret()));
    let request = request.body(String::new()).unwrap();
    let answer = tower::ServiceExt::oneshot(tower::Layer::layer(&other.layer, handler), request);
    let answer = Received::of(answer.await.unwrap()).await;
    assert_eq!(answer.status, 200);
    let received: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(received, serde_json::to_value(&sent).unwrap());
}

#[tokio::test]
async fn a_ticket_of_another_application_in_the_same_store_opens_nothing() {
    let (tokens, store) = (TestTokens::new(), MemoryStore::new());
    let ours = Process::new(&tokens, store.clone(), &secret());
    let theirs = Process::new(&tokens, store.clone(), &secret());
    let ticket = theirs.tickets.issue(&claims(&tokens, "alice")).await;
    let ticket = ticket.unwrap();
    let refused = ours.ask(&ticket).await;
    refused.assert_refused(401, "invalid_token", "token_invalid");
    theirs.ask(&ticket).await.assert_passed("alice");
    // A new secret keeps the tickets of the one before.
    let (old, new) = (secret(), secret());
    let before = Process::new(&tokens, store.clone(), &old);
    let after = Process::new(&tokens, store, &new.with_previous(old));
    let ticket = before.tickets.issue(&claims(&tokens, "alice")).await;
    after.ask(&ticket.unwrap()).await.assert_passed("alice");
}

#[tokio::test]
async fn a_store_that_fails_is_503_and_opens_nothing() {
    let tokens = TestTokens::new();
    let store = FailingStore::new(MemoryStore::new());
    let process = Process::new(&tokens, store.clone(), &secret());
    let alice = claims(&tokens, "alice");
    for call in [Call::Read, Call::Take] {
        let ticket = process.tickets.issue(&alice).await.unwrap();
        store.set_fault(Some(StoreFault::Of(call)));
        let failed = process.ask(&ticket).await;
        failed.assert_failed(503, "temporarily_unavailable");
        store.set_fault(None);
        process.ask(&ticket).await.assert_passed("alice");
    }
    // The answer is lost: the ticket may be used up, and is.
    let ticket = process.tickets.issue(&alice).await.unwrap();
    store.set_fault(Some(StoreFault::AnswerOf(Call::Take)));
    let failed = process.ask(&ticket).await;
    failed.assert_failed(503, "temporarily_unavailable");
    store.set_fault(None);
    let refused = process.ask(&ticket).await;
    refused.assert_refused(401, "invalid_token", "token_invalid");
    for call in [Call::Read, Call::PutNew] {
        store.set_fault(Some(StoreFault::Of(call)));
        let failed = process.tickets.issue(&alice).await.unwrap_err();
        assert_eq!(failed.kind(), BearerErrorKind::Unavailable);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_503_within_five_seconds() {
    let tokens = TestTokens::new();
    let store = FailingStore::new(MemoryStore::new());
    let process = Process::new(&tokens, store.clone(), &secret());
    let alice = claims(&tokens, "alice");
    let ticket = process.tickets.issue(&alice).await.unwrap();
    let start = tokio::time::Instant::now();
    let _hangs = store.pause_at(Call::Take);
    let failed = process.ask(&ticket).await;
    failed.assert_failed(503, "temporarily_unavailable");
    let _hangs = store.pause_at(Call::PutNew);
    let failed = process.tickets.issue(&alice).await.unwrap_err();
    assert_eq!(failed.kind(), BearerErrorKind::Unavailable);
    assert_eq!(start.elapsed(), 2 * Duration::from_secs(5));
}

/// Else a user could be kept from every ticket but the last.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tickets_that_a_user_asks_for_at_once_are_all_good() {
    let (tokens, store, secret) = (TestTokens::new(), MemoryStore::new(), secret());
    let process = Arc::new(Process::new(&tokens, store, &secret));
    for _ in 0..10 {
        let issuing: Vec<_> = (0..16)
            .map(|_| {
                let (process, alice) = (Arc::clone(&process), claims(&tokens, "alice"));
                tokio::spawn(async move { process.tickets.issue(&alice).await.unwrap() })
            })
            .collect();
        for ticket in issuing {
            let ticket = ticket.await.unwrap();
            process.ask(&ticket).await.assert_passed("alice");
        }
    }
}

#[tokio::test]
async fn a_user_has_sixteen_tickets_over_all_processes() {
    let (tokens, store, secret) = (TestTokens::new(), MemoryStore::new(), secret());
    let processes = [(); 2].map(|()| Process::new(&tokens, store.clone(), &secret));
    let bob = processes[0].tickets.issue(&claims(&tokens, "bob")).await;
    let mut of_alice = Vec::new();
    for number in 0..40 {
        let process = &processes[number % 2];
        tokens.clock().advance(MILLISECOND);
        let ticket = process.tickets.issue(&claims(&tokens, "alice")).await;
        of_alice.push(ticket.unwrap());
    }
    for (number, ticket) in of_alice.iter().enumerate() {
        let answer = processes[number % 2].ask(ticket).await;
        if number < 24 {
            answer.assert_refused(401, "invalid_token", "token_invalid");
        } else {
            answer.assert_passed("alice");
        }
    }
    processes[1].ask(&bob.unwrap()).await.assert_passed("bob");
}

/// A store in a file, and the file as its administrator sees it.
async fn file() -> (SqliteStore, SqlitePool, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await;
    (store, pool.unwrap(), directory)
}

async fn stored(pool: &SqlitePool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let rows = sqlx::query_as("SELECT key, value FROM tower_bearer_ephemeral ORDER BY until");
    rows.fetch_all(pool).await.unwrap()
}

async fn store_again(pool: &SqlitePool, key: &[u8], value: &[u8]) {
    let write = sqlx::query(
        "INSERT INTO tower_bearer_ephemeral (key, until, value) VALUES (?1, ?2, ?3) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    );
    let write = write.bind(key).bind(i64::MAX).bind(value);
    write.execute(pool).await.unwrap();
}

#[tokio::test]
async fn the_store_has_neither_ticket_nor_token_and_forgets_a_used_ticket() {
    let tokens = TestTokens::new();
    let (store, pool, _directory) = file().await;
    let process = Process::new(&tokens, store, &secret());
    let authorization = tokens.bearer("alice");
    let claims = tokens.verifier().verify(bare(&authorization)).unwrap();
    let ticket = process.tickets.issue(&claims).await.unwrap();
    let [(key, value)] = &stored(&pool).await[..] else {
        panic!("one ticket is stored");
    };
    let has = |text: &[u8]| {
        let all = [&key[..], value].concat();
        all.windows(text.len()).any(|window| window == text)
    };
    assert!(has(b"alice"), "this test sees what is stored");
    let text = ticket.secret();
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
    let parts: Vec<&str> = bare(&authorization).split('.').collect();
    for secret in [&text[..22], &text[21..], parts[1], parts[2]] {
        assert!(!has(secret.as_bytes()), "{secret} is stored");
    }
    assert!(
        !has(&bytes[16..]),
        "the random bytes of the ticket are stored"
    );
    process.ask(&ticket).await.assert_passed("alice");
    assert_eq!(stored(&pool).await, [], "a used ticket is still there");
}

/// Else an attacker who can write to the store could log in as any user.
#[tokio::test]
async fn an_entry_that_was_changed_or_moved_in_the_store_opens_nothing() {
    let tokens = TestTokens::new();
    let (store, pool, _directory) = file().await;
    let process = Process::new(&tokens, store, &secret());
    let ticket = process.tickets.issue(&claims(&tokens, "alice")).await;
    let ticket = ticket.unwrap();
    tokens.clock().advance(MILLISECOND);
    let of_root = process.tickets.issue(&claims(&tokens, "super")).await;
    of_root.unwrap();
    let [(key, of_alice), (_, of_root)] = &stored(&pool).await[..] else {
        panic!("two tickets are stored");
    };
    let mut forged = of_alice.clone();
    while let Some(at) = forged.windows(5).position(|text| text == b"alice") {
        forged[at..at + 5].copy_from_slice(b"super");
    }
    assert_ne!(forged, *of_alice);
    let mut other_tag = of_alice.clone();
    other_tag[8] ^= 1;
    for entry in [
        &forged[..],
        of_root,
        &other_tag,
        &of_alice[..20],
        b"",
        &[0; 24],
    ] {
        store_again(&pool, key, entry).await;
        let refused = process.ask(&ticket).await;
        refused.assert_refused(401, "invalid_token", "token_invalid");
    }
    store_again(&pool, key, of_alice).await;
    process.ask(&ticket).await.assert_passed("alice");
}
