//! [`LoginEndpoint`].

use bytes::Bytes;
use http::header::USER_AGENT;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;

use super::request::Parameters;
use super::response::Refused;
use super::service::endpoint;
use crate::bearer::bearer_token;
use crate::error::BoxError;
use crate::session::{Authenticate, Sessions};

/// `POST /auth/login`: credentials become tokens.
///
/// | parameter | |
/// |---|---|
/// | `username`, `password` | for [`PasswordCredentials`](crate::PasswordCredentials); else the fields of the application's own type |
/// | `grant_type` | absent, or `password`; no field of the application's credentials |
/// | `device` | text: what the user may recognise the session by; without it the `User-Agent`. The credentials see it too |
///
/// Other parameters are ignored, `scope` too: what a user may have is the application's to say. A login that bears an access token, as its
/// `Authorization` header, ends the session of that token: the new one takes its place (OWASP ASVS 7.2.4). Any other scheme is ignored.
///
/// Answers: 200 with a [`TokenResponse`](crate::TokenResponse), or a [`SessionError`](crate::SessionError).
pub struct LoginEndpoint<A> {
    pub(super) sessions: Sessions<A>,
}

endpoint!(LoginEndpoint);

impl<A: Authenticate> LoginEndpoint<A> {
    pub(super) async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (parts, parameters) = Parameters::read(request).await?;
        self.answer(&parts, parameters).await
    }

    pub(super) async fn answer(&self, parts: &Parts, mut parameters: Parameters) -> Result<Response<Bytes>, Refused> {
        parameters.demand_grant_type("password")?;
        // The application's own credentials may have a field of that name.
        let device = parameters.text("device")?;
        let agent = || parts.headers.get(USER_AGENT)?.to_str().ok();
        let device = device.as_deref().or_else(agent);

        let before = bearer_token(&parts.headers).map_err(|malformed| Refused::bearer(malformed.into(), parts))?;
        let tokens = self.sessions.log_in(parameters.into_credentials()?, device).await?;
        if let Some(before) = before {
            self.sessions.end_replaced(before).await?;
        }
        Ok(tokens.to_response())
    }
}
