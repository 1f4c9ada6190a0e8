//! [`Rows`]: the sessions that a node of a cluster has.

use std::collections::HashSet;

use serde_json::Value;
use support::claims_of;
use support::servers::RedisCluster;
use tower_bearer::names::SessionId;

/// The keys of a node. That of a row ends with the id of the session.
pub(crate) struct Rows(HashSet<Vec<u8>>);

impl Rows {
    pub(crate) async fn of(cluster: &RedisCluster, node: usize) -> Self {
        Self(cluster.keys(node).await)
    }

    pub(crate) fn has(&self, tokens: &Value) -> bool {
        let claims = claims_of(tokens["access_token"].as_str().unwrap());
        let id: SessionId = claims["sid"].as_str().unwrap().parse().unwrap();
        self.0.iter().any(|key| key.ends_with(id.as_bytes()))
    }
}
