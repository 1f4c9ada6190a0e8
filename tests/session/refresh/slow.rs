//! Refreshes that take their time: a thief's, or a slow application's.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::{Accounts, MILLISECOND, SECOND, sessions_of};
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, Identity, MemoryStore, NoCredentials,
    Secret, SessionPolicy, Sessions, TokenResponse,
};

fn kept(answer: &TokenResponse) -> RefreshToken {
    answer.refresh_token().unwrap().clone()
}

/// Without receipts only the refresh tokens themselves show which of them arrived.
#[tokio::test]
async fn a_thief_who_asks_all_the_time_cannot_keep_a_generation_from_ending() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let login = sessions
        .start(Identity::new("alice").without_receipts())
        .await
        .unwrap();
    let stolen = kept(&login);
    let mut honest = kept(&sessions.refresh(kept(&login)).await.unwrap());

    let mut thefts = 0;
    for second in 1..=6 * 3600_u64 {
        tokens.clock().advance(SECOND);
        if second % 29 == 0 && sessions.refresh(stolen.clone()).await.is_err() {
            thefts += 1;
            break;
        }
        if second % 1800 == 0 {
            honest = kept(&sessions.refresh(honest.clone()).await.unwrap());
        }
    }
    assert_eq!(thefts, 1, "the thief was noticed");
    assert!(
        sessions.refresh(honest).await.is_err(),
        "and the session is over"
    );
}

type Meanwhile = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// `renew` takes as long as the clock says that it takes, and something may happen meanwhile, once.
struct Slow {
    clock: ManualClock,
    seconds: Arc<AtomicU64>,
    meanwhile: Arc<Mutex<Option<Meanwhile>>>,
}

impl Authenticate for Slow {
    type Credentials = NoCredentials;
    type Error = Infallible;

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile().await;
        }
        self.clock
            .advance(Duration::from_secs(self.seconds.load(Ordering::Relaxed)));
        Ok(Grant::new().into())
    }
}

/// Sessions whose application takes as many seconds as are set.
fn slow_sessions() -> (TestTokens, Arc<AtomicU64>, Sessions) {
    let (tokens, seconds) = (TestTokens::new(), Arc::new(AtomicU64::new(0)));
    let accounts = Slow {
        clock: tokens.clock().clone(),
        seconds: Arc::clone(&seconds),
        meanwhile: Arc::default(),
    };
    let sessions = tokens
        .sessions(accounts, MemoryStore::new())
        .build()
        .unwrap();
    (tokens, seconds, sessions)
}

#[tokio::test]
async fn the_overlap_opens_again_when_a_slow_application_has_answered() {
    let (tokens, seconds, sessions) = slow_sessions();
    let login = sessions.start(Identity::new("alice")).await.unwrap();
    let _lost = sessions.refresh(kept(&login)).await.unwrap();

    tokens.clock().advance(10 * SECOND);
    seconds.store(15, Ordering::Relaxed);
    let repeated = sessions.refresh(kept(&login)).await.unwrap();

    // 35 seconds after that request came, and 20 after its answer.
    seconds.store(0, Ordering::Relaxed);
    tokens.clock().advance(20 * SECOND);
    let current = sessions.refresh(kept(&repeated)).await.unwrap();
    assert_eq!(kept(&current).secret(), kept(&repeated).secret());
}

#[tokio::test]
async fn a_slow_application_makes_nobody_a_thief() {
    let (tokens, seconds, sessions) = slow_sessions();
    let login = sessions.start(Identity::new("alice")).await.unwrap();
    let first = sessions.refresh(kept(&login)).await.unwrap();
    // The answer arrived.
    tokens.clock().advance(SECOND);
    let _ = sessions.refresh(kept(&first)).await.unwrap();

    // A second tab asks within the overlap; the application answers after it.
    tokens.clock().advance(Duration::from_secs(19));
    seconds.store(12, Ordering::Relaxed);
    let second = sessions.refresh(kept(&login)).await.unwrap();
    assert_eq!(
        second.refresh_token().unwrap().secret(),
        first.refresh_token().unwrap().secret()
    );

    // A client that asks after the overlap is a thief, however quick the application.
    seconds.store(0, Ordering::Relaxed);
    let error = sessions.refresh(kept(&login)).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::RefreshTokenReused);
}

/// Two tabs send the same token. One waits for the application; the other is done meanwhile, and
/// has used what it got.
#[tokio::test]
async fn a_race_that_is_lost_after_the_overlap_makes_nobody_a_thief() {
    let (tokens, secret, store) = (
        TestTokens::new(),
        Secret::random().unwrap(),
        Arc::new(MemoryStore::new()),
    );
    let policy = SessionPolicy::default().with_overlap(Duration::from_secs(5));
    let quick = tokens
        .sessions(Accounts::everybody(), Arc::clone(&store))
        .secret(secret.clone())
        .policy(policy)
        .build()
        .unwrap();
    let (seconds, meanwhile) = (Arc::new(AtomicU64::new(6)), Arc::default());
    let accounts = Slow {
        clock: tokens.clock().clone(),
        seconds,
        meanwhile: Arc::clone(&meanwhile),
    };
    let slow = tokens
        .sessions(accounts, Arc::clone(&store))
        .secret(secret.clone())
        .policy(policy)
        .build()
        .unwrap();
    let login = quick.start(Identity::new("alice")).await.unwrap();

    let other_tab = (quick.clone(), kept(&login));
    *meanwhile.lock().unwrap() = Some(Box::new(move || {
        Box::pin(async move {
            let first = other_tab.0.refresh(other_tab.1).await.unwrap();
            let _ = other_tab.0.refresh(kept(&first)).await.unwrap();
        })
    }));
    let late = slow.refresh(kept(&login)).await.unwrap();
    assert!(quick.refresh(kept(&late)).await.is_ok());
}

/// `renew` sleeps, in the virtual time of the runtime.
struct Sleepy(ManualClock);

impl Authenticate for Sleepy {
    type Credentials = NoCredentials;
    type Error = Infallible;

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        for _ in 0..300 {
            tokio::time::sleep(MILLISECOND).await;
            self.0.advance(MILLISECOND);
        }
        Ok(Grant::new().into())
    }
}

#[tokio::test(start_paused = true)]
async fn tabs_that_refresh_at_once_do_not_race_for_a_slow_application() {
    let tokens = TestTokens::new();
    let accounts = Sleepy(tokens.clock().clone());
    let sessions = tokens
        .sessions(accounts, MemoryStore::new())
        .build()
        .unwrap();
    let login = sessions.start(Identity::new("alice")).await.unwrap();
    let tabs = (0..10).map(|_| {
        let (sessions, token) = (sessions.clone(), kept(&login));
        tokio::spawn(async move { kept(&sessions.refresh(token).await.unwrap()) })
    });
    let tabs: Vec<_> = tabs.collect();
    let mut answers = std::collections::HashSet::new();
    for tab in tabs {
        answers.insert(tab.await.unwrap().secret().to_owned());
    }
    assert_eq!(answers.len(), 1, "all receive the same");
}
