//! The example `sqlite`: a new user signs up, and is logged in and out.

use std::path::Path;

use support::app_server::AppServer;

const SECRET: (&str, &str) = ("AUTH_SECRET", "v4DpOcvJr1b7xKqfTg2Zs9LwYh5Nu0EiMa6R");

async fn start(folder: &Path) -> AppServer {
    AppServer::start_example("sqlite", folder, &[SECRET]).await
}

/// The status of a sign-up.
async fn sign_up(server: &AppServer, name: &str, password: &str) -> u16 {
    let form = format!("username={name}&password={password}");
    server.post("/signup", &form).await.status
}

#[tokio::test]
async fn a_user_signs_up_logs_in_refreshes_and_logs_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    assert_eq!(sign_up(&server, "alice", "wonderland-7").await, 201);

    let tokens = server.log_in("alice", "wonderland-7").await.tokens().body;
    let (status, me) = server.me(&tokens).await.status_and_value();
    assert_eq!((status, &me["name"]), (200, &"alice".into()), "{me}");

    let renewed = server.refresh(&tokens).await.tokens().body;
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
    assert_eq!(server.me(&renewed).await.status, 200);

    assert_eq!(server.log_out(&renewed).await.status, 200);
    let refused = server.me(&renewed).await;
    refused.assert_refused(401, "invalid_token", "session_revoked");
    let refused = server.refresh(&renewed).await;
    refused.assert_invalid_grant("session_revoked");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_response() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    assert_eq!(sign_up(&server, "alice", "wonderland-7").await, 201);

    let wrong = server.log_in("alice", "wonderland-8").await;
    wrong.assert_invalid_grant("credentials_invalid");
    let unknown = server.log_in("nobody", "wonderland-7").await;
    assert_eq!((unknown.status, unknown.body), (wrong.status, wrong.body));
    server
        .send("GET", "/me", &[], "")
        .await
        .assert_token_missing();
}

#[tokio::test]
async fn a_name_that_is_taken_keeps_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    assert_eq!(sign_up(&server, "alice", "wonderland-7").await, 201);
    for name in ["alice", "ALICE"] {
        assert_eq!(sign_up(&server, name, "stolen-name-1").await, 409, "{name}");
    }

    let refused = server.log_in("alice", "stolen-name-1").await;
    refused.assert_invalid_grant("credentials_invalid");
    assert_eq!(server.log_in("alice", "wonderland-7").await.status, 200);
}

#[tokio::test]
async fn a_short_password_or_an_unusual_name_signs_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let long = "a".repeat(65);
    for (name, password) in [
        ("alice", "short-7"),
        ("", "wonderland-7"),
        ("a%00b", "wonderland-7"),
        (&long, "wonderland-7"),
    ] {
        assert_eq!(sign_up(&server, name, password).await, 400, "{name:?}");
        assert_eq!(server.log_in(name, password).await.status, 400, "{name:?}");
    }
}

#[tokio::test]
async fn users_and_sessions_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    assert_eq!(sign_up(&server, "alice", "wonderland-7").await, 201);
    let tokens = server.log_in("alice", "wonderland-7").await.tokens().body;
    server.kill();

    let server = start(folder.path()).await;
    assert_eq!(server.me(&tokens).await.status, 200);
    assert_eq!(server.refresh(&tokens).await.status, 200);
    assert_eq!(server.log_in("alice", "wonderland-7").await.status, 200);
}
