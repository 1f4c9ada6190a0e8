//! Logins at the same moment: as many sessions stay as the policy allows, whatever their steps.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use support::{Accounts, FailingStore, ask, bearer_of};
use tower_bearer::clock::Clock;
use tower_bearer::session::SessionError;
use tower_bearer::store::{RevocationReason, SessionStore};
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{
    Identity, MemoryStore, Secret, SessionPolicy, Sessions, Subject, TokenResponse,
};

/// Processes of one application, each with a clock of its own.
struct World {
    tokens: TestTokens,
    secret: Secret,
    store: FailingStore,
    policy: SessionPolicy,
}

impl World {
    fn new(max_sessions: usize) -> Self {
        let policy = SessionPolicy::default().with_max_sessions(max_sessions);
        Self {
            tokens: TestTokens::new(),
            secret: Secret::random().unwrap(),
            store: FailingStore::new(MemoryStore::new()),
            policy,
        }
    }

    fn process(&self, clock: &ManualClock) -> Sessions {
        let sessions = self
            .tokens
            .sessions(Accounts::everybody(), self.store.clone());
        let sessions = sessions.secret(self.secret.clone()).policy(self.policy);
        sessions.clock(Arc::new(clock.clone())).build().unwrap()
    }

    fn here(&self) -> Sessions {
        self.process(self.tokens.clock())
    }

    /// A process whose clock is so many seconds ahead of the tokens'.
    fn ahead(&self, seconds: u64) -> Sessions {
        let clock = ManualClock::at(self.tokens.clock().now());
        clock.advance(Duration::from_secs(seconds));
        self.process(&clock)
    }

    /// Exactly so many of these sessions live, and the others were replaced.
    async fn assert_left(&self, logins: &[TokenResponse], left: usize, what: &str) {
        let mut lives = 0;
        for login in logins {
            let row = self.store.find(login.session_id()).await.unwrap().unwrap();
            match row.revoked() {
                None => lives += 1,
                Some(record) => assert_eq!(record.reason, RevocationReason::Replaced, "{what}"),
            }
        }
        assert_eq!(lives, left, "{what}");
    }
}

type Running<'s> = Pin<Box<dyn Future<Output = Result<TokenResponse, SessionError>> + Send + 's>>;

/// Lets these logins take their steps in turns. A step is one call of the store. `next` chooses
/// who is next, out of so many that are not done.
fn run(mut logins: Vec<Running<'_>>, mut next: impl FnMut(usize) -> usize) -> Vec<TokenResponse> {
    let mut context = Context::from_waker(Waker::noop());
    let mut done = Vec::new();
    // The store waits before each call and after it.
    let mut steps = vec![1; logins.len()];
    while !logins.is_empty() {
        let at = next(logins.len());
        for _ in 0..std::mem::replace(&mut steps[at], 2) {
            if let std::task::Poll::Ready(tokens) = logins[at].as_mut().poll(&mut context) {
                done.push(tokens.unwrap());
                drop(logins.remove(at));
                steps.remove(at);
                break;
            }
        }
    }
    done
}

fn start<'s>(sessions: &'s Sessions, user: &str) -> Running<'s> {
    Box::pin(sessions.start(Identity::new(user)))
}

/// The next of all orders: the last choice that can be another one is.
fn advance(choices: &mut Vec<(usize, usize)>) -> bool {
    while let Some((choice, of)) = choices.pop() {
        if choice + 1 < of {
            choices.push((choice + 1, of));
            return true;
        }
    }
    false
}

#[tokio::test]
async fn of_two_logins_exactly_one_stays_in_every_order_of_their_steps() {
    for skew in [0, 5] {
        let world = World::new(1);
        let (one, other) = (world.here(), world.ahead(skew));
        world.store.yield_everywhere();
        let (mut choices, mut orders) = (Vec::new(), 0);
        loop {
            let (mut at, user) = (0, format!("user{orders}"));
            let logins = vec![start(&one, &user), start(&other, &user)];
            let done = run(logins, |of| {
                if at == choices.len() {
                    choices.push((0, of));
                }
                at += 1;
                choices[at - 1].0
            });
            world
                .assert_left(&done, 1, &format!("{skew} s, {choices:?}"))
                .await;
            orders += 1;
            if !advance(&mut choices) {
                break;
            }
        }
        assert!(orders > 100, "{orders}");
    }
}

#[tokio::test]
async fn of_more_logins_at_once_as_many_stay_as_the_policy_allows() {
    // Any numbers do: each run is another order.
    let mut random = 1_u64;
    for (most, at_once) in [(1, 3), (1, 6), (2, 3), (2, 5), (3, 8)] {
        let world = World::new(most);
        world.store.yield_everywhere();
        let processes = [world.here(), world.ahead(0), world.ahead(5)];
        for run_number in 0..60 {
            let user = format!("user{run_number}");
            let logins = (0..at_once).map(|n| start(&processes[n % 3], &user));
            let done = run(logins.collect(), |of| {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (random >> 33) as usize % of
            });
            let what = format!("{at_once} of {most}, {run_number}");
            world.assert_left(&done, most, &what).await;
        }
    }
}

#[tokio::test]
async fn a_login_after_another_stays_though_both_have_the_same_moment() {
    let world = World::new(1);
    let sessions = world.here();
    let mut before: Option<TokenResponse> = None;
    for _ in 0..20 {
        let login = sessions.start(Identity::new("alice")).await.unwrap();
        world
            .assert_left(std::slice::from_ref(&login), 1, "the new one")
            .await;
        if let Some(before) = before.replace(login) {
            world.assert_left(&[before], 0, "the one before").await;
        }
    }
    let layer = sessions.layer();
    let last = bearer_of(&before.unwrap());
    ask(&layer, &last).await.assert_passed("alice");
}

#[tokio::test]
async fn a_login_after_another_stays_though_its_process_has_a_slower_clock() {
    for ahead in [1, 5, 59, 61, 86_400] {
        let world = World::new(1);
        let (fast, slow) = (world.ahead(ahead), world.here());
        let first = fast.start(Identity::new("alice")).await.unwrap();
        let second = slow.start(Identity::new("alice")).await.unwrap();
        let what = format!("{ahead} s");
        world.assert_left(&[first], 0, &what).await;
        world.assert_left(&[second], 1, &what).await;
        let listed = slow.list(&Subject::from("alice")).await.unwrap();
        assert_eq!(listed.len(), 1);
        // When the user authenticated is told by the clock of the process that saw it.
        let now = world.tokens.clock().now();
        assert!(listed[0].authenticated_at() <= now, "{what}");
    }
}

/// As the newest one it would stay until that time, and every login would end the one before.
#[tokio::test]
async fn a_session_that_began_far_in_the_future_is_the_first_to_end() {
    let world = World::new(2);
    let (fast, right) = (world.ahead(86_400), world.here());
    let future = fast.start(Identity::new("alice")).await.unwrap();
    let second = right.start(Identity::new("alice")).await.unwrap();
    let third = right.start(Identity::new("alice")).await.unwrap();
    world.assert_left(&[future], 0, "the first one").await;
    world.assert_left(&[second, third], 2, "the others").await;
}
