//! [`PostgresServer`].

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock, Weak};

use sqlx::postgres::PgConnection;
use sqlx::{Connection, query};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::{Database, process};

/// A PostgreSQL server with its defaults: what it acknowledged survives a `kill`.
#[derive(Debug)]
pub struct PostgresServer {
    folder: TempDir,
    port: u16,
    process: Child,
    backups: usize,
    _template: Arc<TempDir>,
}

/// A data folder as it was when `backup` was called.
#[derive(Debug)]
pub struct Backup(PathBuf);

impl PostgresServer {
    /// An empty one.
    pub async fn start() -> Self {
        let template = template().await;
        let folder = folder();
        run(
            "cp",
            [
                "-a".as_ref(),
                template.path().join("data").as_os_str(),
                folder.path().as_os_str(),
            ],
        )
        .await;
        let port = process::free_port();
        let process = spawn(&folder, port);
        let server = Self {
            folder,
            port,
            process,
            backups: 0,
            _template: template,
        };
        server.ready().await;
        server
    }

    /// While it runs.
    pub async fn backup(&mut self) -> Backup {
        self.backups += 1;
        let backup = self.folder.path().join(format!("backup-{}", self.backups));
        let url = self.url();
        let arguments = [
            "--no-sync",
            "--checkpoint=fast",
            "--wal-method=stream",
            "--dbname",
            &url,
            "--pgdata",
        ];
        run(
            bin("pg_basebackup"),
            arguments.iter().map(OsStr::new).chain([backup.as_os_str()]),
        )
        .await;
        Backup(backup)
    }

    /// Kills the server, puts the data of the backup in the place of its own, and starts it again.
    /// All changes after the backup are lost.
    pub async fn restore(&mut self, backup: &Backup) {
        self.kill();
        let data = self.folder.path().join("data");
        fs::remove_dir_all(&data).unwrap();
        run(
            "cp",
            ["-a".as_ref(), backup.0.as_os_str(), data.as_os_str()],
        )
        .await;
        self.start_again().await;
    }

    /// From the next start on, the server only replays the changes of another.
    pub fn become_standby(&self) {
        File::create(self.folder.path().join("data/standby.signal")).unwrap();
    }

    async fn ready(&self) {
        let url = self.url();
        let answers = async || {
            let mut connection = PgConnection::connect(&url).await?;
            query("SELECT 1").execute(&mut connection).await
        };
        process::until_ready("PostgreSQL", async || answers().await.is_ok()).await;
    }
}

impl Database for PostgresServer {
    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn kill(&mut self) {
        process::kill(&mut self.process);
    }

    async fn start_again(&mut self) {
        self.process = spawn(&self.folder, self.port);
        self.ready().await;
    }

    fn pause(&self) {
        process::pause(&self.process);
    }

    fn resume(&self) {
        process::resume(&self.process);
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        process::kill(&mut self.process);
    }
}

/// `initdb` takes a second: it is done once for all servers that a process has at the same time.
async fn template() -> Arc<TempDir> {
    static TEMPLATE: Mutex<Weak<TempDir>> = Mutex::const_new(Weak::new());
    let mut known = TEMPLATE.lock().await;
    if let Some(template) = known.upgrade() {
        return template;
    }
    let template = Arc::new(folder());
    let data = template.path().join("data");
    let arguments = [
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        "--wal-segsize=1",
    ];
    run(
        bin("initdb"),
        arguments
            .iter()
            .map(OsStr::new)
            .chain(["--pgdata".as_ref(), data.as_os_str()]),
    )
    .await;
    *known = Arc::downgrade(&template);
    template
}

fn spawn(folder: &TempDir, port: u16) -> Child {
    let log = File::options()
        .append(true)
        .create(true)
        .open(folder.path().join("log"))
        .unwrap();
    let mut command = command(bin("postgres"));
    command.arg("-D").arg(folder.path().join("data")).args([
        "-p",
        &port.to_string(),
        "-h",
        "127.0.0.1",
        "-k",
        "",
    ]);
    command
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Runs a program to its end, without holding up the runtime.
async fn run<'a>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = &'a OsStr>) {
    let mut command = command(program);
    command.args(arguments);
    let output = tokio::process::Command::from(command)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn bin(name: &str) -> PathBuf {
    process::program("TEST_POSTGRES_BIN").join(name)
}

/// PostgreSQL refuses to run as root.
fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = unprivileged() {
        command.uid(user).gid(group);
    }
    // The folder of the tests may be closed to that user.
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    if let Some((user, group)) = unprivileged() {
        chown(folder.path(), Some(user), Some(group)).unwrap();
    }
    folder
}

/// For root: the user `postgres`, or where there is none `nobody`, and the group.
fn unprivileged() -> Option<(u32, u32)> {
    static KNOWN: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse::<u32>()
            .ok()
    };
    let of = |name| Some((id(&["-u", name])?, id(&["-g", name])?));
    *KNOWN.get_or_init(|| {
        if id(&["-u"]) == Some(0) {
            of("postgres").or_else(|| of("nobody"))
        } else {
            None
        }
    })
}
