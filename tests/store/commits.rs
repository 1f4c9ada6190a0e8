//! Calls of `SqliteStore` at the same moment share a commit, and nothing else.
//!
//! On a runtime of one thread, calls that are begun one after the other wait at the same moment.

use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqlitePoolOptions};
use support::{logins, settle};
use tempfile::TempDir;
use tokio::runtime;
use tokio::task::JoinHandle;
use tower_bearer::SqliteStore;
use tower_bearer::store::{RevocationReason, Session, SessionStore, StoreError};

use crate::sqlite::{database, now, options, pool, session};

#[tokio::test]
async fn calls_at_the_same_moment_share_a_commit_and_return_after_it() {
    let site = Site::new().await;
    assert_all_ok(&site.insert_all(1..=32).await);
    assert_eq!(site.seen.commits.load(SeqCst), 1);
    assert_eq!(site.seen.returned_before_commit.load(SeqCst), 0);
    assert_eq!(site.rows().await, 32);
}

#[tokio::test]
async fn more_calls_than_a_commit_takes_are_all_answered() {
    let site = Site::new().await;
    assert_all_ok(&site.insert_all(1..=200).await);
    let commits = site.seen.commits.load(SeqCst);
    assert!((4..20).contains(&commits), "{commits} commits");
    assert_eq!(site.rows().await, 200);
}

