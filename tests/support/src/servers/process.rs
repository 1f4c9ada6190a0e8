//! Processes as a test has to treat them: killed, paused, waited for.

use std::fs;
use std::net::TcpListener;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// The time that a busy machine may need to start a server, or to stop one.
const LIMIT: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// The state of a process that has ended, and was not waited for.
const ZOMBIE: &str = "Z";

/// A free port, below those that the system assigns by itself: none of the many connections of a
/// test takes it while its server is dead.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = std::process::id() as u16;
    loop {
        let next = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let ports = unassigned(first_assigned());
        let port = ports.start + next % (ports.end - ports.start);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The first port that the system assigns by itself, on Linux.
fn first_assigned() -> u16 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first = range.split_whitespace().next();
    first.map_or(32_768, |first| first.parse().unwrap())
}

/// Some ports below that one, at which a user may listen. If there are none, others have to do.
fn unassigned(first_assigned: u16) -> Range<u16> {
    match first_assigned {
        16_000.. => 15_000..first_assigned.min(30_000),
        2_048.. => 1_024..first_assigned,
        _ => 15_000..30_000,
    }
}

/// The same for a node of a cluster of Redis, which also listens 10000 above.
pub fn free_port_of_a_node() -> u16 {
    loop {
        let port = free_port();
        if port < 22_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

/// The program that `tests/run` has found.
pub(super) fn program(variable: &str) -> PathBuf {
    let value = std::env::var(variable);
    value
        .unwrap_or_else(|_| {
            panic!("{variable} is not set: run tests/run, which finds the servers and sets it")
        })
        .into()
}

/// `kill -9` of the server and of all its processes at once. One that has ended stays as it is.
pub fn kill(server: &mut Child) {
    // After it was waited for, its number may belong to another process.
    if !matches!(server.try_wait(), Ok(None)) {
        return;
    }
    // Standing still, it can neither make more of them nor tidy up.
    signal("STOP", &[server.id()]);
    let family = family(server.id());
    signal("KILL", &family);
    server.wait().unwrap();
    // While one process lives, no other can start on the same data.
    let started = Instant::now();
    while family
        .iter()
        .any(|process| stat(*process).is_some_and(|stat| stat.state != ZOMBIE))
    {
        assert!(started.elapsed() < LIMIT, "processes {family:?} do not end");
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// From now on the server takes connections and answers nothing.
pub fn pause(server: &Child) {
    signal("STOP", &[server.id()]);
    signal("STOP", &family(server.id()));
}

/// The end of a pause.
pub fn resume(server: &Child) {
    signal("CONT", &family(server.id()));
}

/// The bytes of memory that a process has, on Linux.
pub fn resident(process: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.unwrap().parse::<u64>().unwrap() * 1024
}

/// The standard library knows one signal, for one process.
fn signal(name: &str, processes: &[u32]) {
    let processes = processes
        .iter()
        .map(|process| format!(" {process}"))
        .collect::<String>();
    // A process that has ended does not count.
    let _ = Command::new("sh")
        .args(["-c", &format!("kill -{name}{processes} 2>&-")])
        .status()
        .unwrap();
}

/// The process, and all that came from it.
fn family(process: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parents = all
        .filter_map(|id| Some((id, stat(id)?.parent)))
        .collect::<Vec<_>>();
    let mut family = vec![process];
    let mut seen = 0;
    while let Some(parent) = family.get(seen).copied() {
        family.extend(
            parents
                .iter()
                .filter(|(_, of)| *of == parent)
                .map(|(id, _)| *id),
        );
        seen += 1;
    }
    family
}

/// Waits until the server answers.
pub(super) async fn until_ready(what: &str, ready: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !ready().await {
        assert!(started.elapsed() < LIMIT, "{what} does not answer");
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

struct Stat {
    state: String,
    parent: u32,
}

/// `/proc/ID/stat`: the name, in parentheses, may hold anything. After it come the state and the
/// parent.
fn stat(process: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    Some(Stat {
        state: fields.next()?.to_owned(),
        parent: fields.next()?.parse().ok()?,
    })
}
