//! `RedisStore` over TLS, on a cluster.

use std::fs;

use redis::TlsCertificates;
use redis::cluster::ClusterClientBuilder;
use support::servers::RedisServer;
use support::servers::process::free_port_of_a_node;
use support::wait::{LIMIT, until};
use tower_bearer::RedisStore;

use crate::certificates::Certificates;
use crate::redis_store::with_tls;
use crate::works;

/// Nodes that share the slots, and have a port for TLS too.
struct Cluster {
    nodes: Vec<RedisServer>,
    /// The URLs of the nodes.
    seeds: Vec<String>,
}

impl Cluster {
    async fn start(certificates: &Certificates) -> Self {
        let (mut nodes, mut seeds) = (Vec::new(), Vec::new());
        for _ in 0..NODES {
            let port = free_port_of_a_node().to_string();
            let settings = with_tls(certificates, &port);
            let settings = settings.iter().map(String::as_str);
            let of_a_node = ["--cluster-enabled", "yes", "--tls-cluster", "yes"];
            let settings: Vec<&str> = settings.chain(of_a_node).collect();
            nodes.push(RedisServer::start_node(&settings).await);
            seeds.push(format!("rediss://127.0.0.1:{port}"));
        }
        let cluster = Self { nodes, seeds };
        let first = port(&cluster.seeds[0]);
        for (number, node) in cluster.nodes.iter().enumerate() {
            let slots = number * SLOTS / NODES..(number + 1) * SLOTS / NODES;
            let (from, to) = (slots.start, slots.end - 1);
            for command in [
                format!("CLUSTER ADDSLOTSRANGE {from} {to}"),
                format!("CLUSTER MEET 127.0.0.1 {first}"),
            ] {
                assert_eq!(node.ask(&command).await, "+OK");
            }
        }
        for node in &cluster.nodes {
            until("the cluster has all slots", 3 * LIMIT, async || {
                let info = node.ask("CLUSTER INFO").await;
                info.contains("cluster_state:ok")
            })
            .await;
        }
        cluster
    }
}

#[tokio::test]
async fn every_connection_to_a_cluster_is_encrypted() {
    let certificates = Certificates::new();
    let cluster = Cluster::start(&certificates).await;
    let trusted = TlsCertificates {
        client_tls: None,
        root_cert: Some(fs::read(certificates.path("ca.pem")).unwrap()),
    };
    // One seed is enough: the nodes tell a client with TLS of their ports with TLS.
    let seeds = ClusterClientBuilder::new(cluster.seeds[..1].to_vec()).certs(trusted);
    let store = RedisStore::from_cluster(seeds).await.unwrap();
    let _announcements = works(&store).await;
    for (node, url) in cluster.nodes.iter().zip(&cluster.seeds) {
        let clients = node.ask("CLIENT LIST").await;
        let addr = |port: &str| format!("laddr=127.0.0.1:{port}");
        let connections = |addr: String| {
            let fields = clients.split_whitespace();
            fields.filter(|field| *field == addr).count()
        };
        assert!(connections(addr(port(url))) > 0, "{clients}");
        // That of the question.
        let plain = connections(addr(&node.port().to_string()));
        assert_eq!(plain, 1, "{clients}");
    }
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().unwrap()
}

const NODES: usize = 2;
const SLOTS: usize = 16_384;
