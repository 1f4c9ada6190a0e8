//! A store that cannot be opened says where it is and why, within five seconds.

use std::error::Error;
use std::fs::{self, Permissions};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::time::Instant;
use tower_bearer::store::StoreError;
use tower_bearer::{PostgresStore, RedisStore, SqliteStore};

/// A port at which no server listens. It is reserved while the socket lives.
fn closed() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// The connections of this listener are taken by the system, and never answered.
fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A folder in which no file can be made.
fn read_only() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o555)).unwrap();
    // Permissions do not bind root. A file system of the kernel does.
    let bound = fs::write(directory.path().join("probe"), "").is_err();
    let path = if bound {
        directory.path().join("app.db")
    } else {
        "/sys/app.db".into()
    };
    (directory, path)
}

#[track_caller]
fn assert_says<S: std::fmt::Debug>(opened: Result<S, StoreError>, sentence: &str) {
    let refused = opened.expect_err("the store was opened");
    assert_eq!(refused.to_string(), sentence);
    assert_eq!(
        format!("{refused:?}"),
        sentence,
        "`main` prints something else"
    );
    // The sentence has the cause in it: a chain that prints its sources does not say it twice.
    let sources = std::iter::successors(refused.source(), |source: &&dyn Error| (*source).source());
    assert!(
        !sources
            .map(ToString::to_string)
            .any(|source| source == refused.cause().to_string()),
        "the cause is said twice"
    );
}

#[tokio::test]
async fn sqlite_says_which_file_and_that_its_folder_does_not_exist() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("none/app.db");
    let sentence = format!(
        "the SQLite session store failed at {}: No such file or directory (os error 2)",
        path.display()
    );
    assert_says(SqliteStore::open(&path).await, &sentence);
}

#[tokio::test]
async fn sqlite_says_which_file_and_that_its_folder_is_not_writable() {
    let (_directory, path) = read_only();
    // A file system that is mounted read-only gives another cause than permissions do.
    let cause = fs::write(&path, "").unwrap_err();
    let sentence = format!(
        "the SQLite session store failed at {}: {cause}",
        path.display()
    );
    assert_says(SqliteStore::open(&path).await, &sentence);
    assert!(!path.exists());
}

#[tokio::test]
async fn sqlite_says_that_a_file_is_not_a_database() {
    let directory = TempDir::new().unwrap();
    for (name, content, cause) in [
        ("folder", None, "Is a directory (os error 21)"),
        ("text", Some("text ".repeat(1000)), NOT_A_DATABASE),
    ] {
        let path = directory.path().join(name);
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::create_dir(&path).unwrap(),
        }
        let sentence = format!(
            "the SQLite session store failed at {}: {cause}",
            path.display()
        );
        assert_says(SqliteStore::open(&path).await, &sentence);
    }
}

/// Each connection would have a database of its own, or a file would have the name of the URL.
#[tokio::test]
async fn sqlite_says_what_to_write_in_place_of_memory_and_of_a_url() {
    for path in [
        "",
        ":memory:",
        "sqlite:",
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite::memory:?cache=shared",
        "file:",
        "file::memory:",
        "file::memory:?cache=shared",
        "file:none/app.db?cache=shared&mode=memory",
        "sqlite://none/app.db?mode=memory",
    ] {
        let sentence = format!(
            "the SQLite session store failed at {path}: a database in memory is another one for \
             each connection. Use `MemoryStore` instead"
        );
        assert_says(SqliteStore::open(path).await, &sentence);
    }
    for url in [
        "sqlite:none/app.db",
        "sqlite://none/app.db",
        "sqlite:none/app.db?mode=rwc",
        "sqlite://none/app.db?mode=rwc",
        "file:none/app.db",
        "file:none/app.db?mode=rwc",
    ] {
        let sentence = format!(
            "the SQLite session store failed at {url}: this is a URL. Give the path of the file: \
             `none/app.db`"
        );
        assert_says(SqliteStore::open(url).await, &sentence);
    }
}

/// A relative name is that of a file beside the program.
#[tokio::test]
async fn sqlite_names_the_file_as_it_was_given() {
    assert_says(
        SqliteStore::open(Path::new("none/app.db")).await,
        "the SQLite session store failed at none/app.db: No such file or directory (os error 2)",
    );
}

