//! Logs in over plain HTTP, then calls the greeter with the token.

use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Full};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::{Interceptor, interceptor::InterceptedService};
use tonic::transport::Channel;
use tonic::{Request, Status};
use tower::ServiceExt;
use tower_bearer::BoxError;

use crate::proto::greeter_client::GreeterClient;

/// Logs in, and returns the access token.
///
/// A channel carries any HTTP request, so the login goes over the connection of the calls, and no
/// other HTTP client is needed.
pub async fn log_in(channel: Channel, username: &str, password: &str) -> Result<String, BoxError> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("username", username)
        .append_pair("password", password)
        .finish();
    let request = http::Request::post("/auth/login")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(tonic::body::Body::new(Full::from(form)))?;
    let response = channel.oneshot(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        return Err(format!("login: {status}: {}", String::from_utf8_lossy(&body)).into());
    }
    let tokens: serde_json::Value = serde_json::from_slice(&body)?;
    Ok(tokens["access_token"]
        .as_str()
        .ok_or("login: an answer without access_token")?
        .to_owned())
}

/// A client that sends the token with each call.
pub fn greeter(
    channel: Channel,
    token: &str,
) -> Result<GreeterClient<InterceptedService<Channel, Bearer>>, BoxError> {
    let mut bearer: MetadataValue<Ascii> = format!("Bearer {token}").parse()?;
    // HTTP/2 keeps it out of its table of headers, and `Debug` prints no secret.
    bearer.set_sensitive(true);
    Ok(GreeterClient::with_interceptor(channel, Bearer(bearer)))
}

/// Puts the token into each call.
#[derive(Clone, Debug)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}
