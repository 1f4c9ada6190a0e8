//! [`RedisCluster`].

use std::collections::HashSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use super::redis::{ask, replica_is_in_step, send};
use super::{Host, RedisServer, process};

/// Three primaries of Redis or Valkey, and the replica of each: nodes 0 to 2, and 3 to 5. The
/// others give up a node that was silent for fifteen seconds.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// The settings of a cluster whose nodes are killed: the others give them up after four seconds
    /// of silence. A busy machine may be as silent.
    pub const GIVES_UP_SOON: &[&str] = &["--cluster-node-timeout", SOON];

    /// Settings as on the command line.
    pub async fn start(settings: &[&str]) -> Self {
        Self::start_on([&Host::LOOPBACK; 2 * PRIMARIES], settings).await
    }

    /// The same with a host for each node.
    pub async fn start_on(hosts: [&Host; 2 * PRIMARIES], settings: &[&str]) -> Self {
        let mut all = vec!["--cluster-enabled", "yes", "--cluster-node-timeout", LATE];
        // A replica takes over however old its data is.
        all.extend(["--cluster-replica-validity-factor", "0"]);
        all.extend(["--repl-diskless-sync-delay", "0"]);
        // They have no passwords, and on a network they do not listen on loopback.
        all.extend(["--protected-mode", "no"]);
        all.extend(settings);
        let mut nodes = Vec::new();
        for host in hosts {
            nodes.push(RedisServer::start_node_on(host, &all).await);
        }
        let cluster = Self { nodes };
        for primary in 0..PRIMARIES {
            // Two primaries of one epoch agree later, in the middle of a test.
            let epoch = format!("CLUSTER SET-CONFIG-EPOCH {}", primary + 1);
            assert_eq!(cluster.ask(primary, &epoch).await, "+OK");
            let (first, last) = slots(primary).into_inner();
            let add = format!("CLUSTER ADDSLOTSRANGE {first} {last}");
            assert_eq!(cluster.ask(primary, &add).await, "+OK");
        }
        let (ip, port) = (cluster.addr(0).ip(), cluster.addr(0).port());
        for node in 1..cluster.nodes.len() {
            let meet = format!("CLUSTER MEET {ip} {port}");
            assert_eq!(cluster.ask(node, &meet).await, "+OK");
        }
        for primary in 0..PRIMARIES {
            let replicate = format!("CLUSTER REPLICATE {}", cluster.id(primary).await);
            process::until_ready("a replica", async || {
                cluster.ask(primary + PRIMARIES, &replicate).await == "+OK"
            })
            .await;
        }
        for node in 0..cluster.nodes.len() {
            cluster.sees_all(node).await;
        }
        for replica in PRIMARIES..cluster.nodes.len() {
            cluster.follows(replica).await;
        }
        cluster
    }

    /// The URL, with all nodes.
    pub fn url(&self) -> String {
        self.url_of(0..self.nodes.len())
    }

    /// The URL with some of the nodes.
    pub fn url_of(&self, nodes: impl IntoIterator<Item = usize>) -> String {
        let hosts: Vec<String> = nodes
            .into_iter()
            .map(|node| self.addr(node).to_string())
            .collect();
        format!("redis-cluster://{}", hosts.join(","))
    }

    /// One of the nodes.
    pub fn node(&mut self, node: usize) -> &mut RedisServer {
        &mut self.nodes[node]
    }

    fn addr(&self, node: usize) -> SocketAddr {
        self.nodes[node].addr()
    }

    async fn id(&self, node: usize) -> String {
        let answer = self.ask(node, "CLUSTER MYID").await;
        answer.lines().nth(1).unwrap().to_owned()
    }

    /// Waits until a node says that each slot has a primary, and knows all nodes.
    pub async fn sees_all(&self, node: usize) {
        let known = format!("cluster_known_nodes:{}", self.nodes.len());
        process::until_ready("the cluster", async || {
            let info = self.ask(node, "CLUSTER INFO").await;
            info.contains("cluster_state:ok") && info.contains(&known)
        })
        .await;
    }

    /// The primary and the replica of a third of the slots, as they are now: a busy machine may
    /// have changed their roles.
    pub async fn pair(&self, third: usize) -> (usize, usize) {
        let replica = third + PRIMARIES;
        match self.is_primary(replica).await {
            true => (replica, third),
            false => (third, replica),
        }
    }

    async fn is_primary(&self, node: usize) -> bool {
        self.ask(node, "ROLE").await.contains("master")
    }

    /// Waits until a replica is the primary in place of its own. On a busy machine it may lose its
    /// election again and again: then it is told to take over.
    pub async fn takes_over(&self, replica: usize) {
        let began = Instant::now();
        process::until_ready("the new primary", async || {
            if began.elapsed() > ELECTION {
                self.ask(replica, "CLUSTER FAILOVER TAKEOVER").await;
            }
            self.is_primary(replica).await
        })
        .await;
        self.sees_all(replica).await;
    }

    /// From now on the nodes give up one that was silent for four seconds.
    pub async fn gives_up_soon(&self) {
        self.gives_up_after(SOON).await;
    }

    /// From now on the nodes give up one that was silent for fifteen seconds, as at the start.
    pub async fn gives_up_late(&self) {
        self.gives_up_after(LATE).await;
    }

    /// A node that is dead cannot answer.
    async fn gives_up_after(&self, milliseconds: &str) {
        let set = format!("CONFIG SET cluster-node-timeout {milliseconds}");
        for node in 0..self.nodes.len() {
            let answer = self.ask(node, &set).await;
            assert!(["+OK", ""].contains(&answer.as_str()), "{answer}");
        }
    }

    /// Waits until a node is a replica, and has all data.
    pub async fn follows(&self, node: usize) {
        process::until_ready("a replica", async || {
            let role = self.ask(node, "ROLE").await;
            role.contains("slave") && role.contains("connected")
        })
        .await;
    }

    /// Waits until a node accepts no commands any more.
    pub async fn gives_up(&self, node: usize) {
        process::until_ready("the end of a minority", async || {
            let info = self.ask(node, "CLUSTER INFO").await;
            info.contains("cluster_state:fail")
        })
        .await;
    }

    /// From now on the replica of a primary receives nothing. Until now it has everything. Other
    /// nodes notice nothing.
    pub async fn stop_replication(&self, primary: usize) {
        process::until_ready("a replica in step", async || {
            replica_is_in_step(self.addr(primary)).await
        })
        .await;
        let refused = "ACL SETUSER default -psync -sync";
        assert_eq!(self.ask(primary, refused).await, "+OK");
        assert_eq!(self.ask(primary, "CLIENT KILL TYPE replica").await, ":1");
        process::until_ready("a primary alone", async || {
            let info = self.ask(primary, "INFO replication").await;
            info.contains("connected_slaves:0")
        })
        .await;
    }

    /// From now on nobody may publish or subscribe.
    pub async fn announces_nothing(&self) {
        for node in 0..self.nodes.len() {
            let refused = "ACL SETUSER default resetchannels";
            assert_eq!(self.ask(node, refused).await, "+OK");
        }
    }

    /// Moves a slot from one primary to another, key by key, as `redis-cli --cluster reshard` does.
    pub async fn move_slot(&self, slot: u16, from: usize, to: usize) {
        self.begin_move(slot, from, to).await;
        self.move_keys(slot, from, to).await;
        self.end_move(slot, from, to).await;
    }

    /// Does the first step, after which each key is on the one node or on the other.
    pub async fn begin_move(&self, slot: u16, from: usize, to: usize) {
        let (old, new) = (self.id(from).await, self.id(to).await);
        // A claim that is not newer is lost: then neither of them has the slot.
        process::until_ready("the newest epoch", async || {
            let epoch = self.epoch(from, "cluster_my_epoch").await;
            epoch.is_some() && self.epoch(to, "cluster_current_epoch").await >= epoch
        })
        .await;
        self.set_slot(to, slot, format!("IMPORTING {old}")).await;
        self.set_slot(from, slot, format!("MIGRATING {new}")).await;
    }

    /// Moves all keys of a slot.
    pub async fn move_keys(&self, slot: u16, from: usize, to: usize) {
        loop {
            let keys = self.keys_in(from, slot).await;
            if keys.is_empty() {
                return;
            }
            for key in keys {
                let (ip, port) = (
                    self.addr(to).ip().to_string(),
                    self.addr(to).port().to_string(),
                );
                let mut migrate: Vec<&[u8]> = vec![b"MIGRATE", ip.as_bytes(), port.as_bytes()];
                migrate.extend([&key[..], b"0", b"5000"]);
                let answer = send(self.addr(from), &command(&migrate)).await;
                let done = answer.starts_with(b"+OK") || answer.starts_with(b"+NOKEY");
                assert!(done, "{}", String::from_utf8_lossy(&answer));
            }
        }
    }

    /// Does the last step.
    pub async fn end_move(&self, slot: u16, from: usize, to: usize) {
        let new = self.id(to).await;
        for node in [to, from] {
            self.set_slot(node, slot, format!("NODE {new}")).await;
        }
    }

    async fn set_slot(&self, node: usize, slot: u16, state: String) {
        // It may not have heard of the last move yet.
        let set = format!("CLUSTER SETSLOT {slot} {state}");
        process::until_ready(&set, async || self.ask(node, &set).await == "+OK").await;
    }

    /// How new the slots of a node are, or those of the whole cluster as the node knows it.
    async fn epoch(&self, node: usize, name: &str) -> Option<u64> {
        let info = self.ask(node, "CLUSTER INFO").await;
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        let (_, epoch) = lines.find(|(key, _)| *key == name)?;
        epoch.parse().ok()
    }

    /// Some keys of a slot.
    async fn keys_in(&self, node: usize, slot: u16) -> Vec<Vec<u8>> {
        let ask = format!("CLUSTER GETKEYSINSLOT {slot} 16");
        self.strings(node, &ask).await
    }

    /// All keys of a node.
    pub async fn keys(&self, node: usize) -> HashSet<Vec<u8>> {
        self.strings(node, "KEYS *").await.into_iter().collect()
    }

    /// The strings that a node answers to a command of one line.
    async fn strings(&self, node: usize, command: &str) -> Vec<Vec<u8>> {
        let answer = send(self.addr(node), format!("{command}\r\n").as_bytes()).await;
        let said = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(b"*"), "{command}: {said:?}");
        let (mut keys, mut rest) = (Vec::new(), &answer[..]);
        while let Some(at) = rest.iter().position(|byte| *byte == b'$') {
            let end = at + rest[at..].iter().position(|byte| *byte == b'\r').unwrap();
            let length: usize = str::from_utf8(&rest[at + 1..end]).unwrap().parse().unwrap();
            keys.push(rest[end + 2..end + 2 + length].to_vec());
            rest = &rest[end + 2 + length..];
        }
        keys
    }

    /// What a node answers to a command of one line, or nothing if it cannot.
    pub async fn ask(&self, node: usize, command: &str) -> String {
        ask(self.addr(node), command).await
    }
}

/// The slots that a primary has at the start.
pub fn slots(primary: usize) -> RangeInclusive<u16> {
    let first = [0, 5461, 10923, 16384];
    first[primary]..=first[primary + 1] - 1
}

/// A command whose arguments may have any bytes.
fn command(arguments: &[&[u8]]) -> Vec<u8> {
    let mut command = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        command.extend(format!("${}\r\n", argument.len()).into_bytes());
        command.extend([argument, &b"\r\n"[..]].concat());
    }
    command
}

const PRIMARIES: usize = 3;
/// Milliseconds of silence after which a node is given up.
const SOON: &str = "4000";
const LATE: &str = "15000";
/// The time that an election may take.
const ELECTION: Duration = Duration::from_secs(20);