/// The server may be starting just now: the store tries for a while, on a clock that does not make
/// the test wait.
#[tokio::test(start_paused = true)]
async fn postgres_says_which_host_and_that_no_server_listens() {
    let ((_socket, port), start) = (closed(), Instant::now());
    let opened = PostgresStore::open(&format!(
        "postgres://user:open%20sesame@127.0.0.1:{port}/app"
    ))
    .await;
    assert!(start.elapsed() < LIMIT, "it took {:?}", start.elapsed());
    let refused = opened.unwrap_err().to_string();
    let place = format!("the PostgreSQL session store failed at 127.0.0.1:{port}, database app: ");
    assert!(
        refused.starts_with(&place) && refused.contains("Connection refused"),
        "{refused}"
    );
    assert!(!refused.contains("sesame"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn postgres_says_which_host_and_that_it_does_not_answer() {
    let ((_listener, port), start) = (silent(), Instant::now());
    let opened = PostgresStore::open(&format!(
        "postgres://user:open%20sesame@127.0.0.1:{port}/app"
    ))
    .await;
    assert!(start.elapsed() < LIMIT, "it took {:?}", start.elapsed());
    let sentence = format!(
        "the PostgreSQL session store failed at 127.0.0.1:{port}, database app: no answer within 4s"
    );
    assert_says(opened, &sentence);
}

/// The pool of the application would try for half a minute.
#[tokio::test(start_paused = true)]
async fn a_pool_whose_host_does_not_answer_is_refused_as_soon() {
    let ((_listener, port), start) = (silent(), Instant::now());
    let pool =
        sqlx::PgPool::connect_lazy(&format!("postgres://user@127.0.0.1:{port}/app")).unwrap();
    let opened = PostgresStore::from_pool(pool).await;
    assert!(start.elapsed() < LIMIT, "it took {:?}", start.elapsed());
    let sentence = format!(
        "the PostgreSQL session store failed at 127.0.0.1:{port}, database app: no answer within 4s"
    );
    assert_says(opened, &sentence);
}

#[tokio::test]
async fn redis_says_which_host_and_that_no_server_listens() {
    let ((_socket, port), start) = (closed(), Instant::now());
    let opened = RedisStore::open(&format!("redis://:open-sesame@127.0.0.1:{port}")).await;
    assert!(start.elapsed() < LIMIT, "it took {:?}", start.elapsed());
    let refused = opened.unwrap_err().to_string();
    let place = format!("the Redis session store failed at 127.0.0.1:{port}: ");
    assert!(
        refused.starts_with(&place) && refused.contains("Connection refused"),
        "{refused}"
    );
    assert!(!refused.contains("sesame"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn redis_says_which_host_and_that_it_does_not_answer() {
    let ((_listener, port), start) = (silent(), Instant::now());
    let opened = RedisStore::open(&format!("redis://:open-sesame@127.0.0.1:{port}")).await;
    assert!(start.elapsed() < LIMIT, "it took {:?}", start.elapsed());
    let refused = opened.unwrap_err().to_string();
    assert!(
        refused.starts_with(&format!(
            "the Redis session store failed at 127.0.0.1:{port}: "
        )),
        "{refused}"
    );
    assert!(!refused.contains("sesame"), "{refused}");
}

#[tokio::test]
async fn a_url_that_cannot_be_read_is_not_shown() {
    let mut refused = Vec::new();
    for url in [
        "postgres://user:open-sesame@[",
        "postgres://user:open-sesame@127.0.0.1:port/app",
        "open-sesame",
    ] {
        refused.push(PostgresStore::open(url).await.unwrap_err());
    }
    for url in [
        "redis://:open-sesame@[",
        "http://:open-sesame@127.0.0.1",
        "open-sesame",
    ] {
        refused.push(RedisStore::open(url).await.unwrap_err());
    }
    for error in refused {
        let told = format!("{error} {error:?} {:?}", error.cause());
        assert!(!told.contains("sesame"), "{told}");
    }
}

const LIMIT: Duration = Duration::from_secs(5);
const NOT_A_DATABASE: &str = "error returned from database: (code: 26) file is not a database";