/// A second connection shows what is committed when a call returns.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_row_is_committed_when_its_call_returns() {
    let (_directory, path) = database();
    // Two stores, as two processes have them.
    let stores = [
        SqliteStore::open(&path).await.unwrap(),
        SqliteStore::open(&path).await.unwrap(),
    ];
    let clients = (0..16).map(|client| {
        let [one, other] = [&stores[client % 2], &stores[1 - client % 2]].map(Clone::clone);
        tokio::spawn(async move {
            for round in 0..5 {
                let session = session(client as u8 * 5 + round, "user");
                one.insert(&session).await.unwrap();
                assert!(other.find(session.id()).await.unwrap().is_some());
                let record = RevocationReason::LoggedOut.at(now());
                assert!(one.revoke(session.id(), record).await.unwrap());
                let found = other.find(session.id()).await.unwrap().unwrap();
                assert_eq!(
                    found.revoked().map(|record| record.reason),
                    Some(record.reason)
                );
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn calls_for_one_session_take_effect_in_their_order() {
    let site = Site::new().await;
    let (first, store) = (session(1, "user"), &site.store);
    let [second, third] = [1, 2].map(|revision| changed(&first, revision));
    let outcomes = tokio::join!(
        store.insert(&first),
        store.replace(&second),
        store.confirm(first.id(), 2),
        store.confirm(first.id(), 1),
        store.replace(&third),
        store.revoke(first.id(), RevocationReason::LoggedOut.at(now())),
        store.replace(&third),
    );
    assert_all_ok(&[outcomes.0, outcomes.2, outcomes.3]);
    assert!(outcomes.1.unwrap());
    // The generation was confirmed in between.
    assert!(!outcomes.4.unwrap());
    assert!(outcomes.5.unwrap() && !outcomes.6.unwrap());
    assert_eq!(site.seen.commits.load(SeqCst), 1);
}

#[tokio::test]
async fn of_racing_calls_in_one_commit_exactly_one_replaces() {
    let site = Site::new().await;
    let first = session(1, "user");
    site.store.insert(&first).await.unwrap();
    let replaced = site.all((0..8).map(|_| {
        let (store, next) = (site.store.clone(), changed(&first, 1));
        async move { store.replace(&next).await }
    }));
    let replaced: Vec<bool> = replaced.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(replaced.iter().filter(|replaced| **replaced).count(), 1);
    assert_eq!(site.seen.commits.load(SeqCst), 2);
}

#[tokio::test]
async fn a_call_that_fails_does_not_fail_its_neighbours() {
    let site = Site::new().await;
    let taken = [3, 6].map(|id| session(id, "another user"));
    for session in &taken {
        site.store.insert(session).await.unwrap();
    }
    let inserted = site.insert_all(1..=8).await;
    for (id, inserted) in (1..=8).zip(&inserted) {
        match taken
            .iter()
            .find(|taken| taken.id() == session(id, "user").id())
        {
            Some(taken) => {
                assert_fails_with("1555", inserted);
                assert_eq!(
                    site.store.find(taken.id()).await.unwrap().as_ref(),
                    Some(taken)
                );
            }
            None => assert!(inserted.is_ok(), "{inserted:?}"),
        }
    }
    assert_eq!(site.rows().await, 6);
}

/// As a full disk does. The driver does not notice.
#[tokio::test]
async fn a_call_that_makes_sqlite_roll_everything_back_fails_alone() {
    let site = Site::new().await;
    sqlx::raw_sql(
        "CREATE TRIGGER full BEFORE INSERT ON tower_bearer_sessions \
         WHEN hex(NEW.id) LIKE '0505%' BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    for _ in 0..20 {
        let inserted = site.insert_all(1..=8).await;
        for (id, inserted) in (1..=8).zip(&inserted) {
            assert_eq!(inserted.is_err(), id == 5, "{inserted:?}");
        }
        assert_eq!(site.rows().await, 7);
        let record = RevocationReason::LoggedOut.at(now());
        let revoked = site
            .store
            .revoke_all(&logins("user"), record)
            .await
            .unwrap();
        let erased = site.store.erase(&logins("user")).await.unwrap();
        assert_eq!((revoked.count(), erased.count()), (7, 7));
    }
}

#[tokio::test]
async fn a_commit_that_fails_is_an_error_of_each_of_its_calls() {
    let site = Site::new().await;
    site.seen.refuse.store(true, SeqCst);
    for _ in 0..20 {
        for inserted in site.insert_all(1..=4).await {
            assert_fails_with("531", &inserted);
        }
    }
    site.seen.refuse.store(false, SeqCst);
    assert_eq!(site.rows().await, 0);
    assert_all_ok(&site.insert_all(1..=4).await);
    assert_eq!(site.rows().await, 4);
}

#[tokio::test]
async fn a_busy_file_fails_the_calls_that_wait_for_it_and_no_later_ones() {
    let site = Site::with(SqlitePoolOptions::new(), Duration::from_millis(50)).await;
    let writer = Writer::begin(&site.path).await;
    for inserted in site.insert_all(1..=8).await {
        assert_fails_with("5", &inserted);
    }
    writer.end().await;
    assert_all_ok(&site.insert_all(1..=8).await);
}

/// They wait for thirty seconds, on a clock that does not make the test wait.
#[tokio::test]
async fn a_pool_without_a_free_connection_fails_the_calls_that_wait_for_it_and_no_later_ones() {
    let one = SqlitePoolOptions::new().max_connections(1);
    let site = Site::with(one, Duration::from_secs(20)).await;
    let taken = site.pool.acquire().await.unwrap();
    tokio::time::pause();
    for inserted in site.insert_all(1..=100).await {
        let refused = inserted.unwrap_err();
        let cause = refused.cause().downcast_ref::<sqlx::Error>();
        assert!(
            matches!(cause, Some(sqlx::Error::PoolTimedOut)),
            "{refused}"
        );
    }
    tokio::time::resume();
    drop(taken);
    assert_all_ok(&site.insert_all(1..=100).await);
}

/// The first call begins the batch, and is dropped at one moment after the other.
#[tokio::test]
async fn a_call_that_is_dropped_takes_no_other_with_it() {
    for moment in 0..30 {
        let site = Site::new().await;
        let writer = Writer::begin(&site.path).await;
        let calls = site.begin_inserts(1..=3);
        for _ in 0..moment {
            tokio::task::yield_now().await;
        }
        calls[0].abort();
        settle().await;
        writer.end().await;
        for call in calls.into_iter().skip(1) {
            call.await.unwrap().unwrap();
        }
        let rows = site.rows().await;
        assert!((2..=3).contains(&rows), "{rows} rows");
    }
}

#[tokio::test]
async fn calls_that_are_all_dropped_leave_no_transaction_behind() {
    for moment in 0..30 {
        let site = Site::new().await;
        let writer = Writer::begin(&site.path).await;
        let calls = site.begin_inserts(1..=100);
        for _ in 0..moment {
            tokio::task::yield_now().await;
        }
        for call in calls {
            call.abort();
        }
        writer.end().await;
        // Other processes, and this one, can write.
        Writer::begin(&site.path).await.end().await;
        assert_all_ok(&site.insert_all(101..=110).await);
    }
}

/// It has begun its batch, and its own future is not polled any more: `select!` does that.
#[tokio::test]
async fn a_call_that_nothing_polls_holds_up_no_other() {
    let site = Site::new().await;
    let (first, second) = (session(1, "user"), session(2, "user"));
    let mut unpolled = Box::pin(site.store.insert(&first));
    let polled = poll_fn(|context| Poll::Ready(unpolled.as_mut().poll(context)));
    assert!(polled.await.is_pending());
    site.store.insert(&second).await.unwrap();
    Writer::begin(&site.path).await.end().await;
    unpolled.await.unwrap();
    assert_eq!(site.rows().await, 2);
}

/// As each `#[tokio::test]` has a runtime of its own.
#[test]
fn a_runtime_that_ends_leaves_no_call_of_another_one_waiting() {
    let [ends, stays] = [(); 2].map(|()| {
        let mut runtime = runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap()
    });
    let one = SqlitePoolOptions::new().max_connections(1);
    let site = stays.block_on(Site::with(one, Duration::from_secs(20)));
    let taken = stays.block_on(site.pool.acquire()).unwrap();
    let first = ends.block_on(async {
        let calls = site.begin_inserts(1..=2);
        settle().await;
        calls
    });
    let joined = stays.block_on(async {
        let calls = site.begin_inserts(3..=4);
        settle().await;
        calls
    });
    drop(ends);
    stays.block_on(async {
        for call in joined {
            let refused = call.await.unwrap().unwrap_err().to_string();
            assert!(
                refused.ends_with("runtime that was committing has ended"),
                "{refused}"
            );
        }
        drop(taken);
        assert_all_ok(&site.insert_all(1..=8).await);
    });
    drop(first);
}

/// A store over a pool that counts its commits, and refuses them if it is told so.
struct Site {
    store: SqliteStore,
    pool: SqlitePool,
    seen: Arc<Seen>,
    path: PathBuf,
    _directory: TempDir,
}

#[derive(Default)]
struct Seen {
    commits: AtomicUsize,
    returned: AtomicUsize,
    /// The calls that had returned before the last commit.
    returned_before_commit: AtomicUsize,
    refuse: AtomicBool,
}

impl Site {
    async fn new() -> Self {
        Self::with(SqlitePoolOptions::new(), Duration::from_secs(20)).await
    }

    async fn with(pool: SqlitePoolOptions, busy_timeout: Duration) -> Self {
        let (directory, path) = database();
        let seen = Arc::<Seen>::default();
        let watched = Arc::clone(&seen);
        let pool = pool.after_connect(move |connection, _| {
            let seen = Arc::clone(&watched);
            Box::pin(async move {
                let hook = move || {
                    seen.commits.fetch_add(1, SeqCst);
                    let returned = seen.returned.load(SeqCst);
                    seen.returned_before_commit.store(returned, SeqCst);
                    !seen.refuse.load(SeqCst)
                };
                connection.lock_handle().await?.set_commit_hook(hook);
                Ok(())
            })
        });
        let options = options(&path).busy_timeout(busy_timeout);
        let pool = pool.connect_with(options).await.unwrap();
        let store = SqliteStore::from_pool(pool.clone()).await.unwrap();
        seen.commits.store(0, SeqCst);
        Self {
            store,
            pool,
            seen,
            path,
            _directory: directory,
        }
    }

    /// Begins all calls, one after the other, and waits for their outcomes.
    async fn all<T: Send + 'static>(
        &self,
        calls: impl Iterator<Item: Future<Output = T> + Send + 'static>,
    ) -> Vec<T> {
        let calls: Vec<_> = calls.map(tokio::spawn).collect();
        let mut outcomes = Vec::new();
        for call in calls {
            outcomes.push(call.await.unwrap());
        }
        outcomes
    }

    async fn insert_all(&self, ids: impl Iterator<Item = u8>) -> Vec<Result<(), StoreError>> {
        self.all(ids.map(|id| self.insert(id))).await
    }

    fn begin_inserts(
        &self,
        ids: impl Iterator<Item = u8>,
    ) -> Vec<JoinHandle<Result<(), StoreError>>> {
        ids.map(|id| tokio::spawn(self.insert(id))).collect()
    }

    fn insert(&self, id: u8) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let (store, seen) = (self.store.clone(), Arc::clone(&self.seen));
        async move {
            let inserted = store.insert(&session(id, "user")).await;
            seen.returned.fetch_add(1, SeqCst);
            inserted
        }
    }

    /// How many sessions of the user are committed.
    async fn rows(&self) -> usize {
        let beside = SqliteStore::from_pool(pool(&self.path).await)
            .await
            .unwrap();
        beside.list(&logins("user"), now()).await.unwrap().len()
    }
}

/// Another program that has the lock of the file.
struct Writer(SqliteConnection);

impl Writer {
    async fn begin(path: &Path) -> Self {
        let mut connection = SqliteConnection::connect_with(&options(path))
            .await
            .unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE")
            .execute(&mut connection)
            .await
            .unwrap();
        Self(connection)
    }

    async fn end(mut self) {
        sqlx::raw_sql("COMMIT").execute(&mut self.0).await.unwrap();
        self.0.close().await.unwrap();
    }
}

fn changed(session: &Session, revision: u64) -> Session {
    let mut parts = session.clone().into_parts();
    parts.generation = 1;
    parts.revision = revision;
    Session::from_parts(parts)
}

#[track_caller]
fn assert_all_ok(outcomes: &[Result<(), StoreError>]) {
    for outcome in outcomes {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}

#[track_caller]
fn assert_fails_with(code: &str, outcome: &Result<(), StoreError>) {
    let error = outcome.as_ref().expect_err("it succeeded");
    let Some(sqlx::Error::Database(cause)) = error.cause().downcast_ref() else {
        panic!("{error}")
    };
    assert_eq!(cause.code().as_deref(), Some(code), "{error}");
}
