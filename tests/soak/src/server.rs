//! [`Server`]: the process of a server, with its link to the database.

use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};

use support::servers::process;
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep};

use crate::link::Link;

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) link: Link,
    port: u16,
    clock_offset: i64,
    process: Mutex<Child>,
}

impl Server {
    /// `clock_offset` is in seconds.
    pub(crate) async fn start(database: u16, clock_offset: i64) -> Self {
        let (link, port) = (Link::to(database).await, process::free_port());
        let process = spawn(&link, port, clock_offset);
        let server = Self {
            link,
            port,
            clock_offset,
            process: Mutex::new(process),
        };
        server.listens().await;
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn kill(&self) {
        process::kill(&mut self.process());
    }

    pub(crate) async fn start_again(&self) {
        *self.process() = spawn(&self.link, self.port, self.clock_offset);
        self.listens().await;
    }

    pub(crate) fn pause(&self) {
        process::pause(&self.process());
    }

    pub(crate) fn resume(&self) {
        process::resume(&self.process());
    }

    /// The KiB of memory that are resident.
    pub(crate) fn resident(&self) -> u64 {
        process::resident(&self.process()) / 1024
    }

    async fn listens(&self) {
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn process(&self) -> MutexGuard<'_, Child> {
        self.process.lock().expect("nobody panicked with it")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(link: &Link, port: u16, clock_offset: i64) -> Child {
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", link.port());
    let own = std::env::current_exe().expect("a path");
    let mut command = Command::new(own);
    command.arg("serve").stdin(Stdio::null());
    command
        .env("DATABASE_URL", url)
        .env("ADDR", format!("127.0.0.1:{port}"))
        .env("CLOCK_OFFSET", clock_offset.to_string());
    command.spawn().expect("the program runs")
}
