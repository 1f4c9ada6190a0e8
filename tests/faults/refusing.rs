//! [`Refusing`]: a server that refuses revoked tokens, whatever becomes of the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use serde_json::Value;
use support::app_server::AppServer;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Asks a server again and again for sessions that it knows to be logged out.
pub(crate) struct Refusing {
    asking: JoinHandle<()>,
    refused: Arc<AtomicUsize>,
}

impl Refusing {
    pub(crate) fn start(server: &Arc<AppServer>, out: &[Value]) -> Self {
        assert!(!out.is_empty(), "nobody was logged out");
        let refused = Arc::<AtomicUsize>::default();
        let asking = ask(Arc::clone(server), out.to_vec(), Arc::clone(&refused));
        Self {
            asking: tokio::spawn(asking),
            refused,
        }
    }

    /// Asserts that it has refused all the time, and not only because the store was gone.
    pub(crate) async fn end(self) {
        self.asking.abort();
        let ended = self.asking.await.unwrap_err();
        assert!(ended.is_cancelled(), "{ended}");
        let refused = self.refused.load(Relaxed);
        assert!(refused > 0, "every answer was 503");
    }
}

async fn ask(server: Arc<AppServer>, out: Vec<Value>, refused: Arc<AtomicUsize>) {
    for tokens in out.iter().cycle() {
        // Not for a refresh, which would tell the store.
        let answer = server.me(tokens).await;
        assert!([401, 503].contains(&answer.status), "{answer:?}");
        if answer.status == 401 {
            refused.fetch_add(1, Relaxed);
        }
        sleep(BETWEEN_REQUESTS).await;
    }
}

/// So that it leaves the processor to the others.
const BETWEEN_REQUESTS: Duration = Duration::from_millis(5);
