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
use serde_json::{Map, Value, json};
use support::{Client, Site, whoami};

/// `rmcp`'s own HTTP client, with notes of what it asked for, and with an authorization endpoint in
/// what our server says if need be.
struct Watched {
    inner: Arc<dyn OAuthHttpClient>,
    asked: Arc<Mutex<Vec<String>>>,
    change: fn(&mut Map<String, Value>, &str),
}

impl OAuthHttpClient for Watched {
    fn execute(&self, request: OAuthHttpRequest) -> OAuthHttpClientFuture<'_> {
        Box::pin(async move {
            let uri = request.request.uri().clone();
            let mut response = self.inner.execute(request).await?;
            self.asked.lock().unwrap().push(format!(
                "{} {}",
                response.status().as_u16(),
                uri.path()
            ));
            if response.status() == StatusCode::OK
                && uri.path() == "/.well-known/oauth-authorization-server"
            {
                let Value::Object(mut document) = serde_json::from_slice(response.body())? else {
                    panic!("no object")
                };
                (self.change)(
                    &mut document,
                    &format!("http://{}", uri.authority().unwrap()),
                );
                *response.body_mut() = serde_json::to_vec(&document)?;
            }
            Ok(response)
        })
    }
}

struct Discovery {
    result: Result<AuthorizationMetadataResolution, AuthError>,
    asked: Vec<String>,
}

/// From the challenge of a real 401 to the metadata, as `rmcp` does it.
async fn discover(site: &Site, change: fn(&mut Map<String, Value>, &str)) -> Discovery {
    let challenge = site.refused(None).await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let inner = Arc::new(default_oauth_http_client().unwrap());
    let client = Arc::new(Watched {
        inner,
        asked: Arc::clone(&asked),
        change,
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

fn as_it_is(_: &mut Map<String, Value>, _: &str) {}

fn with_authorization_endpoint(document: &mut Map<String, Value>, origin: &str) {
    document.insert(
        "authorization_endpoint".to_owned(),
        format!("{origin}/auth/authorize").into(),
    );
}

/// The state of `rmcp` 3.11: a server without an authorization endpoint counts as none.
#[tokio::test]
async fn rmcp_finds_the_authorization_server_but_does_not_take_it() {
    let site = Site::start().await;
    let Discovery { result, asked } = discover(&site, as_it_is).await;
    assert_eq!(
        asked,
        [
            "200 /.well-known/oauth-protected-resource/mcp",
            "200 /.well-known/oauth-authorization-server",
            "404 /.well-known/openid-configuration",
        ]
    );
    let Err(AuthError::AuthorizationServersUnavailable {
        resource_metadata_url,
        authorization_servers,
    }) = result
    else {
        panic!("{result:?}")
    };
    assert_eq!(resource_metadata_url.as_str(), site.metadata());
    assert_eq!(authorization_servers, [site.origin.as_str()]);

    // The same with the client that an application has by default, and from the address alone, by a
    // probe of its own.
    let manager = AuthorizationManager::new(site.mcp()).await.unwrap();
    let result = manager.resolve_metadata().await;
    assert!(
        matches!(
            result,
            Err(AuthError::AuthorizationServersUnavailable { .. })
        ),
        "{result:?}"
    );

    let Discovery { result, asked } = discover(&site, with_authorization_endpoint).await;
    assert_eq!(
        asked,
        [
            "200 /.well-known/oauth-protected-resource/mcp",
            "200 /.well-known/oauth-authorization-server"
        ]
    );
    let resolution = result.unwrap();
    assert_eq!(
        resolution.source,
        AuthorizationMetadataSource::ProtectedResourceMetadata
    );
    assert_eq!(
        resolution.metadata.token_endpoint,
        format!("{}/auth/token", site.origin)
    );
    assert_eq!(resolution.metadata.issuer, Some(site.origin));
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
