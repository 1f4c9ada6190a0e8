//! What each call costs the servers.

use std::collections::VecDeque;
use std::time::Duration;

use support::{Accounts, FailingStore, ask, bearer_of};
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::keys::RefreshToken;
use tower_bearer::store::SessionStore;
use tower_bearer::{Identity, Login, PasswordCredentials, RedisStore, Secret, TokenResponse};

use super::nodes::Nodes;
use super::{process, process_of};

/// One call after the other. The process pulls once a second meanwhile, and hears no announcements.
pub(super) async fn print(nodes: &mut Nodes, store: &RedisStore) {
    let secret = Secret::random().unwrap();
    let quiet = FailingStore::new(store.clone());
    let sessions = process(quiet.clone(), &secret);
    let layer = sessions.layer();
    let mut tokens = VecDeque::new();

    let before = nodes.counts().await;
    for user in 0..CALLS {
        let login = sessions.start(Identity::new(i64::from(user))).await;
        tokens.push_back(login.unwrap());
    }
    before.print_each(&nodes.counts().await, "start", CALLS);

    let known = process_of(Accounts::new(), quiet, &secret);
    let before = nodes.counts().await;
    for _ in 0..PASSWORDS {
        let password = PasswordCredentials::new("alice", "wonderland-7");
        known.log_in(Login::new(password)).await.unwrap();
    }
    before.print_each(&nodes.counts().await, "login with a password", PASSWORDS);

    for (what, after) in [("first", Duration::ZERO), ("later", OVERLAP)] {
        tokio::time::sleep(after).await;
        let before = nodes.counts().await;
        for _ in 0..CALLS {
            let old = tokens.pop_front().unwrap();
            let pair = sessions.refresh(refresh_token(&old)).await;
            tokens.push_back(pair.unwrap());
        }
        before.print_each(&nodes.counts().await, &format!("{what} refresh"), CALLS);

        let before = nodes.counts().await;
        for pair in &tokens {
            assert_eq!(ask(&layer, &bearer_of(pair)).await.status, 200);
            sessions.flush().await.unwrap();
        }
        before.print_each(&nodes.counts().await, "first use of its token", CALLS);
    }

    let before = nodes.counts().await;
    for pair in tokens.drain(..CALLS as usize / 2) {
        let ended = sessions.log_out(pair.access_token().secret()).await;
        ended.unwrap();
    }
    before.print_each(&nodes.counts().await, "logout", CALLS / 2);

    let before = nodes.counts().await;
    for pair in &tokens {
        let subject = pair.claims().subject();
        sessions.log_out_everywhere(subject).await.unwrap();
    }
    before.print_each(&nodes.counts().await, "logout everywhere", CALLS / 2);
    drop((sessions, known, layer));

    let mut cursor = store.revoked_since(None).await.unwrap().cursor;
    let before = nodes.counts().await;
    for _ in 0..CALLS {
        cursor = store.revoked_since(Some(cursor)).await.unwrap().cursor;
    }
    before.print_each(&nodes.counts().await, "pull", CALLS);

    for what in ["clean-up", "clean-up of the next process"] {
        let before = nodes.counts().await;
        store.delete_expired(SystemClock.now()).await.unwrap();
        before.print_each(&nodes.counts().await, what, 1);
    }
}

fn refresh_token(pair: &TokenResponse) -> RefreshToken {
    pair.refresh_token().unwrap().clone()
}

const CALLS: u32 = 500;
/// Within it, and a second, a refresh only reads.
const OVERLAP: Duration = Duration::from_secs(32);
/// Of one user, and so few that no session ends.
const PASSWORDS: u32 = 5;
