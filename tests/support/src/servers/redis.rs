//! [`RedisServer`].

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Database, process};

/// A Redis or Valkey server. Without settings it keeps nothing: after a `kill` it is empty.
#[derive(Debug)]
pub struct RedisServer {
    settings: Vec<String>,
    folder: TempDir,
    port: u16,
    process: Child,
}

impl RedisServer {
    /// Settings as on the command line: `&["--appendonly", "yes", "--appendfsync", "always"]`.
    pub async fn start(settings: &[&str]) -> Self {
        let settings = settings
            .iter()
            .copied()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        let (folder, port) = (tempfile::tempdir().unwrap(), process::free_port());
        let process = spawn(&folder, port, &settings);
        let server = Self {
            settings,
            folder,
            port,
            process,
        };
        server.ready().await;
        server
    }

    async fn ready(&self) {
        process::until_ready("Redis", async || {
            self.answers()
                .await
                .is_ok_and(|answer| answer.starts_with(b"+PONG"))
        })
        .await;
    }

    async fn answers(&self) -> std::io::Result<[u8; 5]> {
        let ping = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            stream.write_all(b"PING\r\n").await?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).await?;
            Ok(answer)
        };
        tokio::time::timeout(Duration::from_secs(1), ping).await?
    }
}

impl Database for RedisServer {
    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn kill(&mut self) {
        process::kill(&mut self.process);
    }

    async fn start_again(&mut self) {
        self.process = spawn(&self.folder, self.port, &self.settings);
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

fn spawn(folder: &TempDir, port: u16, settings: &[String]) -> Child {
    let port = port.to_string();
    let log = File::options()
        .append(true)
        .create(true)
        .open(folder.path().join("log"))
        .unwrap();
    let mut command = Command::new(process::program("TEST_REDIS_SERVER"));
    command
        .args([
            "--bind",
            "127.0.0.1",
            "--port",
            &port,
            "--save",
            "",
            "--dir",
        ])
        .arg(folder.path())
        .args(settings);
    command.stdin(Stdio::null()).stdout(log).spawn().unwrap()
}
