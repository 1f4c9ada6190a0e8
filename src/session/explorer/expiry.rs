//! Tests the lifetimes that `Sessions` writes into tokens. The explorer checks
//! `SessionPolicy::ends`, and this checks what is signed.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::row::{NEVER, Row, UNIT, now};
use crate::clock::{Clock, Timestamp};
use crate::keys::Secret;
use crate::session::authenticate::Authenticate;
use crate::session::authorization::{Authorization, AuthorizeRequest};
use crate::session::credentials::NoCredentials;
use crate::session::policy::SessionPolicy;
use crate::session::refresh_token::Rid;
use crate::session::sessions::Sessions;
use crate::store::MemoryStore;
use crate::token::Grant;

#[derive(Debug, Default)]
struct SetClock(AtomicU64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

struct NoAccounts;

impl Authenticate for NoAccounts {
    type Credentials = NoCredentials;
    type Error = Infallible;
    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Authorization::gone())
    }
}

#[test]
fn no_access_token_outlives_its_session() {
    let clock = Arc::new(SetClock::default());
    let secret = Secret::dangerous_weak("explorer");
    let policy = SessionPolicy {
        access_token: UNIT * 3,
        ..SessionPolicy::default()
    };
    let sessions = Sessions::builder(NoAccounts, MemoryStore::new())
        .issuer("https://a.example")
        .audience("a")
        .secret(secret)
        .clock(Arc::<SetClock>::clone(&clock))
        .policy(policy)
        .leeway(Duration::ZERO)
        .build()
        .unwrap();
    let verifier = sessions.verifier();
    let rid = Rid::random().unwrap();
    for (left, lives) in [(NEVER, 3), (20, 3), (4, 3), (3, 3), (2, 2), (1, 1)] {
        clock.0.store(now(0).as_millis(), Ordering::Relaxed);
        let session = Row::new(0, left).session();
        let answer = sessions.response(&session, &rid, Grant::new()).unwrap();
        assert_eq!(answer.expires_in(), UNIT.as_secs() * lives);
        let token = answer.access_token().secret();
        let end = verifier.verify(token).unwrap().expires_at();
        assert!(end <= session.expires_at(), "{left} left");
        clock
            .0
            .store(session.expires_at().as_millis(), Ordering::Relaxed);
        assert!(verifier.verify(token).is_err(), "{left} left");
    }
    // It is signed too late, and has expired when it arrives.
    clock.0.store(now(5).as_millis(), Ordering::Relaxed);
    let answer = sessions
        .response(&Row::new(0, 4).session(), &rid, Grant::new())
        .unwrap();
    assert_eq!(
        (answer.expires_in(), answer.refresh_token_expires_in()),
        (0, 0)
    );
    assert!(verifier.verify(answer.access_token().secret()).is_err());
}
