//! Refreshes where somebody takes his time: a thief, or the application.

#[path = "support/request.rs"]
mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use support::Accounts;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{
    Authenticate, Grant, MemoryStore, NoCredentials, RefreshToken, Secret, Session, SessionErrorKind, Sessions, TokenResponse,
};

fn kept(answer: &TokenResponse) -> RefreshToken {
    answer.refresh_token().clone()
}

/// Without receipts nobody but the refresh tokens themselves can say which of them arrived.
#[tokio::test]
async fn a_thief_who_asks_all_the_time_cannot_keep_a_generation_from_ending() {
    let tokens = TestTokens::new();
    let sessions = Sessions::new(Accounts, MemoryStore::new(), tokens.signer(), &Secret::random().unwrap());
    let login = sessions.start(Grant::new("alice").without_receipts(), None).await.unwrap();
    let stolen = kept(&login);
    let mut honest = kept(&sessions.refresh(kept(&login)).await.unwrap());

    let mut thefts = 0;
    for second in 1..=6 * 3600_u64 {
        tokens.clock().advance(Duration::from_secs(1));
        if second % 29 == 0 && sessions.refresh(stolen.clone()).await.is_err() {
            thefts += 1;
            break;
        }
        if second % 1800 == 0 {
            honest = kept(&sessions.refresh(honest.clone()).await.unwrap());
        }
    }
    assert_eq!(thefts, 1, "the thief was noticed");
    assert!(sessions.refresh(honest).await.is_err(), "and the session is over");
}

/// `renew` takes as long as the clock says that it takes.
struct Slow {
    clock: ManualClock,
    seconds: Arc<AtomicU64>,
}

impl Authenticate for Slow {
    type Credentials = NoCredentials;
    type Error = Infallible;

    async fn authenticate(&self, never: NoCredentials) -> Result<Option<Grant>, Infallible> {
        match never {}
    }

    async fn renew(&self, session: &Session) -> Result<Option<Grant>, Infallible> {
        self.clock.advance(Duration::from_secs(self.seconds.load(Ordering::Relaxed)));
        Ok(Some(Grant::new(session.subject())))
    }
}

#[tokio::test]
async fn a_slow_application_makes_nobody_a_thief() {
    let (tokens, seconds) = (TestTokens::new(), Arc::new(AtomicU64::new(0)));
    let accounts = Slow { clock: tokens.clock().clone(), seconds: Arc::clone(&seconds) };
    let sessions = Sessions::new(accounts, MemoryStore::new(), tokens.signer(), &Secret::random().unwrap());
    let login = sessions.start(Grant::new("alice"), None).await.unwrap();
    let first = sessions.refresh(kept(&login)).await.unwrap();
    // The answer arrived.
    tokens.clock().advance(Duration::from_secs(1));
    let _ = sessions.refresh(kept(&first)).await.unwrap();

    // A second tab asks within the overlap; the application answers after it.
    tokens.clock().advance(Duration::from_secs(19));
    seconds.store(12, Ordering::Relaxed);
    let second = sessions.refresh(kept(&login)).await.unwrap();
    assert_eq!(second.refresh_token().secret(), first.refresh_token().secret());

    // Whoever asks after the overlap is a thief, however quick the application.
    seconds.store(0, Ordering::Relaxed);
    let error = sessions.refresh(kept(&login)).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::RefreshReused);
}
