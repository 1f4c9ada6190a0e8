//! Three processes that share a store do what comes to hand.

use support::MINUTE;
use tokio::task::JoinSet;
use tower::Layer;
use tower_bearer_client::{ClientErrorKind, Login, MemoryTokenStore};

use crate::world::{World, me};

/// The same numbers for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

async fn step(numbers: &mut Numbers, world: &World, login: &Login, is_logged_in: bool) -> bool {
    match numbers.below(12) {
        0 => login.log_in("alice", "wonderland-7").await.unwrap(),
        1 if login.is_logged_in() && is_logged_in => {
            login.log_out().await.unwrap();
            return false;
        }
        2 => {
            login.forget().await.unwrap();
            return false;
        }
        3 => {
            login.set_device_mark("dm1_mine").await.unwrap();
            return is_logged_in;
        }
        4 if login.is_logged_in() && is_logged_in => {
            let alice = [("username", "alice"), ("password", "wonderland-7")];
            login.reauthenticate(&alice).await.unwrap();
            return true;
        }
        _ => {
            world.pass(u32::try_from(numbers.below(40)).unwrap() * MINUTE);
            return is_logged_in;
        }
    }
    true
}

#[tokio::test]
async fn what_one_of_them_does_counts_for_all_and_no_refresh_looks_like_a_thief() {
    for seed in 0..3 {
        let (mut numbers, store) = (Numbers(seed), MemoryTokenStore::default());
        let settings = store.clone();
        let world = World::on(settings).await;
        let mut logins = vec![world.login.clone()];
        for _ in 0..2 {
            let settings = store.clone();
            logins.push(world.another(|builder| builder.store(settings)).await);
        }
        let mut is_logged_in = true;
        for number in 0..60 {
            let login = &logins[numbers.below(3) as usize];
            is_logged_in = step(&mut numbers, &world, login, is_logged_in).await;
            let looks = numbers.below(2) == 0;
            let calls = logins.clone().into_iter().map(|login| {
                let client = login.layer().layer(world.line.clone());
                async move {
                    if looks {
                        login.reload().await.unwrap();
                    }
                    (login.is_logged_in(), me(client).await)
                }
            });
            for (held, outcome) in calls.collect::<JoinSet<_>>().join_all().await {
                let outcome = outcome.map_err(|error| error.kind());
                let expected = match is_logged_in {
                    // A process that has not looked may use its access token for a while.
                    false if held && !looks && outcome.is_ok() => Ok(200),
                    // Its request was for the login before.
                    true if outcome == Err(ClientErrorKind::LoginReplaced) && !looks => outcome,
                    true if held || looks => Ok(200),
                    _ => Err(ClientErrorKind::NotLoggedIn),
                };
                assert_eq!(outcome, expected, "seed {seed}, step {number}");
            }
        }
    }
}
