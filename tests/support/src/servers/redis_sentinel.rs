//! [`RedisSentinel`].

use std::net::SocketAddr;

use super::redis::{ask, replica_is_in_step};
use super::{Database, RedisServer, process};

/// A primary, its replica, and the sentinel that puts the one in the place of the other. They are
/// the group `sessions`.
#[derive(Debug)]
pub struct RedisSentinel {
    primary: RedisServer,
    _replica: RedisServer,
    sentinel: RedisServer,
}

impl RedisSentinel {
    /// The primary is given up after four seconds of silence.
    pub async fn start() -> Self {
        let primary = RedisServer::start(&["--repl-diskless-sync-delay", "0"]).await;
        let port = primary.port().to_string();
        let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await;
        let sentinel = RedisServer::start_sentinel().await;
        let servers = Self {
            primary,
            _replica: replica,
            sentinel,
        };
        let sentinel = servers.sentinel.addr();
        for line in [
            &format!(
                "SENTINEL MONITOR sessions 127.0.0.1 {} 1",
                servers.primary.port()
            ),
            "SENTINEL SET sessions down-after-milliseconds 4000",
            "SENTINEL SET sessions failover-timeout 5000",
        ] {
            assert_eq!(ask(sentinel, line).await, "+OK", "{line}");
        }
        process::until_ready("the sentinel", async || {
            let group = ask(sentinel, "SENTINEL MASTER sessions").await;
            group.contains("num-slaves\r\n$1\r\n1")
        })
        .await;
        servers
    }

    /// The URL of the sentinel and the group.
    pub fn url(&self) -> String {
        format!("redis-sentinel://{}/sessions", self.sentinel.addr())
    }

    /// Where the sentinel listens.
    pub fn sentinel(&self) -> SocketAddr {
        self.sentinel.addr()
    }

    /// From now on the sentinel asks its clients for this password.
    pub async fn require_password(&self, password: &str) {
        let command = format!("ACL SETUSER default resetpass >{password}");
        assert_eq!(self.sentinel.ask(&command).await, "+OK");
    }

    /// The primary of the start.
    pub fn primary(&mut self) -> &mut impl Database {
        &mut self.primary
    }

    /// Waits until the replica has all that the primary has.
    pub async fn are_in_step(&self) {
        process::until_ready("the replica", async || {
            replica_is_in_step(self.primary.addr()).await
        })
        .await;
    }
}
