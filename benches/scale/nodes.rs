//! [`Nodes`] are the primaries, and [`Spent`] is how much work they did meanwhile.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tower_bearer::store::redis_driver as redis;
use tower_bearer::store::redis_driver::cluster_routing::Slot;

use super::rows;

/// A connection to each primary, beside those of the store.
pub(super) struct Nodes {
    connections: Vec<redis::aio::MultiplexedConnection>,
    of_slots: HashMap<Slot, usize>,
}

/// What the primaries had done at a moment, each.
pub(super) struct Counts {
    at: Instant,
    /// How often each command ran, on all of them. Those within scripts count too.
    commands: BTreeMap<String, u64>,
    each: Vec<Count>,
}

struct Count {
    commands: u64,
    cpu: f64,
    sent: u64,
}

impl Nodes {
    pub(super) async fn connect(url: &str) -> Self {
        let (mut connections, mut of_slots) = (Vec::new(), HashMap::new());
        for host in url.trim_start_matches("redis-cluster://").split(',') {
            let client = redis::Client::open(format!("redis://{host}")).unwrap();
            // On a busy machine an answer takes longer than the driver waits by default.
            let patient = redis::AsyncConnectionConfig::new().set_response_timeout(None);
            let connection = client.get_multiplexed_async_connection_with_config(&patient);
            let mut connection = connection.await.unwrap();
            let known: String = redis::cmd("CLUSTER")
                .arg("NODES")
                .query_async(&mut connection)
                .await
                .unwrap();
            let myself = known.lines().find(|line| line.contains("myself")).unwrap();
            let (first, last) = myself.rsplit(' ').next().unwrap().split_once('-').unwrap();
            let slots = first.parse().unwrap()..=last.parse().unwrap();
            let number = connections.len();
            of_slots.extend(slots.filter_map(Slot::new).map(|slot| (slot, number)));
            connections.push(connection);
        }
        Self {
            connections,
            of_slots,
        }
    }

    /// Returns a field of `INFO` of each node.
    pub(super) async fn field(&mut self, section: &str, field: &str) -> Vec<u64> {
        let infos = self.info(section).await;
        infos
            .iter()
            .map(|info| info[field].parse().unwrap())
            .collect()
    }

    pub(super) async fn keys(&mut self) -> Vec<u64> {
        let mut keys = Vec::new();
        for node in &mut self.connections {
            keys.push(redis::cmd("DBSIZE").query_async(node).await.unwrap());
        }
        keys
    }

    pub(super) async fn empty(&mut self) {
        for node in &mut self.connections {
            redis::cmd("FLUSHALL").exec_async(node).await.unwrap();
        }
    }

