//! From the challenge of a 401 to the metadata, and back with a new token: as `rmcp`'s client does
//! it by itself.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

use std::sync::{Arc, Mutex};

use http::StatusCode;
use rmcp::service::ClientInitializeError;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{
    AuthClient, AuthError, AuthorizationManager, AuthorizationMetadata,
    AuthorizationMetadataResolution, AuthorizationMetadataSource, CredentialStore,
    InMemoryCredentialStore, OAuthHttpClient, OAuthHttpClientFuture, OAuthHttpRequest,
    OAuthTokenResponse, StoredCredentials, default_oauth_http_client,
};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig,
};
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use serde_json::json;
use support::{Client, Site, whoami};

/// `rmcp`'s own HTTP client, with notes of what it asked for.
struct Watched {
    inner: Arc<dyn OAuthHttpClient>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl OAuthHttpClient for Watched {
    fn execute(&self, request: OAuthHttpRequest) -> OAuthHttpClientFuture<'_> {
        Box::pin(async move {
            let uri = request.request.uri().clone();
            let response = self.inner.execute(request).await?;
            self.asked.lock().unwrap().push(format!(
                "{} {}",
                response.status().as_u16(),
                uri.path()
            ));
            Ok(response)
        })
    }
}

struct Discovery {
    result: Result<AuthorizationMetadataResolution, AuthError>,
    asked: Vec<String>,
}

/// From the challenge of a real 401 to the metadata, as `rmcp` does it.
async fn discover(site: &Site) -> Discovery {
    let challenge = site.refused(None).await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let inner = Arc::new(default_oauth_http_client().unwrap());
    let client = Arc::new(Watched {
        inner,
        asked: Arc::clone(&asked),
    });
    let manager = AuthorizationManager::new_with_oauth_http_client(site.mcp(), client)
        .await
        .unwrap();
    let result = manager
        .resolve_metadata_from_challenge(Some(&challenge))
        .await;
    let asked = asked.lock().unwrap().clone();
    Discovery { result, asked }
}

/// `rmcp` 3.11 does not accept a server without an authorization endpoint, and says only that there
/// is none. So the metadata names one, which says what to do.
#[tokio::test]
async fn rmcp_is_told_that_there_is_no_login_page() {
    let site = Site::start().await;
    let Discovery { result, asked } = discover(&site).await;
    assert_eq!(
        asked,
        [
            "200 /.well-known/oauth-protected-resource/mcp",
            "200 /.well-known/oauth-authorization-server",
        ]
    );
    let resolution = result.unwrap();
    assert_eq!(
        resolution.source,
        AuthorizationMetadataSource::ProtectedResourceMetadata
    );
    let metadata = &resolution.metadata;
    assert_eq!(
        metadata.token_endpoint,
        format!("{}/auth/token", site.origin)
    );
    assert_eq!(metadata.issuer, Some(site.origin.clone()));
    let page = format!("{}/.well-known/no-login-page", site.origin);
    assert_eq!(metadata.authorization_endpoint, page);

    // With the client that an application has by default, and from the URL alone, by a probe of its
    // own.
    let mut manager = AuthorizationManager::new(site.mcp()).await.unwrap();
    let metadata = manager.resolve_metadata().await.unwrap().metadata;
    manager.set_metadata(metadata);
    let redirect = "http://127.0.0.1:1/callback";
    let error = manager
        .register_client("a client", redirect, &["mcp:tools"])
        .await
        .unwrap_err();
    let sentence = "this server has no login page for MCP clients";
    assert!(error.to_string().contains(sentence), "{error}");

    // A client that is registered elsewhere opens the page.
    let opened = reqwest::get(&page).await.unwrap();
    assert_eq!(opened.status(), StatusCode::NOT_FOUND);
    let text = opened.text().await.unwrap();
    assert!(text.contains(sentence), "{text}");
}

/// `rmcp`'s client refreshes by itself, once it has been given by hand what its discovery does not
/// take.
#[tokio::test]
async fn rmcp_refreshes_a_token_that_is_refused() {
    let site = Site::start().await;
    let mut tokens = site.log_in().await;
    tokens["access_token"] = "stale".into();

    let mut manager = AuthorizationManager::new(site.mcp()).await.unwrap();
    let metadata: AuthorizationMetadata = serde_json::from_value(json!({
        "issuer": site.origin,
        "authorization_endpoint": site.origin,
        "token_endpoint": format!("{}/auth/token", site.origin),
    }))
    .unwrap();
    manager.set_metadata(metadata);
    manager.configure_client_id("anybody").unwrap();
    let store = InMemoryCredentialStore::new();
    let response: OAuthTokenResponse = serde_json::from_value(tokens).unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs();
    store
        .save(StoredCredentials::new(
            "anybody".to_owned(),
            Some(response),
            Vec::new(),
            Some(now),
        ))
        .await
        .unwrap();
    manager.set_credential_store(store);

    let client = AuthClient::new(reqwest::Client::new(), manager);
    let client = connect_with(client, site.mcp()).await.unwrap();
    let name = whoami(&client).await.unwrap();
    assert_eq!(name, "alice");
}

async fn connect_with<C>(client: C, uri: String) -> Result<Client, ClientInitializeError>
where
    C: StreamableHttpClient + Send + Sync + 'static,
{
    let config = StreamableHttpClientTransportConfig::with_uri(uri);
    let transport = StreamableHttpClientTransport::with_client(client, config);
    ().serve_with_lifecycle(transport, ClientLifecycleMode::Initialize)
        .await
}
