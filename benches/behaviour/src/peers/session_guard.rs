//! session-guard: one opaque cookie, which is replaced after ten minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use session_guard::{
    ClientContext, Guard, GuardConfig, ManualClock, MemoryStore, Outcome, Rejection, StepUpOutcome,
};
use uuid::Uuid;

use crate::peer::{Peer, Received, Sender, Tokens};

const ALICE: Uuid = Uuid::from_u128(1);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 \
                      (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36";

pub struct SessionGuard {
    guard: Guard<MemoryStore>,
    clock: ManualClock,
    noticed: Arc<AtomicBool>,
    thief_sends: &'static str,
}

impl SessionGuard {
    /// With its defaults. The thief is in another network and sends the headers of the owner, as
    /// one does who copied them together with the cookie.
    pub fn new() -> Self {
        Self::with(GuardConfig::default(), FIREFOX)
    }

    /// A superseded token is never replaced.
    pub fn without_reissue() -> Self {
        let config = GuardConfig::builder().orphan_reissue_window(Duration::ZERO);
        Self::with(config.build().expect("the window may be zero"), FIREFOX)
    }

    /// The thief has another browser on another system.
    pub fn with_other_browser() -> Self {
        Self::with(GuardConfig::default(), CHROME)
    }

    fn with(config: GuardConfig, thief_sends: &'static str) -> Self {
        let clock = ManualClock::default();
        let noticed = Arc::new(AtomicBool::new(false));
        let told = noticed.clone();
        let guard = Guard::builder(MemoryStore::new(), config)
            .clock(clock.clone())
            .on_event(move |event| {
                // A step-up and a revocation for risk are alarms too.
                if event.kind.is_security_relevant() {
                    told.store(true, Ordering::Relaxed);
                }
            })
            .build();
        Self {
            guard,
            clock,
            noticed,
            thief_sends,
        }
    }

    fn context(&self, sender: Sender) -> ClientContext {
        let (ip, browser) = match sender {
            Sender::Owner => ([203, 0, 113, 7], FIREFOX),
            Sender::Thief => ([198, 51, 100, 9], self.thief_sends),
        };
        ClientContext::new(ip.into()).with_user_agent(browser)
    }
}

impl Peer for SessionGuard {
    const COOKIE: bool = true;

    async fn log_in(&self) -> Tokens {
        let context = self.context(Sender::Owner);
        let session = self.guard.login(&ALICE, &context, None).await;
        one_token(session.expect("the store is in memory").token.expose())
    }

    async fn refresh(&self, tokens: &Tokens, sender: Sender) -> Received {
        let context = self.context(sender);
        let outcome = self.guard.authenticate(&tokens.refresh, &context).await;
        match outcome.expect("the store is in memory") {
            Outcome::Authenticated(request) => match request.rotated {
                Some(token) => Received::Tokens(one_token(token.expose())),
                None => Received::Kept,
            },
            Outcome::Rejected(Rejection::StepUpRequired) => Received::Challenged,
            Outcome::Rejected(_) => Received::Denied,
        }
    }

    async fn prove(&self, tokens: &Tokens) -> Tokens {
        let context = self.context(Sender::Owner);
        let outcome = self
            .guard
            .complete_step_up(&tokens.refresh, &context, &ALICE)
            .await;
        match outcome.expect("the store is in memory") {
            StepUpOutcome::Completed(token) => one_token(token.expose()),
            other => panic!("the user has proved who they are: {other:?}"),
        }
    }

    async fn check(&self, access: &str, sender: Sender) -> bool {
        self.refresh(&one_token(access), sender).await.lets_in()
    }

    async fn log_out(&self, tokens: &Tokens) {
        let context = self.context(Sender::Owner);
        let ended = self.guard.logout(&tokens.refresh, &context).await;
        assert!(ended.expect("the store is in memory"));
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn has_noticed(&self) -> bool {
        self.noticed.load(Ordering::Relaxed)
    }
}

fn one_token(token: &str) -> Tokens {
    Tokens {
        access: token.into(),
        refresh: token.into(),
    }
}
