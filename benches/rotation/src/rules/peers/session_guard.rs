//! session-guard 0.3: one opaque token for requests and their renewal.
//!
//! It weighs the network and the headers of a request too. Here all requests come from one network
//! and one browser, so that only the token counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use session_guard::{ClientContext, Guard, GuardConfig, ManualClock, MemoryStore, Outcome};
use uuid::Uuid;

use super::wait::wait;
use crate::rule::{MINUTE, Millis, Reply, Rule, Tokens};

const ALICE: Uuid = Uuid::from_u128(1);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";
/// A request replaces a token that is older than ten minutes. The simulation does not use a token
/// between two refreshes once it is that old, because the new one would be thrown away.
const REPLACED: Millis = 9 * MINUTE;

pub struct SessionGuard {
    guard: Guard<MemoryStore>,
    clock: ManualClock,
    now: Millis,
    refreshed: Millis,
    is_noticed: Arc<AtomicBool>,
    renders: bool,
}

impl SessionGuard {
    pub fn new(config: GuardConfig, renders: bool) -> Self {
        let clock = ManualClock::default();
        let is_noticed = Arc::new(AtomicBool::new(false));
        let heard = is_noticed.clone();
        let guard = Guard::builder(MemoryStore::new(), config)
            .clock(clock.clone())
            .on_event(move |event| {
                if event.kind.is_security_relevant() {
                    heard.store(true, Ordering::Relaxed);
                }
            })
            .build();
        Self {
            guard,
            clock,
            now: 0,
            refreshed: 0,
            is_noticed,
            renders,
        }
    }

    fn move_to(&mut self, now: Millis) {
        self.clock.advance(Duration::from_millis(now - self.now));
        self.now = now;
    }
}

impl Rule for SessionGuard {
    fn log_in(&mut self, now: Millis) -> Tokens {
        self.move_to(now);
        self.refreshed = now;
        self.is_noticed.store(false, Ordering::Relaxed);
        let session = wait(self.guard.login(&ALICE, &context(), None));
        tokens(session.expect("the store is in memory").token.expose())
    }

    fn refresh(&mut self, refresh: &str, _: Option<u64>, now: Millis) -> Reply {
        self.move_to(now);
        let outcome = wait(self.guard.authenticate(refresh, &context()));
        match outcome.expect("the store is in memory") {
            Outcome::Authenticated(request) => {
                self.refreshed = now;
                Reply::Tokens(match request.rotated {
                    Some(token) => tokens(token.expose()),
                    None => tokens(refresh),
                })
            }
            // Or the user has to prove again who they are.
            Outcome::Rejected(_) if self.is_noticed.load(Ordering::Relaxed) => Reply::Ended,
            Outcome::Rejected(_) => Reply::Rejected,
        }
    }

    fn accept(&mut self, access: &str, now: Millis) {
        self.move_to(now);
        // A server that renders a page has accepted its request by what is a refresh here.
        if !self.renders && now - self.refreshed < REPLACED {
            let outcome = wait(self.guard.authenticate(access, &context()));
            outcome.expect("the store is in memory");
        }
    }
}

fn context() -> ClientContext {
    ClientContext::new([203, 0, 113, 7].into()).with_user_agent(FIREFOX)
}

fn tokens(token: &str) -> Tokens {
    Tokens {
        access: token.to_owned(),
        refresh: token.to_owned(),
    }
}
