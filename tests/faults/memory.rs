//! The memory of a server, whatever strangers do.

use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::site;

/// With the throttle off. Each connection sends the next login when the last one is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_connections_of_wrong_logins_take_the_memory_of_as_many_as_the_cores() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("memory.db").display());
    let server = site::start(folder.path(), &url, &[("LOGIN_RATE_LIMIT", "off")]).await;
    let server = Arc::new(server);
    assert_eq!(server.log_in("alice", "wonderland-8").await.status, 400);
    let start = server.resident();

    let end = Instant::now() + Duration::from_secs(5);
    let connection = || {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let mut answers = 0;
            while Instant::now() < end {
                let answer = server.log_in("alice", "wonderland-8").await;
                let is_refused = answer.status == 503 && answer.headers["retry-after"] == "1";
                assert!(answer.status == 400 || is_refused, "{answer:?}");
                answers += 1;
            }
            answers
        })
    };
    let connections: Vec<_> = (0..64).map(|_| connection()).collect();
    let mut peak = 0;
    while Instant::now() < end {
        peak = peak.max(server.resident());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut answers = 0;
    for connection in connections {
        answers += connection.await.unwrap();
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let most = start + 19 * MIB * cores as u64 + 32 * MIB;
    println!(
        "{answers} answers; memory {} MiB at the start, {} MiB at most",
        start / MIB,
        peak / MIB
    );
    assert!(peak < most, "{} MiB of {}", peak / MIB, most / MIB);
    while server.resident() > start + 16 * MIB {
        let late = end.elapsed() > Duration::from_secs(10);
        assert!(!late, "{} MiB stay", server.resident() / MIB);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const MIB: u64 = 1 << 20;
