//! [`RedisServer`].

use std::fs::File;
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Database, Host, process};

/// A Redis or Valkey server. Without settings it keeps nothing: after a `kill` it is empty.
#[derive(Debug)]
pub struct RedisServer {
    settings: Vec<String>,
    folder: TempDir,
    host: Host,
    port: u16,
    process: Child,
}

impl RedisServer {
    /// Settings as on the command line: `&["--appendonly", "yes", "--appendfsync", "always"]`.
    pub async fn start(settings: &[&str]) -> Self {
        Self::start_at(&Host::LOOPBACK, process::free_port(), settings).await
    }

    /// A node of a cluster, whose port leaves room for that of its bus.
    pub async fn start_node(settings: &[&str]) -> Self {
        Self::start_node_on(&Host::LOOPBACK, settings).await
    }

    /// The same on a host of a network.
    pub(super) async fn start_node_on(host: &Host, settings: &[&str]) -> Self {
        Self::start_at(host, process::free_port_of_a_node(), settings).await
    }

    async fn start_at(host: &Host, port: u16, settings: &[&str]) -> Self {
        let settings = settings
            .iter()
            .copied()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        Self::start_in(tempfile::tempdir().unwrap(), host, port, settings).await
    }

    /// A sentinel, which writes its settings into a file.
    pub(super) async fn start_sentinel() -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), process::free_port());
        let settings = folder.path().join("sentinel.conf");
        std::fs::write(&settings, "").unwrap();
        let settings = vec![settings.display().to_string(), "--sentinel".to_owned()];
        Self::start_in(folder, &Host::LOOPBACK, port, settings).await
    }

    async fn start_in(folder: TempDir, host: &Host, port: u16, settings: Vec<String>) -> Self {
        let process = spawn(&folder, host, port, &settings);
        let server = Self {
            settings,
            folder,
            host: host.clone(),
            port,
            process,
        };
        server.ready().await;
        server
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn addr(&self) -> SocketAddr {
        (self.host.ip, self.port).into()
    }

    /// The answer to a command of one line, or nothing if there is none.
    pub async fn ask(&self, command: &str) -> String {
        ask(self.addr(), command).await
    }

    async fn ready(&self) {
        process::until_ready("Redis", async || ask(self.addr(), "PING").await == "+PONG").await;
    }
}

impl Database for RedisServer {
    fn url(&self) -> String {
        format!("redis://{}", self.addr())
    }

    fn kill(&mut self) {
        process::kill(&mut self.process);
    }

    async fn start_again(&mut self) {
        self.process = spawn(&self.folder, &self.host, self.port, &self.settings);
        self.ready().await;
    }

    fn pause(&self) {
        process::pause(&self.process);
    }

    fn resume(&self) {
        process::resume(&self.process);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        process::kill(&mut self.process);
    }
}

fn spawn(folder: &TempDir, host: &Host, port: u16, settings: &[String]) -> Child {
    let (ip, port) = (host.ip.to_string(), port.to_string());
    let log = File::options()
        .append(true)
        .create(true)
        .open(folder.path().join("log"))
        .unwrap();
    let mut command = host.command(process::program("TEST_REDIS_SERVER"));
    // The file with settings of a sentinel comes first.
    let (file, settings) = settings.split_at(usize::from(is_sentinel(settings)));
    command
        .args(file)
        .args(["--bind", &ip, "--port", &port, "--dir"])
        .arg(folder.path())
        .args(settings);
    if !is_sentinel(settings) {
        command.args(["--save", ""]);
    }
    command.stdin(Stdio::null()).stdout(log).spawn().unwrap()
}

fn is_sentinel(settings: &[String]) -> bool {
    settings.iter().any(|setting| setting == "--sentinel")
}

/// What a server answers to a command of one line, or nothing if it cannot.
pub(super) async fn ask(addr: SocketAddr, command: &str) -> String {
    let answer = send(addr, format!("{command}\r\n").as_bytes()).await;
    String::from_utf8_lossy(&answer).trim_end().to_owned()
}

/// Sends a command. The server answers it, and closes the connection whose other end is closed.
pub(super) async fn send(addr: SocketAddr, command: &[u8]) -> Vec<u8> {
    let exchange = async {
        let mut stream = TcpStream::connect(addr).await?;
        stream.write_all(command).await?;
        stream.shutdown().await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(6), exchange).await;
    answer.ok().and_then(Result::ok).unwrap_or_default()
}

/// Whether the replica of a primary has all that the primary has.
pub(super) async fn replica_is_in_step(primary: SocketAddr) -> bool {
    let info = ask(primary, "INFO replication").await;
    let offset = info.split("master_repl_offset:").nth(1);
    let offset = offset.and_then(|rest| rest.split("\r\n").next());
    offset.is_some_and(|offset| info.contains(&format!("offset={offset}")))
}
