//! An example, as a stranger would start it: a process of its own, on loopback.
//!
//! `cargo test` builds the examples first. `cargo test --test NAME` alone does not: it takes the
//! server that was built last.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::Received;
use crate::servers::{Host, process};

/// More than the server takes to give up on a store.
const LIMIT: Duration = Duration::from_secs(60);

/// A running server. It is killed when it is dropped.
#[derive(Debug)]
pub struct AppServer {
    process: Mutex<Child>,
    addr: String,
    /// The output before the line that says where the server listens.
    pub said: Vec<String>,
    /// The output since then.
    log: Arc<Mutex<Vec<String>>>,
}

impl AppServer {
    /// Its program, data and secret are in the folder. Of the environment it has nothing but
    /// this.
    pub async fn start(folder: &Path, environment: &[(&str, &str)]) -> Self {
        Self::start_example("server", folder, environment).await
    }

    /// The same of another example.
    pub async fn start_example(example: &str, folder: &Path, environment: &[(&str, &str)]) -> Self {
        Self::start_on(&Host::LOOPBACK, example, folder, environment).await
    }

    /// The same on a host of a network.
    pub async fn start_on(
        host: &Host,
        example: &str,
        folder: &Path,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut process = command(host, example, folder, environment)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = process.stdout.take().unwrap();
        let (sender, receiver) = oneshot::channel();
        // Made before it is waited for: if it never listens, it is killed all the same.
        let mut server = Self {
            process: Mutex::new(process),
            addr: String::new(),
            said: Vec::new(),
            log: Arc::default(),
        };
        let written = Arc::clone(&server.log);
        std::thread::spawn(move || {
            let mut said = Vec::new();
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for line in &mut lines {
                if let Some(rest) = line.strip_prefix("listening on http://") {
                    let addr = rest.split(". ").next().unwrap().to_owned();
                    let _ = sender.send((addr, said));
                    break;
                }
                said.push(line);
            }
            // All of it, so that the server never waits for a full pipe.
            lines.for_each(|line| written.lock().unwrap().push(line));
        });
        (server.addr, server.said) = receiver.await.expect("the server says where it listens");
        server
    }

    /// `kill -9`.
    pub fn kill(&self) {
        let mut process = self.process.lock().unwrap();
        let _ = process.kill();
        let _ = process.wait();
    }

    /// The bytes of memory that are resident, on Linux.
    pub fn resident(&self) -> u64 {
        process::resident(&self.process.lock().unwrap())
    }

    /// Whether it has printed this since it listens.
    pub fn has_said(&self, what: &str) -> bool {
        self.log
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains(what))
    }

    /// What it has printed since it listens.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Where it listens.
    pub fn addr(&self) -> &str {
        &self.addr
    }

    /// A request over a connection of its own. An error is a server that was not there, or went
    /// away before it had answered.
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> io::Result<Received> {
        let exchange = async {
            let stream = TcpStream::connect(&self.addr).await?;
            exchange(stream, method, path, headers, body).await
        };
        tokio::time::timeout(LIMIT, exchange).await?
    }

    /// A `POST` of a form.
    pub async fn try_post(&self, path: &str, form: &str) -> io::Result<Received> {
        self.try_send(
            "POST",
            path,
            &["content-type: application/x-www-form-urlencoded"],
            form,
        )
        .await
    }

    /// A `GET` by an access token.
    pub async fn try_get(&self, path: &str, access_token: &Value) -> io::Result<Received> {
        let bearer = format!("authorization: Bearer {}", access_token.as_str().unwrap());
        self.try_send("GET", path, &[&bearer], "").await
    }

    /// The same as [`AppServer::try_send`], of a server that is there.
    pub async fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Received {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    /// The same of a server that is there.
    pub async fn post(&self, path: &str, form: &str) -> Received {
        self.try_post(path, form).await.unwrap()
    }

    /// The same of a server that is there.
    pub async fn get(&self, path: &str, access_token: &Value) -> Received {
        self.try_get(path, access_token).await.unwrap()
    }

    /// The response to `POST /auth/login`.
    pub async fn log_in(&self, name: &str, password: &str) -> Received {
        self.post(
            "/auth/login",
            &format!("username={name}&password={password}"),
        )
        .await
    }

    /// Takes what a login or a refresh has answered.
    pub async fn refresh(&self, tokens: &Value) -> Received {
        self.post("/auth/refresh", &refresh_form(tokens)).await
    }

    /// The same of a server that may be gone.
    pub async fn try_refresh(&self, tokens: &Value) -> io::Result<Received> {
        self.try_post("/auth/refresh", &refresh_form(tokens)).await
    }

    /// Takes the same, and logs out with the refresh token.
    pub async fn log_out(&self, tokens: &Value) -> Received {
        self.post(
            "/auth/logout",
            &format!("token={}", tokens["refresh_token"].as_str().unwrap()),
        )
        .await
    }

    /// Takes the same, and asks for `GET /me` with the access token.
    pub async fn me(&self, tokens: &Value) -> Received {
        self.get("/me", &tokens["access_token"]).await
    }
}

