//! Pages of several processes, and of an application that was renamed.

use support::{App, FailingStore, HOUR, Scripted, StoreFault};
use tower_bearer::session::SessionsBuilder;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{MemoryStore, Secret};

use super::{ACCESS, Browser, REFRESH, sets_cookies};

/// Processes of one application: on one store, with one secret.
struct Site {
    tokens: TestTokens,
    secret: Secret,
    store: FailingStore,
    clock: ManualClock,
}

impl Site {
    fn new() -> Self {
        let clock = ManualClock::new();
        Self {
            tokens: TestTokens::with_clock(clock.clone()),
            secret: Secret::random().unwrap(),
            store: FailingStore::new(MemoryStore::new()),
            clock,
        }
    }

    fn process(&self, settings: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> App {
        let (users, store) = (Scripted::new(), self.store.clone());
        let sessions = self.tokens.sessions(users.clone(), store.clone());
        let sessions = settings(sessions.secret(self.secret.clone()));
        App {
            sessions: sessions.build().unwrap(),
            users,
            store,
            clock: self.clock.clone(),
        }
    }
}

/// A process that has just started learns of the logout when it asks the store.
#[tokio::test]
async fn a_revoked_session_is_a_stranger_for_a_process_that_has_to_ask_the_store() {
    let site = Site::new();
    let (app, other) = (site.process(|one| one), site.process(|other| other));
    let mut browser = Browser::logged_in(&app).await;
    browser.load(&app).await;
    assert!(browser.0.contains_key(ACCESS));
    app.sessions
        .log_out_everywhere(&"alice".into())
        .await
        .unwrap();
    let answer = browser.load(&other).await;
    assert_eq!((answer.status, &*answer.body), (200, "a stranger"));
}

/// Such a process cannot know whether a session was revoked: the layer decides about its token.
#[tokio::test]
async fn a_process_that_cannot_ask_the_store_passes_a_token_on() {
    let site = Site::new();
    let (app, other) = (site.process(|one| one), site.process(|other| other));
    let mut browser = Browser::logged_in(&app).await;
    browser.load(&app).await;
    site.store.set_fault(Some(StoreFault::All));
    let answer = browser.load(&other).await;
    assert_eq!((answer.status, sets_cookies(&answer)), (503, false));
    site.store.set_fault(None);
    assert_eq!(browser.load(&other).await.body, "alice");
}

#[tokio::test]
async fn an_access_token_of_a_former_name_passes_without_a_renewal() {
    let site = Site::new();
    let old = ("https://old.example.com", "old-app");
    let before = site.process(|before| before.issuer(old.0).audience(old.1));
    let now = site.process(|now| now.former_names(old.0, old.1));
    let mut browser = Browser::logged_in(&before).await;
    browser.load(&before).await;
    let refresh = browser.0.remove(REFRESH);
    let answer = browser.load(&now).await;
    assert_eq!((&*answer.body, sets_cookies(&answer)), ("alice", false));
    // When it has expired, the refresh token leads to one with the new names.
    browser
        .0
        .extend(refresh.map(|token| (REFRESH.to_owned(), token)));
    site.clock.advance(HOUR);
    let answer = browser.load(&now).await;
    assert_eq!((&*answer.body, sets_cookies(&answer)), ("alice", true));
}
