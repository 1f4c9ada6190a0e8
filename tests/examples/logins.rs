//! Correct logins are not throttled in the example server.

use std::sync::Arc;

use support::app_server::AppServer;
use tokio::task::JoinSet;

/// With the throttle as it is by default, from one address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_users_log_in_three_hundred_times() {
    three_hundred_logins(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_users_log_in_three_hundred_times_without_a_throttle() {
    three_hundred_logins(&[("LOGIN_RATE_LIMIT", "off")]).await;
}

/// Two logins of each user are under way at once.
async fn three_hundred_logins(more: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let variables = [&[("DATABASE_URL", "memory:")], more].concat();
    let server = Arc::new(AppServer::start(folder.path(), &variables).await);
    let mut browsers = JoinSet::new();
    for (name, password) in [("alice", "wonderland-7"), ("bob", "builder-8")].repeat(2) {
        let server = Arc::clone(&server);
        browsers.spawn(async move {
            for _ in 0..75 {
                let answer = server.log_in(name, password).await;
                assert_eq!(answer.status, 200, "{answer:?}");
            }
        });
    }
    while let Some(browser) = browsers.join_next().await {
        browser.unwrap();
    }
}
