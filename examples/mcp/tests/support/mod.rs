//! The example on a free port, and `rmcp`'s client in front of it.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use rmcp::model::CallToolRequestParams;
use rmcp::service::{ClientInitializeError, RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{Grant, Identity, Secret, SigningKey};

/// The example on a free port, and its secret.
pub(crate) struct Site {
    pub(crate) origin: String,
    /// Where it listens.
    address: String,
    secret: Secret,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::start_behind(None).await
    }

    /// Behind a proxy that has this origin.
    pub(crate) async fn start_behind(origin: Option<&str>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let origin = origin.unwrap_or(&address).to_owned();
        let secret = Secret::random().unwrap();
        let app = example_mcp::app(&origin, &secret).unwrap();
        tokio::spawn(example_mcp::serve(listener, app));
        Self {
            origin,
            address,
            secret,
        }
    }

    pub(crate) fn mcp(&self) -> String {
        format!("{}/mcp", self.origin)
    }

    pub(crate) fn metadata(&self) -> String {
        format!("{}/.well-known/oauth-protected-resource/mcp", self.origin)
    }

    /// A token for alice that the example's own key signed.
    pub(crate) fn token(&self, audience: &str, grant: &Grant) -> String {
        let signer = AccessTokenSigner::new(
            &self.origin,
            audience,
            SigningKey::hs256(&self.secret).unwrap(),
        )
        .unwrap();
        signer
            .sign(&Identity::new("alice"), grant, Duration::from_secs(300))
            .unwrap()
            .secret()
            .to_owned()
    }

    pub(crate) async fn post(&self, path: &str, form: String) -> Value {
        let request = reqwest::Client::new()
            .post(format!("{}{path}", self.origin))
            .body(form);
        let response = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    pub(crate) async fn log_in(&self) -> Value {
        self.post(
            "/auth/login",
            "grant_type=password&username=alice&password=wonderland-7".to_owned(),
        )
        .await
    }

    pub(crate) async fn connect(
        &self,
        token: Option<&str>,
    ) -> Result<Client, ClientInitializeError> {
        self.connect_as(token, ClientLifecycleMode::Initialize)
            .await
    }

    pub(crate) async fn connect_as(
        &self,
        token: Option<&str>,
        lifecycle: ClientLifecycleMode,
    ) -> Result<Client, ClientInitializeError> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(self.mcp());
        if let Some(token) = token {
            config = config.auth_header(token);
        }
        ().serve_with_lifecycle(
            StreamableHttpClientTransport::from_config(config),
            lifecycle,
        )
        .await
    }

    /// The challenge that the client understood: `auth_challenge` reads 401 and 403 only.
    pub(crate) async fn refused(&self, token: Option<&str>) -> String {
        let error = self.connect(token).await.unwrap_err();
        error
            .auth_challenge()
            .unwrap_or_else(|| panic!("no challenge in {error:?}"))
            .to_owned()
    }

    pub(crate) async fn status(&self, token: Option<&str>) -> StatusCode {
        self.raw(token, None).await
    }

    /// A POST that the client of `rmcp` would not send.
    pub(crate) async fn raw(
        &self,
        token: Option<&str>,
        header: Option<(http::HeaderName, &str)>,
    ) -> StatusCode {
        let initialize = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": { "name": "raw", "version": "0" },
            },
        });
        let mut request = reqwest::Client::new()
            .post(format!("{}/mcp", self.address))
            .body(initialize.to_string());
        request = request
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.send().await.unwrap().status()
    }
}

pub(crate) type Client = RunningService<RoleClient, ()>;

pub(crate) async fn whoami(client: &Client) -> Result<String, ServiceError> {
    let result = client
        .call_tool(CallToolRequestParams::new("whoami"))
        .await?;
    Ok(result.content[0].as_text().unwrap().text.clone())
}

pub(crate) fn tools() -> Grant {
    Grant::new().with_scope("mcp:tools")
}
