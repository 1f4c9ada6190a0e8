//! The provider: where it is, who we are there, and how it is asked.

use std::env;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::core::{CoreClient, CoreProviderMetadata};
use openidconnect::{
    AsyncHttpClient, ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IssuerUrl, RedirectUrl,
};
use tower_bearer::BoxError;

pub(crate) struct Provider {
    issuer: IssuerUrl,
    id: ClientId,
    secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    pub(crate) http: Http,
}

/// It has the provider's metadata and keys.
pub(crate) type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Provider {
    /// Reads `ISSUER`, `CLIENT_ID` and `CLIENT_SECRET`.
    pub(crate) fn from_env(origin: &str) -> Result<Self, BoxError> {
        let needed = |name| env::var(name).map_err(|_| format!("{name} is not set"));
        let http = reqwest::Client::builder()
            // The provider names URLs that this server calls: it cannot send it on to others.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10));
        Ok(Self {
            issuer: IssuerUrl::new(needed("ISSUER")?)?,
            id: ClientId::new(needed("CLIENT_ID")?),
            // A public client has none.
            secret: env::var("CLIENT_SECRET").ok().map(ClientSecret::new),
            redirect: RedirectUrl::new(format!("{origin}/callback"))?,
            http: Http(http.build()?),
        })
    }

    /// Fetches the provider's metadata and keys. It does so at each login, because keys change.
    pub(crate) async fn client(&self) -> Result<Client, BoxError> {
        let issuer = self.issuer.clone();
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http).await?;
        let client =
            CoreClient::from_provider_metadata(metadata, self.id.clone(), self.secret.clone());
        Ok(client.set_redirect_uri(self.redirect.clone()))
    }
}

/// The HTTP client of openidconnect.
pub(crate) struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let received = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (received.status(), received.headers().clone());
            let mut response = HttpResponse::new(received.bytes().await?.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}
