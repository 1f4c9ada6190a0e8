//! The lines of the README and of the guides that a reader pastes into a shell.

use std::process::Command;

use support::app_server::AppServer;

/// What a shell prints for the block of the document that begins with the URL of the server.
fn pasted(document: &str, server: &AppServer) -> String {
    let begin = "API=http://127.0.0.1:3000\n";
    let (_, block) = document.split_once(begin).unwrap();
    let (lines, _) = block.split_once("\n```").unwrap();
    // Line after line, as a shell does that a person types into.
    let script = format!("API=http://{}\n{lines}\n", server.addr());
    let mut shell = Command::new("sh");
    // A proxy of the environment has no business on loopback.
    let done = shell.env("no_proxy", "127.0.0.1").args(["-c", &script]);
    let done = done.output().unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

async fn server() -> (tempfile::TempDir, AppServer) {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    (folder, server)
}

#[tokio::test]
async fn the_lines_of_the_readme_sign_up_log_in_refresh_and_log_out() {
    let (_folder, server) = server().await;
    let said = pasted(include_str!("../../README.md"), &server);
    let me = r#""username":"carol"}"#;
    // The user who signed up, and the same user with an access token.
    assert_eq!(said.matches(me).count(), 2, "{said}");
    assert!(said.contains("{}HTTP/1.1 401 Unauthorized"), "{said}");
    let challenge = r#"www-authenticate: Bearer error="invalid_token""#;
    assert!(said.contains(challenge), "{said}");
    assert!(said.contains(r#""reason":"session_revoked""#), "{said}");
}

#[tokio::test]
async fn the_lines_of_the_guide_for_clients_end_with_a_list_of_devices() {
    let (_folder, server) = server().await;
    let guide = include_str!("../../docs/guide/clients.md");
    let said = pasted(guide, &server);
    assert!(said.contains(r#""username":"alice"}{}"#), "{said}");
    // The first login is over: the second is the only session, and it is the one that asks.
    assert_eq!(said.matches(r#""current":true"#).count(), 1, "{said}");
    assert!(!said.contains("My phone"), "{said}");
}

#[test]
fn each_guide_is_in_the_documentation_and_in_the_readme() {
    let guides = include_str!("../../src/guide.rs");
    let readme = include_str!("../../README.md");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(guides.contains(&format!("/docs/guide/{name}\")")), "{name}");
        assert!(readme.contains(&format!("(docs/guide/{name})")), "{name}");
        count += 1;
    }
    assert!(count > 5, "{count}");
    assert!(readme.lines().count() <= 130);
}