    /// Returns the bytes of each of the keys of its kind on the first node, on average, and how
    /// many it looked at: at most some thousand.
    pub(super) async fn bytes_of(&mut self, pattern: &str) -> (f64, usize) {
        let (mut cursor, mut seen, mut bytes) = (0_u64, 0, 0_u64);
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(pattern)
                .arg("COUNT")
                .arg(1000);
            let node = &mut self.connections[0];
            let (next, keys): (u64, Vec<Vec<u8>>) = scan.query_async(node).await.unwrap();
            for key in keys {
                let mut usage = redis::cmd("MEMORY");
                usage.arg("USAGE").arg(key).arg("SAMPLES").arg(0);
                bytes += usage.query_async::<u64>(node).await.unwrap();
                seen += 1;
            }
            cursor = next;
            if cursor == 0 || seen >= LOOKED_AT {
                return (bytes as f64 / seen as f64, seen);
            }
        }
    }

    /// Returns the number of the node that has this slot.
    pub(super) fn of(&self, slot: Slot) -> usize {
        self.of_slots[&slot]
    }

    pub(super) fn each<T>(&self, make: impl Fn() -> T) -> Vec<T> {
        self.connections.iter().map(|_| make()).collect()
    }

    /// Runs commands on each node, on all at the same time.
    pub(super) async fn run(&mut self, commands: Vec<redis::Pipeline>) {
        let mut running = JoinSet::new();
        for (node, commands) in self.connections.iter().zip(commands) {
            let mut node = node.clone();
            running.spawn(async move { commands.exec_async(&mut node).await.unwrap() });
        }
        running.join_all().await;
    }

    pub(super) async fn row(&mut self, key: &[u8]) -> Vec<u8> {
        let node = self.of(Slot::for_key(key));
        let mut get = redis::cmd("GET");
        get.arg(key)
            .query_async(&mut self.connections[node])
            .await
            .unwrap()
    }

    /// Adds entries to the feeds that are there, of the form that the store gives them, and much
    /// faster than it. They are spread evenly.
    pub(super) async fn add_to_feeds(&mut self, count: u32) {
        let mut feeds = Vec::new();
        for node in &self.connections {
            let scan = redis::cmd("KEYS").arg("tb{??}feed").to_owned();
            let keys: Vec<String> = scan.query_async(&mut node.clone()).await.unwrap();
            feeds.extend(keys.into_iter().map(|feed| (node.clone(), feed)));
        }
        let all = feeds.len() as u32;
        for (number, (mut node, feed)) in (0..).zip(feeds) {
            let mut left = count / all + u32::from(number < count % all);
            while left > 0 {
                let (now, mut pipeline) = (left.min(AT_ONCE), redis::Pipeline::new());
                for _ in 0..now {
                    let entry = pipeline.cmd("XADD").arg(&feed).arg("*").arg("r");
                    entry.arg(rows::random_id().as_bytes()).ignore();
                }
                pipeline.exec_async(&mut node).await.unwrap();
                left -= now;
            }
        }
    }

    pub(super) async fn counts(&mut self) -> Counts {
        let (stats, cpu) = (self.info("stats").await, self.info("cpu").await);
        let mut commands = BTreeMap::new();
        for info in self.info("commandstats").await {
            for (name, value) in info {
                let Some(name) = name.strip_prefix("cmdstat_") else {
                    continue;
                };
                let calls = value.strip_prefix("calls=").unwrap().split(',').next();
                let calls: u64 = calls.unwrap().parse().unwrap();
                *commands.entry(name.to_owned()).or_default() += calls;
            }
        }
        let seconds = |cpu: &Info, of: &str| cpu[of].parse::<f64>().unwrap();
        let each = stats.iter().zip(&cpu).map(|(stats, cpu)| Count {
            commands: stats["total_commands_processed"].parse().unwrap(),
            cpu: seconds(cpu, "used_cpu_user") + seconds(cpu, "used_cpu_sys"),
            sent: stats["total_net_output_bytes"].parse().unwrap(),
        });
        Counts {
            at: Instant::now(),
            commands,
            each: each.collect(),
        }
    }

    async fn info(&mut self, section: &str) -> Vec<Info> {
        let mut infos = Vec::new();
        for node in &mut self.connections {
            let mut info = redis::cmd("INFO");
            let text: String = info.arg(section).query_async(node).await.unwrap();
            let fields = text.lines().filter_map(|line| line.split_once(':'));
            let owned = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            infos.push(owned.collect());
        }
        infos
    }
}

impl Counts {
    /// Prints what one of `times` operations cost since then, on all nodes.
    pub(super) fn print_each(&self, now: &Self, what: &str, times: u32) {
        let of_one = |all: f64| all / f64::from(times);
        let sum = |of: fn(&Count) -> f64| {
            let nodes = self.each.iter().zip(&now.each);
            of_one(nodes.map(|(then, now)| of(now) - of(then)).sum())
        };
        println!(
            "  {what}: {:.0} µs of the servers' processors, {:.0} bytes sent; {}",
            sum(|node| node.cpu * 1e6),
            sum(|node| node.sent as f64),
            self.named(now, f64::from(times)),
        );
    }

    /// Prints what each node did a second since then.
    pub(super) fn print_rates(&self, now: &Self, what: &str) {
        let seconds = (now.at - self.at)
            .max(Duration::from_millis(1))
            .as_secs_f64();
        let rates = self.each.iter().zip(&now.each).map(|(then, now)| {
            format!(
                "{:.0} commands, {:.1} % CPU, {:.0} kB",
                (now.commands - then.commands) as f64 / seconds,
                (now.cpu - then.cpu) * 100.0 / seconds,
                (now.sent - then.sent) as f64 / 1000.0 / seconds,
            )
        });
        let rates: Vec<String> = rates.collect();
        println!("  {what}: a second and node {}", rates.join(" | "));
        println!("    on all nodes {}", self.named(now, seconds));
    }

    /// Returns the commands since then by name, divided by a number.
    fn named(&self, now: &Self, by: f64) -> String {
        let calls = now.commands.iter().map(|(name, calls)| {
            let before = self.commands.get(name).copied().unwrap_or_default();
            (name, (calls - before) as f64 / by)
        });
        let often = calls.filter(|(_, calls)| *calls >= 0.2);
        let named = often.map(|(name, calls)| format!("{name} {calls:.1}"));
        named.collect::<Vec<_>>().join(", ")
    }
}

type Info = BTreeMap<String, String>;
const LOOKED_AT: usize = 5000;
const AT_ONCE: u32 = 1000;
