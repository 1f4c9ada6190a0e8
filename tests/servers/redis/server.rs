//! [`Server`]: a Redis of one test's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tower_bearer::store::redis_driver::Client;

/// For tests that configure, stop or measure. It ends with its test.
pub(super) struct Server {
    port: u16,
    directory: TempDir,
    options: Vec<String>,
    process: Child,
}

impl Server {
    pub(super) async fn start(options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = TempDir::new().unwrap();
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        let process = spawn(port, &directory, &options);
        let server = Self { port, directory, options, process };
        server.answers().await;
        server
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// As `kill -9` does.
    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(super) async fn restart(&mut self) {
        self.kill();
        self.process = spawn(self.port, &self.directory, &self.options);
        self.answers().await;
    }

    async fn answers(&self) {
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            let client = Client::open(self.url()).unwrap();
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await {
                let pong = tower_bearer::store::redis_driver::cmd("PING").exec_async(&mut connection).await;
                if pong.is_ok() {
                    return;
                }
            }
            assert!(Instant::now() < limit, "redis-server does not answer");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16, directory: &TempDir, options: &[String]) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(directory.path())
        .args(options)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is not installed: run tests/run, which installs it")
}
