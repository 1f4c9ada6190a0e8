//! The sessions of `rmcp` belong to the login that they were started with.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

use http::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use reqwest::Response;
use serde_json::{Value, json};
use support::{Site, whoami};

/// A client that shows each request and response.
struct Wire<'s> {
    site: &'s Site,
    access: String,
    refresh: String,
    session: Option<String>,
}

impl<'s> Wire<'s> {
    async fn log_in(site: &'s Site) -> Self {
        let tokens = site.log_in().await;
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        Self {
            site,
            access: text("access_token"),
            refresh: text("refresh_token"),
            session: None,
        }
    }

    async fn start(site: &'s Site) -> Self {
        let mut wire = Self::log_in(site).await;
        let initialize = json!({
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": { "name": "raw", "version": "0" },
        });
        let request = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize,
        });
        let response = wire.send(Method::POST, Some(request), &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        let session = response.headers()["mcp-session-id"].to_str().unwrap();
        wire.session = Some(session.to_owned());
        drop(response);
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let response = wire.send(Method::POST, Some(initialized), &[]).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        wire
    }

    async fn send(
        &self,
        method: Method,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = reqwest::Client::new()
            .request(method, self.site.mcp())
            .bearer_auth(&self.access)
            .header(ACCEPT, "application/json, text/event-stream");
        if let Some(session) = &self.session {
            request = request.header("mcp-session-id", session);
        }
        if let Some(body) = body {
            let json = request.header(CONTENT_TYPE, "application/json");
            request = json.body(body.to_string());
        }
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap()
    }

    async fn list_tools(&self) -> Response {
        let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
        self.send(Method::POST, Some(list), &[]).await
    }

    async fn listen(&self, headers: &[(&str, &str)]) -> Response {
        self.send(Method::GET, None, headers).await
    }

    async fn log_out(&self) {
        self.site
            .post("/auth/logout", format!("token={}", self.refresh))
            .await;
    }
}

#[tokio::test]
async fn the_session_of_another_login_is_unknown() {
    let site = Site::start().await;
    let own = Wire::start(&site).await;
    // The same user on another device, with the id of the first.
    let mut other = Wire::log_in(&site).await;
    other.session.clone_from(&own.session);
    let resumes = [("last-event-id", "0")];
    for response in [
        other.list_tools().await,
        other.listen(&[]).await,
        other.listen(&resumes).await,
        other.send(Method::DELETE, None, &[]).await,
    ] {
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers().get(WWW_AUTHENTICATE), None);
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(body["reason"], "mcp_session_unknown");
    }
    // The id without its tag is what `rmcp` knows.
    let bare = own.session.as_ref().unwrap().rsplit_once('.').unwrap().0;
    other.session = Some(bare.to_owned());
    assert_eq!(other.list_tools().await.status(), StatusCode::NOT_FOUND);

    assert_eq!(own.list_tools().await.status(), StatusCode::OK);
    assert_eq!(own.listen(&resumes).await.status(), StatusCode::OK);
    let deleted = own.send(Method::DELETE, None, &[]).await;
    assert!(deleted.status().is_success(), "{deleted:?}");
    assert_eq!(own.list_tools().await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_logout_ends_the_streams_of_its_session() {
    let site = Site::start().await;
    let (own, other) = (Wire::start(&site).await, Wire::start(&site).await);
    let (mut stream, mut others) = (own.listen(&[]).await, other.listen(&[]).await);
    assert_eq!(stream.status(), StatusCode::OK);
    assert!(stream.chunk().await.unwrap().is_some());
    assert!(others.chunk().await.unwrap().is_some());
    own.log_out().await;
    // Without the end this would wait for ever: `rmcp` keeps the connection alive.
    while stream.chunk().await.unwrap().is_some() {}
    assert_eq!(own.listen(&[]).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(other.list_tools().await.status(), StatusCode::OK);
    other.log_out().await;
    while others.chunk().await.unwrap().is_some() {}
}

#[tokio::test]
async fn two_clients_of_one_login_have_a_session_each() {
    let site = Site::start().await;
    let tokens = site.log_in().await;
    let client = site.connect(tokens["access_token"].as_str()).await.unwrap();
    assert_eq!(whoami(&client).await.unwrap(), "alice");
    let again = site.connect(tokens["access_token"].as_str()).await.unwrap();
    assert_eq!(whoami(&again).await.unwrap(), "alice");
    client.cancel().await.unwrap();
    assert_eq!(whoami(&again).await.unwrap(), "alice");
}