impl Drop for AppServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One request over a connection that ends with it.
pub async fn exchange(
    mut stream: TcpStream,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> io::Result<Received> {
    let (addr, length) = (stream.peer_addr()?, body.len());
    let headers = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect::<String>();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    let received = received(head, body);
    // Half an answer counts as no answer.
    let length = received
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length != body.len()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(received)
}

fn received(head: &str, body: &str) -> Received {
    let (first, lines) = head.split_once("\r\n").unwrap();
    let mut headers = HeaderMap::new();
    for line in lines.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(
            name.parse::<HeaderName>().unwrap(),
            value.parse::<HeaderValue>().unwrap(),
        );
    }
    Received {
        status: first.split(' ').nth(1).unwrap().parse().unwrap(),
        headers,
        body: body.to_owned(),
    }
}

fn refresh_form(tokens: &Value) -> String {
    format!(
        "refresh_token={}",
        tokens["refresh_token"].as_str().unwrap()
    )
}

/// A copy of the example in a folder of its own: its data and its secret are beside it.
fn command(host: &Host, example: &str, folder: &Path, environment: &[(&str, &str)]) -> Command {
    let (built, copy) = (built(example), folder.join(example));
    if !copy.exists() {
        // A process that is started meanwhile inherits no descriptor that writes to the copy: a
        // file that is open for writing cannot be run.
        let linked = std::fs::hard_link(&built, &copy).is_ok();
        let copied = || Command::new("cp").args([&built, &copy]).status();
        assert!(linked || copied().unwrap().success());
    }
    let mut command = host.command(copy);
    command
        .current_dir(folder)
        .env_clear()
        .env("ADDR", format!("{}:0", host.ip))
        .envs(environment.iter().copied());
    command
}

/// `cargo test` builds the examples beside the tests.
fn built(example: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.parent().and_then(Path::parent).unwrap();
    let program = profile.join("examples").join(example);
    assert!(
        program.exists(),
        "{} is missing. Try: cargo build --example {example}",
        program.display()
    );
    program
}

/// The output of a server that does not start.
pub fn refusal(folder: &Path, environment: &[(&str, &str)]) -> String {
    let mut process = command(&Host::LOOPBACK, "server", folder, environment)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = process.stderr.take().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        io::Read::read_to_string(&mut stderr, &mut text).map(|_| sender.send(text))
    });
    // A server that started after all would go on for ever.
    let Ok(text) = receiver.recv_timeout(Duration::from_secs(30)) else {
        process.kill().unwrap();
        panic!("the server started with {environment:?}");
    };
    assert!(!process.wait().unwrap().success());
    text
}

/// What an example prints that ends by itself, and the code that it ends with.
pub async fn output(
    example: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> (String, Option<i32>) {
    let mut process = tokio::process::Command::new(built(example));
    process.env_clear().envs(environment.iter().copied());
    let ended = process.args(arguments).output().await.unwrap();
    let text = [ended.stdout, ended.stderr].concat();
    (String::from_utf8(text).unwrap(), ended.status.code())
}
