//! The example server, as a stranger would start it: a process of its own, on loopback.
//!
//! `cargo test` builds the examples first. `cargo test --test example_server` alone does not: it takes the server that was built last.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running server. It is killed when the test ends.
struct Server {
    process: Child,
    addr: String,
    /// What it printed before it said where it listens.
    said: Vec<String>,
}

impl Server {
    fn start(folder: &Path, environment: &[(&str, &str)]) -> Self {
        let mut process = command(folder, environment).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = Vec::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let addr = loop {
            let line = lines.next().expect("the server says where it listens").unwrap();
            if let Some(rest) = line.strip_prefix("listening on http://") {
                break rest.split(". ").next().unwrap().to_owned();
            }
            said.push(line);
        };
        // The rest is read away, so that the server never waits for a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, addr, said }
    }

    fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> (u16, String, Value) {
        let mut stream = TcpStream::connect(&self.addr).unwrap();
        let (addr, length, headers) = (&self.addr, body.len(), headers.iter().map(|header| format!("{header}\r\n")));
        let headers = headers.collect::<String>();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or_default())
    }

    fn post(&self, path: &str, form: &str) -> (u16, String, Value) {
        self.send("POST", path, &["content-type: application/x-www-form-urlencoded"], form)
    }

    fn get(&self, path: &str, access_token: &Value) -> (u16, String, Value) {
        self.send("GET", path, &[&format!("authorization: Bearer {}", access_token.as_str().unwrap())], "")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A copy of the server in a folder of its own: its data and its secret stand beside it.
fn command(folder: &Path, environment: &[(&str, &str)]) -> Command {
    let copy = folder.join("server");
    if !copy.exists() {
        std::fs::hard_link(built(), &copy).or_else(|_| std::fs::copy(built(), &copy).map(drop)).unwrap();
    }
    let mut command = Command::new(copy);
    command.env_clear().env("ADDR", "127.0.0.1:0").envs(environment.iter().copied());
    command
}

/// `cargo test` builds the examples beside the tests.
fn built() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.parent().and_then(Path::parent).unwrap();
    let server = profile.join("examples/server");
    assert!(server.exists(), "{} is missing. Try: cargo build --example server", server.display());
    server
}

fn refusal(environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    refusal_in(folder.path(), environment)
}

fn refusal_in(folder: &Path, environment: &[(&str, &str)]) -> String {
    let mut process = command(folder, environment).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = process.stderr.take().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| sender.send(text))
    });
    // A server that started after all would go on for ever.
    let Ok(text) = receiver.recv_timeout(std::time::Duration::from_secs(30)) else {
        process.kill().unwrap();
        panic!("the server started with {environment:?}");
    };
    assert!(!process.wait().unwrap().success());
    text
}

const ALICE: &str = "username=alice&password=wonderland-7";

#[test]
fn it_starts_without_configuration_and_does_the_main_job() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    assert!(server.said.iter().any(|line| line.contains("alice / wonderland-7")), "{:?}", server.said);

    let (status, head, tokens) = server.post("/auth/login", ALICE);
    assert_eq!(status, 200, "{tokens}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    let (status, _, me) = server.get("/me", &tokens["access_token"]);
    assert_eq!((status, &me["username"]), (200, &"alice".into()));
    assert_eq!(server.get("/admin", &tokens["access_token"]).0, 200);

    let refresh = format!("refresh_token={}", tokens["refresh_token"].as_str().unwrap());
    let (status, _, renewed) = server.post("/auth/refresh", &refresh);
    assert_eq!(status, 200, "{renewed}");
    let (status, _, gone) = server.post("/auth/logout", &format!("token={}", renewed["refresh_token"].as_str().unwrap()));
    assert_eq!((status, gone), (200, serde_json::json!({})));

    let (status, head, refused) = server.get("/me", &renewed["access_token"]);
    assert_eq!((status, &refused["reason"]), (401, &"session_revoked".into()));
    assert!(head.contains("www-authenticate: bearer error=\"invalid_token\""), "{head}");
}

#[test]
fn bob_is_no_admin_and_a_new_user_can_sign_up_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[("DATABASE_URL", "memory:")]);
    let (_, _, bob) = server.post("/auth/login", "username=bob&password=builder-8");
    let (status, head, _) = server.get("/admin", &bob["access_token"]);
    assert_eq!(status, 403);
    assert!(head.contains("insufficient_scope") && head.contains("scope=\"admin\""), "{head}");

    let carol = "username=carol&password=correct-horse";
    assert_eq!(server.post("/signup", carol).0, 201);
    assert_eq!(server.post("/signup", carol).0, 409);
    assert_eq!(server.post("/auth/login", carol).0, 200);
    assert_eq!(server.post("/signup", "username=dave&password=short").0, 400);
    assert_eq!(server.send("POST", "/signup", &["content-type: text/plain"], carol).0, 415);
}

