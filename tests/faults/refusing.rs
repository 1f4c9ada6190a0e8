//! [`Refusing`]: a server that refuses revoked tokens, whatever becomes of the store.

use std::sync::Arc;

use serde_json::Value;
use support::app_server::AppServer;
use tokio::task::JoinHandle;

/// Asks a server again and again for sessions that it knows to be logged out.
pub(crate) struct Refusing(JoinHandle<()>);

impl Refusing {
    pub(crate) fn start(server: &Arc<AppServer>, out: &[Value]) -> Self {
        assert!(!out.is_empty(), "nobody was logged out");
        Self(tokio::spawn(ask(Arc::clone(server), out.to_vec())))
    }

    /// Asserts that it has refused all the time.
    pub(crate) async fn end(self) {
        self.0.abort();
        let ended = self.0.await.unwrap_err();
        assert!(ended.is_cancelled(), "{ended}");
    }
}

async fn ask(server: Arc<AppServer>, out: Vec<Value>) {
    for tokens in out.iter().cycle() {
        // Not for a refresh, which would tell the store.
        let answer = server.me(tokens).await;
        assert!([401, 503].contains(&answer.status), "{answer:?}");
    }
}
