//! The example `client`, with the example server.

use support::app_server::{AppServer, output};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_calls_go_through_before_and_after_one_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    let (text, code) = output("client", &[], &[("ADDR", server.addr())]).await;
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "logged in as alice",
        "5 calls at once, 5 answered 200, 0 refreshes",
        "half an hour later, by this client's clock",
        "5 calls at once, 5 answered 200, 1 refresh",
        "logged out",
    ] {
        assert!(
            text.lines().any(|printed| printed == line),
            "{line}: {text}"
        );
    }
}

#[tokio::test]
async fn without_a_server_it_says_how_to_start_one() {
    let (text, code) = output("client", &[], &[("ADDR", "127.0.0.1:9")]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("cargo run --example server"), "{text}");
}