#[test]
fn a_restart_loses_nobodys_login() {
    let folder = tempfile::tempdir().unwrap();
    let before = Server::start(folder.path(), &[]);
    let (_, _, tokens) = before.post("/auth/login", ALICE);
    let (_, _, left) = before.post("/auth/login", ALICE);
    before.post("/auth/logout", &format!("token={}", left["refresh_token"].as_str().unwrap()));
    drop(before);

    let after = Server::start(folder.path(), &[]);
    assert!(!after.said.iter().any(|line| line.contains("wonderland")), "users are made once");
    let refresh = format!("refresh_token={}", tokens["refresh_token"].as_str().unwrap());
    assert_eq!(after.post("/auth/refresh", &refresh).0, 200);
    let dead = format!("refresh_token={}", left["refresh_token"].as_str().unwrap());
    assert_eq!(after.post("/auth/refresh", &dead).0, 400);
}

#[cfg(unix)]
#[test]
fn only_their_owner_can_read_the_secret_and_the_data() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    drop(Server::start(folder.path(), &[]));
    for file in ["server.secret", "server.db"] {
        let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    set_permissions(folder.path().join("server.secret"), Permissions::from_mode(0o644)).unwrap();
    assert!(refusal_in(folder.path(), &[]).contains("chmod 600"));
}

#[test]
fn what_is_in_memory_leaves_no_token_behind_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let memory = [("DATABASE_URL", "memory:"), ("ISSUER", "https://id.example.com")];
    let before = Server::start(folder.path(), &memory);
    let (_, _, tokens) = before.post("/auth/login", ALICE);
    drop(before);
    let after = Server::start(folder.path(), &memory);
    assert_eq!(after.get("/me", &tokens["access_token"]).0, 401);
}

// checklist 33
#[test]
fn a_mistake_at_start_up_is_a_sentence_with_the_cure_in_it() {
    let short = refusal(&[("AUTH_SECRET", "secret")]);
    assert!(short.contains("AUTH_SECRET is 6 bytes; 32 are needed. Try: openssl rand -base64 48"), "{short}");
    let known = refusal(&[("AUTH_SECRET", "a-string-secret-at-least-256-bits-long")]);
    assert!(known.contains("AUTH_SECRET stands in public tutorials") && known.contains("openssl rand"), "{known}");
    for (name, value, cure) in [
        ("ADDR", "localhost", "ADDR=127.0.0.1:3000"),
        ("ACCESS_TTL", "soon", "ACCESS_TTL=1800"),
        ("ACCESS_TTL", "0", "from one second to 24 hours"),
        ("OVERLAP", "-1", "OVERLAP=30"),
        ("LEEWAY", "1m", "LEEWAY=60"),
        ("LEEWAY", "301", "300 seconds at most"),
        ("DEMO_USERS", "yes", "It takes 1 or 0"),
        ("AUTH_SECRET_PREVIOUS", "vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe", "AUTH_SECRET is not"),
        ("DATABASE_URL", "sqlite:/nowhere/app.db", "DATABASE_URL: /nowhere/app.db"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db", "DATABASE_URL=sqlite:app.db"),
        ("SIGNING_KEY_FILE", "/nowhere.pem", "SIGNING_KEY_FILE /nowhere.pem"),
    ] {
        let sentence = refusal(&[(name, value)]);
        assert!(sentence.contains(cure), "{name}={value}: {sentence}");
        assert!(!sentence.contains("hunter2") && !sentence.contains("panicked"), "{sentence}");
    }
}

#[test]
fn an_asymmetric_key_is_published_and_the_issuer_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    std::fs::write(&key, include_str!("keys/ed25519.pem")).unwrap();
    let environment = [("SIGNING_KEY_FILE", key.to_str().unwrap()), ("ISSUER", "https://id.example.com")];
    let server = Server::start(folder.path(), &environment);
    let (status, _, jwks) = server.send("GET", "/.well-known/jwks.json", &[], "");
    assert_eq!(status, 200);
    let key = &jwks["keys"][0];
    assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&"OKP".into(), &"EdDSA".into(), &"sig".into()));
    assert!(key.get("d").is_none() && key["kid"].is_string());
    let (_, _, tokens) = server.post("/auth/login", ALICE);
    assert_eq!(server.get("/me", &tokens["access_token"]).0, 200);
}
