//! The client of `rmcp` uses the example.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use rmcp::ClientLifecycleMode;
use rmcp::model::ProtocolVersion;
use rmcp::transport::WWWAuthenticateParams;
use support::{Site, tools, whoami};
use tower_bearer::Grant;

#[tokio::test]
async fn the_client_is_told_where_to_look_and_then_calls_the_tool() {
    let site = Site::start().await;

    let error = site.connect(None).await.unwrap_err();
    assert!(error.is_authorization_required());
    let challenge = error.auth_challenge().unwrap();
    assert_eq!(
        challenge,
        format!(
            "Bearer scope=\"mcp:tools\", resource_metadata=\"{}\"",
            site.metadata()
        )
    );
    let params = WWWAuthenticateParams::parse(challenge, &site.mcp().parse().unwrap());
    assert_eq!(
        params.resource_metadata_url.unwrap().as_str(),
        site.metadata()
    );
    assert_eq!(params.scope.as_deref(), Some("mcp:tools"));

    let token = site.log_in().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let discover = ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::LATEST],
    };
    for lifecycle in [ClientLifecycleMode::Initialize, discover] {
        let client = site
            .connect_as(Some(&token), lifecycle.clone())
            .await
            .unwrap();
        let names: Vec<String> = client
            .list_all_tools()
            .await
            .unwrap()
            .iter()
            .map(|tool| tool.name.to_string())
            .collect();
        assert_eq!(names, ["whoami"]);
        let name = whoami(&client).await.unwrap();
        assert_eq!(name, "alice");
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    let site = Site::start().await;
    assert_eq!(
        site.status(Some(&site.token(&site.mcp(), &tools()))).await,
        StatusCode::OK
    );

    let token = site.token("http://127.0.0.1:3004/other", &tools());
    assert_eq!(site.status(Some(&token)).await, StatusCode::UNAUTHORIZED);
    let challenge = site.refused(Some(&token)).await;
    assert_eq!(
        challenge,
        format!(
            "Bearer error=\"invalid_token\", \
             error_description=\"the access token is invalid\", scope=\"mcp:tools\", \
             resource_metadata=\"{}\"",
            site.metadata()
        )
    );
}

#[tokio::test]
async fn a_token_without_the_scope_is_refused() {
    let site = Site::start().await;
    let token = site.token(&site.mcp(), &Grant::new());
    assert_eq!(site.status(Some(&token)).await, StatusCode::FORBIDDEN);
    let challenge = site.refused(Some(&token)).await;
    assert_eq!(
        challenge,
        format!(
            "Bearer error=\"insufficient_scope\", \
             error_description=\"the access token does not allow this\", scope=\"mcp:tools\", \
             resource_metadata=\"{}\"",
            site.metadata()
        )
    );
}

#[tokio::test]
async fn a_logout_counts_with_the_next_call() {
    let site = Site::start().await;
    let tokens = site.log_in().await;
    let client = site.connect(tokens["access_token"].as_str()).await.unwrap();
    assert_eq!(whoami(&client).await.unwrap(), "alice");
    site.post(
        "/auth/logout",
        format!("token={}", tokens["refresh_token"].as_str().unwrap()),
    )
    .await;
    let error = whoami(&client).await.unwrap_err();
    assert!(error.is_authorization_required());
    assert!(
        error
            .auth_challenge()
            .unwrap()
            .contains("error_description=\"the session has ended\"")
    );
}

#[tokio::test]
async fn rmcp_checks_the_host_and_no_origin() {
    let site = Site::start().await;
    let token = site.token(&site.mcp(), &tools());
    let host = site.raw(Some(&token), Some((HOST, "evil.example"))).await;
    let origin = site
        .raw(Some(&token), Some((ORIGIN, "https://evil.example")))
        .await;
    let before = site.raw(None, Some((HOST, "evil.example"))).await;
    assert_eq!(
        (host, origin, before),
        (
            StatusCode::FORBIDDEN,
            StatusCode::OK,
            StatusCode::UNAUTHORIZED
        )
    );
}

#[tokio::test]
async fn a_server_with_a_domain_answers_there() {
    let site = Site::start_behind(Some("https://mcp.example.com")).await;
    let token = site.token(&site.mcp(), &tools());
    for (host, status) in [
        ("mcp.example.com", StatusCode::OK),
        ("mcp.example.com:443", StatusCode::OK),
        ("127.0.0.1", StatusCode::FORBIDDEN),
    ] {
        let answer = site.raw(Some(&token), Some((HOST, host))).await;
        assert_eq!(answer, status, "{host}");
    }
}

/// Without the client's address, 30 guesses of all strangers together would be looked at.
#[tokio::test]
async fn guesses_are_counted_by_the_address_of_the_client() {
    let site = Site::start().await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let form = "grant_type=password&username=alice&password=guessed";
        let request = reqwest::Client::new()
            .post(format!("{}/auth/login", site.origin))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [400, 400, 400, 400, 400, 429]);
}
