//! [`Site`]: an application on one store, by as many servers as a test starts.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use support::app_server::AppServer;
use support::servers::Host;
use support::wait::{LIMIT, until};
use tempfile::TempDir;

pub(crate) const SECRET: &str = "vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe";

/// One of the servers that share a secret and an issuer.
pub(crate) async fn start(folder: &Path, url: &str, more: &[(&str, &str)]) -> AppServer {
    start_on(&Host::LOOPBACK, folder, url, more).await
}

async fn start_on(host: &Host, folder: &Path, url: &str, more: &[(&str, &str)]) -> AppServer {
    let mut environment = vec![
        ("DATABASE_URL", url),
        ("AUTH_SECRET", SECRET),
        ("ISSUER", "https://id.example.com"),
        ("DEMO_USERS", "1"),
    ];
    environment.extend(more);
    AppServer::start_on(host, "server", folder, &environment).await
}

/// Its servers share a folder: over Redis the users are in a file there.
pub(crate) struct Site {
    folder: TempDir,
    url: String,
    environment: &'static [(&'static str, &'static str)],
}

impl Site {
    pub(crate) fn on(url: String) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            url,
            environment: &[],
        }
    }

    pub(crate) fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("both.db").display());
        Self {
            folder,
            url,
            environment: &[],
        }
    }

    /// Every session is rotated once a second, not every thirty seconds.
    pub(crate) fn that_rotates_every_second(mut self) -> Self {
        self.environment = &[("OVERLAP", "1")];
        self
    }

    pub(crate) async fn server(&self) -> Arc<AppServer> {
        self.server_on(&Host::LOOPBACK).await
    }

    pub(crate) async fn server_on(&self, host: &Host) -> Arc<AppServer> {
        Arc::new(start_on(host, self.folder.path(), &self.url, self.environment).await)
    }

    pub(crate) async fn two_servers(&self) -> [Arc<AppServer>; 2] {
        tokio::join!(self.server(), self.server()).into()
    }
}

/// Starts so many sessions of Alice.
pub(crate) async fn log_in(server: &AppServer, sessions: usize) -> Vec<Value> {
    let mut all = Vec::with_capacity(sessions);
    for _ in 0..sessions {
        let (status, tokens) = server
            .log_in("alice", "wonderland-7")
            .await
            .status_and_value();
        assert_eq!(status, 200, "{tokens}");
        all.push(tokens);
    }
    all
}

/// Asserts that neither the access token nor the refresh token counts.
pub(crate) async fn assert_out(server: &AppServer, tokens: &Value) {
    let (status, refused) = server.me(tokens).await.status_and_value();
    assert_eq!(
        (status, refused["reason"].as_str()),
        (401, Some("session_revoked")),
        "{refused}"
    );
    let (status, refused) = server.refresh(tokens).await.status_and_value();
    assert_eq!(
        (status, refused["reason"].as_str()),
        (400, Some("session_revoked")),
        "{refused}"
    );
}

/// Both count. What the refresh has answered.
pub(crate) async fn assert_in(server: &AppServer, tokens: &Value) -> Value {
    let (status, me) = server.me(tokens).await.status_and_value();
    assert_eq!(status, 200, "{me}");
    let (status, renewed) = server.refresh(tokens).await.status_and_value();
    assert_eq!(status, 200, "{renewed}");
    renewed
}

/// Waits until the server knows of a logout at another one.
pub(crate) async fn hears_of_the_logout(server: &AppServer, tokens: &Value) {
    until("the server hears of the logout", LIMIT, async || {
        server.me(tokens).await.status == 401
    })
    .await;
}

/// Waits until the server has told the store what it lost.
pub(crate) async fn tells_the_store(server: &AppServer) {
    let told = async || server.has_said("the store had lost revocations");
    println!(
        "told after {:?}",
        until("the living node tells the store what it lost", LIMIT, told).await
    );
}

/// Asserts that the store has no row of the session.
pub(crate) async fn has_to_log_in_again(server: &AppServer, tokens: &Value) {
    let (status, refused) = server.refresh(tokens).await.status_and_value();
    assert_eq!(
        (status, refused["error"].as_str()),
        (400, Some("invalid_grant")),
        "{refused}"
    );
    assert_eq!(refused["reason"], "session_expired");
}

/// Asserts that the server refuses writes, and says when to try again.
pub(crate) async fn refuses_writes(server: &AppServer, refreshes: &Value, leaves: &Value) {
    for (what, answer) in [
        ("login", server.log_in("alice", "wonderland-7").await),
        ("refresh", server.refresh(refreshes).await),
        ("logout", server.log_out(leaves).await),
    ] {
        assert_eq!(answer.status, 503, "{what}: {answer:?}");
        assert!(answer.headers.contains_key("retry-after"), "{what}");
    }
}
